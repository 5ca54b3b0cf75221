//! Use of on-demand instances: pushed, judged, charged, corrected, owed (open-api 4, seller-domain 2.5, 4.4).

use super::{money::join, on_both};
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of, number};
use wire::open_api::usage::sign;

const NEW: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";
const OLD: &str = "/rest/marketplace/v1/isv/usage-data";
const OLDEST: &str = "/v1.0/partner-7/billing/bill-mgr/push-usage-data";

/// A seller with a key of its own, and an on-demand instance that a buyer has.
pub(super) struct Metered {
    pub key: String,
    pub instance: String,
    /// As the seller calls it.
    pub wire: String,
}

pub(super) async fn metered(p: &Platform) -> Metered {
    metered_with(p, "usage").await
}

async fn metered_with(p: &Platform, key: &str) -> Metered {
    let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": key, "class": "basic" })).await;
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
pub(super) fn record(instance: &str, hour: &str, next: &str, value: &str, sn: &str) -> Value {
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
pub(super) async fn push(p: &Platform, m: &Metered, records: &[Value]) {
    let (status, answer) = push_signed(p, &m.key, records).await;
    assert_eq!((status, &answer["error_code"]), (200, &json!("MKT.0000")), "{answer}");
    p.settle().await;
}

async fn records(p: &Platform, query: &str) -> Vec<Value> {
    p.get("seller", &format!("/api/v1/usage-records?{query}")).await["records"].as_array().unwrap().clone()
}

pub(super) async fn usage(p: &Platform, m: &Metered) -> Value {
    p.get("buyer", &format!("/api/v1/instances/{}/usage", m.instance)).await
}

#[tokio::test]
async fn what_is_used_is_charged_by_the_hour_shared_and_billed_by_day() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await; // 13:00 at the site, 05:00 UTC
        push(
            &p,
            &m,
            &[record(&m.wire, "20240105T02", "20240105T03", "700", "a"), record(&m.wire, "20240105T03", "20240105T04", "500.5", "b")],
        )
        .await;
        assert_eq!(p.balance().await, "1000000.00", "charged when the hour is rated");
        p.advance("30m").await;
        // 1000 minutes at 0.12 and 200.5 at 0.09: 120.00 + 18.045, half-even 138.04.
        assert_eq!(p.balance().await, "999861.96");
        let seen = usage(&p, &m).await;
        assert_eq!(
            seen["days"],
            json!([{ "day": "2024-01-05", "quantity": "1200.5", "from_packages": "0", "amount": { "amount": "138.04", "currency": "CNY" } }])
        );
        assert_eq!((&seen["due"]["amount"], &seen["until"]), (&json!("0.00"), &json!("2024-01-05T04:00:00Z")));
        assert!(records(&p, "").await.iter().all(|r| r["state"] == "charged" && r["charge"].is_string()));
        p.advance("30d").await;
        let bills = p.get("seller", "/api/v1/bills").await;
        let bill = p.get("seller", &format!("/api/v1/bills/{}", bills["bills"][0]["id"].as_str().unwrap())).await;
        let line = &bill["lines"][0];
        assert_eq!(
            (&line["kind"], &line["amount"]["amount"], &line["payable"]["amount"]),
            (&json!("usage"), &json!("138.04"), &json!("131.14")),
            "{bill}"
        );
        assert_eq!(p.get("seller", "/api/v1/orders?as=seller").await["orders"], json!([]), "on-demand trades are not orders");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_record_counts_once_however_often_and_by_whatever_interface_it_comes() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await;
        let one = record(&m.wire, "20240105T03", "20240105T04", "10", "sn-1");
        push(&p, &m, &[one.clone(), one.clone()]).await;
        push(&p, &m, std::slice::from_ref(&one)).await;
        let mut old = record(&m.wire, "20240105T04", "20240105T05", "20", "");
        old["product_id"] = json!("OFFI1");
        let oldest = json!({ "instanceId": m.wire, "recordTime": "20240105T050100Z", "beginTime": "20240105T040000Z", "endTime": "20240105T050000Z",
            "usageEntity": { "times": 20 } });
        for (path, body) in [(OLD, json!({ "usage_records": [old] })), (OLDEST, json!({ "usageRecords": [oldest] }))] {
            let request = Signed { body: body.to_string().into_bytes(), ..p.signed("seller", "POST", path) };
            assert_eq!(p.send_signed(&request).await.0, 200, "{path}");
        }
        p.settle().await;
        let all = records(&p, "").await;
        let seen: Vec<_> = all.iter().map(|r| (r["value"].as_str().unwrap(), r["repeats"].as_i64().unwrap())).collect();
        assert_eq!(seen.len(), 2, "{all:?}");
        assert!(seen.contains(&("10", 2)) && seen.contains(&("20", 1)), "{seen:?}");
        p.advance("1h").await;
        assert_eq!(p.balance().await, "999996.40", "30 minutes at 0.12");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_on_demand_product_is_listed_when_its_seller_reported_use_for_the_debugged_instance() {
    on_both(async |p| {
        let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "metered", "class": "basic" })).await;
        let secret = key["secret"].as_str().unwrap();
        let addresses = p.get("seller", "/api/v1/seller/addresses").await;
        let known = addresses["addresses"].as_array().unwrap().iter().find(|a| a["name"] == "transcribe").unwrap().clone();
        let new = json!({ "url": format!("{}/sandbox/seller/metered", p.url), "key": known["key_name"], "protocol": "saas-v2" });
        let address = p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/metered", Some(&new)).await.1["id"].clone();
        let at = format!("/api/v1/seller/addresses/{}", address.as_str().unwrap());
        p.post("seller", &format!("{at}/debug"), json!({ "save": true })).await;
        let products = p.get("seller", "/api/v1/seller/products?key=transcribe").await;
        let shown = p.get("seller", &format!("/api/v1/seller/products/{}", products["products"][0]["id"].as_str().unwrap())).await;
        let mut listing = shown["revisions"][0]["listing"].clone();
        listing["interface_address"] = address;
        let put = "/api/v1/seller/products/by-key/metered";
        let made = p.send("seller", "PUT", put, Some(&listing)).await.1;
        let shown = p.get("seller", &format!("/api/v1/seller/products/{}", made["id"].as_str().unwrap())).await;
        let submit = format!("/api/v1/seller/applications/{}/submit", shown["revisions"][0]["id"].as_str().unwrap());
        let (status, refused) = p.send("seller", "POST", &submit, Some(&json!({}))).await;
        assert_eq!((status, &refused["code"]), (422, &json!("application.cases_missing")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("usage_push passes when your server reports use"), "{refused}");
        let cases = async || p.get("seller", &format!("{at}/cases")).await["cases"].as_array().unwrap().clone();
        let created = cases().await.into_iter().find(|c| c["scenario"] == "create").unwrap();
        let created: Value = serde_json::from_str(created["answer"].as_str().unwrap()).unwrap();
        let debugged = created["instanceId"].as_str().unwrap().to_owned();
        p.advance("2h").await;
        let report = async |instance: &str, value: &str| {
            let sent = record(instance, "20240105T02", "20240105T03", value, &format!("{instance}-{value}"));
            assert_eq!(push_signed(&p, secret, &[sent]).await.0, 200);
            p.settle().await;
        };
        // A wrong record proves nothing and is shown with its reason; so is one of an instance that nobody knows.
        report(&debugged, "0").await;
        report("never-created", "1").await;
        assert!(!cases().await.iter().any(|c| c["scenario"] == "usage_push"));
        let reasons: Vec<Value> = records(&p, "state=refused").await.into_iter().map(|r| r["reason"].clone()).collect();
        let unknown = "Instance ID not found: you have no instance never-created";
        assert_eq!(reasons, [json!(unknown), json!("usage_value must be more than zero")]);
        // Said several times at once, it is proved once, and no batch is lost by it.
        let sent: Vec<_> = (0..6).map(|n| record(&debugged, "20240105T02", "20240105T03", "1.5", &format!("at-once-{n}"))).collect();
        let pushes = sent.iter().map(|one| push_signed(&p, secret, std::slice::from_ref(one)));
        assert!(join(pushes.collect()).await.iter().all(|(status, _)| *status == 200));
        p.settle().await;
        let passed = cases().await.into_iter().find(|c| c["scenario"] == "usage_push").expect("the case passed");
        assert!(passed["request"].as_str().unwrap().contains("\"usage_value\":\"1.5\""), "{passed}");
        assert_eq!(records(&p, "").await.len(), 2, "what was tried is no usage");
        assert_eq!(p.send("seller", "POST", &submit, Some(&json!({}))).await.0, 200);
        p.advance("3h").await;
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_correction_replaces_a_record_and_its_charge() {
    on_both(async |p| {
        let m = metered(&p).await;
        p.advance("3h").await;
        push(&p, &m, &[record(&m.wire, "20240105T03", "20240105T04", "1000", "v1")]).await;
        p.advance("1h").await;
        assert_eq!(p.balance().await, "999880.00");
        let corrected = |sn: &str, of: &str, value: &str| {
            let mut record = record(&m.wire, "20240105T03", "20240105T04", value, sn);
            record["corrects"] = json!(of);
            record
        };
        push(&p, &m, &[corrected("v2", "v1", "100")]).await;
        p.advance("1h").await;
        assert_eq!(p.balance().await, "999988.00", "the difference came back");
        // Before it was charged, and one that is corrected already.
        push(&p, &m, &[corrected("v3", "v2", "200"), corrected("v4", "v3", "300"), corrected("v5", "v2", "1")]).await;
        p.advance("1h").await;
        assert_eq!(p.balance().await, "999964.00");
        let refused = records(&p, "state=refused").await;
        assert!(refused[0]["reason"].as_str().unwrap().contains("no such record"), "{refused:?}");
        assert_eq!(usage(&p, &m).await["days"][0]["quantity"], "300");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn each_wrong_record_is_refused_with_its_reason_and_may_be_sent_again() {
    on_both(async |p| {
        let m = metered(&p).await;
        let (_, period) = p.buy_open("1m").await;
        let period = p.instance(&period).await["seller_instance_id"].as_str().unwrap().to_owned();
        p.advance("3h").await;
        let good = record(&m.wire, "20240105T03", "20240105T04", "1", "x");
        let with = |name: &str, value: &str| {
            let mut record = good.clone();
            record[name] = json!(value);
            record["metering_sn"] = json!(format!("{name}{value}"));
            record
        };
        let wrong = [
            (with("instance_id", "nobody's"), "Instance ID not found"),
            (with("instance_id", &period), "not billed by use"),
            (with("begin_time", "20240105040000"), "begin_time"),
            (with("usage_value", "1.23456"), "usage_value"),
            (with("usage_value", "0"), "more than zero"),
            (with("usage_value", "-1"), "usage_value"),
            (with("end_time", "20240105T030000Z"), "end_time lies before"),
            (with("end_time", "20240105T060000Z"), "future"),
            (with("begin_time", "20231201T030000Z"), "older than 21 days"),
            (with("relate_pkg_instance", "pkg-1"), "has no package"),
        ];
        let sent: Vec<Value> = wrong.iter().map(|(record, _)| record.clone()).chain([good.clone()]).collect();
        push(&p, &m, &sent).await;
        let all = records(&p, "limit=100").await;
        for (record, reason) in &wrong {
            let row = all.iter().find(|r| r["metering_sn"] == record["metering_sn"]).unwrap();
            assert_eq!(row["state"], "refused", "{row}");
            assert!(row["reason"].as_str().unwrap().contains(reason), "{row}");
        }
        assert_eq!(records(&p, "state=accepted").await.len(), 1);
        let mut again = with("usage_value", "0");
        again["usage_value"] = json!("2");
        push(&p, &m, &[again]).await;
        assert_eq!(records(&p, "state=accepted").await.len(), 2, "the same metering_sn, right this time");
        // After the release up to its moment, and no further.
        p.post("buyer", &format!("/api/v1/instances/{}/release", m.instance), json!({})).await;
        p.advance("2h").await;
        push(
            &p,
            &m,
            &[record(&m.wire, "20240105T04", "20240105T05", "3", "last"), record(&m.wire, "20240105T05", "20240105T06", "4", "late")],
        )
        .await;
        assert_eq!(records(&p, "metering_sn=last").await[0]["state"], "accepted");
        assert!(records(&p, "metering_sn=late").await[0]["reason"].as_str().unwrap().contains("after the instance was released"));
        p.advance("1h").await;
        assert_eq!(p.balance().await, "999899.28", "100.00 for the month, 6 minutes at 0.12");
        p.verify().await;
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
async fn an_on_demand_order_has_no_period_no_quantity_and_is_released_not_unsubscribed() {
    on_both(async |p| {
        let choice = |more: Value| {
            let mut choice = json!({ "product": "transcribe", "specification": "minutes" });
            choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "choice": choice, "pay": true })
        };
        for wrong in [json!({ "period": "1m" }), json!({ "quantity": 2 })] {
            assert_eq!(p.refused("buyer", "/api/v1/orders", choice(wrong)).await, (422, "price.by_use".into()));
        }
        let m = metered(&p).await;
        let (order, backup) = p.buy_open("1m").await;
        let release = |id: &str| format!("/api/v1/instances/{id}/release");
        assert_eq!(p.refused("buyer", &release(&backup), json!({})).await, (409, "instance.not_on_demand".into()));
        assert_eq!(p.refused("buyer", &format!("/api/v1/instances/{}/renew", m.instance), json!({ "period": "1m" })).await.0, 409);
        assert_eq!(p.send("buyer", "GET", &format!("/api/v1/instances/{backup}/usage"), None).await.0, 409);
        let own = p.instance(&m.instance).await["order_number"].as_str().unwrap().to_owned();
        assert_eq!(p.refused("buyer", &format!("/api/v1/orders/{own}/unsubscribe"), json!({})).await, (409, "refund.on_demand".into()));
        let listed = p.get("buyer", "/api/v1/orders").await;
        assert_eq!(listed["orders"].as_array().unwrap().iter().map(number).collect::<Vec<_>>(), [number(&order)]);
        assert_eq!(p.post("buyer", &release(&m.instance), json!({})).await["state"], "released");
        assert_eq!(p.refused("buyer", &release(&m.instance), json!({})).await, (409, "instance.state".into()));
        p.settle().await;
        assert_eq!(p.calls(&m.instance).await.last().unwrap(), &("releaseInstance".to_owned(), "done".to_owned()));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn pushes_and_ratings_at_the_same_time_lose_and_double_nothing() {
    on_both(async |p| {
        let m = metered(&p).await;
        let other = metered_with(&p, "usage-2").await;
        p.advance("3h").await;
        // Each batch is pushed twice, all at once, while the clock passes the minutes of rating.
        let batch = |n: usize| -> Vec<Value> {
            let of = |i: usize| if i.is_multiple_of(2) { &m.wire } else { &other.wire };
            (0..20).map(|i| record(of(i), "20240105T03", "20240105T04", "1", &format!("{n}-{i}"))).collect()
        };
        for round in 0..3 {
            let batches: Vec<_> = (0..6).map(|n| batch(round * 3 + n % 3)).collect();
            let pushes = batches.iter().map(|records| push_signed(&p, &m.key, records)).collect();
            let (answers, ..) = tokio::join!(join(pushes), p.advance("1h"), p.advance("1h"));
            assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        }
        p.advance("2h").await;
        let seen = [&m, &other].map(|m| async { usage(&p, m).await["days"][0]["quantity"].as_str().unwrap().to_owned() });
        let [first, second] = seen;
        assert_eq!((first.await.as_str(), second.await.as_str()), ("90", "90"), "9 batches of 10 each");
        assert_eq!(p.balance().await, "999978.40", "180 minutes at 0.12");
        assert_eq!(records(&p, "state=accepted").await, Vec::<Value>::new(), "nothing waits for ever");
        p.verify().await;
    })
    .await;
}
