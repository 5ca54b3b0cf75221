//! Assets: what is deployed for a buyer, version by version (`seller-domain 2.1`).

crate::words! {
    /// What an asset is; the words are those of `deployed_type` on the wire.
    pub enum AssetKind ("asset kind") {
        /// An application's installer (软件包).
        SoftwarePackage = "software_package",
        /// A system disk in the cloud (镜像).
        Image = "image",
    }
}

/// What is sent directly is no longer than this (1 GB).
pub const PACKAGE_BYTES_MAX: i64 = 1 << 30;
/// What a seller sends in a day at most: bytes and files.
pub const DAY_BYTES_MAX: i64 = 10 << 30;
pub const DAY_FILES_MAX: i64 = 100;

/// A name or version of another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAsset {
    #[error("a version has 1 to 32 letters, digits, points, - or _")]
    Version,
    #[error("send a .zip, .tar or .tar.gz whose name has only letters, digits, -, _ and parentheses")]
    FileName,
}

/// # Errors
/// [`BadAsset::Version`].
pub fn check_version(text: &str) -> Result<(), BadAsset> {
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    if fits { Ok(()) } else { Err(BadAsset::Version) }
}

/// # Errors
/// [`BadAsset::FileName`].
pub fn check_file_name(text: &str) -> Result<(), BadAsset> {
    let stem = [".tar.gz", ".tar", ".zip"].iter().find_map(|end| text.strip_suffix(end)).ok_or(BadAsset::FileName)?;
    let fits = (1..=100).contains(&stem.len()) && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_()".contains(&b));
    if fits { Ok(()) } else { Err(BadAsset::FileName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_documented_form() {
        for good in ["app.zip", "app-1_2(b).tar", "A.tar.gz"] {
            assert_eq!(check_file_name(good), Ok(()), "{good}");
        }
        for bad in ["app", ".zip", "app.rar", "a/b.zip", "..\\x.tar", "app 1.zip", "应用.zip", "app.1.zip"] {
            assert_eq!(check_file_name(bad), Err(BadAsset::FileName), "{bad}");
        }
        assert!(check_version("1.0.0-rc_1").is_ok());
        for bad in ["", "1/0", "1 0", &"9".repeat(33)] {
            assert!(check_version(bad).is_err(), "{bad}");
        }
    }
}
