//! A running platform in a line, for tests that play a whole life: a real `yunshi sandbox` process, real
//! sockets, a real seller, the clock moved by months.

#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "test support: a broken set-up ends the test")]

mod node;
mod seed;
mod signed;

pub use node::Node;
pub use signed::Signed;

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use testdb::{Engine, Fresh};
use tokio::process::{Child, Command};

/// How a platform is started.
#[derive(Clone)]
pub struct Setup {
    pub binary: PathBuf,
    pub engine: Engine,
    /// Where business time begins.
    pub start: &'static str,
    /// Contents of the settings file.
    pub config: &'static str,
    /// Its log cannot be written, and it has much to say.
    pub mute: bool,
    /// What the process does: all, or api where a worker joins.
    pub role: &'static str,
}

impl Setup {
    #[must_use]
    pub fn new(binary: &str, engine: Engine) -> Self {
        Self { binary: binary.into(), engine, start: "2024-01-05T02:00:00Z", config: "", mute: false, role: "all" }
    }
}

/// A device on which there is never room.
fn full() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").expect("the device").into()
}

/// A running sandbox with its database and data folder.
pub struct Platform {
    setup: Setup,
    fresh: Fresh,
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// Where the processes find the database.
    way: String,
    pub url: String,
    pub document: Value,
    pub http: reqwest::Client,
}

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

impl Platform {
    /// Starts a fresh sandbox. Without settings of its own it is a copy of one that was seeded before.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(setup: Setup) -> Self {
        if !setup.config.is_empty() {
            return Self::seeded(setup).await;
        }
        let folder = tempfile::tempdir_in(testdb::scratch()).expect("a temporary folder");
        let fresh = seed::copy(&setup, &folder.path().join("data")).await;
        Self::on(setup, fresh, folder).await
    }

    /// Starts a sandbox that seeds an empty database.
    async fn seeded(setup: Setup) -> Self {
        let fresh = Fresh::new(setup.engine);
        Self::on(setup, fresh, tempfile::tempdir_in(testdb::scratch()).expect("a temporary folder")).await
    }

    async fn on(setup: Setup, fresh: Fresh, folder: tempfile::TempDir) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(300)).build().expect("a client");
        let way = fresh.url.clone();
        let mut platform = Self { setup, fresh, folder, way, child: None, url: String::new(), document: Value::Null, http };
        platform.configure(platform.setup.config);
        platform.run().await;
        platform
    }

    /// Starts the process on the same data.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn run(&mut self) {
        let mut command = self.command(self.setup.role, &self.data());
        if self.setup.mute {
            command.env("YUNSHI_LOG", "debug").stderr(full());
        }
        let mut child = command.spawn().expect("the sandbox starts");
        self.document = node::first_line(&mut child).await.expect("the sandbox comes up");
        self.document["url"].as_str().expect("an address").clone_into(&mut self.url);
        self.child = Some(child);
    }

    /// A process of the sandbox on its data.
    fn command(&self, role: &str, data: &Path) -> Command {
        let mut command = Command::new(&self.setup.binary);
        command
            .args(["--json", "sandbox", "--listen", "127.0.0.1:0", "--start", self.setup.start, "--role", role])
            .arg("--data")
            .arg(data)
            .arg("--database")
            .arg(&self.way)
            .arg("--config")
            .arg(self.folder.path().join("yunshi.toml"))
            .env("YUNSHI_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Ends the process at once, as a power cut does.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn kill(&mut self) {
        self.child.take().expect("a running sandbox").kill().await.expect("it is killed");
    }

    /// Asks the process to end.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn ask_to_stop(&self) {
        node::ask_to_stop(self.child.as_ref().expect("a running sandbox")).await;
    }

    /// Asks the process to end, and waits until it did.
    ///
    /// # Panics
    /// When it is not running, or does not end well.
    pub async fn stop(&mut self) {
        self.ask_to_stop().await;
        self.ended().await;
    }

    /// Waits until the process that was asked to has ended.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn ended(&mut self) {
        node::ended(&mut self.child.take().expect("a running sandbox")).await;
    }

    /// The address of the database, for `yunshi verify --database`.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.fresh.url
    }

    /// The processes that are started from here on have other settings.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, settings: &str) {
        std::fs::write(self.folder.path().join("yunshi.toml"), settings).expect("a settings file");
    }

    /// The processes that are started from here on reach the database at another address.
    pub fn through(&mut self, way: &str) {
        way.clone_into(&mut self.way);
    }

    /// Changes what is stored while the process is down.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn execute(&self, statement: &str) {
        self.fresh.execute(statement);
    }

    /// The settings of the sandbox's data folder, so that another process finds its key.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The token of a seeded account.
    ///
    /// # Panics
    /// For an unknown one.
    #[must_use]
    pub fn token(&self, role: &str) -> &str {
        self.document["accounts"][role]["token"].as_str().expect("a seeded account")
    }

    /// A request as a seeded account; the answer's status and document.
    ///
    /// # Panics
    /// When the server does not answer JSON.
    pub async fn send(&self, role: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if role != "nobody" {
            request = request.bearer_auth(self.token(role));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {status} {text:?} is not JSON")))
    }

    /// The same write sent eight times at once; the answers.
    ///
    /// # Panics
    /// As [`Self::send`].
    pub async fn at_once(&self, role: &str, method: &str, path: &str, body: &Value) -> Vec<(u16, Value)> {
        join_all((0..8).map(|_| self.send(role, method, path, Some(body)))).await
    }

    /// # Panics
    /// Unless the answer is 200.
    pub async fn get(&self, role: &str, path: &str) -> Value {
        let (status, value) = self.send(role, "GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {value}");
        value
    }

    /// # Panics
    /// Unless the answer is 200.
    pub async fn post(&self, role: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.send(role, "POST", path, Some(&body)).await;
        assert_eq!(status, 200, "POST {path}: {value}");
        value
    }

    /// The status and code of a write that is refused.
    ///
    /// # Panics
    /// When it is not.
    pub async fn refused(&self, role: &str, path: &str, body: Value) -> (u16, String) {
        let (status, value) = self.send(role, "POST", path, Some(&body)).await;
        assert!(status >= 400, "POST {path} was not refused: {value}");
        (status, value["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Moves the clock; everything due happens before this returns.
    pub async fn advance(&self, by: &str) -> Value {
        self.post("operator", "/api/v1/sandbox/clock/advance", json!({ "by": by })).await
    }

    /// Does what is due now.
    pub async fn settle(&self) {
        self.advance("0m").await;
    }

    /// Makes the built-in seller misbehave for a product.
    pub async fn fault(&self, product: &str, fault: &str) {
        self.post("operator", "/api/v1/sandbox/faults", json!({ "product": product, "fault": fault })).await;
    }

    /// Places and pays an order of the product `backup`, smallest combination.
    pub async fn buy(&self, period: &str) -> Value {
        self.post("buyer", "/api/v1/orders", json!({ "choice": choice(period), "pay": true })).await
    }

    /// The order as it stands now.
    pub async fn order(&self, order: &Value) -> Value {
        self.get("buyer", &format!("/api/v1/orders/{}", number(order))).await
    }

    /// Buys and waits until the seller has opened it: the order and its instance.
    pub async fn buy_open(&self, period: &str) -> (Value, String) {
        let placed = self.buy(period).await;
        self.settle().await;
        let order = self.order(&placed).await;
        assert_eq!(order["state"], "completed", "{order}");
        let instance = instance_of(&order);
        (order, instance)
    }

    /// An instance as its buyer sees it.
    pub async fn instance(&self, id: &str) -> Value {
        self.get("buyer", &format!("/api/v1/instances/{id}")).await
    }

    /// The case of an order under service supervision, as a side sees it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn case(&self, role: &str, order: &Value) -> Value {
        let found = self.get(role, &format!("/api/v1/supervision?as={role}&order_number={}", number(order))).await;
        let id = found["cases"][0]["id"].as_str().unwrap_or_else(|| panic!("a case: {found}"));
        self.get(role, &format!("/api/v1/supervision/{id}?as={role}")).await
    }

    /// Does something in a case as a side; the case as it is then.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn act(&self, role: &str, case: &Value, body: Value) -> Value {
        self.post(role, &act_path(role, case), body).await
    }

    /// Likewise, refused: status and code.
    pub async fn act_refused(&self, role: &str, case: &Value, body: Value) -> (u16, String) {
        self.refused(role, &act_path(role, case), body).await
    }

    /// Sends a file to a case; its id.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send_file(&self, role: &str, case: &Value, kind: &str, name: &str, bytes: &[u8]) -> String {
        let (status, answer) = self.try_file(role, case, (kind, name), bytes).await;
        assert_eq!(status, 200, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Sends a file to a case; status and answer.
    ///
    /// # Panics
    /// When the server does not answer JSON.
    pub async fn try_file(&self, role: &str, case: &Value, (kind, name): (&str, &str), bytes: &[u8]) -> (u16, Value) {
        let url = format!("{}/api/v1/supervision/{}/documents", self.url, case["id"].as_str().expect("a case"));
        let request = self.http.post(url).query(&[("as", role), ("kind", kind), ("name", name)]);
        let response = request.bearer_auth(self.token(role)).body(bytes.to_vec()).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// What the buyer's wallet holds.
    pub async fn balance(&self) -> String {
        self.get("buyer", "/api/v1/wallet").await["balance"]["amount"].as_str().unwrap().to_owned()
    }

    /// The activities that were sent for an instance, in order, with their outcome.
    pub async fn calls(&self, instance: &str) -> Vec<(String, String)> {
        let found = self.get("operator", &format!("/api/v1/calls?limit=100&instance={instance}")).await;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let mut calls: Vec<_> = found["calls"].as_array().unwrap().iter().map(|c| (text(&c["activity"]), text(&c["state"]))).collect();
        calls.reverse();
        calls
    }

    /// Titles of an account's messages by event, newest first.
    pub async fn messages(&self, role: &str) -> Vec<String> {
        let found = self.get(role, "/api/v1/inbox?limit=100").await;
        found["messages"].as_array().unwrap().iter().map(|m| m["event"].as_str().unwrap().to_owned()).collect()
    }

    /// # Panics
    /// When the books do not agree.
    pub async fn verify(&self) {
        let found = self.get("operator", "/api/v1/operator/verify").await;
        assert_eq!(found["ok"], true, "{found:#}");
    }

    /// Waits until the order has a state, in real time.
    ///
    /// # Panics
    /// When it does not in a minute.
    pub async fn wait_for(&self, order: &Value, state: &str) -> Value {
        self.wait_until(order, state, PATIENCE).await
    }

    /// As [`Platform::wait_for`], also when a dead process's lease has to run out first.
    pub async fn wait_for_long(&self, order: &Value, state: &str) -> Value {
        self.wait_until(order, state, 3 * PATIENCE).await
    }

    async fn wait_until(&self, order: &Value, state: &str, patience: Duration) -> Value {
        let until = Instant::now() + patience;
        loop {
            let found = self.order(order).await;
            if found["state"] == state {
                return found;
            }
            assert!(Instant::now() < until, "the order does not become {state}: {found}");
            tokio::task::yield_now().await;
        }
    }
}

/// The smallest combination of the product `backup`.
#[must_use]
pub fn choice(period: &str) -> Value {
    json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "period": period })
}

/// # Panics
/// When the document is no order.
#[must_use]
pub fn number(order: &Value) -> &str {
    order["order_number"].as_str().expect("an order")
}

/// # Panics
/// When the order has no instance.
#[must_use]
pub fn instance_of(order: &Value) -> String {
    order["lines"][0]["instances"][0].as_str().expect("an instance").to_owned()
}

/// Where a role acts in a case.
fn act_path(role: &str, case: &Value) -> String {
    let id = case["id"].as_str().expect("a case");
    if role == "operator" {
        format!("/api/v1/operator/supervision/{id}/actions")
    } else {
        format!("/api/v1/supervision/{id}/actions?as={role}")
    }
}
