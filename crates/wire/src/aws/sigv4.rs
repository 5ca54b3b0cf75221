//! `AWS4-HMAC-SHA256`: requests signed with an access key id and a secret access key.
//!
//! ```
//! use yunshi_wire::aws::sigv4::{self, Authorization, Request};
//!
//! let headers = [("host", "market.example.com"), ("x-amz-date", "20260102T030405Z")];
//! let request = Request { method: "POST", path: "/aws/", query: "", headers: &headers, body: b"{}" };
//! let scope = sigv4::Scope { date: "20260102", region: "us-east-1", service: sigv4::SERVICE };
//! let header = sigv4::sign("AK", "SK", scope, &request, &["host", "x-amz-date"]);
//! let given = Authorization::parse(&header).unwrap();
//! sigv4::verify(&given, "SK", &request, 1_767_323_045).unwrap();
//! ```

use crate::{hmac_bytes, percent::encode};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use subtle::ConstantTimeEq;

pub use crate::open_api::aksk::Request;

pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The signing name of both services.
pub const SERVICE: &str = "aws-marketplace";
/// Clocks may differ by so much.
pub const SKEW_SECS: i64 = 5 * 60;
const TERMINATOR: &str = "aws4_request";
const DATE: &str = "x-amz-date";
/// Headers that a request may sign.
const SIGNED_MAX: usize = 64;

/// What a signature is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `yyyyMMdd`.
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
}

/// The `Authorization` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub access: String,
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
}

/// Why a request is not genuine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// `IncompleteSignatureException`.
    #[error("{0}")]
    Malformed(&'static str),
    /// The rest is `InvalidSignatureException`.
    #[error("Signature {0}: {1} is more than 5 minutes from {2}; check your clock")]
    Skewed(&'static str, String, String),
    #[error("Credential should be scoped to correct service: '{SERVICE}'.")]
    Scope,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
         method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'{0}'"
    )]
    Mismatch(String),
}

impl Authorization {
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn parse(value: &str) -> Result<Self, Refused> {
        let bad = Refused::Malformed;
        let rest = value.strip_prefix(ALGORITHM).ok_or(bad("Authorization must begin with AWS4-HMAC-SHA256"))?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or(bad("Authorization is a list of Name=Value"))?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(bad("Authorization holds Credential, SignedHeaders and Signature")),
            };
            if place.replace(value).is_some() {
                return Err(bad("Authorization names a part twice"));
            }
        }
        let parts: Vec<&str> = credential.ok_or(bad("Authorization requires 'Credential' parameter"))?.split('/').collect();
        let [access, date, region, service, TERMINATOR] = parts[..] else {
            return Err(bad("Credential is KEYID/DATE/REGION/SERVICE/aws4_request"));
        };
        let signed_headers: Vec<String> =
            headers.ok_or(bad("Authorization requires 'SignedHeaders' parameter"))?.split(';').map(str::to_lowercase).collect();
        let sorted = signed_headers.windows(2).all(|pair| pair[0] < pair[1]);
        if !sorted || signed_headers.len() > SIGNED_MAX || signed_headers.iter().any(String::is_empty) {
            return Err(bad("SignedHeaders are names in order, each once"));
        }
        if ["host", DATE].iter().any(|needed| !signed_headers.iter().any(|h| h == needed)) {
            return Err(bad("'Host' and 'X-Amz-Date' must be 'SignedHeader's in the AWS Authorization"));
        }
        Ok(Self {
            access: access.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers,
            signature: signature.ok_or(bad("Authorization requires 'Signature' parameter"))?.to_owned(),
        })
    }
}

/// Path segments are encoded once more than on the wire (all services but S3).
fn canonical_path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    path.split('/').map(|s| encode(s.as_bytes())).collect::<Vec<_>>().join("/")
}

/// Parameters as on the wire, sorted.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<String> =
        query.split('&').filter(|p| !p.is_empty()).map(|p| if p.contains('=') { p.to_owned() } else { format!("{p}=") }).collect();
    pairs.sort();
    pairs.join("&")
}

fn header(request: &Request<'_>, name: &str) -> Option<String> {
    let squeezed = |v: &str| v.split_whitespace().collect::<Vec<_>>().join(" ");
    let values: Vec<String> = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| squeezed(v)).collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn canonical(request: &Request<'_>, signed: &[String]) -> String {
    let mut text = format!("{}\n{}\n{}\n", request.method.to_uppercase(), canonical_path(request.path), canonical_query(request.query));
    for name in signed {
        let _ = writeln!(text, "{name}:{}", header(request, name).unwrap_or_default());
    }
    let unsigned = header(request, "x-amz-content-sha256").is_some_and(|v| v == "UNSIGNED-PAYLOAD");
    let hash = if unsigned { "UNSIGNED-PAYLOAD".to_owned() } else { hex::encode(Sha256::digest(request.body)) };
    let _ = write!(text, "\n{}\n{hash}", signed.join(";"));
    text
}

fn signature(secret: &str, scope: Scope<'_>, moment: &str, canonical: &str) -> String {
    let Scope { date, region, service } = scope;
    let hash = hex::encode(Sha256::digest(canonical.as_bytes()));
    let text = format!("{ALGORITHM}\n{moment}\n{date}/{region}/{service}/{TERMINATOR}\n{hash}");
    let first = hmac_bytes(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    let key = [region, service, TERMINATOR].iter().fold(first, |key, part| hmac_bytes(&key, part.as_bytes()));
    hex::encode(hmac_bytes(&key, text.as_bytes()))
}

/// The `Authorization` header of a request that has its `X-Amz-Date` already.
#[must_use]
pub fn sign(access: &str, secret: &str, scope: Scope<'_>, request: &Request<'_>, signed_headers: &[&str]) -> String {
    let mut names: Vec<String> = signed_headers.iter().map(|n| n.to_lowercase()).collect();
    names.sort();
    let moment = header(request, DATE).unwrap_or_default();
    let signature = signature(secret, scope, &moment, &canonical(request, &names));
    let Scope { date, region, service } = scope;
    format!(
        "{ALGORITHM} Credential={access}/{date}/{region}/{service}/{TERMINATOR}, SignedHeaders={}, Signature={signature}",
        names.join(";")
    )
}

/// Whether the holder of the secret signed the request within the last minutes.
///
/// # Errors
/// [`Refused`], by the rule that it breaks.
pub fn verify(given: &Authorization, secret: &str, request: &Request<'_>, now_secs: i64) -> Result<(), Refused> {
    let moment = header(request, DATE).ok_or(Refused::Malformed("Authorization requires existence of an 'X-Amz-Date' header"))?;
    check_age(&moment, now_secs)?;
    if !moment.starts_with(&given.date) || given.service != SERVICE {
        return Err(Refused::Scope);
    }
    let canonical = canonical(request, &given.signed_headers);
    let scope = Scope { date: &given.date, region: &given.region, service: &given.service };
    let ours = signature(secret, scope, &moment, &canonical);
    if bool::from(ours.as_bytes().ct_eq(given.signature.as_bytes())) { Ok(()) } else { Err(Refused::Mismatch(canonical)) }
}

fn check_age(moment: &str, now_secs: i64) -> Result<(), Refused> {
    let format = "%Y%m%dT%H%M%SZ";
    let signed = jiff::civil::DateTime::strptime(format, moment)
        .ok()
        .and_then(|t| jiff::tz::TimeZone::UTC.to_timestamp(t).ok())
        .ok_or(Refused::Malformed("X-Amz-Date must be a time such as 20260102T030405Z"))?;
    let age = now_secs - signed.as_second();
    if age.abs() <= SKEW_SECS {
        return Ok(());
    }
    let now = jiff::Timestamp::from_second(now_secs).map(|t| t.strftime(format).to_string()).unwrap_or_default();
    Err(Refused::Skewed(if age > 0 { "expired" } else { "not yet current" }, moment.to_owned(), now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_440_938_160;
    const SCOPE: Scope<'static> = Scope { date: "20150830", region: "us-east-1", service: "iam" };
    const HEADERS: [(&str, &str); 3] = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
    ];
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn known() -> Request<'static> {
        Request { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers: &HEADERS, body: b"" }
    }

    #[test]
    fn the_published_example_is_met() {
        let header = sign("AKIDEXAMPLE", SECRET, SCOPE, &known(), &["Content-Type", "Host", "X-Amz-Date"]);
        assert!(header.ends_with("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"), "{header}");
    }

    fn ours() -> (Request<'static>, String) {
        let request = Request { method: "POST", path: "/aws/a%20b", body: b"{}", ..known() };
        let scope = Scope { service: SERVICE, ..SCOPE };
        (request, sign("A", SECRET, scope, &request, &["content-type", "host", "x-amz-date"]))
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused() {
        let (request, header) = ours();
        let given = Authorization::parse(&header).unwrap();
        verify(&given, SECRET, &request, AT).unwrap();
        let elsewhere = [HEADERS[0], ("host", "elsewhere"), HEADERS[2]];
        for changed in [
            Request { body: b"{ }", ..request },
            Request { path: "/aws/", ..request },
            Request { query: "Action=x", ..request },
            Request { headers: &elsewhere, ..request },
        ] {
            assert!(matches!(verify(&given, SECRET, &changed, AT), Err(Refused::Mismatch(_))), "{changed:?}");
        }
        assert!(matches!(verify(&given, "other", &request, AT), Err(Refused::Mismatch(_))));
        let region = Authorization::parse(&header.replace("us-east-1", "eu-west-1")).unwrap();
        assert!(matches!(verify(&region, SECRET, &request, AT), Err(Refused::Mismatch(_))));
        for (from, to) in [("aws-marketplace", "iam"), ("20150830/", "20150829/")] {
            let other = Authorization::parse(&header.replace(from, to)).unwrap();
            assert_eq!(verify(&other, SECRET, &request, AT), Err(Refused::Scope));
        }
    }

    #[test]
    fn five_minutes_of_skew_are_allowed_and_no_more() {
        let (request, header) = ours();
        let given = Authorization::parse(&header).unwrap();
        for (now, ok) in [(AT - 300, true), (AT + 300, true), (AT - 301, false), (AT + 301, false)] {
            assert_eq!(verify(&given, SECRET, &request, now).is_ok(), ok, "{now}");
        }
    }

    #[test]
    fn a_header_that_is_none_is_refused_by_reason() {
        let (_, good) = ours();
        for bad in [
            "Basic abc".to_owned(),
            ALGORITHM.to_owned(),
            good.replace("/aws4_request", ""),
            good.replace("host;", ""),
            good.replace("host;x-amz-date", "x-amz-date;host"),
            good.replace(", Signature", ", Signed"),
            format!("{good}, Signature=00"),
        ] {
            assert!(matches!(Authorization::parse(&bad), Err(Refused::Malformed(_))), "{bad}");
        }
    }
}
