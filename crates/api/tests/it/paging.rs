//! Pages of lists.

use api::paging::{Limit, next};
use app::{Key, Page, cursor};

#[test]
fn a_full_page_has_a_cursor_that_reads_back() {
    let row = (1234, Key([9; 16]));
    let text = next(&[row], Page::first(1), |r| *r).unwrap();
    assert_eq!(cursor::read(&text), Some(row));
    assert_eq!(next(&[row], Page::first(2), |r| *r), None);
    assert_eq!(next(&[], Page::first(1), |r: &(i64, Key)| *r), None);
}

#[test]
fn a_limit_outside_1_to_100_is_refused() {
    let read = |text: &str| serde_json::from_value::<Limit>(text.into()).map(|l| l.0).ok();
    assert_eq!([read("1"), read("100"), read("0"), read("101"), read("-1"), read("x")], [Some(1), Some(100), None, None, None, None]);
}
