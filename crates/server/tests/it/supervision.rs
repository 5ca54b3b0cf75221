//! Service supervision over HTTP: a whole delivery, and the documents of parcels, refunds, appeals and elements
//! (`seller-domain 5`). The rules of the flows are tested in `app`.

use super::on_both_from;
use serde_json::{Value, json};
use testkit::{Platform, instance_of, number};

pub(crate) const FROM: &str = "2026-03-02T02:00:00Z";
pub(crate) const PDF: &[u8] = b"%PDF-1.7 evidence";
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n evidence";

/// Lists a product under supervision made from the example licence, changed as wanted.
pub(crate) async fn list(p: &Platform, key: &str, access_type: &str, change: impl Fn(&mut Value)) {
    let supervised = |listing: &mut Value| {
        listing["access_type"] = json!(access_type);
        let once = matches!(access_type, "hardware" | "data_file");
        let spec = &mut listing["specifications"][0];
        spec["charging_mode"] = json!(if once { "ONE_TIME" } else { "PERIOD" });
        spec["skus"][0] = if once { json!({ "key": "-", "once": "100.00" }) } else { json!({ "key": "-", "month": "100.00" }) };
        if access_type != "license_code" {
            spec["licence"] = Value::Null;
        }
        change(listing);
    };
    super::licence::list_with(p, key, supervised).await;
}

/// Buys it; `more` goes into the order.
pub(crate) async fn buy(p: &Platform, key: &str, period: Option<&str>, more: Value) -> Value {
    let mut order = json!({ "choice": { "product": key, "specification": "standard", "period": period, "quantity": 1 }, "pay": true });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    p.post("buyer", "/api/v1/orders", order).await
}

/// Sends files and names them as an action does.
pub(crate) async fn files(p: &Platform, role: &str, case: &Value, kinds: &[&str]) -> Value {
    let mut named = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        let (name, bytes) = if kind.contains("screenshot") { ("png", PNG) } else { ("pdf", PDF) };
        let id = p.send_file(role, case, kind, &format!("{kind}-{i}.{name}"), bytes).await;
        named.push(json!({ "id": id, "kind": kind }));
    }
    json!(named)
}

/// Plays the standard flow up to the delivery; the case then.
pub(crate) async fn delivered(p: &Platform, order: &Value, kinds: &[&str], opening: Option<&str>) -> Value {
    let case = p.case("buyer", order).await;
    p.act("buyer", &case, json!({ "verb": "submit", "text": "200 台终端,两个机房" })).await;
    p.act("seller", &case, json!({ "verb": "confirm" })).await;
    let documents = files(p, "seller", &case, kinds).await;
    p.act("seller", &case, json!({ "verb": "deliver", "text": "done", "opening_time": opening, "documents": documents })).await
}

fn minor(p: &str) -> f64 {
    p.parse().unwrap()
}

#[tokio::test]
async fn a_data_file_is_asked_for_followed_delivered_and_accepted() {
    on_both_from(FROM, async |p| {
        list(&p, "data", "data_file", |_| {}).await;
        let before = p.balance().await;
        let order = buy(&p, "data", None, json!({})).await;
        let case = p.case("buyer", &order).await;
        assert_eq!((&case["node"], &case["waits_for"], &case["template_version"]), (&json!("submit"), &json!(["buyer"]), &json!(1)));
        assert_eq!(p.messages("buyer").await[0], "supervision.to_submit");
        assert!(p.messages("seller").await.contains(&"sale.supervised".to_owned()), "101: a service product was bought");
        let form = p.send_file("buyer", &case, "requirement", "需求.docx", b"PK form").await;
        let documents = json!([{ "id": form, "kind": "requirement" }]);
        let case = p.act("buyer", &case, json!({ "verb": "submit", "text": "全国门店数据", "documents": documents })).await;
        assert_eq!((&case["node"], &case["actions"]), (&json!("confirm"), &json!([])), "it is the seller's turn");
        let seen = p.act("seller", &case, json!({ "verb": "return", "reason": "请补充时间范围" })).await;
        assert_eq!(seen["node"], "submit");
        p.act("buyer", &case, json!({ "verb": "submit", "text": "2025 年" })).await;
        p.act("seller", &case, json!({ "verb": "confirm" })).await;
        let refused = p.act_refused("seller", &case, json!({ "verb": "deliver", "text": "done" })).await;
        assert_eq!(refused, (422, "supervision.evidence_missing".to_owned()), "the acceptance document is missing");
        let documents = files(&p, "seller", &case, &["acceptance"]).await;
        let case = p.act("seller", &case, json!({ "verb": "deliver", "text": "见附件", "documents": documents })).await;
        assert_eq!(p.order(&order).await["state"], "processing", "the money waits");
        let revenue = async || p.get("operator", "/api/v1/operator/verify").await["ok"].clone();
        assert_eq!(revenue().await, true);
        let kept = p.get("buyer", &format!("/api/v1/supervision/{}?as=buyer", case["id"].as_str().unwrap())).await;
        let step = kept["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&step["kind"], &step["party"], step["documents"].as_array().unwrap().len()),
            (&json!("deliver"), &json!("seller"), 1),
            "{step}"
        );
        let case = p.act("buyer", &case, json!({ "verb": "reject", "reason": "缺少三月" })).await;
        assert_eq!((&case["node"], &case["rejections"]), (&json!("deliver"), &json!(1)));
        let documents = files(&p, "seller", &case, &["acceptance"]).await;
        p.act("seller", &case, json!({ "verb": "deliver", "text": "已补", "documents": documents })).await;
        let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!((&case["state"], &case["released"]["amount"], &case["due_at"]), (&json!("completed"), &json!("100.00"), &Value::Null));
        assert_eq!(p.order(&order).await["state"], "completed");
        assert_eq!(p.instance(&instance_of(&order)).await["state"], "running");
        assert!((minor(&before) - minor(&p.balance().await) - 100.0).abs() < 0.001);
        assert_eq!(p.messages("buyer").await[0], "order.opened", "101: opened");
        assert_eq!(p.messages("seller").await[0], "sale.accepted", "101: the buyer accepted");
        let line = p.get("seller", &format!("/api/v1/orders/{}/timeline", number(&order))).await;
        let moved = line["entries"].as_array().unwrap().iter().filter(|e| e["kind"] == "supervision.moved").count();
        assert_eq!(moved, 9, "begun and eight steps are on the flight recorder");
        p.verify().await;
    })
    .await;
}

/// A parcel's carrier and number are one line of 60 characters at most.
async fn refuses_bad_parcels(p: &Platform, step: &str) {
    let long = "9".repeat(61);
    for (carrier, number, wrong) in [("中通", long.as_str(), "tracking_number"), ("中\n通", "ZT 9", "carrier"), (&long, "ZT 9", "carrier")]
    {
        let bad = json!({ "step": "send_back", "reason": "已寄回", "carrier": carrier, "tracking_number": number });
        let (status, answer) = p.send("buyer", "POST", &format!("{step}?as=buyer"), Some(&bad)).await;
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(format!("/{wrong}"))), "{answer}");
    }
}

#[tokio::test]
async fn an_address_a_parcel_and_its_way_back_are_sent_as_documents() {
    on_both_from(FROM, async |p| {
        list(&p, "box", "hardware", |_| {}).await;
        let body = json!({ "choice": { "product": "box", "specification": "standard", "quantity": 1 }, "pay": true });
        assert_eq!(p.refused("buyer", "/api/v1/orders", body).await, (422, "shipping.missing".to_owned()));
        let shipping = json!({ "recipient": "李雷", "phone": "+86 138 0000 0000", "address": "深圳市龙岗区 1 号" });
        let order = buy(&p, "box", None, json!({ "shipping": shipping })).await;
        let case = p.case("buyer", &order).await;
        let path = format!("/api/v1/supervision/{}/address", case["id"].as_str().unwrap());
        let moved = json!({ "recipient": "韩梅梅", "phone": "0755-12345678", "address": "广州市天河区 2 号" });
        let (status, seen) = p.send("buyer", "PUT", &path, Some(&moved)).await;
        assert_eq!((status, &seen["address"]), (200, &moved));
        let case = p.act("seller", &case, json!({ "verb": "ship", "carrier": "顺丰", "tracking_number": "SF 1001" })).await;
        assert_eq!((&case["node"], &case["address"]["recipient"]), (&json!("accept"), &json!("韩梅梅")));
        assert_eq!(p.send("buyer", "PUT", &path, Some(&moved)).await.1["code"], "supervision.shipped");
        let report = format!("/api/v1/operator/supervision/{}/carrier-report", case["id"].as_str().unwrap());
        let early = p.refused("operator", &report, json!({ "delivered_at": "2026-03-09T00:00:00Z" })).await;
        assert_eq!(early, (409, "supervision.not_awaited".to_owned()));
        p.advance("48h").await;
        let seen = p.post("operator", &report, json!({ "delivered_at": "2026-03-03T08:00:00Z" })).await;
        assert_eq!(seen["carrier_delivered_at"], "2026-03-03T08:00:00Z");
        let refunds = format!("/api/v1/supervision/{}/refunds", case["id"].as_str().unwrap());
        let ask = json!({ "amount": { "amount": "80.00", "currency": "CNY" }, "reason": "坏了", "goods": "received" });
        p.post("buyer", &refunds, ask).await;
        let step = format!("{refunds}/steps");
        let documents = files(&p, "seller", &case, &["agreement"]).await;
        let agree = json!({ "step": "agree", "reason": "同意", "documents": documents });
        let agreed = p.post("seller", &format!("{step}?as=seller"), agree).await;
        assert_eq!((&agreed["refund"]["state"], &agreed["waits_for"]), (&json!("waiting_for_return"), &json!(["buyer"])));
        refuses_bad_parcels(&p, &step).await;
        let back = json!({ "step": "send_back", "reason": "已寄回", "carrier": "中通", "tracking_number": "ZT 9" });
        p.post("buyer", &format!("{step}?as=buyer"), back).await;
        p.post("seller", &format!("{step}?as=seller"), json!({ "step": "inspected", "reason": "完好" })).await;
        let case = p.case("buyer", &order).await;
        let amounts = (&case["state"], &case["refunded"]["amount"], &case["released"]["amount"]);
        assert_eq!(amounts, (&json!("cancelled"), &json!("80.00"), &json!("20.00")));
        let orders = p.get("buyer", "/api/v1/orders?as=buyer&kind=unsubscribe").await;
        assert_eq!(orders["orders"][0]["total"]["amount"], "-80.00", "{orders}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_appeal_and_its_decision_are_sent_as_documents_and_a_repeated_note_is_sent_once() {
    on_both_from(FROM, async |p| {
        list(&p, "service", "human_service", |_| {}).await;
        let order = buy(&p, "service", Some("1m"), json!({})).await;
        p.advance("1h").await;
        let opening = "2026-03-02T02:30:00Z";
        let case = delivered(&p, &order, &["statement_of_work", "acceptance"], Some(opening)).await;
        assert_eq!(case["opening_time"], opening);
        let id = case["id"].as_str().unwrap().to_owned();
        let proof = files(&p, "seller", &case, &["commitment"]).await;
        let appeal = json!({ "text": "客户联系不上", "documents": proof });
        let frozen = p.post("seller", &format!("/api/v1/supervision/{id}/appeals?as=seller"), appeal).await;
        assert_eq!((&frozen["waits_for"], &frozen["appeal"]["by"]), (&json!(["operator"]), &json!("seller")));
        assert!(frozen["appeal"]["due_at"].as_str().unwrap().starts_with("2026-03-05T"), "three working days: {frozen}");
        assert_eq!(p.act_refused("buyer", &case, json!({ "verb": "accept" })).await, (409, "supervision.frozen".to_owned()));
        let proof = files(&p, "buyer", &case, &["other"]).await;
        let statement = json!({ "text": "尚未部署", "documents": proof });
        p.post("buyer", &format!("/api/v1/supervision/{id}/appeals/statements?as=buyer"), statement).await;
        let notes = format!("{}/api/v1/operator/supervision/{id}/notes", p.url);
        let told = p.messages("buyer").await.len();
        for _ in 0..2 {
            let note = p.http.post(&notes).bearer_auth(p.token("operator")).header("Idempotency-Key", "one-note");
            assert_eq!(note.json(&json!({ "text": "请双方补充材料" })).send().await.unwrap().status(), 200);
        }
        assert_eq!(p.messages("buyer").await.len(), told + 1, "a repeated note is sent once");
        let decide = format!("/api/v1/operator/supervision/{id}/decide");
        let resumed = p.post("operator", &decide, json!({ "decision": "continue", "reason": "请验收" })).await;
        assert_eq!((&resumed["appeal"], &resumed["node"], &resumed["waits_for"]), (&Value::Null, &json!("accept"), &json!(["buyer"])));
        p.post("buyer", &format!("/api/v1/supervision/{id}/appeals?as=buyer"), json!({ "text": "没有完成" })).await;
        let amount = json!({ "amount": "100.01", "currency": "CNY" });
        let refused = p.refused("operator", &decide, json!({ "decision": "refund", "amount": amount, "reason": "too much" })).await;
        assert_eq!(refused, (422, "supervision.refund_amount".to_owned()));
        let amount = json!({ "amount": "40.00", "currency": "CNY" });
        let over = p.post("operator", &decide, json!({ "decision": "refund", "amount": amount, "reason": "部分完成" })).await;
        let amounts = (&over["state"], &over["refunded"]["amount"], &over["released"]["amount"]);
        assert_eq!(amounts, (&json!("cancelled"), &json!("40.00"), &json!("60.00")));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_five_elements_are_fields_of_a_delivery_and_the_wrong_ones_are_named() {
    on_both_from(FROM, async |p| {
        let me = p.get("buyer", "/api/v1/me").await;
        let track = format!("/api/v1/operator/accounts/{}/track", me["account_id"].as_str().unwrap());
        let (status, answer) = p.send("operator", "PUT", &track, Some(&json!({ "track": "empowerment_cloud" }))).await;
        assert_eq!(status, 200, "{answer}");
        list(&p, "joint", "license_file", |l| l["joint"] = json!(true)).await;
        let order = buy(&p, "joint", Some("1m"), json!({})).await;
        let case = p.case("seller", &order).await;
        assert_eq!((&case["scene"], &case["node"]), (&json!("empowerment_cloud"), &json!("deliver")));
        let found = p.get("seller", "/api/v1/supervision?as=seller&product_name=%E7%BB%88%E7%AB%AF").await;
        assert_eq!(found["cases"][0]["product_name"]["en"], "Shield Endpoint Protection Licence");
        let orders = p.get("seller", "/api/v1/orders?as=seller&product_name=%E7%BB%88%E7%AB%AF").await;
        assert_eq!(orders["orders"][0]["order_number"], order["order_number"]);
        let kinds = ["acceptance", "validity_screenshot", "statement_of_work", "kit_screenshot", "deployment_screenshot"];
        let documents = files(&p, "seller", &case, &kinds).await;
        let mut elements = json!({
            "order_numbers": ["CS0000000000AAAAA"], "customer_name": "别人", "product_name": "Shield Endpoint Protection Licence",
            "specification_name": "标准版", "valid_from": "2026-03-02", "valid_to": "2026-04-01",
        });
        let deliver = async |elements: &Value| {
            let body = json!({ "verb": "deliver", "text": "done", "licence": "LIC-1", "elements": elements, "documents": documents });
            p.send("seller", "POST", &format!("/api/v1/supervision/{}/actions?as=seller", case["id"].as_str().unwrap()), Some(&body)).await
        };
        let (status, refused) = deliver(&elements).await;
        assert_eq!((status, &refused["code"]), (422, &json!("supervision.elements")));
        let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/elements/order_numbers", "/elements/customer_name"], "{refused}");
        elements["order_numbers"] = json!([number(&order)]);
        elements["customer_name"] = case["customer_name"].clone();
        let (status, seen) = deliver(&elements).await;
        assert_eq!((status, &seen["node"]), (200, &json!("review_base")), "{seen}");
        p.act("operator", &case, json!({ "verb": "pass" })).await;
        p.act("operator", &case, json!({ "verb": "pass" })).await;
        let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!((&case["state"], &case["licence"]), (&json!("completed"), &json!("LIC-1")), "the buyer has the licence");
    })
    .await;
}
