//! The signature: hex of a double HMAC-SHA256 (`saas-interface 2.1`).

use crate::{base64, hmac_bytes};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A request older than this is refused by every observed verifier.
pub const FRESH_MS: i64 = 60_000;

/// The three query parameters of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub signature: String,
    /// Milliseconds since 1970, taken when the call is sent.
    pub timestamp_ms: i64,
    pub nonce: String,
}

impl Query {
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, String)> {
        vec![
            ("signature".to_owned(), self.signature.clone()),
            ("timestamp".to_owned(), self.timestamp_ms.to_string()),
            ("nonce".to_owned(), self.nonce.clone()),
        ]
    }

    /// What goes behind the address; nothing in it needs an escape.
    #[must_use]
    pub fn encoded(&self) -> String {
        format!("signature={}&timestamp={}&nonce={}", self.signature, self.timestamp_ms, self.nonce)
    }
}

/// The signature step by step, for people who look for a mistake.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Steps {
    pub body_hash: String,
    /// What is signed, with the access key left out: nonce + timestamp + body hash.
    pub text_after_key: String,
    pub signature: String,
}

/// What a usual mistake makes of the same request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    /// Stable name: `seconds`, `plain_sha256`, `base64`, `reserialised`, `test_flag_dropped`.
    pub name: &'static str,
    pub signature: String,
}

fn hmac_hex(key: &str, data: &[u8]) -> String {
    crate::hmac_hex(key.as_bytes(), data)
}

/// The signature of a body, upper case as in the documented samples.
#[must_use]
pub fn signature(access_key: &str, body: &[u8], timestamp: &str, nonce: &str) -> String {
    let hash = hmac_hex(access_key, body);
    hmac_hex(access_key, format!("{access_key}{nonce}{timestamp}{hash}").as_bytes()).to_uppercase()
}

/// Signs a body for sending at `timestamp_ms`.
#[must_use]
pub fn sign(access_key: &str, body: &str, timestamp_ms: i64, nonce: &str) -> Query {
    let signature = signature(access_key, body.as_bytes(), &timestamp_ms.to_string(), nonce);
    Query { signature, timestamp_ms, nonce: nonce.to_owned() }
}

/// The intermediate values of a signature.
#[must_use]
pub fn steps(access_key: &str, body: &str, timestamp_ms: i64, nonce: &str) -> Steps {
    let body_hash = hmac_hex(access_key, body.as_bytes());
    Steps {
        text_after_key: format!("{nonce}{timestamp_ms}{body_hash}"),
        signature: signature(access_key, body.as_bytes(), &timestamp_ms.to_string(), nonce),
        body_hash,
    }
}

/// The signatures that the usual mistakes give, so that a seller finds the value of his own log.
#[must_use]
pub fn known_mistakes(access_key: &str, body: &str, timestamp_ms: i64, nonce: &str) -> Vec<Mistake> {
    let outer = |timestamp: &str, hash: &str| hmac_bytes(access_key.as_bytes(), format!("{access_key}{nonce}{timestamp}{hash}").as_bytes());
    let stamp = timestamp_ms.to_string();
    let hash = hmac_hex(access_key, body.as_bytes());
    let upper = |bytes: &[u8]| hex::encode_upper(bytes);
    let mut mistakes = vec![
        Mistake { name: "seconds", signature: upper(&outer(&(timestamp_ms / 1000).to_string(), &hash)) },
        Mistake { name: "plain_sha256", signature: upper(&outer(&stamp, &hex::encode(Sha256::digest(body.as_bytes())))) },
        Mistake { name: "base64", signature: base64(&outer(&stamp, &hash)) },
    ];
    if let Ok(serde_json::Value::Object(mut map)) = serde_json::from_str(body) {
        let spaced = respaced(&map);
        let hash = hmac_hex(access_key, spaced.as_bytes());
        mistakes.push(Mistake { name: "reserialised", signature: upper(&outer(&stamp, &hash)) });
        if map.remove("testFlag").is_some() {
            let without = serde_json::Value::Object(map).to_string();
            let hash = hmac_hex(access_key, without.as_bytes());
            mistakes.push(Mistake { name: "test_flag_dropped", signature: upper(&outer(&stamp, &hash)) });
        }
    }
    mistakes
}

/// The same object with a blank after each colon and comma, as several serialisers write it.
fn respaced(map: &serde_json::Map<String, serde_json::Value>) -> String {
    let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{}: {v}", serde_json::Value::from(k.as_str()))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Why a request is not genuine, with the result code that the official sample answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the query parameter {0} is missing")]
    Missing(&'static str),
    #[error("the timestamp is older than 60 seconds")]
    Stale,
    #[error("the signature does not match")]
    Signature,
}

impl VerifyError {
    /// `000002` for a missing timestamp or nonce, `000001` otherwise.
    #[must_use]
    pub fn result_code(&self) -> &'static str {
        match self {
            Self::Missing("signature") | Self::Stale | Self::Signature => "000001",
            Self::Missing(_) => "000002",
        }
    }
}

/// Checks a request as the official sample does: parameters present, not older than 60 s, signature of
/// the raw bytes, without regard to case.
///
/// # Errors
/// [`VerifyError`], with the result code to answer.
pub fn verify(access_key: &str, body: &str, query: &[(String, String)], now_ms: i64) -> Result<(), VerifyError> {
    let get = |name: &'static str| {
        query.iter().find(|(k, v)| k == name && !v.is_empty()).map(|(_, v)| v.as_str()).ok_or(VerifyError::Missing(name))
    };
    let (timestamp, nonce, given) = (get("timestamp")?, get("nonce")?, get("signature")?);
    let sent: i64 = timestamp.parse().map_err(|_| VerifyError::Stale)?;
    if now_ms - sent > FRESH_MS {
        return Err(VerifyError::Stale);
    }
    let ours = signature(access_key, body.as_bytes(), timestamp, nonce);
    let same: bool = ours.as_bytes().ct_eq(given.to_uppercase().as_bytes()).into();
    if same { Ok(()) } else { Err(VerifyError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &str = r#"{"activity":"updateInstanceStatus","instanceId":"i-1","status":"FREEZE","testFlag":"1"}"#;

    #[test]
    fn the_known_answer_of_the_reference_is_met() {
        let signed = signature("testkey", BODY.as_bytes(), "1666677988730", "RLLUammMSInlrNWb");
        assert_eq!(signed.to_lowercase(), "8d24615ee8d2819128b22d7b3460e66fd42fafe1a029ea03526fb23d2de67358");
    }

    #[test]
    fn the_verifier_answers_as_the_official_sample() {
        let good = sign("k", BODY, 1_000_000, "n".repeat(32).as_str()).pairs();
        let check = |query: &[(String, String)], now| verify("k", BODY, query, now).map_err(|e| e.result_code());
        assert_eq!(check(&good, 1_060_000), Ok(()));
        assert_eq!(check(&good, 1_060_001), Err("000001"));
        for (gone, code) in [("timestamp", "000002"), ("nonce", "000002"), ("signature", "000001")] {
            let left: Vec<_> = good.iter().filter(|(k, _)| k != gone).cloned().collect();
            assert_eq!(check(&left, 1_000_000), Err(code), "{gone}");
        }
        assert_eq!(verify("other", BODY, &good, 1_000_000), Err(VerifyError::Signature));
        let lower: Vec<_> = good.iter().map(|(k, v)| (k.clone(), if k == "signature" { v.to_lowercase() } else { v.clone() })).collect();
        assert_eq!(check(&lower, 1_000_000), Ok(()));
    }

    #[test]
    fn every_usual_mistake_gives_another_signature() {
        let right = steps("testkey", BODY, 1_666_677_988_730, "RLLUammMSInlrNWb").signature;
        let mistakes = known_mistakes("testkey", BODY, 1_666_677_988_730, "RLLUammMSInlrNWb");
        let names: Vec<_> = mistakes.iter().map(|m| m.name).collect();
        assert_eq!(names, ["seconds", "plain_sha256", "base64", "reserialised", "test_flag_dropped"]);
        assert!(mistakes.iter().all(|m| m.signature != right));
    }

    proptest! {
        #[test]
        fn a_signed_request_is_verified_and_a_changed_one_is_not(
            key in "[a-zA-Z0-9]{1,70}",
            body in "\\PC{1,200}",
            at in 0i64..4_000_000_000_000,
        ) {
            let pairs = sign(&key, &body, at, "abcdefghijklmnopqrstuvwxyz012345").pairs();
            prop_assert_eq!(verify(&key, &body, &pairs, at), Ok(()));
            let changed = format!("{body} ");
            prop_assert_eq!(verify(&key, &changed, &pairs, at), Err(VerifyError::Signature));
        }
    }
}
