//! `authToken` of a call and `Body-Sign` of its answer (`saas-interface 3.1`, `3.2`).

use crate::{base64, hmac_bytes, percent, saas_v2::Mistake};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

const TOKEN: &str = "authToken";

/// A signed call: what goes behind the address, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Every value percent-encoded exactly once.
    pub query: String,
    /// The parameters as a person reads them, in the order in which they are signed.
    pub parameters: Vec<(String, String)>,
    /// What is signed: `k=v` of every parameter, decoded, sorted by name, joined by `&`.
    pub joined: String,
    pub token: String,
}

impl Signed {
    /// The parameters as a JSON object, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let map: serde_json::Map<String, serde_json::Value> =
            self.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        serde_json::Value::Object(map).to_string()
    }
}

/// UTC `yyyyMMddHHmmssSSS`.
#[must_use]
pub fn time_stamp(now_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(now_ms).map(|t| t.strftime("%Y%m%d%H%M%S%3f").to_string()).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    percent::encode(text.as_bytes())
}

/// `k=v` of parameters sorted by name; an empty value stays as `k=`.
#[must_use]
pub fn joined(parameters: &[(String, String)]) -> String {
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Base64 of HMAC-SHA256 under the access key and the time stamp behind it.
#[must_use]
pub fn token(access_key: &str, time_stamp: &str, joined: &str) -> String {
    base64(&hmac_bytes(format!("{access_key}{time_stamp}").as_bytes(), joined.as_bytes()))
}

/// Signs the parameters of a call for sending at `now_ms`; `timeStamp` and `authToken` are added.
#[must_use]
pub fn sign<N: Into<String>>(access_key: &str, now_ms: i64, parameters: Vec<(N, String)>) -> Signed {
    let stamp = time_stamp(now_ms);
    let mut parameters: Vec<(String, String)> = parameters.into_iter().map(|(name, value)| (name.into(), value)).collect();
    parameters.push(("timeStamp".to_owned(), stamp.clone()));
    parameters.sort();
    let joined = joined(&parameters);
    let token = token(access_key, &stamp, &joined);
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([(TOKEN, token.as_str())]);
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    Signed { query: query.join("&"), parameters, joined, token }
}

/// The tokens that the usual mistakes give, so that a seller finds the value of his own log.
#[must_use]
pub fn known_mistakes(access_key: &str, signed: &Signed) -> Vec<Mistake> {
    let stamp = signed.parameters.iter().find(|(name, _)| name == "timeStamp").map_or("", |(_, value)| value.as_str());
    let encoded: Vec<(String, String)> = signed.parameters.iter().map(|(name, value)| (name.clone(), encoded(value))).collect();
    let filled: Vec<(String, String)> = signed.parameters.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    let known: Vec<(String, String)> = signed.parameters.iter().filter(|(name, _)| name != "testFlag").cloned().collect();
    let of = |name, text: &str| Mistake { name, signature: token(access_key, stamp, text) };
    let keyed = |name, key: &str| Mistake { name, signature: base64(&hmac_bytes(key.as_bytes(), signed.joined.as_bytes())) };
    let hex = hex::encode(hmac_bytes(format!("{access_key}{stamp}").as_bytes(), signed.joined.as_bytes()));
    let all = vec![
        of("encoded_values", &joined(&encoded)),
        of("empty_dropped", &joined(&filled)),
        of("test_flag_dropped", &joined(&known)),
        keyed("key_alone", access_key),
        Mistake { name: "hex", signature: hex },
    ];
    all.into_iter().filter(|m| m.signature != signed.token).collect()
}

/// Why a call is not genuine, with the result code to answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    #[error("authToken does not match")]
    Token,
}

impl VerifyError {
    #[must_use]
    pub fn result_code(&self) -> &'static str {
        match self {
            Self::Missing(name) if *name != TOKEN => "000002",
            Self::Missing(_) | Self::Token => "000001",
        }
    }
}

/// A plus stays a plus, for the marketplace never sends one for a blank.
fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent::decode(text, false)).into_owned()
}

/// Reads and checks a received query on the seller's side: every parameter but `authToken` is signed.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(access_key: &str, query: &str) -> Result<BTreeMap<String, String>, VerifyError> {
    let pairs = query.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")));
    let mut read: BTreeMap<String, String> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    let given = read.remove(TOKEN).ok_or(VerifyError::Missing(TOKEN))?;
    let stamp = read.get("timeStamp").cloned().ok_or(VerifyError::Missing("timeStamp"))?;
    if !read.contains_key("activity") {
        return Err(VerifyError::Missing("activity"));
    }
    let pairs: Vec<(String, String)> = read.clone().into_iter().collect();
    let ours = token(access_key, &stamp, &joined(&pairs));
    if ours.as_bytes().ct_eq(given.as_bytes()).into() { Ok(read) } else { Err(VerifyError::Token) }
}

/// The header `Body-Sign` of an answer.
#[must_use]
pub fn body_sign(access_key: &str, body: &[u8]) -> String {
    format!("sign_type=\"HMAC-SHA256\", signature=\"{}\"", base64(&hmac_bytes(access_key.as_bytes(), body)))
}

/// What is wrong with an answer's `Body-Sign`, in the terms of the documented debugging errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodySignError {
    #[error("the answer has no Body-Sign header")]
    Missing,
    #[error("Body-Sign must be sign_type=\"HMAC-SHA256\", signature=\"…\", with the quotes")]
    Malformed,
    #[error("the signature in Body-Sign is not base64 of HMAC-SHA256(access key, the bytes of the body as sent)")]
    Wrong,
}

impl BodySignError {
    /// Stable, for programs.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Missing => "body_sign_missing",
            Self::Malformed => "body_sign_malformed",
            Self::Wrong => "body_sign_wrong",
        }
    }
}

/// Checks the signature of an answer over its raw bytes. Blanks around commas and equal signs differ
/// between sellers and are all read.
///
/// # Errors
/// [`BodySignError`].
pub fn verify_body_sign(access_key: &str, header: Option<&str>, body: &[u8]) -> Result<(), BodySignError> {
    let header = header.ok_or(BodySignError::Missing)?;
    let (mut kind, mut given) = (None, None);
    for part in header.split(',') {
        let (name, value) = part.split_once('=').ok_or(BodySignError::Malformed)?;
        let quoted = value.trim().strip_prefix('"').and_then(|v| v.strip_suffix('"')).ok_or(BodySignError::Malformed)?;
        match name.trim() {
            "sign_type" => kind = Some(quoted),
            "signature" => given = Some(quoted.trim()),
            _ => {}
        }
    }
    if kind != Some("HMAC-SHA256") {
        return Err(BodySignError::Malformed);
    }
    let ours = base64(&hmac_bytes(access_key.as_bytes(), body));
    let same: bool = ours.as_bytes().ct_eq(given.ok_or(BodySignError::Malformed)?.as_bytes()).into();
    if same { Ok(()) } else { Err(BodySignError::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_known_answer_of_the_reference_is_met() {
        // license-interface 3.1: the same token.
        let parameters = vec![("activity", "releaseLicense".to_owned()), ("instanceId", "i-1".to_owned()), ("orderId", "CS1".to_owned())];
        let signed = sign("testkey", 1_704_067_200_000, parameters);
        assert_eq!(signed.joined, "activity=releaseLicense&instanceId=i-1&orderId=CS1&timeStamp=20240101000000000");
        assert_eq!(signed.token, "yWVDsl/umIshHis7Sm1wTake53Fvz6Q3VYt2AQ5dmIY=");
        assert!(signed.query.ends_with("&authToken=yWVDsl%2FumIshHis7Sm1wTake53Fvz6Q3VYt2AQ5dmIY%3D"), "{}", signed.query);
    }

    #[test]
    fn values_are_encoded_exactly_once_and_come_back_byte_for_byte() {
        let odd = "a+b/c= 实例%20&x=1";
        let signed =
            sign("k", 0, vec![("activity", "queryInstance".to_owned()), ("instanceId", odd.to_owned()), ("skuCode", String::new())]);
        assert!(signed.query.contains("instanceId=a%2Bb%2Fc%3D%20%E5%AE%9E%E4%BE%8B%2520%26x%3D1"), "{}", signed.query);
        assert!(signed.joined.contains("skuCode=&"), "an empty value is signed");
        let read = verify("k", &signed.query).unwrap();
        assert_eq!((read["instanceId"].as_str(), read["skuCode"].as_str()), (odd, ""));
        assert_eq!(verify("other", &signed.query), Err(VerifyError::Token));
        assert_eq!(verify("k", &format!("{}&unknown=1", signed.query)), Err(VerifyError::Token), "unknown parameters are signed too");
        assert_eq!(verify("k", "activity=x&timeStamp=1").unwrap_err().result_code(), "000001");
        assert_eq!(verify("k", "activity=x&authToken=1").unwrap_err().result_code(), "000002");
    }

    #[test]
    fn the_usual_mistakes_give_other_tokens() {
        let signed = sign("k", 0, vec![("activity", "a b".to_owned()), ("skuCode", String::new()), ("testFlag", "1".to_owned())]);
        let names: Vec<_> = known_mistakes("k", &signed).into_iter().map(|m| m.name).collect();
        assert_eq!(names, ["encoded_values", "empty_dropped", "test_flag_dropped", "key_alone", "hex"]);
    }

    #[test]
    fn the_three_spellings_of_body_sign_are_read_and_wrong_ones_told_apart() {
        let body = br#"{"resultCode":"000000"}"#;
        let right = body_sign("k", body);
        let value = right.split("signature=").nth(1).unwrap().to_owned();
        for header in [
            right.clone(),
            format!("sign_type=\"HMAC-SHA256\",signature={value}"),
            format!("sign_type=\"HMAC-SHA256\", signature= {value}"),
        ] {
            assert_eq!(verify_body_sign("k", Some(&header), body), Ok(()), "{header}");
        }
        for (header, error) in [
            (None, BodySignError::Missing),
            (Some(right.replace('"', "")), BodySignError::Malformed),
            (Some("signature=\"x\"".to_owned()), BodySignError::Malformed),
            (Some("sign_type=\"HMAC-SHA256\"".to_owned()), BodySignError::Malformed),
            (Some(body_sign("other", body)), BodySignError::Wrong),
        ] {
            assert_eq!(verify_body_sign("k", header.as_deref(), body), Err(error), "{header:?}");
        }
        assert_eq!(verify_body_sign("k", Some(&right), br#"{"resultCode": "000000"}"#), Err(BodySignError::Wrong), "the raw bytes count");
    }

    proptest! {
        #[test]
        fn any_value_is_verified_as_it_was_signed(key in "[a-zA-Z0-9]{1,40}", value in "\\PC{0,60}", at in 0i64..4_000_000_000_000) {
            let signed = sign(&key, at, vec![("activity", "x".to_owned()), ("memo", value.clone())]);
            prop_assert_eq!(&verify(&key, &signed.query).unwrap()["memo"], &value);
        }
    }
}
