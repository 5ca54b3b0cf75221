//! What a decision was made on: whoever decides says which version they saw, and another one is refused.

use crate::{Actor, Ctx, Error};
use sha2::{Digest, Sha256};

/// A version of what is made of these parts: another one when any of them changes.
#[must_use]
pub fn version(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}

impl Ctx<'_> {
    /// Refuses a decision that was made on another version than this one. Whoever names none decides on what is there.
    ///
    /// # Errors
    /// `decision.stale`.
    pub fn require_seen(&self, version: &str) -> Result<(), Error> {
        let Actor::Caller(caller) = self.actor else { return Ok(()) };
        match &caller.seen {
            Some(seen) if seen != version => {
                let detail = "what you decide on was changed meanwhile, and nothing was done; load it again, look at it, and decide then";
                Err(Error::conflict("decision.stale", detail))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_changes_with_each_part_and_with_where_one_ends() {
        let all = [version(&["a", "b"]), version(&["a", "c"]), version(&["ab", ""]), version(&["a"]), version(&["b", "a"])];
        for (i, one) in all.iter().enumerate() {
            assert!(one.len() == 16 && !all[..i].contains(one), "{all:?}");
        }
        assert_eq!(version(&["a", "b"]), all[0]);
    }
}
