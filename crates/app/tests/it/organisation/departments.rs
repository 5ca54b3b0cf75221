//! Departments: a tree whose codes never change.

use super::invitation;
use app::organisation;
use domain::access::MemberRole;
use harness::{Market, on_both};

fn put(m: &Market, code: &str, parent: Option<&str>) -> Option<&'static str> {
    let buyer = m.buyer();
    let made = m.write(&buyer, |tx, ctx| organisation::put_department(tx, ctx, &buyer, code, code, parent));
    made.err().map(|e| e.code().expect("a refusal"))
}

fn delete(m: &Market, code: &str) -> Option<&'static str> {
    let buyer = m.buyer();
    let gone = m.write(&buyer, |tx, ctx| organisation::delete_department(tx, ctx, &buyer, code));
    gone.err().map(|e| e.code().expect("a refusal"))
}

fn codes(m: &Market, who: &app::Caller) -> Vec<String> {
    let mut all: Vec<String> = m.read(|tx, _| Ok(store::organisation::departments(tx, m.key(who))?)).into_iter().map(|d| d.code).collect();
    all.sort();
    all
}

#[test]
fn departments_are_a_tree_and_an_occupied_one_stays() {
    on_both(|m| {
        let buyer = m.buyer();
        for (code, parent) in [("a", None), ("b", Some("a")), ("c", Some("b"))] {
            assert_eq!(put(m, code, parent), None);
        }
        for parent in ["c", "a"] {
            assert_eq!(put(m, "a", Some(parent)), Some("department.circle"), "below {parent}");
        }
        assert_eq!(put(m, "d", Some("x")), Some("department.parent_not_found"));
        assert_eq!(delete(m, "b"), Some("department.not_empty"));
        let new = invitation("n@q", MemberRole::Member, Some("c"));
        let (invited, _) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &new));
        assert_eq!(delete(m, "c"), Some("department.not_empty"), "somebody is invited to it");
        m.ok(&buyer, |tx, ctx| organisation::withdraw(tx, ctx, &buyer, invited.id.id()));
        assert_eq!(delete(m, "c"), None);
        assert_eq!(delete(m, "c"), Some("department.not_found"));
        assert_eq!(codes(m, &buyer), ["a", "b"]);
        assert!(codes(m, &m.buyer2()).is_empty(), "another account's");
        let elsewhere = invitation("n@q", MemberRole::Member, Some("c"));
        assert_eq!(m.refused(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &elsewhere)), "department.not_found");
    });
}

#[test]
fn of_two_moves_at_once_that_would_make_a_circle_one_is_refused() {
    on_both(|m| {
        let buyer = m.buyer();
        for code in ["a", "b"] {
            assert_eq!(put(m, code, None), None);
        }
        let moves = [("a", "b"), ("b", "a")];
        let moved = m.at_once(&buyer, 2, |n, tx, ctx| {
            organisation::put_department(tx, ctx, &buyer, moves[n].0, moves[n].0, Some(moves[n].1)).map(drop)
        });
        assert_eq!(moved.iter().filter(|d| d.is_ok()).count(), 1, "{moved:?}");
        let refused = moved.iter().find_map(|d| d.as_ref().err());
        assert_eq!(refused.and_then(app::Error::code), Some("department.circle"));
    });
}
