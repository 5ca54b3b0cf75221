//! The joint-SaaS kit: a company binds an application, its departments and people are told, they sign on
//! (`saas-interface 4`).

use super::{
    on_both,
    sellers::{self, Language, yunshi},
};
use reqwest::header::{COOKIE, LOCATION};
use rsa::{
    Generate, PrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
};
use serde_json::{Value, json};
use testkit::{Platform, instance_of, number};

const KEY: &str = "a-key-of-the-tests";

/// A debugged kit of the seller's, at an address.
async fn kit_at(p: &Platform, url: &str, key: &str, protocol: &str) -> String {
    let put = async |path: &str, body: Value| {
        let (status, value) = p.send("seller", "PUT", path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {value}");
        value["id"].as_str().unwrap_or_default().to_owned()
    };
    put("/api/v1/seller/keys/by-name/kit", json!({ "class": "kit_sync", "secret": key })).await;
    put("/api/v1/seller/addresses/by-name/kit", json!({ "url": url, "key": "kit", "protocol": protocol })).await
}

async fn debug(p: &Platform, address: &str) {
    let report = p.post("seller", &format!("/api/v1/seller/addresses/{address}/debug"), json!({ "save": true })).await;
    assert_eq!(report["failed"], 0, "{report:#}");
}

async fn put_application(p: &Platform, body: &Value) -> (u16, Value) {
    p.send("seller", "PUT", "/api/v1/seller/sign-on-applications/by-product/backup", Some(body)).await
}

/// Invites somebody and joins as him; his id and the cookie and CSRF token of his session.
async fn join(p: &Platform, login: &str, role: &str, department: Option<&str>) -> (String, String, String) {
    let body = json!({ "login": login, "name": format!("同事 {login}"), "role": role, "department": department });
    let invited = p.post("buyer", "/api/v1/invitations", body).await;
    let link = format!("/api/v1/join/{}", invited["secret"].as_str().unwrap());
    assert_eq!(p.get("nobody", &link).await["account_name"], "青禾软件 Qinghe Software");
    let joined = p.post("nobody", &link, json!({ "password": "a-long-password", "language": "zh" })).await;
    assert_eq!(
        p.send("nobody", "POST", &link, Some(&json!({ "password": "a-long-password", "language": "zh" }))).await.1["code"],
        "invitation.over"
    );
    let body = json!({ "login": login, "password": "a-long-password" });
    let begun = p.http.post(format!("{}/api/v1/session", p.url)).json(&body).send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = begun.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    (joined["user_id"].as_str().unwrap().to_owned(), cookie, csrf)
}

/// A browser that follows nothing by itself.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Follows one step with a cookie; the status and where it leads.
pub(crate) async fn step(url: &str, cookie: &str) -> (u16, String) {
    let answer = browser().get(url).header(COOKIE, cookie).send().await.unwrap();
    let to = answer.headers().get(LOCATION).map(|l| l.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    (
        status,
        match to {
            Some(to) => to,
            None => answer.text().await.unwrap(),
        },
    )
}

async fn sign_on(p: &Platform, instance: &str) -> Value {
    p.get("buyer", &format!("/api/v1/instances/{instance}/sign-on")).await
}

#[tokio::test]
async fn a_company_binds_an_application_in_node_and_its_people_sign_on() {
    binds_and_signs_on(Language::Node, "kit").await;
}

#[tokio::test]
async fn a_company_binds_an_application_in_python_and_its_people_sign_on() {
    binds_and_signs_on(Language::Python, "kit").await;
}

#[tokio::test]
async fn a_company_binds_an_application_in_java_and_its_people_sign_on() {
    binds_and_signs_on(Language::Java, "kit").await;
}

/// The kit of sellers from before 2.0: other paths, a token over the fields, signed answers.
#[tokio::test]
async fn a_company_binds_an_application_that_speaks_kit_1_0() {
    binds_and_signs_on(Language::Node, "kit-v1").await;
}

async fn binds_and_signs_on(language: Language, protocol: &str) {
    on_both(async |p| {
        let (_child, url) = sellers::start_with(language, &[("SELLER_PLATFORM", &p.url)]).await;
        let public_key = p.http.get(format!("{url}/public-key")).send().await.unwrap().text().await.unwrap();
        let address = kit_at(&p, &url, KEY, protocol).await;
        let application = json!({
            "name": "备份", "login_url": format!("{url}/login"), "address": address, "public_key": public_key,
            "redirect_uris": [format!("{url}/callback")],
        });
        assert_eq!(put_application(&p, &application).await.1["code"], "sign_on.not_debugged");
        debug(&p, &address).await;
        assert_eq!(put_application(&p, &application).await.0, 200);
        for (code, name, parent) in [("rd", "研发", None), ("rd-web", "前端", Some("rd"))] {
            let body = json!({ "name": name, "parent": parent });
            assert_eq!(p.send("buyer", "PUT", &format!("/api/v1/departments/{code}"), Some(&body)).await.0, 200);
        }
        let (user, cookie, _) = join(&p, "xia@qinghe", "member", Some("rd-web")).await;
        let (_, instance) = p.buy_open("1m").await;
        let path = format!("/api/v1/instances/{instance}/sign-on");
        assert_eq!(p.refused("buyer", &format!("{path}/grants"), json!({ "users": [user], "role": "user" })).await.1, "kit.not_bound");
        assert_eq!(p.post("buyer", &path, json!({})).await["state"], "tenant");
        assert_eq!(p.refused("buyer", &path, json!({})).await.1, "kit.already_bound");
        p.settle().await;
        assert_eq!(sign_on(&p, &instance).await["state"], "bound");
        let (status, denied) = step(&step(&format!("{url}/login"), &cookie).await.1, &cookie).await;
        assert!(status == 302 && denied.contains("error=access_denied"), "not granted yet: {denied}");
        p.post("buyer", &format!("{path}/grants"), json!({ "users": [user], "role": "admin" })).await;
        p.settle().await;
        let sent: Vec<String> = p.calls(&instance).await.into_iter().map(|(a, state)| format!("{a} {state}")).collect();
        assert_eq!(
            sent,
            ["newInstance done", "queryInstance done", "tenantSync done", "allOrgSync done", "applicationSync done", "authSync done"]
        );
        let (status, authorise) = step(&format!("{url}/login"), "").await;
        assert!(status == 302 && authorise.starts_with(&p.url), "{authorise}");
        let (_, log_in) = step(&authorise, "").await;
        assert!(log_in.starts_with("/log-in?back=%2Fapi%2Fv1%2Foauth2%2Fauthorize"), "{log_in}");
        let (_, back) = step(&authorise, &cookie).await;
        assert!(back.starts_with(&format!("{url}/callback?code=")) && back.contains("iss=http"), "{back}");
        assert_eq!(step(&back, "").await, (200, "Welcome 同事 xia@qinghe (admin, rd-web)".to_owned()));
        assert!(sign_on(&p, &instance).await["grants"][0]["signed_on_at"].is_string());
        // What changes in the company is told.
        let person = json!({ "name": "夏", "role": "member", "department": "rd", "title": "工程师",
            "mobile": "13800000000", "email": "xia@qinghe.example" });
        assert_eq!(p.send("buyer", "PUT", &format!("/api/v1/colleagues/{user}"), Some(&person)).await.0, 200);
        p.settle().await;
        let again = async || step(&step(&step(&format!("{url}/login"), &cookie).await.1, &cookie).await.1, "").await;
        assert_eq!(again().await, (200, "Welcome 夏 (admin, rd)".to_owned()));
        assert_eq!(p.send("buyer", "DELETE", &format!("{path}/grants/{user}"), None).await.0, 200);
        p.settle().await;
        assert!(again().await.1.starts_with("access_denied"), "withdrawn");
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.1["state"], "removing");
        p.settle().await;
        assert_eq!(sign_on(&p, &instance).await["state"], "removed");
        p.verify().await;
    })
    .await;
}

/// A body that applies for sign-on with the built-in seller behind it.
pub(crate) async fn application(p: &Platform) -> Value {
    application_with(p, "shield", &PrivateKey::generate()).await
}

async fn application_with(p: &Platform, product: &str, key: &PrivateKey) -> Value {
    let own = p.document["accounts"]["seller"]["interface_key"]["secret"].as_str().unwrap().to_owned();
    let address = kit_at(p, &format!("{}/sandbox/seller/{product}", p.url), &own, "kit").await;
    debug(p, &address).await;
    json!({
        "name": "Backup", "login_url": "https://app.example.com/login", "address": address,
        "public_key": key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(),
        "redirect_uris": ["https://app.example.com/cb?x=1", "https://app.example.com/callback"],
    })
}

pub(crate) struct Client {
    pub id: String,
    pub secret: String,
}

/// A bound application whose secret this test opens, granted to the buyer's own user; the instance and its order.
pub(crate) async fn bound(p: &Platform) -> (Client, String, Value) {
    let key = PrivateKey::generate();
    let body = application_with(p, "backup", &key).await;
    let (status, application) = put_application(p, &body).await;
    assert_eq!(status, 200, "{application}");
    let (order, instance) = p.buy_open("1m").await;
    p.post("buyer", &format!("/api/v1/instances/{instance}/sign-on"), json!({})).await;
    p.settle().await;
    let me = p.get("buyer", "/api/v1/colleagues").await["colleagues"][0]["id"].clone();
    p.post("buyer", &format!("/api/v1/instances/{instance}/sign-on/grants"), json!({ "users": [me], "role": "user" })).await;
    p.settle().await;
    let call = p.get("seller", "/api/v1/calls?activity=applicationSync").await["calls"][0]["id"].as_str().unwrap().to_owned();
    let sent = p.get("seller", &format!("/api/v1/calls/{call}")).await["attempts"][0]["request"].as_str().unwrap().to_owned();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let private = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let secret = wire::kit::decrypt_secret(&private, sent["clientSecret"].as_str().unwrap()).unwrap();
    assert_eq!(sent["clientId"], application["client_id"]);
    (Client { id: sent["clientId"].as_str().unwrap().to_owned(), secret }, instance, order)
}

#[tokio::test]
async fn what_fails_is_told_and_tried_again_by_the_buyer() {
    on_both(async |p| {
        let (_, instance, order) = bound(&p).await;
        let path = format!("/api/v1/instances/{instance}/sign-on");
        p.send("buyer", "DELETE", &path, None).await;
        p.settle().await;
        p.fault("backup", "http_500").await;
        p.post("buyer", &path, json!({})).await;
        p.advance("2h").await;
        let shown = sign_on(&p, &instance).await;
        assert_eq!(
            (&shown["state"], &shown["failed"][0]["activity"]),
            (&json!("tenant"), &json!("tenantSync")),
            "not repeated by itself: {shown}"
        );
        assert!(p.messages("buyer").await.contains(&"kit.sync_failed".to_owned()));
        let read = format!("{shown}{}", p.get("buyer", "/api/v1/inbox").await);
        assert!(!read.contains("HTTP 500") && !read.contains("resultCode"), "what the seller's server answered is the seller's: {read}");
        assert!(p.messages("seller").await.contains(&"call.given_up".to_owned()));
        p.fault("backup", "none").await;
        p.post("buyer", &format!("{path}/retry"), json!({})).await;
        p.settle().await;
        assert_eq!(
            (&sign_on(&p, &instance).await["state"], p.refused("buyer", &format!("{path}/retry"), json!({})).await.1),
            (&json!("bound"), "kit.nothing_failed".into())
        );
        // Several that failed are sent again in their order.
        p.fault("backup", "http_500").await;
        for code in ["a", "b"] {
            p.send("buyer", "PUT", &format!("/api/v1/departments/{code}"), Some(&json!({ "name": code }))).await;
        }
        p.settle().await;
        let shown = sign_on(&p, &instance).await;
        assert_eq!(shown["failed"].as_array().unwrap().len(), 2, "{shown} {:?}", p.calls(&instance).await);
        p.fault("backup", "none").await;
        p.post("buyer", &format!("{path}/retry"), json!({})).await;
        p.settle().await;
        assert_eq!(sign_on(&p, &instance).await["failed"], json!([]));
        // The end of the instance is the end of the binding.
        p.post("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&order)), json!({})).await;
        p.settle().await;
        assert_eq!(sign_on(&p, &instance).await["state"], "removed");
        assert_eq!(p.calls(&instance).await.last().unwrap(), &("tenantSync".to_owned(), "done".to_owned()));
        let call =
            p.get("seller", "/api/v1/calls?activity=tenantSync&limit=100").await["calls"].as_array().unwrap().last().unwrap()["id"].clone();
        assert!(call.is_string());
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn only_a_company_binds_a_running_instance_of_a_product_that_has_an_application() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let (_, instance) = p.buy_open("1m").await;
    let path = |id: &str| format!("/api/v1/instances/{id}/sign-on");
    assert_eq!(sign_on(&p, &instance).await["application"], Value::Null);
    assert_eq!(p.refused("buyer", &path(&instance), json!({})).await.1, "kit.no_application");
    let (_, _, order) = bound(&p).await;
    let alone = p.post("buyer2", "/api/v1/orders", json!({ "choice": testkit::choice("1m"), "pay": true })).await;
    p.settle().await;
    let alone = p.get("buyer2", &format!("/api/v1/orders/{}", number(&alone))).await;
    assert_eq!(p.refused("buyer2", &path(&instance_of(&alone)), json!({})).await.1, "kit.enterprises_only");
    p.post("buyer", &format!("/api/v1/orders/{}/unsubscribe", number(&order)), json!({})).await;
    p.settle().await;
    assert_eq!(p.refused("buyer", &path(&instance_of(&order)), json!({})).await.1, "kit.not_running");
}

#[tokio::test]
async fn an_application_has_a_long_key_and_pages_of_its_own() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let _ = bound(&p).await;
    let good = p.get("seller", "/api/v1/seller/sign-on-applications").await["applications"][0].clone();
    let with = |name: &str, value: Value| {
        let mut body = json!({});
        for field in ["name", "login_url", "address", "public_key", "redirect_uris"] {
            body[field] = good[field].clone();
        }
        body[name] = value;
        body
    };
    for (body, pointer, code) in [
        (with("public_key", json!("no key")), "/public_key", "sign_on.bad_public_key"),
        (with("login_url", json!("http://app.example.com/")), "/login_url", "sign_on.bad_url"),
        (with("login_url", json!("javascript:alert(1)")), "/login_url", "sign_on.bad_url"),
        (with("redirect_uris", json!([])), "/redirect_uris", "sign_on.redirects"),
        (with("redirect_uris", json!(["https://app.example.com/cb", "https://*.example.com/"])), "/redirect_uris/1", "sign_on.bad_url"),
        (with("address", p.get("seller", "/api/v1/seller/addresses").await["addresses"][0]["id"].clone()), "/address", "sign_on.not_a_kit"),
    ] {
        let (status, problem) = put_application(&p, &body).await;
        assert_eq!(
            (status, problem["errors"][0]["pointer"].as_str(), problem["code"].as_str()),
            (422, Some(pointer), Some(code)),
            "{problem}"
        );
    }
    let other = p.send("seller", "PUT", "/api/v1/seller/sign-on-applications/by-product/assess", Some(&with("name", json!("x")))).await;
    assert_eq!(other.1["code"], "sign_on.login_url_taken");
    // A new secret is told to the bound companies' application, encrypted anew.
    p.post("seller", "/api/v1/seller/sign-on-applications/by-product/backup/secret", json!({})).await;
    p.settle().await;
    let calls = p.get("seller", "/api/v1/calls?activity=applicationSync").await["calls"].as_array().unwrap().clone();
    assert_eq!((calls.len(), &calls[0]["state"]), (2, &json!("done")));
}

#[tokio::test]
async fn the_command_line_binds_grants_and_withdraws() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let (_, instance, _) = bound(&p).await;
    let me = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("buyer"))];
    assert_eq!(yunshi(&["sign-on", "mine"], &me).await.1["applications"][0]["instance"], json!(instance));
    let (code, shown) = yunshi(&["sign-on", "show", &instance], &me).await;
    assert_eq!((code, &shown["grants"][0]["role"]), (0, &json!("user")), "{shown}");
    let user = shown["grants"][0]["user_id"].as_str().unwrap();
    let granted = yunshi(&["sign-on", "grant", &instance, user, "--role", "admin"], &me).await.1;
    assert_eq!(granted["grants"][0]["role"], "admin");
    assert_eq!(yunshi(&["sign-on", "withdraw", &instance, user], &me).await.1["grants"], json!([]));
    assert_eq!(yunshi(&["sign-on", "retry", &instance], &me).await.1["code"], "kit.nothing_failed");
    assert_eq!(yunshi(&["sign-on", "end", &instance], &me).await.1["state"], "removing");
}
