//! The live tail of calls.

use api::call_stream::lowest_id;

#[test]
fn the_lowest_id_of_a_moment_is_below_every_id_of_it() {
    let at: jiff::Timestamp = "2026-11-25T03:00:00.123Z".parse().unwrap();
    let id = app::Ids::uuid(&app::RandomIds::default(), at);
    let low = lowest_id(at);
    assert!(low.0 < *id.as_bytes());
    assert!(lowest_id(at + jiff::SignedDuration::from_millis(1)).0 > *id.as_bytes());
}
