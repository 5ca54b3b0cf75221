//! Azure's SaaS fulfilment and metering, by azuremarketplace, with a webhook that hears of changes.

use super::{
    aws::{bought, list_copy},
    koogallery::{client, set_up_clients},
    on_both, setup,
};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};
use testdb::Engine;
use testkit::{Platform, Setup, instance_of};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A publisher's webhook: what it heard, and the status that it answers.
struct Webhook {
    url: String,
    heard: Arc<Mutex<Vec<Value>>>,
    status: Arc<AtomicU16>,
}

impl Webhook {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (heard, status) = (Arc::new(Mutex::new(vec![])), Arc::new(AtomicU16::new(200)));
        let (h, s) = (heard.clone(), status.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = Vec::new();
                let body = loop {
                    let mut part = [0; 8192];
                    let n = stream.read(&mut part).await.unwrap_or(0);
                    text.extend_from_slice(&part[..n]);
                    let whole = String::from_utf8_lossy(&text).into_owned();
                    let parsed = whole.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
                    if parsed.is_some() || n == 0 {
                        break parsed;
                    }
                };
                h.lock().unwrap().extend(body);
                let answer = format!("HTTP/1.1 {} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", s.load(Ordering::SeqCst));
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, heard, status }
    }

    fn actions(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect()
    }

    fn last(&self) -> Value {
        self.heard.lock().unwrap().last().unwrap().clone()
    }
}

async fn sell(p: &Platform, of: &str, key: &str, hook: &Webhook) {
    let address = json!({ "url": hook.url, "key": "neighbour", "protocol": "saas-azure", "landing_page": "http://127.0.0.1:9/landing" });
    list_copy(p, of, key, address).await;
}

/// Buys a month of the copied product; its instance, and the subscription that the seller resolves from its token.
async fn subscribed(p: &Platform, python: &str, choice: Value) -> (String, Value) {
    let instance = bought(p, choice).await;
    let landing = p.post("buyer", &format!("/api/v1/instances/{instance}/set-up"), json!({})).await;
    assert_eq!((&landing["posted"], &landing["field"]), (&json!(false), &json!("token")), "{landing}");
    let resolved = run(p, python, "seller", &["resolve", landing["token"].as_str().unwrap()]);
    assert_eq!(resolved["status"], 200, "{resolved}");
    (instance, resolved["answer"].clone())
}

fn run(p: &Platform, python: &str, role: &str, arguments: &[&str]) -> Value {
    client(p, python, "python/azure_seller.py", role, arguments).1
}

fn month() -> Value {
    json!({ "product": "vault", "specification": "standard", "sku": "basic/5", "period": "1m" })
}

#[tokio::test]
async fn a_subscription_is_resolved_activated_changed_renewed_suspended_and_ends() {
    let python = set_up_clients();
    on_both(async |p| {
        let hook = Webhook::start().await;
        sell(&p, "backup", "vault", &hook).await;
        let (instance, resolved) = subscribed(&p, &python, month()).await;
        let id = resolved["id"].as_str().unwrap();
        let azure = |arguments: &[&str]| run(&p, &python, "seller", arguments);
        let status = || azure(&["show", id])["answer"]["saas_subscription_status"].clone();
        assert_eq!((&resolved["offer_id"], &resolved["plan_id"]), (&json!("vault"), &json!("standard.basic.5")), "{resolved}");
        assert_eq!((status(), p.instance(&instance).await["state"].clone()), (json!("PendingFulfillmentStart"), json!("opening")));
        assert_eq!(azure(&["activate", id, "standard.pro.5", "1"])["status"], 400, "another plan");
        assert_eq!(azure(&["activate", id, "standard.basic.5", "1"])["status"], 200);
        assert_eq!(azure(&["activate", id, "standard.basic.5", "1"])["status"], 200, "once more is no news");
        let shown = azure(&["show", id])["answer"].clone();
        assert_eq!((&shown["saas_subscription_status"], &shown["term"]["end_date"].is_string()), (&json!("Subscribed"), &true), "{shown}");
        assert_eq!(azure(&["list"])["subscriptions"][0]["id"], json!(id));
        let plans = azure(&["plans", id])["answer"]["plans"].clone();
        assert!(plans.as_array().unwrap().iter().any(|plan| plan["plan_id"] == "standard.pro.5"), "{plans}");
        // The buyer changes the plan; the webhook hears of it and consents by silence.
        let change = json!({ "sku": "pro/5", "pay": true });
        let order = p.post("buyer", &format!("/api/v1/instances/{instance}/change"), change).await;
        p.settle().await;
        let heard = hook.last();
        assert_eq!(
            (&heard["action"], &heard["planId"], &heard["status"]),
            (&json!("ChangePlan"), &json!("standard.pro.5"), &json!("InProgress"))
        );
        assert_eq!(heard["subscription"]["planId"], "standard.basic.5", "{heard}");
        let operation = heard["id"].as_str().unwrap();
        assert_eq!(azure(&["operations", id])["answer"]["operations"][0]["id"], heard["id"]);
        p.advance("1m").await;
        p.wait_for(&order, "completed").await;
        assert_eq!(azure(&["operation", id, operation])["answer"]["status"], "Succeeded");
        assert_eq!(azure(&["show", id])["answer"]["plan_id"], "standard.pro.5");
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        p.advance("65d").await;
        assert_eq!(status(), "Suspended");
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        assert_eq!(status(), "Subscribed");
        p.advance("60d").await;
        assert_eq!(status(), "Unsubscribed");
        assert_eq!(hook.actions(), ["ChangePlan", "Renew", "Suspend", "Renew", "Reinstate", "Suspend", "Unsubscribe"]);
        let last = hook.last();
        assert_eq!(
            azure(&["operation", id, last["id"].as_str().unwrap()])["answer"]["status"],
            "Succeeded",
            "a webhook checks what it hears"
        );
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_plan_may_be_refused_accepted_and_asked_for_by_the_seller() {
    let python = set_up_clients();
    on_both(async |p| {
        let hook = Webhook::start().await;
        sell(&p, "backup", "vault", &hook).await;
        let (instance, resolved) = subscribed(&p, &python, month()).await;
        let id = resolved["id"].as_str().unwrap();
        let azure = |arguments: &[&str]| run(&p, &python, "seller", arguments);
        azure(&["activate", id, "standard.basic.5", "1"]);
        let before = p.balance().await;
        let change = json!({ "sku": "pro/5", "pay": true });
        let path = format!("/api/v1/instances/{instance}/change");
        let refused = p.post("buyer", &path, change.clone()).await;
        p.settle().await;
        let operation = hook.last()["id"].as_str().unwrap().to_owned();
        assert_eq!(azure(&["update", id, &operation, "Failure"])["status"], 200);
        assert_eq!(p.order(&refused).await["state"], "cancelled");
        assert_eq!(p.balance().await, before, "the fee came back");
        assert_eq!(azure(&["update", id, &operation, "Success"])["status"], 409, "it is over");
        assert_eq!(azure(&["operation", id, &operation])["answer"]["status"], "Failed");
        let accepted = p.post("buyer", &path, change).await;
        p.settle().await;
        let operation = hook.last()["id"].as_str().unwrap().to_owned();
        assert_eq!(azure(&["update", id, &operation, "Success"])["status"], 200);
        assert_eq!(p.order(&accepted).await["state"], "completed", "at once");
        // A dearer plan that the seller asks for waits until the customer pays it.
        assert_eq!(azure(&["change", id, "standard.basic.5"])["status"], 400, "not dearer");
        assert_eq!(azure(&["change", id, "nonsense"])["status"], 400);
        let (instance, resolved) = subscribed(&p, &python, month()).await;
        let id = resolved["id"].as_str().unwrap();
        azure(&["activate", id, "standard.basic.5", "1"]);
        let asked = azure(&["change", id, "standard.pro.5"]);
        let place = asked["Operation-Location"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
        let operation = place.split('?').next().unwrap().rsplit('/').next().unwrap();
        assert_eq!(azure(&["operation", id, operation])["answer"]["status"], "NotStarted", "nobody has paid");
        let open = p.instance(&instance).await["open_order"].as_str().unwrap().to_owned();
        p.post("buyer", &format!("/api/v1/orders/{open}/pay"), json!({})).await;
        p.settle().await;
        assert_eq!(hook.last()["id"], json!(operation), "the webhook hears of the same operation");
        p.advance("1m").await;
        assert_eq!(azure(&["operation", id, operation])["answer"]["status"], "Succeeded");
        // Ended by the seller within the days of giving back.
        let before = p.balance().await;
        assert_eq!(azure(&["unsubscribe", id])["status"], 202);
        p.settle().await;
        assert_ne!(p.balance().await, before, "the customer has his money back");
        assert_eq!(
            (azure(&["show", id])["answer"]["saas_subscription_status"].clone(), hook.last()["action"].clone()),
            (json!("Unsubscribed"), json!("Unsubscribe"))
        );
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn usage_events_are_taken_once_an_hour_and_charged() {
    let python = set_up_clients();
    on_both(async |p| {
        let hook = Webhook::start().await;
        sell(&p, "transcribe", "scribe", &hook).await;
        let (_, resolved) = subscribed(&p, &python, json!({ "product": "scribe", "specification": "minutes" })).await;
        let id = resolved["id"].as_str().unwrap();
        let azure = |arguments: &[&str]| run(&p, &python, "seller", arguments);
        let at = async |back: i64| {
            let now: jiff::Timestamp = p.get("operator", "/api/v1/sandbox/clock").await["now"].as_str().unwrap().parse().unwrap();
            (now - jiff::SignedDuration::from_hours(back)).to_string()
        };
        let first = azure(&["use", id, "minutes", "minutes", "60", &at(0).await]);
        assert_eq!(first["status"], 400, "not active yet: {first}");
        azure(&["activate", id, "minutes", "1"]);
        p.advance("3h").await;
        let taken = azure(&["use", id, "minutes", "minutes", "60", &at(1).await]);
        assert_eq!((&taken["status"], &taken["answer"]["status"]), (&json!(200), &json!("Accepted")), "{taken}");
        assert_eq!(azure(&["use", id, "minutes", "minutes", "60", &at(1).await])["status"], 409, "the hour is taken");
        for (plan, dimension, quantity, back) in
            [("gold", "minutes", "1", 2), ("minutes", "hours", "1", 2), ("minutes", "minutes", "0", 2), ("minutes", "minutes", "1", 30)]
        {
            assert_eq!(
                azure(&["use", id, plan, dimension, quantity, &at(back).await])["status"],
                400,
                "{plan} {dimension} {quantity} {back}"
            );
        }
        let batch = json!({ "request": [
            { "resourceId": id, "planId": "minutes", "dimension": "minutes", "quantity": 2.5, "effectiveStartTime": at(2).await },
            { "resourceId": id, "planId": "minutes", "dimension": "minutes", "quantity": 60, "effectiveStartTime": at(1).await },
            { "resourceId": "nothing", "planId": "minutes", "dimension": "minutes", "quantity": 1, "effectiveStartTime": at(1).await },
        ] });
        let (status, answer) = p.send("seller", "POST", "/azure/api/batchUsageEvent?api-version=2018-08-31", Some(&batch)).await;
        let states: Vec<_> = answer["result"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
        assert_eq!((status, states), (200, vec!["Accepted", "Duplicate", "ResourceNotFound"]), "{answer}");
        p.advance("2h").await;
        let records = p.get("seller", "/api/v1/usage-records").await;
        let charged: Vec<_> = records["records"].as_array().unwrap().iter().map(|r| (r["value"].clone(), r["state"].clone())).collect();
        assert_eq!(charged, [(json!("2.5"), json!("charged")), (json!("60"), json!("charged"))], "{records}");
        assert_eq!(azure(&["unsubscribe", id])["status"], 202);
        p.settle().await;
        assert_eq!(hook.actions(), ["Unsubscribe"]);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn strangers_wrong_versions_and_silent_sellers_are_dealt_with() {
    let python = set_up_clients();
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let hook = Webhook::start().await;
    sell(&p, "backup", "vault", &hook).await;
    let before = p.balance().await;
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": month(), "pay": true })).await;
    p.settle().await;
    let instance = instance_of(&p.order(&order).await);
    let landing = p.post("buyer", &format!("/api/v1/instances/{instance}/set-up"), json!({})).await;
    let token = landing["token"].as_str().unwrap();
    let resolved = run(&p, &python, "seller", &["resolve", token]);
    let id = resolved["answer"]["id"].as_str().unwrap();
    assert_eq!(run(&p, &python, "seller2", &["resolve", token])["status"], 400);
    assert_eq!(run(&p, &python, "seller2", &["show", id])["status"], 404);
    assert_eq!(run(&p, &python, "buyer", &["show", id])["status"], 403);
    let path = |query: &str| format!("/azure/api/saas/subscriptions/{id}{query}");
    assert_eq!(p.send("nobody", "GET", &path("?api-version=2018-08-31"), None).await.0, 401);
    assert_eq!(p.send("seller", "GET", &path("?api-version=2017-01-01"), None).await.0, 400);
    assert_eq!(p.send("seller", "GET", &path(""), None).await.1["code"], "BadArgument");
    assert_eq!(p.send("seller", "PATCH", &path("?api-version=2018-08-31"), Some(&json!([]))).await.0, 400);
    for (operation, status) in [("nothing", 404), ("00000000-0000-0000-0000-000000000000", 404)] {
        assert_eq!(run(&p, &python, "seller", &["operation", id, operation])["status"], status);
    }
    let secret = [("grant_type", "client_credentials"), ("client_id", "NOBODY"), ("client_secret", "x")];
    let body: String = secret.map(|(k, v)| format!("{k}={v}")).join("&");
    let answer = p.http.post(format!("{}/azure/t/oauth2/v2.0/token", p.url)).body(body).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"].clone()), (401, json!("invalid_client")));
    // Nobody activates it: after thirty days the customer has his money back and the webhook hears of the end.
    p.advance("31d").await;
    assert_eq!((p.order(&order).await["state"].clone(), p.balance().await), (json!("cancelled"), before));
    assert_eq!((p.instance(&instance).await["state"].clone(), hook.actions()), (json!("failed"), vec!["Unsubscribe".to_owned()]));
    assert_eq!(run(&p, &python, "seller", &["activate", id, "standard.basic.5", "1"])["status"], 400);
    // A webhook that fails is called again.
    hook.status.store(500, Ordering::SeqCst);
    let (instance, resolved) = subscribed(&p, &python, month()).await;
    run(&p, &python, "seller", &["activate", resolved["id"].as_str().unwrap(), "standard.basic.5", "1"]);
    p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), json!({ "period": "1m", "pay": true })).await;
    p.settle().await;
    assert_eq!(p.calls(&instance).await.last().unwrap(), &("refreshInstance".to_owned(), "due".to_owned()));
    hook.status.store(204, Ordering::SeqCst);
    p.advance("2h").await;
    assert_eq!(p.calls(&instance).await.last().unwrap(), &("refreshInstance".to_owned(), "done".to_owned()));
    p.verify().await;
}

#[tokio::test]
async fn an_activation_in_the_last_hour_counts_and_one_at_the_very_end_is_decided_once() {
    on_both(async |p| {
        let hook = Webhook::start().await;
        sell(&p, "backup", "vault", &hook).await;
        let full = p.balance().await;
        let buy = async || {
            let order = p.post("buyer", "/api/v1/orders", json!({ "choice": month(), "pay": true })).await;
            p.settle().await;
            let id = domain::neighbour::guid(instance_of(&p.order(&order).await).parse().unwrap());
            (order, id)
        };
        let activate = async |id: &str| {
            let url = format!("{}/azure/api/saas/subscriptions/{id}/activate?api-version=2018-08-31", p.url);
            let body = json!({ "planId": "standard.basic.5", "quantity": 1 });
            p.http.post(url).bearer_auth(p.token("seller")).json(&body).send().await.unwrap().status().as_u16()
        };
        let (order, id) = buy().await;
        p.advance("719h").await;
        assert_eq!(activate(&id).await, 200);
        p.advance("2h").await;
        assert_eq!(p.order(&order).await["state"], "completed");
        let paid = p.balance().await;
        let (order, id) = buy().await;
        p.advance("719h").await;
        let (_, status) = tokio::join!(p.advance("1h"), activate(&id));
        p.settle().await;
        let outcome = (status, p.order(&order).await["state"].as_str().unwrap().to_owned());
        let (late, back) = ((400, "cancelled".to_owned()), p.balance().await == paid);
        assert!(back == (outcome == late) && (outcome == late || outcome == (200, "completed".to_owned())), "{outcome:?} {back}");
        assert_ne!(full, paid);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_stopped() {
    let p = Platform::start(Setup { config: "open_api_per_second = 1", ..setup(Engine::Sqlite) }).await;
    let key = |name: &str| p.document["accounts"]["seller"][name].as_str().unwrap();
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", key("access_key"), key("secret_key"));
    let given = p.http.post(format!("{}/azure/t/oauth2/token", p.url)).body(form).send().await.unwrap().json::<Value>().await.unwrap();
    let bearer = given["access_token"].as_str().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..10 {
        let url = format!("{}/azure/api/saas/subscriptions/?api-version=2018-08-31", p.url);
        statuses.push(p.http.get(url).bearer_auth(bearer).send().await.unwrap().status().as_u16());
    }
    assert_eq!((statuses.first(), statuses.contains(&429)), (Some(&200), true), "{statuses:?}");
}

#[tokio::test]
async fn what_a_seller_says_at_once_in_both_ways_is_decided_once() {
    let python = set_up_clients();
    on_both(async |p| {
        let hook = Webhook::start().await;
        sell(&p, "backup", "vault", &hook).await;
        for _ in 0..4 {
            let (instance, resolved) = subscribed(&p, &python, month()).await;
            let root = format!("/azure/api/saas/subscriptions/{}", resolved["id"].as_str().unwrap());
            let send = async |method: &str, path: String, body: Value| {
                let url = format!("{}{root}{path}?api-version=2018-08-31", p.url);
                let request = p.http.request(method.parse().unwrap(), url).bearer_auth(p.token("seller")).json(&body);
                request.send().await.unwrap().status().as_u16()
            };
            let activations = (0..4).map(|_| send("POST", "/activate".to_owned(), json!({})));
            assert_eq!(super::money::join(activations.collect()).await, [200; 4], "activated once, told four times");
            let before = p.balance().await;
            let change = json!({ "sku": "pro/5", "pay": true });
            let order = p.post("buyer", &format!("/api/v1/instances/{instance}/change"), change).await;
            p.settle().await;
            let operation = format!("/operations/{}", hook.last()["id"].as_str().unwrap());
            let said = (0..6).map(|n| {
                let status = if n % 2 == 0 { "Success" } else { "Failure" };
                send("PATCH", operation.clone(), json!({ "status": status }))
            });
            let answers = super::money::join(said.collect()).await;
            let (state, sku) = (p.order(&order).await["state"].clone(), p.instance(&instance).await["sku"].clone());
            if state == "completed" {
                assert_eq!((sku, p.balance().await == before), (json!("pro/5"), false), "{answers:?}");
            } else {
                assert_eq!((state, sku, p.balance().await), (json!("cancelled"), json!("basic/5"), before), "{answers:?}");
            }
            assert_eq!(answers.iter().filter(|a| **a == 200).count(), 3, "one way was right, the other came too late: {answers:?}");
        }
        p.verify().await;
    })
    .await;
}
