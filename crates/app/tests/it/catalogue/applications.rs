//! Applications: drafts, submissions with all fields right and all cases passed, and one decision.

use app::{
    Caller, Error,
    catalogue::{self, Decision},
    interface::Change,
    order,
};
use domain::{
    id::{AddressId, RevisionId},
    listing::{Listing, Marks},
};
use harness::{Market, choice, money, on_both, sample};
use std::sync::Arc;
use wire::conformance::Protocol;

/// `backup` at another price, behind an address that passed its cases.
fn dearer(m: &Market) -> Listing {
    let mut listing = sample("backup");
    listing.specifications[0].skus[0].month_minor = Some(15_000);
    listing.interface_address = Some(m.address(&m.seller(), "backup", Protocol::SaasV2));
    listing
}

fn save(m: &Market, key: &str, listing: &Listing) -> Result<(RevisionId, Change), Error> {
    let seller = m.seller();
    let saved = m.write(&seller, |tx, ctx| catalogue::save(tx, ctx, &seller, key, listing));
    saved.map(|(_, revision, change)| (revision.id.id(), change))
}

fn submit(m: &Market, seller: &Arc<Caller>, id: RevisionId) -> Result<(), Error> {
    m.write(seller, |tx, ctx| catalogue::submit(tx, ctx, seller, id))
}

fn decide(m: &Market, id: RevisionId, decision: &Decision) -> Result<(), Error> {
    let operator = m.operator();
    m.write(&operator, |tx, ctx| catalogue::decide(tx, ctx, &operator, id, decision))
}

/// The code and the first field of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Refused(r)) => (r.code, r.fields.first().map_or_else(String::new, |f| f.pointer.clone())),
        other => panic!("no refusal: {other:?}"),
    }
}

fn quote(m: &Market) -> String {
    let buyer = m.buyer();
    let wanted = choice("backup", "1m");
    money(m.read(|tx, ctx| order::quote(tx, ctx, Some(&buyer), &ctx.site(buyer.site), &wanted)).price.total.minor)
}

#[test]
fn a_new_revision_is_reviewed_while_the_old_one_sells() {
    on_both(|m| {
        let listing = dearer(m);
        let (id, change) = save(m, "backup", &listing).unwrap();
        assert_eq!(change, Change::Updated);
        submit(m, &m.seller(), id).unwrap();
        assert_eq!(quote(m), "100.00", "the old revision sells");
        let marks = Marks::from([("/support/hotline".to_owned(), "nobody answers".to_owned())]);
        decide(m, id, &Decision::Reject { reason: "see the mark".to_owned(), marks: marks.clone() }).unwrap();
        let (revision, _) = m.read(|tx, _| catalogue::open_application(tx, &m.seller(), id));
        assert_eq!(serde_json::from_str::<Marks>(&revision.marks).unwrap(), marks);
        assert_eq!(refusal(decide(m, id, &Decision::Approve)).0, "application.decided", "the first reviewer wins");
        save(m, "backup", &listing).unwrap();
        submit(m, &m.seller(), id).unwrap();
        decide(m, id, &Decision::Approve).unwrap();
        assert_eq!(quote(m), "150.00");
        assert_eq!(money(m.buy(&m.buyer(), &choice("backup", "1m")).order.total_minor), "150.00");
        m.verify();
    });
}

#[test]
fn a_draft_with_wrong_fields_is_not_submitted_and_each_field_is_named() {
    on_both(|m| {
        let mut listing = dearer(m);
        listing.support.hotline = String::new();
        let (id, change) = save(m, "draft-one", &listing).unwrap();
        assert_eq!(change, Change::Created, "a draft may be incomplete");
        assert_eq!(refusal(submit(m, &m.seller(), id)), ("application.not_complete", "/support/hotline".to_owned()));
        assert_eq!(refusal(submit(m, &m.seller2(), id)).0, "application.not_found");
        let long = "x".repeat(61);
        for key in ["", "Upper", "a_b", "备份", &long] {
            assert_eq!(refusal(save(m, key, &listing)).0, "product.bad_key", "{key}");
        }
    });
}

#[test]
fn a_submission_needs_an_address_of_its_own_that_passed_its_cases() {
    on_both(|m| {
        let mut listing = dearer(m);
        let fresh = app::interface::NewAddress {
            name: "fresh".to_owned(),
            url: "http://localhost/fresh".to_owned(),
            ..super::addresses::of_basic_key(m)
        };
        let (address, _) = m.ok(&m.seller(), |tx, ctx| app::interface::put_address(tx, ctx, &m.seller(), &fresh));
        listing.interface_address = Some(address.id.id());
        let (id, _) = save(m, "third", &listing).unwrap();
        assert_eq!(refusal(submit(m, &m.seller(), id)), ("application.cases_missing", "/interface_address".to_owned()));
        listing.interface_address = Some(m.address(&m.seller2(), "theirs", Protocol::SaasV2));
        save(m, "third", &listing).unwrap();
        assert_eq!(refusal(submit(m, &m.seller(), id)).0, "interface.address_not_found");
        listing.interface_address = Some(m.address(&m.seller(), "codes", Protocol::Licence));
        save(m, "third", &listing).unwrap();
        assert_eq!(refusal(submit(m, &m.seller(), id)).0, "interface.bad_protocol");
        let none: Option<AddressId> = None;
        listing.interface_address = none;
        save(m, "third", &listing).unwrap();
        assert_eq!(refusal(submit(m, &m.seller(), id)), ("application.not_complete", "/interface_address".to_owned()));
    });
}

#[test]
fn what_is_in_review_is_withdrawn_before_it_is_changed() {
    on_both(|m| {
        let (seller, mut listing) = (m.seller(), dearer(m));
        let (id, _) = save(m, "backup", &listing).unwrap();
        let withdraw = |who: &Arc<Caller>| m.write(who, |tx, ctx| catalogue::withdraw(tx, ctx, who, id));
        assert_eq!(refusal(withdraw(&seller)).0, "application.not_in_review");
        submit(m, &seller, id).unwrap();
        assert_eq!(refusal(submit(m, &seller, id)).0, "application.not_draft");
        assert_eq!(save(m, "backup", &listing).unwrap().1, Change::Unchanged);
        listing.specifications[0].skus[0].month_minor = Some(16_000);
        assert_eq!(refusal(save(m, "backup", &listing)).0, "product.in_review");
        assert_eq!(refusal(withdraw(&m.seller2())).0, "application.not_found");
        withdraw(&seller).unwrap();
        assert_eq!(save(m, "backup", &listing).unwrap().1, Change::Updated);
        assert_eq!(refusal(decide(m, id, &Decision::Approve)).0, "application.decided", "it is a draft again");
    });
}

#[test]
fn a_mark_is_on_a_field() {
    on_both(|m| {
        let (id, _) = save(m, "backup", &dearer(m)).unwrap();
        submit(m, &m.seller(), id).unwrap();
        let marks = Marks::from([("hotline".to_owned(), "nobody answers".to_owned())]);
        let bad = Decision::Reject { reason: "no".to_owned(), marks };
        assert_eq!(refusal(decide(m, id, &bad)), ("application.bad_mark", "/marks".to_owned()));
        let nothing: RevisionId = m.environment().ids.uuid(m.now()).into();
        assert_eq!(refusal(decide(m, nothing, &Decision::Approve)).0, "application.not_found");
    });
}

#[test]
fn of_eight_decisions_at_once_one_counts() {
    on_both(|m| {
        let (id, operator) = (save(m, "backup", &dearer(m)).unwrap().0, m.operator());
        submit(m, &m.seller(), id).unwrap();
        let decided = m.at_once(&operator, 8, |n, tx, ctx| {
            let reject = Decision::Reject { reason: "no".to_owned(), marks: Marks::new() };
            catalogue::decide(tx, ctx, &operator, id, if n % 2 == 0 { &Decision::Approve } else { &reject })
        });
        assert_eq!(decided.iter().filter(|d| d.is_ok()).count(), 1, "{decided:?}");
        let approved = decided.iter().position(Result::is_ok).unwrap() % 2 == 0;
        assert_eq!(quote(m), if approved { "150.00" } else { "100.00" });
    });
}
