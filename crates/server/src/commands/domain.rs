//! `yunshi domain …`: domains in which a seller's interface addresses lie.

use crate::{
    cli::Domain,
    output::{self, Failure},
    remote::Remote,
};
use serde_json::{Value, json};

pub async fn run(remote: &Remote, command: &Domain, json: bool) -> Result<(), Failure> {
    let document = match command {
        Domain::List => {
            let found = remote.get("/api/v1/seller/domains").await?;
            output::table(json, &found, "domains", &["name", "proven_at", "proven_by", "proof", "file_url", "record_name"]);
            return Ok(());
        }
        Domain::Add { name } => remote.post("/api/v1/seller/domains", &json!({ "name": name })).await?,
        Domain::Prove { name } => {
            let id = id_of(remote, name).await?;
            remote.post(&format!("/api/v1/seller/domains/{id}/prove"), &json!({})).await?
        }
    };
    output::document(json, &document);
    Ok(())
}

async fn id_of(remote: &Remote, name: &str) -> Result<String, Failure> {
    let found = remote.get("/api/v1/seller/domains").await?;
    let domains = found["domains"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_name = |d: &&Value| d["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name));
    let id = domains.iter().find(of_name).and_then(|d| d["id"].as_str());
    id.map(str::to_owned).ok_or_else(|| Failure::WrongUse(format!("you have no domain {name}; add it with: yunshi domain add {name}")))
}
