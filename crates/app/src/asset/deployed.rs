//! The deployed objects of an asset, for whoever deploys it: its seller, or a buyer of what is deployed from it
//! (`open-api 5`). A package is fetched by an address that is good for some minutes.

use super::kind;
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error};
use db::{Key, Tx};
use domain::{Timestamp, asset::AssetKind, id::AssetId};
use jiff::SignedDuration;
use store::asset::{self as rows, Image, Version};

/// How long an address of a package is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(15);
/// What binds a signed address to its purpose.
const PURPOSE: Sealed = Sealed::AssetTicket;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub asset: String,
    pub kind: AssetKind,
    pub region: Option<String>,
    /// The newest when left out.
    pub version: Option<String>,
    /// Every version in every region.
    pub all: bool,
}

/// A version as it is deployed.
#[derive(Debug, Clone)]
pub struct Deployed {
    pub asset: AssetId,
    pub version: Version,
    /// For images.
    pub image: Option<Image>,
    /// For packages: what the address ends in.
    pub ticket: Option<String>,
}

/// The deployed objects of an asset that the caller may deploy.
///
/// # Errors
/// `asset.not_found`, `asset.other_kind`.
pub fn deployed(tx: &mut Tx, ctx: &Ctx, caller: &Caller, wanted: &Wanted) -> Result<Vec<Deployed>, Error> {
    let missing = || Error::not_found("asset.not_found", format!("there is no asset {} that you may deploy", wanted.asset));
    let id: AssetId = wanted.asset.parse().map_err(|_| missing())?;
    let asset = rows::deployable(tx, Key::of(caller.account_id), Key::of(id))?.ok_or_else(missing)?;
    if kind(&asset)? != wanted.kind {
        return Err(Error::conflict("asset.other_kind", format!("deployed_type: the asset is of the kind {}", asset.kind)));
    }
    let mut versions = rows::versions(tx, asset.id)?;
    match &wanted.version {
        _ if wanted.all => {}
        Some(version) => versions.retain(|v| v.version == *version),
        None => versions.truncate(1),
    }
    let images = rows::images(tx, asset.id)?;
    let mut all = Vec::new();
    for version in versions {
        if wanted.kind == AssetKind::SoftwarePackage {
            let ticket = Some(ticket(ctx, &version));
            all.push(Deployed { asset: id, version, image: None, ticket });
            continue;
        }
        let here = |i: &&Image| i.version_id == version.id && (wanted.all || wanted.region.as_ref().is_none_or(|r| *r == i.region));
        for image in images.iter().filter(here) {
            all.push(Deployed { asset: id, version: version.clone(), image: Some(image.clone()), ticket: None });
        }
    }
    Ok(all)
}

/// Names a version and until when; sealed, so that nobody makes one.
fn ticket(ctx: &Ctx, version: &Version) -> String {
    let until = (ctx.now + GOOD_FOR).as_second();
    hex::encode(ctx.sealer.seal(ctx.ids, PURPOSE, &format!("{}:{until}", hex::encode(version.id.0))))
}

fn read(ctx: &Ctx, ticket: &str) -> Option<(Key, Timestamp)> {
    let clear = ctx.sealer.open(PURPOSE, &hex::decode(ticket).ok()?).ok()?;
    let (id, until) = clear.split_once(':')?;
    let mut key = [0; 16];
    hex::decode_to_slice(id, &mut key).ok()?;
    Some((Key(key), Timestamp::from_second(until.parse().ok()?).ok()?))
}

/// The package that a ticket is good for.
///
/// # Errors
/// `asset.ticket_over` also for what was never a ticket.
pub fn file_of(tx: &mut Tx, ctx: &Ctx, ticket: &str) -> Result<Version, Error> {
    let over = || Error::not_found("asset.ticket_over", "this address is good for 15 minutes; ask for the deployed object again");
    let (id, _) = read(ctx, ticket).filter(|(_, until)| *until >= ctx.now).ok_or_else(over)?;
    rows::any_version(tx, id)?.filter(|v| v.hash.is_some()).ok_or_else(over)
}

impl Deployed {
    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.image.as_ref().map_or(self.version.created_at, |i| i.created_at).at()
    }
}
