//! Around the products over HTTP: pictures, the home page, shops, facts, figures and carts as documents.

use super::on_both;
use serde_json::{Value, json};
use testkit::{Platform, choice};

const MAIN: &[u8] = include_bytes!("../../seed/pictures/backup-1.png");
const LOGO: &[u8] = include_bytes!("../../seed/pictures/backup-logo.png");

/// The first bytes of a PNG of some size: what tells its form.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0\0\0\0\0");
    bytes
}

async fn upload(p: &Platform, role: &str, kind: &str, bytes: Vec<u8>) -> (u16, Value) {
    let mut request = p.http.post(format!("{}/api/v1/pictures?kind={kind}", p.url)).body(bytes);
    if role != "nobody" {
        request = request.bearer_auth(p.token(role));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn product(p: &Platform, key: &str) -> Value {
    p.get("nobody", &format!("/api/v1/products/{key}")).await
}

async fn cart(p: &Platform, role: &str) -> Value {
    p.get(role, "/api/v1/cart").await
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_picture_of_the_right_form_is_kept_once_and_shown_for_ever() {
    on_both(async |p| {
        let (status, first) = upload(&p, "seller", "main", MAIN.to_vec()).await;
        assert_eq!(status, 200, "{first}");
        let (_, again) = upload(&p, "seller", "main", MAIN.to_vec()).await;
        assert_eq!(again["id"], first["id"], "the same picture is the same picture");
        let (_, others) = upload(&p, "seller2", "main", MAIN.to_vec()).await;
        assert_ne!(others["id"], first["id"], "each seller has its own");
        let shown = p.http.get(format!("{}{}", p.url, first["url"].as_str().unwrap())).send().await.unwrap();
        assert_eq!(shown.headers()["content-type"], "image/png");
        assert!(shown.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = shown.headers()["etag"].clone();
        assert_eq!(shown.bytes().await.unwrap(), MAIN);
        let known = p.http.get(format!("{}{}", p.url, first["url"].as_str().unwrap())).header("If-None-Match", tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
        let unknown = format!("/api/v1/pictures/pic_{}", "0".repeat(32));
        assert_eq!(code(&p.send("nobody", "GET", &unknown, None).await), (404, "picture.not_found"));
    })
    .await;
}

#[tokio::test]
async fn a_picture_of_another_form_is_refused_and_the_refusal_says_what_it_must_be() {
    on_both(async |p| {
        let mut long = MAIN.to_vec();
        long.resize(5 * 1024 * 1024 + 1, 0);
        let mut far_too_long = MAIN.to_vec();
        far_too_long.resize(6 * 1024 * 1024, 0);
        for (kind, bytes, expected, says) in [
            ("main", png(600, 600), (422, "picture.bad_form"), "must be 800 × 600"),
            ("logo", MAIN.to_vec(), (422, "picture.bad_form"), "must be 120 × 120"),
            ("brand", b"GIF89a\x0c\x03\xb8\x01\0\0\0".to_vec(), (422, "picture.bad_form"), "send PNG or JPEG"),
            ("main", long, (413, "body_too_long"), "5 MB"),
            ("main", far_too_long, (413, "body_too_long"), "5 MB"),
            ("main", b"<svg onload=alert(1)>".to_vec(), (422, "picture.unreadable"), "PNG"),
            ("main", Vec::new(), (422, "picture.unreadable"), "PNG"),
            ("poster", MAIN.to_vec(), (422, "query.bad_parameter"), "logo"),
        ] {
            let answer = upload(&p, "seller", kind, bytes).await;
            assert_eq!(code(&answer), expected, "{kind}: {}", answer.1);
            assert!(answer.1["detail"].as_str().unwrap().contains(says), "{}", answer.1);
        }
        assert_eq!(code(&upload(&p, "nobody", "main", MAIN.to_vec()).await), (401, "auth.log_in"));
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_previewed_with_its_pictures_by_its_seller_and_the_operator() {
    on_both(async |p| {
        let mine = p.get("seller", "/api/v1/seller/products?key=backup").await["products"][0]["id"].as_str().unwrap().to_owned();
        let mut listing = p.get("seller", &format!("/api/v1/seller/products/{mine}")).await["revisions"][0]["listing"].clone();
        let (_, logo) = upload(&p, "seller", "logo", LOGO.to_vec()).await;
        let put = async |listing: &Value| p.send("seller", "PUT", "/api/v1/seller/products/by-key/backup", Some(listing)).await;
        let kept = listing["pictures"].clone();
        listing["pictures"] = json!([kept[0], logo["id"]]);
        let answer = put(&listing).await;
        assert_eq!((code(&answer), &answer.1["errors"][0]["pointer"]), ((422, "picture.not_found"), &json!("/pictures/1")));
        listing["pictures"] = json!([kept[1]]);
        assert_eq!(put(&listing).await.0, 200);
        let application = p.get("seller", "/api/v1/applications?state=draft").await["applications"][0]["id"].as_str().unwrap().to_owned();
        let preview = format!("/api/v1/applications/{application}/preview");
        for role in ["seller", "operator"] {
            assert_eq!(p.get(role, &preview).await["pictures"], listing["pictures"], "the draft is shown to the {role}");
        }
        assert_eq!(product(&p, "backup").await["pictures"].as_array().unwrap().len(), 2, "what is on sale stays");
        assert_eq!(p.send("seller2", "GET", &preview, None).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn the_home_page_leaves_out_what_is_no_longer_on_sale() {
    on_both(async |p| {
        let id = async |key: &str| product(&p, key).await["id"].clone();
        let (backup, helpdesk) = (id("backup").await, id("helpdesk").await);
        let floors = |products: Value| json!({ "floors": [{ "name": { "zh": "精选", "en": "Chosen" }, "products": products }] });
        let put = async |role: &str, body: Value| p.send(role, "PUT", "/api/v1/operator/floors", Some(&body)).await;
        assert_eq!(put("operator", floors(json!([helpdesk, backup]))).await.0, 200);
        let home = async || p.get("nobody", "/api/v1/storefront").await;
        let shown = home().await;
        let keys: Vec<_> = shown["floors"][0]["products"].as_array().unwrap().iter().map(|c| c["key"].clone()).collect();
        assert_eq!(keys, ["helpdesk", "backup"]);
        assert_eq!((shown["products"].clone(), shown["sellers"].clone()), (json!(5), json!(2)));
        let answer = put("operator", floors(json!([backup, backup]))).await;
        assert_eq!((answer.0, &answer.1["errors"][0]["pointer"]), (422, &json!("/floors/0/products/1")), "{}", answer.1);
        assert_eq!(code(&put("seller", floors(json!([backup]))).await), (403, "auth.wrong_role"));
        assert_eq!(p.get("operator", "/api/v1/operator/floors").await["floors"].as_array().unwrap().len(), 1);
        let stop = format!("/api/v1/operator/products/{}/freeze", helpdesk.as_str().unwrap());
        p.post("operator", &stop, json!({ "reason": "probes fail" })).await;
        let mut left = home().await;
        while left["floors"][0]["products"].as_array().unwrap().len() == 2 {
            left = home().await;
        }
        assert_eq!(left["floors"][0]["products"][0]["key"], "backup");
        assert_eq!(home().await["sellers"], 2, "another product of the seller is on sale");
    })
    .await;
}

#[tokio::test]
async fn facts_shops_and_figures_are_documents() {
    on_both(async |p| {
        p.buy_open("1m").await;
        let id = product(&p, "backup").await["id"].as_str().unwrap().to_owned();
        let other = product(&p, "helpdesk").await["id"].as_str().unwrap().to_owned();
        let facts = p.get("nobody", &format!("/api/v1/product-facts?products={id},{other}")).await;
        let of = &facts["facts"][0];
        assert_eq!((&of["purchases"], &of["refunded_permille"], &of["answered_permille"]), (&json!(1), &json!(0), &json!(1000)));
        assert!(of["opening_ms"].as_i64().is_some_and(|ms| (0..60_000).contains(&ms)), "{of}");
        let nothing = json!({ "product": other, "purchases": 0, "opening_ms": null, "answered_permille": null, "refunded_permille": null });
        assert_eq!(facts["facts"][1], nothing);
        assert_eq!(code(&p.send("nobody", "GET", "/api/v1/product-facts?products=x", None).await), (422, "query.bad_parameter"));
        let account = |role: &str| p.document["accounts"][role]["account_id"].as_str().unwrap().to_owned();
        let shop = p.get("nobody", &format!("/api/v1/shops/{}", account("seller"))).await;
        assert_eq!(shop["name"], "盾存科技 Duncun Technology");
        let found = p.get("nobody", &format!("/api/v1/products?seller={}", account("seller"))).await;
        let keys: Vec<_> = found["products"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap()).collect();
        assert!(keys.len() == 3 && keys.contains(&"backup") && keys.contains(&"assess"), "{keys:?}");
        let buyers = format!("/api/v1/shops/{}", account("buyer"));
        assert_eq!(code(&p.send("nobody", "GET", &buyers, None).await), (404, "shop.not_found"));
        let spending = p.get("buyer", "/api/v1/wallet/figures").await["spending"].clone();
        assert_eq!((spending.as_array().unwrap().len(), &spending[11]["spent"]["amount"]), (12, &json!("100.00")), "{spending}");
        let figures = p.get("seller", "/api/v1/seller/figures").await;
        let (month, calls) = (&figures["revenue"][11], figures["calls"].as_array().unwrap().len());
        let amounts = (&month["sold"]["amount"], &month["refunded"]["amount"], &month["payable"]["amount"], calls);
        assert!(amounts.0.is_string() && amounts.1.is_string() && amounts.2.is_string() && calls == 14, "{figures}");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_purchase_of_a_cart_buys_nothing_more() {
    on_both(async |p| {
        let backup = choice("1m");
        p.post("buyer", "/api/v1/cart", backup.clone()).await;
        let twice = p.post("buyer", "/api/v1/cart", backup).await;
        assert_eq!((twice["lines"].as_array().unwrap().len(), twice["lines"][0]["quantity"].clone()), (1, json!(2)));
        let assess = json!({ "product": "assess", "specification": "once" });
        let filled = p.post("buyer", "/api/v1/cart", assess).await;
        assert_eq!(filled["total"]["amount"], "1080.00");
        let line = |i: usize| filled["lines"][i]["id"].clone();
        let version = |i: usize| filled["lines"][i]["version"].clone();
        let asked = json!([{ "name": filled["lines"][1]["inputs"][0]["name"], "value": "cloud-account-7" }]);
        let body = json!({
            "lines": [{ "line": line(0), "version": version(0) }, { "line": line(1), "version": version(1), "inputs": asked }],
            "total": filled["total"],
            "pay": true,
        });
        let before = p.balance().await;
        let send = async || {
            let request =
                p.http.post(format!("{}/api/v1/cart/buy", p.url)).bearer_auth(p.token("buyer")).header("Idempotency-Key", "cart-1");
            request.json(&body).send().await.unwrap().json::<Value>().await.unwrap()
        };
        let first = send().await;
        assert_eq!(first["orders"].as_array().map(Vec::len), Some(2), "{first}");
        assert_eq!(send().await, first, "a repeat buys nothing more");
        for order in first["orders"].as_array().unwrap() {
            p.wait_for(order, "completed").await;
        }
        assert_eq!((before.as_str(), p.balance().await.as_str()), ("1000000.00", "998920.00"));
        assert_eq!(cart(&p, "buyer").await["lines"], json!([]));
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn lines_of_a_cart_have_paths_of_their_own_and_say_why_they_cannot_be_had() {
    on_both(async |p| {
        let mine = p.post("buyer", "/api/v1/cart", choice("1m")).await;
        let path = format!("/api/v1/cart/{}", mine["lines"][0]["id"].as_str().unwrap());
        assert_eq!(p.send("buyer2", "PATCH", &path, Some(&json!({ "quantity": 2 }))).await.0, 404);
        assert_eq!(p.send("buyer2", "DELETE", &path, None).await.0, 404);
        let too_many = p.send("buyer", "PATCH", &path, Some(&json!({ "quantity": 1001 }))).await;
        assert_eq!(code(&too_many), (422, "price.quantity"));
        assert_eq!(p.send("buyer", "PATCH", &path, Some(&json!({ "quantity": 3 }))).await.1["total"]["amount"], "300.00");
        let mut foreign = choice("1m");
        foreign["product"] = product(&p, "backup").await["id"].clone();
        assert_eq!(p.refused("buyer_intl", "/api/v1/cart", foreign).await.1, "site.other");
        let unknown =
            json!([{ "line": mine["lines"][0]["id"], "version": mine["lines"][0]["version"], "inputs": [{ "name": "x", "value": "y" }] }]);
        let body = json!({ "lines": unknown, "total": mine["total"], "pay": true });
        let answer = p.send("buyer", "POST", "/api/v1/cart/buy", Some(&body)).await;
        assert_eq!((code(&answer), answer.1["errors"][0]["pointer"].as_str()), ((422, "input.unknown"), Some("/lines/0/inputs/0/name")));
        let backup = product(&p, "backup").await["id"].as_str().unwrap().to_owned();
        p.post("operator", &format!("/api/v1/operator/products/{backup}/freeze"), json!({ "reason": "probes fail" })).await;
        let seen = cart(&p, "buyer").await;
        assert_eq!((seen["lines"][0]["code"].as_str(), seen["lines"][0]["total"].clone()), (Some("product.not_on_sale"), Value::Null));
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 200);
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn instances_are_paged_by_their_end_with_a_cursor() {
    on_both(async |p| {
        let mut instances = Vec::new();
        for period in ["3m", "1m", "6m"] {
            instances.push(p.buy_open(period).await.1);
        }
        let by_end = async |direction: &str| -> Vec<String> {
            let mut all = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = p.get("buyer", &format!("/api/v1/instances?sort=expires&limit=2&direction={direction}{cursor}")).await;
                all.extend(page["instances"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["next"].as_str() else { return all };
                cursor = format!("&cursor={next}");
            }
        };
        let soonest = [instances[1].clone(), instances[0].clone(), instances[2].clone()];
        assert_eq!(by_end("asc").await, soonest);
        assert_eq!(by_end("desc").await, soonest.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(code(&p.send("buyer", "GET", "/api/v1/instances?direction=up", None).await), (422, "query.bad_parameter"));
    })
    .await;
}
