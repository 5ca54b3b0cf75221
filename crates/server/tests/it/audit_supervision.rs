//! Every write under service supervision, in the message centre and that mends the books leaves an event with the name of who did it.

use super::{
    audit::{Audit, id},
    licence::list_with,
    supervision::{PDF, buy, files, list},
};
use serde_json::json;
use testkit::number;

/// Supervision, messages, licences and corrections.
pub(crate) async fn all(a: &mut Audit) {
    supervised(a).await;
    messages(a).await;
    licence_rules(a).await;
    corrections(a).await;
}

/// Everything that is done under service supervision.
async fn supervised(a: &mut Audit) {
    let buyer = a.p.get("buyer", "/api/v1/me").await["account_id"].as_str().unwrap().to_owned();
    a.act("operator", "PUT", &format!("/api/v1/operator/accounts/{buyer}/track"), json!({ "track": null })).await;
    let templates = "/api/v1/operator/supervision/templates";
    let mut template = a.p.get("operator", &format!("{templates}/hardware/1")).await["body"].clone();
    (template["version"], template["valid_from"]) = (json!(2), json!("2030-01-01"));
    a.act("operator", "POST", templates, json!({ "template": template })).await;
    a.sent_file("seller", "/api/v1/seller/documents?name=form.pdf", PDF).await;
    list(&a.p, "box", "hardware", |_| {}).await;
    let to = json!({ "recipient": "x", "phone": "12345", "address": "x" });
    let order = buy(&a.p, "box", None, json!({ "shipping": to })).await;
    let case = a.p.case("seller", &order).await;
    let (one, desk) = (format!("/api/v1/supervision/{}", id(&case)), format!("/api/v1/operator/supervision/{}", id(&case)));
    a.act("buyer", "PUT", &format!("{one}/address"), to).await;
    a.sent_file("seller", &format!("{one}/documents?as=seller&kind=shipping&name=a.pdf"), PDF).await;
    a.act("seller", "POST", &format!("{one}/actions"), json!({ "verb": "ship", "carrier": "c", "tracking_number": "1" })).await;
    let now = a.p.get("seller", &one).await["shipped_at"].clone();
    a.act("operator", "POST", &format!("{desk}/carrier-report"), json!({ "delivered_at": now })).await;
    a.act("operator", "POST", &format!("{desk}/notes"), json!({ "text": "x" })).await;
    a.act("buyer", "POST", &format!("{one}/appeals"), json!({ "text": "x" })).await;
    a.act("seller", "POST", &format!("{one}/appeals/statements"), json!({ "text": "x" })).await;
    a.act("operator", "POST", &format!("{desk}/decide"), json!({ "decision": "continue", "reason": "x" })).await;
    let ask = json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reason": "x", "goods": "in_transit" });
    a.act("buyer", "POST", &format!("{one}/refunds"), ask).await;
    let documents = files(&a.p, "seller", &case, &["agreement"]).await;
    let agree = json!({ "step": "agree", "reason": "x", "documents": documents });
    a.act("seller", "POST", &format!("{one}/refunds/steps"), agree).await;
    a.act("operator", "POST", &format!("{desk}/refunds/steps"), json!({ "step": "refuse", "reason": "x" })).await;
    // A delivery that the platform reviews.
    a.p.send("operator", "PUT", &format!("/api/v1/operator/accounts/{buyer}/track"), Some(&json!({ "track": "base_cloud" }))).await;
    list(&a.p, "joint", "data_file", |l| l["joint"] = json!(true)).await;
    let order = buy(&a.p, "joint", None, json!({})).await;
    let case = a.p.case("buyer", &order).await;
    a.p.act("buyer", &case, json!({ "verb": "submit", "text": "x" })).await;
    a.p.act("seller", &case, json!({ "verb": "confirm" })).await;
    let elements = json!({
        "order_numbers": [number(&order)], "customer_name": case["customer_name"], "product_name": "Shield Endpoint Protection Licence",
        "specification_name": "Standard",
    });
    let documents = files(&a.p, "seller", &case, &["acceptance"]).await;
    a.p.act("seller", &case, json!({ "verb": "deliver", "text": "x", "elements": elements, "documents": documents })).await;
    a.act("operator", "POST", &format!("/api/v1/operator/supervision/{}/actions", id(&case)), json!({ "verb": "pass" })).await;
}

/// Seats and machines that are taken back, and a new key.
async fn licence_rules(a: &mut Audit) {
    let rules = json!({ "seats": 2, "nodes": 2 });
    list_with(&a.p, "floating", |listing| {
        listing["access_type"] = json!("license_code");
        listing["interface_address"] = json!(null);
        listing["specifications"][0]["licence"] = rules.clone();
    })
    .await;
    a.act("seller", "POST", "/api/v1/seller/licence-keys", json!({})).await;
    let choice = json!({ "product": "floating", "specification": "standard", "period": "1y" });
    let order = a.p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    a.p.settle().await;
    let case = a.p.case("buyer", &order).await;
    a.p.act("buyer", &case, json!({ "verb": "claim" })).await;
    let code = a.p.get("buyer", "/api/v1/licences?as=buyer").await["licences"][0]["code"].as_str().unwrap().to_owned();
    let take = json!({ "code": code, "client": "x", "fingerprint": "x" });
    a.p.post("nobody", "/api/v1/licence-seats/take", take).await;
    let one = format!("/api/v1/licences/{code}");
    a.act("buyer", "POST", &format!("{one}/seats/0/release"), json!({})).await;
    let node = a.p.get("seller", &one).await["rights"]["bound"][0]["id"].as_str().unwrap().to_owned();
    a.act("seller", "POST", &format!("{one}/nodes/{node}/release"), json!({})).await;
}

/// Who hears of what, and endpoints.
async fn messages(a: &mut Audit) {
    a.act("buyer", "PUT", "/api/v1/messages/settings/101", json!({ "mail": true, "sms": true, "digest": true })).await;
    let reader = json!({ "name": "x", "mailbox": "x@example.com", "language": "zh" });
    let reader = a.act("buyer", "POST", "/api/v1/messages/recipients", reader).await;
    a.act("buyer", "DELETE", &format!("/api/v1/messages/recipients/{}", id(&reader)), json!({})).await;
    let hook = json!({ "url": "http://127.0.0.1:9/", "events": ["bill.issued"] });
    let made = a.act("buyer", "POST", "/api/v1/webhooks", hook.clone()).await;
    let one = format!("/api/v1/webhooks/{}", id(&made));
    a.act("buyer", "PUT", &one, hook.clone()).await;
    a.act("buyer", "POST", &format!("{one}/rotate"), json!({})).await;
    let sent = a.act("buyer", "POST", &format!("{one}/test"), json!({})).await;
    // Switched off, what waits for it ends and may be sent again.
    let off = json!({ "url": "http://127.0.0.1:9/", "enabled": false });
    a.p.send("buyer", "PUT", &one, Some(&off)).await;
    a.p.advance("1h").await;
    a.act("buyer", "POST", &format!("/api/v1/webhook-deliveries/{}/replay", id(&sent)), json!({})).await;
    a.act("buyer", "DELETE", &one, json!({})).await;
}

/// What comes back of an order, and what mends the books.
async fn corrections(a: &mut Audit) {
    let choice = json!({ "product": "archive", "specification": "standard", "sku": "starter", "period": "1m" });
    let order = a.p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    let order = a.p.wait_for(&order, "completed").await;
    let back = json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reason": "a day without service" });
    a.act("operator", "POST", &format!("/api/v1/operator/orders/{}/refund", number(&order)), back).await;
    let wallet = json!({ "account": "buyer_wallet", "owner": a.p.document["accounts"]["buyer"]["account_id"] });
    let mend = json!({
        "from": { "account": "provider_clearing" }, "to": wallet, "amount": { "amount": "1.00", "currency": "CNY" }, "reason": "x",
    });
    a.act("operator", "POST", "/api/v1/operator/corrections", mend).await;
}
