//! Several processes over one database: what they must have in common, and what each of them sees.

use super::{on_both, setup};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use testdb::Engine;
use testkit::{Platform, Setup};
use tokio::process::Command;

/// Runs `yunshi` in a platform's folder of data; exit code and what it said.
pub(crate) async fn yunshi(p: &Platform, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yunshi"));
    command.args(args).current_dir(p.data()).env("YUNSHI_DATABASE", p.database()).env("YUNSHI_FILES", p.data().join("files"));
    let output = command.output().await.unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
    (output.status.code().unwrap(), text)
}

/// What another process of the sandbox says that has this folder of data, when it does not start.
async fn refused(p: &Platform, data: &Path) -> String {
    p.try_join("worker", data).await.expect_err("it does not start")
}

/// A folder of data beside the platform's, with the same key and other files, or the other way round.
fn other_data(p: &Platform, what: &str) -> PathBuf {
    let data = p.data().with_file_name(what);
    std::fs::create_dir_all(data.join("files")).unwrap();
    if what == "other-files" {
        std::fs::copy(p.data().join("secret.key"), data.join("secret.key")).unwrap();
    }
    data
}

#[tokio::test]
async fn a_node_with_another_key_does_not_start_and_says_what_to_copy() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let p = Platform::start(Setup { role: "api", ..setup(Engine::Postgres) }).await;
    let data = other_data(&p, "other-key");
    let said = refused(&p, &data).await;
    for part in ["secret.key", data.join("secret.key").to_str().unwrap(), "YUNSHI_SECRET_KEY", "admin rotate-key"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    std::fs::copy(p.data().join("secret.key"), data.join("secret.key")).unwrap();
    std::fs::remove_dir_all(data.join("files")).unwrap();
    std::fs::create_dir(data.join("files")).unwrap();
    std::fs::copy(p.data().join("files/yunshi-store.txt"), data.join("files/yunshi-store.txt")).unwrap();
    p.try_join("worker", &data).await.expect("with the same key it starts");
}

#[tokio::test]
async fn a_node_with_other_files_does_not_start_and_says_what_to_do() {
    if !Engine::Postgres.is_wanted() {
        return;
    }
    let p = Platform::start(Setup { role: "api", ..setup(Engine::Postgres) }).await;
    let data = other_data(&p, "other-files");
    let said = refused(&p, &data).await;
    for part in [data.join("files").to_str().unwrap(), "share one folder", "admin adopt-files"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    std::fs::write(data.join("files/yunshi-store.txt"), "0123 4567\n").unwrap();
    assert!(refused(&p, &data).await.contains("another database"));
    // Moved on purpose: from then on the others are refused.
    let (code, said) = yunshi(&p, &["admin", "adopt-files", "--files", data.join("files").to_str().unwrap()]).await;
    assert_eq!(code, 0, "{said}");
    p.try_join("worker", &data).await.expect("with its mark it starts");
    assert!(refused(&p, &p.data()).await.contains("adopt-files"));
}

#[tokio::test]
async fn a_changed_key_opens_everything_and_the_old_one_is_refused() {
    on_both(async |mut p| {
        p.buy_open("1m").await;
        p.stop().await;
        let before = std::fs::read_to_string(p.data().join("secret.key")).unwrap();
        let (code, said) = yunshi(&p, &["--json", "admin", "rotate-key", "--new-key", "new.key"]).await;
        assert_eq!(code, 0, "{said}");
        let done: Value = serde_json::from_str(&said).unwrap();
        assert!(done["values"].as_u64().unwrap() > 10, "{said}");
        let said = refused(&p, &p.data()).await;
        assert!(said.contains(done["fingerprint"].as_str().unwrap()), "the old key is refused by the new one's name: {said}");
        std::fs::rename(p.data().join("new.key"), p.data().join("secret.key")).unwrap();
        assert_ne!(std::fs::read_to_string(p.data().join("secret.key")).unwrap(), before);
        p.run().await;
        // Calls on sellers and requests of programs are signed with what was sealed.
        let (_, instance) = p.buy_open("1m").await;
        assert!(p.instance(&instance).await["access"]["password"].is_string() || p.instance(&instance).await.to_string().contains("pw-"));
        let signed = p.signed("seller", "GET", "/api/mkp-openapi-public/global/v1/order/query?orderId=nothing");
        assert_ne!(p.send_signed(&signed).await.0, 401, "{:?}", p.send_signed(&signed).await);
        let (code, said) = yunshi(&p, &["admin", "rotate-key", "--new-key", "secret.key"]).await;
        assert_eq!(code, 1, "the key in use is no new one: {said}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn after_a_clean_stop_the_file_of_sqlite_alone_is_the_whole_database() {
    if !Engine::Sqlite.is_wanted() {
        return;
    }
    let mut p = Platform::start(setup(Engine::Sqlite)).await;
    for _ in 0..3 {
        p.buy_open("1m").await;
    }
    let told = p.get("operator", "/api/v1/operator/verify").await;
    p.stop().await;
    let file = PathBuf::from(p.database().trim_start_matches("sqlite:"));
    let log = std::fs::metadata(file.with_extension("db-wal")).map_or(0, |about| about.len());
    assert_eq!(log, 0, "nothing is only in the log");
    let alone = p.data().join("copy.db");
    std::fs::copy(file, &alone).unwrap();
    let (code, said) = yunshi(&p, &["--json", "verify", "--database", &format!("sqlite:{}", alone.display())]).await;
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &found["ok"]), (0, &json!(true)), "{said}");
    let entries = |document: &Value| {
        let checks = document["checks"].as_array().unwrap();
        checks.iter().find(|c| c["name"].as_str().unwrap().contains("entr")).map(|c| c["checked"].clone())
    };
    assert!(entries(&told).is_some(), "{told}");
    assert_eq!(entries(&found), entries(&told));
}
