//! Sellers apply, are approved or sent back.

use app::{
    Caller, Error,
    seller::{self, Profile},
};
use harness::{Market, on_both};
use std::sync::Arc;

fn profile() -> Profile {
    Profile {
        company_name: "新商家".to_owned(),
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

fn submit(m: &Market, who: &Arc<Caller>, profile: &Profile) -> Result<(), Error> {
    m.write(who, |tx, ctx| seller::submit(tx, ctx, who, profile)).map(drop)
}

fn decide(m: &Market, who: &Caller, approve: bool, reason: Option<&str>) -> Option<&'static str> {
    let operator = m.operator();
    let decided = m.write(&operator, |tx, ctx| seller::decide(tx, ctx, &operator, who.account_id, approve, reason));
    decided.err().map(|e| e.code().expect("a refusal"))
}

fn code(result: Result<(), Error>) -> &'static str {
    result.expect_err("it is refused").code().expect("a refusal")
}

#[test]
fn a_seller_applies_and_is_approved_or_sent_back() {
    on_both(|m| {
        let buyer = m.buyer();
        let may_sell = || m.write(&buyer, |tx, _| seller::require_approved(tx, m.key(&buyer)));
        assert_eq!(decide(m, &buyer, true, None), Some("seller.not_found"));
        submit(m, &buyer, &profile()).unwrap();
        assert_eq!(code(submit(m, &buyer, &profile())), "seller.not_open");
        assert_eq!(code(may_sell()), "seller.not_approved");
        assert_eq!(decide(m, &buyer, false, None), Some("seller.reason_missing"));
        assert_eq!(decide(m, &buyer, false, Some("licence")), None);
        assert_eq!(code(may_sell()), "seller.not_approved");
        submit(m, &buyer, &profile()).unwrap();
        assert_eq!(decide(m, &buyer, true, None), None);
        may_sell().unwrap();
        assert_eq!(decide(m, &buyer, true, None), Some("seller.decided"));
    });
}

#[test]
fn a_profile_is_complete_and_has_no_links_in_it() {
    on_both(|m| {
        let good = profile();
        for (wrong, pointer) in [
            (Profile { introduction: "see http://elsewhere".to_owned(), ..good.clone() }, "/introduction"),
            (Profile { website: "new.example.com".to_owned(), ..good.clone() }, "/website"),
            (Profile { contact_mailbox: "nobody".to_owned(), ..good.clone() }, "/contact_mailbox"),
            (Profile { company_name: String::new(), ..good.clone() }, "/company_name"),
        ] {
            let Err(Error::Refused(refusal)) = submit(m, &m.buyer(), &wrong) else { panic!("taken: {wrong:?}") };
            assert_eq!((refusal.code, refusal.fields[0].pointer.as_str()), ("seller.bad_profile", pointer));
        }
    });
}
