//! Exports of orders: asked for, written in the background, fetched by who asked (`seller-domain 4.1`).

use crate::{
    Caller, Ctx, Error, Tenant, event,
    job::{self, JobKind},
};
use db::{Key, Tx};
use domain::{access::Role, id::ExportId};
use serde_json::json;
use store::{
    export::{self, Export},
    order::Filter,
};

/// Rows that one export holds at most.
pub const ROWS_MAX: i64 = 100_000;

/// Asks for an export of the caller's orders.
///
/// # Errors
/// `export.too_many` when three wait already.
pub fn request(tx: &mut Tx, ctx: &Ctx, caller: &Caller, role: Role, filter: &Filter) -> Result<Export, Error> {
    let account = Key::of(caller.account_id);
    let open = export::list(tx, account, role.as_str(), store::Page::first(100))?
        .iter()
        .filter(|e| e.state == "waiting" || e.state == "running")
        .count();
    if open >= 3 {
        return Err(Error::conflict("export.too_many", "three exports are being written; wait for one of them"));
    }
    let row = Export {
        id: ctx.key(),
        account_id: account,
        role: role.as_str().to_owned(),
        filter: serde_json::to_string(filter).map_err(|e| Error::row("exports", role, e))?,
        language: caller.language.clone(),
        state: "waiting".to_owned(),
        rows_done: 0,
        rows_total: None,
        file: None,
        error: None,
        created_at: ctx.now_micros(),
        ended_at: None,
    };
    export::insert(tx, &row)?;
    job::schedule(tx, ctx, JobKind::Export, Some(row.id), ctx.now)?;
    event::record(tx, ctx, "export.requested", event::About::account(account), &json!({ "role": role }))?;
    Ok(row)
}

/// Whose orders an export holds.
///
/// # Errors
/// [`Error::Row`].
pub fn tenant(export: &Export) -> Result<Tenant, Error> {
    Ok(match export.role.parse::<Role>().map_err(|e| Error::row("exports", &export.role, e))? {
        Role::Buyer => Tenant::Buyer(export.account_id),
        Role::Seller => Tenant::Seller(export.account_id),
        Role::Operator => Tenant::Any,
    })
}

/// An export of the caller.
///
/// # Errors
/// `export.not_found`.
pub fn show(tx: &mut Tx, caller: &Caller, id: ExportId) -> Result<Export, Error> {
    export::lookup(tx, Key::of(caller.account_id), Key::of(id))?
        .ok_or_else(|| Error::not_found("export.not_found", "there is no such export"))
}
