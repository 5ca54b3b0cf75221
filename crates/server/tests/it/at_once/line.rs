//! How callers reach a platform whose processes are killed: what was not answered is sent again, under the same key, once there
//! is another process. What no caller may see is gathered.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use testkit::{Platform, Signed};
use tokio::{sync::watch, time::timeout};

/// A caller is answered or refused by then: some seconds for a connection, three lock time-outs, and a slow machine.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// Somebody is answered again by then, after a kill.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Line {
    http: reqwest::Client,
    accounts: Value,
    url: watch::Sender<String>,
    answered: watch::Sender<u64>,
    /// How often the clock was moved.
    moved: watch::Sender<u64>,
    over: AtomicBool,
    found: Mutex<Vec<String>>,
    /// How often each kind of request got each answer.
    outcomes: Mutex<BTreeMap<String, u32>>,
    /// The orders that buyers placed, by what was asked for.
    placed: Mutex<Vec<String>>,
}

/// Something to be sent, in somebody's name.
pub(super) struct Sent<'a> {
    pub role: &'static str,
    pub method: &'static str,
    pub path: &'a str,
    pub body: Option<Value>,
    pub key: String,
}

impl Line {
    pub(super) fn to(p: &Platform) -> Self {
        Self {
            http: p.http.clone(),
            accounts: p.document["accounts"].clone(),
            url: watch::Sender::new(p.url.clone()),
            answered: watch::Sender::new(0),
            moved: watch::Sender::new(0),
            over: AtomicBool::new(false),
            found: Mutex::default(),
            outcomes: Mutex::default(),
            placed: Mutex::default(),
        }
    }

    /// The platform answers at another address.
    pub(super) fn moves_to(&self, url: &str) {
        self.url.send_replace(url.to_owned());
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn finds(&self, what: String) {
        eprintln!("found: {what}");
        self.found.lock().unwrap().push(what);
        self.end();
    }

    pub(super) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap().clone()
    }

    /// What was answered, as a table.
    pub(super) fn outcomes(&self) -> String {
        let all = self.outcomes.lock().unwrap();
        all.iter().map(|(what, count)| format!("{count:6} {what}\n")).collect()
    }

    pub(super) fn was_placed(&self, order: &Value) {
        self.placed.lock().unwrap().push(testkit::number(order).to_owned());
    }

    /// The numbers of the orders that buyers were told of.
    pub(super) fn placed(&self) -> Vec<String> {
        self.placed.lock().unwrap().clone()
    }

    /// The key that signs records of use.
    pub(super) fn interface_key(&self) -> String {
        self.accounts["seller"]["interface_key"]["secret"].as_str().expect("a key").to_owned()
    }

    pub(super) fn text(&self, role: &str, name: &str) -> String {
        self.accounts[role][name].as_str().expect("a seeded account").to_owned()
    }

    /// Waits until so many more requests were answered.
    pub(super) async fn answers(&self, more: u64) {
        let mut answered = self.answered.subscribe();
        let until = *answered.borrow_and_update() + more;
        while !self.is_over() && *answered.borrow_and_update() < until {
            if timeout(PATIENCE, answered.changed()).await.is_err() {
                self.finds(format!("nobody is answered for {PATIENCE:?}"));
            }
        }
    }

    /// Sends until it is answered: status and document.
    pub(super) async fn send(&self, sent: &Sent<'_>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(sent.method.as_bytes()).unwrap();
        let token = self.text(sent.role, "token");
        let request = |url: &str| {
            let request = self.http.request(method.clone(), format!("{url}{}", sent.path)).bearer_auth(&token);
            let request = if sent.method == "GET" { request } else { request.header("Idempotency-Key", &sent.key) };
            sent.body.iter().fold(request, RequestBuilder::json)
        };
        let (status, answer) = self.ask(sent.path, request).await;
        if status == 200 && sent.path == "/api/v1/orders" && sent.method == "POST" {
            self.was_placed(&answer);
        }
        if status == 200 && sent.path.ends_with("/advance") {
            self.moved.send_modify(|count| *count += 1);
        }
        (status, answer)
    }

    /// Waits until the clock was moved, with all that fell due on the way; not for long, since that needs a moment in which nothing
    /// is under way.
    pub(super) async fn moves(&self) {
        let mut moved = self.moved.subscribe();
        moved.borrow_and_update();
        let _ = timeout(WAIT_MAX, moved.changed()).await;
    }

    /// Likewise, with the signature of a program and further headers; repeated without a key.
    pub(super) async fn send_signed(&self, signed: &Signed, more: &[(&str, &str)]) -> (u16, Value) {
        let request = |url: &str| {
            let request = self.http.post(format!("{url}{}", signed.path)).body(signed.body.clone());
            let request = signed.headers(url).into_iter().fold(request, |r, (name, value)| r.header(name, value));
            more.iter().fold(request, |r, (name, value)| r.header(*name, *value))
        };
        self.ask(&signed.path, request).await
    }

    /// Sends a file to what has this path; its id.
    pub(super) async fn send_file(&self, role: &'static str, path: &str, bytes: &'static [u8], key: &str) -> Option<String> {
        let token = self.text(role, "token");
        let request = |url: &str| {
            let request = self.http.post(format!("{url}{path}")).bearer_auth(&token);
            request.header("Idempotency-Key", key).body(bytes)
        };
        let answer = self.ask(path, request).await.1;
        answer["id"].as_str().map(str::to_owned)
    }

    async fn ask(&self, path: &str, request: impl Fn(&str) -> RequestBuilder) -> (u16, Value) {
        let mut urls = self.url.subscribe();
        loop {
            let url = urls.borrow_and_update().clone();
            let asked = Instant::now();
            if let Ok(answer) = request(&url).send().await
                && let Some(answer) = self.judge(path, answer, asked).await
            {
                self.answered.send_modify(|count| *count += 1);
                return answer;
            }
            if timeout(PATIENCE, urls.wait_for(|now| *now != url)).await.is_err() {
                self.finds(format!("{path} is not answered, and no other process came up"));
                return (0, Value::Null);
            }
        }
    }

    /// Reads an answer; none when the process was killed meanwhile.
    async fn judge(&self, path: &str, answer: Response, asked: Instant) -> Option<(u16, Value)> {
        let (status, again) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let text = answer.text().await.ok()?;
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let code = if status < 400 { "" } else { document["code"].as_str().unwrap_or_default() };
        *self.outcomes.lock().unwrap().entry(format!("{status} {} {code}", kind(path))).or_default() += 1;
        // Who sends too much is told so; who waits for a lock beyond its time-outs is not.
        let busy = status == 503 && again && (code == "busy.account" || code == "overloaded");
        if status >= 500 && !busy {
            self.finds(format!("{path}: {status} {text}"));
        }
        if asked.elapsed() > WAIT_MAX && !path.ends_with("/advance") {
            self.finds(format!("{path}: {status} after {:?}", asked.elapsed()));
        }
        Some((status, document))
    }
}

/// A path without what it is about.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.chars().any(|c| c.is_ascii_digit()) && part.len() > 3 { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
