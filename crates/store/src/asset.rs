//! Assets of sellers, their versions, and the specifications that are deployed from them.

use crate::{DbError, Key, Moment, Tx, Written};
use db::{
    Lock, Run,
    schema::{asset_images, asset_links, asset_versions, assets, instances},
};
use diesel::{dsl, prelude::*};

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = assets)]
    pub struct Asset of assets {
        pub id: Key,
        pub seller_id: Key,
        pub kind: String,
        pub name: String,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = asset_versions)]
    pub struct Version of asset_versions {
        pub id: Key,
        pub asset_id: Key,
        pub version: String,
        pub file_name: Option<String>,
        pub hash: Option<Vec<u8>>,
        pub length: Option<i64>,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = asset_images)]
    pub struct Image of asset_images {
        pub version_id: Key,
        pub region: String,
        pub image_id: String,
        pub image_name: String,
        pub os_type: String,
        pub architecture: String,
        pub created_at: Moment,
    }
}

db::stored! {
    #[derive(Debug, Clone, Selectable, Insertable)]
    #[diesel(table_name = asset_links)]
    pub struct Link of asset_links {
        pub asset_id: Key,
        pub product_id: Key,
        pub specification: String,
        pub created_at: Moment,
    }
}

/// # Errors
/// [`DbError`]; a unique violation when the seller has one of that name.
pub fn insert(tx: &mut Tx, asset: &Asset) -> Result<(), DbError> {
    diesel::insert_into(assets::table).values(asset).run(tx)?;
    Ok(())
}

/// All of a seller, by name.
///
/// # Errors
/// [`DbError`].
pub fn list(tx: &mut Tx, seller: Key) -> Result<Vec<Asset>, DbError> {
    Ok(assets::table.filter(assets::seller_id.eq(seller)).order(assets::name).select(Asset::as_select()).load(tx)?)
}

/// # Errors
/// [`DbError`].
pub fn lookup(tx: &mut Tx, seller: Key, id: Key) -> Result<Option<Asset>, DbError> {
    Ok(assets::table.find(id).filter(assets::seller_id.eq(seller)).select(Asset::as_select()).first(tx).optional()?)
}

/// An asset that an account may deploy: its own, or of what it has bought and still has.
///
/// # Errors
/// [`DbError`].
pub fn deployable(tx: &mut Tx, account: Key, id: Key) -> Result<Option<Asset>, DbError> {
    let found: Option<Asset> = assets::table.find(id).select(Asset::as_select()).first(tx).optional()?;
    let Some(asset) = found else { return Ok(None) };
    if asset.seller_id == account {
        return Ok(Some(asset));
    }
    let same = instances::product_id.eq(asset_links::product_id).and(instances::specification.eq(asset_links::specification));
    let bought = asset_links::table
        .inner_join(instances::table.on(same))
        .filter(asset_links::asset_id.eq(id))
        .filter(instances::buyer_id.eq(account))
        .filter(instances::state.eq_any(["opening", "running", "frozen"]));
    let count: i64 = bought.select(dsl::count_star()).first(tx)?;
    Ok((count > 0).then_some(asset))
}

/// # Errors
/// [`DbError`].
pub fn remove(tx: &mut Tx, seller: Key, id: Key) -> Result<Written, DbError> {
    for version in versions(tx, id)? {
        diesel::delete(asset_images::table.filter(asset_images::version_id.eq(version.id))).run(tx)?;
    }
    diesel::delete(asset_versions::table.filter(asset_versions::asset_id.eq(id))).run(tx)?;
    Ok(Written::from_rows(diesel::delete(assets::table.find(id).filter(assets::seller_id.eq(seller))).run(tx)?))
}

/// # Errors
/// [`DbError`]; a unique violation when the asset has that version.
pub fn insert_version(tx: &mut Tx, version: &Version) -> Result<(), DbError> {
    diesel::insert_into(asset_versions::table).values(version).run(tx)?;
    Ok(())
}

/// The versions of an asset, newest first.
///
/// # Errors
/// [`DbError`].
pub fn versions(tx: &mut Tx, asset: Key) -> Result<Vec<Version>, DbError> {
    let own = asset_versions::table.filter(asset_versions::asset_id.eq(asset));
    let order = (asset_versions::created_at.desc(), asset_versions::id.desc());
    Ok(own.order(order).select(Version::as_select()).load(tx)?)
}

/// How many versions each asset of a seller has, where it has any.
///
/// # Errors
/// [`DbError`].
pub fn version_counts(tx: &mut Tx, seller: Key) -> Result<Vec<(Key, i64)>, DbError> {
    Ok(asset_versions::table
        .inner_join(assets::table.on(assets::id.eq(asset_versions::asset_id)))
        .filter(assets::seller_id.eq(seller))
        .group_by(asset_versions::asset_id)
        .select((asset_versions::asset_id, dsl::count_star()))
        .load(tx)?)
}

/// A version that a signed address names.
///
/// # Errors
/// [`DbError`].
pub fn any_version(tx: &mut Tx, id: Key) -> Result<Option<Version>, DbError> {
    Ok(asset_versions::table.find(id).select(Version::as_select()).first(tx).optional()?)
}

/// Whether any version has a content, by its SHA-256.
///
/// # Errors
/// [`DbError`].
pub fn any_of_hash(tx: &mut Tx, hash: &[u8]) -> Result<bool, DbError> {
    let found = asset_versions::table.filter(asset_versions::hash.eq(hash.to_vec())).select(asset_versions::id);
    Ok(found.first::<Key>(tx).optional()?.is_some())
}

/// # Errors
/// [`DbError`]; a unique violation when the version is in that region already.
pub fn insert_image(tx: &mut Tx, image: &Image) -> Result<(), DbError> {
    diesel::insert_into(asset_images::table).values(image).run(tx)?;
    Ok(())
}

/// Where the versions of an asset lie, by region.
///
/// # Errors
/// [`DbError`].
pub fn images(tx: &mut Tx, asset: Key) -> Result<Vec<Image>, DbError> {
    Ok(asset_images::table
        .inner_join(asset_versions::table.on(asset_versions::id.eq(asset_images::version_id)))
        .filter(asset_versions::asset_id.eq(asset))
        .order((asset_images::version_id, asset_images::region))
        .select(Image::as_select())
        .load(tx)?)
}

/// What a seller sent since a moment: files and their bytes; who counts them next waits for this transaction to end.
///
/// # Errors
/// [`DbError`].
pub fn sent_since(tx: &mut Tx, seller: Key, since: i64) -> Result<(i64, i64), DbError> {
    db::dialect::one_at_a_time(tx, Lock::Limit, seller)?;
    let lengths: Vec<Option<i64>> = asset_versions::table
        .inner_join(assets::table.on(assets::id.eq(asset_versions::asset_id)))
        .filter(assets::seller_id.eq(seller))
        .filter(asset_versions::created_at.ge(since))
        .filter(asset_versions::length.is_not_null())
        .select(asset_versions::length)
        .load(tx)?;
    Ok((i64::try_from(lengths.len()).unwrap_or(i64::MAX), lengths.into_iter().flatten().sum()))
}

/// # Errors
/// [`DbError`]; a unique violation when the link is there.
pub fn insert_link(tx: &mut Tx, link: &Link) -> Result<(), DbError> {
    diesel::insert_into(asset_links::table).values(link).run(tx)?;
    Ok(())
}

/// # Errors
/// [`DbError`].
pub fn remove_link(tx: &mut Tx, asset: Key, product: Key, specification: &str) -> Result<Written, DbError> {
    let there = asset_links::table.find((asset, product, specification.to_owned()));
    Ok(Written::from_rows(diesel::delete(there).run(tx)?))
}

/// The specifications that are deployed from an asset.
///
/// # Errors
/// [`DbError`].
pub fn links(tx: &mut Tx, asset: Key) -> Result<Vec<Link>, DbError> {
    let own = asset_links::table.filter(asset_links::asset_id.eq(asset));
    Ok(own.order((asset_links::created_at, asset_links::product_id, asset_links::specification)).select(Link::as_select()).load(tx)?)
}
