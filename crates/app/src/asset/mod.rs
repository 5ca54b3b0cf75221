//! The asset centre (资产中心): what is deployed for a buyer. Scan and review belong to the full catalogue; what is here
//! is kept, versioned, linked to specifications, and handed to those who may deploy it (`open-api 5`).

mod deployed;
mod keep;
mod link;
mod version;

pub use deployed::{Deployed, Wanted, deployed, file_of};
pub use keep::{add, remove, show};
pub use link::{link, unlink};
pub use version::{NewImage, NewPackage, add_image, add_package, check_package};

use crate::Error;
use domain::asset::AssetKind;
use store::asset::Asset;

/// What an asset is.
///
/// # Errors
/// [`Error::Row`].
pub fn kind(asset: &Asset) -> Result<AssetKind, Error> {
    asset.kind.parse().map_err(|e| Error::row("assets", &asset.name, e))
}

/// The name of the file with a package's bytes.
#[must_use]
pub fn file(hash: &[u8]) -> String {
    format!("assets/{}", hex::encode(hash))
}
