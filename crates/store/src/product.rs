//! Products and the revisions of their listings.

use crate::{DbError, Key, Legible, Locked, Moment, Page, Tx, Written, legible, order::Tenant};
use db::{
    Lock, Run,
    schema::{accounts, listing_revisions, products},
};
use diesel::{dsl, prelude::*};
use domain::{
    listing::{FreezeCause, RevisionState, Visibility},
    site::SiteCode,
};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = products)]
    pub struct Product of products {
        pub id: Key,
        pub seller_id: Key,
        pub key: String,
        pub site: SiteCode,
        pub visibility: Visibility,
        pub revision_id: Option<Key>,
        pub created_at: Moment,
        pub updated_at: Moment,
        /// Only while its trading is frozen.
        pub freeze_cause: Option<FreezeCause>,
    }
}

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
/// [`DbError`]; a unique violation when the seller has the key already.
pub fn insert(tx: &mut Tx, product: Product) -> Result<Locked<Product>, DbError> {
    diesel::insert_into(products::table).values(&product).run(tx)?;
    db::made(Lock::Product, product.id);
    Ok(Locked::new(product))
}

/// A product, of one seller or of any, locked until the transaction ends: its trading and its revisions are decided on under it.
///
/// # Errors
/// [`DbError`].
pub fn lock(tx: &mut Tx, seller: Option<Key>, id: Key) -> Result<Option<Locked<Product>>, DbError> {
    let mut query = products::table.filter(products::id.eq(id)).into_boxed();
    if let Some(seller) = seller {
        query = query.filter(products::seller_id.eq(seller));
    }
    Ok(db::lock(tx, (Lock::Product, &[id]), query.select(Product::as_select()))?.into_iter().next().map(Locked::new))
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<Product>, DbError> {
    Ok(products::table.find(id).filter(products::seller_id.eq(seller)).select(Product::as_select()).first(tx).optional()?)
}

/// # Errors
/// [`DbError`].
pub fn by_key(tx: &mut Tx, seller: Key, key: &str) -> Result<Option<Product>, DbError> {
    Ok(products::table
        .filter(products::seller_id.eq(seller))
        .filter(products::key.eq(key))
        .select(Product::as_select())
        .first(tx)
        .optional()?)
}

fn place(product: &Product) -> (i64, Key) {
    (product.created_at.micros(), product.id)
}

/// The products of a seller in a visibility or in all, newest first.
///
/// # Errors
/// [`DbError`].
pub fn of_seller(tx: &mut Tx, seller: Key, visibility: Option<Visibility>, page: Page) -> Result<Vec<Product>, DbError> {
    let read = |page: Page| {
        let mut query = products::table.filter(products::seller_id.eq(seller)).into_boxed();
        if let Some(visibility) = visibility {
            query = query.filter(products::visibility.eq(visibility));
        }
        db::readable(tx, newest_first!(query, page, products::created_at, products::id).select(Product::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// A listed product with the revision that it sells now and its seller's name: what buyers may see.
#[derive(Debug, Clone)]
pub struct Listed {
    pub product: Product,
    pub revision_id: Key,
    pub seller_name: String,
}

fn listed((product, seller_name): (Product, String)) -> Option<Listed> {
    let revision_id = product.revision_id?;
    Some(Listed { product, revision_id, seller_name })
}

/// The listed product with an id, whatever its visibility.
///
/// # Errors
/// [`DbError`].
pub fn any_listed(tx: &mut Tx, id: Key) -> Result<Option<Listed>, DbError> {
    let found = products::table
        .inner_join(accounts::table.on(accounts::id.eq(products::seller_id)))
        .filter(products::id.eq(id))
        .select((Product::as_select(), accounts::name))
        .first(tx);
    Ok(found.optional()?.and_then(listed))
}

/// Listed products by key at a site; sellers may use the same key.
///
/// # Errors
/// [`DbError`].
pub fn any_listed_by_key(tx: &mut Tx, site: &str, key: &str) -> Result<Vec<Listed>, DbError> {
    let found: Vec<(Product, String)> = products::table
        .inner_join(accounts::table.on(accounts::id.eq(products::seller_id)))
        .filter(products::key.eq(key))
        .filter(products::site.eq(site))
        .order(products::created_at)
        .select((Product::as_select(), accounts::name))
        .load(tx)?;
    Ok(found.into_iter().filter_map(listed).collect())
}

/// The next product of a seller at a site that can be bought, by id.
///
/// # Errors
/// [`DbError`].
pub fn any_buyable_after(tx: &mut Tx, site: &str, seller: Key, after: Key) -> Result<Option<Product>, DbError> {
    let next = products::table
        .filter(products::seller_id.eq(seller))
        .filter(products::site.eq(site.to_owned()))
        .filter(products::visibility.eq_any([Visibility::OnSale, Visibility::Hidden]))
        .filter(products::id.gt(after))
        .order(products::id);
    Ok(next.select(Product::as_select()).first(tx).optional()?)
}

/// A page of products that were listed, newest first; of one seller, or of all.
///
/// # Errors
/// [`DbError`].
pub fn listed_page(tx: &mut Tx, tenant: Tenant, page: Page) -> Result<Vec<Product>, DbError> {
    let seller = match tenant {
        Tenant::Buyer(_) => return Ok(Vec::new()),
        Tenant::Seller(id) => Some(id),
        Tenant::Any => None,
    };
    let read = |page: Page| {
        let mut query = products::table.filter(products::revision_id.is_not_null()).into_boxed();
        if let Some(seller) = seller {
            query = query.filter(products::seller_id.eq(seller));
        }
        db::readable(tx, newest_first!(query, page, products::created_at, products::id).select(Product::as_select()))
    };
    Ok(legible(page, place, read)?.reported())
}

/// Products of a site that can be bought, a page at a time by id.
///
/// # Errors
/// [`DbError`].
pub fn any_buyable(tx: &mut Tx, site: &str, after: Option<Key>, limit: i64) -> Result<Vec<Product>, DbError> {
    let mut query = products::table
        .filter(products::site.eq(site.to_owned()))
        .filter(products::visibility.eq_any([Visibility::OnSale, Visibility::Hidden]))
        .order(products::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(products::id.gt(after));
    }
    Ok(Legible::of(db::readable(tx, query.select(Product::as_select()))?).reported())
}

/// A listed product that changed, with the text that it sells by.
#[derive(Debug, Clone)]
pub struct Changed {
    pub product: Product,
    pub revision: Revision,
    pub seller_name: String,
}

/// Listed products that changed at or after a moment, for the search index, oldest change first.
///
/// # Errors
/// [`DbError`].
pub fn any_changed(tx: &mut Tx, since: i64, after: Key, limit: i64) -> Result<Vec<Changed>, DbError> {
    let changed = products::table
        .inner_join(listing_revisions::table.on(products::revision_id.eq(listing_revisions::id.nullable())))
        .inner_join(accounts::table.on(accounts::id.eq(products::seller_id)))
        .filter(products::updated_at.gt(since).or(products::updated_at.eq(since).and(products::id.gt(after))))
        .order((products::updated_at, products::id))
        .limit(limit)
        .select((Product::as_select(), Revision::as_select(), accounts::name));
    let found: Vec<(Product, Revision, String)> = Legible::of(db::readable(tx, changed)?).reported();
    Ok(found.into_iter().map(|(product, revision, seller_name)| Changed { product, revision, seller_name }).collect())
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

/// Puts an approved revision on sale.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, of: &Locked<Product>, revision: Key, visibility: Visibility, at: Moment) -> Result<(), DbError> {
    diesel::update(products::table.find(of.id))
        .set((products::revision_id.eq(revision), products::visibility.eq(visibility), products::updated_at.eq(at)))
        .run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn set_visibility(
    tx: &mut Tx,
    of: &Locked<Product>,
    to: Visibility,
    freeze_cause: Option<FreezeCause>,
    at: Moment,
) -> Result<(), DbError> {
    diesel::update(products::table.find(of.id))
        .set((products::visibility.eq(to), products::freeze_cause.eq(freeze_cause), products::updated_at.eq(at)))
        .run(tx)?;
    Ok(())
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

/// The site of a product.
///
/// # Errors
/// [`DbError`].
pub fn any_site(tx: &mut Tx, id: Key) -> Result<Option<SiteCode>, DbError> {
    let found: Option<Product> = products::table.find(id).select(Product::as_select()).first(tx).optional()?;
    Ok(found.map(|product| product.site))
}
