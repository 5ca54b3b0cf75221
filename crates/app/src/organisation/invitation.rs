//! Invitations: a link that makes one person a colleague, once, within a week.

use super::{department_of, recorded};
use crate::{Caller, Ctx, Error, account, event, secret};
use db::{Key, Moment, Tx};
use domain::{
    access::{InvitationState, MemberRole},
    id::{InvitationId, UserId},
};
use jiff::SignedDuration;
use serde_json::json;
use store::{
    Written,
    account::User,
    organisation::{self as rows, Invitation, Position},
};

const VALID_DAYS: i64 = 7;

/// Who is asked, and as what.
#[derive(Debug, Clone)]
pub struct Invite {
    pub login: String,
    pub name: String,
    pub role: MemberRole,
    pub department: Option<String>,
}

/// Asks somebody to join; returns the invitation with the secret of its link, which is shown this once.
///
/// # Errors
/// `account.login_taken`, `department.not_found`.
pub fn invite(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &Invite) -> Result<(Invitation, String), Error> {
    let account = Key::of(caller.account_id);
    rows::hold(tx, account)?;
    if store::account::user_by_login(tx, &new.login)?.is_some() {
        return Err(Error::field(
            "/login",
            "account.login_taken",
            "this login is taken; a person who has another account needs another one",
        ));
    }
    let secret = ctx.random_hex(24);
    let row = Invitation {
        id: ctx.key(),
        account_id: account,
        secret_hash: secret::hash(&secret),
        login: new.login.clone(),
        name: new.name.clone(),
        member_role: new.role,
        department_id: department_of(tx, account, new.department.as_deref())?,
        created_at: ctx.wall_moment(),
        expires_at: Moment::of(ctx.wall + SignedDuration::from_hours(24 * VALID_DAYS)),
        state: InvitationState::Open,
    };
    rows::insert_invitation(tx, &row)?;
    recorded(tx, ctx, caller, "invitation.sent", &json!({ "login": new.login, "role": new.role }))?;
    Ok((row, secret))
}

/// Takes an open invitation back.
///
/// # Errors
/// `invitation.not_found`.
pub fn withdraw(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InvitationId) -> Result<(), Error> {
    match rows::end_invitation(tx, Key::of(caller.account_id), Key::of(id), InvitationState::Withdrawn)? {
        Written::Yes => recorded(tx, ctx, caller, "invitation.withdrawn", &json!({ "invitation": id })),
        Written::SomeoneElseWasFirst => Err(Error::not_found("invitation.not_found", "there is no such open invitation")),
    }
}

/// The invitation behind a link, with the name of the account.
///
/// # Errors
/// `invitation.over`.
pub fn opened(tx: &mut Tx, ctx: &Ctx, link: &str) -> Result<(Invitation, String), Error> {
    rows::any_invitation(tx, &secret::hash(link), ctx.wall_moment())?.ok_or_else(|| {
        Error::not_found("invitation.over", "this invitation was used, withdrawn, or is older than a week; ask for a new one")
    })
}

/// Joins: makes the person of an invitation a user of its account. The hash is made before the transaction begins.
///
/// # Errors
/// `invitation.over`, `account.login_taken`, `account.weak_password`.
pub fn accept(tx: &mut Tx, ctx: &Ctx, link: &str, password: &str, password_hash: &str, language: &str) -> Result<UserId, Error> {
    let (invitation, _) = opened(tx, ctx, link)?;
    account::check_password("/password", &invitation.login, password)?;
    let id = ctx.id::<UserId>();
    let user = User {
        id: Key::of(id),
        account_id: invitation.account_id,
        login: invitation.login.clone(),
        name: invitation.name.clone(),
        password: password_hash.to_owned(),
        staff_role: None,
        language: language.to_owned(),
        dismissed: String::new(),
        created_at: ctx.moment(),
        member_role: invitation.member_role,
        left_at: None,
    };
    account::insert_user(tx, &user)?;
    if rows::end_invitation(tx, invitation.account_id, invitation.id, InvitationState::Accepted)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    let position = Position {
        user_id: user.id,
        account_id: user.account_id,
        department_id: invitation.department_id,
        title: None,
        employee_code: None,
        employee_type: None,
        mobile: None,
        email: None,
    };
    rows::put_position(tx, &position)?;
    event::record(tx, ctx, "colleague.joined", event::About::account(user.account_id), &json!({ "user": id, "login": user.login }))?;
    Ok(id)
}
