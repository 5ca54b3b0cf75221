//! Secrets: encrypted at rest, hashed where they only need to be recognised.

mod key;
mod sealed;

pub use key::{KeyCheck, Rotated, check_key, put_setting, rotate_key, setting};
pub use sealed::{Sealed, SealedSetting};

use crate::{Error, Ids};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Encrypts columns with AES-256-GCM; the column's name is bound to the text, so that a value cannot be
/// moved to another column.
pub struct Sealer {
    cipher: Aes256Gcm,
    index_key: [u8; 32],
    fingerprint: String,
}

const NONCE: usize = 12;

impl Sealer {
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let fingerprint = hex::encode(&hmac(key, b"fingerprint")[..8]);
        Self { cipher: Aes256Gcm::new(key.into()), index_key: hmac(key, b"blind index"), fingerprint }
    }

    /// What the key is recognised by; it tells nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Nonce and ciphertext.
    #[must_use]
    pub fn seal(&self, ids: &dyn Ids, column: Sealed, text: &str) -> Vec<u8> {
        self.seal_bytes(ids, column, text.as_bytes())
    }

    /// Nonce and ciphertext of bytes.
    #[must_use]
    pub fn seal_bytes(&self, ids: &dyn Ids, column: Sealed, bytes: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        ids.random(&mut nonce);
        let payload = Payload { msg: bytes, aad: column.as_str().as_bytes() };
        let mut sealed = nonce.to_vec();
        // Encryption in memory fails only beyond 64 GiB.
        sealed.extend(self.cipher.encrypt(&nonce.into(), payload).unwrap_or_default());
        sealed
    }

    /// # Errors
    /// [`Error::Row`] when the value was not sealed with this key for this column.
    pub fn open(&self, column: Sealed, sealed: &[u8]) -> Result<String, Error> {
        let clear = self.open_bytes(column, sealed)?;
        String::from_utf8(clear).map_err(|_| Error::row(column.as_str(), "?", "is no text"))
    }

    /// # Errors
    /// [`Error::Row`] when the value was not sealed with this key for this column.
    pub fn open_bytes(&self, column: Sealed, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let bad = || Error::row(column.as_str(), "?", "cannot be decrypted with the configured secret key");
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or_else(bad)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| bad())?;
        let payload = Payload { msg: text, aad: column.as_str().as_bytes() };
        self.cipher.decrypt(&nonce.into(), payload).map_err(|_| bad())
    }

    /// A blind index: equal texts of a column have equal ones, and without the key nobody can try texts.
    #[must_use]
    pub fn blind_index(&self, column: Sealed, text: &str) -> Vec<u8> {
        hmac(&self.index_key, format!("{column}\0{text}").as_bytes()).to_vec()
    }
}

fn hmac(key: &[u8; 32], data: &[u8]) -> [u8; 32] {
    // A key is filled up with zeros to the hash's block.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The hash by which a token or cookie is found.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Argon2id, as PHC text.
///
/// # Errors
/// [`Error::Row`] when the hasher refuses the password, which its length limit keeps from happening.
pub fn hash_password(password: &str) -> Result<String, Error> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|h| h.to_string()).map_err(|e| Error::row("users", "password", e))
}

/// Whether a password is the one that was hashed.
#[must_use]
pub fn password_matches(password: &str, hashed: &str) -> bool {
    PasswordHash::new(hashed).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RandomIds;

    #[test]
    fn a_sealed_value_opens_only_for_its_column_and_key() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(&RandomIds::default(), Sealed::Mailbox, "secret");
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_eq!(sealer.open(Sealed::Mailbox, &sealed).unwrap(), "secret");
        assert!(sealer.open(Sealed::Phone, &sealed).is_err());
        assert!(Sealer::new(&[8; 32]).open(Sealed::Mailbox, &sealed).is_err());
        assert!(sealer.open(Sealed::Mailbox, &sealed[..5]).is_err());
    }

    #[test]
    fn a_blind_index_tells_equal_texts_of_a_column_to_the_holder_of_the_key() {
        let (sealer, other) = (Sealer::new(&[7; 32]), Sealer::new(&[8; 32]));
        let index = sealer.blind_index(Sealed::Mailbox, "lin@example.com");
        assert_eq!(index, sealer.blind_index(Sealed::Mailbox, "lin@example.com"));
        for different in [
            sealer.blind_index(Sealed::Mailbox, "lu@example.com"),
            sealer.blind_index(Sealed::Phone, "lin@example.com"),
            other.blind_index(Sealed::Mailbox, "lin@example.com"),
        ] {
            assert_ne!(index, different);
        }
    }

    #[test]
    fn passwords_are_recognised_and_salted() {
        let (one, two) = (hash_password("correct horse").unwrap(), hash_password("correct horse").unwrap());
        assert_ne!(one, two);
        assert!(password_matches("correct horse", &one));
        assert!(!password_matches("wrong horse", &one));
        assert!(!password_matches("correct horse", "nonsense"));
    }
}
