//! The client of a running server: one method, and what its answers mean for the exit code.

use crate::output::Failure;
use reqwest::StatusCode;
use serde_json::Value;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A server and who calls it.
pub struct Remote {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// The key of the first write; the next ones have a number behind it.
    key: String,
    writes: AtomicU32,
    /// The version that is decided on.
    version: Option<String>,
}

/// Before a request is sent again that was not answered, or that the server was too busy for.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];

/// The longest pause that a server may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(10);

impl Remote {
    /// From `YUNSHI_SERVER` and `YUNSHI_TOKEN`, with the key under which the command may be repeated and the version
    /// that it decides on.
    pub fn from_environment(key: Option<String>, version: Option<String>) -> Result<Self, Failure> {
        let base = std::env::var("YUNSHI_SERVER").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
        let remote = Self::new(&base, std::env::var("YUNSHI_TOKEN").ok())?;
        Ok(Self { key: key.unwrap_or(remote.key), version, ..remote })
    }

    /// A server by its address, called with a token.
    pub fn new(base: &str, token: Option<String>) -> Result<Self, Failure> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().map_err(Failure::failed)?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, token, key: random_key(), writes: AtomicU32::new(0), version: None })
    }

    fn next_key(&self) -> String {
        match self.writes.fetch_add(1, Ordering::SeqCst) {
            0 => self.key.clone(),
            before => format!("{}-{}", self.key, before + 1),
        }
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<reqwest::Response, Failure> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method == reqwest::Method::GET {
            return self.answered(request, None).await;
        }
        request = request.json(body.unwrap_or(&Value::Object(serde_json::Map::new())));
        self.answered(request, Some(&self.next_key())).await
    }

    /// The answer to a request in the caller's name, or what the server refused. A write is sent again with its key,
    /// which does it once, unless its body is a stream.
    async fn answered(&self, mut request: reqwest::RequestBuilder, key: Option<&str>) -> Result<reqwest::Response, Failure> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
            if let Some(version) = &self.version {
                request = request.header("If-Match", version);
            }
        }
        let mut pauses = PAUSES.into_iter().filter(|_| key.is_some());
        loop {
            let again = request.try_clone();
            let answer = request.send().await;
            let pause = match &answer {
                Ok(response) => asked_to_wait(response),
                Err(_) => Some(Duration::ZERO),
            };
            let (Some(least), Some(next)) = (pause, again) else { return self.outcome(answer, key).await };
            let Some(pause) = pauses.next() else { return self.outcome(answer, key).await };
            tokio::time::sleep(pause.max(least)).await;
            request = next;
        }
    }

    async fn outcome(&self, answer: Result<reqwest::Response, reqwest::Error>, key: Option<&str>) -> Result<reqwest::Response, Failure> {
        let unreachable = |e: reqwest::Error| {
            let mut text = format!("{} does not answer: {e}. Is the server running? Set YUNSHI_SERVER.", self.base);
            if let Some(key) = key {
                text.push_str(&format!("\nIt may have been done: repeat the command with --idempotency-key {key}, which does it once."));
            }
            Failure::NotReachable(text)
        };
        let response = answer.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        let problem = serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!({ "status": status.as_u16(), "detail": text }));
        Err(Failure::Refused(problem))
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(reqwest::Method::GET, path, None).await?.json().await.map_err(Failure::failed)
    }

    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let response = self.send(reqwest::Method::GET, path, None).await?;
        Ok(response.bytes().await.map_err(Failure::failed)?.to_vec())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(reqwest::Method::POST, path, Some(body)).await?.json().await.map_err(Failure::failed)
    }

    pub async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(reqwest::Method::DELETE, path, None).await?.json().await.map_err(Failure::failed)
    }

    /// The whole address of a path, for a browser.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends bytes that are not JSON, from memory or as they are read.
    pub async fn post_bytes(&self, path: &str, bytes: impl Into<reqwest::Body>) -> Result<Value, Failure> {
        let request = self.http.post(format!("{}{path}", self.base)).header("Content-Type", "application/octet-stream").body(bytes);
        self.answered(request, Some(&self.next_key())).await?.json().await.map_err(Failure::failed)
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(reqwest::Method::PUT, path, Some(body)).await?.json().await.map_err(Failure::failed)
    }
}

/// How long to wait before the request may be sent again; nothing when its answer is final.
fn asked_to_wait(response: &reqwest::Response) -> Option<Duration> {
    if !matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let seconds = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    let least = Duration::from_secs(seconds.unwrap_or(0));
    (least <= PAUSE_MAX).then_some(least)
}

fn random_key() -> String {
    use app::Ids;
    let mut bytes = [0; 16];
    app::RandomIds::default().random(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A path with its query; empty values are left out.
pub fn with_query(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
