//! On-demand packages: bought in advance, drawn from first, used up, stopped (seller-domain 2.5, 4.5, open-api 4).

use super::{catalogue, on_both};
use serde_json::{Value, json};
use testkit::{Platform, Signed, instance_of, number};
use wire::open_api::usage::sign;

const PUSH: &str = "/api/mkp-openapi-public/global/v1/isv/usage-data";

/// Buys something of the speech product and waits until it is open.
async fn bought(p: &Platform, choice: Value) -> (Value, Value) {
    let mut choice = choice;
    choice["product"] = json!("transcribe");
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let order = p.order(&order).await;
    assert_eq!(order["state"], "completed", "{order}");
    let instance = p.instance(&instance_of(&order)).await;
    (order, instance)
}

async fn by_use(p: &Platform) -> Value {
    bought(p, json!({ "specification": "minutes" })).await.1
}

async fn pack(p: &Platform, size: &str, period: &str) -> Value {
    bought(p, json!({ "specification": "pack", "sku": size, "period": period })).await.1
}

async fn stopping(p: &Platform) -> Value {
    bought(p, json!({ "specification": "once", "period": "1y" })).await.1
}

async fn key(p: &Platform) -> String {
    let key = p.post("seller", "/api/v1/seller/keys", json!({ "name": "usage", "class": "basic" })).await;
    key["secret"].as_str().unwrap().to_owned()
}

/// A record of the hour that begins so many hours after 5 January 2024, 03:00 UTC.
fn record(instance: &Value, hour: i64, value: &str, sn: &str) -> Value {
    let begin = "2024-01-05T03:00:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hour);
    let stamp = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let end = stamp(begin + jiff::SignedDuration::from_hours(1));
    json!({ "instance_id": instance["seller_instance_id"], "record_time": end, "begin_time": stamp(begin), "end_time": end,
        "usage_value": value, "metering_sn": sn })
}

fn of_package(mut record: Value, package: &Value) -> Value {
    record["relate_pkg_instance"] = package["seller_instance_id"].clone();
    record
}

fn correcting(mut record: Value, sn: &str) -> Value {
    record["corrects"] = json!(sn);
    record
}

/// Pushes records; they are judged before this returns.
async fn push(p: &Platform, key: &str, records: &[Value]) {
    let body = json!({ "usage_records": records }).to_string().into_bytes();
    let signature = sign(key, "1706688300000", "n-1", &body);
    let request = Signed { body, ..p.signed("seller", "POST", PUSH) };
    let (status, answer) = p.send_signed_with(&request, &[("signature", &signature), ("ts", "1706688300000"), ("nonce", "n-1")]).await;
    assert_eq!((status, &answer["error_code"]), (200, &json!("MKT.0000")), "{answer}");
    p.settle().await;
}

async fn of_instance(p: &Platform, what: &str, instance: &Value) -> Value {
    p.get("buyer", &format!("/api/v1/instances/{}/{what}", instance["id"].as_str().unwrap())).await
}

async fn left(p: &Platform, package: &Value) -> String {
    of_instance(p, "package", package).await["left"].as_str().unwrap().to_owned()
}

async fn state(p: &Platform, instance: &Value) -> String {
    p.instance(instance["id"].as_str().unwrap()).await["state"].as_str().unwrap().to_owned()
}

async fn reason(p: &Platform, sn: &str) -> String {
    let all = p.get("seller", &format!("/api/v1/usage-records?metering_sn={sn}")).await;
    all["records"][0]["reason"].as_str().unwrap_or_else(|| panic!("{all}")).to_owned()
}

#[tokio::test]
async fn use_is_drawn_from_a_package_first_and_the_rest_is_charged() {
    on_both(async |p| {
        let p = &p;
        let (key, running) = (key(p).await, by_use(p).await);
        let package = pack(p, "s", "2m").await;
        assert_eq!(p.balance().await, "999820.00", "two months at 90.00, paid in advance");
        assert_eq!(package["expires_at"], "2024-03-05T15:59:59Z");
        p.advance("3h").await;
        push(p, &key, &[record(&running, 0, "700", "a")]).await;
        p.advance("1h").await;
        assert_eq!((p.balance().await.as_str(), left(p, &package).await.as_str()), ("999820.00", "300"));
        push(p, &key, &[record(&running, 1, "500.5", "b")]).await;
        p.advance("1h").await;
        // 200.5 minutes are left to charge, at 0.12: the quota does not count for the tiers.
        assert_eq!((p.balance().await.as_str(), left(p, &package).await.as_str()), ("999795.94", "0"));
        assert!(p.messages("buyer").await.contains(&"package.used_up".to_owned()));
        let usage = of_instance(p, "usage", &running).await;
        let day = &usage["days"][0];
        assert_eq!((&day["quantity"], &day["from_packages"], &day["amount"]["amount"]), (&json!("200.5"), &json!("1000"), &json!("24.06")));
        let shown = &usage["packages"][0];
        assert_eq!((&shown["quota"], &shown["used"], &shown["end"]), (&json!("1000"), &json!("1000"), &json!("2024-02-05T15:59:59Z")));
        assert_eq!(state(p, &package).await, "running");
        // The second month has its own quota.
        p.advance("32d").await;
        assert_eq!(left(p, &package).await, "1000");
        push(p, &key, &[record(&running, 32 * 24, "10", "c")]).await;
        p.advance("1h").await;
        assert_eq!((p.balance().await.as_str(), left(p, &package).await.as_str()), ("999795.94", "990"));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_package_is_an_order_of_its_own_that_is_not_given_back() {
    on_both(async |p| {
        let p = &p;
        let (order, package) = bought(p, json!({ "specification": "pack", "sku": "s", "period": "1m" })).await;
        let back = format!("/api/v1/orders/{}/unsubscribe", number(&order));
        assert_eq!(p.refused("buyer", &back, json!({})).await, (409, "refund.package".into()));
        let id = package["id"].as_str().unwrap();
        assert_eq!(p.refused("buyer", &format!("/api/v1/instances/{id}/release"), json!({})).await, (409, "instance.not_on_demand".into()));
        assert_eq!(p.send("buyer", "GET", &format!("/api/v1/instances/{id}/usage"), None).await.0, 409);
        let running = by_use(p).await;
        let not = p.send("buyer", "GET", &format!("/api/v1/instances/{}/package", running["id"].as_str().unwrap()), None).await;
        assert_eq!((not.0, &not.1["code"]), (409, &json!("instance.not_a_package")));
        let query = p.signed("seller", "GET", &format!("/api/mkp-openapi-public/global/v1/order/query?orderId={}", number(&order)));
        let (status, answer) = p.send_signed(&query).await;
        let line = &answer["orderInfo"]["orderLine"][0];
        assert_eq!((status, &line["chargingMode"], &line["periodType"]), (200, &json!("ON_DEMAND_PKG"), &json!(null)), "{answer}");
        assert_eq!(line["expireTime"], "20240205155959");
        assert_eq!(
            p.refused("buyer", "/api/v1/orders", json!({ "choice": { "product": "transcribe", "specification": "pack", "sku": "s" } }))
                .await,
            (422, "price.period_missing".into())
        );
        // Its renewal is a term with a quota of its own.
        p.post("buyer", &format!("/api/v1/instances/{id}/renew"), json!({ "period": "1m", "pay": true })).await;
        p.settle().await;
        assert_eq!(p.instance(id).await["expires_at"], "2024-03-05T15:59:59Z");
        assert_eq!(left(p, &package).await, "1000");
        assert_eq!(
            p.get("seller", "/api/v1/orders?as=seller").await["orders"].as_array().unwrap().len(),
            2,
            "packages are in the lists of orders"
        );
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_package_that_stops_is_drawn_from_by_name_stops_and_is_renewed_or_corrected() {
    on_both(async |p| {
        let p = &p;
        let (key, running) = (key(p).await, by_use(p).await);
        let package = stopping(p).await;
        let id = package["id"].as_str().unwrap().to_owned();
        let before = p.balance().await;
        p.advance("3h").await;
        push(p, &key, &[record(&running, 0, "10", "unnamed"), of_package(record(&running, 0, "900", "named"), &package)]).await;
        p.advance("1h").await;
        assert_eq!(left(p, &package).await, "100");
        let charged = p.balance().await;
        assert_ne!(charged, before, "what names no package is charged");
        push(p, &key, &[of_package(record(&running, 1, "250", "last"), &package)]).await;
        p.advance("1h").await;
        assert_eq!((p.balance().await, left(p, &package).await), (charged.clone(), "0".into()), "what exceeds it is not charged");
        let stopped = p.instance(&id).await;
        assert_eq!((&stopped["state"], &stopped["freeze_cause"]), (&json!("frozen"), &json!("used_up")));
        assert_eq!(p.calls(&id).await.last().unwrap(), &("updateInstanceStatus".to_owned(), "done".to_owned()));
        push(p, &key, &[of_package(record(&running, 2, "1", "more"), &package), of_package(record(&running, 1, "250", "last"), &package)])
            .await;
        assert!(reason(p, "more").await.contains("used up"));
        let last = &p.get("seller", "/api/v1/usage-records?metering_sn=last").await["records"];
        assert_eq!((last.as_array().unwrap().len(), &last[0]["repeats"]), (1, &json!(1)));
        // The seller was wrong: 50 minutes instead of 250.
        push(p, &key, &[correcting(of_package(record(&running, 1, "50", "right"), &package), "last")]).await;
        p.advance("1h").await;
        assert_eq!((state(p, &package).await.as_str(), left(p, &package).await.as_str()), ("running", "50"));
        push(p, &key, &[of_package(record(&running, 2, "50", "end"), &package)]).await;
        p.advance("1h").await;
        assert_eq!(state(p, &package).await, "frozen");
        // A renewal adds to it at once.
        p.post("buyer", &format!("/api/v1/instances/{id}/renew"), json!({ "period": "1y", "pay": true })).await;
        p.settle().await;
        assert_eq!((state(p, &package).await.as_str(), left(p, &package).await.as_str()), ("running", "1000"));
        let shown = of_instance(p, "package", &package).await;
        assert_eq!((&shown["quota"], &shown["end"]), (&json!("2000"), &json!("2026-01-05T15:59:59Z")));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_package_that_stops_works_alone_and_is_renewed_automatically_when_it_is_used_up() {
    on_both(async |p| {
        let p = &p;
        let key = key(p).await;
        let package = stopping(p).await;
        let id = package["id"].as_str().unwrap().to_owned();
        let (status, _) = p.send("buyer", "PUT", &format!("/api/v1/instances/{id}/auto-renewal"), Some(&json!({ "period": "1y" }))).await;
        assert_eq!(status, 200);
        p.advance("3h").await;
        push(p, &key, &[record(&package, 0, "1000", "a")]).await;
        let before = p.balance().await;
        p.advance("1h").await;
        p.settle().await;
        assert_eq!(
            (before.as_str(), p.balance().await.as_str()),
            ("999920.00", "999840.00"),
            "80.00 for another year, and nothing for use"
        );
        assert_eq!((state(p, &package).await.as_str(), left(p, &package).await.as_str()), ("running", "1000"));
        // Frozen for a violation while its records come: it is still used up when that is lifted.
        let verb = |verb: &str| format!("/api/v1/operator/instances/{id}/{verb}");
        p.send("buyer", "PUT", &format!("/api/v1/instances/{id}/auto-renewal"), Some(&json!({ "period": null }))).await;
        push(p, &key, &[record(&package, 1, "1000", "b")]).await;
        p.post("operator", &verb("freeze"), json!({ "reason": "abuse" })).await;
        p.advance("1h").await;
        assert_eq!(p.instance(&id).await["freeze_cause"], "violation");
        p.post("operator", &verb("unfreeze"), json!({})).await;
        assert_eq!(p.instance(&id).await["freeze_cause"], "used_up");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn of_several_packages_the_one_that_ends_first_gives_first_and_corrections_give_back() {
    on_both(async |p| {
        let p = &p;
        let (key, running) = (key(p).await, by_use(p).await);
        let first = pack(p, "s", "2m").await;
        p.advance("27d").await;
        let second = pack(p, "m", "1m").await;
        p.advance("6d").await;
        // The month of the first ends on 5 March, that of the second on 1 March.
        let hour = 33 * 24 - 4;
        let before = p.balance().await;
        push(p, &key, &[record(&running, hour, "1500", "a"), of_package(record(&running, hour, "100", "named"), &first)]).await;
        p.advance("1h").await;
        let quotas = async || [left(p, &first).await, left(p, &second).await];
        assert_eq!(quotas().await, ["900", "3500"]);
        push(p, &key, &[correcting(record(&running, hour, "6500", "b"), "a")]).await;
        p.advance("1h").await;
        assert_eq!(quotas().await, ["0", "0"]);
        let charged = |day: &Value| (day["quantity"].clone(), day["from_packages"].clone());
        let usage = of_instance(p, "usage", &running).await;
        assert_ne!(p.balance().await, before);
        let days: Vec<_> = usage["days"].as_array().unwrap().iter().map(charged).collect();
        assert_eq!(days, [(json!("600"), json!("6000"))], "{usage}");
        push(p, &key, &[correcting(record(&running, hour, "10", "c"), "b")]).await;
        p.advance("1h").await;
        assert_eq!((p.balance().await, quotas().await[0].as_str()), (before, "900"), "all is given back");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn a_record_that_names_a_wrong_package_is_refused() {
    on_both(async |p| {
        let p = &p;
        let (key, running) = (key(p).await, by_use(p).await);
        let package = pack(p, "s", "1m").await;
        let (_, period) = p.buy_open("1m").await;
        p.advance("3h").await;
        let named = |sn: &str, name: &Value| {
            let mut record = record(&running, 0, "1", sn);
            record["relate_pkg_instance"] = name.clone();
            record
        };
        let (backup, before) = (p.instance(&period).await, of_package(record(&running, -1, "1", "before"), &package));
        push(
            p,
            &key,
            &[
                named("nobody", &json!("pkg-1")),
                named("period", &backup["seller_instance_id"]),
                named("itself", &running["seller_instance_id"]),
                record(&package, 0, "1", "alone"),
                of_package(record(&running, 0, "1", "good"), &package),
                before,
            ],
        )
        .await;
        for sn in ["nobody", "period", "itself"] {
            assert!(reason(p, sn).await.contains("has no package"), "{sn}");
        }
        assert!(reason(p, "alone").await.contains("not billed by use"), "only a package that stops is used alone");
        p.advance("40d").await;
        push(p, &key, &[of_package(record(&running, 40 * 24, "1", "after"), &package)]).await;
        assert!(reason(p, "after").await.contains("does not cover"));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_listed_package_contains_stays_and_its_price_does_not() {
    on_both(async |p| {
        let p = &p;
        let (_, listing) = catalogue::listing(p, "transcribe").await;
        let with = |pointer: &str, value: Value| {
            let mut changed = listing.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            changed
        };
        let submit = async |listing: Value| {
            assert_eq!(catalogue::put(p, "transcribe", &listing).await.1["action"], "updated");
            let id = catalogue::application(p, "transcribe").await;
            p.send("seller", "POST", &format!("/api/v1/seller/applications/{id}/submit"), Some(&json!({}))).await
        };
        let stopped = with("/specifications/2/package/stop_when_used_up", json!(false));
        for changed in [with("/specifications/1/skus/0/quota", json!("900")), stopped] {
            let (status, answer) = submit(changed).await;
            assert_eq!((status, &answer["errors"][0]["code"]), (422, &json!("application.package_fixed")), "{answer}");
        }
        let (status, answer) = submit(with("/specifications/1/skus/0/month", json!("95.00"))).await;
        assert_eq!(status, 200, "{answer}");
    })
    .await;
}
