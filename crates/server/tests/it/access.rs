//! Who may call what, derived from the list of routes: each as nobody, with the wrong role, as another
//! tenant. And log-in, sessions, tokens, CSRF.

use super::setup;
use serde_json::{Value, json};
use testdb::{Engine, engines};
use testkit::Platform;

/// Every operation of the API: method, path, who may call it.
async fn operations(p: &Platform) -> Vec<(String, String, String)> {
    let document = p.get("nobody", "/api/v1/openapi.json").await;
    let mut all = vec![];
    // Who may call the open APIs and sign-on is tested beside them: they have log-ins of their own.
    let ours = |path: &str| path.starts_with("/api/v1/") && !path.starts_with("/api/v1/oauth2/");
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| ours(path)) {
        for (method, operation) in item.as_object().unwrap() {
            let access = operation["security"][0]["access"][0].as_str().unwrap_or_else(|| panic!("{method} {path} states no access"));
            all.push((method.to_uppercase(), path.clone(), access.to_owned()));
        }
    }
    assert!(all.len() > 60, "only {} operations", all.len());
    all
}

/// A path with ids that nobody has.
fn filled(path: &str) -> String {
    let mut out = path.to_owned();
    for (name, value) in [
        ("{number}", "CS0000000000AAAAA"),
        ("{name}", "x"),
        ("{key}", "x"),
        ("{product}", "x"),
        ("{line}", "crt_00000000000000000000000000000000"),
        ("{seller}", "acc_00000000000000000000000000000000"),
        ("{user}", "usr_00000000000000000000000000000000"),
    ] {
        out = out.replace(name, value);
    }
    let prefix = match path {
        p if p.contains("/access-keys/") => "aks",
        p if p.contains("/keys/") => "key",
        p if p.contains("/addresses/") => "adr",
        p if p.contains("/products/") => "prd",
        p if p.contains("/applications/") => "app",
        p if p.contains("/sellers/") => "acc",
        p if p.contains("/transfers/") => "trf",
        p if p.contains("/pictures/") => "pic",
        p if p.contains("/assets/") => "ast",
        p if p.contains("/usage-holds/") => "hld",
        p if p.contains("/instances/") => "ins",
        p if p.contains("/open-api-calls/") => "req",
        p if p.contains("/calls/") => "cal",
        p if p.contains("/bills/") => "bil",
        p if p.contains("/orders-exports/") => "exp",
        p if p.contains("/sessions/") => "ses",
        p if p.contains("/tokens/") => "tok",
        p if p.contains("/colleagues/") => "usr",
        p if p.contains("/invitations/") => "inv",
        _ => "ord",
    };
    out.replace("{id}", &format!("{prefix}_{}", "0".repeat(32)))
}

#[tokio::test]
async fn every_route_refuses_nobody_and_the_wrong_role() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    for (method, path, access) in operations(&p).await {
        if method == "GET" && path.ends_with("/unsubscribe/{token}") {
            continue; // a page for whoever has a mail's address
        }
        let body = (method != "GET").then(|| json!({}));
        let send = async |role: &str| p.send(role, &method, &filled(&path), body.as_ref()).await;
        let (status, problem) = send("nobody").await;
        if access == "public" {
            assert!(!matches!(status, 401 | 403), "{method} {path}: {problem}");
            continue;
        }
        assert_eq!((status, problem["code"].as_str().unwrap()), (401, "auth.log_in"), "{method} {path}");
        let wrong: &[&str] = match access.as_str() {
            "buyer" => &["operator"],
            "seller" => &["buyer", "operator"],
            a if a.starts_with("operator") => &["buyer", "seller"],
            // Who is no administrator of his account is tried in organisation.
            "user" | "administrator" => &[],
            other => panic!("{method} {path}: unknown access {other}"),
        };
        for role in wrong {
            let (status, problem) = send(role).await;
            assert_eq!((status, problem["code"].as_str().unwrap()), (403, "auth.wrong_role"), "{method} {path} as {role}");
        }
    }
}

/// A query that would be taken from the owner.
fn query_for(path: &str, product: &str) -> String {
    match path {
        x if x.ends_with("/links") => format!("?product={product}&specification=standard"),
        x if x.ends_with("/packages") => "?version=1&file_name=a.zip".to_owned(),
        x if x.ends_with("/documents") => "?kind=other&name=a.txt".to_owned(),
        x if x.ends_with("change-quote") => "?sku=pro/5".to_owned(),
        x if x.ends_with("/auto-renewal") => "?period=1m".to_owned(),
        x if x.ends_with("renewal-quote") => "?period=1m".to_owned(),
        _ => String::new(),
    }
}

/// A body that would be taken from the owner.
fn body_for(method: &str, path: &str, colleague: &str) -> Option<Value> {
    match path {
        _ if method == "GET" => None,
        x if x.ends_with("/replay") => {
            let exchange = json!({ "at": "2024-01-05T02:00:00Z", "protocol": "saas-v2", "activity": "x", "request": "{}" });
            Some(json!({ "exchanges": [exchange] }))
        }
        x if ["/renew", "/convert", "/auto-renewal"].iter().any(|end| x.ends_with(end)) => Some(json!({ "period": "1m" })),
        x if x.ends_with("/images") => {
            Some(json!({ "version": "1", "region": "r", "image_id": "i", "image_name": "n", "os_type": "Linux", "architecture": "x86" }))
        }
        x if x.ends_with("/actions") => Some(json!({ "verb": "claim" })),
        x if x.contains("/appeals") => Some(json!({ "text": "x" })),
        x if x.ends_with("/refunds") => Some(json!({ "amount": { "amount": "1.00", "currency": "CNY" }, "reason": "x" })),
        x if x.ends_with("/refunds/steps") => Some(json!({ "step": "withdraw", "reason": "x" })),
        x if x.ends_with("/address") => Some(json!({ "recipient": "x", "phone": "12345", "address": "x" })),
        x if x.contains("/webhooks/") => Some(json!({ "url": "https://x.example/" })),
        x if x.ends_with("/send") => Some(json!({ "request": "{}" })),
        x if x.ends_with("/change") => Some(json!({ "sku": "pro/5" })),
        x if x.contains("/cart/") => Some(json!({ "quantity": 2 })),
        x if x.ends_with("/public") => Some(json!({ "public": true })),
        x if x.ends_with("/stop") => Some(json!({ "reason": "x" })),
        x if x.ends_with("/grants") => Some(json!({ "users": [colleague], "role": "user" })),
        x if x.contains("/colleagues/") => Some(json!({ "name": "x", "role": "member" })),
        _ => Some(json!({})),
    }
}

/// A buyer's call at the open APIs, by its id.
async fn signed_call(p: &Platform) -> String {
    p.send_signed(&p.signed("buyer", "GET", "/api/mkp-openapi-public/global/v1/order/query?orderId=x")).await;
    crate::open_api_calls::calls(p, "buyer", "", 1).await[0]["id"].as_str().unwrap().to_owned()
}

/// A licence that was bought, its case, and a file that was sent to it.
async fn supervised(p: &Platform) -> (String, String, String) {
    crate::licence::list_shield(p, None).await;
    let (sold, licence) = crate::licence::buy(p, 1).await;
    let case = p.case("buyer", &sold).await;
    let document = p.send_file("buyer", &case, "other", "a.txt", b"x").await;
    (licence, case["id"].as_str().unwrap().to_owned(), document)
}

#[tokio::test]
async fn what_belongs_to_another_tenant_is_not_there() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let (order, instance) = p.buy_open("1m").await;
    let number = testkit::number(&order);
    let products = p.get("seller", "/api/v1/seller/products").await;
    let product = products["products"][0]["id"].as_str().unwrap().to_owned();
    let application = products["products"][0]["application_id"].as_str().unwrap().to_owned();
    let address = p.get("seller", "/api/v1/seller/addresses").await["addresses"][0]["id"].as_str().unwrap().to_owned();
    let key = p.get("seller", "/api/v1/seller/keys").await["keys"][0]["id"].as_str().unwrap().to_owned();
    let call = p.get("seller", "/api/v1/calls").await["calls"][0]["id"].as_str().unwrap().to_owned();
    let export = p.post("buyer", "/api/v1/orders-exports", json!({})).await["id"].as_str().unwrap().to_owned();
    p.advance("33d").await;
    let bill = p.get("seller", "/api/v1/bills").await["bills"][0]["id"].as_str().unwrap().to_owned();
    let line = p.post("buyer", "/api/v1/cart", testkit::choice("1m")).await["lines"][0]["id"].as_str().unwrap().to_owned();
    let invited = p.post("buyer", "/api/v1/invitations", json!({ "login": "x", "name": "x", "role": "member" })).await;
    let invitation = invited["id"].as_str().unwrap().to_owned();
    let colleague = p.get("buyer", "/api/v1/colleagues").await["colleagues"][0]["id"].as_str().unwrap().to_owned();
    let domain = p.post("seller", "/api/v1/seller/domains", json!({ "name": "x.example" })).await["id"].as_str().unwrap().to_owned();
    let asset = p.post("seller", "/api/v1/seller/assets", json!({ "name": "x", "kind": "software_package" })).await;
    let asset = asset["id"].as_str().unwrap().to_owned();
    let signed = signed_call(&p).await;
    let (licence, case, document) = supervised(&p).await;
    let hook = p.post("buyer", "/api/v1/webhooks", json!({ "url": "https://x.example/" })).await["id"].as_str().unwrap().to_owned();
    let mut tried = 0;
    for (method, path, access) in operations(&p).await {
        if !path.contains('{')
            || path == "/api/v1/departments/{code}"
            || access == "public"
            || access.starts_with("operator")
            || path.contains("by-")
        {
            continue;
        }
        let id = match path.as_str() {
            x if x.contains("/webhook-deliveries/") || x.contains("/messages/") => continue, // tried in messages
            x if x.contains("/usage-holds/") => continue,                                    // tried in app, usage::holds
            x if x.contains("/webhooks/") => &hook,
            "/api/v1/documents/{id}" => continue, // a form of a listing: for whoever knows its id
            x if x.contains("/supervision/") => &case,
            x if x.contains("/orders/") => number,
            x if x.contains("/instances/") => &instance,
            x if x.contains("/seller/products/") => &product,
            x if x.contains("/applications/") => &application,
            x if x.contains("/addresses/") => &address,
            x if x.contains("/keys/") => &key,
            x if x.contains("/domains/") => &domain,
            x if x.contains("/assets/") => &asset,
            x if x.contains("/open-api-calls/") => &signed,
            x if x.contains("/calls/") => &call,
            x if x.contains("/bills/") => &bill,
            x if x.contains("/orders-exports/") => &export,
            x if x.contains("/cart/") => &line,
            x if x.contains("/licences/") => &licence,
            x if x.contains("/licence-applications/") => "EV0", // asked for by nobody: tried in licence_made
            x if x.contains("/colleagues/") => &colleague,
            x if x.contains("/invitations/") => &invitation,
            x if x.contains("/me/") => continue, // tried below
            other => panic!("{other}: tell this test whose it is"),
        };
        let of_it = ["{id}", "{number}", "{line}", "{code}", "{event}"].iter().fold(path.clone(), |path, place| path.replace(place, id));
        let concrete = of_it.replace("{user}", &colleague).replace("{document}", &document);
        let body = body_for(&method, &path, &colleague);
        let query = query_for(&path, &product);
        let stranger = if access == "seller" || path.contains("/calls") || path.contains("/bills") { "seller2" } else { "buyer2" };
        let (status, problem) = p.send(stranger, &method, &format!("{concrete}{query}"), body.as_ref()).await;
        let expected = if path.contains("/applications/") && access == "user" { matches!(status, 403 | 404) } else { status == 404 };
        assert!(expected, "{method} {path} as {stranger}: {status} {problem}");
        tried += 1;
    }
    assert!(tried >= 20, "only {tried} routes were tried");
}

async fn log_in(p: &Platform, login: &str, password: &str) -> reqwest::Response {
    let body = json!({ "login": login, "password": password });
    p.http.post(format!("{}/api/v1/session", p.url)).json(&body).send().await.unwrap()
}

fn cookie(response: &reqwest::Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_needs_cookie_and_csrf_header_and_is_logged_out_everywhere() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let bad = log_in(&p, "buyer@sandbox", "wrong-password").await;
    assert_eq!(bad.status(), 401);
    let one = log_in(&p, "buyer@sandbox", "open-sesame-2026").await;
    let first = cookie(&one);
    let csrf = one.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let second = cookie(&log_in(&p, "buyer@sandbox", "open-sesame-2026").await);
    let me =
        async |cookie: &str| p.http.get(format!("{}/api/v1/me", p.url)).header("Cookie", cookie).send().await.unwrap().status().as_u16();
    assert_eq!((me(&first).await, me(&second).await, me("yunshi_session=forged").await), (200, 200, 401));
    let sessions = p.http.get(format!("{}/api/v1/me/sessions", p.url)).header("Cookie", &first).send().await.unwrap();
    assert_eq!(sessions.json::<Value>().await.unwrap()["sessions"].as_array().unwrap().len(), 2);
    let others = async |token: Option<&str>| {
        let mut request = p.http.delete(format!("{}/api/v1/me/sessions", p.url)).header("Cookie", &first);
        if let Some(token) = token {
            request = request.header("X-CSRF-Token", token);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(others(None).await, 403, "a foreign page cannot write");
    assert_eq!(others(Some("guess")).await, 403);
    assert_eq!(others(Some(&csrf)).await, 200);
    assert_eq!((me(&first).await, me(&second).await), (200, 401));
    let change = json!({ "old_password": "open-sesame-2026", "new_password": "another-long-one" });
    let changed = p.http.post(format!("{}/api/v1/me/password", p.url)).header("Cookie", &first).header("X-CSRF-Token", &csrf).json(&change);
    assert_eq!(changed.send().await.unwrap().status(), 200);
    assert_eq!(log_in(&p, "buyer@sandbox", "open-sesame-2026").await.status(), 401);
    assert_eq!(log_in(&p, "buyer@sandbox", "another-long-one").await.status(), 200);
}

#[tokio::test]
async fn log_in_is_rate_limited_per_login_also_after_a_restart() {
    for engine in engines() {
        let mut p = Platform::start(setup(engine)).await;
        let guess = async |p: &Platform, login: &str| log_in(p, login, "guess-guess-guess").await.status().as_u16();
        let mut statuses = vec![];
        for _ in 0..14 {
            statuses.push(guess(&p, "seller@sandbox").await);
        }
        assert!(statuses.contains(&429) && statuses[..8].iter().all(|s| *s == 401), "{statuses:?}");
        let others = log_in(&p, "seller2@sandbox", "open-sesame-2026").await;
        assert_eq!(others.status(), 200, "another login is not touched");
        p.kill().await;
        p.run().await;
        let mut after = vec![];
        for _ in 0..6 {
            after.push(guess(&p, "SELLER@sandbox").await);
        }
        assert!(after.contains(&429), "the count is not of one process: {after:?}");
    }
}

#[tokio::test]
async fn a_token_acts_within_its_scopes_until_it_is_revoked() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let issued = p.post("buyer", "/api/v1/me/tokens", json!({ "name": "reader", "scopes": ["read"] })).await;
    let token = issued["token"].as_str().unwrap();
    let status = async |method: reqwest::Method, path: &str| {
        let request = p.http.request(method, format!("{}{path}", p.url)).bearer_auth(token).json(&json!({}));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(status(reqwest::Method::GET, "/api/v1/orders").await.0, 200);
    assert_eq!(status(reqwest::Method::POST, "/api/v1/inbox/read").await, (403, "auth.scope_missing".into()));
    let path = format!("/api/v1/me/tokens/{}", issued["id"].as_str().unwrap());
    assert_eq!(p.send("buyer2", "DELETE", &path, None).await.0, 404);
    assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 200);
    assert_eq!(status(reqwest::Method::GET, "/api/v1/orders").await, (401, "auth.bad_token".into()));
}

#[tokio::test]
async fn people_register_and_meet_the_first_operator_rule() {
    let p = Platform::start(setup(Engine::Sqlite)).await;
    let new = |login: &str, password: &str| {
        json!({ "login": login, "password": password, "user_name": "N", "account_name": "N 公司", "kind": "enterprise",
            "site": "intl", "language": "en" })
    };
    let register = async |login: &str, password: &str| p.send("nobody", "POST", "/api/v1/accounts", Some(&new(login, password))).await;
    assert_eq!(register("new@example.com", "short").await.1["code"], "account.weak_password");
    assert_eq!(register("new@example.com", "xxnew@example.comxx").await.1["code"], "account.weak_password");
    assert_eq!(register("new@example.com", "a-long-password").await.0, 200);
    assert_eq!(register("new@example.com", "a-long-password").await.1["code"], "account.login_taken");
    let me = log_in(&p, "new@example.com", "a-long-password").await.json::<Value>().await.unwrap();
    assert_eq!((&me["site"], &me["currency"], &me["roles"]), (&json!("intl"), &json!("USD"), &json!(["buyer"])));
}
