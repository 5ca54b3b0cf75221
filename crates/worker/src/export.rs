//! Writes exports of orders as .xlsx, page by page, with progress.

use crate::Files;
use app::{Actor, App, Error, Page, export::ROWS_MAX, from_micros};
use rust_xlsxwriter::Workbook;
use store::{
    export::{self, Export, Progress},
    job::{self, Job},
    order::{self, Filter},
};

const BATCH: i64 = 500;

const HEADS_ZH: [&str; 10] = ["订单号", "订单类型", "订单状态", "商品名称", "客户名称", "用户名", "金额", "币种", "创建时间", "支付时间"];
const HEADS_EN: [&str; 10] = ["Order number", "Kind", "State", "Product", "Customer", "User", "Amount", "Currency", "Created", "Paid"];

/// Writes the export that the job names.
pub(crate) async fn write(app: &App, files: &Files, job: &Job) -> Result<(), Error> {
    let (id, job_id) = (job.subject.unwrap_or(db::Key([0; 16])), job.id);
    let Some(export) = app.read(Actor::System, move |tx, _| Ok(export::any_lookup(tx, id)?)).await? else {
        return app.write(Actor::System, move |tx, _| Ok(job::done(tx, job_id).map(|_| ())?)).await;
    };
    let (bytes, rows) = sheet(app, &export).await?;
    let name = format!("exports/{}.xlsx", id.id::<domain::id::ExportId>());
    files.put(&name, bytes).await?;
    app.write(Actor::System, move |tx, ctx| {
        let progress = Progress {
            id,
            state: "done",
            rows_done: rows,
            rows_total: Some(rows),
            file: Some(&name),
            error: None,
            ended_at: Some(ctx.now_micros()),
        };
        export::progress(tx, &progress)?;
        job::done(tx, job_id)?;
        Ok(())
    })
    .await
}

async fn sheet(app: &App, export: &Export) -> Result<(Vec<u8>, i64), Error> {
    let bad = |e: &dyn std::fmt::Display| Error::row("exports", "xlsx", e);
    let filter: Filter = serde_json::from_str(&export.filter).map_err(|e| bad(&e))?;
    let tenant = app::export::tenant(export)?;
    let counted = filter.clone();
    let total = app.read(Actor::System, move |tx, _| Ok(order::count(tx, tenant, &counted)?)).await?.min(ROWS_MAX);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let heads = if export.language == "en" { HEADS_EN } else { HEADS_ZH };
    for (column, head) in (0u16..).zip(heads) {
        sheet.write_string(0, column, head).map_err(|e| bad(&e))?;
    }
    let (mut after, mut rows) = (None, 0i64);
    while rows < total {
        let filter = filter.clone();
        let page =
            app.read(Actor::System, move |tx, _| Ok(order::list(tx, tenant, &filter, Page { after, ..Page::first(BATCH) })?)).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        for o in page.iter().take(usize::try_from(total - rows).unwrap_or(0)) {
            rows += 1;
            let row = u32::try_from(rows).map_err(|e| bad(&e))?;
            // Written as text: a name that looks like a formula stays a name.
            let texts = [&o.number, &o.kind, &o.state, &o.product_name, &o.customer_name, &o.user_name];
            for (column, text) in (0u16..).zip(texts) {
                sheet.write_string(row, column, text).map_err(|e| bad(&e))?;
            }
            sheet.write_string(row, 6, domain::money::text(o.total_minor, &o.currency)).map_err(|e| bad(&e))?;
            sheet.write_string(row, 7, &o.currency).map_err(|e| bad(&e))?;
            sheet.write_string(row, 8, from_micros(o.created_at).to_string()).map_err(|e| bad(&e))?;
            let paid = o.paid_at.map_or_else(String::new, |at| from_micros(at).to_string());
            sheet.write_string(row, 9, paid).map_err(|e| bad(&e))?;
        }
        report(app, export.id, rows, total).await?;
    }
    Ok((book.save_to_buffer().map_err(|e| bad(&e))?, rows))
}

async fn report(app: &App, id: db::Key, rows_done: i64, total: i64) -> Result<(), Error> {
    app.write(Actor::System, move |tx, _| {
        let progress = Progress { id, state: "running", rows_done, rows_total: Some(total), file: None, error: None, ended_at: None };
        Ok(export::progress(tx, &progress)?)
    })
    .await
}
