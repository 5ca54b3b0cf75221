//! `yunshi asset …`: what a seller's products are deployed from.

use crate::{
    cli::{Asset, Specification},
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde_json::{Value, json};
use std::path::Path;

pub async fn run(remote: &Remote, command: &Asset, json: bool) -> Result<(), Failure> {
    let at = |id: &str| format!("/api/v1/seller/assets/{id}");
    let done = match command {
        Asset::List => {
            let found = remote.get("/api/v1/seller/assets").await?;
            output::table(json, &found, "assets", &["id", "name", "kind", "versions", "created_at"]);
            return Ok(());
        }
        Asset::Add { name, kind } => remote.post("/api/v1/seller/assets", &json!({ "name": name, "kind": kind })).await?,
        Asset::Show { id } => return show(&remote.get(&at(id)).await?, json),
        Asset::Upload { id, number, file } => return show(&upload(remote, &at(id), number, file).await?, json),
        Asset::Image { id, image } => {
            let body = json!({
                "version": image.number, "region": image.region, "image_id": image.image, "image_name": image.name,
                "os_type": image.os, "architecture": image.architecture,
            });
            return show(&remote.post(&format!("{}/images", at(id)), &body).await?, json);
        }
        Asset::Remove { id } => remote.delete(&at(id)).await?,
        Asset::Link { id, of } => remote.put(&links(&at(id), of), &json!({})).await?,
        Asset::Unlink { id, of } => remote.delete(&links(&at(id), of)).await?,
    };
    output::document(json, &done);
    Ok(())
}

fn links(at: &str, of: &Specification) -> String {
    with_query(&format!("{at}/links"), &[("product", Some(of.product.clone())), ("specification", Some(of.spec.clone()))])
}

/// An asset's versions, and below them what is deployed from it.
fn show(asset: &Value, json: bool) -> Result<(), Failure> {
    if json {
        output::document(true, asset);
        return Ok(());
    }
    let columns: &[&str] = if asset["kind"] == "image" {
        &["version", "images", "created_at"]
    } else {
        &["version", "file_name", "length", "checksum", "created_at"]
    };
    output::table(false, asset, "versions", columns);
    output::table(false, asset, "links", &["product", "specification"]);
    Ok(())
}

/// Sends a file as it is read: it is never whole in memory.
async fn upload(remote: &Remote, at: &str, version: &str, file: &Path) -> Result<Value, Failure> {
    let wrong = |text: &str| Failure::WrongUse(format!("{}: {text}", file.display()));
    let name = file.file_name().and_then(|n| n.to_str()).ok_or_else(|| wrong("name a .zip, .tar or .tar.gz"))?;
    let opened = tokio::fs::File::open(file).await.map_err(|e| wrong(&e.to_string()))?;
    let path = with_query(&format!("{at}/packages"), &[("version", Some(version.to_owned())), ("file_name", Some(name.to_owned()))]);
    remote.post_bytes(&path, opened).await
}
