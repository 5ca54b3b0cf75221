//! Writes exports of orders as .xlsx, page by page, with progress.

use crate::Files;
use app::{
    Actor, App, Error, Page, Tenant, Tx,
    export::{ROWS_MAX, heads, row},
    order::Full,
};
use rust_xlsxwriter::Workbook;
use store::{
    Written,
    export::{self, Export},
    job::{self, Job, Lease},
    order::{self, Filter},
};

const BATCH: i64 = 500;

/// Writes the export that the job names.
pub(crate) async fn write(app: &App, files: &Files, job: &Job) -> Result<(), Error> {
    let (id, lease) = (job.subject.unwrap_or(db::Key([0; 16])), job.lease());
    let Some(export) = app.read(Actor::System, move |tx, _| Ok(export::any_lookup(tx, id)?)).await? else {
        return app.write(Actor::System, move |tx, _| Ok(job::done(tx, &lease).map(drop)?)).await;
    };
    let Some((bytes, rows)) = sheet(app, &export, &lease).await? else {
        return Ok(());
    };
    let name = format!("exports/{}.xlsx", id.id::<domain::id::ExportId>());
    files.put(&name, bytes).await?;
    app.write(Actor::System, move |tx, ctx| app::export::written(tx, ctx, &lease, id, (&name, rows))).await
}

/// The book and its rows; nothing when another worker has the lease, and writes it.
async fn sheet(app: &App, export: &Export, lease: &Lease) -> Result<Option<(Vec<u8>, i64)>, Error> {
    let bad = |e: &dyn std::fmt::Display| Error::row("exports", "xlsx", e);
    let filter: Filter = serde_json::from_str(&export.filter).map_err(|e| bad(&e))?;
    let tenant = app::export::tenant(export);
    let counted = filter.clone();
    let total = app.read(Actor::System, move |tx, _| Ok(order::count(tx, tenant, &counted)?)).await?.min(ROWS_MAX);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, head) in (0u16..).zip(heads(&export.language)) {
        sheet.write_string(0, column, head).map_err(|e| bad(&e))?;
    }
    let (mut after, mut rows) = (None, 0i64);
    while rows < total {
        let filter = filter.clone();
        let (found, last) = app.read(Actor::System, move |tx, _| page(tx, tenant, &filter, after)).await?;
        let Some(last) = last else { break };
        after = Some(last);
        for full in found.iter().take(usize::try_from(total - rows).unwrap_or(0)) {
            rows += 1;
            let at = u32::try_from(rows).map_err(|e| bad(&e))?;
            // Written as text: a name that looks like a formula stays a name.
            for (column, text) in (0u16..).zip(row(full, &export.language)?) {
                sheet.write_string(at, column, text).map_err(|e| bad(&e))?;
            }
        }
        if report(app, lease, export.id, (rows, total)).await? == Written::SomeoneElseWasFirst {
            return Ok(None);
        }
    }
    Ok(Some((book.save_to_buffer().map_err(|e| bad(&e))?, rows)))
}

/// Where a page begins or ends: time and id of an order.
type Place = (i64, db::Key);

/// The orders that follow, with their lines, and where they end.
fn page(tx: &mut Tx, tenant: Tenant, filter: &Filter, after: Option<Place>) -> Result<(Vec<Full>, Option<Place>), Error> {
    let orders = order::list(tx, tenant, filter, Page { after, ..Page::first(BATCH) })?;
    let last = orders.last().map(|o| (o.created_at.micros(), o.id));
    Ok((app::order::with_lines(tx, orders)?, last))
}

/// Says how far it is.
async fn report(app: &App, lease: &Lease, id: db::Key, rows: (i64, i64)) -> Result<Written, Error> {
    let lease = lease.clone();
    app.write(Actor::System, move |tx, _| app::export::under_way(tx, &lease, id, rows)).await
}
