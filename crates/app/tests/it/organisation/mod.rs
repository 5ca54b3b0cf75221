//! The people of an account: invited, given roles, moved, removed; and its departments (`seller-domain 1`).

mod departments;
mod people;

use app::organisation::{self, Invite};
use domain::{access::MemberRole, id::UserId};
use harness::Market;

fn invitation(login: &str, role: MemberRole, department: Option<&str>) -> Invite {
    Invite { login: login.to_owned(), name: login.to_owned(), role, department: department.map(str::to_owned) }
}

/// A colleague of the buyer who joined.
fn join(m: &Market, login: &str, role: MemberRole) -> UserId {
    let buyer = m.buyer();
    let (_, link) = m.ok(&buyer, |tx, ctx| organisation::invite(tx, ctx, &buyer, &invitation(login, role, None)));
    m.write_system(|tx, ctx| organisation::accept(tx, ctx, &link, "a-long-password", "$argon2id$none", "en")).unwrap()
}
