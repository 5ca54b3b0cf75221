//! Domains of sellers: added, proved by a file or a DNS text, and only then called (seller-domain 6.1).

use super::{on_both, sellers::yunshi, setup};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testdb::Engine;
use testkit::{Platform, Setup};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

/// A web server that holds one text, and its port.
async fn web_server(text: Arc<Mutex<String>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            let n = stream.read(&mut asked).await.unwrap_or(0);
            let known = asked[..n].starts_with(b"GET /.well-known/yunshi-domain-proof.txt ");
            let (status, body) = if known { (200, text.lock().unwrap().clone()) } else { (404, String::new()) };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

/// A DNS server that answers each question with one text, and its port.
async fn dns_server(text: Arc<Mutex<String>>) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut asked = [0; 1500];
        while let Ok((n, from)) = socket.recv_from(&mut asked).await {
            // The question ends with an empty label, type and class.
            let end = 12 + asked[12..n].iter().position(|b| *b == 0).unwrap() + 5;
            let text = text.lock().unwrap().clone();
            let length = u8::try_from(text.len()).unwrap();
            let mut answer = vec![asked[0], asked[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
            answer.extend_from_slice(&asked[12..end]);
            answer.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, length + 1, length]);
            answer.extend_from_slice(text.as_bytes());
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    port
}

async fn address(p: &Platform, url: &str) -> (u16, Value) {
    let body = json!({ "url": url, "key": "basic" });
    p.send("seller", "PUT", "/api/v1/seller/addresses/by-name/elsewhere", Some(&body)).await
}

async fn add(p: &Platform, name: &str) -> Value {
    p.post("seller", "/api/v1/seller/domains", json!({ "name": name })).await
}

async fn prove(p: &Platform, domain: &Value) -> (u16, Value) {
    let path = format!("/api/v1/seller/domains/{}/prove", domain["id"].as_str().unwrap());
    p.send("seller", "POST", &path, Some(&json!({}))).await
}

#[tokio::test]
async fn an_address_lies_in_a_domain_that_a_file_proves() {
    on_both(async |p| {
        let file = Arc::new(Mutex::new("another text".to_owned()));
        let name = format!("shop.localhost:{}", web_server(file.clone()).await);
        let url = format!("http://api.{name}/saas");
        let (status, refused) = address(&p, &url).await;
        assert_eq!(
            (status, &refused["code"], &refused["errors"][0]["pointer"]),
            (422, &json!("interface.domain_unproven"), &json!("/url"))
        );
        let domain = add(&p, &name.to_uppercase()).await;
        assert_eq!((&domain["name"], &domain["proven_at"]), (&json!(name), &Value::Null));
        assert_eq!(domain["file_url"], format!("http://{name}/.well-known/yunshi-domain-proof.txt"));
        assert_eq!(address(&p, &url).await.1["code"], "interface.domain_unproven", "added is not proved");
        let (status, refused) = prove(&p, &domain).await;
        let why = refused["detail"].as_str().unwrap();
        assert!(status == 409 && why.contains("holds another text"), "{refused}");
        *file.lock().unwrap() = format!("{}\n", domain["proof"].as_str().unwrap());
        let (status, proved) = prove(&p, &domain).await;
        assert_eq!((status, &proved["proven_by"]), (200, &json!("file")), "{proved}");
        assert_eq!(address(&p, &url).await.0, 200);
        assert_eq!(address(&p, "http://api.other.localhost:1/saas").await.1["code"], "interface.domain_unproven");
        let path = format!("/api/v1/seller/domains/{}", domain["id"].as_str().unwrap());
        assert_eq!(p.send("seller", "DELETE", &path, None).await.1["code"], "interface.domain_in_use");
        assert_eq!(p.send("seller2", "DELETE", &path, None).await.1["code"], "interface.domain_not_found", "another seller's");
        assert_eq!(p.send("seller2", "POST", &format!("{path}/prove"), Some(&json!({}))).await.0, 404);
        assert_eq!(address(&p, &format!("{}/sandbox/seller/backup", p.url)).await.0, 200, "the sandbox itself needs no proof");
        assert_eq!(p.send("seller", "DELETE", &path, None).await.0, 200);
        assert_eq!(p.get("seller", "/api/v1/seller/domains").await["domains"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_dns_text_proves_a_domain_of_the_internet() {
    let record = Arc::new(Mutex::new("v=spf1 -all".to_owned()));
    let config = format!("dns_servers = [\"127.0.0.1:{}\"]", dns_server(record.clone()).await);
    let p = Platform::start(Setup { config: config.leak(), ..setup(Engine::Sqlite) }).await;
    let seller = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
    let (code, domain) = yunshi(&["domain", "add", "shop.example"], &seller).await;
    assert_eq!(code, 0, "{domain}");
    assert_eq!(domain["record_name"], "_yunshi-domain-proof.shop.example");
    let (status, refused) = prove(&p, &domain).await;
    assert!(status == 409 && refused["detail"].as_str().unwrap().contains("none is the proof"), "{refused}");
    domain["proof"].as_str().unwrap().clone_into(&mut record.lock().unwrap());
    let (code, proved) = yunshi(&["domain", "prove", "Shop.example"], &seller).await;
    assert_eq!((code, &proved["proven_by"]), (0, &json!("dns")), "{proved}");
    assert_eq!(yunshi(&["domain", "list"], &seller).await.1["domains"][0]["name"], "shop.example");
    let (code, said) = yunshi(&["domain", "prove", "other.example"], &seller).await;
    assert!(code == 2 && said.to_string().contains("yunshi domain add other.example"), "{code} {said}");
    assert_eq!(address(&p, "https://api.shop.example/saas").await.0, 200);
    assert_eq!(address(&p, "https://api.shop.example.evil.test/saas").await.1["code"], "interface.domain_unproven");
    assert_eq!(p.refused("seller", "/api/v1/seller/domains", json!({ "name": "shop.example" })).await.1, "interface.domain_taken");
    for bad in ["https://shop.example/", "10.0.0.1", "localhost", "a_b.example"] {
        assert_eq!(
            p.refused("seller", "/api/v1/seller/domains", json!({ "name": bad })).await,
            (422, "interface.bad_domain".into()),
            "{bad}"
        );
    }
    assert_eq!(p.refused("buyer", "/api/v1/seller/domains", json!({ "name": "x.example" })).await.0, 403);
}
