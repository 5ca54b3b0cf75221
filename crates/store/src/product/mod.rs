//! Products and the revisions of their listings.

mod revision;

pub use revision::{
    Application, Decision, Revision, any_approved_before, any_approved_text, any_revision, application, applications, decide,
    insert_revision, newest_revision, open_revision, revisions, save_draft, submit, withdraw,
};

use crate::{DbError, Key, Legible, Locked, Moment, Page, Tx, legible, order::Tenant};
use db::{
    Lock, Run,
    schema::{accounts, listing_revisions, products},
};
use diesel::prelude::*;
use domain::{
    listing::{FreezeCause, Visibility},
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

/// The site of a product.
///
/// # Errors
/// [`DbError`].
pub fn any_site(tx: &mut Tx, id: Key) -> Result<Option<SiteCode>, DbError> {
    let found: Option<Product> = products::table.find(id).select(Product::as_select()).first(tx).optional()?;
    Ok(found.map(|product| product.site))
}
