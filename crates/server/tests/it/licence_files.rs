//! Licence files for machines without network: signed here, verified by the command line and by the samples in three
//! languages.

use super::{
    licence_seats::bought,
    on_both_from,
    sellers::{Language, yunshi},
};
use serde_json::{Value, json};
use std::path::Path;
use testkit::Platform;

const FROM: &str = "2026-01-05T02:00:00Z";
const HERE: &str = "00-1A-2B|DISK1|BOARD|CPU";
const NEW_DISK: &str = "00-1a-2b|disk9|board|cpu";
const FILES: &str = "/api/v1/licence-files";

async fn keys(p: &Platform) -> Value {
    let mine = p.get("seller", "/api/v1/seller/licence-keys").await;
    p.get("nobody", mine["published_at"].as_str().unwrap()).await
}

fn seconds(time: &str) -> i64 {
    time.parse::<domain::Timestamp>().unwrap().as_second()
}

/// What each verifier says of a file: the standing, or the reason of the refusal.
async fn verdicts(folder: &Path, text: &str, keys: &Value, machine: &str, now: i64) -> Vec<String> {
    let (file, set) = (folder.join("a.licence"), folder.join("keys.json"));
    std::fs::write(&file, text).unwrap();
    std::fs::write(&set, keys.to_string()).unwrap();
    let (file, set, now) = (file.to_str().unwrap(), set.to_str().unwrap(), now.to_string());
    let mut said = Vec::new();
    for language in Language::ALL {
        let output = language.command("licences", "verify").args([file, set, machine, &now]).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{language:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(output.status.success(), answer["refused"].is_null(), "{language:?}: {answer}");
        said.push(answer["standing"].as_str().or(answer["refused"].as_str()).unwrap().to_owned());
    }
    let mut arguments = vec!["licence", "verify", file, "--keys", set, "--now", &now];
    if !machine.is_empty() {
        arguments.extend(["--fingerprint", machine]);
    }
    let (_, answer) = yunshi(&arguments, &[]).await;
    said.push(answer["standing"].as_str().or(answer["refused"].as_str()).unwrap_or("?").to_owned());
    said
}

#[tokio::test]
async fn a_file_is_verified_without_network_in_every_language_alike() {
    on_both_from(FROM, async |p| {
        let folder = tempfile::tempdir().unwrap();
        let rules = json!({ "files": true, "nodes": 1, "grace_days": 7, "features": [
            { "code": "scan", "name": { "zh": "查杀", "en": "Scan" }, "value": "true" },
            { "code": "endpoints", "name": { "zh": "终端数", "en": "Endpoints" }, "value": "500" } ] });
        let (order, code) = bought(&p, rules, 1).await;
        let made = p.post("nobody", FILES, json!({ "code": code, "fingerprint": HERE })).await;
        assert!(made["until"].is_string(), "{made}");
        let good = made["file"].as_str().unwrap().to_owned();
        assert_eq!(p.order(&order).await["state"], "completed", "the first use activates the code");
        let set = keys(&p).await;
        let term = seconds(p.get("buyer", &format!("/api/v1/licences/{code}")).await["expires_at"].as_str().unwrap()) + 1;
        let bought_at = seconds(FROM);
        let other = {
            assert_eq!(p.refused("buyer", "/api/v1/seller/licence-keys", json!({})).await.0, 403);
            p.post("seller2", "/api/v1/seller/licence-keys", json!({})).await;
            let mine = p.get("seller2", "/api/v1/seller/licence-keys").await;
            p.get("nobody", mine["published_at"].as_str().unwrap()).await
        };
        let mut same_name = other.clone();
        same_name["keys"][0]["kid"] = set["keys"][0]["kid"].clone();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (head, _) = signed.split_once('.').unwrap();
        let forged = format!("{head}.{}.{signature}", wire_claims(&good, |c| c["exp"] = json!(null)));
        let cases = [
            ("good", good.clone(), &set, HERE, bought_at, "valid"),
            ("a new disk", good.clone(), &set, NEW_DISK, bought_at, "valid"),
            ("the last second", good.clone(), &set, HERE, term - 1, "valid"),
            ("the term is over", good.clone(), &set, HERE, term, "grace"),
            ("the grace is over", good.clone(), &set, HERE, term + 7 * 86_400, "expired"),
            ("a clock that is behind", good.clone(), &set, HERE, bought_at - 86_400, "not yet valid: the machine's clock is behind"),
            ("no fingerprint", good.clone(), &set, "", bought_at, "the machine's fingerprint is needed"),
            ("nothing known", good.clone(), &set, "|,|", bought_at, "bad fingerprint"),
            ("elsewhere", good.clone(), &set, "ff|disk9|board|x", bought_at, "for another machine"),
            ("another seller", good.clone(), &other, HERE, bought_at, "unknown key"),
            ("another key", good.clone(), &same_name, HERE, bought_at, "bad signature"),
            ("forged", forged, &set, HERE, bought_at, "bad signature"),
            ("no file", "no licence at all".to_owned(), &set, HERE, bought_at, "malformed"),
        ];
        for (name, text, keys, machine, now, verdict) in cases {
            let said = verdicts(folder.path(), &text, keys, machine, now).await;
            assert_eq!(said, vec![verdict; 4], "{name}: Python, Node, Java, command line");
        }
        p.verify().await;
    })
    .await;
}

/// The claims of a file, changed, as they would be sent by somebody without the key.
fn wire_claims(file: &str, change: impl Fn(&mut Value)) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let body = file.split('.').nth(1).unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    change(&mut claims);
    URL_SAFE_NO_PAD.encode(claims.to_string())
}
