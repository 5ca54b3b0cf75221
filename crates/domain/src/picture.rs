//! Pictures of products and shops: which form each kind must have (`seller-domain 2.1`, `2.4`).

crate::words! {
    /// What a picture is for.
    pub enum PictureKind ("picture kind") {
        /// Product logo (商品 Logo).
        Logo = "logo",
        /// Main picture of a product (主图).
        Main = "main",
        /// Brand picture of a seller's shop (品牌图片).
        Brand = "brand",
    }
}

/// No picture is longer than this.
pub const BYTES_MAX: usize = 5 * 1024 * 1024;

/// Main pictures of a product at most; the reference leaves the number open.
pub const MAIN_MAX: usize = 5;

/// What a picture is, as its own bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// `image/png`, `image/jpeg` or `image/gif`.
    pub media_type: &'static str,
    pub width: usize,
    pub height: usize,
    pub bytes: usize,
}

/// A picture that the kind does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPicture {
    #[error("the picture is {0} bytes long; at most {BYTES_MAX} are allowed (5 MB)")]
    TooLong(usize),
    #[error("the picture is {found}; send {allowed}")]
    Type { found: &'static str, allowed: &'static str },
    #[error("the picture is {width} × {height} pixels; it must be {wanted_width} × {wanted_height}")]
    Size { width: usize, height: usize, wanted_width: usize, wanted_height: usize },
}

impl PictureKind {
    /// Width and height in pixels.
    #[must_use]
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::Logo => (120, 120),
            Self::Main => (800, 600),
            Self::Brand => (780, 440),
        }
    }

    fn types(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Main => (&["image/png", "image/jpeg", "image/gif"], "PNG, JPEG or GIF"),
            Self::Logo | Self::Brand => (&["image/png", "image/jpeg"], "PNG or JPEG"),
        }
    }

    /// Whether a picture may serve as this kind.
    ///
    /// # Errors
    /// [`BadPicture`], saying what it is and what it must be.
    pub fn check(self, form: Form) -> Result<(), BadPicture> {
        let (types, allowed) = self.types();
        let (wanted_width, wanted_height) = self.size();
        if form.bytes > BYTES_MAX {
            return Err(BadPicture::TooLong(form.bytes));
        }
        if !types.contains(&form.media_type) {
            return Err(BadPicture::Type { found: form.media_type, allowed });
        }
        if (form.width, form.height) != (wanted_width, wanted_height) {
            return Err(BadPicture::Size { width: form.width, height: form.height, wanted_width, wanted_height });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(media_type: &'static str, width: usize, height: usize, bytes: usize) -> Form {
        Form { media_type, width, height, bytes }
    }

    #[test]
    fn each_kind_takes_the_documented_form_and_nothing_else() {
        use PictureKind::{Brand, Logo, Main};
        for (kind, form, fits) in [
            (Logo, form("image/png", 120, 120, 9_000), true),
            (Logo, form("image/gif", 120, 120, 9_000), false),
            (Logo, form("image/png", 121, 120, 9_000), false),
            (Main, form("image/gif", 800, 600, 9_000), true),
            (Main, form("image/jpeg", 800, 600, BYTES_MAX), true),
            (Main, form("image/jpeg", 800, 600, BYTES_MAX + 1), false),
            (Main, form("image/jpeg", 600, 800, 9_000), false),
            (Brand, form("image/jpeg", 780, 440, 9_000), true),
            (Brand, form("image/gif", 780, 440, 9_000), false),
        ] {
            assert_eq!(kind.check(form).is_ok(), fits, "{kind} {form:?}");
        }
        let why = Main.check(form("image/png", 600, 600, 1)).unwrap_err().to_string();
        assert_eq!(why, "the picture is 600 × 600 pixels; it must be 800 × 600");
    }
}
