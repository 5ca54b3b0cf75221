//! Requests signed with AK and SK, as programs send them to the open APIs.

use crate::Platform;
use serde_json::Value;
use wire::open_api::aksk::{self, Request};

/// A request to an open API; fields may be bent before it is sent.
#[derive(Debug, Clone)]
pub struct Signed {
    pub method: &'static str,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    pub content_type: &'static str,
    pub access: String,
    pub secret: String,
    /// Seconds that the client's clock is ahead.
    pub skew: i64,
}

impl Signed {
    /// The headers that say who sends it, to a platform at this address.
    ///
    /// # Panics
    /// When it is no address.
    #[must_use]
    pub fn headers(&self, url: &str) -> Vec<(&'static str, String)> {
        let host = url.split("://").nth(1).expect("an address");
        #[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.skew);
        let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let headers = [("Host", host), ("X-Sdk-Date", date.as_str()), ("Content-Type", self.content_type)];
        let request = Request { method: self.method, path: &self.path, query: &self.query, headers: &headers, body: &self.body };
        let authorization = aksk::sign(&self.access, &self.secret, &request, &["host", "x-sdk-date", "content-type"]);
        vec![("X-Sdk-Date", date), ("Content-Type", self.content_type.to_owned()), ("Authorization", authorization)]
    }
}

impl Platform {
    /// A signed request as a seeded account.
    ///
    /// # Panics
    /// For an unknown account.
    #[must_use]
    pub fn signed(&self, role: &str, method: &'static str, path_and_query: &str) -> Signed {
        let text = |name: &str| self.document["accounts"][role][name].as_str().expect("a seeded account").to_owned();
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Signed {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            body: Vec::new(),
            content_type: "application/json",
            access: text("access_key"),
            secret: text("secret_key"),
            skew: 0,
        }
    }

    /// Sends it; status and document.
    ///
    /// # Panics
    /// When the server does not answer JSON.
    pub async fn send_signed(&self, s: &Signed) -> (u16, Value) {
        self.send_signed_with(s, &[]).await
    }

    /// Sends it with headers that are not signed; status and document.
    ///
    /// # Panics
    /// When the server does not answer JSON.
    pub async fn send_signed_with(&self, s: &Signed, more: &[(&str, &str)]) -> (u16, Value) {
        let signed = s.headers(&self.url);
        let mut headers: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend(more);
        self.send_with(s, &headers).await
    }

    /// Sends it with these headers and no others; status and document.
    ///
    /// # Panics
    /// When the server does not answer JSON.
    pub async fn send_with(&self, s: &Signed, headers: &[(&str, &str)]) -> (u16, Value) {
        let query = if s.query.is_empty() { String::new() } else { format!("?{}", s.query) };
        let method = reqwest::Method::from_bytes(s.method.as_bytes()).expect("a method");
        let mut sent = self.http.request(method, format!("{}{}{query}", self.url, s.path)).body(s.body.clone());
        for (name, value) in headers {
            sent = sent.header(*name, *value);
        }
        let response = sent.send().await.expect("an answer");
        let (status, id) = (response.status().as_u16(), response.headers()["x-request-id"].to_str().expect("an id").to_owned());
        let text = response.text().await.expect("a body");
        let document: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: {status} {text:?} is not JSON", s.path));
        if let Some(named) = document["request_id"].as_str() {
            assert_eq!(named, id, "the answer's header and document name one request");
        }
        (status, document)
    }
}
