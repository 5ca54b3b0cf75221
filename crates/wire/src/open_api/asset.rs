//! The deployed objects of an asset, as programs that deploy it read them (`open-api 5`).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployedAnswer {
    /// `MKT.0000`.
    pub error_code: String,
    pub error_msg: String,
    pub data: Vec<DeployedObject>,
}

/// A version of an asset; one of the two objects is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployedObject {
    pub asset_id: String,
    /// `software_package` or `image`.
    pub deployed_type: String,
    pub version: String,
    pub version_id: String,
    pub region: Option<String>,
    pub image_deployed_object: Option<ImageObject>,
    pub software_pkg_deployed_object: Option<PackageObject>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageObject {
    pub image_id: String,
    pub image_name: String,
    pub os_type: String,
    /// RFC 3339.
    pub create_time: String,
    pub architecture: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackageObject {
    pub package_name: String,
    /// Where the package is fetched; good for some minutes.
    pub internal_path: String,
    /// Hex of its SHA-256.
    pub checksum: String,
}
