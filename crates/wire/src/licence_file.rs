//! Licence files and leases of seats: JSON Web Signatures (RFC 7515) with Ed25519 (RFC 8037), which a program verifies
//! without network, with the public keys that its seller built into it.
//!
//! ```
//! use yunshi_wire::licence_file::{Claims, Refusal, Signer, Standing, verify};
//!
//! let signer = Signer::new("k1", &[7; 32]);
//! let claims = Claims { sub: "PL1".into(), iat: 1_000, expires: Some(2_000), exp: Some(3_000), ..Claims::default() };
//! let file = signer.sign(&claims).unwrap();
//! let keys = [signer.public()];
//! assert_eq!(verify(&file, &keys, 1_500, None).unwrap().standing, Standing::Valid);
//! assert_eq!(verify(&file, &keys, 2_500, None).unwrap().standing, Standing::Grace);
//! assert_eq!(verify(&file, &keys, 3_000, None).unwrap_err(), Refusal::Expired);
//! ```

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What the header says of the content.
const TYPE: &str = "licence+jwt";
/// Seconds that a machine's clock may be behind the marketplace's.
pub const CLOCK_SKEW: i64 = 300;

/// What a fingerprint is made of: MAC addresses, disks, board and CPU (`license-interface 5`).
pub const PARTS_MAX: usize = 8;

/// Hashes of a machine's parts. Each part is a set, empty when it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Vec<Vec<String>>);

impl Fingerprint {
    /// Parts joined by `|`, several of one kind by `,`; upper and lower case and blanks do not matter. The parts are kept
    /// as the first 16 bytes of their SHA-256 in hexadecimal, for a serial number is nobody's business.
    ///
    /// # Errors
    /// [`Refusal::BadFingerprint`] when nothing is known of the machine, or there are more than eight parts.
    pub fn of(text: &str) -> Result<Self, Refusal> {
        let hash = |one: &str| hex::encode(&Sha256::digest(one.as_bytes())[..16]);
        let set = |part: &str| {
            let mut ones: Vec<String> =
                part.split(',').map(|one| one.trim().to_uppercase()).filter(|one| !one.is_empty()).map(|one| hash(&one)).collect();
            ones.sort();
            ones.dedup();
            ones
        };
        let parts: Vec<Vec<String>> = text.split('|').map(set).collect();
        if parts.len() > PARTS_MAX || parts.iter().all(Vec::is_empty) { Err(Refusal::BadFingerprint) } else { Ok(Self(parts)) }
    }

    /// Whether both are of one machine. `exact`: every part is the same. Else more than half of the parts that are known
    /// of both have something in common, and there is such a part.
    #[must_use]
    pub fn same_machine(&self, other: &Self, exact: bool) -> bool {
        if exact {
            return self == other;
        }
        let known = self.0.iter().zip(&other.0).filter(|(a, b)| !a.is_empty() && !b.is_empty());
        let alike: Vec<bool> = known.map(|(a, b)| a.iter().any(|one| b.contains(one))).collect();
        2 * alike.iter().filter(|same| **same).count() > alike.len()
    }
}

/// The machine that a file is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Every part must be the same; else more than half.
    pub exact: bool,
    pub parts: Fingerprint,
}

/// The seat that a lease is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub id: String,
    pub client: String,
}

/// What is signed. Times are seconds since 1970, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Where it was made.
    pub iss: String,
    /// The code.
    pub sub: String,
    /// Its own number.
    pub jti: String,
    pub iat: i64,
    /// Exclusive end of the term; none for a purchase without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Exclusive end of what is signed, with the grace after the term; every JWT library knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    pub product: String,
    pub specification: String,
    pub quantity: i64,
    /// Feature code to its value: a flag, a number or a text.
    pub features: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// A public key by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    pub bytes: [u8; 32],
}

impl PublicKey {
    /// As JSON Web Key (RFC 8037, 2).
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": BASE64.encode(self.bytes) })
    }

    /// The keys of a JSON Web Key Set; those of other kinds are passed over.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it is no such set.
    pub fn of_set(document: &str) -> Result<Vec<Self>, Refusal> {
        let document: Value = serde_json::from_str(document).map_err(|_| Refusal::Malformed)?;
        let keys = document["keys"].as_array().ok_or(Refusal::Malformed)?;
        let ours = keys.iter().filter(|k| k["kty"] == "OKP" && k["crv"] == "Ed25519");
        ours.map(|k| {
            let bytes = BASE64.decode(k["x"].as_str().unwrap_or_default()).ok().and_then(|x| x.try_into().ok());
            Ok(Self { id: k["kid"].as_str().unwrap_or_default().to_owned(), bytes: bytes.ok_or(Refusal::Malformed)? })
        })
        .collect()
    }
}

/// Bytes as JSON Web Keys write them.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A private key with its name.
pub struct Signer {
    id: String,
    key: SigningKey,
}

impl Signer {
    /// Of 32 random bytes.
    #[must_use]
    pub fn new(id: &str, seed: &[u8; 32]) -> Self {
        Self { id: id.to_owned(), key: SigningKey::from_bytes(seed) }
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id.clone(), bytes: self.key.verifying_key().to_bytes() }
    }

    /// A signed file.
    ///
    /// # Errors
    /// What JSON cannot write, which does not happen.
    pub fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let header = json!({ "alg": "EdDSA", "kid": self.id, "typ": TYPE });
        let text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(serde_json::to_string(claims)?));
        let signature = self.key.sign(text.as_bytes());
        Ok(format!("{text}.{}", BASE64.encode(signature.to_bytes())))
    }
}

/// Whether the term runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Valid,
    /// The term is over; it works until `exp`, for a renewal to arrive.
    Grace,
}

/// A file that may be worked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub claims: Claims,
    pub standing: Standing,
}

/// Why a file is not good. The words are the same in every sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("malformed")]
    Malformed,
    #[error("unknown key")]
    UnknownKey,
    #[error("bad signature")]
    BadSignature,
    #[error("not yet valid: the machine's clock is behind")]
    NotYet,
    #[error("expired")]
    Expired,
    #[error("the machine's fingerprint is needed")]
    NoFingerprint,
    #[error("bad fingerprint")]
    BadFingerprint,
    #[error("for another machine")]
    OtherMachine,
}

/// Checks a file: signed by one of the keys, begun, not over, for this machine. Whether it was released meanwhile only
/// the marketplace knows.
///
/// # Errors
/// [`Refusal`].
pub fn verify(file: &str, keys: &[PublicKey], now: i64, fingerprint: Option<&str>) -> Result<Verified, Refusal> {
    let parts: Vec<&str> = file.trim().split('.').collect();
    let [header, body, signature] = parts[..] else { return Err(Refusal::Malformed) };
    let decode = |part: &str| BASE64.decode(part).map_err(|_| Refusal::Malformed);
    let header: Value = serde_json::from_slice(&decode(header)?).map_err(|_| Refusal::Malformed)?;
    if header["alg"] != "EdDSA" || header["typ"] != TYPE {
        return Err(Refusal::Malformed);
    }
    let key = keys.iter().find(|k| header["kid"] == k.id).ok_or(Refusal::UnknownKey)?;
    let key = VerifyingKey::from_bytes(&key.bytes).map_err(|_| Refusal::UnknownKey)?;
    let signature = Signature::from_slice(&decode(signature)?).map_err(|_| Refusal::BadSignature)?;
    let signed = file.trim().rsplit_once('.').map_or("", |(signed, _)| signed);
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| Refusal::BadSignature)?;
    let claims: Claims = serde_json::from_slice(&decode(body)?).map_err(|_| Refusal::Malformed)?;
    if now + CLOCK_SKEW < claims.iat {
        return Err(Refusal::NotYet);
    }
    if claims.exp.is_some_and(|end| end <= now) {
        return Err(Refusal::Expired);
    }
    if let Some(machine) = &claims.machine {
        let here = Fingerprint::of(fingerprint.ok_or(Refusal::NoFingerprint)?)?;
        if !machine.parts.same_machine(&here, machine.exact) {
            return Err(Refusal::OtherMachine);
        }
    }
    let standing = if claims.expires.is_some_and(|end| end <= now) { Standing::Grace } else { Standing::Valid };
    Ok(Verified { claims, standing })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "00-1a-2b|DISK1,DISK2|BOARD|CPU";

    fn claims(exact: bool) -> Claims {
        Claims {
            iss: "https://market.example".into(),
            sub: "PL1".into(),
            jti: "1".into(),
            iat: 1_000,
            expires: Some(2_000),
            exp: Some(3_000),
            machine: Some(Machine { exact, parts: Fingerprint::of(HERE).unwrap() }),
            ..Claims::default()
        }
    }

    #[test]
    fn the_known_answer_of_rfc_8037_is_met() {
        let d: [u8; 32] = BASE64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap().try_into().unwrap();
        let signer = Signer::new("k", &d);
        assert_eq!(signer.public().jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(BASE64.encode(signer.key.sign(text.as_bytes()).to_bytes()), signature);
    }

    #[test]
    fn every_way_to_be_wrong_has_its_word() {
        let (signer, other) = (Signer::new("k1", &[1; 32]), Signer::new("k1", &[2; 32]));
        let keys = [signer.public()];
        let file = signer.sign(&claims(false)).unwrap();
        let at = |now, fingerprint| verify(&file, &keys, now, fingerprint).map(|v| v.standing);
        assert_eq!(at(1_500, Some(HERE)), Ok(Standing::Valid));
        assert_eq!(at(2_000, Some(HERE)), Ok(Standing::Grace));
        assert_eq!(at(3_000, Some(HERE)), Err(Refusal::Expired));
        assert_eq!(at(699, Some(HERE)), Err(Refusal::NotYet));
        assert_eq!(at(700, Some(HERE)), Ok(Standing::Valid), "five minutes of skew");
        assert_eq!(at(1_500, None), Err(Refusal::NoFingerprint));
        assert_eq!(at(1_500, Some("||")), Err(Refusal::BadFingerprint));
        assert_eq!(at(1_500, Some("ff|other|board|x")), Err(Refusal::OtherMachine));
        assert_eq!(verify(&file, &[other.public()], 1_500, Some(HERE)), Err(Refusal::BadSignature));
        assert_eq!(verify(&file, &[], 1_500, Some(HERE)), Err(Refusal::UnknownKey));
        let (head, rest) = file.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let mut longer = claims(false);
        longer.exp = None;
        let forged = BASE64.encode(serde_json::to_string(&longer).unwrap());
        let wrong = |text: &str| verify(text, &keys, 1_500, Some(HERE)).unwrap_err();
        assert_eq!(wrong(&format!("{head}.{forged}.{signature}")), Refusal::BadSignature);
        assert_eq!(wrong(&format!("{head}.{body}.AAAA")), Refusal::BadSignature);
        let none = BASE64.encode(r#"{"alg":"none","typ":"licence+jwt","kid":"k1"}"#);
        assert_eq!(wrong(&format!("{none}.{body}.")), Refusal::Malformed, "unsigned is never good");
        for text in ["", "a", "a.b", "a.b.c", "....", &format!("{file}.x")] {
            assert_eq!(wrong(text), Refusal::Malformed, "{text}");
        }
    }

    #[test]
    fn a_machine_stays_the_same_when_less_than_half_of_it_is_replaced() {
        let same = |a: &str, b: &str, exact| Fingerprint::of(a).unwrap().same_machine(&Fingerprint::of(b).unwrap(), exact);
        assert!(same(HERE, "00-1A-2B | disk1,disk2 | board | cpu", true), "case and blanks do not matter");
        assert!(!same(HERE, "00-1a-2b|DISK1|BOARD|CPU", true));
        assert!(same(HERE, "00-1a-2b|DISK9|BOARD|CPU", false), "a new disk");
        assert!(same(HERE, "|DISK2||CPU", false), "what is unknown does not count");
        assert!(!same(HERE, "ff|DISK9|BOARD|CPU", false), "half is not enough");
        assert!(!same("a||", "|b|", false), "nothing is known of both");
        assert!(same("one-id", "ONE-ID", false), "a fingerprint of one part");
        assert_eq!(Fingerprint::of("1|2|3|4|5|6|7|8|9"), Err(Refusal::BadFingerprint));
    }

    #[test]
    fn keys_are_read_from_their_published_set() {
        let key = Signer::new("k1", &[1; 32]).public();
        let set = json!({ "keys": [key.jwk(), { "kty": "RSA", "kid": "k2" }] }).to_string();
        assert_eq!(PublicKey::of_set(&set), Ok(vec![key]));
        assert_eq!(PublicKey::of_set("{}"), Err(Refusal::Malformed));
    }
}
