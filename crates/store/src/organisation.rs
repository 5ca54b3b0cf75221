//! The people of an account: colleagues, departments, invitations.

use crate::{DbError, Key, Moment, Page, Tx, Written, account::User, legible};
use db::{
    Run,
    schema::{accounts, departments, invitations, positions, users},
};
use diesel::prelude::*;
use domain::access::{InvitationState, MemberRole};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = departments)]
    pub struct Department of departments {
        pub id: Key,
        pub account_id: Key,
        pub code: String,
        pub name: String,
        pub parent_id: Option<Key>,
        pub created_at: Moment,
    }
}

/// What is known of a person at work.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = positions, treat_none_as_null = true)]
pub struct Position {
    pub user_id: Key,
    pub account_id: Key,
    pub department_id: Option<Key>,
    pub title: Option<String>,
    pub employee_code: Option<String>,
    pub employee_type: Option<String>,
    pub mobile: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = invitations)]
    pub struct Invitation of invitations {
        pub id: Key,
        pub account_id: Key,
        pub secret_hash: Vec<u8>,
        pub login: String,
        pub name: String,
        pub member_role: MemberRole,
        pub department_id: Option<Key>,
        pub created_at: Moment,
        pub expires_at: Moment,
        pub state: InvitationState,
    }
}

/// Changes of an account's people wait for each other: what one of them counts, no other changes meanwhile.
///
/// # Errors
/// [`DbError`].
pub fn hold(tx: &mut Tx, account: Key) -> Result<(), DbError> {
    diesel::update(accounts::table.find(account)).set(accounts::name.eq(accounts::name)).run(tx)?;
    Ok(())
}

/// The departments of an account, by code.
///
/// # Errors
/// [`DbError`].
pub fn departments(tx: &mut Tx, account: Key) -> Result<Vec<Department>, DbError> {
    let own = departments::table.filter(departments::account_id.eq(account));
    Ok(own.order(departments::code).select(Department::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`]; a unique violation when the code is taken.
pub fn insert_department(tx: &mut Tx, department: &Department) -> Result<(), DbError> {
    diesel::insert_into(departments::table).values(department).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn update_department(tx: &mut Tx, id: Key, name: &str, parent: Option<Key>) -> Result<(), DbError> {
    diesel::update(departments::table.find(id)).set((departments::name.eq(name), departments::parent_id.eq(parent))).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn delete_department(tx: &mut Tx, id: Key) -> Result<(), DbError> {
    diesel::delete(departments::table.find(id)).run(tx)?;
    Ok(())
}

/// Whether people belong to a department, or are invited to it.
///
/// # Errors
/// [`DbError`].
pub fn has_people(tx: &mut Tx, department: Key) -> Result<bool, DbError> {
    let people = users::table
        .inner_join(positions::table.on(positions::user_id.eq(users::id)))
        .filter(positions::department_id.eq(department))
        .filter(users::left_at.is_null());
    let open = invitations::table.filter(invitations::department_id.eq(department)).filter(invitations::state.eq(InvitationState::Open));
    Ok(diesel::select(diesel::dsl::exists(people)).get_result::<bool>(tx)? || diesel::select(diesel::dsl::exists(open)).get_result(tx)?)
}

/// Takes the department from people who left and invitations that are over, so that it can go.
///
/// # Errors
/// [`DbError`].
pub fn empty_department(tx: &mut Tx, department: Key) -> Result<(), DbError> {
    diesel::update(positions::table.filter(positions::department_id.eq(department)))
        .set(positions::department_id.eq(None::<Key>))
        .run(tx)?;
    let over = invitations::table.filter(invitations::department_id.eq(department));
    diesel::update(over).set(invitations::department_id.eq(None::<Key>)).run(tx)?;
    Ok(())
}

/// A colleague with what is known of him.
pub type Colleague = (User, Option<Position>);

/// Colleagues who have not left, newest first.
///
/// # Errors
/// [`DbError`].
pub fn colleagues(tx: &mut Tx, account: Key, department: Option<Key>, page: Page) -> Result<Vec<Colleague>, DbError> {
    let place = |(user, _): &Colleague| (user.created_at.micros(), user.id);
    let read = |page: Page| {
        let mut query = users::table
            .left_join(positions::table.on(positions::user_id.eq(users::id)))
            .filter(users::account_id.eq(account))
            .filter(users::left_at.is_null())
            .into_boxed();
        if let Some(department) = department {
            query = query.filter(positions::department_id.eq(department));
        }
        let query = newest_first!(query, page, users::created_at, users::id);
        db::readable(tx, query.select((User::as_select(), Option::<Position>::as_select())))
    };
    Ok(legible(page, place, read)?.reported())
}

/// A colleague who has not left.
///
/// # Errors
/// [`DbError`].
pub fn colleague(tx: &mut Tx, account: Key, user: Key) -> Result<Option<Colleague>, DbError> {
    Ok(users::table
        .left_join(positions::table.on(positions::user_id.eq(users::id)))
        .filter(users::id.eq(user))
        .filter(users::account_id.eq(account))
        .filter(users::left_at.is_null())
        .select((User::as_select(), Option::<Position>::as_select()))
        .first(tx)
        .optional()?)
}

/// How many administrators an account has beside one person.
///
/// # Errors
/// [`DbError`].
pub fn other_administrators(tx: &mut Tx, account: Key, but: Key) -> Result<i64, DbError> {
    let others = users::table
        .filter(users::account_id.eq(account))
        .filter(users::id.ne(but))
        .filter(users::member_role.eq(MemberRole::Administrator))
        .filter(users::left_at.is_null());
    Ok(others.count().get_result(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn set_person(tx: &mut Tx, user: Key, name: &str, role: MemberRole) -> Result<(), DbError> {
    diesel::update(users::table.find(user)).set((users::name.eq(name), users::member_role.eq(role))).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn put_position(tx: &mut Tx, position: &Position) -> Result<(), DbError> {
    let there = positions::table.find(position.user_id);
    if diesel::update(there).set(position).run(tx)? == 0 {
        diesel::insert_into(positions::table).values(position).run(tx)?;
    }
    Ok(())
}

/// A colleague gets in no more.
///
/// # Errors
/// [`DbError`].
pub fn leave(tx: &mut Tx, user: Key, at: Moment) -> Result<Written, DbError> {
    let there = users::table.find(user).filter(users::left_at.is_null());
    Ok(Written::from_rows(diesel::update(there).set(users::left_at.eq(at)).run(tx)?))
}

/// # Errors
/// [`DbError`].
pub fn insert_invitation(tx: &mut Tx, invitation: &Invitation) -> Result<(), DbError> {
    diesel::insert_into(invitations::table).values(invitation).run(tx)?;
    Ok(())
}

/// Invitations of an account, newest first.
///
/// # Errors
/// [`DbError`].
pub fn invitations(tx: &mut Tx, account: Key, page: Page) -> Result<Vec<Invitation>, DbError> {
    let place = |invitation: &Invitation| (invitation.created_at.micros(), invitation.id);
    let read = |page: Page| {
        let query = invitations::table.filter(invitations::account_id.eq(account)).into_boxed();
        db::readable(tx, newest_first!(query, page, invitations::created_at, invitations::id).select(Invitation::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// The open invitation of a link, with the name of who invites.
///
/// # Errors
/// [`DbError`].
pub fn any_invitation(tx: &mut Tx, secret_hash: &[u8], wall_now: Moment) -> Result<Option<(Invitation, String)>, DbError> {
    Ok(invitations::table
        .inner_join(accounts::table.on(accounts::id.eq(invitations::account_id)))
        .filter(invitations::secret_hash.eq(secret_hash))
        .filter(invitations::state.eq(InvitationState::Open))
        .filter(invitations::expires_at.gt(wall_now))
        .select((Invitation::as_select(), accounts::name))
        .first(tx)
        .optional()?)
}

/// Ends an open invitation, once.
///
/// # Errors
/// [`DbError`].
pub fn end_invitation(tx: &mut Tx, account: Key, id: Key, state: InvitationState) -> Result<Written, DbError> {
    let open = invitations::table.find(id).filter(invitations::account_id.eq(account)).filter(invitations::state.eq(InvitationState::Open));
    Ok(Written::from_rows(diesel::update(open).set(invitations::state.eq(state)).run(tx)?))
}
