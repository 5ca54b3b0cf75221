//! `SDK-HMAC-SHA256`: requests signed with an access key and a secret key (`open-api 1`).
//!
//! ```
//! use yunshi_wire::open_api::aksk::{self, Request};
//!
//! let headers = [("host", "mkt.example.com"), ("x-sdk-date", "20191115T033655Z")];
//! let request = Request { method: "GET", path: "/v3/auth/domains", query: "", headers: &headers, body: b"" };
//! let header = aksk::sign("AK", "SK", &request, &["host", "x-sdk-date"]);
//! let given = aksk::Authorization::parse(&header).unwrap();
//! aksk::verify(&given, "SK", &request, 1_573_789_015).unwrap();
//! ```

use crate::percent::{decode, encode};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use subtle::ConstantTimeEq;

pub const ALGORITHM: &str = "SDK-HMAC-SHA256";
/// Clocks may differ by so much.
pub const SKEW_SECS: i64 = 15 * 60;
const DATE: &str = "x-sdk-date";
const CONTENT_HASH: &str = "x-sdk-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// Headers that a request may sign.
const SIGNED_MAX: usize = 64;

/// A request as it was received, or as it is going to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// As on the wire, percent-encoded.
    pub path: &'a str,
    /// As on the wire, without `?`.
    pub query: &'a str,
    /// Names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

impl Request<'_> {
    /// The trimmed value of a header; several of one name are joined by commas.
    fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// The `Authorization` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub access: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
}

/// Why a request is not genuine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("calc aksk signature fail:signature expired, signature time:{signed},server time:{server}")]
    Expired { signed: String, server: String },
    /// With the canonical request that the server computed, so that the client finds the difference.
    #[error("verify aksk signature fail, canonicalRequest:{canonical}")]
    Mismatch { canonical: String },
}

impl Authorization {
    /// Reads `SDK-HMAC-SHA256 Access=…, SignedHeaders=a;b, Signature=…`, with or without blanks after commas.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn parse(value: &str) -> Result<Self, Refused> {
        let wrong = Refused::Malformed;
        let rest = value.trim().strip_prefix(ALGORITHM).ok_or(wrong("the signing algorithm is not SDK-HMAC-SHA256"))?;
        let (mut access, mut signed, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or(wrong("the Authorization header is malformed"))?;
            let place = match name.trim() {
                "Access" => &mut access,
                "SignedHeaders" => &mut signed,
                "Signature" => &mut signature,
                _ => return Err(wrong("the Authorization header has an unknown part")),
            };
            if place.replace(value.trim().to_owned()).is_some() {
                return Err(wrong("the Authorization header names a part twice"));
            }
        }
        let missing = wrong("the Authorization header lacks Access, SignedHeaders or Signature");
        let (Some(access), Some(signed), Some(signature)) = (access, signed, signature) else { return Err(missing) };
        let mut signed_headers: Vec<String> = signed.split(';').map(|name| name.trim().to_ascii_lowercase()).collect();
        signed_headers.sort();
        if signed_headers.len() > SIGNED_MAX || signed_headers.windows(2).any(|w| w[0] == w[1]) || signed_headers[0].is_empty() {
            return Err(wrong("SignedHeaders is empty, too long, or names a header twice"));
        }
        if !signed_headers.iter().any(|name| name == DATE) {
            return Err(wrong("X-Sdk-Date must be among the signed headers"));
        }
        Ok(Self { access, signed_headers, signature })
    }
}

fn canonical_path(path: &str) -> String {
    let mut out = String::new();
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            out.push('/');
        }
        out.push_str(&encode(&decode(segment, false)));
    }
    if !out.ends_with('/') {
        out.push('/');
    }
    out
}

fn canonical_query(query: &str, plus_is_blank: bool) -> String {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name, plus_is_blank), decode(value, plus_is_blank)))
        .collect();
    pairs.sort();
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        let _ = write!(out, "{}={}", encode(&name), encode(&value));
    }
    out
}

/// What real clients do differently (`open-api 1`).
#[derive(Debug, Clone, Copy, Default)]
struct Reading<'a> {
    plus_is_blank: bool,
    host_without_port: bool,
    payload: &'a str,
}

fn canonical(request: &Request<'_>, signed: &[String], reading: Reading<'_>) -> String {
    let mut out = format!(
        "{}\n{}\n{}\n",
        request.method.to_uppercase(),
        canonical_path(request.path),
        canonical_query(request.query, reading.plus_is_blank)
    );
    for name in signed {
        let value = request.header(name).unwrap_or_default();
        let value = if name == "host" && reading.host_without_port { without_port(&value) } else { &value };
        let _ = writeln!(out, "{name}:{value}");
    }
    let _ = write!(out, "\n{}\n{}", signed.join(";"), reading.payload);
    out
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name)
}

fn signature(secret: &str, date: &str, canonical: &str) -> String {
    let text = format!("{ALGORITHM}\n{date}\n{}", hex::encode(Sha256::digest(canonical.as_bytes())));
    crate::hmac_hex(secret.as_bytes(), text.as_bytes())
}

/// The canonical request of a request, as [`sign`] takes it.
#[must_use]
pub fn canonical_request(request: &Request<'_>, signed_headers: &[&str]) -> String {
    let mut signed: Vec<String> = signed_headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    signed.sort();
    let payload = request.header(CONTENT_HASH).unwrap_or_else(|| hex::encode(Sha256::digest(request.body)));
    canonical(request, &signed, Reading { payload: &payload, ..Reading::default() })
}

/// The `Authorization` header of a request that is going to be sent. `X-Sdk-Date` is among its headers.
#[must_use]
pub fn sign(access: &str, secret: &str, request: &Request<'_>, signed_headers: &[&str]) -> String {
    let mut signed: Vec<String> = signed_headers.iter().map(|name| name.to_ascii_lowercase()).collect();
    signed.sort();
    let date = request.header(DATE).unwrap_or_default();
    let signature = signature(secret, &date, &canonical_request(request, signed_headers));
    format!("{ALGORITHM} Access={access}, SignedHeaders={}, Signature={signature}", signed.join(";"))
}

/// Checks a received request: its age first, then its signature in the few readings in which real
/// clients differ, each compared in constant time.
///
/// # Errors
/// [`Refused`].
pub fn verify(given: &Authorization, secret: &str, request: &Request<'_>, now_secs: i64) -> Result<(), Refused> {
    let date = request.header(DATE).ok_or(Refused::Malformed("the X-Sdk-Date header is missing"))?;
    check_age(&date, now_secs)?;
    let hash = hex::encode(Sha256::digest(request.body));
    let declared = request.header(CONTENT_HASH);
    if declared.as_deref().is_some_and(|d| d != UNSIGNED && !d.eq_ignore_ascii_case(&hash)) {
        return Err(Refused::Malformed("X-Sdk-Content-Sha256 is not the hash of the body"));
    }
    let mut payloads = vec![declared.as_deref().unwrap_or(&hash)];
    if declared.is_some() && request.body.is_empty() {
        payloads.push(&hash);
    }
    let host = request.header("host").unwrap_or_default();
    let ports: &[bool] = if without_port(&host) == host { &[false] } else { &[false, true] };
    let pluses: &[bool] = if request.query.contains('+') { &[false, true] } else { &[false] };
    let mut genuine = false;
    for payload in &payloads {
        for host_without_port in ports {
            for plus_is_blank in pluses {
                let reading = Reading { plus_is_blank: *plus_is_blank, host_without_port: *host_without_port, payload };
                let ours = signature(secret, &date, &canonical(request, &given.signed_headers, reading));
                genuine |= bool::from(ours.as_bytes().ct_eq(given.signature.to_ascii_lowercase().as_bytes()));
            }
        }
    }
    if genuine {
        return Ok(());
    }
    let reading = Reading { payload: payloads[0], ..Reading::default() };
    Err(Refused::Mismatch { canonical: canonical(request, &given.signed_headers, reading).replace('\n', "|") })
}

fn check_age(date: &str, now_secs: i64) -> Result<(), Refused> {
    let form = "%Y%m%dT%H%M%SZ";
    let at = jiff::civil::DateTime::strptime(form, date).ok().and_then(|d| d.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok());
    let at = at.ok_or(Refused::Malformed("X-Sdk-Date is not of the form yyyyMMdd'T'HHmmss'Z'"))?;
    if (now_secs - at.timestamp().as_second()).abs() <= SKEW_SECS {
        return Ok(());
    }
    let server = jiff::Timestamp::from_second(now_secs).map(|t| t.strftime(form).to_string()).unwrap_or_default();
    Err(Refused::Expired { signed: date.to_owned(), server })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: i64 = 1_573_789_015; // 20191115T033655Z

    const HEADERS: [(&str, &str); 3] =
        [("Content-Type", "application/json"), ("Host", "service.region.example.com"), ("X-Sdk-Date", "20191115T033655Z")];

    const SIGNED: [&str; 3] = ["content-type", "host", "x-sdk-date"];

    fn known() -> Request<'static> {
        Request {
            method: "GET",
            path: "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
            query: "limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
            headers: &HEADERS,
            body: b"",
        }
    }

    #[test]
    fn the_known_answer_of_the_signing_guide_is_met() {
        let canonical = canonical_request(&known(), &SIGNED);
        assert_eq!(
            hex::encode(Sha256::digest(canonical.as_bytes())),
            "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a",
            "{canonical}"
        );
        let header = sign("QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", &known(), &SIGNED);
        assert!(header.ends_with("Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"), "{header}");
    }

    #[test]
    fn the_header_is_read_with_and_without_blanks_and_refused_by_reason() {
        let wide = Authorization::parse("SDK-HMAC-SHA256 Access=A, SignedHeaders=X-Sdk-Date;host, Signature=ab").unwrap();
        let narrow = Authorization::parse("SDK-HMAC-SHA256 Access=A,SignedHeaders=host;x-sdk-date,Signature=ab").unwrap();
        assert_eq!(wide, narrow);
        for bad in [
            "",
            "Basic abc",
            "SDK-HMAC-SHA256",
            "SDK-HMAC-SHA256 Access=A, Signature=ab",
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=ab",
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;x-sdk-date, Signature=ab",
            "SDK-HMAC-SHA256 Access=A, Access=B, SignedHeaders=x-sdk-date, Signature=ab",
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=;x-sdk-date, Signature=ab",
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=ab, More=1",
        ] {
            assert!(matches!(Authorization::parse(bad), Err(Refused::Malformed(_))), "{bad}");
        }
    }

    /// Signs `sent` and verifies `received`: what a client signed is not always what arrives.
    fn passes(sent: &Request<'_>, received: &Request<'_>) -> Result<(), Refused> {
        let names: Vec<&str> = sent.headers.iter().map(|(name, _)| *name).collect();
        verify(&Authorization::parse(&sign("A", "S", sent, &names)).unwrap(), "S", received, AT)
    }

    #[test]
    fn the_differences_of_real_clients_pass() {
        let date = ("X-Sdk-Date", "20191115T033655Z");
        let unsigned = [date, ("X-Sdk-Content-Sha256", UNSIGNED)];
        let empty = Request { method: "GET", path: "/a", query: "", headers: &unsigned, body: b"" };
        passes(&empty, &empty).expect("Node takes the header's value");
        let names = ["x-sdk-date", "x-sdk-content-sha256"];
        let hash = hex::encode(Sha256::digest(b""));
        let signed: Vec<String> = {
            let mut n: Vec<String> = names.map(str::to_owned).to_vec();
            n.sort();
            n
        };
        let text = canonical(&empty, &signed, Reading { payload: &hash, ..Reading::default() });
        let given = Authorization { access: "A".into(), signature: signature("S", date.1, &text), signed_headers: signed };
        verify(&given, "S", &empty, AT).expect("Python hashes the empty body");
        let form = [date, ("X-Sdk-Content-Sha256", UNSIGNED), ("Content-Type", "multipart/form-data; boundary=b")];
        let upload = Request { method: "POST", headers: &form, body: b"--b", ..empty };
        passes(&upload, &upload).expect("a body that is not JSON is not signed");
        let plain = [date];
        let asked = |query| Request { method: "GET", path: "/a b/", query, headers: &plain, body: b"" };
        passes(&asked("q=a%20b&z=%2A~"), &asked("z=*%7E&q=a+b")).expect("blank, star and tilde in other spellings");
        passes(&asked("k=&a=1"), &asked("a=1&k")).expect("an empty value, another order");
        let (with, without) = ([date, ("Host", "m.example.com:8443")], [date, ("Host", "m.example.com")]);
        let to = |headers| Request { method: "GET", path: "/a", query: "", headers, body: b"" };
        passes(&to(&without), &to(&with)).expect("Ruby signs the host without its port");
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused_with_the_canonical_request() {
        let body = Request { method: "POST", body: b"{\"a\":1}", ..known() };
        let header = sign("A", "S", &body, &SIGNED);
        let given = Authorization::parse(&header).unwrap();
        verify(&given, "S", &body, AT).unwrap();
        for changed in [
            Request { body: b"{\"a\":2}", ..body },
            Request { method: "PUT", ..body },
            Request { path: "/v1/other/vpcs", ..body },
            Request { query: "limit=3", ..body },
            Request { headers: &[("Host", "elsewhere"), HEADERS[0], HEADERS[2]], ..body },
        ] {
            let Err(Refused::Mismatch { canonical }) = verify(&given, "S", &changed, AT) else { panic!("{changed:?}") };
            assert!(canonical.starts_with(changed.method) && canonical.contains("|/v1/"), "{canonical}");
        }
        assert!(matches!(verify(&given, "T", &body, AT), Err(Refused::Mismatch { .. })));
        let false_hash = [HEADERS[0], HEADERS[1], HEADERS[2], ("X-Sdk-Content-Sha256", "00")];
        assert!(matches!(verify(&given, "S", &Request { headers: &false_hash, ..body }, AT), Err(Refused::Malformed(_))));
    }

    #[test]
    fn a_quarter_of_an_hour_of_skew_is_allowed_and_no_more() {
        let given = Authorization::parse(&sign("A", "S", &known(), &SIGNED)).unwrap();
        for (now, ok) in [(AT - 900, true), (AT + 900, true), (AT - 901, false), (AT + 901, false)] {
            assert_eq!(verify(&given, "S", &known(), now).is_ok(), ok, "{now}");
        }
        let Err(e) = verify(&given, "S", &known(), AT + 3600) else { panic!() };
        assert_eq!(
            e.to_string(),
            "calc aksk signature fail:signature expired, signature time:20191115T033655Z,server time:20191115T043655Z"
        );
        let odd = [("X-Sdk-Date", "yesterday")];
        assert!(matches!(verify(&given, "S", &Request { headers: &odd, ..known() }, AT), Err(Refused::Malformed(_))));
    }

    proptest! {
        #[test]
        fn any_request_is_verified_as_it_was_signed(
            path in "(/[^/?#\\s]{0,12}){1,4}",
            query in "[^#\\s]{0,40}",
            body in proptest::collection::vec(any::<u8>(), 0..60),
            agent in "[ -~]{0,20}",
        ) {
            let headers = [("X-Sdk-Date", "20191115T033655Z"), ("User-Agent", agent.as_str()), ("Host", "h:80")];
            let request = Request { method: "post", path: &path, query: &query, headers: &headers, body: &body };
            prop_assert_eq!(passes(&request, &request), Ok(()));
        }
    }
}
