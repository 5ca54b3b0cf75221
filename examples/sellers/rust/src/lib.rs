//! A complete seller: verifies the marketplace's signature, opens, shows, renews, freezes, upgrades and releases
//! instances of SaaS 2.0 and 1.0, gives licences of 1.x, takes applications of on-line opening, hears of codes and orders.
//! The marketplace posts in 2.0 and asks by GET in 1.0. Instances are kept in memory and, if you like, in a journal: a file
//! to which every change is appended, read again at the start. Yours will keep them in a database.
//!
//! For experiments it can misbehave: see [`Fault`].

mod fault;

pub use fault::Fault;

use axum::{
    Router,
    extract::{Path, Query, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path as FilePath,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use wire::{
    kit, licence_online, order_notify,
    saas_v1::{
        self,
        secret::{self, Strength},
    },
    saas_v2::{self, Request, Status},
};

/// One instance as the seller sees it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Instance {
    pub id: String,
    /// The order line that it was created for.
    pub line: String,
    pub frozen: bool,
    pub released: bool,
    pub upgraded: bool,
    pub expires: Option<String>,
    questions: u32,
}

#[derive(Default)]
struct Memory {
    /// By order line: the same line gives the same instance, however often it is asked for.
    lines: HashMap<String, String>,
    instances: HashMap<String, Instance>,
    faults: HashMap<String, Fault>,
    received: Vec<String>,
    journal: Option<File>,
}

impl Memory {
    fn put(&mut self, instance: Instance) {
        self.lines.insert(instance.line.clone(), instance.id.clone());
        self.instances.insert(instance.id.clone(), instance);
    }

    /// Appends an instance as it is now; what cannot be written is not answered as done.
    fn record(&mut self, id: &str) -> std::io::Result<()> {
        let (Some(journal), Some(instance)) = (&mut self.journal, self.instances.get(id)) else {
            return Ok(());
        };
        journal.write_all(format!("{}\n", serde_json::to_string(instance)?).as_bytes())
    }
}

/// The seller; cheap to clone.
#[derive(Clone)]
pub struct Seller {
    key: Arc<str>,
    base_url: Arc<str>,
    memory: Arc<Mutex<Memory>>,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Seller {
    /// A seller with an access key, reached at `base_url`.
    #[must_use]
    pub fn new(key: &str, base_url: &str) -> Self {
        Self { key: key.into(), base_url: base_url.trim_end_matches('/').into(), memory: Arc::default(), clock: Arc::new(now_ms) }
    }

    /// Judges the freshness of requests by another clock, in milliseconds since 1970.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Remembers in a journal, and reads what it holds.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn with_journal(self, path: &FilePath) -> std::io::Result<Self> {
        {
            let mut memory = self.memory();
            if let Ok(file) = File::open(path) {
                // The last line may be torn by a power cut; it was not answered.
                let lines = BufReader::new(file).lines().map_while(Result::ok);
                lines.filter_map(|line| serde_json::from_str(&line).ok()).for_each(|instance| memory.put(instance));
            }
            memory.journal = Some(File::options().create(true).append(true).open(path)?);
        }
        Ok(self)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the server of a product misbehave; `*` stands for all products.
    pub fn set_fault(&self, product: &str, fault: Fault) {
        let mut memory = self.memory();
        if product == "*" {
            memory.faults.clear();
        }
        memory.faults.insert(product.to_owned(), fault);
    }

    /// The faults that are set, by product.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, Fault)> {
        let mut all: Vec<_> = self.memory().faults.iter().map(|(product, fault)| (product.clone(), *fault)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.retain(|(_, fault)| *fault != Fault::None);
        all
    }

    fn fault(&self, product: &str) -> Fault {
        let memory = self.memory();
        memory.faults.get(product).or_else(|| memory.faults.get("*")).copied().unwrap_or(Fault::None)
    }

    /// What the seller has, for tests and for the curious.
    #[must_use]
    pub fn instances(&self) -> Vec<Instance> {
        self.memory().instances.values().cloned().collect()
    }

    /// The activities that came, in order.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        self.memory().received.clone()
    }

    /// The routes: `POST /{product}` for the marketplace (`GET` in 1.0), and a page for each instance.
    pub fn router(self) -> Router {
        Router::new()
            .route("/{product}", post(produce).get(produce_v1))
            .route("/{product}/produceAPI/{call}", post(sync_v1))
            .route("/{product}/produceAPI/v2/{call}", post(sync))
            .route("/{product}/app/{id}", get(page))
            .with_state(self)
    }

    /// The business of it: what a request does, and the answer.
    fn handle(&self, product: &str, request: &Request, fault: Fault) -> Value {
        let mut memory = self.memory();
        memory.received.push(request.activity().to_owned());
        match request {
            Request::NewInstance { order, business_id } => {
                // Debugging orders are the same for all products of a server.
                create(&mut memory, &format!("{product} {}", order.order_line_id), business_id, fault)
            }
            Request::QueryInstance { instance_ids } => {
                let info: Vec<Value> =
                    instance_ids.iter().filter_map(|id| self.info(memory.instances.get_mut(id)?, product, fault)).collect();
                json!({ "resultCode": "000000", "resultMsg": "success", "info": info })
            }
            Request::RefreshInstance { instance_id, expire_time, .. } => {
                change(&mut memory, instance_id, |i| i.expires = Some(expire_time.clone()))
            }
            Request::UpdateInstanceStatus { instance_id, status } => {
                change(&mut memory, instance_id, |i| i.frozen = *status == Status::Freeze)
            }
            Request::UpgradeInstance { instance_id, .. } => change(&mut memory, instance_id, |i| i.upgraded = true),
            Request::ChangeInstanceCheck { instance_id, .. } => change(&mut memory, instance_id, |_| ()),
            Request::ReleaseInstance { instance_id, .. } => change(&mut memory, instance_id, |i| i.released = true),
        }
    }

    /// The same in 1.0, where the order is named without its line and the data come with the creation.
    fn handle_v1(&self, product: &str, sent: &BTreeMap<String, String>, fault: Fault) -> Value {
        let get = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
        let (activity, id) = (get("activity"), get("instanceId"));
        let mut memory = self.memory();
        memory.received.push(activity.to_owned());
        match activity {
            "newInstance" => {
                let mut made = create(&mut memory, &format!("{product} {} {}", get("orderId"), get("productId")), get("businessId"), fault);
                let id = made["instanceId"].as_str().unwrap_or_default().to_owned();
                if fault != Fault::NoData && !id.is_empty() {
                    made["encryptType"] = json!("1");
                    made["appInfo"] = self.app_v1(product, &id);
                }
                made
            }
            // Licence 1.x: the licence comes with the purchase, and the same one each time.
            "getLicense" => {
                let mut made = create(&mut memory, &format!("{product} {} {}", get("orderId"), get("productId")), get("businessId"), fault);
                if fault != Fault::NoData {
                    made["license"] = json!(format!("LICENCE-{}", made["instanceId"].as_str().unwrap_or_default()));
                }
                made
            }
            "refreshInstance" | "refreshLicense" => change(&mut memory, id, |i| {
                i.expires = Some(get("expireTime").to_owned());
                i.frozen = false;
            }),
            "expireInstance" | "expireLicense" => change(&mut memory, id, |i| i.frozen = true),
            "updateInstanceStatus" => change(&mut memory, id, |i| i.frozen = get("status") == "FREEZE"),
            "upgrade" => change(&mut memory, id, |i| i.upgraded = true),
            "releaseInstance" | "releaseLicense" => change(&mut memory, id, |i| i.released = true),
            "queryInstance" => {
                let known = id.split(',').filter(|id| memory.instances.get(*id).is_some_and(|i| !i.released));
                let info: Vec<Value> = known.map(|id| json!({ "instanceId": id, "appInfo": self.app_v1(product, id) })).collect();
                json!({ "resultCode": "000000", "resultMsg": "success", "info": info })
            }
            other => json!({ "resultCode": "000002", "resultMsg": format!("the activity {other:?} is not known") }),
        }
    }

    /// User name and password are encrypted with the access key, each under 16 letters of its own.
    fn app_v1(&self, product: &str, id: &str) -> Value {
        let iv = |salt: &str| {
            let text = format!("{salt}{}", id.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
            format!("{text:0<16}").chars().take(16).collect::<String>()
        };
        let sealed = |text: &str, salt: &str| secret::encrypt(&self.key, text, &iv(salt), Strength::Aes256);
        json!({
            "frontEndUrl": format!("{}/{product}/app/{id}", self.base_url),
            "userName": sealed("admin", "u"),
            "password": sealed(&format!("pw-{}", id.get(..8).unwrap_or(id)), "p"),
            "memo": "Change the password after the first log-in.",
        })
    }

    /// An answer, signed as 1.0 wants it; 2.0 does not look.
    fn answer(&self, value: &Value) -> Response {
        let body = value.to_string();
        let sign = saas_v1::body_sign(&self.key, body.as_bytes());
        ([(header::CONTENT_TYPE.as_str(), "application/json;charset=utf-8"), ("Body-Sign", &sign)], body).into_response()
    }

    fn code(&self, code: &str) -> Response {
        self.answer(&json!({ "resultCode": code, "resultMsg": format!("fault {code}") }))
    }

    /// Takes note of a call of the kit that is genuine.
    fn synced(&self, genuine: bool, call: String) -> Response {
        if !genuine {
            return self.code("000001");
        }
        self.memory().received.push(call);
        self.answer(&json!({ "resultCode": "000000", "resultMsg": "success" }))
    }

    fn info(&self, instance: &mut Instance, product: &str, fault: Fault) -> Option<Value> {
        instance.questions += 1;
        if fault == Fault::NoData || (fault == Fault::Asynchronous && instance.questions < 3) || instance.released {
            return None;
        }
        let id = &instance.id;
        Some(json!({
            "instanceId": id,
            "appInfo": {
                "frontEndUrl": format!("{}/{product}/app/{id}", self.base_url),
                "adminUrl": format!("{}/{product}/app/{id}?admin", self.base_url),
                "userName": "admin",
                "password": format!("pw-{}", &id[..id.len().min(8)]),
                "memo": "Change the password after the first log-in.",
            },
        }))
    }
}

/// The same order line gives the same instance; a debugging order may come again after its release.
fn create(memory: &mut Memory, line: &str, business_id: &str, fault: Fault) -> Value {
    let id = memory.lines.get(line).cloned().unwrap_or_else(|| business_id.to_owned());
    if memory.instances.get(&id).is_none_or(|i| i.released) {
        let (frozen, released, upgraded, expires, questions) = (false, false, false, None, 0);
        memory.put(Instance { id: id.clone(), line: line.to_owned(), frozen, released, upgraded, expires, questions });
    }
    if memory.record(&id).is_err() {
        return internal_error();
    }
    let result = if fault == Fault::Asynchronous { "000004" } else { "000000" };
    if fault == Fault::NoInstanceId {
        return json!({ "resultCode": "000000", "resultMsg": "success" });
    }
    json!({ "resultCode": result, "resultMsg": "success", "instanceId": id })
}

fn internal_error() -> Value {
    json!({ "resultCode": "000005", "resultMsg": "the change could not be stored" })
}

fn change(memory: &mut Memory, id: &str, how: impl FnOnce(&mut Instance)) -> Value {
    let Some(instance) = memory.instances.get_mut(id) else {
        return json!({ "resultCode": "000003", "resultMsg": "no such instance" });
    };
    how(instance);
    match memory.record(id) {
        Ok(()) => json!({ "resultCode": "000000", "resultMsg": "success" }),
        Err(_) => internal_error(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a seller's own server checks the freshness of a request by its clock")]
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0))
}

async fn produce(
    State(seller): State<Seller>,
    Path(product): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    body: String,
) -> Response {
    let fault = seller.fault(&product);
    if let Some(wrong) = seller.misbehave(fault).await {
        return wrong;
    }
    if let Err(e) = saas_v2::verify(&seller.key, &body, &query, (seller.clock)()) {
        return seller.answer(&json!({ "resultCode": e.result_code(), "resultMsg": e.to_string() }));
    }
    if let Some(told) = told(&body) {
        seller.memory().received.push(told);
        return seller.answer(&json!({ "resultCode": "000000", "resultMsg": "success" }));
    }
    if let Some(id) = applied(&body) {
        let mut memory = seller.memory();
        memory.received.push("getLicenseAsync".to_owned());
        let mut answer = change(&mut memory, &id, |_| ());
        if answer["resultCode"] == "000000" {
            // The licence is uploaded later, under the event's id; see `licence-upload` of examples/clients.
            answer["resultCode"] = json!("000004");
        }
        return seller.answer(&answer);
    }
    match Request::from_body(&body) {
        Ok(request) => seller.answer(&seller.handle(&product, &request, fault)),
        Err(e) => seller.answer(&json!({ "resultCode": "000002", "resultMsg": e.to_string() })),
    }
}

/// What a call tells that asks for no instance: a paid order, of which the seller would now ask what was
/// bought (the order query of the open APIs), or news of a licence code.
fn told(body: &str) -> Option<String> {
    let sent: Value = serde_json::from_str(body).ok()?;
    let subject = match sent["activity"].as_str()? {
        order_notify::ACTIVITY => &sent["orderId"],
        "refreshLicenseCode" | "updateLicenseCodeStatus" | "releaseLicenseCode" => &sent["license"],
        _ => return None,
    };
    Some(format!("{} {}", sent["activity"].as_str()?, subject.as_str()?))
}

/// The instance that a buyer asks a licence for (on-line opening).
fn applied(body: &str) -> Option<String> {
    let sent: Value = serde_json::from_str(body).ok()?;
    (sent["activity"] == licence_online::ACTIVITY).then(|| sent["instanceId"].as_str().unwrap_or_default().to_owned())
}

/// The kit: tenants, users and departments of a buyer. Adding or deleting twice succeeds.
async fn sync(State(seller): State<Seller>, Path((product, call)): Path<(String, String)>, headers: HeaderMap, body: String) -> Response {
    if let Some(wrong) = seller.misbehave(seller.fault(&product)).await {
        return wrong;
    }
    let get = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let given = kit::Given { timestamp: get("x-timestamp"), nonce: get("x-nonce"), sign: get("x-sign") };
    let genuine = kit::verify(&seller.key, &body, given, (seller.clock)());
    seller.synced(genuine, call)
}

async fn sync_v1(
    State(seller): State<Seller>,
    Path((product, call)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if let Some(wrong) = seller.misbehave(seller.fault(&product)).await {
        return wrong;
    }
    let given = headers.get("authToken").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let genuine = kit::verify_v1(&seller.key, &body, given);
    seller.synced(genuine, call)
}

async fn produce_v1(State(seller): State<Seller>, Path(product): Path<String>, RawQuery(query): RawQuery) -> Response {
    let fault = seller.fault(&product);
    if let Some(wrong) = seller.misbehave(fault).await {
        return wrong;
    }
    match saas_v1::verify(&seller.key, &query.unwrap_or_default()) {
        Ok(sent) => seller.answer(&seller.handle_v1(&product, &sent, fault)),
        Err(e) => seller.answer(&json!({ "resultCode": e.result_code(), "resultMsg": e.to_string() })),
    }
}

async fn page(State(seller): State<Seller>, Path((product, id)): Path<(String, String)>) -> Response {
    let found = seller.memory().instances.get(&id).cloned();
    match found {
        Some(i) if !i.released => {
            let state = if i.frozen { "frozen" } else { "ready" };
            Html(format!("<!doctype html><meta charset=utf-8><title>{product}</title><h1>{product}</h1><p>Your instance is {state}.</p>"))
                .into_response()
        }
        _ => (StatusCode::NOT_FOUND, "there is no such instance\n").into_response(),
    }
}
