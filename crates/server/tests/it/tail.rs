//! The live tail of production calls as server-sent events.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, number};

/// Reads events until one is wanted.
async fn until(response: &mut reqwest::Response, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut text = String::new();
    loop {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        text += std::str::from_utf8(&chunk).unwrap();
        while let Some((event, rest)) = text.clone().split_once("\n\n") {
            let data = event.lines().find_map(|l| l.strip_prefix("data: ")).map(|d| serde_json::from_str::<Value>(d).unwrap());
            text = rest.to_owned();
            if let Some(found) = data.filter(|d| wanted(d)) {
                return found;
            }
        }
    }
}

async fn follow(p: &Platform, role: &str) -> reqwest::Response {
    let response = p.http.get(format!("{}/api/v1/calls/stream", p.url)).bearer_auth(p.token(role)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

#[tokio::test]
async fn attempts_are_told_as_they_end_to_their_seller_and_to_nobody_else() {
    on_both(async |p| {
        let (mut mine, mut others) = (follow(&p, "seller").await, follow(&p, "seller2").await);
        let (order, _) = p.buy_open("1m").await;
        let told = until(&mut mine, |e| e["activity"] == "queryInstance" && !e["outcome"].is_null()).await;
        assert_eq!((&told["order_number"], &told["outcome"]), (&order["order_number"], &json!("success")), "{told}");
        // What another seller sells next is the first that he hears of.
        let choice = json!({ "product": "archive", "specification": "standard", "sku": "starter", "period": "1m" });
        let placed = p.send("buyer", "POST", "/api/v1/orders", Some(&json!({ "choice": choice, "pay": true }))).await;
        let Value::Object(_) = &placed.1 else { panic!("{placed:?}") };
        assert_eq!(placed.0, 200, "{}", placed.1);
        p.settle().await;
        let first = until(&mut others, |_| true).await;
        assert_eq!(first["order_number"], json!(number(&placed.1)));
        assert_eq!(p.send("buyer", "GET", "/api/v1/calls/stream", None).await.0, 403);
    })
    .await;
}
