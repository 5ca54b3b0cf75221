//! The client of a running server: one method, and what its answers mean for the exit code.

use crate::output::Failure;
use serde_json::Value;

/// A server and who calls it.
pub struct Remote {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Remote {
    /// From `YUNSHI_SERVER` and `YUNSHI_TOKEN`.
    pub fn from_environment() -> Result<Self, Failure> {
        let base = std::env::var("YUNSHI_SERVER").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
        Self::new(&base, std::env::var("YUNSHI_TOKEN").ok())
    }

    /// A server by its address, called with a token.
    pub fn new(base: &str, token: Option<String>) -> Result<Self, Failure> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().map_err(Failure::failed)?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token })
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<reqwest::Response, Failure> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method != reqwest::Method::GET {
            let key: String = random_key();
            request = request.header("Idempotency-Key", key).json(body.unwrap_or(&Value::Object(serde_json::Map::new())));
        }
        self.answered(request).await
    }

    /// The answer to a request in the caller's name, or what the server refused.
    async fn answered(&self, mut request: reqwest::RequestBuilder) -> Result<reqwest::Response, Failure> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let unreachable = |e: reqwest::Error| {
            Failure::NotReachable(format!("{} does not answer: {e}. Is the server running? Set YUNSHI_SERVER.", self.base))
        };
        let response = request.send().await.map_err(unreachable)?;
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
        self.answered(request).await?.json().await.map_err(Failure::failed)
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(reqwest::Method::PUT, path, Some(body)).await?.json().await.map_err(Failure::failed)
    }
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
