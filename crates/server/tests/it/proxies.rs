//! The configurations of `examples/proxies` before two real nodes: signatures, cookies, live tails, and a node that is gone.

use super::{held_seller::HeldSeller, setup, tls::authority};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use testdb::Engine;
use testkit::{Platform, Setup, number};
use tokio::process::{Child, Command};

const QUERY: &str = "/api/mkp-openapi-public/global/v1/order/query";

/// A program before the nodes, with its files.
struct Proxy {
    _child: Child,
    _folder: tempfile::TempDir,
    url: String,
    http: reqwest::Client,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An example with names and addresses replaced; each must be there.
fn filled(example: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(example.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the example");
        text.replace(from, to)
    })
}

/// Runs a program that stays in the foreground.
fn run(program: &str, args: &[&str], folder: &Path) -> Child {
    let mut command = Command::new(program);
    command.args(args).env("PATH", "/usr/sbin:/usr/bin:/bin").env("HOME", folder).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().unwrap_or_else(|e| panic!("{program}: {e}; scripts/need-proxies installs it"))
}

/// Starts a proxy with a certificate for localhost. `write` writes its configuration into the folder and gives the arguments.
async fn proxy(program: &str, write: impl Fn(&Path, u16) -> Vec<String>) -> Proxy {
    let folder = tempfile::tempdir_in(testdb::scratch()).unwrap();
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    std::fs::write(folder.path().join("market.pem"), format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    std::fs::write(folder.path().join("market.key"), key.serialize_pem()).unwrap();
    let port = free_port();
    let args = write(folder.path(), port);
    let child = run(program, &args.iter().map(String::as_str).collect::<Vec<_>>(), folder.path());
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]).timeout(Duration::from_secs(60)).build().unwrap();
    let url = format!("https://localhost:{port}");
    let asked = Instant::now();
    while !http.get(format!("{url}/healthz")).send().await.is_ok_and(|answer| answer.status() == 200) {
        assert!(asked.elapsed() < Duration::from_secs(20), "{program} does not come up");
        tokio::task::yield_now().await;
    }
    Proxy { _child: child, _folder: folder, url, http }
}

/// Waits for an event of a live tail that is about an order.
async fn told(tail: &mut reqwest::Response, order: &str) {
    let mut text = String::new();
    while !text.contains(order) {
        let chunk = tokio::time::timeout(Duration::from_secs(20), tail.chunk()).await.expect("it comes as it happens");
        text += &String::from_utf8_lossy(&chunk.unwrap().expect("the stream goes on"));
    }
}

/// What must work behind any proxy.
async fn goes_through(program: &str, write: impl Fn(&Path, u16, [&str; 2]) -> Vec<String>) {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let mut p = Platform::start(Setup { role: "api", ..setup(Engine::Postgres) }).await;
    let _seller = HeldSeller::take_over(&mut p).await;
    let worker = p.join("worker").await;
    let nodes = [p.url.clone(), worker.url.clone()].map(|url| url.trim_start_matches("http://").to_owned());
    let proxy = proxy(program, |folder, port| write(folder, port, [&nodes[0], &nodes[1]])).await;
    (p.url, p.http) = (proxy.url.clone(), proxy.http.clone());

    let signed = p.signed("seller", "GET", &format!("{QUERY}?orderId=a%20b%2Fc%E4%BA%91"));
    let (status, answer) = p.send_signed(&signed).await;
    assert_ne!(status, 401, "the signature fits what arrives: {answer}");

    let account = &p.document["accounts"]["buyer"];
    let log_in = json!({ "login": account["login"], "password": account["password"] });
    let answer = p.http.post(format!("{}/api/v1/session", p.url)).json(&log_in).header("X-Forwarded-Proto", "http").send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");

    let mut tail = p.http.get(format!("{}/api/v1/calls/stream", p.url)).bearer_auth(p.token("seller")).send().await.unwrap();
    let order = p.buy("1m").await;
    told(&mut tail, number(&order)).await;
    drop(tail);
    p.wait_for(&order, "completed").await;
    let upload = p.http.post(format!("{}/api/v1/pictures?kind=main", p.url)).bearer_auth(p.token("seller")).body(vec![7; 1_900_000]);
    assert_eq!(upload.send().await.unwrap().status(), 422, "the node itself says what it thinks of it");

    p.kill().await;
    for _ in 0..20 {
        let (status, answer) = p.send("buyer", "GET", "/api/v1/orders", None).await;
        assert_eq!(status, 200, "the other node answers: {answer}");
    }
    let order: Value = p.buy("1m").await;
    p.wait_for(&order, "completed").await;
    p.verify().await;
}

#[tokio::test]
async fn two_nodes_behind_haproxy() {
    goes_through("haproxy", |folder, port, [one, two]| {
        let pem = folder.join("market.pem").display().to_string();
        let bind = format!("127.0.0.1:{port} ssl");
        let replaced = [("/etc/yunshi/market.pem", pem.as_str()), (":443 ssl", &bind), ("10.0.0.11:8080", one), ("10.0.0.12:8080", two)];
        let text = filled(include_str!("../../../../examples/proxies/haproxy.cfg"), &replaced);
        std::fs::write(folder.join("haproxy.cfg"), text).unwrap();
        vec!["-db".to_owned(), "-f".to_owned(), "haproxy.cfg".to_owned()]
    })
    .await;
}

#[tokio::test]
async fn two_nodes_behind_nginx() {
    goes_through("nginx", |folder, port, [one, two]| {
        let at = folder.display().to_string();
        let (listen, etc) = (format!("listen 127.0.0.1:{port} ssl"), format!("{at}/market."));
        let replaced =
            [("/etc/yunshi/market.", etc.as_str()), ("listen 443 ssl", &listen), ("10.0.0.11:8080", one), ("10.0.0.12:8080", two)];
        let text = filled(include_str!("../../../../examples/proxies/nginx.conf"), &replaced);
        std::fs::write(folder.join("market.conf"), text).unwrap();
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {at}/{kind};"));
        let main = format!(
            "user root; daemon off; master_process off; pid {at}/pid; error_log stderr; events {{}}
             http {{ access_log off; {} include {at}/market.conf; }}",
            paths.join(" ")
        );
        std::fs::write(folder.join("nginx.conf"), main).unwrap();
        vec!["-p".to_owned(), at.clone(), "-c".to_owned(), format!("{at}/nginx.conf")]
    })
    .await;
}

#[tokio::test]
async fn two_nodes_behind_caddy() {
    goes_through("caddy", |folder, port, [one, two]| {
        let at = folder.display();
        let site = format!(
            "{{\n\tadmin off\n\tauto_https off\n}}\nhttps://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {at}/market.pem {at}/market.key"
        );
        let replaced = [("market.example.com {", site.as_str()), ("10.0.0.11:8080", one), ("10.0.0.12:8080", two)];
        let text = filled(include_str!("../../../../examples/proxies/Caddyfile"), &replaced);
        std::fs::write(folder.join("Caddyfile"), text).unwrap();
        ["run", "--config", "Caddyfile", "--adapter", "caddyfile"].map(str::to_owned).to_vec()
    })
    .await;
}

/// Three connections of the database for all, each lent for a transaction: what is prepared on one must not be run on another.
#[tokio::test]
async fn a_sandbox_behind_pgbouncer_that_lends_by_transaction() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let config = "prepared_statements = false\ndatabase_connections = 12\n";
    let mut p = Platform::start(setup(Engine::Postgres)).await;
    p.stop().await;
    p.configure(config);
    let folder = tempfile::tempdir_in(testdb::scratch()).unwrap();
    let url = url::Url::parse(p.database()).unwrap();
    let (name, port, server) = (url.path().trim_start_matches('/'), free_port().to_string(), url.port().unwrap().to_string());
    let replaced = [
        ("yunshi = host=10.0.0.20 port=5432 dbname=yunshi", format!("{name} = host=127.0.0.1 port={server} dbname={name}")),
        ("listen_addr = 10.0.0.21", "listen_addr = 127.0.0.1\nunix_socket_dir =".to_owned()),
        ("6432\n", format!("{port}\n")),
        ("auth_type = scram-sha-256", "auth_type = any".to_owned()),
        ("auth_file = /etc/pgbouncer/userlist.txt", String::new()),
        ("default_pool_size = 40", "default_pool_size = 3".to_owned()),
    ];
    // The address in the remark is one of a node's settings, not PgBouncer's.
    let example = include_str!("../../../../examples/proxies/pgbouncer.ini").replace(":6432", "");
    let text = filled(&example, &replaced.each_ref().map(|(from, to)| (*from, to.as_str())));
    std::fs::write(folder.path().join("pgbouncer.ini"), text).unwrap();
    let mut args = vec!["-q", "pgbouncer.ini"];
    if Path::new("/proc/self").metadata().is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0) {
        // It refuses to be root.
        args.splice(0..0, ["-u", "nobody"]);
    }
    let _child = run("pgbouncer", &args, folder.path());
    let asked = Instant::now();
    while tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.is_err() {
        assert!(asked.elapsed() < Duration::from_secs(20), "PgBouncer does not come up");
        tokio::task::yield_now().await;
    }
    p.through(&format!("postgres://yunshi@127.0.0.1:{port}/{name}"));
    p.run().await;
    for _ in 0..3 {
        let body = json!({ "choice": testkit::choice("1m"), "pay": true });
        let (bought, seen) = tokio::join!(p.at_once("buyer", "POST", "/api/v1/orders", &body), async {
            let mut seen = Vec::new();
            for path in ["/api/v1/orders", "/api/v1/instances", "/api/v1/inbox", "/api/v1/products/backup", "/api/v1/wallet"].repeat(8) {
                seen.push(p.send("buyer", "GET", path, None).await);
            }
            seen
        });
        for (status, answer) in bought.into_iter().chain(seen) {
            assert_eq!(status, 200, "{answer}");
        }
    }
    p.settle().await;
    p.verify().await;
}
