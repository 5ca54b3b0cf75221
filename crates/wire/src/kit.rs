//! Joint-SaaS kit (联营Kit): tenants, applications, users and departments of a buyer are told to the seller
//! (`saas-interface 4`). Paths below the address, signature in headers: in 2.0 by a single HMAC over the body, in 1.0
//! the token of SaaS 1.0 over its fields.
//!
//! ```
//! use yunshi_wire::kit::{Change, Department, Edition, Given, Of, Request, verify};
//!
//! let department = Department { code: "rd".into(), name: "研发".into(), parent: None };
//! let of = Of { instance_id: "i-1".into(), tenant_id: "t-1".into() };
//! let body = Request::Department { change: Change::Add, department }.to_body(Edition::V2, &of, false, 1_700_000_000_000);
//! let headers = Edition::V2.headers("my-access-key", &body, 1_700_000_000_000, "a-fresh-nonce");
//! let given = Given { timestamp: &headers[0].1, nonce: &headers[1].1, sign: &headers[2].1 };
//! assert!(verify("my-access-key", &body, given, 1_700_000_000_500));
//! ```

use crate::{
    field::{Field, m, o},
    hmac_hex, saas_v1,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use rsa::{
    PrivateKey, PublicKey,
    pkcs8::{DecodePrivateKey, DecodePublicKey},
    sha2::Sha256,
    traits::PublicKeyParts,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Whole numbers stay numbers; their length is that of their digits.
const FLAG: [Field; 3] = [m("flag", 1), m("testFlag", 1), m("timeStamp", 17)];

/// The parameter tables of the reference, by path.
pub const FIELDS: &[(&str, &[Field])] = &[
    (
        "tenantSync",
        &[
            m("instanceId", 64),
            m("orderId", 64),
            m("tenantId", 64),
            m("tenantCode", 64),
            m("name", 255),
            m("domainName", 255),
            FLAG[0],
            FLAG[1],
            FLAG[2],
        ],
    ),
    (
        "applicationSync",
        &[
            m("instanceId", 64),
            m("tenantId", 64),
            m("appId", 64),
            m("name", 255),
            m("clientId", 255),
            m("clientSecret", 1024),
            FLAG[0],
            FLAG[1],
            FLAG[2],
        ],
    ),
    (
        "authSync",
        &[
            m("instanceId", 64),
            m("tenantId", 64),
            m("appId", 64),
            m("userList", usize::MAX),
            m("currentSyncTime", 17),
            FLAG[0],
            FLAG[1],
            FLAG[2],
        ],
    ),
    (
        "singleOrgSync",
        &[m("instanceId", 64), m("tenantId", 64), m("orgCode", 64), m("orgName", 128), o("parentCode", 64), FLAG[0], FLAG[1], FLAG[2]],
    ),
    ("allOrgSync", &[m("instanceId", 64), m("tenantId", 64), m("orgInfo", usize::MAX), FLAG[1], FLAG[2]]),
];

/// What happens to a tenant, application, user or department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Delete,
    Add,
    Modify,
    /// Of users: the application is withdrawn from them.
    Withdraw,
}

impl Change {
    fn flag(self) -> u8 {
        match self {
            Self::Delete => 0,
            Self::Add => 1,
            Self::Modify => 2,
            Self::Withdraw => 3,
        }
    }
}

/// A department; the top one has no parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub code: String,
    pub name: String,
    pub parent: Option<String>,
}

/// A member of the buyer's company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user_name: String,
    pub name: String,
    pub org_code: String,
    pub administrator: bool,
    pub enabled: bool,
    pub position: Option<String>,
    pub employee_code: Option<String>,
    /// 1 regular, 2 intern.
    pub employee_type: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
}

/// A call of the kit; instance and tenant are common to all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Tenant {
        change: Change,
        order_id: String,
        tenant_code: String,
        name: String,
        domain_name: String,
    },
    /// The secret is encrypted with the seller's public key (RSA-OAEP) and in base64.
    Application {
        change: Change,
        app_id: String,
        name: String,
        client_id: String,
        client_secret: String,
    },
    Users {
        change: Change,
        app_id: String,
        users: Vec<Member>,
    },
    Department {
        change: Change,
        department: Department,
    },
    AllDepartments {
        departments: Vec<Department>,
    },
}

/// The instance and tenant that a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    pub instance_id: String,
    pub tenant_id: String,
}

/// Which kit a seller's server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Lists are JSON text, a header `authToken` signs, and `Body-Sign` signs the answer.
    V1,
    V2,
}

impl Edition {
    /// Where the call of a name goes, below the address.
    #[must_use]
    pub fn below(self, name: &str) -> String {
        match self {
            Self::V1 => format!("produceAPI/{name}"),
            Self::V2 => format!("produceAPI/v2/{name}"),
        }
    }

    /// The headers that sign a body.
    #[must_use]
    pub fn headers(self, access_key: &str, body: &str, now_ms: i64, nonce: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::V1 => vec![(AUTH_TOKEN, auth_token(access_key, body).unwrap_or_default())],
            Self::V2 => headers(access_key, body, now_ms, nonce),
        }
    }
}

/// UTC+8 `yyyyMMddHHmmssSSS`, as this interface alone has it.
#[must_use]
pub fn time_stamp(now_ms: i64) -> String {
    let china = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(china).strftime("%Y%m%d%H%M%S%3f").to_string()
}

impl Request {
    /// The last part of the path, behind what [`Edition::below`] puts before it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::Tenant { .. } => "tenantSync",
            Self::Application { .. } => "applicationSync",
            Self::Users { .. } => "authSync",
            Self::Department { .. } => "singleOrgSync",
            Self::AllDepartments { .. } => "allOrgSync",
        }
    }

    /// The bytes to sign and send: keys sorted, compact.
    #[must_use]
    pub fn to_body(&self, edition: Edition, of: &Of, test: bool, now_ms: i64) -> String {
        let mut fields = self.own(now_ms);
        if let (Edition::V1, Some(list)) = (edition, fields.get_mut("userList")) {
            *list = list.to_string().into();
        }
        fields.insert("instanceId".to_owned(), of.instance_id.as_str().into());
        fields.insert("tenantId".to_owned(), of.tenant_id.as_str().into());
        fields.insert("testFlag".to_owned(), u8::from(test).into());
        fields.insert("timeStamp".to_owned(), time_stamp(now_ms).into());
        // `serde_json` keeps the keys of a map sorted.
        Value::Object(fields).to_string()
    }

    fn own(&self, now_ms: i64) -> Map<String, Value> {
        let fields = match self {
            Self::Tenant { change, order_id, tenant_code, name, domain_name } => json!({
                "orderId": order_id, "tenantCode": tenant_code, "name": name, "domainName": domain_name, "flag": change.flag(),
            }),
            Self::Application { change, app_id, name, client_id, client_secret } => json!({
                "appId": app_id, "name": name, "clientId": client_id, "clientSecret": client_secret, "flag": change.flag(),
            }),
            Self::Users { change, app_id, users } => json!({
                "appId": app_id, "userList": users.iter().map(member).collect::<Vec<_>>(), "currentSyncTime": time_stamp(now_ms),
                "flag": change.flag(),
            }),
            Self::Department { change, department } => json!({
                "orgCode": department.code, "orgName": department.name, "parentCode": department.parent.as_deref().unwrap_or_default(),
                "flag": change.flag(),
            }),
            Self::AllDepartments { departments } => {
                let flat: Vec<Value> = departments
                    .iter()
                    .map(|d| json!({ "orgCode": d.code, "name": d.name, "parentCode": d.parent.as_deref().unwrap_or_default() }))
                    .collect();
                json!({ "orgInfo": Value::from(flat).to_string() })
            }
        };
        if let Value::Object(map) = fields { map } else { Map::new() }
    }
}

fn member(m: &Member) -> Value {
    let mut fields = json!({
        "userName": m.user_name, "name": m.name, "orgCode": m.org_code,
        "role": if m.administrator { "admin" } else { "user" }, "enable": if m.enabled { "true" } else { "false" },
    });
    let optional = [
        ("position", &m.position),
        ("employeeCode", &m.employee_code),
        ("employeeType", &m.employee_type),
        ("mobile", &m.mobile),
        ("email", &m.email),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            fields[name] = value.as_str().into();
        }
    }
    fields
}

/// What is wrong with a key, or with what was encrypted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("write an RSA public key as PEM, beginning with -----BEGIN PUBLIC KEY-----")]
    NotAKey,
    #[error("the key has {0} bits; at least {KEY_BITS_MIN} are needed")]
    TooShort(u32),
    #[error("what was encrypted does not open with this key")]
    DoesNotOpen,
}

/// The shortest key of a seller (`saas-interface 4`).
pub const KEY_BITS_MIN: u32 = 3072;

fn public_key(pem: &str) -> Result<PublicKey, BadKey> {
    let key = PublicKey::from_public_key_pem(pem).map_err(|_| BadKey::NotAKey)?;
    let bits = key.n().bit_width();
    if bits < KEY_BITS_MIN { Err(BadKey::TooShort(bits)) } else { Ok(key) }
}

/// Checks the public key of a seller, as PEM.
///
/// # Errors
/// [`BadKey`].
pub fn check_key(pem: &str) -> Result<(), BadKey> {
    public_key(pem).map(|_| ())
}

/// A client secret as `applicationSync` carries it: RSA-OAEP with SHA-256 in both places, in base64.
///
/// # Errors
/// [`BadKey`].
pub fn encrypt_secret(public_pem: &str, secret: &str) -> Result<String, BadKey> {
    let sealed = public_key(public_pem)?.oaep_encrypt::<Sha256>(secret.as_bytes()).map_err(|_| BadKey::NotAKey)?;
    Ok(BASE64.encode(sealed))
}

/// The client secret of an `applicationSync`, for its seller.
///
/// # Errors
/// [`BadKey`].
pub fn decrypt_secret(private_pem: &str, sealed: &str) -> Result<String, BadKey> {
    let key = PrivateKey::from_pkcs8_pem(private_pem).map_err(|_| BadKey::NotAKey)?;
    let sealed = BASE64.decode(sealed).map_err(|_| BadKey::DoesNotOpen)?;
    let clear = key.oaep_decrypt::<Sha256>(&sealed).map_err(|_| BadKey::DoesNotOpen)?;
    String::from_utf8(clear).map_err(|_| BadKey::DoesNotOpen)
}

const AUTH_TOKEN: &str = "authToken";

/// A field as it is signed in 1.0: text as it is, all else as JSON.
fn signed_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn joined_fields(fields: &Map<String, Value>) -> String {
    let mut signed: Vec<(String, String)> = fields.iter().map(|(name, value)| (name.clone(), signed_text(value))).collect();
    signed.sort();
    saas_v1::joined(&signed)
}

/// What 1.0 signs of a body: `k=v` of its fields, sorted by name, joined by `&`; nothing of what is no JSON object.
#[must_use]
pub fn joined(body: &str) -> String {
    serde_json::from_str(body).map(|fields| joined_fields(&fields)).unwrap_or_default()
}

/// The token of 1.0 over the fields of a body (`saas-interface 3.1`); nothing when it is no JSON object.
fn auth_token(access_key: &str, body: &str) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_str(body).ok()?;
    let stamp = fields.get("timeStamp").map(signed_text).unwrap_or_default();
    Some(saas_v1::token(access_key, &stamp, &joined_fields(&fields)))
}

/// Whether a received call of 1.0 is genuine; it says nothing of its age.
#[must_use]
pub fn verify_v1(access_key: &str, body: &str, given: &str) -> bool {
    use subtle::ConstantTimeEq;
    auth_token(access_key, body).is_some_and(|ours| ours.as_bytes().ct_eq(given.as_bytes()).into())
}

/// The headers of a call of 2.0: hex of one HMAC-SHA256 over key, nonce, timestamp and body.
#[must_use]
pub fn headers(access_key: &str, body: &str, now_ms: i64, nonce: &str) -> Vec<(&'static str, String)> {
    let text = format!("{access_key}{nonce}{now_ms}{body}");
    vec![("x-timestamp", now_ms.to_string()), ("x-nonce", nonce.to_owned()), ("x-sign", hmac_hex(access_key.as_bytes(), text.as_bytes()))]
}

/// The headers of a received call.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub timestamp: &'a str,
    pub nonce: &'a str,
    pub sign: &'a str,
}

/// Whether a received call of 2.0 is genuine and not older than 60 s.
#[must_use]
pub fn verify(access_key: &str, body: &str, given: Given<'_>, now_ms: i64) -> bool {
    use subtle::ConstantTimeEq;
    let Given { timestamp, nonce, sign } = given;
    let fresh = timestamp.parse::<i64>().is_ok_and(|sent| now_ms.saturating_sub(sent) <= crate::saas_v2::FRESH_MS);
    let ours = hmac_hex(access_key.as_bytes(), format!("{access_key}{nonce}{timestamp}{body}").as_bytes());
    fresh && bool::from(ours.as_bytes().ct_eq(sign.to_ascii_lowercase().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Request> {
        let department = Department { code: "d1".into(), name: "研发".into(), parent: None };
        let user = Member {
            user_name: "u1".into(),
            name: "林夏".into(),
            org_code: "d1".into(),
            administrator: true,
            enabled: true,
            mobile: Some("13800000000".into()),
            ..Member::default()
        };
        let text = str::to_owned;
        vec![
            Request::Tenant {
                change: Change::Add,
                order_id: text("CS1"),
                tenant_code: text("c"),
                name: text("青禾"),
                domain_name: text("qinghe"),
            },
            Request::Application {
                change: Change::Modify,
                app_id: text("a"),
                name: text("备份"),
                client_id: text("id"),
                client_secret: text("c2VjcmV0"),
            },
            Request::Users { change: Change::Withdraw, app_id: text("a"), users: vec![user] },
            Request::Department { change: Change::Delete, department: department.clone() },
            Request::AllDepartments { departments: vec![department] },
        ]
    }

    #[test]
    fn every_path_sends_the_fields_of_its_table_and_no_others() {
        let of = Of { instance_id: "i".into(), tenant_id: "t".into() };
        for request in samples() {
            let body = request.to_body(Edition::V2, &of, true, 1_700_000_000_123);
            let sent: Map<String, Value> = serde_json::from_str(&body).unwrap();
            let (_, fields) = FIELDS.iter().find(|(path, _)| *path == request.path()).expect("a table for each path");
            crate::field::tests::fits(fields, &sent);
            let keys: Vec<&String> = sent.keys().collect();
            assert!(keys.is_sorted(), "{body}");
            assert_eq!(
                (&sent["testFlag"], &sent["timeStamp"]),
                (&json!(1), &json!("20231115061320123")),
                "UTC+8, whole numbers stay numbers"
            );
        }
    }

    #[test]
    fn in_1_0_lists_are_text_and_the_fields_are_signed() {
        let of = Of { instance_id: "i".into(), tenant_id: "t".into() };
        for request in samples() {
            let body = request.to_body(Edition::V1, &of, false, 1_700_000_000_123);
            let fields: Map<String, Value> = serde_json::from_str(&body).unwrap();
            assert!(fields.values().all(|v| v.is_string() || v.is_u64()), "{body}");
            let headers = Edition::V1.headers("k", &body, 0, "");
            assert_eq!((headers.len(), headers[0].0), (1, "authToken"));
            assert!(verify_v1("k", &body, &headers[0].1) && !verify_v1("other", &body, &headers[0].1));
            assert!(!verify_v1("k", &body.replace("\"i\"", "\"j\""), &headers[0].1));
        }
        let body = r#"{"flag":1,"instanceId":"i","timeStamp":"20240101000000000"}"#;
        assert_eq!(joined(body), "flag=1&instanceId=i&timeStamp=20240101000000000");
        let expected = crate::base64(&crate::hmac_bytes(b"k20240101000000000", joined(body).as_bytes()));
        assert_eq!(Edition::V1.headers("k", body, 0, "")[0].1, expected);
        assert!(!verify_v1("k", "[]", &expected));
        assert_eq!(
            (Edition::V1.below("authSync"), Edition::V2.below("authSync")),
            ("produceAPI/authSync".into(), "produceAPI/v2/authSync".into())
        );
    }

    #[test]
    fn one_hmac_signs_key_nonce_time_and_body() {
        let made = headers("k", "{}", 5, "n");
        assert_eq!(made[2].1, crate::hmac_hex(b"k", b"kn5{}"));
        let given = Given { timestamp: "5", nonce: "n", sign: &made[2].1 };
        assert!(verify("k", "{}", Given { sign: &made[2].1.to_uppercase(), ..given }, 5), "any letter case");
        assert!(!verify("k", "{ }", given, 5));
    }

    #[test]
    fn a_member_carries_what_is_known_of_him_and_no_more() {
        let known = member(&Member {
            user_name: "u".into(),
            position: Some("工程师".into()),
            employee_type: Some("2".into()),
            ..Member::default()
        });
        assert_eq!(
            known,
            json!({ "userName": "u", "name": "", "orgCode": "", "role": "user", "enable": "false", "position": "工程师", "employeeType": "2" })
        );
    }

    #[test]
    fn a_secret_opens_with_the_sellers_key_alone_and_short_keys_are_refused() {
        use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
        let make = |bits| PrivateKey::new(&mut rsa::rand_core::UnwrapErr(getrandom::SysRng), bits).unwrap();
        let (key, other, short) = (make(3072), make(3072), make(2048));
        let public = |key: &PrivateKey| key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let private = |key: &PrivateKey| key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
        let sealed = encrypt_secret(&public(&key), "s3cret").unwrap();
        assert_ne!(sealed, encrypt_secret(&public(&key), "s3cret").unwrap(), "never the same twice");
        assert_eq!(decrypt_secret(&private(&key), &sealed).as_deref(), Ok("s3cret"));
        assert_eq!(decrypt_secret(&private(&other), &sealed), Err(BadKey::DoesNotOpen));
        assert_eq!(check_key(&public(&short)), Err(BadKey::TooShort(2048)));
        assert_eq!(check_key("no key"), Err(BadKey::NotAKey));
    }
}
