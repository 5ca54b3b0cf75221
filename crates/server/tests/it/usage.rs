//! Usage records as sellers push them and everybody sees them (open-api 4); the rules are tested in `app`.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of, number};
use wire::open_api::usage::sign;

const NEW: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";
const OLD: &str = "/rest/marketplace/v1/isv/usage-data";
const OLDEST: &str = "/v1.0/partner-7/billing/bill-mgr/push-usage-data";

/// A seller with a key of its own, and an on-demand instance that a buyer has.
struct Metered {
    key: String,
    instance: String,
    /// As the seller calls it.
    wire: String,
}

async fn metered(p: &Platform) -> Metered {
    let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "usage", "class": "basic" })).await;
    let choice = json!({ "product": "transcribe", "specification": "minutes" });
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    assert_eq!(order["total"]["amount"], "0.00", "nothing is paid in advance");
    p.settle().await;
    let order = p.order(&order).await;
    assert_eq!(order["state"], "completed", "{order}");
    let instance = instance_of(&order);
    let found = p.instance(&instance).await;
    assert_eq!((&found["state"], &found["expires_at"]), (&json!("running"), &json!(null)), "it runs until it is released");
    Metered { key: key["secret"].as_str().unwrap().to_owned(), instance, wire: found["seller_instance_id"].as_str().unwrap().to_owned() }
}

/// A record of one hour; `hour` such as `20240105T03`.
fn record(instance: &str, hour: &str, next: &str, value: &str, sn: &str) -> Value {
    json!({ "instance_id": instance, "record_time": format!("{next}0100Z"), "begin_time": format!("{hour}0000Z"),
        "end_time": format!("{next}0000Z"), "usage_value": value, "metering_sn": sn })
}

async fn push_signed(p: &Platform, key: &str, records: &[Value]) -> (u16, Value) {
    let body = json!({ "usage_records": records }).to_string().into_bytes();
    let signature = sign(key, "1706688300000", "n-1", &body);
    let request = Signed { body, ..p.signed("seller", "POST", NEW) };
    p.send_signed_with(&request, &[("signature", &signature), ("ts", "1706688300000"), ("nonce", "n-1")]).await
}

/// Pushes by the new interface; the batch is judged before this returns.
async fn push(p: &Platform, m: &Metered, records: &[Value]) {
    let (status, answer) = push_signed(p, &m.key, records).await;
    assert_eq!((status, &answer["error_code"]), (200, &json!("MKT.0000")), "{answer}");
    p.settle().await;
}

async fn records(p: &Platform, query: &str) -> Vec<Value> {
    p.get("seller", &format!("/api/v1/usage-records?{query}")).await["records"].as_array().unwrap().clone()
}

async fn usage(p: &Platform, m: &Metered) -> Value {
    p.get("buyer", &format!("/api/v1/instances/{}/usage", m.instance)).await
}

/// An instance with three charges that wait for consent; its id.
pub(crate) async fn held(p: &Platform) -> String {
    let m = metered(p).await;
    p.advance("4h").await;
    let of = |n: usize| record(&m.wire, &format!("20240105T0{n}"), &format!("20240105T0{}", n + 1), "200000", &format!("held-{n}"));
    push(p, &m, &[of(2), of(3), of(4)]).await;
    p.advance("30m").await;
    m.instance
}

#[tokio::test]
async fn held_charges_are_decided_and_caps_are_set_by_those_whose_they_are() {
    on_both(async |p| {
        let instance = held(&p).await;
        let holds = p.get("buyer", &format!("/api/v1/instances/{instance}/usage")).await["holds"].as_array().unwrap().clone();
        assert_eq!((holds.len(), &holds[0]["state"], &holds[0]["largest"]), (3, &json!("waiting"), &json!(null)));
        assert!(holds[0]["customer_name"].as_str().is_some_and(|name| !name.is_empty()), "{}", holds[0]);
        assert_eq!((&holds[0]["unit"]["en"], holds[0]["product_name"]["zh"].is_string()), (&json!("minute"), true));
        let path = |n: usize| format!("usage-holds/{}/decision", holds[n]["id"].as_str().unwrap());
        let (yes, no) = (json!({ "approve": true }), json!({ "approve": false }));
        let refused = p.refused("buyer2", &format!("/api/v1/{}", path(0)), yes.clone()).await;
        assert_eq!(refused, (404, "usage.hold_not_found".into()));
        assert_eq!(holds[0]["charged"], json!(null), "nothing is taken before a yes");
        let agreed = p.post("buyer", &format!("/api/v1/{}", path(0)), yes.clone()).await;
        assert_eq!((&agreed["state"], &agreed["charged"]), (&json!("approved"), &agreed["amount"]));
        assert_eq!(p.post("operator", &format!("/api/v1/operator/{}", path(1)), no).await["decided_by"], json!("operator"));
        assert_eq!(p.refused("buyer", &format!("/api/v1/{}", path(1)), yes).await, (409, "usage.hold_decided".into()));
        let waiting = p.get("operator", &format!("/api/v1/usage-holds?state=waiting&instance={instance}")).await;
        assert_eq!(waiting["holds"].as_array().unwrap().len(), 1);
        let cap = format!("/api/v1/instances/{instance}/usage-cap");
        let of = |amount: &str, action: &str| json!({ "amount": { "amount": amount, "currency": "CNY" }, "action": action });
        assert_eq!(p.send("buyer", "PUT", &cap, Some(&of("90000.00", "refuse"))).await.0, 200);
        assert_eq!(p.send("seller", "PUT", &cap, Some(&of("80000.00", "freeze"))).await.0, 200);
        let seen = p.get("buyer", &cap).await;
        let caps: Vec<_> = seen["caps"].as_array().unwrap().iter().map(|c| (c["side"].clone(), c["in_force"].clone())).collect();
        assert_eq!(caps, [(json!("buyer"), json!(false)), (json!("seller"), json!(true))]);
        assert_eq!((&seen["month"], &seen["stopped"]), (&json!("2024-01"), &json!(false)));
        let (status, problem) = p.send("buyer", "PUT", &cap, Some(&of("0.00", "freeze"))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/amount")));
        let low = p.send("seller", "PUT", &cap, Some(&of("1.00", "freeze"))).await.1;
        let reached: Vec<_> = low["caps"].as_array().unwrap().iter().map(|c| (c["side"].clone(), c["reached"].clone())).collect();
        assert_eq!((&low["stopped"], reached), (&json!(true), vec![(json!("buyer"), json!(false)), (json!("seller"), json!(true))]));
        assert_eq!(p.instance(&instance).await["freeze_cause"], json!("cap"));
        assert_eq!(p.send("seller", "PUT", &cap, Some(&json!({ "amount": null }))).await.1["stopped"], json!(false));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_used_charged_and_billed_is_shown() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await; // 13:00 at the site, 05:00 UTC
        let (a, b) =
            (record(&m.wire, "20240105T02", "20240105T03", "700", "a"), record(&m.wire, "20240105T03", "20240105T04", "500.5", "b"));
        push(&p, &m, &[a, b]).await;
        p.advance("30m").await;
        let seen = usage(&p, &m).await;
        let amount = json!({ "amount": "138.04", "currency": "CNY" });
        assert_eq!(seen["days"], json!([{ "day": "2024-01-05", "quantity": "1200.5", "from_packages": "0", "amount": amount }]));
        assert_eq!((&seen["due"]["amount"], &seen["until"]), (&json!("0.00"), &json!("2024-01-05T04:00:00Z")));
        assert!(records(&p, "").await.iter().all(|r| r["state"] == "charged" && r["charge"].is_string()));
        let orders = p.get("buyer", "/api/v1/orders").await["orders"].clone();
        assert_eq!(p.get("seller", "/api/v1/orders?as=seller").await["orders"], orders, "on-demand trades are not orders");
        assert_eq!(orders, json!([]));
        p.advance("30d").await;
        let bills = p.get("seller", "/api/v1/bills").await;
        let bill = p.get("seller", &format!("/api/v1/bills/{}", bills["bills"][0]["id"].as_str().unwrap())).await;
        let line = &bill["lines"][0];
        let seen = (&line["kind"], &line["amount"]["amount"], &line["payable"]["amount"]);
        assert_eq!(seen, (&json!("usage"), &json!("138.04"), &json!("131.14")), "{bill}");
        assert_eq!(p.send("buyer", "GET", "/api/v1/usage-records", None).await.0, 403);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_older_interfaces_of_use_take_the_same_record() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await;
        let mut old = record(&m.wire, "20240105T04", "20240105T05", "20", "");
        old["product_id"] = json!("OFFI1");
        let oldest = json!({ "instanceId": m.wire, "recordTime": "20240105T050100Z", "beginTime": "20240105T040000Z",
            "endTime": "20240105T050000Z",
            "usageEntity": { "times": 20 } });
        for (path, body) in [(OLD, json!({ "usage_records": [old] })), (OLDEST, json!({ "usageRecords": [oldest] }))] {
            let request = Signed { body: body.to_string().into_bytes(), ..p.signed("seller", "POST", path) };
            assert_eq!(p.send_signed(&request).await.0, 200, "{path}");
        }
        p.settle().await;
        let all = records(&p, "").await;
        assert_eq!((all.len(), &all[0]["value"], &all[0]["repeats"]), (1, &json!("20"), &json!(1)), "{all:?}");
    })
    .await;
}

#[tokio::test]
async fn refused_and_corrected_records_are_listed_with_their_reason() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await;
        let mut corrected = record(&m.wire, "20240105T03", "20240105T04", "100", "v2");
        corrected["corrects"] = json!("v1");
        let wrong = record(&m.wire, "20240105T03", "20240105T04", "0", "zero");
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "1000", "v1"), corrected, wrong]).await;
        let states = ["corrected", "accepted", "refused"].map(|state| (state, if state == "refused" { "zero" } else { "v" }));
        for (state, sn) in states {
            let found = records(&p, &format!("state={state}")).await;
            assert!(found.len() == 1 && found[0]["metering_sn"].as_str().unwrap().starts_with(sn), "{found:?}");
        }
        let refused = &records(&p, "metering_sn=zero").await[0];
        assert_eq!((&refused["reason"], &refused["value"]), (&json!("usage_value must be more than zero"), &json!("0")));
    })
    .await;
}

#[tokio::test]
async fn the_debugger_asks_for_reported_use_and_a_push_passes_the_case() {
    on_both(async |p| {
        let m = metered(&p).await;
        let addresses = p.get("seller", "/api/v1/seller/addresses").await;
        let known = addresses["addresses"].as_array().unwrap().iter().find(|a| a["name"] == "transcribe").unwrap().clone();
        let new = json!({ "url": format!("{}/sandbox/seller/metered", p.url), "key": known["key_name"], "protocol": "saas-v2" });
        let address = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/metered", Some(&new)).await.1["id"].clone();
        let at = format!("/api/v1/seller/addresses/{}", address.as_str().unwrap());
        p.post("seller", &format!("{at}/debug"), json!({ "save": true })).await;
        let (_, mut listing) = super::catalogue::listing(&p, "transcribe").await;
        listing["interface_address"] = address;
        super::catalogue::put(&p, "metered", &listing).await;
        let submit = format!("/api/v1/seller/applications/{}/submit", super::catalogue::application(&p, "metered").await);
        let (status, refused) = p.send("seller", "POST", &submit, Some(&json!({}))).await;
        assert_eq!((status, &refused["code"]), (422, &json!("application.cases_missing")), "{refused}");
        let cases = async || p.get("seller", &format!("{at}/cases")).await["cases"].as_array().unwrap().clone();
        let created = cases().await.into_iter().find(|c| c["scenario"] == "create").unwrap();
        let created: Value = serde_json::from_str(created["answer"].as_str().unwrap()).unwrap();
        p.advance("2h").await;
        push(&p, &m, &[record(created["instanceId"].as_str().unwrap(), "20240105T02", "20240105T03", "1.5", "tried")]).await;
        let passed = cases().await.into_iter().find(|c| c["scenario"] == "usage_push").expect("the case passed");
        assert!(passed["request"].as_str().unwrap().contains("\"usage_value\":\"1.5\""), "{passed}");
        assert_eq!(p.send("seller", "POST", &submit, Some(&json!({}))).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_push_that_is_not_signed_or_not_readable_stores_nothing() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await;
        let good = record(&m.wire, "20240105T03", "20240105T04", "1", "x");
        let refused = |answer: (u16, Value)| (answer.0, answer.1["error_code"].as_str().unwrap_or_default().to_owned());
        assert_eq!(refused(push_signed(&p, "another key", std::slice::from_ref(&good)).await), (401, "MKT.0154".into()));
        let body = json!({ "usage_records": [good] }).to_string().into_bytes();
        let unsigned = Signed { body, ..p.signed("seller", "POST", NEW) };
        assert_eq!(refused(p.send_signed(&unsigned).await), (400, "MKT.0199".into()));
        let many: Vec<Value> = (0..1001).map(|_| good.clone()).collect();
        assert_eq!(refused(push_signed(&p, &m.key, &many).await), (500, "MKT.9003".into()));
        let mut long = good.clone();
        long["metering_sn"] = json!("x".repeat(65));
        assert_eq!(refused(push_signed(&p, &m.key, &[long]).await), (500, "MKT.9002".into()));
        let mut bare = good.clone();
        bare.as_object_mut().unwrap().remove("usage_value");
        assert_eq!(refused(push_signed(&p, &m.key, &[bare]).await), (400, "MKT.0199".into()));
        for body in [&b"[]"[..], b"{", b"\xff"] {
            let request = Signed { body: body.to_vec(), ..p.signed("seller", "POST", OLD) };
            assert_eq!(refused(p.send_signed(&request).await), (400, "MKT.0101".into()));
        }
        // Another seller's instances are not there for this one.
        let mut foreign = record(&m.wire, "20240105T03", "20240105T04", "1", "");
        foreign["product_id"] = json!("OFFI1");
        let body = json!({ "usage_records": [foreign] }).to_string().into_bytes();
        assert_eq!(p.send_signed(&Signed { body, ..p.signed("seller2", "POST", OLD) }).await.0, 200);
        p.settle().await;
        assert_eq!(records(&p, "").await, Vec::<Value>::new());
        let theirs = p.get("seller2", "/api/v1/usage-records").await;
        assert!(theirs["records"][0]["reason"].as_str().unwrap().contains("Instance ID not found"), "{theirs}");
        assert_eq!(p.send("buyer", "GET", "/api/v1/usage-records", None).await.0, 403);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_on_demand_instance_is_released_by_a_path_of_its_own() {
    on_both(async |p| {
        let m = metered(&p).await;
        let release = format!("/api/v1/instances/{}/release", m.instance);
        let period = json!({ "product": "transcribe", "specification": "minutes", "period": "1m" });
        let refused = p.refused("buyer", "/api/v1/orders", json!({ "choice": period, "pay": true })).await;
        assert_eq!(refused, (422, "price.by_use".into()));
        let (order, backup) = p.buy_open("1m").await;
        let not = p.refused("buyer", &format!("/api/v1/instances/{backup}/release"), json!({})).await;
        assert_eq!(not, (409, "instance.not_on_demand".into()));
        assert_eq!(p.send("buyer", "GET", &format!("/api/v1/instances/{backup}/usage"), None).await.0, 409);
        let own = p.instance(&m.instance).await["order_number"].as_str().unwrap().to_owned();
        let back = p.refused("buyer", &format!("/api/v1/orders/{own}/unsubscribe"), json!({})).await;
        assert_eq!(back, (409, "refund.on_demand".into()));
        let listed = p.get("buyer", "/api/v1/orders").await;
        assert_eq!(listed["orders"].as_array().unwrap().iter().map(number).collect::<Vec<_>>(), [number(&order)]);
        assert_eq!(p.post("buyer", &release, json!({})).await["state"], "released");
        assert_eq!(p.refused("buyer", &release, json!({})).await, (409, "instance.state".into()));
    })
    .await;
}

#[tokio::test]
async fn what_is_owed_is_shown_and_freezes_the_instance() {
    on_both(async |p| {
        let m = metered(&p).await;
        for quantity in [1000; 10] {
            let choice =
                json!({ "product": "backup", "specification": "standard", "sku": "basic/5", "period": "1m", "quantity": quantity });
            p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
        }
        p.advance("3h").await;
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "100", "a")]).await;
        p.advance("1h").await;
        assert_eq!(usage(&p, &m).await["due"]["amount"], "12.00");
        p.advance("3d").await;
        let frozen = p.instance(&m.instance).await;
        assert_eq!((&frozen["state"], &frozen["freeze_cause"]), (&json!("frozen"), &json!("arrears")));
        let unfreeze = format!("/api/v1/operator/instances/{}/unfreeze", m.instance);
        assert_eq!(p.refused("operator", &unfreeze, json!({})).await, (409, "instance.arrears".into()));
        p.verify().await;
    })
    .await;
}
