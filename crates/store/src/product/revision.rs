//! The revisions of a product's listing: drafts, applications and what was approved.

use super::Product;
use crate::{DbError, Key, Locked, Moment, Page, Tx, Written, legible};
use db::{
    Run,
    schema::{accounts, listing_revisions, products},
};
use diesel::{dsl, prelude::*};
use domain::listing::RevisionState;

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = listing_revisions)]
    pub struct Revision of listing_revisions {
        pub id: Key,
        pub product_id: Key,
        pub number: i64,
        pub state: RevisionState,
        pub listing: String,
        pub marks: String,
        pub reason: Option<String>,
        pub created_at: Moment,
        pub submitted_at: Option<Moment>,
        pub decided_at: Option<Moment>,
        pub decided_by: Option<Key>,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when the product has an open application.
pub fn insert_revision(tx: &mut Tx, of: &Locked<Product>, revision: &Revision) -> Result<(), DbError> {
    debug_assert_eq!(of.id, revision.product_id, "the lock is that of the revision's product");
    diesel::insert_into(listing_revisions::table).values(revision).run(tx)?;
    Ok(())
}

/// The text of an approved revision's listing; it never changes.
///
/// # Errors
/// [`DbError`].
pub fn any_approved_text(tx: &mut Tx, revision: Key) -> Result<Option<String>, DbError> {
    let approved = listing_revisions::table.find(revision).filter(listing_revisions::state.eq(RevisionState::Approved));
    Ok(approved.select(listing_revisions::listing).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn any_revision(tx: &mut Tx, id: Key) -> Result<Option<Revision>, DbError> {
    Ok(listing_revisions::table.find(id).select(Revision::as_select()).first(tx).optional()?)
}

/// The revisions of a product, newest first. The caller has looked up the product for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn revisions(tx: &mut Tx, product: Key) -> Result<Vec<Revision>, DbError> {
    Ok(listing_revisions::table
        .filter(listing_revisions::product_id.eq(product))
        .order(listing_revisions::number.desc())
        .select(Revision::as_select())
        .load(tx)?)
}

/// The approved revision of a product that was the last one before a number, with its own number.
///
/// # Errors
/// [`DbError`].
pub fn any_approved_before(tx: &mut Tx, product: Key, number: i64) -> Result<Option<(i64, Key)>, DbError> {
    Ok(listing_revisions::table
        .filter(listing_revisions::product_id.eq(product))
        .filter(listing_revisions::number.lt(number))
        .filter(listing_revisions::state.eq(RevisionState::Approved))
        .order(listing_revisions::number.desc())
        .select((listing_revisions::number, listing_revisions::id))
        .first(tx)
        .optional()?)
}

/// The newest revision of a product. The caller has looked up the product for its tenant.
///
/// # Errors
/// [`DbError`].
pub fn newest_revision(tx: &mut Tx, product: Key) -> Result<Option<Revision>, DbError> {
    Ok(listing_revisions::table
        .filter(listing_revisions::product_id.eq(product))
        .order(listing_revisions::number.desc())
        .select(Revision::as_select())
        .first(tx)
        .optional()?)
}

/// The product's draft, rejected or waiting application.
///
/// # Errors
/// [`DbError`].
pub fn open_revision(tx: &mut Tx, product: Key) -> Result<Option<Revision>, DbError> {
    Ok(listing_revisions::table
        .filter(listing_revisions::product_id.eq(product))
        .filter(listing_revisions::state.ne(RevisionState::Approved))
        .select(Revision::as_select())
        .first(tx)
        .optional()?)
}

type Own = dsl::Filter<dsl::Find<listing_revisions::table, Key>, dsl::Eq<listing_revisions::product_id, Key>>;

/// A revision of a product. Revisions are written under the lock of their product.
fn own(of: &Locked<Product>, revision: Key) -> Own {
    listing_revisions::table.find(revision).filter(listing_revisions::product_id.eq(of.id))
}

/// Replaces a draft's or a rejected application's text; it becomes a draft again.
///
/// # Errors
/// [`DbError`].
pub fn save_draft(tx: &mut Tx, of: &Locked<Product>, id: Key, listing: &str) -> Result<Written, DbError> {
    let open = own(of, id).filter(listing_revisions::state.eq_any([RevisionState::Draft, RevisionState::Rejected]));
    let changed = diesel::update(open)
        .set((
            listing_revisions::listing.eq(listing),
            listing_revisions::state.eq(RevisionState::Draft),
            listing_revisions::submitted_at.eq(None::<i64>),
            listing_revisions::decided_at.eq(None::<i64>),
            listing_revisions::decided_by.eq(None::<Key>),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// # Errors
/// [`DbError`].
pub fn submit(tx: &mut Tx, of: &Locked<Product>, id: Key, at: Moment) -> Result<Written, DbError> {
    let draft = own(of, id).filter(listing_revisions::state.eq(RevisionState::Draft));
    let changed = diesel::update(draft)
        .set((
            listing_revisions::state.eq(RevisionState::InReview),
            listing_revisions::submitted_at.eq(at),
            listing_revisions::marks.eq("{}"),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// Takes a waiting application back (撤回).
///
/// # Errors
/// [`DbError`].
pub fn withdraw(tx: &mut Tx, of: &Locked<Product>, id: Key) -> Result<Written, DbError> {
    let waiting = own(of, id).filter(listing_revisions::state.eq(RevisionState::InReview));
    let changed = diesel::update(waiting)
        .set((listing_revisions::state.eq(RevisionState::Draft), listing_revisions::submitted_at.eq(None::<i64>)))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// A decision on an application.
#[derive(Debug)]
pub struct Decision<'a> {
    pub id: Key,
    pub state: RevisionState,
    pub reason: Option<&'a str>,
    pub marks: &'a str,
    pub at: Moment,
    pub by: Key,
}

/// Decides once: the first reviewer wins.
///
/// # Errors
/// [`DbError`].
pub fn decide(tx: &mut Tx, of: &Locked<Product>, d: &Decision<'_>) -> Result<Written, DbError> {
    let changed = diesel::update(own(of, d.id).filter(listing_revisions::state.eq(RevisionState::InReview)))
        .set((
            listing_revisions::state.eq(d.state),
            listing_revisions::reason.eq(d.reason),
            listing_revisions::marks.eq(d.marks),
            listing_revisions::decided_at.eq(d.at),
            listing_revisions::decided_by.eq(d.by),
        ))
        .run(tx)?;
    Ok(Written::from_rows(changed))
}

/// An application with its product and the seller's name.
pub type Application = (Revision, Product, String);

/// Applications in a state or in all, newest first: of one seller with drafts, or of all sellers without.
///
/// # Errors
/// [`DbError`].
pub fn applications(tx: &mut Tx, seller: Option<Key>, state: Option<RevisionState>, page: Page) -> Result<Vec<Application>, DbError> {
    let place = |(revision, ..): &Application| (revision.created_at.micros(), revision.id);
    let read = |page: Page| {
        let mut query = listing_revisions::table
            .inner_join(products::table.on(products::id.eq(listing_revisions::product_id)))
            .inner_join(accounts::table.on(accounts::id.eq(products::seller_id)))
            .select((Revision::as_select(), Product::as_select(), accounts::name))
            .into_boxed();
        query = match seller {
            Some(seller) => query.filter(products::seller_id.eq(seller)),
            None => query.filter(listing_revisions::state.ne(RevisionState::Draft)),
        };
        if let Some(state) = state {
            query = query.filter(listing_revisions::state.eq(state));
        }
        db::readable(tx, newest_first!(query, page, listing_revisions::created_at, listing_revisions::id))
    };
    Ok(legible(page, place, read)?.reported())
}

/// One application, of one seller or of any.
///
/// # Errors
/// [`DbError`].
pub fn application(tx: &mut Tx, seller: Option<Key>, id: Key) -> Result<Option<Application>, DbError> {
    let mut query = listing_revisions::table
        .inner_join(products::table.on(products::id.eq(listing_revisions::product_id)))
        .inner_join(accounts::table.on(accounts::id.eq(products::seller_id)))
        .filter(listing_revisions::id.eq(id))
        .select((Revision::as_select(), Product::as_select(), accounts::name))
        .into_boxed();
    if let Some(seller) = seller {
        query = query.filter(products::seller_id.eq(seller));
    }
    Ok(query.first(tx).optional()?)
}
