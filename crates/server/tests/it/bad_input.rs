//! Bad input: a clear problem that names the field, and nothing stored.

use super::on_both;
use serde_json::{Value, json};
use testkit::choice;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Parameters that take any text.
const FREE_TEXT: [&str; 14] = [
    "name",
    "number",
    "order_number",
    "product_name",
    "customer_name",
    "user_name",
    "key",
    "order",
    "seller_instance",
    "metering_sn",
    "code",
    "department",
    "access_key",
    "path",
];

#[tokio::test]
async fn each_bad_body_is_refused_by_name_and_nothing_is_stored() {
    on_both(async |p| {
        let order = |change: Value| {
            let mut body = json!({ "choice": choice("1m"), "pay": true });
            for (k, v) in change.as_object().unwrap() {
                body["choice"][k] = v.clone();
            }
            body
        };
        for (body, pointer) in [
            (order(json!({ "quantity": -1 })), "/choice/quantity"),
            (order(json!({ "quantity": 0 })), "/quantity"),
            (order(json!({ "quantity": 99_999_999_999_u64 })), "/choice/quantity"),
            (order(json!({ "period": "1w" })), "/choice/period"),
            (order(json!({ "period": "7d" })), "/period"),
            (order(json!({ "sku": "none" })), "/sku"),
            (order(json!({ "specification": "x".repeat(61) })), "/choice/specification"),
            (order(json!({ "specification": "a\u{0}b" })), "/choice/specification"),
            (order(json!({ "specification": "none" })), "/specification"),
            (order(json!({ "colour": "red" })), "/choice/colour"),
            (json!({ "pay": true }), "/choice"),
            (json!({ "choice": choice("1m"), "inputs": [{ "name": "x", "value": "y" }] }), "/inputs/0/name"),
        ] {
            let (status, problem) = p.send("buyer", "POST", "/api/v1/orders", Some(&body)).await;
            assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{body} {problem}");
            for field in ["type", "title", "status", "detail", "code", "request_id"] {
                assert!(problem.get(field).is_some_and(|v| !v.as_str().is_some_and(str::is_empty)), "{field} is missing in {problem}");
            }
        }
        assert_eq!(p.get("buyer", "/api/v1/orders").await["orders"].as_array().unwrap().len(), 0);
        let transfer = |amount: &str, currency: &str| json!({ "amount": { "amount": amount, "currency": currency }, "reference": "r" });
        for (body, pointer) in [
            (transfer("-1.00", "CNY"), "/amount/amount"),
            (transfer("0.00", "CNY"), "/amount/amount"),
            (transfer("1.234", "CNY"), "/amount/amount"),
            (transfer("99999999999999999999", "CNY"), "/amount/amount"),
            (transfer("1.00", "XXX"), "/amount/currency"),
        ] {
            let (status, problem) = p.send("buyer", "POST", "/api/v1/wallet/transfers", Some(&body)).await;
            assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{body}");
        }
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_not_json_too_long_or_of_another_type_are_refused() {
    on_both(async |p| {
        let send = async |content_type: &str, body: String, key: Option<String>| {
            let mut request = p
                .http
                .post(format!("{}/api/v1/orders", p.url))
                .bearer_auth(p.token("buyer"))
                .header("Content-Type", content_type)
                .body(body);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let status = response.status().as_u16();
            (status, response.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
        };
        let good = json!({ "choice": choice("1m") }).to_string();
        assert_eq!(send("text/plain", good.clone(), None).await, (415, "body.content_type".into()));
        assert_eq!(send("application/json", "{".into(), None).await, (400, "body.not_json".into()));
        assert_eq!(send("application/json", format!("{good} x"), None).await, (400, "body.not_json".into()));
        assert_eq!(send("application/json", "x".repeat(600_000), None).await, (413, "body_too_long".into()));
        assert_eq!(send("application/json", r#"{"choice":{},"choice":{}}"#.into(), None).await.0, 422);
        assert_eq!(send("application/json", good.clone(), Some(String::new())).await, (422, "idempotency.bad_key".into()));
        assert_eq!(send("application/json", good, Some("k".repeat(101))).await, (422, "idempotency.bad_key".into()));
        let wrong_method = p.send("buyer", "PUT", "/api/v1/orders", Some(&json!({}))).await;
        assert_eq!((wrong_method.0, wrong_method.1["code"].as_str().unwrap()), (405, "method_not_allowed"));
        assert_eq!(p.send("buyer", "GET", "/api/v1/nothing", None).await.0, 404);
        for (method, path) in [("GET", "/orders/%00"), ("POST", "/orders/%00/pay"), ("GET", "/products/a%00"), ("DELETE", "/me/tokens/%00")]
        {
            let body = (method == "POST").then(|| json!({}));
            assert_eq!(p.send("buyer", method, &format!("/api/v1{path}"), body.as_ref()).await.0, 404, "{path}");
        }
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=x", "limit"),
            ("cursor=zz", "cursor"),
            ("state=odd", "state"),
            ("colour=red", "colour"),
            ("limit=1&limit=2", "limit"),
            ("number=%00", "number"),
            ("created_from=soon", "created_from"),
        ] {
            let (status, problem) = p.send("buyer", "GET", &format!("/api/v1/orders?{query}"), None).await;
            assert_eq!((status, problem["errors"][0]["pointer"].as_str().unwrap()), (422, format!("/query/{name}").as_str()), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_listens_still_hears_the_refusal() {
    let p = testkit::Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let body = vec![b'x'; 24 << 20];
    for (role, path, status) in [
        ("nobody", "/api/v1/orders", 401),
        ("buyer", "/api/v1/operator/signing-keys", 403),
        ("buyer", "/api/v1/orders", 413),
        ("seller", "/api/v1/pictures?kind=poster", 422),
        ("nobody", "/api/v1/nothing", 404),
        ("nobody", "/nothing", 404),
    ] {
        let host = p.url.strip_prefix("http://").unwrap();
        let token = if role == "nobody" { "none" } else { p.token(role) };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut line = TcpStream::connect(host).await.unwrap();
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&body).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_whether_it_shall_send_is_refused_before_it_does() {
    let p = testkit::Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let host = p.url.strip_prefix("http://").unwrap();
    let mut line = TcpStream::connect(host).await.unwrap();
    let head = format!("POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n");
    line.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    line.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 401");
}

/// Every list of the description, with the role that may read it and the field that holds its rows.
const LISTS: &[(&str, &str, &str)] = &[
    ("buyer", "/api/v1/orders", "orders"),
    ("buyer", "/api/v1/instances", "instances"),
    ("buyer", "/api/v1/inbox", "messages"),
    ("buyer", "/api/v1/orders-exports", "exports"),
    ("buyer", "/api/v1/wallet", "entries"),
    ("buyer", "/api/v1/wallet/transfers", "transfers"),
    ("seller", "/api/v1/calls", "calls"),
    ("seller", "/api/v1/applications", "applications"),
    ("seller", "/api/v1/bills", "bills"),
    ("seller", "/api/v1/seller/products", "products"),
    ("seller", "/api/v1/seller/transactions", "lines"),
    ("seller", "/api/v1/usage-records", "records"),
    ("buyer", "/api/v1/usage-holds", "holds"),
    ("seller", "/api/v1/licences", "licences"),
    ("seller", "/api/v1/supervision", "cases"),
    ("seller", "/api/v1/probes", "probes"),
    ("seller", "/api/v1/interface-health", "products"),
    ("seller", "/api/v1/seller/sign-on-applications", "applications"),
    ("buyer", "/api/v1/colleagues", "colleagues"),
    ("buyer", "/api/v1/invitations", "invitations"),
    ("seller", "/api/v1/open-api-calls", "calls"),
    ("operator", "/api/v1/operator/sellers", "sellers"),
    ("operator", "/api/v1/operator/transfers", "transfers"),
    ("operator", "/api/v1/operator/corrections", "corrections"),
];

#[tokio::test]
async fn every_list_is_paged_without_gap_or_repeat_and_refuses_unknown_words() {
    on_both(async |p| {
        super::licence::list_shield(&p, None).await;
        let product = p.get("seller", "/api/v1/seller/products?key=backup").await["products"][0]["id"].as_str().unwrap().to_owned();
        let application = super::kit::application(&p).await;
        assert_eq!(p.send("seller", "PUT", "/api/v1/seller/sign-on-applications/by-product/shield", Some(&application)).await.0, 200);
        for i in 0..3 {
            p.post("buyer", "/api/v1/invitations", json!({ "login": format!("guest-{i}"), "name": "Guest", "role": "member" })).await;
            super::licence::buy(&p, 1).await;
            p.post("seller", &format!("/api/v1/seller/products/{product}/probe"), json!({})).await;
            let (order, _) = p.buy_open("1m").await;
            let part = json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reason": "two days without service" });
            let number = order["order_number"].as_str().unwrap();
            p.post("operator", &format!("/api/v1/operator/orders/{number}/refund"), part).await;
            p.post("buyer", "/api/v1/orders-exports", json!({})).await;
            let transfer = json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reference": format!("r{i}") });
            p.post("buyer", "/api/v1/wallet/transfers", transfer).await;
            let record = json!({ "instance_id": "i", "record_time": "x", "begin_time": "x", "end_time": "x",
                "usage_value": "1", "product_id": "p" });
            let body = json!({ "usage_records": [record] }).to_string().into_bytes();
            let push = testkit::Signed { body, ..p.signed("seller", "POST", "/rest/marketplace/v1/isv/usage-data") };
            assert_eq!(p.send_signed(&push).await.0, 200);
        }
        p.settle().await;
        super::usage::held(&p).await;
        super::open_api_calls::calls(&p, "seller", "", 4).await;
        let described: Value = p.get("buyer", "/api/v1/openapi.json").await;
        let lists = described["paths"].as_object().unwrap().iter().filter(|(_, item)| {
            let parameters = item["get"]["parameters"].as_array();
            parameters.is_some_and(|all| all.iter().any(|q| q["name"] == "cursor"))
        });
        let known = |path: &str| path.contains('{') || LISTS.iter().any(|(_, listed, _)| *listed == path);
        let missing: Vec<_> = lists.map(|(path, _)| path).filter(|path| !known(path)).collect();
        assert!(missing.is_empty(), "lists without this test: {missing:?}");
        for (role, path, field) in LISTS {
            let whole = p.get(role, &format!("{path}?limit=100")).await[field].as_array().unwrap().clone();
            let (mut seen, mut next) = (vec![], Some(format!("{path}?limit=1")));
            while let Some(at) = next {
                let page = p.get(role, &at).await;
                seen.extend(page[field].as_array().unwrap().clone());
                next = page["next"].as_str().map(|c| format!("{path}?limit=1&cursor={c}"));
            }
            assert_eq!(seen, whole, "{path}");
            assert!(!whole.is_empty() || *path == "/api/v1/bills", "{path} is empty, the test says nothing");
            for parameter in described["paths"][path]["get"]["parameters"].as_array().unwrap() {
                let name = parameter["name"].as_str().unwrap();
                let odd = if FREE_TEXT.contains(&name) { "%00" } else { "odd" };
                let (status, problem) = p.send(role, "GET", &format!("{path}?{name}={odd}"), None).await;
                assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(format!("/query/{name}"))), "{path} {name}");
            }
        }
    })
    .await;
}
