//! Percent-encoding by the unreserved set of RFC 3986.

use std::fmt::Write;

/// Encodes all but letters, digits and `-._~`, in upper case; a blank is `%20`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Decodes; a broken escape stays as it is.
pub(crate) fn decode(text: &str, plus_is_blank: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(hex.unwrap_or(if plus_is_blank && bytes[i] == b'+' { b' ' } else { bytes[i] }));
        i += if hex.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back_and_broken_escapes_stay() {
        let odd = "a+b/c= 实例%20~";
        assert_eq!(encode(odd.as_bytes()), "a%2Bb%2Fc%3D%20%E5%AE%9E%E4%BE%8B%2520~");
        assert_eq!(decode(&encode(odd.as_bytes()), true), odd.as_bytes());
        assert_eq!(decode("%4%zz%", false), b"%4%zz%");
        assert_eq!((decode("a+b", true), decode("a+b", false)), (b"a b".to_vec(), b"a+b".to_vec()));
    }
}
