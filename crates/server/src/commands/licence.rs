//! `yunshi licence …`.

use crate::{
    cli::Licence,
    commands::client::list,
    output::{self, Failure},
    remote::Remote,
};
use serde_json::{Value, json};
use std::path::Path;
use wire::licence_file::{PublicKey, Standing, verify};

pub async fn run(remote: impl FnOnce() -> Result<Remote, Failure>, command: &Licence, json: bool) -> Result<(), Failure> {
    if let Licence::Verify { file, keys, fingerprint, now } = command {
        return verify_file(file, keys, fingerprint.as_deref(), *now, json);
    }
    let remote = remote()?;
    let columns = ["code", "state", "activated_at", "expires_at", "order_line"];
    match command {
        Licence::List { role, page } => {
            let found = remote.get(&list("/api/v1/licences", page, &[("as", role.clone())])).await?;
            output::table(json, &found, "licences", &columns);
        }
        Licence::Show { code } => show(&remote.get(&format!("/api/v1/licences/{code}")).await?, &columns, json),
        Licence::ReleaseSeat { code, slot } => {
            output::document(json, &remote.post(&format!("/api/v1/licences/{code}/seats/{slot}/release"), &json!({})).await?);
        }
        Licence::ReleaseNode { code, node } => {
            output::document(json, &remote.post(&format!("/api/v1/licences/{code}/nodes/{node}/release"), &json!({})).await?);
        }
        Licence::File { code, fingerprint } => {
            let made = remote.post("/api/v1/licence-files", &json!({ "code": code, "fingerprint": fingerprint })).await?;
            if json {
                output::document(true, &made);
            } else {
                output::plain(made["file"].as_str().unwrap_or_default());
            }
        }
        Licence::Verify { .. } => {}
        Licence::Keys => keys(&remote.get("/api/v1/seller/licence-keys").await?, json),
        Licence::NewKey => keys(&remote.post("/api/v1/seller/licence-keys", &json!({})).await?, json),
        Licence::TestCodes => {
            let found = remote.get("/api/v1/seller/test-codes").await?;
            output::table(json, &found, "test_codes", &["code", "activated_at", "queried_at", "proven"]);
        }
        Licence::RequestTestCode => output::document(json, &remote.post("/api/v1/seller/test-codes", &json!({})).await?),
    }
    Ok(())
}

fn show(found: &Value, columns: &[&str], json: bool) {
    let document = json!({ "licences": [found] });
    if json {
        return output::document(true, &document);
    }
    output::table(false, &document, "licences", columns);
    output::table(false, found, "days", &["day", "clients"]);
    if !found["rights"].is_null() {
        output::table(false, &found["rights"], "held", &["slot", "client", "taken_at", "lease_until", "node"]);
        output::table(false, &found["rights"], "bound", &["id", "bound_at", "seen_at"]);
    }
}

fn keys(found: &Value, json: bool) {
    output::table(json, found, "keys", &["id", "signs", "created_at", "x"]);
}

#[expect(clippy::disallowed_methods, reason = "the command runs on the buyer's machine, whose clock counts")]
fn machine_time() -> i64 {
    domain::Timestamp::now().as_second()
}

/// Without network; the clock is the machine's.
fn verify_file(file: &Path, keys: &Path, fingerprint: Option<&str>, now: Option<i64>, json: bool) -> Result<(), Failure> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| Failure::failed(format!("{}: {e}", path.display())));
    let set = PublicKey::of_set(&read(keys)?).map_err(|_| Failure::failed(format!("{} is no JSON Web Key Set", keys.display())))?;
    let now = now.unwrap_or_else(machine_time);
    let good = match verify(&read(file)?, &set, now, fingerprint) {
        Ok(good) => good,
        Err(e) if json => {
            output::document(true, &json!({ "refused": e.to_string() }));
            return Err(Failure::Quiet(1));
        }
        Err(e) => return Err(Failure::failed(format!("the file is refused: {e}"))),
    };
    let standing = if good.standing == Standing::Valid { "valid" } else { "grace" };
    output::document(json, &json!({ "standing": standing, "claims": good.claims }));
    Ok(())
}
