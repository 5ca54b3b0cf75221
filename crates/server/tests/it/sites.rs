//! Several sites in one deployment: each by its host, its currency and its accounts.

use super::setup;
use serde_json::{Value, json};
use testdb::Engine;
use testkit::{Platform, Setup};

const SITES: &str = r#"
[[sites]]
code = "cn"
hosts = ["market.example.cn"]

[[sites]]
code = "intl"
hosts = ["market.example.com"]
"#;

async fn platform() -> Platform {
    Platform::start(Setup { config: SITES, ..setup(Engine::Sqlite) }).await
}

#[tokio::test]
async fn the_host_decides_the_site_and_x_site_overrules_it() {
    let p = platform().await;
    let current = async |host: &str, chosen: Option<&str>| {
        let mut request = p.http.get(format!("{}/api/v1/sites", p.url)).header("Host", host);
        if let Some(chosen) = chosen {
            request = request.header("X-Site", chosen);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["current"].as_str().or(answer["code"].as_str()).unwrap().to_owned()
    };
    assert_eq!(current("market.example.cn", None).await, "cn");
    assert_eq!(current("market.example.com:8443", None).await, "intl");
    assert_eq!(current("127.0.0.1:8080", None).await, "cn");
    assert_eq!(current("market.example.cn", Some("intl")).await, "intl");
    assert_eq!(current("market.example.cn", Some("eu")).await, "site.unknown");
    let found = p.http.get(format!("{}/api/v1/products?q=backup", p.url)).header("Host", "market.example.com").send().await.unwrap();
    assert_eq!(found.json::<Value>().await.unwrap()["total"], 0, "what is sold at cn is not shown at intl");
    let found = p.http.get(format!("{}/api/v1/products/archive", p.url)).header("Host", "market.example.com").send().await.unwrap();
    assert_eq!(found.json::<Value>().await.unwrap()["currency"], "USD", "each site has its own product of a key");
}

#[tokio::test]
async fn nobody_registers_at_a_site_that_is_not_served() {
    let p = platform().await;
    let mut account = json!({
        "login": "new@example.com", "password": "a-good-password", "user_name": "N", "account_name": "New Ltd",
        "kind": "enterprise", "site": "eu", "language": "en",
    });
    let (status, problem) = p.send("nobody", "POST", "/api/v1/accounts", Some(&account)).await;
    assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/site")));
    account["site"] = json!("intl");
    assert_eq!(p.send("nobody", "POST", "/api/v1/accounts", Some(&account)).await.0, 200);
}
