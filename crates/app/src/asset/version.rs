//! Versions: an installer that was sent, or where an image lies in a region of the cloud.

use super::{keep::show, kind};
use crate::{Caller, Ctx, Error, event, limit, micros};
use db::Tx;
use domain::limit::Limit;
use domain::{
    asset::{AssetKind, DAY_BYTES_MAX, DAY_FILES_MAX, check_file_name, check_version},
    id::AssetId,
};
use serde_json::json;
use store::asset::{self as rows, Asset, Image, Version};

/// An installer whose bytes are kept under [`super::file`].
#[derive(Debug, Clone)]
pub struct NewPackage {
    pub asset: AssetId,
    pub version: String,
    pub file_name: String,
    /// SHA-256 and length, once the bytes are there.
    pub hash: [u8; 32],
    pub length: i64,
}

/// Where an image of a version lies.
#[derive(Debug, Clone)]
pub struct NewImage {
    pub asset: AssetId,
    pub version: String,
    pub region: String,
    pub image_id: String,
    pub image_name: String,
    pub os_type: String,
    pub architecture: String,
}

fn of_kind(tx: &mut Tx, caller: &Caller, id: AssetId, wanted: AssetKind) -> Result<Asset, Error> {
    let found = show(tx, caller, id)?;
    let is = kind(&found)?;
    if is == wanted { Ok(found) } else { Err(Error::conflict("asset.other_kind", format!("the asset is of the kind {is}, not {wanted}"))) }
}

fn new_version(tx: &mut Tx, asset: &Asset, version: &str) -> Result<(), Error> {
    check_version(version).map_err(|e| Error::field("/version", "asset.bad_version", e.to_string()))?;
    limit::hold(tx, Limit::AssetVersions, asset.id)?;
    let known = rows::versions(tx, asset.id)?;
    if known.iter().any(|v| v.version == version) {
        return Err(Error::field("/version", "asset.version_taken", "the asset has this version; a version never changes"));
    }
    limit::room(tx, Limit::AssetVersions, asset.id, |_| Ok(limit::number(&known)))
}

/// Refuses an installer before its bytes are read: another kind, a version that is there, the quota of the day.
///
/// # Errors
/// `asset.not_found`, `asset.other_kind`, `asset.bad_version`, `asset.version_taken`, `asset.too_many_versions`,
/// `asset.bad_file_name`, `asset.day_full`.
pub fn check_package(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewPackage) -> Result<Asset, Error> {
    let asset = of_kind(tx, caller, new.asset, AssetKind::SoftwarePackage)?;
    check_file_name(&new.file_name).map_err(|e| Error::field("/file_name", "asset.bad_file_name", e.to_string()))?;
    new_version(tx, &asset, &new.version)?;
    let site = ctx.site(caller.site);
    let (files, bytes) = rows::sent_since(tx, asset.seller_id, micros(site.start_of(site.day_of(ctx.now))))?;
    if files >= DAY_FILES_MAX || bytes.saturating_add(new.length) > DAY_BYTES_MAX {
        return Err(Error::conflict("asset.day_full", "100 files and 10 GB a day can be sent; go on tomorrow"));
    }
    Ok(asset)
}

/// Takes an installer in as a version.
///
/// # Errors
/// As [`check_package`].
pub fn add_package(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewPackage) -> Result<Version, Error> {
    let asset = check_package(tx, ctx, caller, new)?;
    let row = Version {
        id: ctx.key(),
        asset_id: asset.id,
        version: new.version.clone(),
        file_name: Some(new.file_name.clone()),
        hash: Some(new.hash.to_vec()),
        length: Some(new.length),
        created_at: ctx.moment(),
    };
    insert(tx, ctx, &asset, &row)?;
    Ok(row)
}

fn insert(tx: &mut Tx, ctx: &Ctx, asset: &Asset, row: &Version) -> Result<(), Error> {
    match rows::insert_version(tx, row) {
        // Added at the same moment; this unit runs again and refuses.
        Err(e) if e.is_unique_violation() => return Err(db::DbError::Raced.into()),
        result => result?,
    }
    let data = json!({ "name": asset.name, "version": row.version, "sha256": row.hash.as_ref().map(hex::encode) });
    event::record(tx, ctx, "asset.version_added", event::About::account(asset.seller_id), &data)
}

/// Says where a version of an image lies in a region; the first region makes the version.
///
/// # Errors
/// `asset.not_found`, `asset.other_kind`, `asset.bad_version`, `asset.too_many_versions`, `asset.region_taken`.
pub fn add_image(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: NewImage) -> Result<Image, Error> {
    let asset = of_kind(tx, caller, new.asset, AssetKind::Image)?;
    let known = rows::versions(tx, asset.id)?.into_iter().find(|v| v.version == new.version);
    let version = if let Some(version) = known {
        version
    } else {
        new_version(tx, &asset, &new.version)?;
        let (file_name, hash, length) = (None, None, None);
        let row = Version { id: ctx.key(), asset_id: asset.id, version: new.version, file_name, hash, length, created_at: ctx.moment() };
        insert(tx, ctx, &asset, &row)?;
        row
    };
    let image = Image {
        version_id: version.id,
        region: new.region,
        image_id: new.image_id,
        image_name: new.image_name,
        os_type: new.os_type,
        architecture: new.architecture,
        created_at: ctx.moment(),
    };
    rows::insert_image(tx, &image).map_err(|e| {
        let taken = || Error::field("/region", "asset.region_taken", "the version lies in this region already; it never changes");
        if e.is_unique_violation() { taken() } else { e.into() }
    })?;
    let data = json!({ "name": asset.name, "version": version.version, "region": image.region, "image": image.image_id });
    event::record(tx, ctx, "asset.image_added", event::About::account(asset.seller_id), &data)?;
    Ok(image)
}
