//! A seeded platform for measuring: the sandbox fills the database, then `yunshi serve` runs on it alone.

use crate::load::{self, Load, Measured};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const BINARY: &str = "target/release/yunshi";
const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// Buyers who order at the same time, each with a wallet of its own.
const BUYERS: usize = 32;

#[derive(Clone, Copy)]
pub enum Role {
    Buyer,
    Seller,
    Operator,
}

pub struct Platform {
    folder: tempfile::TempDir,
    pub database: String,
    child: Option<Child>,
    pub address: String,
    document: Value,
    buyers: Vec<String>,
    http: reqwest::Client,
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Platform {
    /// Seeds a database of an engine, with many buyers who have money.
    pub async fn seeded(engine: &str, server: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match server {
            None => format!("sqlite:{}", folder.path().join("bench.db").display()),
            Some(server) => {
                let name = format!("bench_{}_{engine}", std::process::id());
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                for sql in [sql, format!("CREATE DATABASE {name}")] {
                    assert!(
                        Command::new("psql")
                            .args(["-q", &format!("{server}/postgres"), "-c", &sql])
                            .stderr(Stdio::null())
                            .status()
                            .unwrap()
                            .success()
                    );
                }
                format!("{server}/{name}")
            }
        };
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut p = Self { folder, database, child: None, address: String::new(), document: Value::Null, buyers: Vec::new(), http };
        p.run_sandbox();
        for n in 0..BUYERS {
            p.add_buyer(n).await;
        }
        p.stop();
        p
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .env("YUNSHI_SECRET_KEY", SECRET)
            .env("YUNSHI_LOG", "error")
            .env("YUNSHI_CONFIG", self.config())
            .stderr(Stdio::inherit());
        command
    }

    /// Settings under which one access key may call as often as it can.
    fn config(&self) -> PathBuf {
        let path = self.folder.path().join("yunshi.toml");
        std::fs::write(&path, "open_api_per_second = 1000000\n").unwrap();
        path
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run_sandbox(&mut self) {
        let data = self.data().display().to_string();
        let args = ["--json", "sandbox", "--listen", "127.0.0.1:0", "--data", &data, "--database", &self.database];
        let mut child = self.command(&args).stdout(Stdio::piped()).spawn().expect("target/release/yunshi");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.document = serde_json::from_str(&line).expect("the sandbox comes up");
        self.address = self.document["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        self.child = Some(child);
    }

    /// Runs on as a sandbox, with workers and the built-in seller.
    pub async fn sandbox(mut self) -> Self {
        self.run_sandbox();
        self
    }

    /// Runs `yunshi serve` without workers on the seeded database.
    pub async fn serve(mut self) -> Self {
        self.stop();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        self.address = port.to_string();
        let files = self.data().join("files").display().to_string();
        let args = ["serve", "--role", "api", "--listen", &self.address, "--database", &self.database, "--files", &files];
        self.child = Some(self.command(&args).stdout(Stdio::null()).spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        while self.http.get(format!("http://{}/healthz", self.address)).send().await.is_err() {
            assert!(Instant::now() < until, "the server does not come up");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn resident_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.as_ref().unwrap().id())).unwrap();
        let kb: u64 = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        kb / 1024
    }

    pub fn token(&self, role: Role) -> String {
        let name = match role {
            Role::Buyer => "buyer",
            Role::Seller => "seller",
            Role::Operator => "operator",
        };
        self.document["accounts"][name]["token"].as_str().unwrap().to_owned()
    }

    pub async fn send(&self, role: Role, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("http://{}{path}", self.address)).bearer_auth(self.token(role));
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_owned()),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn call(&self, token: &str, path: &str, body: Value) -> Value {
        let response = self.http.post(format!("http://{}{path}", self.address)).bearer_auth(token).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// Registers a buyer, gives him a token and money.
    async fn add_buyer(&mut self, n: usize) {
        let (login, password) = (format!("bench-{n}"), "a-password-to-measure");
        let new = json!({
            "login": login, "password": password, "user_name": "B", "account_name": login, "kind": "enterprise",
            "site": "cn", "language": "en",
        });
        let base = format!("http://{}", self.address);
        assert!(self.http.post(format!("{base}/api/v1/accounts")).json(&new).send().await.unwrap().status().is_success());
        let session =
            self.http.post(format!("{base}/api/v1/session")).json(&json!({ "login": login, "password": password })).send().await.unwrap();
        let cookie = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = session.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
        let issue = self.http.post(format!("{base}/api/v1/me/tokens")).header("Cookie", cookie).header("X-CSRF-Token", csrf);
        let issued: Value =
            issue.json(&json!({ "name": "bench", "scopes": ["read", "write"] })).send().await.unwrap().json().await.unwrap();
        let token = issued["token"].as_str().unwrap().to_owned();
        let amount = json!({ "amount": "100000000.00", "currency": "CNY" });
        let transfer = self.call(&token, "/api/v1/wallet/transfers", json!({ "amount": amount, "reference": "bench" })).await;
        let confirm = format!("/api/v1/operator/transfers/{}/confirm", transfer["id"].as_str().unwrap());
        self.call(&self.token(Role::Operator), &confirm, json!({})).await;
        self.buyers.push(token);
    }

    /// The smallest order that is paid at once.
    pub fn order_body() -> String {
        json!({ "choice": { "product": "archive", "specification": "standard", "sku": "starter", "period": "1m" }, "pay": true })
            .to_string()
    }

    /// The token of one of the many buyers.
    pub fn other_buyer(&self) -> &str {
        &self.buyers[0]
    }

    /// Places and pays orders from many buyers, each with an idempotency key that is new under a name of the spell.
    pub async fn place_orders(&self, name: &str, callers: usize, spell: Duration) -> Measured {
        let body = Self::order_body();
        let request = |round: String| {
            let (address, buyers, body) = (self.address.clone(), self.buyers.clone(), body.clone());
            move |caller: usize, n: u64| {
                load::post(&address, "/api/v1/orders", &buyers[caller % buyers.len()], &format!("{round}-{caller}-{n}"), &body)
            }
        };
        Load::of(&self.address, callers, Duration::from_millis(500)).run(request(format!("warm-{name}"))).await;
        Load::of(&self.address, callers, spell).run(request(name.to_owned())).await
    }

    /// AK and SK of a seeded account.
    pub fn access_key(&self, role: &str) -> (String, String) {
        let text = |name: &str| self.document["accounts"][role][name].as_str().unwrap().to_owned();
        (text("access_key"), text("secret_key"))
    }

    /// Opens instances that are billed by use: the seller's names of them, and a key that signs their records.
    pub async fn metered(&self, count: usize) -> (Vec<String>, String) {
        let seller = self.document["accounts"]["seller"]["token"].as_str().unwrap();
        let key = self.call(seller, "/api/v1/seller/keys", json!({ "name": "bench", "class": "basic" })).await;
        for _ in 0..count {
            let body = json!({ "choice": { "product": "transcribe", "specification": "minutes" }, "pay": true });
            self.call(&self.token(Role::Buyer), "/api/v1/orders", body).await;
        }
        let started = Instant::now();
        loop {
            let (_, text) = self.send(Role::Buyer, "GET", "/api/v1/instances?state=running&limit=100", None).await;
            let found: Value = serde_json::from_str(&text).unwrap();
            let of_product = |i: &&Value| i["product"] == "transcribe";
            let names: Vec<String> = found["instances"]
                .as_array()
                .unwrap()
                .iter()
                .filter(of_product)
                .map(|i| i["seller_instance_id"].as_str().unwrap().to_owned())
                .collect();
            if names.len() >= count {
                return (names, key["secret"].as_str().unwrap().to_owned());
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the instances are not opened");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn fault(&self, product: &str, fault: &str) {
        self.call(&self.token(Role::Operator), "/api/v1/sandbox/faults", json!({ "product": product, "fault": fault })).await;
    }

    /// Buys one and says how long it took until it was open.
    pub async fn open_one(&self, product: &str, sku: &str) -> Duration {
        let started = Instant::now();
        self.open_instance(product, sku).await;
        started.elapsed()
    }

    /// Buys one and waits until it is open; its instance.
    pub async fn open_instance(&self, product: &str, sku: &str) -> String {
        let started = Instant::now();
        let body = json!({ "choice": { "product": product, "specification": "standard", "sku": sku, "period": "1m" }, "pay": true });
        let order = self.call(&self.token(Role::Buyer), "/api/v1/orders", body).await;
        let path = format!("/api/v1/orders/{}", order["order_number"].as_str().unwrap());
        loop {
            let (_, text) = self.send(Role::Buyer, "GET", &path, None).await;
            if text.contains(r#""state":"completed""#) {
                let order: Value = serde_json::from_str(&text).unwrap();
                return order["lines"][0]["instances"][0].as_str().unwrap().to_owned();
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the order beside the dead ones is not opened: {text}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
