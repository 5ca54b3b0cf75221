//! Licence files for machines without network: signed here, verified by the command line and by the samples in three
//! languages; and the keys that sign them.

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

async fn file(p: &Platform, code: &str, machine: &str) -> String {
    let made = p.post("nobody", FILES, json!({ "code": code, "fingerprint": machine })).await;
    made["file"].as_str().unwrap().to_owned()
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
        let good = file(&p, &code, HERE).await;
        assert_eq!(p.order(&order).await["state"], "completed", "the first use activates the code");
        let set = keys(&p).await;
        let term = seconds(p.get("buyer", &format!("/api/v1/licences/{code}")).await["expires_at"].as_str().unwrap()) + 1;
        let bought_at = seconds(FROM);
        let other = {
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

#[tokio::test]
async fn files_are_given_by_the_rules_only_and_a_new_key_signs_while_the_old_one_stays_published() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "files": false }), 1).await;
        assert_eq!(p.refused("nobody", FILES, json!({ "code": code })).await, (409, "licence.no_files".to_owned()));
        assert_eq!(p.refused("nobody", FILES, json!({ "code": "PL1" })).await, (404, "licence.not_found".to_owned()));
        assert_eq!(p.refused("buyer", "/api/v1/seller/licence-keys", json!({})).await.0, 403);
        let (_, code) = bought(&p, json!({ "files": true, "file_days": 30 }), 1).await;
        let made = p.post("nobody", FILES, json!({ "code": code })).await;
        assert!(made["until"].as_str().unwrap().starts_with("2026-02-04T"), "no longer than its own life: {made}");
        let old = file(&p, &code, HERE).await;
        p.post("seller", "/api/v1/seller/licence-keys", json!({})).await;
        let new = file(&p, &code, HERE).await;
        let set = keys(&p).await;
        assert_eq!(set["keys"].as_array().unwrap().len(), 2);
        let set = wire::licence_file::PublicKey::of_set(&set.to_string()).unwrap();
        for text in [&old, &new] {
            wire::licence_file::verify(text, &set, seconds(FROM) + 60, None).unwrap();
        }
        let first = wire::licence_file::verify(&new, &set[..1], seconds(FROM) + 60, None);
        assert!(first.is_ok(), "the first key of the set signs");
        // A lease is signed by the same key, and is good as long as it lasts.
        let (_, code) = bought(&p, json!({ "seats": 1, "lease_minutes": 10 }), 1).await;
        let seat = p.post("nobody", "/api/v1/licence-seats/take", json!({ "code": code, "client": "ann" })).await;
        let token = wire::licence_file::verify(seat["token"].as_str().unwrap(), &set, seconds(FROM) + 60, None).unwrap();
        assert_eq!(token.claims.lease.unwrap().client, "ann");
        assert_eq!(seat["lease"].as_str().unwrap().len(), 32);
    })
    .await;
}

#[tokio::test]
async fn a_test_code_has_seats_machines_and_files_to_try_the_software_with() {
    on_both_from(FROM, async |p| {
        let test = p.post("seller", "/api/v1/seller/test-codes", json!({})).await;
        let code = test["code"].as_str().unwrap();
        let take = |client: &str| json!({ "code": code, "client": client, "fingerprint": HERE });
        for client in ["ann", "bob"] {
            p.post("nobody", "/api/v1/licence-seats/take", take(client)).await;
        }
        assert_eq!(p.refused("nobody", "/api/v1/licence-seats/take", take("cid")).await.1, "licence.no_seat_free");
        assert!(file(&p, code, HERE).await.len() > 200);
    })
    .await;
}

#[tokio::test]
async fn a_code_gives_a_bounded_number_of_files_in_a_day() {
    on_both_from(FROM, async |p| {
        let (_, code) = bought(&p, json!({ "files": true, "nodes": 2 }), 1).await;
        for _ in 0..98 {
            file(&p, &code, HERE).await;
        }
        let ask = json!({ "code": code, "fingerprint": HERE });
        let answers = p.at_once("nobody", "POST", FILES, &ask).await;
        assert_eq!(
            answers.iter().filter(|(status, _)| *status == 200).count(),
            4,
            "of eight at once those that the day still has: {answers:?}"
        );
        assert_eq!(
            p.refused("nobody", FILES, ask.clone()).await,
            (409, "licence.too_many_files".to_owned()),
            "100, and one for each machine"
        );
        let (_, other) = bought(&p, json!({ "files": true }), 1).await;
        file(&p, &other, HERE).await;
        p.advance("25h").await;
        p.post("nobody", FILES, ask).await;
    })
    .await;
}
