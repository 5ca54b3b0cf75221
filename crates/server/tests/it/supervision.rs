//! Service supervision: flows of all kinds played by all parties, with money, terms and messages (`seller-domain 5`).

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

#[tokio::test]
async fn the_term_starts_at_the_actual_opening_time() {
    on_both_from(FROM, async |p| {
        list(&p, "service", "human_service", |_| {}).await;
        let order = buy(&p, "service", Some("2m"), json!({})).await;
        p.advance("240h").await;
        let deliver = |case: Value, opening: &'static str| {
            let p = &p;
            async move {
                let documents = files(p, "seller", &case, &["statement_of_work", "acceptance"]).await;
                p.act_refused(
                    "seller",
                    &case,
                    json!({ "verb": "deliver", "text": "done", "opening_time": opening, "documents": documents }),
                )
                .await
            }
        };
        let case = p.case("buyer", &order).await;
        p.act("buyer", &case, json!({ "verb": "submit", "text": "need" })).await;
        p.act("seller", &case, json!({ "verb": "confirm" })).await;
        assert_eq!(deliver(case.clone(), "2026-03-01T00:00:00Z").await, (422, "supervision.opening_before_order".to_owned()));
        assert_eq!(deliver(case.clone(), "2026-04-01T00:00:00Z").await, (422, "supervision.opening_in_future".to_owned()));
        let documents = files(&p, "seller", &case, &["statement_of_work", "acceptance"]).await;
        let opening = "2026-03-05T01:00:00Z";
        let body = json!({ "verb": "deliver", "text": "done", "opening_time": opening, "documents": documents });
        p.act("seller", &case, body).await;
        p.advance("240h").await;
        let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!(case["opening_time"], opening, "both times are kept");
        assert!(case["accepted_at"].as_str().unwrap().starts_with("2026-03-22T"), "{case}");
        let instance = p.instance(&instance_of(&order)).await;
        assert_eq!((&instance["opened_at"], &instance["expires_at"]), (&json!(opening), &json!("2026-05-05T15:59:59Z")), "{instance}");
        // A renewal makes no new case (4.3), and what was supervised is not given back.
        p.post("buyer", &format!("/api/v1/instances/{}/renew", instance_of(&order)), json!({ "period": "1m", "pay": true })).await;
        assert_eq!(p.get("buyer", "/api/v1/supervision?as=buyer").await["total"], 1);
        let refused = p.refused("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&order)), json!({})).await;
        assert_eq!(refused, (409, "refund.supervised".to_owned()));
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
async fn hardware_is_shipped_to_an_address_accepted_by_itself_or_comes_back() {
    on_both_from(FROM, async |p| {
        list(&p, "box", "hardware", |_| {}).await;
        let shipping = json!({ "recipient": "李雷", "phone": "+86 138 0000 0000", "address": "深圳市龙岗区 1 号" });
        let place = |more: Value| buy(&p, "box", None, more);
        let body = json!({ "choice": { "product": "box", "specification": "standard", "quantity": 1 }, "pay": true });
        assert_eq!(p.refused("buyer", "/api/v1/orders", body).await, (422, "shipping.missing".to_owned()));
        let first = place(json!({ "shipping": shipping })).await;
        let case = p.case("buyer", &first).await;
        let path = format!("/api/v1/supervision/{}/address", case["id"].as_str().unwrap());
        let moved = json!({ "recipient": "韩梅梅", "phone": "0755-12345678", "address": "广州市天河区 2 号" });
        let (status, seen) = p.send("buyer", "PUT", &path, Some(&moved)).await;
        assert_eq!((status, &seen["address"]), (200, &moved));
        let ship = |number: &str| json!({ "verb": "ship", "carrier": "顺丰", "tracking_number": number });
        let case = p.act("seller", &case, ship("SF 1001")).await;
        assert_eq!((&case["node"], &case["address"]["recipient"]), (&json!("accept"), &json!("韩梅梅")), "the seller knows where to");
        assert_eq!(p.send("buyer", "PUT", &path, Some(&moved)).await.1["code"], "supervision.shipped");
        // A carrier's number is of one parcel.
        let second = place(json!({ "shipping": shipping })).await;
        let other = p.case("seller", &second).await;
        assert_eq!(p.act_refused("seller", &other, ship("sf 1001")).await, (422, "supervision.number_used".to_owned()));
        for number in ["9".repeat(61), "SF\n1002".to_owned()] {
            assert_eq!(p.act_refused("seller", &other, ship(&number)).await, (422, "supervision.bad_text".to_owned()));
        }
        p.act("seller", &other, ship("SF 1002")).await;
        // Ten days after the carrier delivered, it is accepted by itself.
        let report = |case: &Value| format!("/api/v1/operator/supervision/{}/carrier-report", case["id"].as_str().unwrap());
        assert_eq!(
            p.refused("operator", &report(&case), json!({ "delivered_at": "2026-03-09T00:00:00Z" })).await.1,
            "supervision.not_awaited"
        );
        p.advance("48h").await;
        p.post("operator", &report(&case), json!({ "delivered_at": "2026-03-03T08:00:00Z" })).await;
        p.advance("221h").await;
        assert_eq!(p.order(&first).await["state"], "processing");
        p.advance("2h").await;
        assert_eq!(p.order(&first).await["state"], "completed");
        let steps = p.case("seller", &first).await["steps"].clone();
        assert_eq!(steps.as_array().unwrap().last().unwrap()["kind"], "accepted_by_time");
        // The second comes back: agreed with a proof, sent within ten days, inspected within fifteen.
        let refunds = format!("/api/v1/supervision/{}/refunds", other["id"].as_str().unwrap());
        let ask = json!({ "amount": { "amount": "80.00", "currency": "CNY" }, "reason": "坏了", "goods": "received" });
        p.post("buyer", &refunds, ask.clone()).await;
        assert_eq!(p.refused("buyer", &refunds, ask).await.1, "supervision.refund_open");
        let step = format!("{refunds}/steps");
        let agree = json!({ "step": "agree", "reason": "同意" });
        assert_eq!(p.refused("seller", &format!("{step}?as=seller"), agree.clone()).await.1, "evidence.missing");
        let documents = files(&p, "seller", &other, &["agreement"]).await;
        let agreed =
            p.post("seller", &format!("{step}?as=seller"), json!({ "step": "agree", "reason": "同意", "documents": documents })).await;
        assert_eq!((&agreed["refund"]["state"], &agreed["waits_for"]), (&json!("waiting_for_return"), &json!(["buyer"])));
        refuses_bad_parcels(&p, &step).await;
        let back = json!({ "step": "send_back", "reason": "已寄回", "carrier": "中通", "tracking_number": "ZT 9" });
        p.post("buyer", &format!("{step}?as=buyer"), back).await;
        let before = minor(&p.balance().await);
        p.advance("359h").await;
        assert!((minor(&p.balance().await) - before).abs() < 0.001);
        p.advance("2h").await;
        assert!((minor(&p.balance().await) - before - 80.0).abs() < 0.001, "fifteen days, then by itself");
        let case = p.case("buyer", &second).await;
        assert_eq!(
            (&case["state"], &case["refunded"]["amount"], &case["released"]["amount"]),
            (&json!("cancelled"), &json!("80.00"), &json!("20.00"))
        );
        assert_eq!(p.order(&second).await["state"], "cancelled");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn milestones_pay_the_seller_part_by_part_and_the_rest_may_be_given_back() {
    on_both_from(FROM, async |p| {
        list(&p, "project", "human_service", |l| l["delivery"]["flow"] = json!("milestones")).await;
        let order = buy(&p, "project", Some("1m"), json!({})).await;
        let case = p.case("buyer", &order).await;
        p.act("buyer", &case, json!({ "verb": "submit", "text": "need" })).await;
        p.act("seller", &case, json!({ "verb": "confirm" })).await;
        for (released, node) in [("30.00", "deliver_2"), ("70.00", "deliver_3")] {
            let documents = files(&p, "seller", &case, &["delivery"]).await;
            p.act("seller", &case, json!({ "verb": "deliver", "text": "part", "documents": documents })).await;
            let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
            assert_eq!((&case["released"]["amount"], &case["node"], &case["state"]), (&json!(released), &json!(node), &json!("open")));
            p.verify().await;
        }
        let refunds = format!("/api/v1/supervision/{}/refunds", case["id"].as_str().unwrap());
        let ask = |amount: &str| json!({ "amount": { "amount": amount, "currency": "CNY" }, "reason": "第三阶段取消" });
        assert_eq!(
            p.refused("buyer", &refunds, ask("30.01")).await,
            (422, "supervision.refund_amount".to_owned()),
            "what was released is the seller's"
        );
        assert_eq!(p.refused("buyer", &refunds, ask("0.00")).await.1, "supervision.refund_amount");
        p.post("buyer", &refunds, ask("30.00")).await;
        let documents = files(&p, "seller", &case, &["agreement"]).await;
        let agree = json!({ "step": "agree", "reason": "ok", "documents": documents });
        let case = p.post("seller", &format!("{refunds}/steps?as=seller"), agree).await;
        assert_eq!(
            (&case["state"], &case["released"]["amount"], &case["refunded"]["amount"]),
            (&json!("cancelled"), &json!("70.00"), &json!("30.00"))
        );
        let orders = p.get("buyer", "/api/v1/orders?as=buyer&kind=unsubscribe").await;
        assert_eq!(orders["orders"][0]["total"]["amount"], "-30.00", "{orders}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn an_appeal_freezes_the_flow_until_the_platform_decides_once() {
    on_both_from(FROM, async |p| {
        list(&p, "service", "human_service", |_| {}).await;
        let order = buy(&p, "service", Some("1m"), json!({})).await;
        let case = delivered(&p, &order, &["statement_of_work", "acceptance"], None).await;
        let id = case["id"].as_str().unwrap().to_owned();
        let proof = files(&p, "seller", &case, &["commitment"]).await;
        let appeal = json!({ "text": "客户联系不上", "documents": proof });
        let frozen = p.post("seller", &format!("/api/v1/supervision/{id}/appeals?as=seller"), appeal).await;
        assert_eq!((&frozen["waits_for"], &frozen["appeal"]["by"]), (&json!(["operator"]), &json!("seller")));
        assert!(frozen["appeal"]["due_at"].as_str().unwrap().starts_with("2026-03-05T"), "three working days: {frozen}");
        assert_eq!(p.act_refused("buyer", &case, json!({ "verb": "accept" })).await, (409, "supervision.frozen".to_owned()));
        let again = p.refused("buyer", &format!("/api/v1/supervision/{id}/appeals?as=buyer"), json!({ "text": "me too" })).await;
        assert_eq!(again, (409, "supervision.appeal_open".to_owned()));
        let proof = files(&p, "buyer", &case, &["other"]).await;
        p.post(
            "buyer",
            &format!("/api/v1/supervision/{id}/appeals/statements?as=buyer"),
            json!({ "text": "尚未部署", "documents": proof }),
        )
        .await;
        p.advance("96h").await;
        assert!(p.messages("operator").await.contains(&"appeal.late".to_owned()), "overdue");
        let notes = format!("{}/api/v1/operator/supervision/{id}/notes", p.url);
        let told = p.messages("buyer").await.len();
        for _ in 0..2 {
            let note = p.http.post(&notes).bearer_auth(p.token("operator")).header("Idempotency-Key", "one-note");
            assert_eq!(note.json(&json!({ "text": "请双方补充材料" })).send().await.unwrap().status(), 200);
        }
        assert_eq!(p.messages("buyer").await.len(), told + 1, "a repeated note is sent once");
        assert_eq!((p.messages("buyer").await[0].as_str(), p.messages("seller").await[0].as_str()), ("supervision.note", "sale.note"));
        let decide = format!("/api/v1/operator/supervision/{id}/decide");
        let resumed = p.post("operator", &decide, json!({ "decision": "continue", "reason": "请验收" })).await;
        assert_eq!((&resumed["appeal"], &resumed["node"], &resumed["waits_for"]), (&Value::Null, &json!("accept"), &json!(["buyer"])));
        let twice = p.refused("operator", &decide, json!({ "decision": "close", "reason": "again" })).await;
        assert_eq!(twice, (409, "supervision.no_appeal".to_owned()), "an operator decides once");
        p.post("buyer", &format!("/api/v1/supervision/{id}/appeals?as=buyer"), json!({ "text": "没有完成" })).await;
        let amount = json!({ "amount": "100.01", "currency": "CNY" });
        let refused = p.refused("operator", &decide, json!({ "decision": "refund", "amount": amount, "reason": "too much" })).await;
        assert_eq!(refused, (422, "supervision.refund_amount".to_owned()));
        let amount = json!({ "amount": "40.00", "currency": "CNY" });
        let over = p.post("operator", &decide, json!({ "decision": "refund", "amount": amount, "reason": "部分完成" })).await;
        assert_eq!(
            (&over["state"], &over["refunded"]["amount"], &over["released"]["amount"]),
            (&json!("cancelled"), &json!("40.00"), &json!("60.00"))
        );
        assert!(p.messages("buyer").await.contains(&"appeal.decided".to_owned()));
        assert!(p.messages("seller").await.contains(&"sale.appeal_decided".to_owned()), "501");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn the_platform_reviews_joint_products_of_the_programmes_in_two_stages() {
    on_both_from(FROM, async |p| {
        let me = p.get("buyer", "/api/v1/me").await;
        let track = format!("/api/v1/operator/accounts/{}/track", me["account_id"].as_str().unwrap());
        let (status, answer) = p.send("operator", "PUT", &track, Some(&json!({ "track": "empowerment_cloud" }))).await;
        assert_eq!(status, 200, "{answer}");
        list(&p, "joint", "license_file", |l| l["joint"] = json!(true)).await;
        let order = buy(&p, "joint", Some("1m"), json!({})).await;
        let case = p.case("seller", &order).await;
        assert_eq!((&case["scene"], &case["node"]), (&json!("empowerment_cloud"), &json!("deliver")), "no requirement comes first");
        for named in ["endpoint", "%E7%BB%88%E7%AB%AF"] {
            let found = p.get("seller", &format!("/api/v1/supervision?as=seller&product_name={named}")).await;
            assert_eq!(found["cases"][0]["product_name"], case["product_name"], "found by its name in either language");
            let orders = p.get("seller", &format!("/api/v1/orders?as=seller&product_name={named}")).await;
            assert_eq!(orders["orders"][0]["order_number"], order["order_number"]);
        }
        assert_eq!(case["product_name"]["en"], "Shield Endpoint Protection Licence");
        let kinds = ["acceptance", "validity_screenshot", "statement_of_work", "kit_screenshot", "deployment_screenshot"];
        let elements = json!({
            "order_numbers": [number(&order)], "customer_name": case["customer_name"], "product_name": "Shield Endpoint Protection Licence",
            "specification_name": "标准版", "valid_from": "2026-03-02", "valid_to": "2026-04-01",
        });
        let deliver = async |elements: &Value, documents: &Value| {
            let body = json!({ "verb": "deliver", "text": "done", "licence": "LIC-1", "elements": elements, "documents": documents });
            p.send("seller", "POST", &format!("/api/v1/supervision/{}/actions?as=seller", case["id"].as_str().unwrap()), Some(&body)).await
        };
        let documents = files(&p, "seller", &case, &kinds).await;
        let mut wrong = elements.clone();
        wrong["customer_name"] = json!("别人");
        wrong["order_numbers"] = json!(["CS0000000000AAAAA"]);
        let (status, refused) = deliver(&wrong, &documents).await;
        assert_eq!((status, &refused["code"]), (422, &json!("supervision.elements")));
        let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/elements/order_numbers", "/elements/customer_name"], "{refused}");
        let (_, refused) = deliver(&Value::Null, &documents).await;
        assert_eq!(refused["code"], "supervision.field_missing", "the five elements are asked for");
        let (status, seen) = deliver(&elements, &documents).await;
        assert_eq!((status, &seen["node"]), (200, &json!("review_base")), "{seen}");
        assert_eq!(p.act_refused("buyer", &case, json!({ "verb": "accept" })).await.0, 409, "not before the platform");
        p.act("operator", &case, json!({ "verb": "return", "reason": "截图不清晰" })).await;
        let documents = files(&p, "seller", &case, &kinds).await;
        deliver(&elements, &documents).await;
        p.act("operator", &case, json!({ "verb": "pass" })).await;
        let case = p.act("operator", &case, json!({ "verb": "pass" })).await;
        assert_eq!(case["node"], "accept");
        let case = p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!((&case["state"], &case["licence"]), (&json!("completed"), &json!("LIC-1")), "the buyer has the licence");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn supervised_software_opens_at_purchase_and_completes_at_acceptance() {
    on_both_from(FROM, async |p| {
        let backup = p.get("seller", "/api/v1/seller/products?key=backup").await["products"][0]["id"].as_str().unwrap().to_owned();
        let address =
            p.get("seller", &format!("/api/v1/seller/products/{backup}")).await["revisions"][0]["listing"]["interface_address"].clone();
        list(&p, "desk", "saas", |l| {
            l["supervised"] = json!(true);
            l["interface_address"] = address.clone();
        })
        .await;
        let order = buy(&p, "desk", Some("1m"), json!({})).await;
        p.settle().await;
        assert_eq!(p.order(&order).await["state"], "processing", "opened, not yet accepted");
        let case = p.case("buyer", &order).await;
        assert!(case["app"]["front_end_url"].is_string(), "the application's data are in the case: {case}");
        assert_eq!(p.instance(&instance_of(&order)).await["state"], "opening");
        let case = delivered(&p, &order, &["acceptance"], None).await;
        p.act("buyer", &case, json!({ "verb": "accept" })).await;
        assert_eq!(p.instance(&instance_of(&order)).await["state"], "running");
        // What never opens is given back in full, and its case is over.
        p.fault("backup", "http_500").await;
        let order = buy(&p, "desk", Some("1m"), json!({})).await;
        p.advance("5h").await;
        assert_eq!(p.order(&order).await["state"], "cancelled");
        let case = p.case("buyer", &order).await;
        assert_eq!((&case["state"], &case["refunded"]["amount"]), (&json!("cancelled"), &json!("100.00")));
        p.verify().await;
    })
    .await;
}
