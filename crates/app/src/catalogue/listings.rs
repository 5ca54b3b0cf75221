//! Approved listings, read from their text once: they never change.

use crate::Error;
use db::{Key, Tx};
use domain::listing::Listing;
use quick_cache::sync::Cache;
use std::sync::Arc;
use store::product;

/// How many listings stay in memory; those that were read longest ago go first.
const KEPT_MAX: usize = 1_000;

/// Listings by their revision; cheap to share.
pub struct Listings(Cache<Key, Arc<Listing>>);

impl Default for Listings {
    fn default() -> Self {
        Self(Cache::new(KEPT_MAX))
    }
}

impl Listings {
    /// The listing of an approved revision.
    ///
    /// # Errors
    /// [`Error::Row`] when there is none or its text is not a listing.
    pub fn approved(&self, tx: &mut Tx, revision: Key) -> Result<Arc<Listing>, Error> {
        if let Some(known) = self.0.get(&revision) {
            return Ok(known);
        }
        let bad = |e: &dyn std::fmt::Display| Error::row("listing_revisions", hex::encode(revision.0), e.to_string());
        let text = product::any_approved_text(tx, revision)?.ok_or_else(|| bad(&"is not an approved listing"))?;
        let listing: Arc<Listing> = Arc::new(serde_json::from_str(&text).map_err(|e| bad(&e))?);
        self.0.insert(revision, listing.clone());
        Ok(listing)
    }
}

impl std::fmt::Debug for Listings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} listings", self.0.len())
    }
}
