//! Seller profiles and their approval.

use crate::{DbError, Key, Moment, Page, Tx, Written, containing, legible, lower};
use db::{Run, schema::sellers};
use diesel::prelude::*;
use domain::access::SellerState;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = sellers)]
    pub struct Seller of sellers {
        pub account_id: Key,
        pub profile: String,
        pub state: SellerState,
        pub reason: Option<String>,
        pub submitted_at: Option<Moment>,
        pub decided_at: Option<Moment>,
        pub decided_by: Option<Key>,
    }
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, account: Key) -> Result<Option<Seller>, DbError> {
    Ok(sellers::table.find(account).select(Seller::as_select()).first(tx).optional()?)
}

/// Makes the row, or replaces profile and state of a draft or rejected one.
///
/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, seller: &Seller) -> Result<Written, DbError> {
    let open = sellers::table.find(seller.account_id).filter(sellers::state.eq_any([SellerState::Draft, SellerState::Rejected]));
    let changed = diesel::update(open)
        .set((
            sellers::profile.eq(&seller.profile),
            sellers::state.eq(seller.state),
            sellers::reason.eq(None::<String>),
            sellers::submitted_at.eq(seller.submitted_at),
            sellers::decided_at.eq(None::<i64>),
            sellers::decided_by.eq(None::<Key>),
        ))
        .run(tx)?;
    if changed == 1 {
        return Ok(Written::Yes);
    }
    if lookup(tx, seller.account_id)?.is_some() {
        return Ok(Written::SomeoneElseWasFirst);
    }
    diesel::insert_into(sellers::table).values(seller).run(tx)?;
    Ok(Written::Yes)
}

/// A decision on a seller.
#[derive(Debug)]
pub struct Decision<'a> {
    pub account: Key,
    /// What is decided on.
    pub profile: &'a str,
    pub state: SellerState,
    pub reason: Option<&'a str>,
    pub at: Moment,
    pub by: Key,
}

/// Decides once: the first reviewer wins.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, d: &Decision<'_>) -> Result<Written, DbError> {
    let waiting = sellers::table.find(d.account).filter(sellers::state.eq(SellerState::InReview).and(sellers::profile.eq(d.profile)));
    let changed = diesel::update(waiting)
        .set((sellers::state.eq(d.state), sellers::reason.eq(d.reason), sellers::decided_at.eq(d.at), sellers::decided_by.eq(d.by)))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// Sellers in a state or in all, whose account's name contains a text, newest application first, with that name.
///
/// # Errors
/// [`DbError`].
pub fn any_list(tx: &mut Tx, state: Option<SellerState>, name: Option<&str>, page: Page) -> Result<Vec<(Seller, String)>, DbError> {
    use db::schema::accounts;
    let place = |(seller, _): &(Seller, String)| (seller.submitted_at.map_or(0, Moment::micros), seller.account_id);
    let read = |page: Page| {
        let mut query = sellers::table
            .inner_join(accounts::table.on(accounts::id.eq(sellers::account_id)))
            .select((Seller::as_select(), accounts::name))
            .into_boxed();
        if let Some(state) = state {
            query = query.filter(sellers::state.eq(state));
        }
        if let Some(name) = name {
            query = query.filter(lower(accounts::name).like(containing(name)).escape('\\'));
        }
        db::readable(tx, newest_first!(query, page, sellers::submitted_at, sellers::account_id))
    };
    Ok(legible(page, place, read)?.reported())
}
