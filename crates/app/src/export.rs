//! Exports of orders: asked for, written in the background, fetched by who asked (`seller-domain 4.1`).

use crate::{
    Caller, Ctx, Error, Tenant, event,
    job::{self, JobKind},
    limit,
    order::{self, Full},
};
use db::{Key, Tx};
use domain::{access::Role, id::ExportId, job::ExportState, limit::Limit, money, refund::Extent};
use serde_json::json;
use store::{
    Written,
    export::{self, Export, Progress},
    job::Lease,
    order::Filter,
};

/// Rows that one export holds at most.
pub const ROWS_MAX: i64 = 100_000;

/// Columns of an export.
pub const COLUMNS: usize = 14;

const HEADS: [(&str, &str); COLUMNS] = [
    ("订单号", "Order number"),
    ("订单类型", "Kind"),
    ("订单状态", "State"),
    ("商品名称", "Product"),
    ("客户名称", "Customer"),
    ("用户名", "User"),
    ("金额", "Amount"),
    ("币种", "Currency"),
    ("创建时间", "Created"),
    ("支付时间", "Paid"),
    ("已付", "Sum paid"),
    ("已退", "Given back"),
    ("净额", "Net"),
    ("退款状态", "Refund"),
];

/// Kinds, states and extents of refunds as people read them: word, Chinese, English.
const WORDS: &[(&str, &str, &str)] = &[
    ("new", "新购", "New"),
    ("trial", "试用", "Trial"),
    ("trial_to_formal", "试用转正", "Trial to formal"),
    ("renew", "续费", "Renewal"),
    ("change", "变更", "Change"),
    ("unsubscribe", "退订", "Unsubscription"),
    ("pending_payment", "待付款", "Pending payment"),
    ("processing", "处理中", "Processing"),
    ("completed", "已完成", "Completed"),
    ("cancelled", "已取消", "Cancelled"),
    ("none", "未退款", "Nothing given back"),
    ("part", "已部分退款", "Given back in part"),
    ("whole", "已全部退款", "Given back"),
];

fn word(word: &str, language: &str) -> String {
    let found = WORDS.iter().find(|(of, ..)| *of == word);
    found.map_or(word, |(_, zh, en)| if language == "en" { en } else { zh }).to_owned()
}

/// The heads of the columns in a language.
#[must_use]
pub fn heads(language: &str) -> [&'static str; COLUMNS] {
    HEADS.map(|(zh, en)| if language == "en" { en } else { zh })
}

/// An order as a row, in the words of a language.
///
/// # Errors
/// `amount.too_large`.
pub fn row(full: &Full, language: &str) -> Result<[String; COLUMNS], Error> {
    let o = &full.order;
    let (paid, refunded) = order::paid_and_refunded(full)?;
    let sum = |minor| o.currency.text(minor);
    Ok([
        o.number.clone(),
        word(o.kind.as_str(), language),
        word(o.state.as_str(), language),
        order::product_name(o).get(language).to_owned(),
        o.customer_name.clone(),
        o.user_name.clone(),
        sum(o.total_minor),
        o.currency.to_string(),
        o.created_at.to_string(),
        o.paid_at.map_or_else(String::new, |at| at.to_string()),
        sum(paid),
        sum(refunded),
        sum(money::difference(paid, refunded)?),
        word(Extent::of(paid, refunded).as_str(), language),
    ])
}

/// Asks for an export of the caller's orders.
///
/// # Errors
/// `export.too_many` when three wait already.
pub fn request(tx: &mut Tx, ctx: &Ctx, caller: &Caller, role: Role, filter: &Filter) -> Result<Export, Error> {
    let account = Key::of(caller.account_id);
    limit::room(tx, Limit::Exports, account, |tx| {
        let mut open = export::list(tx, account, role, store::Page::first(100))?;
        open.retain(|e| matches!(e.state, ExportState::Waiting | ExportState::Running));
        Ok(limit::number(&open))
    })?;
    let row = Export {
        id: ctx.key(),
        account_id: account,
        role,
        filter: serde_json::to_string(filter).map_err(|e| Error::row("exports", role, e))?,
        language: caller.language.clone(),
        state: ExportState::Waiting,
        rows_done: 0,
        rows_total: None,
        file: None,
        error: None,
        created_at: ctx.moment(),
        ended_at: None,
    };
    export::insert(tx, &row)?;
    job::schedule(tx, ctx, JobKind::Export, Some(row.id), ctx.now)?;
    event::record(tx, ctx, "export.requested", event::About::account(account), &json!({ "role": role }))?;
    Ok(row)
}

/// How far an export is, said by the worker that writes it: nothing, when another has the lease.
///
/// # Errors
/// [`Error::Store`].
pub fn under_way(tx: &mut Tx, lease: &Lease, id: Key, (done, total): (i64, i64)) -> Result<Written, Error> {
    let progress =
        Progress { id, state: ExportState::Running, rows_done: done, rows_total: Some(total), file: None, error: None, ended_at: None };
    match store::job::hold(tx, lease)? {
        Written::Yes => export::progress(tx, &progress)?,
        Written::SomeoneElseWasFirst => return Ok(Written::SomeoneElseWasFirst),
    }
    Ok(Written::Yes)
}

/// The file of an export is there: its job is done. Another worker may have written it since the lease ran out.
///
/// # Errors
/// [`Error::Store`].
pub fn written(tx: &mut Tx, ctx: &Ctx, lease: &Lease, id: Key, (file, rows): (&str, i64)) -> Result<(), Error> {
    let progress = Progress {
        id,
        state: ExportState::Done,
        rows_done: rows,
        rows_total: Some(rows),
        file: Some(file),
        error: None,
        ended_at: Some(ctx.moment()),
    };
    match store::job::done(tx, lease)? {
        Written::Yes => Ok(export::progress(tx, &progress)?),
        Written::SomeoneElseWasFirst => Ok(()),
    }
}

/// Whose orders an export holds.
#[must_use]
pub fn tenant(export: &Export) -> Tenant {
    match export.role {
        Role::Buyer => Tenant::Buyer(export.account_id),
        Role::Seller => Tenant::Seller(export.account_id),
        Role::Operator => Tenant::Any,
    }
}

/// An export of the caller.
///
/// # Errors
/// `export.not_found`.
pub fn show(tx: &mut Tx, caller: &Caller, id: ExportId) -> Result<Export, Error> {
    export::lookup(tx, Key::of(caller.account_id), Key::of(id))?
        .ok_or_else(|| Error::not_found("export.not_found", "there is no such export"))
}
