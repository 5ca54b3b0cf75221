//! Encrypted values: 16 characters IV, then base64 of AES-CBC-PKCS5, under a key that Java's `SHA1PRNG`
//! makes of the access key (`saas-interface 3.4`).

use aes::{Aes128, Aes256};
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use sha1::{Digest, Sha1};

/// Length of the key, by the answer's `encryptType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// `1`, and when nothing is said.
    Aes256,
    /// `2`.
    Aes128,
}

impl Strength {
    #[must_use]
    pub fn of(encrypt_type: Option<&str>) -> Self {
        if encrypt_type == Some("2") { Self::Aes128 } else { Self::Aes256 }
    }
}

const IV: usize = 16;

/// The first bytes of Java's `SHA1PRNG` after `setSeed(seed)`.
#[must_use]
pub fn sha1prng<const N: usize>(seed: &[u8]) -> [u8; N] {
    let mut state: [u8; 20] = Sha1::digest(seed).into();
    let mut out = [0; N];
    for chunk in out.chunks_mut(20) {
        let block: [u8; 20] = Sha1::digest(state).into();
        chunk.copy_from_slice(&block[..chunk.len()]);
        update(&mut state, &block);
    }
    out
}

/// state + block + 1, byte by byte from the left, as signed bytes with an arithmetic carry.
fn update(state: &mut [u8; 20], block: &[u8; 20]) {
    let mut carry = 1i32;
    let mut changed = false;
    for (s, b) in state.iter_mut().zip(block) {
        let sum = i32::from(s.cast_signed()) + i32::from(b.cast_signed()) + carry;
        let low = sum.to_le_bytes()[0];
        changed |= *s != low;
        *s = low;
        carry = sum >> 8;
    }
    if !changed {
        state[0] = state[0].wrapping_add(1);
    }
}

/// Decrypts a value, or nothing when it cannot be.
#[must_use]
pub fn decrypt(access_key: &str, value: &str, strength: Strength) -> Option<String> {
    let iv = value.as_bytes().get(..IV)?;
    let data = STANDARD.decode(value.as_bytes().get(IV..)?).ok()?;
    let plain = match strength {
        Strength::Aes256 => cbc::Decryptor::<Aes256>::new_from_slices(&sha1prng::<32>(access_key.as_bytes()), iv)
            .ok()?
            .decrypt_padded_vec::<Pkcs7>(&data)
            .ok()?,
        Strength::Aes128 => cbc::Decryptor::<Aes128>::new_from_slices(&sha1prng::<16>(access_key.as_bytes()), iv)
            .ok()?
            .decrypt_padded_vec::<Pkcs7>(&data)
            .ok()?,
    };
    String::from_utf8(plain).ok()
}

/// Encrypts a value under an IV of 16 letters and digits; nothing when the IV has another length.
#[must_use]
pub fn encrypt(access_key: &str, text: &str, iv: &str, strength: Strength) -> Option<String> {
    let data = match strength {
        Strength::Aes256 => cbc::Encryptor::<Aes256>::new_from_slices(&sha1prng::<32>(access_key.as_bytes()), iv.as_bytes())
            .ok()?
            .encrypt_padded_vec::<Pkcs7>(text.as_bytes()),
        Strength::Aes128 => cbc::Encryptor::<Aes128>::new_from_slices(&sha1prng::<16>(access_key.as_bytes()), iv.as_bytes())
            .ok()?
            .encrypt_padded_vec::<Pkcs7>(text.as_bytes()),
    };
    Some(format!("{iv}{}", STANDARD.encode(data)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_stream_is_that_of_java() {
        let stream = sha1prng::<24>(b"6f9619ff-8b86-d011-b42d-00cf4fc964ff");
        assert_eq!(hex::encode(stream), "b0edb9cdcd00d974788f2190a388a3c85c8b21aee3dd3a72");
    }

    #[test]
    fn what_cannot_be_decrypted_is_nothing_and_no_panic() {
        let good = encrypt("k", "a password of more than sixteen bytes", "abcdefghij123456", Strength::Aes256).unwrap();
        assert_eq!(decrypt("other", &good, Strength::Aes256).as_deref().unwrap_or_default().find("password"), None);
        for bad in ["", "short", "abcdefghij123456", "abcdefghij123456%%%", "实例实例实例实例", &good[..good.len() - 8]] {
            assert_eq!(decrypt("k", bad, Strength::Aes256), None, "{bad}");
        }
        assert_eq!(encrypt("k", "x", "short", Strength::Aes256), None);
    }

    proptest! {
        #[test]
        fn what_is_encrypted_comes_back(key in "[ -~]{1,64}", text in "\\PC{0,80}", iv in "[a-zA-Z0-9]{16}", weak in any::<bool>()) {
            let strength = if weak { Strength::Aes128 } else { Strength::Aes256 };
            let sent = encrypt(&key, &text, &iv, strength).unwrap();
            prop_assert!(sent.starts_with(&iv));
            prop_assert_eq!(decrypt(&key, &sent, strength), Some(text));
        }
    }
}
