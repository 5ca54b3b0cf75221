//! `yunshi colleague …` and `yunshi sign-on …`: a company's people and what they may open.

use super::client::list;
use crate::{
    cli::{Colleague, SignOn},
    output::{self, Failure},
    remote::Remote,
};
use serde_json::json;

pub async fn colleague(remote: &Remote, command: &Colleague, json: bool) -> Result<(), Failure> {
    let done = match command {
        Colleague::List { department, page } => {
            let found = remote.get(&list("/api/v1/colleagues", page, &[("department", department.clone())])).await?;
            output::table(json, &found, "colleagues", &["id", "login", "name", "role", "department", "joined_at"]);
            return Ok(());
        }
        Colleague::Invitations { page } => {
            let found = remote.get(&list("/api/v1/invitations", page, &[])).await?;
            output::table(json, &found, "invitations", &["id", "login", "name", "role", "state", "expires_at"]);
            return Ok(());
        }
        Colleague::Invite { login, name, role, department } => {
            let body = json!({ "login": login, "name": name, "role": role, "department": department });
            let mut invited = remote.post("/api/v1/invitations", &body).await?;
            invited["link"] = json!(remote.address(&format!("/join/{}", invited["secret"].as_str().unwrap_or_default())));
            invited
        }
        Colleague::Withdraw { invitation } => remote.delete(&format!("/api/v1/invitations/{invitation}")).await?,
        Colleague::Remove { id } => remote.delete(&format!("/api/v1/colleagues/{id}")).await?,
    };
    output::document(json, &done);
    Ok(())
}

pub async fn sign_on(remote: &Remote, command: &SignOn, json: bool) -> Result<(), Failure> {
    let at = |instance: &str| format!("/api/v1/instances/{instance}/sign-on");
    let shown = match command {
        SignOn::Show { instance } => remote.get(&at(instance)).await?,
        SignOn::Bind { instance } => remote.post(&at(instance), &json!({})).await?,
        SignOn::End { instance } => remote.delete(&at(instance)).await?,
        SignOn::Retry { instance } => remote.post(&format!("{}/retry", at(instance)), &json!({})).await?,
        SignOn::Grant { instance, users, role } => {
            remote.post(&format!("{}/grants", at(instance)), &json!({ "users": users, "role": role })).await?
        }
        SignOn::Withdraw { instance, user } => remote.delete(&format!("{}/grants/{user}", at(instance))).await?,
        SignOn::Mine => {
            let found = remote.get("/api/v1/me/applications").await?;
            output::table(json, &found, "applications", &["instance", "name", "role", "state", "login_url"]);
            return Ok(());
        }
    };
    output::document(json, &shown);
    Ok(())
}
