//! Messages beside the inbox: mail against a real SMTP server, webhooks checked by the public libraries
//! (`deployment-and-messages 5`).

use super::{koogallery::set_up_clients, on_both, setup};
use serde_json::{Value, json};
use std::process::Stdio;
use testdb::{Engine, engines};
use testkit::{Platform, Setup, number};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A program that prints its port and then a JSON line for each thing that it took.
struct Taker {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Taker {
    async fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("a port").trim().parse().unwrap();
        Self { _child: child, lines, port }
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(std::time::Duration::from_secs(30), self.lines.next_line()).await.expect("it comes in time");
        serde_json::from_str(&line.unwrap().expect("a line")).unwrap()
    }
}

fn root(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

async fn mail_server(refusals: u32) -> Taker {
    let mut command = Command::new(set_up_clients());
    command.arg(root("crates/server/tests/mail_server.py")).arg(refusals.to_string());
    Taker::start(command).await
}

/// A platform on an engine whose mails go to a server.
async fn with_mail(engine: Engine, port: u16) -> Platform {
    let config =
        format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"Yunshi <no-reply@market.example.com>\"\n");
    let p = Platform::start(Setup { config: config.leak(), ..setup(engine) }).await;
    // What was said while the accounts were made goes to nobody who is added later.
    p.settle().await;
    p
}

async fn recipient(p: &Platform, role: &str, more: Value) -> Value {
    let mut body = json!({ "name": "Ops", "mailbox": "ops@example.com", "language": "en" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    p.post(role, "/api/v1/messages/recipients", body).await
}

/// The owner of a mailbox agrees, by the address in the mail that asks.
async fn agree(p: &Platform, asked: &Value) {
    assert!(asked["subject"].as_str().unwrap().contains("May ") || asked["subject"].as_str().unwrap().contains("可以向此邮箱"), "{asked}");
    assert!(asked["unsubscribe"].is_null(), "{asked}");
    let token = token(asked, "/mail/confirm/");
    assert_eq!(p.http.post(format!("{}/api/v1/messages/confirm/{token}", p.url)).send().await.unwrap().status(), 200);
}

/// What follows a path in the text of a mail.
fn token(mail: &Value, path: &str) -> String {
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    let from = text.find(path).unwrap_or_else(|| panic!("{path} in {text}")) + path.len();
    text[from..].split_whitespace().next().unwrap().to_owned()
}

/// A recipient whose mailbox is confirmed.
async fn confirmed(p: &Platform, server: &mut Taker, role: &str, more: Value) -> Value {
    let made = recipient(p, role, more).await;
    p.settle().await;
    agree(p, &server.next().await).await;
    made
}

#[tokio::test]
async fn mails_reach_a_real_server_in_the_readers_language_and_zone_once() {
    for engine in engines() {
        let mut server = mail_server(0).await;
        let p = with_mail(engine, server.port).await;
        confirmed(&p, &mut server, "buyer", json!({ "time_zone": "America/New_York" })).await;
        confirmed(&p, &mut server, "seller", json!({ "mailbox": "only-501@example.com", "type": "501" })).await;
        let order = p.post("buyer", "/api/v1/orders", json!({ "choice": testkit::choice("1m") })).await;
        p.settle().await;
        let mail = server.next().await;
        assert_eq!(
            (&mail["to"], &mail["subject"]),
            (&json!(["ops@example.com"]), &json!(format!("Order {} waits for payment", number(&order))))
        );
        let (text, html) = (mail["parts"]["text/plain"].as_str().unwrap(), mail["parts"]["text/html"].as_str().unwrap());
        assert!(text.contains("2024-01-11 21:00"), "in New York's time: {text}");
        assert!(html.contains("<h1") && html.contains("2024-01-11 21:00"), "{html}");
        let page = format!("/buyer/orders/{}", number(&order));
        assert!(text.contains(&page) && html.contains(&format!("{page}\">")), "both lead to the order: {text} {html}");
        assert!(mail["unsubscribe"].is_null(), "money mails cannot be switched off");
        assert!(mail["id"].as_str().unwrap().ends_with("@market.example.com>"));
        p.post("buyer", &format!("/api/v1/orders/{}/pay", number(&order)), json!({})).await;
        p.settle().await;
        let mail = server.next().await;
        assert_eq!(
            mail["subject"], "Duncun Backup SaaS is open",
            "in the reader's language; the seller's recipient hears of 501 alone: {mail}"
        );
        // One click ends mails of this type; what is essential comes all the same.
        let link = mail["unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
        assert_eq!(mail["post"], "List-Unsubscribe=One-Click");
        let path = &link[link.find("/api/").unwrap()..];
        assert_eq!(p.http.get(format!("{}{path}", p.url)).send().await.unwrap().status(), 200, "the page changes nothing");
        let settings = p.get("buyer", "/api/v1/messages/settings").await;
        assert_eq!(settings["types"][0]["mail"], true);
        assert_eq!(p.http.post(format!("{}{path}", p.url)).send().await.unwrap().status(), 200);
        assert_eq!(p.http.post(format!("{}{path}x", p.url)).send().await.unwrap().status(), 404);
        p.buy_open("1m").await;
        p.post("buyer", "/api/v1/orders", json!({ "choice": testkit::choice("1m") })).await;
        p.settle().await;
        assert!(server.next().await["subject"].as_str().unwrap().ends_with("waits for payment"), "no mail of type 101 came between");
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_tried_again() {
    let mut server = mail_server(2).await;
    let p = with_mail(Engine::Sqlite, server.port).await;
    recipient(&p, "buyer", json!({})).await;
    p.advance("10m").await;
    agree(&p, &server.next().await).await;
    p.post("buyer", "/api/v1/orders", json!({ "choice": testkit::choice("1m") })).await;
    p.settle().await;
    assert!(server.next().await["subject"].as_str().unwrap().ends_with("waits for payment"), "what asked was taken at the third try");
}

#[tokio::test]
async fn webhooks_are_signed_as_the_public_libraries_check_rotated_replayed_and_retried() {
    on_both(async |p| {
        let python = set_up_clients();
        for program in
            [vec![python, root("examples/webhooks/receiver.py")], vec!["node".to_owned(), root("examples/webhooks/receiver.mjs")]]
        {
            let made = p.post("buyer", "/api/v1/webhooks", json!({ "url": "http://127.0.0.1:9/", "events": ["order.opened"] })).await;
            let id = made["id"].as_str().unwrap().to_owned();
            let receiver = |secret: String| {
                let mut command = Command::new(&program[0]);
                command.arg(&program[1]).arg("0").env("SECRET", secret);
                Taker::start(command)
            };
            let mut taker = receiver(made["secret"].as_str().unwrap().to_owned()).await;
            let change = async |port: u16| {
                let body = json!({ "url": format!("http://127.0.0.1:{port}/hook"), "events": ["order.opened"] });
                assert_eq!(p.send("buyer", "PUT", &format!("/api/v1/webhooks/{id}"), Some(&body)).await.0, 200);
            };
            change(taker.port).await;
            p.buy_open("1m").await;
            p.settle().await;
            let took = taker.next().await;
            assert_eq!(took["type"], "order.opened", "only what was asked for: {took}");
            // Replayed under the same id.
            let list = format!("/api/v1/webhooks/{id}/deliveries");
            let delivery = p.get("buyer", &list).await["deliveries"][0].clone();
            assert_eq!((&delivery["state"], &delivery["attempts"][0]["status"]), (&json!("sent"), &json!(204)));
            let replay = format!("/api/v1/webhook-deliveries/{}/replay", delivery["id"].as_str().unwrap());
            p.post("buyer", &replay, json!({})).await;
            p.settle().await;
            assert_eq!(taker.next().await["id"], took["id"], "known as the same");
            // After a rotation the old secret is good for a day, then only the new one.
            let rotated = p.post("buyer", &format!("/api/v1/webhooks/{id}/rotate"), json!({})).await;
            let mut newer = receiver(rotated["secret"].as_str().unwrap().to_owned()).await;
            for port in [taker.port, newer.port] {
                change(port).await;
                p.post("buyer", &format!("/api/v1/webhooks/{id}/test"), json!({})).await;
                p.settle().await;
            }
            assert_eq!((&taker.next().await["type"], &newer.next().await["type"]), (&json!("webhook.test"), &json!("webhook.test")));
            p.advance("25h").await;
            change(taker.port).await;
            p.post("buyer", &format!("/api/v1/webhooks/{id}/test"), json!({})).await;
            p.settle().await;
            assert!(taker.next().await["refused"].is_string(), "the old secret is over");
            let under_way = p.get("buyer", &list).await["deliveries"][0].clone();
            assert_eq!((&under_way["state"], &under_way["error"]), (&json!("due"), &json!("the endpoint answered 401")));
            let replay = format!("/api/v1/webhook-deliveries/{}/replay", under_way["id"].as_str().unwrap());
            assert_eq!(p.refused("buyer", &replay, json!({})).await, (409, "webhook.under_way".to_owned()));
            p.advance("30h").await;
            let over = p.get("buyer", &list).await["deliveries"][0].clone();
            assert_eq!((&over["state"], over["attempts"].as_array().unwrap().len()), (&json!("failed"), 9), "28 hours, then given up");
            assert_eq!(p.send("buyer", "DELETE", &format!("/api/v1/webhooks/{id}"), None).await.0, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn recipients_settings_and_endpoints_are_documents_of_one_account() {
    on_both(async |p| {
        let recipients = "/api/v1/messages/recipients";
        let wrong = json!({ "name": "x", "mailbox": "x@example.com", "language": "zh", "time_zone": "Mars/Olympus" });
        assert_eq!(p.refused("buyer", recipients, wrong).await, (422, "message.bad_zone".to_owned()));
        let plain = json!({ "url": "http://example.com/" });
        assert_eq!(p.refused("buyer", "/api/v1/webhooks", plain).await, (422, "webhook.bad_url".to_owned()));
        let mine = p.post("buyer", "/api/v1/webhooks", json!({ "url": "https://hooks.example.com/" })).await;
        let one = format!("/api/v1/webhooks/{}", mine["id"].as_str().unwrap());
        assert_eq!(p.send("seller", "GET", &one, None).await.0, 404);
        assert_eq!(p.send("seller", "DELETE", &one, None).await.0, 404);
        assert_eq!(p.refused("seller", &format!("{one}/rotate"), json!({})).await.0, 404);
        let reader = recipient(&p, "buyer", json!({})).await;
        assert_eq!(reader["confirmed"], false);
        let path = format!("{recipients}/{}", reader["id"].as_str().unwrap());
        assert_eq!(p.send("seller", "DELETE", &path, None).await.0, 404);
        assert_eq!(p.refused("seller", &format!("{path}/confirmation"), json!({})).await.0, 404);
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 200);
        let unknown = p.refused("nobody", "/api/v1/messages/confirm/00", json!({})).await;
        assert_eq!(unknown, (404, "message.bad_token".to_owned()));
        let wanted = json!({ "mail": true, "sms": true, "digest": true });
        assert_eq!(p.send("buyer", "PUT", "/api/v1/messages/settings/x", Some(&wanted)).await.0, 422);
        assert_eq!(p.send("buyer", "PUT", "/api/v1/messages/settings/101", Some(&wanted)).await.0, 200);
        let (order, _) = p.buy_open("1m").await;
        let inbox = p.get("buyer", "/api/v1/inbox?limit=100&language=en").await;
        let opened = inbox["messages"].as_array().unwrap().iter().find(|m| m["event"] == "order.opened").unwrap().clone();
        assert_eq!(opened["link"], format!("/buyer/orders/{}", number(&order)));
        assert_eq!((&opened["type"], opened["title"].is_string()), (&json!("101"), true), "{opened}");
    })
    .await;
}

#[tokio::test]
async fn the_mailbox_named_at_registration_is_written_to_until_others_are_named() {
    for engine in engines() {
        let mut server = mail_server(0).await;
        let p = with_mail(engine, server.port).await;
        let new = |change: Value| {
            let mut body = json!({
                "login": "new@example.com", "password": "correct horse battery", "user_name": "Lu", "account_name": "Lu",
                "kind": "individual", "site": "cn", "language": "en",
            });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            body
        };
        let accounts = "/api/v1/accounts";
        for (change, code) in [(json!({ "mailbox": "x@y@z" }), "message.bad_mailbox"), (json!({ "phone": "call me" }), "message.bad_phone")]
        {
            assert_eq!(p.refused("nobody", accounts, new(change)).await, (422, code.to_owned()));
        }
        p.post("nobody", accounts, new(json!({ "mailbox": "lu@example.com" }))).await;
        p.settle().await;
        agree(&p, &server.next().await).await;
        let log_in = p
            .http
            .post(format!("{}/api/v1/session", p.url))
            .json(&json!({ "login": "new@example.com", "password": "correct horse battery" }));
        let entered = log_in.send().await.unwrap();
        assert_eq!(entered.status(), 200, "what was refused left no account behind");
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = entered.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
        let order = p.http.post(format!("{}/api/v1/orders", p.url)).header("cookie", cookie).header("x-csrf-token", csrf);
        let order: Value = order.json(&json!({ "choice": testkit::choice("1m") })).send().await.unwrap().json().await.unwrap();
        p.settle().await;
        let mail = server.next().await;
        assert_eq!(
            (&mail["to"], &mail["subject"]),
            (&json!(["lu@example.com"]), &json!(format!("Order {} waits for payment", number(&order))))
        );
    }
}

#[tokio::test]
async fn a_killed_process_hands_every_message_on_once() {
    let mut p = Platform::start(setup(Engine::Sqlite)).await;
    let made = p.post("buyer", "/api/v1/webhooks", json!({ "url": "http://127.0.0.1:9/" })).await;
    let mut orders = 0;
    for _ in 0..6 {
        for _ in 0..5 {
            p.post("buyer", "/api/v1/orders", json!({ "choice": testkit::choice("1m") })).await;
            orders += 1;
        }
        p.kill().await;
        p.run().await;
    }
    p.settle().await;
    let list = p.get("buyer", &format!("/api/v1/webhooks/{}/deliveries?limit=100", made["id"].as_str().unwrap())).await;
    let to_pay = list["deliveries"].as_array().unwrap().iter().filter(|d| d["event"] == "order.to_pay").count();
    assert_eq!(to_pay, orders, "each message once, none lost");
}
