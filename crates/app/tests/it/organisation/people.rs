//! Colleagues and invitations.

use super::{invitation, join};
use app::{
    Caller, Error, account,
    organisation::{self, Person},
};
use domain::{
    access::{MemberRole, Role, Scope},
    id::{InvitationId, UserId},
};
use harness::{Market, on_both};
use std::sync::Arc;

fn person(role: MemberRole) -> Person {
    Person {
        name: "林夏".to_owned(),
        role,
        department: None,
        title: None,
        employee_code: None,
        employee_type: None,
        mobile: Some("+86 138 0000 0000".to_owned()),
        email: None,
    }
}

fn remove(m: &Market, who: &Arc<Caller>, id: UserId) -> Option<&'static str> {
    let removed = m.write(who, |tx, ctx| organisation::remove(tx, ctx, who, id));
    removed.err().map(|e| e.code().expect("a refusal"))
}

fn change(m: &Market, id: UserId, new: &Person) -> Option<&'static str> {
    let buyer = m.buyer();
    let changed = m.write(&buyer, |tx, ctx| organisation::change(tx, ctx, &buyer, id, new));
    changed.err().map(|e| e.code().expect("a refusal"))
}

/// An API token of a colleague.
fn token(m: &Market, id: UserId) -> String {
    let user = m.read(|tx, _| account::caller_of_user(tx, app::Key::of(id)));
    let member = Arc::new(Caller { scopes: vec![Scope::Read], ..user });
    let new = account::NewToken { name: "t".to_owned(), scopes: vec![Scope::Read], expires_at: None };
    m.ok(&member, |tx, ctx| account::issue_token(tx, ctx, &member, &new)).1
}

#[test]
fn a_token_shows_the_role_of_a_colleague_until_they_are_removed() {
    on_both(|m| {
        let (member, purchaser) = (join(m, "ann@qinghe", MemberRole::Member), join(m, "bo@qinghe", MemberRole::Purchaser));
        let secret = token(m, member);
        let seen = || m.write_system(|tx, ctx| account::caller_of_token(tx, ctx, &secret));
        assert!(!seen().unwrap().unwrap().roles.contains(&Role::Buyer), "a member sees no orders");
        let buys = token(m, purchaser);
        let caller = m.write_system(|tx, ctx| account::caller_of_token(tx, ctx, &buys)).unwrap().unwrap();
        assert!(caller.roles.contains(&Role::Buyer) && caller.member == MemberRole::Purchaser);
        assert_eq!(remove(m, &m.seller(), member), Some("colleague.not_found"), "another account's colleague");
        assert_eq!(remove(m, &m.buyer(), member), None);
        assert_eq!(remove(m, &m.buyer(), member), Some("colleague.not_found"));
        let gone = seen();
        assert!(matches!(&gone, Ok(None)) || gone.as_ref().err().and_then(Error::code) == Some("account.left"), "{gone:?}");
    });
}

#[test]
fn an_account_keeps_an_administrator() {
    on_both(|m| {
        let mine = m.buyer().user_id;
        assert_eq!(change(m, mine, &person(MemberRole::Member)), Some("colleague.last_administrator"));
        assert_eq!(remove(m, &m.buyer(), mine), Some("colleague.last_administrator"));
        join(m, "cy@qinghe", MemberRole::Administrator);
        assert_eq!(change(m, mine, &person(MemberRole::Purchaser)), None, "there is another");
        let nowhere = Person { department: Some("x".to_owned()), ..person(MemberRole::Member) };
        assert_eq!(change(m, mine, &nowhere), Some("department.not_found"));
        let row = m.read(|tx, _| Ok(store::organisation::colleague(tx, m.key(&m.buyer()), app::Key::of(mine))?)).unwrap();
        assert_eq!(m.read(|tx, ctx| organisation::shown(tx, ctx, &row)), person(MemberRole::Purchaser), "the phone number in clear");
    });
}

#[test]
fn of_two_administrators_who_leave_at_once_one_stays() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), join(m, "cy@qinghe", MemberRole::Administrator));
        let both = [buyer.user_id, other];
        let left = m.at_once(&buyer, 2, |n, tx, ctx| organisation::remove(tx, ctx, &buyer, both[n]));
        assert_eq!(left.iter().filter(|l| l.is_ok()).count(), 1, "{left:?}");
    });
}

#[test]
fn an_invitation_is_used_once_within_a_week_or_withdrawn() {
    on_both(|m| {
        let (buyer, other) = (m.buyer(), m.buyer2());
        let taken = invitation(&m.seller().login, MemberRole::Member, None);
        assert_eq!(m.refused(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &taken)), "account.login_taken");
        let accept = |link: &str, password: &str| {
            m.write_system(|tx, ctx| organisation::accept(tx, ctx, link, password, "$argon2id$none", "en")).err().and_then(|e| e.code())
        };
        let new = invitation("n@q", MemberRole::Member, None);
        let (first, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &new));
        let id: InvitationId = first.id.id();
        assert_eq!(m.refused(&other, |tx, ctx| organisation::withdraw(tx, ctx, &other, id)), "invitation.not_found");
        assert_eq!(accept(&link, "short"), Some("account.weak_password"));
        m.ok(&buyer, |tx, ctx| organisation::withdraw(tx, ctx, &buyer, id));
        assert_eq!(m.refused(&buyer, |tx, ctx| organisation::withdraw(tx, ctx, &buyer, id)), "invitation.not_found");
        assert_eq!(accept(&link, "a-long-password"), Some("invitation.over"));
        let (_, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &new));
        assert_eq!(accept(&link, "a-long-password"), None);
        assert_eq!(accept(&link, "a-long-password"), Some("invitation.over"));
        let late = invitation("late@q", MemberRole::Member, None);
        let (_, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &late));
        m.environment().clock.pass(jiff::SignedDuration::from_hours(7 * 24 + 1));
        assert_eq!(accept(&link, "a-long-password"), Some("invitation.over"), "older than a week");
    });
}

#[test]
fn of_eight_who_use_a_link_at_once_one_joins() {
    on_both(|m| {
        let buyer = m.buyer();
        let new = invitation("n@q", MemberRole::Member, None);
        let (_, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &new));
        let joined = m.at_once(&buyer, 8, |_, tx, ctx| organisation::accept(tx, ctx, &link, "a-long-password", "$argon2id$none", "en"));
        assert_eq!(joined.iter().filter(|j| j.is_ok()).count(), 1, "{joined:?}");
    });
}
