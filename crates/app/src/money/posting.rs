//! Entries of the life of an order (`money 1.7`): paid into escrow, shared on completion, given back.

use super::{
    bill::{is_open, use_on_bill},
    rates,
};
use crate::{Ctx, Error, event};
use db::{DbError, Moment, Tx};
use domain::{
    Timestamp,
    money::{self as amount, Money},
    settlement::{self, BillKind, Shares},
};
use ledger::{AccountKind, Entry, EntryKind, Posting};
use serde_json::json;
use store::{
    Locked, Written,
    bill::{self, BillLine},
    ledger::{self as ledger_store, EntryRow},
    order::{self, Line, Order},
    usage::Charge,
};

/// Where the money of a payment comes from and goes back to. The wallet is built in; an external provider
/// names its clearing account.
pub trait PaymentProvider: Send + Sync {
    fn name(&self) -> &'static str;
    /// The account and its owner for an order.
    fn account(&self, order: &Order) -> (AccountKind, String);
}

/// The buyer's own balance.
#[derive(Debug, Default)]
pub struct Wallet;

impl PaymentProvider for Wallet {
    fn name(&self) -> &'static str {
        "wallet"
    }

    fn account(&self, order: &Order) -> (AccountKind, String) {
        (AccountKind::BuyerWallet, hex::encode(order.buyer_id.0))
    }
}

struct Posted<'a> {
    order: &'a Order,
    line: &'a Line,
    kind: EntryKind,
    /// Account, owner, amount.
    postings: Vec<(AccountKind, String, i64)>,
}

fn post(tx: &mut Tx, ctx: &Ctx, p: Posted<'_>) -> Result<(), Error> {
    let reference = format!("{}:{}", p.kind, p.line.number);
    post_as(tx, ctx, p, reference)
}

fn post_as(tx: &mut Tx, ctx: &Ctx, p: Posted<'_>, reference: String) -> Result<(), Error> {
    Ok(ledger_store::post(tx, &[entry(ctx, p, reference)?])?)
}

fn entry(ctx: &Ctx, p: Posted<'_>, reference: String) -> Result<(EntryRow, Entry), Error> {
    let currency = p.order.currency;
    let postings =
        p.postings.into_iter().map(|(account, owner, amount_minor)| Posting { account, owner, currency, amount_minor }).collect();
    let entry = Entry::new(p.kind, postings).map_err(|e| Error::row("ledger_entries", &p.line.number, e))?;
    let row = EntryRow { id: ctx.key(), kind: p.kind, at: ctx.moment(), order_id: Some(p.order.id), line_id: Some(p.line.id), reference };
    Ok((row, entry))
}

fn escrow(line: &Line) -> String {
    line.number.clone()
}

/// How the completion of a line is named in the ledger; of a part, with the part's name.
fn completion(line: &Line, part: &str) -> String {
    let whole = format!("{}:{}", EntryKind::Completion, line.number);
    if part.is_empty() { whole } else { format!("{whole}:{part}") }
}

fn recorded(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line, kind: &str, minor: i64) -> Result<(), Error> {
    let about = event::About::order(order.id, line.instance_id.or(order.instance_id));
    event::record(tx, ctx, kind, about, &json!({ "line": line.number, "amount": Money::new(minor, order.currency) }))
}

/// Takes the price of a line into escrow. Nothing is posted for a free line.
///
/// # Errors
/// `wallet.short` when the balance does not cover it.
pub fn pay(tx: &mut Tx, ctx: &Ctx, provider: &dyn PaymentProvider, order: &Order, line: &Line) -> Result<(), Error> {
    if line.amount_minor == 0 {
        return Ok(());
    }
    let (account, owner) = provider.account(order);
    let postings = vec![(account, owner, negated(line.amount_minor)?), (AccountKind::Escrow, escrow(line), line.amount_minor)];
    let paid = post(tx, ctx, Posted { order, line, kind: EntryKind::Payment, postings });
    match paid {
        Err(Error::Store(e)) if e.is_check_violation() => {
            let amount = Money::new(line.amount_minor, order.currency);
            Err(Error::conflict("wallet.short", format!("the wallet does not cover {amount}; top it up and pay again")))
        }
        paid => paid,
    }
}

/// An order that is done.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a> {
    pub order: &'a Locked<Order>,
    pub line: &'a Line,
    /// When what was bought begins.
    pub effective_at: Timestamp,
}

/// Shares what is left of paid lines out of escrow and puts it on the sellers' bills of the month in which it is both paid and
/// effective: a frozen instance is renewed from a day on that may lie in a month which is billed already
/// (`money-reseller-buyer-domain 1.1`).
///
/// # Errors
/// [`Error::Store`].
pub fn complete(tx: &mut Tx, ctx: &Ctx, completions: &[Completion<'_>]) -> Result<(), Error> {
    let open = || completions.iter().filter(|c| c.line.completed_at.is_none());
    let lines: Vec<_> = open().map(|c| (c.order, c.line)).collect();
    if order::complete_lines(tx, &lines, ctx.moment())? == Written::SomeoneElseWasFirst {
        return Err(DbError::Raced.into());
    }
    let mut parts = Vec::new();
    for c in open() {
        let minor = rest(c.line)?;
        if minor != 0 {
            parts.push(Part { order: c.order, line: c.line, minor, name: "", effective_at: c.effective_at.max(ctx.now) });
        }
    }
    share(tx, ctx, &parts)?;
    parts.iter().try_for_each(|p| recorded(tx, ctx, p.order, p.line, "money.completed", p.minor))
}

/// What was neither released nor given back before.
fn rest(line: &Line) -> Result<i64, Error> {
    Ok(amount::difference(amount::difference(line.amount_minor, line.released_minor)?, line.refunded_minor)?)
}

/// Shares a part of a paid line out of escrow before the line is complete, under a name of its own.
///
/// # Errors
/// [`Error::Store`].
pub fn release_part(tx: &mut Tx, ctx: &Ctx, order: &Locked<Order>, line: &Line, minor: i64, name: &str) -> Result<(), Error> {
    if minor == 0 {
        return Ok(());
    }
    order::release_part(tx, order, line, minor)?;
    share(tx, ctx, &[Part { order, line, minor, name, effective_at: ctx.now }])?;
    recorded(tx, ctx, order, line, "money.part_released", minor)
}

/// What is shared of a line; the whole rest has no name.
struct Part<'a> {
    order: &'a Order,
    line: &'a Line,
    minor: i64,
    name: &'a str,
    effective_at: Timestamp,
}

fn share(tx: &mut Tx, ctx: &Ctx, parts: &[Part<'_>]) -> Result<(), Error> {
    let (mut entries, mut lines) = (Vec::new(), Vec::new());
    for p in parts {
        // Only what is shared in parts has shares before.
        let before = if p.line.released_minor == 0 { Shares::default() } else { shares_of(tx, p.line, (BillKind::Original, ""))? };
        let shares = settlement::share_next(before, p.minor, ctx.settings.rates)?;
        let mut postings = vec![(AccountKind::Escrow, escrow(p.line), negated(p.minor)?)];
        postings.extend(shared(p.order, shares));
        let posted = Posted { order: p.order, line: p.line, kind: EntryKind::Completion, postings };
        entries.push(entry(ctx, posted, completion(p.line, p.name))?);
        let billed =
            BillEntry { order: p.order, line: p.line, kind: BillKind::Original, amount: p.minor, shares, effective_at: p.effective_at };
        lines.push(BillLine { part: p.name.to_owned(), ..bill_line(ctx, billed)? });
    }
    ledger_store::post(tx, &entries)?;
    Ok(bill::insert_lines(tx, &lines)?)
}

/// How what was shared of a line so far was shared, by the rows of that kind on bills whose parts begin so.
fn shares_of(tx: &mut Tx, line: &Line, (kind, part): (BillKind, &str)) -> Result<Shares, Error> {
    sum_of(bill::shares_of(tx, line.id, kind, part)?.into_iter())
}

/// Sums what is payable, the fee and the tax of rows.
fn sum_of(rows: impl Iterator<Item = (i64, i64, i64)> + Clone) -> Result<Shares, Error> {
    let (payable, fee) = (amount::sum(rows.clone().map(|r| r.0))?, amount::sum(rows.clone().map(|r| r.1))?);
    let tax = amount::sum(rows.map(|r| r.2))?;
    Ok(Shares { payable, commission: amount::difference(fee, tax)?, tax })
}

fn shared(order: &Order, shares: Shares) -> [(AccountKind, String, i64); 3] {
    [
        (AccountKind::SellerPayable, hex::encode(order.seller_id.0), shares.payable),
        (AccountKind::PlatformCommission, "platform".to_owned(), shares.commission),
        (AccountKind::TaxPayable, "platform".to_owned(), shares.tax),
    ]
}

/// Moves what a charge by use came to from the wallet straight to the shares, or back, and puts it on the
/// seller's bill by the day on which it was used (`money 1.1`, `1.7`).
///
/// # Errors
/// [`Error::Store`]; a check violation when the wallet does not cover it.
pub fn charge_usage(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line, charge: &Charge) -> Result<(), Error> {
    let charged = charge.amount_minor;
    let (site, used) = (ctx.site(order.site), charge.begin_at.at());
    let month = site.day_of(used).strftime("%Y-%m").to_string();
    let (before, rates) = (shares_of(tx, line, (BillKind::Usage, &month))?, rates::of_use(tx, ctx, &month)?);
    let shares = settlement::share_next(before, charged, rates)?;
    let mut postings = vec![(AccountKind::BuyerWallet, hex::encode(order.buyer_id.0), negated(charged)?)];
    postings.extend(shared(order, shares));
    let reference = format!("{}:{}", EntryKind::Usage, hex::encode(charge.id.0));
    let (part, effective_at) = use_on_bill(&site, used, ctx.now, is_open(tx, ctx, &site, used)?);
    post_as(tx, ctx, Posted { order, line, kind: EntryKind::Usage, postings }, reference)?;
    let entry = BillEntry { order, line, kind: BillKind::Usage, amount: charged, shares, effective_at };
    match bill::add_usage(tx, &BillLine { part, ..bill_line(ctx, entry)? }) {
        // The bill of the month was issued in between; the unit runs again, later.
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}

/// Gives a part or all of what was paid for a line back: straight from escrow, or after the completion is reversed in
/// proportion (`money 1.4`). Says how much. `line` is the row as it is.
///
/// # Errors
/// `refund.already_refunded` when that much is not left, or something was given back since the line was read.
pub fn refund(
    tx: &mut Tx,
    ctx: &Ctx,
    provider: &dyn PaymentProvider,
    order: &Locked<Order>,
    line: &Line,
    minor: i64,
) -> Result<i64, Error> {
    if minor == 0 {
        return Ok(0);
    }
    if minor < 0 || order::refund_line(tx, order, line, minor)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("refund.already_refunded", format!("that much of line {} is not left to give back", line.number)));
    }
    // Before the wallet, as whoever settles does.
    super::hold_buyer(tx, ctx, order.buyer_id)?;
    let mut kind = EntryKind::RefundBeforeCompletion;
    if line.completed_at.is_some() {
        reverse_completion(tx, ctx, order, line, minor)?;
        kind = EntryKind::Refund;
    }
    let (account, owner) = provider.account(order);
    let postings = vec![(AccountKind::Escrow, escrow(line), negated(minor)?), (account, owner, minor)];
    post_as(tx, ctx, Posted { order, line, kind, postings }, nth(kind, line))?;
    ctx.credited.borrow_mut().insert(order.buyer_id);
    recorded(tx, ctx, order, line, "money.refunded", minor)?;
    Ok(minor)
}

fn negated(minor: i64) -> Result<i64, Error> {
    Ok(amount::difference(0, minor)?)
}

/// The reference of an entry of which a line may have several: each goes on from what was given back before.
fn nth(kind: EntryKind, line: &Line) -> String {
    let first = format!("{kind}:{}", line.number);
    if line.refunded_minor == 0 { first } else { format!("{first}:{}", line.refunded_minor) }
}

fn reverse_completion(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line, minor: i64) -> Result<(), Error> {
    if let Some(at) = line.completed_at.map(Moment::at) {
        // What is on no bill yet is read while none is made.
        let _open = is_open(tx, ctx, &ctx.site(order.site), at)?;
    }
    let originals = bill::originals_of(tx, line.id)?;
    let shares = sum_of(originals.iter().map(|l| (l.payable_minor, l.fee_minor, l.tax_minor)))?;
    if shares.sum()? != line.amount_minor {
        return Err(Error::row("bill_lines", &line.number, "are not what the line cost"));
    }
    let back = settlement::take_back(shares, line.refunded_minor, minor)?;
    let turned = Shares { payable: negated(back.payable)?, commission: negated(back.commission)?, tax: negated(back.tax)? };
    let mut postings = vec![(AccountKind::Escrow, escrow(line), minor)];
    postings.extend(shared(order, turned));
    let kind = EntryKind::CompletionReversed;
    post_as(tx, ctx, Posted { order, line, kind, postings }, nth(kind, line))?;
    let mut effective_at = originals.iter().map(|l| l.effective_at.at()).fold(ctx.now, Timestamp::max);
    if line.refunded_minor.checked_add(minor) == Some(line.amount_minor) {
        // All rows of what is given back whole stand in the same bill, sum 0 (money 1.4), unless the original was billed:
        // also that of the month before, as long as it was not made.
        let open = originals.iter().filter(|l| l.bill_id.is_none()).map(|l| l.effective_at.at().min(ctx.now)).max();
        if let Some(at) = open {
            bill::gather(tx, line.id, Moment::of(at))?;
        }
        effective_at = open.unwrap_or(ctx.now);
    }
    let entry = BillEntry { order, line, kind: BillKind::Refund, amount: negated(minor)?, shares: turned, effective_at };
    let part = if line.refunded_minor == 0 { String::new() } else { format!("after-{}", line.refunded_minor) };
    Ok(bill::insert_lines(tx, &[BillLine { part, ..bill_line(ctx, entry)? }])?)
}

struct BillEntry<'a> {
    order: &'a Order,
    line: &'a Line,
    kind: BillKind,
    amount: i64,
    shares: Shares,
    effective_at: Timestamp,
}

fn bill_line(ctx: &Ctx, b: BillEntry<'_>) -> Result<BillLine, Error> {
    Ok(BillLine {
        id: ctx.key(),
        seller_id: b.order.seller_id,
        bill_id: None,
        order_id: b.order.id,
        line_id: b.line.id,
        order_line: b.line.number.clone(),
        product_name: b.order.product_name.clone(),
        kind: b.kind,
        part: String::new(),
        currency: b.order.currency,
        amount_minor: b.amount,
        fee_minor: b.shares.fee()?,
        tax_minor: b.shares.tax,
        payable_minor: b.shares.payable,
        effective_at: Moment::of(b.effective_at),
    })
}
