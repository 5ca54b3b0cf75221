//! Every write once: each operation of the description that is done in somebody's name states its key, and is sent
//! twice with one key (by the test of the audit, which does every write, or here), or is named with the reason.

use super::audit::{Audit, id};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::Platform;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

/// Operations that this test does not repeat.
const NOT_REPEATED: &[(&str, &str)] = &[
    ("session_end_present", "whoever logged out is nobody, and nobody has no keys"),
    ("domain_prove", "its write needs a web server that shows the proof; it asks and notes, as often as wanted"),
    ("usage_hold_decide", "needs a charge that waits; tried in app, usage::holds, where it is decided once"),
    ("usage_hold_decide_operator", "likewise"),
    ("correction_confirm", "needs a second person of finance; tried in app, money::corrections, where it is decided once"),
    ("correction_refuse", "likewise"),
    ("message_recipient_ask", "needs a mail server; it may be asked for once a minute"),
];

/// Operations that answer without writing: there is nothing to keep a key with.
const READS: &[&str] = &["quote_make", "listing_check"];

static KEYS: AtomicUsize = AtomicUsize::new(0);

async fn read(answer: Response) -> (u16, bool, String) {
    let hit = answer.headers().contains_key("idempotency-hit");
    (answer.status().as_u16(), hit, answer.text().await.unwrap())
}

/// A write that is sent several times with one key.
pub(crate) struct Keyed(RequestBuilder);

impl Keyed {
    pub(crate) fn new(request: RequestBuilder) -> Self {
        Self(request.header("Idempotency-Key", format!("test-{}", KEYS.fetch_add(1, Ordering::SeqCst))))
    }

    async fn send(&self) -> (u16, bool, String) {
        read(self.0.try_clone().unwrap().send().await.unwrap()).await
    }

    /// Sends it for the first time.
    pub(crate) async fn first(&self, what: &str) -> String {
        let (status, hit, answer) = self.send().await;
        assert!(status == 200 && !hit, "{what}: {status} {answer}");
        answer
    }

    /// Sends it again: it is answered as before, and that is said.
    pub(crate) async fn again(&self, what: &str, first: &str) {
        assert_eq!(self.send().await, (200, true, first.to_owned()), "{what} is not answered as before");
    }
}

fn ours(path: &str, operation: &Value) -> bool {
    path.starts_with("/api/v1/") && !path.starts_with("/api/v1/oauth2/") && operation["security"][0]["access"][0] != "public"
}

/// Every write of ours that is not repeated yet.
pub(crate) async fn rest(a: &mut Audit) {
    unaudited(a).await;
    let document = a.p.get("nobody", "/api/v1/openapi.json").await;
    let mut missing = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (_, operation) in item.as_object().unwrap().iter().filter(|(m, o)| *m != "get" && ours(path, o)) {
            let name = operation["operationId"].as_str().unwrap();
            let stated = operation["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == "Idempotency-Key"));
            assert!(stated, "{name} does not state its key");
            let known = NOT_REPEATED.iter().any(|(n, _)| *n == name) || READS.contains(&name);
            if !known && !a.repeated.contains(name) {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "writes that are not tried twice with one key: {missing:?}");
}

/// Those that leave no event.
async fn unaudited(a: &mut Audit) {
    let choice = json!({ "product": "helpdesk", "specification": "standard", "period": "1m" });
    let cart = a.repeat("buyer", "POST", "/api/v1/cart", choice).await;
    assert_eq!(cart["lines"].as_array().unwrap().len(), 1, "{cart}");
    let line = format!("/api/v1/cart/{}", id(&cart["lines"][0]));
    a.repeat("buyer", "PATCH", &line, json!({ "quantity": 2 })).await;
    a.repeat("buyer", "DELETE", &line, json!({})).await;
    a.repeat("buyer", "POST", "/api/v1/inbox/read", json!({})).await;
    a.repeat("buyer", "PATCH", "/api/v1/me", json!({ "language": "en" })).await;
    let address = a.p.get("seller", "/api/v1/seller/addresses").await["addresses"][0]["id"].as_str().unwrap().to_owned();
    let address = format!("/api/v1/seller/addresses/{address}");
    a.repeat("seller", "POST", &format!("{address}/send"), json!({ "request": "{}" })).await;
    let exchange = json!({ "at": "2024-01-05T02:00:00Z", "protocol": "saas-v2", "activity": "x", "request": "{}" });
    a.repeat("seller", "POST", &format!("{address}/replay"), json!({ "exchanges": [exchange] })).await;
    a.repeat("seller", "POST", "/api/v1/sandbox/scenes", json!({ "product": "assess", "scene": "buy" })).await;
    a.repeat("seller", "POST", "/api/v1/sandbox/faults", json!({ "product": "assess", "fault": "none" })).await;
    let before = a.p.get("seller", "/api/v1/sandbox/clock").await["now"].as_str().unwrap().to_owned();
    let after = a.repeat("seller", "POST", "/api/v1/sandbox/clock/advance", json!({ "by": "1d" })).await;
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let moved = time(after["now"].as_str().unwrap()).duration_since(time(&before));
    assert_eq!(moved.as_hours(), 24, "the clock was moved by {moved}");
}

#[tokio::test]
async fn a_key_with_other_bytes_is_refused_also_for_a_file_that_nobody_reads() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let made = p.post("seller", "/api/v1/seller/assets", json!({ "name": "x", "kind": "software_package" })).await;
    let path = format!("/api/v1/seller/assets/{}/packages?version=1&file_name=a.zip", id(&made));
    let send = |key: &str, length: usize, last: u8| {
        let mut bytes = vec![b'x'; length];
        bytes.push(last);
        let request = p.http.post(format!("{}{path}", p.url)).bearer_auth(p.token("seller"));
        request.header("Idempotency-Key", key).body(bytes).send()
    };
    // One that is too long to be read at once.
    let long = 700_000;
    let first = read(send("k", long, b'y').await.unwrap()).await;
    assert_eq!((first.0, first.1), (200, false), "{first:?}");
    // The version is there: what is refused before the file is read is compared to its last byte.
    assert_eq!(read(send("k", long, b'y').await.unwrap()).await, (200, true, first.2));
    for (length, last) in [(long, b'z'), (5, b'y')] {
        let (status, _, problem) = read(send("k", length, last).await.unwrap()).await;
        assert!(status == 422 && problem.contains("idempotency.other_inputs"), "{status} {problem}");
    }
    assert_eq!(p.get("seller", "/api/v1/seller/assets").await["assets"][0]["versions"], 1);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_is_done_and_its_answer_kept() {
    for engine in testdb::engines() {
        let p = Platform::start(super::setup(engine)).await;
        let send = || {
            let request = p.http.post(format!("{}/api/v1/me/tokens", p.url)).bearer_auth(p.token("buyer"));
            request.header("Idempotency-Key", "k").json(&json!({ "name": "t", "scopes": ["read"] })).send()
        };
        // These hang up before they are answered.
        let hung_up = || tokio::time::timeout(std::time::Duration::from_millis(2), send());
        let _ = tokio::join!(hung_up(), hung_up(), hung_up(), hung_up());
        let (status, _, first) = read(send().await.unwrap()).await;
        assert_eq!(status, 200, "{first}");
        assert_eq!(read(send().await.unwrap()).await, (200, true, first));
        let tokens = p.get("buyer", "/api/v1/me/tokens").await;
        assert_eq!(tokens["tokens"].as_array().unwrap().iter().filter(|t| t["name"] == "t").count(), 1);
    }
}

/// A way to the platform that loses the answers to the first requests: they are done, and the line is cut.
async fn losing(platform: &str, lost: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let to = platform.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut from, _) = listener.accept().await.unwrap();
            let mut there = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move {
                let (mut from_read, mut from_write) = from.split();
                let (mut there_read, mut there_write) = there.split();
                let asks = tokio::io::copy(&mut from_read, &mut there_write);
                if number < lost {
                    let mut first = [0; 1];
                    tokio::select! { _ = asks => {}, _ = there_read.read(&mut first) => {} }
                } else {
                    let _ = tokio::join!(asks, tokio::io::copy(&mut there_read, &mut from_write));
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn the_command_line_repeats_what_was_not_answered_and_it_is_done_once() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let order = async |through: &str, more: &[&str]| {
        let place = ["--json", "order", "place", "--product", "backup", "--spec", "standard", "--sku", "basic/5", "--period", "1m"];
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_yunshi"));
        command.args(place).args(more).env("YUNSHI_SERVER", through).env("YUNSHI_TOKEN", p.token("buyer"));
        command.output().await.unwrap()
    };
    let number = |out: &std::process::Output| serde_json::from_slice::<Value>(&out.stdout).unwrap()["order_number"].clone();
    let orders = async || p.get("buyer", "/api/v1/orders?as=buyer").await["orders"].as_array().unwrap().len();
    let before = orders().await;
    // Two answers are lost: the third is the first one's.
    let done = order(&losing(&p.url, 2).await, &[]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(orders().await, before + 1);
    // All are lost: whoever repeats the command with its key gets that order.
    let lost = order(&losing(&p.url, usize::MAX).await, &[]).await;
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert_eq!(lost.status.code(), Some(3), "{said}");
    let key = said.split("--idempotency-key ").nth(1).unwrap().split(',').next().unwrap();
    let again = order(&p.url, &["--idempotency-key", key]).await;
    assert!(again.status.success() && number(&again) != number(&done), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(orders().await, before + 2);
    assert_eq!(number(&order(&p.url, &["--idempotency-key", key]).await), number(&again));
    assert_eq!(order(&p.url, &["--idempotency-key", "with space"]).await.status.code(), Some(2));
}
