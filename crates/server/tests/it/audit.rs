//! Every write is audited: each operation of the description that changes something leaves an event with the
//! name of who did it, or is named here with the reason why not. Each is repeated with its key, which changes nothing.

use super::{
    audit_exempt::EXEMPT,
    kit, licence,
    once::{self, Keyed},
    setup,
};
use db::Db;
use reqwest::{RequestBuilder, header::COOKIE};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testdb::Engine;
use testkit::{Platform, Setup, Signed, choice, instance_of, number};

pub(crate) struct Audit {
    pub p: Platform,
    db: Db,
    /// Method and path, with `{…}`, to the operation's id.
    operations: Vec<(String, String, String)>,
    seen: BTreeSet<String>,
    /// Operations that were repeated with their key.
    pub repeated: BTreeSet<String>,
    last: i64,
}

impl Audit {
    async fn start() -> Self {
        let p = Platform::start(Setup { config: "call_total_seconds = 2.0\n", ..setup(Engine::Sqlite) }).await;
        let db = Db::open(p.database(), &db::Options::default()).unwrap();
        let document = p.get("nobody", "/api/v1/openapi.json").await;
        let mut operations = vec![];
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(m, _)| *m != "get") {
                operations.push((method.to_uppercase(), path.clone(), operation["operationId"].as_str().unwrap().to_owned()));
            }
        }
        let mut audit = Self { p, db, operations, seen: BTreeSet::new(), repeated: BTreeSet::new(), last: 0 };
        audit.news().await;
        audit
    }

    /// The actors of the events since the last look.
    pub(crate) async fn news(&mut self) -> Vec<String> {
        let since = self.last;
        let events = self.db.read(move |tx| store::event::any_between(tx, since, i64::MAX, 10_000)).await.unwrap();
        self.last = events.last().map_or(since, |e| e.seq);
        events.into_iter().map(|e| e.actor).collect()
    }

    fn operation(&self, method: &str, path: &str) -> String {
        let fits = |template: &str| {
            let (a, b): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(t, s)| t == s || t.starts_with('{'))
        };
        let mut fitting: Vec<_> = self.operations.iter().filter(|(m, template, _)| m == method && fits(template)).collect();
        fitting.sort_by_key(|(_, template, _)| template.matches('{').count());
        fitting.first().unwrap_or_else(|| panic!("no operation {method} {path}")).2.clone()
    }

    pub(crate) async fn audited(&mut self, method: &str, path: &str, user: &str) {
        let operation = self.operation(method, path);
        let actors = self.news().await;
        assert!(actors.iter().any(|a| a.ends_with(user)), "{operation} left no event of {user}: {actors:?}");
        self.seen.insert(operation);
    }

    /// Does a write as a seeded account and looks for its event.
    pub(crate) async fn act(&mut self, role: &str, method: &str, path: &str, body: Value) -> Value {
        let request = self.request(role, method, path).json(&body);
        self.sent(role, method, path, request).await
    }

    /// Sends a file, likewise.
    pub(crate) async fn sent_file(&mut self, role: &str, path: &str, bytes: &[u8]) -> Value {
        let request = self.request(role, "POST", path).body(bytes.to_vec());
        self.sent(role, "POST", path, request).await
    }

    fn request(&self, role: &str, method: &str, path: &str) -> RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.p.http.request(method, format!("{}{path}", self.p.url)).bearer_auth(self.p.token(role))
    }

    /// Sends a write, looks for its event, and repeats it: no further event comes of that.
    async fn sent(&mut self, role: &str, method: &str, path: &str, request: RequestBuilder) -> Value {
        let user = self.p.get(role, "/api/v1/me").await["user_name"].as_str().unwrap().to_owned();
        self.news().await;
        let (what, keyed) = (format!("{method} {path}"), Keyed::new(request));
        let first = keyed.first(&what).await;
        let path = path.split('?').next().unwrap();
        self.audited(method, path, &user).await;
        keyed.again(&what, &first).await;
        assert!(self.news().await.iter().all(|a| !a.ends_with(&user)), "{what} was done twice");
        self.repeated.insert(self.operation(method, path));
        serde_json::from_str(&first).unwrap()
    }

    /// Does a write that leaves no event, twice with one key.
    pub(crate) async fn repeat(&mut self, role: &str, method: &str, path: &str, body: Value) -> Value {
        let (what, keyed) = (format!("{method} {path}"), Keyed::new(self.request(role, method, path).json(&body)));
        let first = keyed.first(&what).await;
        keyed.again(&what, &first).await;
        self.repeated.insert(self.operation(method, path));
        serde_json::from_str(&first).unwrap()
    }

    /// Does a write that is signed with the access key of a seeded account.
    async fn signed(&mut self, role: &str, path: &str, content_type: &'static str, body: Vec<u8>) -> Value {
        let user = self.p.get(role, "/api/v1/me").await["user_name"].as_str().unwrap().to_owned();
        self.news().await;
        let (status, answer) = self.p.send_signed(&Signed { body, content_type, ..self.p.signed(role, "POST", path) }).await;
        let good = ["MKT.0000", "92020000"].contains(&answer["error_code"].as_str().unwrap());
        assert!(status == 200 && good, "{path}: {status} {answer}");
        self.audited("POST", path, &user).await;
        answer
    }

    /// Does a write in a browser's session.
    async fn in_session(&mut self, session: &(String, String), method: &str, path: &str, body: Value) {
        self.news().await;
        let method_ = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.p.http.request(method_, format!("{}{path}", self.p.url)).header(COOKIE, &session.0);
        let keyed = Keyed::new(request.header("X-CSRF-Token", &session.1).json(&body));
        let first = keyed.first(path).await;
        self.audited(method, path, "Newcomer").await;
        if path != "/api/v1/session" {
            keyed.again(path, &first).await;
            self.repeated.insert(self.operation(method, path));
        }
    }

    async fn log_in(&mut self) -> (String, String) {
        let body = json!({ "login": "newcomer", "password": "a-password-to-audit" });
        let answer = self.p.http.post(format!("{}/api/v1/session", self.p.url)).json(&body).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = answer.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
        self.audited("POST", "/api/v1/session", "Newcomer").await;
        (cookie, csrf)
    }
}

pub(crate) fn id(v: &Value) -> &str {
    v["id"].as_str().unwrap()
}

async fn people(a: &mut Audit) {
    let new = json!({
        "login": "newcomer", "password": "a-password-to-audit", "user_name": "Newcomer", "account_name": "Newcomer Ltd",
        "kind": "enterprise", "site": "cn", "language": "en",
    });
    assert_eq!(a.p.send("nobody", "POST", "/api/v1/accounts", Some(&new)).await.0, 200);
    // Nobody is logged in yet: the event names the system, and the new account in what it is about.
    a.audited("POST", "/api/v1/accounts", "system").await;
    let (first, second) = (a.log_in().await, a.log_in().await);
    let listed: Value =
        a.p.http.get(format!("{}/api/v1/me/sessions", a.p.url)).header(COOKIE, &first.0).send().await.unwrap().json().await.unwrap();
    let other = listed["sessions"].as_array().unwrap().iter().find(|s| s["present"] == false).unwrap();
    assert_eq!(other["address"], "127.0.0.1");
    let path = format!("/api/v1/me/sessions/{}", id(other));
    a.in_session(&first, "DELETE", &path, json!({})).await;
    drop(second);
    a.in_session(&first, "DELETE", "/api/v1/me/sessions", json!({})).await;
    let change = json!({ "old_password": "a-password-to-audit", "new_password": "another-password-to-audit" });
    a.in_session(&first, "POST", "/api/v1/me/password", change).await;
    a.in_session(&first, "DELETE", "/api/v1/session", json!({})).await;
    let token = a.act("buyer", "POST", "/api/v1/me/tokens", json!({ "name": "t", "scopes": ["read"] })).await;
    a.act("buyer", "DELETE", &format!("/api/v1/me/tokens/{}", id(&token)), json!({})).await;
    let key = a.act("buyer", "POST", "/api/v1/me/access-keys", json!({ "name": "k", "scopes": ["read"] })).await;
    let path = format!("/api/v1/me/access-keys/{}", id(&key));
    a.act("buyer", "PUT", &path, json!({ "enabled": false })).await;
    a.act("buyer", "DELETE", &path, json!({})).await;
}

async fn sellers(a: &mut Audit) {
    let profile = json!({
        "company_name": "Newcomer Ltd", "website": "https://newcomer.example", "contact_name": "N", "contact_mobile": "13800000000",
        "contact_mailbox": "n@newcomer.example", "address": "1 Road", "service_phone": "400", "service_mailbox": "s@newcomer.example",
        "business_licence_number": "91", "introduction": "We are new.",
    });
    let account = |a: &Audit, role: &str| a.p.document["accounts"][role]["account_id"].as_str().unwrap().to_owned();
    a.act("buyer2", "PUT", "/api/v1/seller/profile", profile.clone()).await;
    let path = format!("/api/v1/operator/sellers/{}", account(a, "buyer2"));
    a.act("operator", "POST", &format!("{path}/reject"), json!({ "reason": "no licence" })).await;
    a.act("buyer2", "PUT", "/api/v1/seller/profile", profile).await;
    a.act("operator", "POST", &format!("{path}/approve"), json!({})).await;
    let key = a.act("buyer2", "POST", "/api/v1/seller/keys", json!({ "name": "spare", "class": "basic" })).await;
    a.act("buyer2", "DELETE", &format!("/api/v1/seller/keys/{}", id(&key)), json!({})).await;
    a.act("buyer2", "PUT", "/api/v1/seller/keys/by-name/main", json!({ "class": "basic", "secret": "a-secret-to-audit" })).await;
    let domain = a.act("buyer2", "POST", "/api/v1/seller/domains", json!({ "name": "shop.example" })).await;
    a.act("buyer2", "DELETE", &format!("/api/v1/seller/domains/{}", id(&domain)), json!({})).await;
    let url = format!("{}/sandbox/seller/audit", a.p.url);
    a.act("buyer2", "PUT", "/api/v1/seller/addresses/by-name/main", json!({ "url": url, "key": "main" })).await;
}

async fn products(a: &mut Audit) {
    let listed = a.p.get("seller", "/api/v1/seller/products?key=backup").await;
    let product = id(&listed["products"][0]).to_owned();
    let whole = a.p.get("seller", &format!("/api/v1/seller/products/{product}")).await;
    let mut listing = whole["revisions"][0]["listing"].clone();
    let address = listing["interface_address"].as_str().unwrap().to_owned();
    a.act("seller", "POST", &format!("/api/v1/seller/addresses/{address}/debug"), json!({ "save": true })).await;
    for (round, decision) in [("one", "withdraw"), ("two", "reject"), ("three", "approve")] {
        listing["name"]["en"] = json!(format!("Backup {round}"));
        a.act("seller", "PUT", "/api/v1/seller/products/by-key/backup", listing.clone()).await;
        let open = a.p.get("seller", "/api/v1/applications?state=draft").await;
        let application = id(&open["applications"][0]).to_owned();
        a.act("seller", "POST", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
        let path = format!("/api/v1/operator/applications/{application}");
        match decision {
            "withdraw" => a.act("seller", "POST", &format!("/api/v1/seller/applications/{application}/withdraw"), json!({})).await,
            "reject" => a.act("operator", "POST", &format!("{path}/reject"), json!({ "reason": "look again" })).await,
            _ => a.act("operator", "POST", &format!("{path}/approve"), json!({})).await,
        };
    }
    let own = format!("/api/v1/seller/products/{product}");
    a.act("seller", "POST", &format!("{own}/public"), json!({ "public": false })).await;
    let operators = format!("/api/v1/operator/products/{product}");
    a.act("operator", "POST", &format!("{operators}/freeze"), json!({ "reason": "probes fail" })).await;
    a.act("operator", "POST", &format!("{operators}/unfreeze"), json!({ "reason": "repaired" })).await;
    a.act("seller", "POST", &format!("{own}/stop"), json!({ "reason": "end of life" })).await;
}

async fn orders(a: &mut Audit) {
    let unpaid = a.act("buyer", "POST", "/api/v1/orders", json!({ "choice": choice("1m") })).await;
    a.act("buyer", "POST", &format!("/api/v1/orders/{}/cancel", number(&unpaid)), json!({})).await;
    let order = a.act("buyer", "POST", "/api/v1/orders", json!({ "choice": choice("1m") })).await;
    a.act("buyer", "POST", &format!("/api/v1/orders/{}/pay", number(&order)), json!({})).await;
    let order = a.p.wait_for(&order, "completed").await;
    let instance = format!("/api/v1/instances/{}", instance_of(&order));
    a.act("buyer", "POST", &format!("{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
    a.act("buyer", "PUT", &format!("{instance}/auto-renewal"), json!({ "period": "1m" })).await;
    a.p.settle().await;
    let change = a.act("buyer", "POST", &format!("{instance}/change"), json!({ "sku": "basic/10", "pay": true })).await;
    a.p.wait_for(&change, "completed").await;
    let by_use = json!({ "choice": { "product": "transcribe", "specification": "minutes" } });
    let by_use = a.act("buyer", "POST", "/api/v1/orders", by_use).await;
    let by_use = a.p.wait_for(&by_use, "completed").await;
    let cap = json!({ "amount": { "amount": "500.00", "currency": "CNY" }, "action": "refuse" });
    a.act("buyer", "PUT", &format!("/api/v1/instances/{}/usage-cap", instance_of(&by_use)), cap).await;
    a.act("buyer", "POST", &format!("/api/v1/instances/{}/release", instance_of(&by_use)), json!({})).await;
    let operators = format!("/api/v1/operator/instances/{}", instance_of(&order));
    a.act("operator", "POST", &format!("{operators}/freeze"), json!({ "reason": "spam" })).await;
    a.act("operator", "POST", &format!("{operators}/unfreeze"), json!({})).await;
    a.p.settle().await;
    a.act("buyer", "POST", &format!("/api/v1/orders/{}/unsubscribe", number(&order)), json!({})).await;
    let mut trial = choice("7d");
    trial["trial"] = json!(true);
    trial.as_object_mut().unwrap().remove("period");
    let trial = a.act("buyer", "POST", "/api/v1/orders", json!({ "choice": trial })).await;
    let trial = a.p.wait_for(&trial, "completed").await;
    a.act("buyer", "POST", &format!("/api/v1/instances/{}/convert", instance_of(&trial)), json!({ "period": "1m", "pay": true })).await;
    a.act("buyer", "POST", "/api/v1/orders-exports", json!({})).await;
    a.p.settle().await;
    a.p.fault("backup", "http_500").await;
    let failing = a.p.buy("1m").await;
    let calls = format!("/api/v1/calls?order={}", number(&failing));
    let call = loop {
        let call = a.p.get("seller", &calls).await["calls"][0].clone();
        if call["last_error"].is_string() {
            break call;
        }
        tokio::task::yield_now().await;
    };
    a.act("seller", "POST", &format!("/api/v1/calls/{}/restart", id(&call)), json!({})).await;
    let again = loop {
        let again = a.p.get("seller", &calls).await["calls"][0].clone();
        if again["next_attempt_at"].is_string() && again["attempts"].as_i64() > call["attempts"].as_i64() {
            break again;
        }
        tokio::task::yield_now().await;
    };
    a.act("seller", "POST", "/api/v1/calls/restart", json!({ "ids": [again["id"]] })).await;
}

async fn storefront(a: &mut Audit) {
    let product = a.p.get("nobody", "/api/v1/products/helpdesk").await["id"].clone();
    let floors = json!({ "floors": [{ "name": { "zh": "精选", "en": "Chosen" }, "products": [product] }] });
    a.act("operator", "PUT", "/api/v1/operator/floors", floors).await;
    let cart = a.p.post("buyer", "/api/v1/cart", json!({ "product": "helpdesk", "specification": "standard", "period": "1m" })).await;
    let line = &cart["lines"][0];
    let bought = json!({ "lines": [{ "line": line["id"], "version": line["version"] }], "total": cart["total"], "pay": false });
    a.act("buyer", "POST", "/api/v1/cart/buy", bought).await;
    a.sent_file("seller", "/api/v1/pictures?kind=main", include_bytes!("../../seed/pictures/archive-1.png")).await;
}

async fn assets(a: &mut Audit) {
    let add = |kind: &str| json!({ "name": kind, "kind": kind });
    let image = a.act("seller", "POST", "/api/v1/seller/assets", add("image")).await;
    let lies = json!({ "version": "1", "region": "r", "image_id": "i", "image_name": "n", "os_type": "Linux", "architecture": "x86" });
    a.act("seller", "POST", &format!("/api/v1/seller/assets/{}/images", id(&image)), lies).await;
    let package = a.act("seller", "POST", "/api/v1/seller/assets", add("software_package")).await;
    let path = format!("/api/v1/seller/assets/{}", id(&package));
    a.sent_file("seller", &format!("{path}/packages?version=1&file_name=a.zip"), b"bytes").await;
    let product = a.p.get("nobody", "/api/v1/products/backup").await["id"].as_str().unwrap().to_owned();
    let links = format!("{path}/links?product={product}&specification=standard");
    for method in ["PUT", "DELETE"] {
        a.act("seller", method, &links, json!({})).await;
    }
    a.act("seller", "DELETE", &path, json!({})).await;
}

const OPEN: &str = "/api/mkp-openapi-public/global";

async fn licences(a: &mut Audit) {
    let json = "application/json";
    let mut codes = vec![];
    for _ in 0..2 {
        let made = a.act("seller", "POST", "/api/v1/seller/test-codes", json!({})).await;
        codes.push(made["code"].as_str().unwrap().to_owned());
    }
    for (version, body) in [("v1", json!({ "license": codes[0] })), ("v2", json!({ "license_list": [codes[1]] }))] {
        a.signed("seller", &format!("{OPEN}/{version}/license/activate"), json, body.to_string().into_bytes()).await;
    }
    let address = licence::address(&a.p, "license-online", "basic").await;
    licence::list_as(&a.p, "license_online", Some(&address)).await;
    let choice = json!({ "product": "shield", "specification": "standard", "period": "1y" });
    let order = a.p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    let order = a.p.wait_for(&order, "completed").await;
    let asked = a.act("buyer", "POST", &format!("/api/v1/instances/{}/licence-applications", instance_of(&order)), json!({})).await;
    let said = json!({ "type": "CHARACTERS", "characters": "ABCD" });
    let body = format!("--b\r\nContent-Disposition: form-data; name=\"isvUpdateFileReq\"\r\n\r\n{said}\r\n--b--\r\n");
    let path = format!("{OPEN}/v1/market-event/{}/file", asked["event_id"].as_str().unwrap());
    a.signed("seller", &path, "multipart/form-data; boundary=b", body.into_bytes()).await;
    let helpdesk = json!({ "orders": [{ "product_id": "helpdesk", "specification": "standard", "period": "1m" }] }).to_string();
    let made = a.signed("buyer", &format!("{OPEN}/v1/order/batch-order"), json, helpdesk.into_bytes()).await;
    let cancel = json!({ "order_ids": [made["orders"][0]["order_id"]] }).to_string();
    a.signed("buyer", &format!("{OPEN}/v1/order/batch-cancel"), json, cancel.into_bytes()).await;
    let listed = a.p.get("seller", "/api/v1/seller/products?key=assess").await;
    a.act("seller", "POST", &format!("/api/v1/seller/products/{}/probe", id(&listed["products"][0])), json!({})).await;
}

async fn organisation(a: &mut Audit) {
    let department = "/api/v1/departments/rd";
    a.act("buyer", "PUT", department, json!({ "name": "研发" })).await;
    let invitation = |login: &str| json!({ "login": login, "name": login, "role": "member" });
    let invited = a.act("buyer", "POST", "/api/v1/invitations", invitation("withdrawn")).await;
    a.act("buyer", "DELETE", &format!("/api/v1/invitations/{}", id(&invited)), json!({})).await;
    let invited = a.act("buyer", "POST", "/api/v1/invitations", invitation("joiner")).await;
    a.news().await;
    let path = format!("/api/v1/join/{}", invited["secret"].as_str().unwrap());
    let joined = a.p.post("nobody", &path, json!({ "password": "a-password-to-audit", "language": "en" })).await;
    // Nobody is logged in yet.
    a.audited("POST", &path, "system").await;
    let user = joined["user_id"].as_str().unwrap().to_owned();
    let colleague = format!("/api/v1/colleagues/{user}");
    a.act("buyer", "PUT", &colleague, json!({ "name": "Joiner", "role": "member" })).await;
    let application = kit::application(&a.p).await;
    let by_product = "/api/v1/seller/sign-on-applications/by-product/shield";
    a.act("seller", "PUT", by_product, application).await;
    a.act("seller", "POST", &format!("{by_product}/secret"), json!({})).await;
    let choice = json!({ "product": "shield", "specification": "standard", "period": "1y" });
    let order = a.p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    let order = a.p.wait_for(&order, "completed").await;
    let binding = format!("/api/v1/instances/{}/sign-on", instance_of(&order));
    a.p.fault("shield", "http_500").await;
    a.act("buyer", "POST", &binding, json!({})).await;
    a.p.settle().await;
    a.p.fault("shield", "none").await;
    a.act("buyer", "POST", &format!("{binding}/retry"), json!({})).await;
    a.p.settle().await;
    a.act("buyer", "POST", &format!("{binding}/grants"), json!({ "users": [user], "role": "user" })).await;
    a.act("buyer", "DELETE", &format!("{binding}/grants/{user}"), json!({})).await;
    a.act("buyer", "DELETE", &binding, json!({})).await;
    a.act("buyer", "DELETE", &colleague, json!({})).await;
    a.act("buyer", "DELETE", department, json!({})).await;
    a.act("operator", "POST", "/api/v1/operator/signing-keys", json!({})).await;
}

/// A subscription by Azure's interface, whose answers have no body.
async fn neighbours(a: &mut Audit) {
    let address =
        json!({ "url": "http://127.0.0.1:9/hook", "key": "neighbour", "protocol": "saas-azure", "landing_page": "http://127.0.0.1:9/" });
    super::aws::list_copy(&a.p, "backup", "vault", address).await;
    let choice = json!({ "product": "vault", "specification": "standard", "sku": "basic/5", "period": "1m" });
    let instance = super::aws::bought(&a.p, choice).await;
    let landing = a.act("buyer", "POST", &format!("/api/v1/instances/{instance}/set-up"), json!({})).await;
    let token = landing["token"].as_str().unwrap();
    let root = format!("{}/azure/api/saas/subscriptions", a.p.url);
    let (http, bearer) = (a.p.http.clone(), a.p.token("seller").to_owned());
    let send = async |method: &str, path: &str, body: Value| {
        let url = format!("{root}/{path}?api-version=2018-08-31");
        let request = http.request(method.parse().unwrap(), url).bearer_auth(&bearer).header("x-ms-marketplace-token", token).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap_or_default())
    };
    let id = send("POST", "resolve", json!({})).await.1["id"].as_str().unwrap().to_owned();
    let user = a.p.get("seller", "/api/v1/me").await["user_name"].as_str().unwrap().to_owned();
    a.news().await;
    assert_eq!(send("POST", &format!("{id}/activate"), json!({})).await.0, 200);
    a.audited("POST", &format!("/azure/api/saas/subscriptions/{id}/activate"), &user).await;
    assert_eq!(send("PATCH", &id, json!({ "planId": "standard.pro.5" })).await.0, 202);
    a.audited("PATCH", &format!("/azure/api/saas/subscriptions/{id}"), &user).await;
    let open = a.p.instance(&instance).await["open_order"].as_str().unwrap().to_owned();
    a.p.post("buyer", &format!("/api/v1/orders/{open}/pay"), json!({})).await;
    let operation = loop {
        let found = send("GET", &format!("{id}/operations"), json!({})).await.1["operations"][0].clone();
        let calls = a.p.get("seller", &format!("/api/v1/calls?order={open}")).await;
        if calls["calls"][0]["attempts"].as_i64().is_some_and(|n| n > 0) {
            break found["id"].as_str().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    };
    a.news().await;
    let path = format!("{id}/operations/{operation}");
    assert_eq!(send("PATCH", &path, json!({ "status": "Success" })).await.0, 200);
    a.audited("PATCH", &format!("/azure/api/saas/subscriptions/{path}"), &user).await;
    assert_eq!(send("DELETE", &id, json!({})).await.0, 202);
    a.audited("DELETE", &format!("/azure/api/saas/subscriptions/{id}"), &user).await;
}

async fn money(a: &mut Audit) {
    for decision in ["confirm", "refuse"] {
        let transfer = json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reference": decision });
        let transfer = a.act("buyer", "POST", "/api/v1/wallet/transfers", transfer).await;
        let path = format!("/api/v1/operator/transfers/{}/{decision}", id(&transfer));
        a.act("operator", "POST", &path, if decision == "confirm" { json!({}) } else { json!({ "reason": "not there" }) }).await;
    }
}

#[tokio::test]
async fn every_write_leaves_an_event_with_the_name_of_who_did_it() {
    let mut a = Audit::start().await;
    people(&mut a).await;
    sellers(&mut a).await;
    orders(&mut a).await;
    money(&mut a).await;
    a.p.fault("backup", "none").await;
    products(&mut a).await;
    storefront(&mut a).await;
    assets(&mut a).await;
    licences(&mut a).await;
    organisation(&mut a).await;
    super::audit_supervision::all(&mut a).await;
    neighbours(&mut a).await;
    let exempt: BTreeSet<String> = EXEMPT.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    let missing: Vec<&String> =
        a.operations.iter().map(|(_, _, operation)| operation).filter(|o| !a.seen.contains(*o) && !exempt.contains(*o)).collect();
    assert!(missing.is_empty(), "writes that this test does not try: {missing:?}");
    once::rest(&mut a).await;
    a.p.verify().await;
}
