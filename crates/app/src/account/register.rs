//! New accounts with their first user; the first operator.

use crate::{
    Ctx, Error, event,
    message::{self, NewRecipient},
    secret,
};
use db::{Key, Tx};
use domain::{
    access::{AccountKind, MemberRole, Role, Roles, StaffRole},
    id::{AccountId, UserId},
    site::SiteCode,
};
use serde_json::json;
use store::account::{self, Account, User};

/// What a new account is made of; texts are checked at the edge.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login: String,
    pub password: String,
    pub user_name: String,
    pub account_name: String,
    pub kind: AccountKind,
    pub site: SiteCode,
    pub language: String,
    pub roles: Vec<Role>,
    pub staff: Option<StaffRole>,
    /// Mailbox and phone of the account, which messages go to until others are named (`seller-domain 7`).
    pub contact: Option<NewRecipient>,
}

#[derive(Debug, Clone)]
pub struct Registered {
    pub account_id: AccountId,
    pub user_id: UserId,
}

/// The shortest password that is taken, in characters.
pub const PASSWORD_MIN: usize = 10;

/// Refuses short passwords and those that hold the login.
pub(crate) fn check_password(pointer: &str, login: &str, password: &str) -> Result<(), Error> {
    let length = password.chars().count();
    if !(PASSWORD_MIN..=200).contains(&length) {
        return Err(Error::field(pointer, "account.weak_password", "use 10 to 200 characters"));
    }
    if password.to_lowercase().contains(&login.to_lowercase()) {
        return Err(Error::field(pointer, "account.weak_password", "the password must not contain the login"));
    }
    Ok(())
}

/// Makes an account and its first user. The hash is made before the transaction begins.
///
/// # Errors
/// `account.login_taken`, `account.weak_password`, `message.bad_mailbox`, `message.bad_phone`.
pub fn register(tx: &mut Tx, ctx: &Ctx, new: &NewAccount, password_hash: &str) -> Result<Registered, Error> {
    check_password("/password", &new.login, &new.password)?;
    let (account_id, user_id) = (ctx.id::<AccountId>(), ctx.id::<UserId>());
    let roles = Roles::of(new.roles.clone());
    account::insert(
        tx,
        &Account {
            id: Key::of(account_id),
            name: new.account_name.clone(),
            kind: new.kind,
            site: new.site,
            roles: roles.clone(),
            created_at: ctx.moment(),
        },
    )?;
    let user = User {
        id: Key::of(user_id),
        account_id: Key::of(account_id),
        login: new.login.clone(),
        name: new.user_name.clone(),
        password: password_hash.to_owned(),
        staff_role: new.staff,
        language: new.language.clone(),
        dismissed: String::new(),
        created_at: ctx.moment(),
        member_role: MemberRole::Administrator,
        left_at: None,
    };
    insert_user(tx, &user)?;
    if let Some(contact) = &new.contact {
        message::add_recipient_to(tx, ctx, Key::of(account_id), contact)?;
    }
    let about = event::About { account: Some(Key::of(account_id)), ..event::About::default() };
    event::record(tx, ctx, "account.registered", about, &json!({ "login": new.login, "roles": roles.all() }))?;
    Ok(Registered { account_id, user_id })
}

/// # Errors
/// `account.login_taken`.
pub(crate) fn insert_user(tx: &mut Tx, user: &User) -> Result<(), Error> {
    account::insert_user(tx, user).map_err(|e| {
        if e.is_unique_violation() {
            Error::field("/login", "account.login_taken", "this login is taken; choose another")
        } else {
            e.into()
        }
    })
}

/// Makes the first operator of a fresh platform.
///
/// # Errors
/// `account.operator_exists` when there is one; `account.login_taken`, `account.weak_password`.
pub fn create_operator(tx: &mut Tx, ctx: &Ctx, login: &str, password: &str) -> Result<Registered, Error> {
    if !account::operators(tx)?.is_empty() {
        let detail = "this platform has an operator; further staff are added by an administrator";
        return Err(Error::conflict("account.operator_exists", detail));
    }
    let new = NewAccount {
        login: login.to_owned(),
        password: password.to_owned(),
        user_name: login.to_owned(),
        account_name: "Operator".to_owned(),
        kind: AccountKind::Enterprise,
        site: SiteCode::Cn,
        language: "zh".to_owned(),
        roles: vec![Role::Operator],
        staff: Some(StaffRole::Administrator),
        contact: None,
    };
    register(tx, ctx, &new, &secret::hash_password(password)?)
}
