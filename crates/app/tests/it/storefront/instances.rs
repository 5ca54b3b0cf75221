//! Purchased services in the order of their end.

use app::{Direction, Key, Page, Tenant};
use harness::{Market, choice, on_both};

/// All instances of the buyer, page by page.
fn by_end(m: &Market, direction: Direction) -> Vec<Key> {
    let (mine, mut page, mut all) = (Tenant::Buyer(m.key(&m.buyer())), Page::first(2), Vec::new());
    page.direction = Some(direction);
    loop {
        let found = m.read(|tx, _| Ok(store::instance::list_by_end(tx, mine, None, page)?));
        let Some(last) = found.last() else { return all };
        page.after = Some((last.expires_at.expect("an end").micros(), last.id));
        all.extend(found.iter().map(|i| i.id));
    }
}

#[test]
fn instances_run_by_their_end_in_both_directions() {
    on_both(|m| {
        let bought = ["3m", "1m", "6m"].map(|period| m.open(&m.buyer(), &choice("backup", period)).instance);
        let soonest = [bought[1], bought[0], bought[2]];
        assert_eq!(by_end(m, Direction::Ascending), soonest);
        let latest: Vec<Key> = soonest.into_iter().rev().collect();
        assert_eq!(by_end(m, Direction::Descending), latest);
    });
}
