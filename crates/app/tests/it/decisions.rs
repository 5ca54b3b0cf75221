//! Decisions on what was changed meanwhile: whoever decides on an older version than what is there is refused.

use app::{
    Caller, Ctx, Error, Tx, catalogue, instance, money,
    seller::{self, Profile},
};
use domain::{
    access::StaffRole,
    id::{CorrectionId, TransferId},
    listing::{AccessType, FreezeCause},
    money::Money,
};
use harness::{Market, choice, listing, on_both};
use ledger::AccountKind;
use std::sync::Arc;

/// What becomes of a decision that the operator made on a version.
fn on<T>(m: &Market, version: &str, decide: impl Fn(&mut Tx, &Ctx, &Caller) -> Result<T, Error>) -> Option<&'static str> {
    let operator = m.having_seen(&m.operator(), version);
    m.write(&operator, |tx, ctx| decide(tx, ctx, &operator)).err().map(|e| e.code().expect("a refusal"))
}

fn profile(company: &str) -> Profile {
    Profile {
        company_name: company.to_owned(),
        website: "https://new.example.com".to_owned(),
        contact_name: "甲".to_owned(),
        contact_mobile: "138".to_owned(),
        contact_mailbox: "a@b.cn".to_owned(),
        address: "x".to_owned(),
        service_phone: "400".to_owned(),
        service_mailbox: "s@b.cn".to_owned(),
        business_licence_number: "91".to_owned(),
        introduction: "专注数据".to_owned(),
        brand_picture: None,
    }
}

#[test]
fn a_seller_who_applied_again_is_not_approved_by_the_first_profile() {
    on_both(|m| {
        let buyer = m.buyer();
        let apply = |company: &str| seller::version(&m.ok(&buyer, |tx, ctx| seller::submit(tx, ctx, &buyer, &profile(company))));
        let id = buyer.account_id;
        let decide =
            |version: &str, reason: Option<&str>| on(m, version, |tx, ctx, by| seller::decide(tx, ctx, by, id, reason.is_none(), reason));
        let first = apply("甲");
        assert_eq!(decide(&first, Some("licence")), None);
        let second = apply("乙");
        assert_eq!((decide(&first, None), decide(&first, Some("no"))), (Some("decision.stale"), Some("decision.stale")));
        assert_eq!(decide(&second, None), None);
        assert_eq!(decide(&second, None), Some("seller.decided"), "decided is said, not changed");
    });
}

#[test]
fn a_listing_that_was_changed_and_submitted_again_is_not_approved_unseen() {
    on_both(|m| {
        let who = m.seller();
        let submit = |name: &str| {
            let mut wanted = listing(AccessType::DataFile);
            name.clone_into(&mut wanted.name.en);
            let (_, revision, _) = m.ok(&who, |tx, ctx| catalogue::save(tx, ctx, &who, "report", &wanted));
            let id = revision.id.id();
            m.ok(&who, |tx, ctx| catalogue::submit(tx, ctx, &who, id));
            let (revision, _, _) = m.read(|tx, _| Ok(store::product::application(tx, None, revision.id)?)).unwrap();
            (id, catalogue::version(&revision))
        };
        let (id, first) = submit("Report");
        m.ok(&who, |tx, ctx| catalogue::withdraw(tx, ctx, &who, id));
        let (again, second) = submit("Report with a trap");
        assert_eq!(id, again, "the application is the same");
        let approve = |version: &str| on(m, version, |tx, ctx, by| catalogue::decide(tx, ctx, by, id, &catalogue::Decision::Approve));
        assert_eq!((approve(&first), approve(&second)), (Some("decision.stale"), None));
    });
}

#[test]
fn trading_of_a_product_is_stopped_by_one_of_two_who_saw_it_go_on() {
    on_both(|m| {
        let product = m.list(&m.seller(), "report", &listing(AccessType::DataFile));
        let version = || {
            let listed = m.read(|tx, _| Ok(store::product::any_listed(tx, db::Key::of(product))?)).unwrap();
            catalogue::trading_version(&listed.product)
        };
        let freeze = |version: &str, frozen: bool| {
            let cause = frozen.then_some(FreezeCause::Other);
            on(m, version, |tx, ctx, _| catalogue::freeze(tx, ctx, product, cause, "probes"))
        };
        let first = version();
        assert_eq!(freeze(&first, true), None);
        assert_eq!((freeze(&first, true), freeze(&first, false)), (Some("decision.stale"), Some("decision.stale")));
        assert_eq!(freeze(&version(), false), None);
    });
}

#[test]
fn an_instance_is_frozen_and_let_go_on_as_it_was_seen() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        let (id, version) = (bought.id(), || instance::freeze_version(&m.instance(bought.instance)));
        let first = version();
        let freeze = |version: &str| on(m, version, |tx, ctx, by| instance::freeze_for_violation(tx, ctx, by, id, "abuse"));
        let lift = |version: &str| on(m, version, |tx, ctx, by| instance::unfreeze(tx, ctx, by, id));
        assert_eq!((freeze(&first), freeze(&first), lift(&first)), (None, Some("decision.stale"), Some("decision.stale")));
        assert_eq!(lift(&version()), None);
        m.verify();
    });
}

#[test]
fn a_transfer_is_confirmed_for_what_was_shown() {
    on_both(|m| {
        let buyer = m.buyer();
        let announced =
            m.ok(&buyer, |tx, ctx| money::request_transfer(tx, ctx, &buyer, Money::new(100, ctx.site(buyer.site).currency), "R1"));
        let id: TransferId = announced.id.id();
        let confirm = |version: &str| on(m, version, |tx, ctx, by| money::decide_transfer(tx, ctx, by, id, true, None));
        let mut other = announced.clone();
        other.amount_minor = 1;
        assert_eq!(confirm(&money::transfer_version(&other)), Some("decision.stale"));
        let shown = money::transfer_version(&announced);
        assert_eq!((confirm(&shown), confirm(&shown)), (None, Some("transfer.decided")));
        assert_eq!(m.balance(&buyer), "1000001.00");
    });
}

#[test]
fn a_correction_is_confirmed_for_what_was_shown() {
    on_both(|m| {
        let buyer = m.buyer();
        let bank = money::Place { account: AccountKind::ProviderClearing, owner: "bank".to_owned() };
        let wallet = money::Place { account: AccountKind::BuyerWallet, owner: hex::encode(m.key(&buyer).0) };
        let what = money::Correct::Posting { from: bank, to: wallet, line: None };
        let finance = m.new_staff("finance", StaffRole::Finance);
        let asked = m.ok(&finance, |tx, ctx| {
            money::correct(tx, ctx, &finance, &what, Money::new(100, ctx.site(buyer.site).currency), "a transfer that was lost")
        });
        let id: CorrectionId = asked.id.id();
        let confirm = |version: &str| on(m, version, |tx, ctx, by| money::decide_correction(tx, ctx, by, id, true, None));
        let mut other = asked.clone();
        other.amount_minor = 1;
        assert_eq!(confirm(&money::correction_version(&other)), Some("decision.stale"));
        let shown = money::correction_version(&asked);
        assert_eq!((confirm(&shown), confirm(&shown)), (None, Some("correction.decided")));
    });
}

#[test]
fn whoever_names_no_version_decides_on_what_is_there() {
    on_both(|m| {
        let bought = m.open(&m.buyer(), &choice("backup", "1m"));
        let operator: Arc<Caller> = m.operator();
        m.ok(&operator, |tx, ctx| instance::freeze_for_violation(tx, ctx, &operator, bought.id(), "abuse"));
    });
}
