//! `yunshi admin`: what is done to a database beside its nodes.

use super::local::{create_operator, opened, plain, refused};
use crate::{
    cli::{Admin, Database, Place, Serve},
    config::{self, Config},
    node,
    output::{self, Failure},
};
use app::{Actor, Ids as _, RandomIds, secret};
use serde_json::json;
use std::path::Path;

/// Administration.
///
/// # Errors
/// [`Failure`], with the exit code.
pub async fn admin(command: &Admin, json: bool) -> Result<(), Failure> {
    match command {
        Admin::CreateOperator { login, database } => create_operator(login, database, json).await,
        Admin::RotateKey { new_key, place } => rotate_key(new_key, place, json).await,
        Admin::AdoptFiles { place } => adopt_files(place, json).await,
        Admin::Reseal { reason, database } => reseal(reason.clone(), database, json).await,
    }
}

fn of_place(place: &Place) -> Result<Config, Failure> {
    Config::load(&Serve { listen: None, database: place.database.clone(), files: place.files.clone(), role: None, migrate: None })
}

async fn reseal(reason: String, database: &Database, json: bool) -> Result<(), Failure> {
    let app = opened(&plain(database)?).await?;
    let done = app.write(Actor::System, move |tx, ctx| app::event::reseal(tx, ctx, &reason)).await.map_err(refused)?;
    output::document(json, &serde_json::to_value(done).map_err(Failure::failed)?);
    Ok(())
}

async fn rotate_key(file: &Path, place: &Place, json: bool) -> Result<(), Failure> {
    let config = of_place(place)?;
    let app = opened(&config).await?;
    let key = match std::fs::read_to_string(file) {
        Ok(text) => config::parse_key(text.trim(), &file.display().to_string())?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            RandomIds::default().random(&mut key);
            // Before anything is sealed with it.
            config::write_key(file, &key)?;
            key
        }
        Err(e) => return Err(Failure::WrongUse(format!("{}: {e}", file.display()))),
    };
    let to = secret::Sealer::new(&key);
    let done = app.write(Actor::System, move |tx, ctx| secret::rotate_key(tx, ctx, &to)).await.map_err(refused)?;
    app.db.close().await.map_err(|e| Failure::caused(&e))?;
    output::document(
        json,
        &json!({ "values": done.values, "fingerprint": done.fingerprint, "key": file, "next": format!(
        "copy {} to {} of every node, or its content to YUNSHI_SECRET_KEY, and start them", file.display(), config.key_file().display()
    ) }),
    );
    Ok(())
}

async fn adopt_files(place: &Place, json: bool) -> Result<(), Failure> {
    let config = of_place(place)?;
    node::adopt_files(&opened(&config).await?, &config).await?;
    output::document(json, &json!({ "files": config.files }));
    Ok(())
}
