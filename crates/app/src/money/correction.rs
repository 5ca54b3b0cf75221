//! Corrections: refunds by the operator, and postings that mend the books (`money 5`). One person asks with a reason; where
//! two may, another one confirms what is large. Where one alone may, the decision holds and is marked so.

use super::{Wallet, places, places::Place, refund};
use crate::{Caller, Ctx, Error, Tenant, event, instance, message, order};
use db::{Key, Tx};
use domain::{
    access::StaffRole,
    correction::{Confirmation, CorrectionKind, CorrectionState, confirmation},
    id::CorrectionId,
    message::MessageEvent,
    money::Money,
    order::{OrderKind, OrderState},
    text,
};
use ledger::{AccountKind, Entry, EntryKind, Posting};
use serde_json::json;
use store::{
    Written,
    correction::{self as rows, Correction},
    ledger::{self as ledger_store, EntryRow},
};

/// What is to be corrected.
#[derive(Debug, Clone)]
pub enum Correct {
    /// The number of a completed order.
    Refund { number: String },
    /// With the number of the order line that it mends, where it mends one.
    Posting { from: Place, to: Place, line: Option<String> },
}

impl Correct {
    fn kind(&self) -> CorrectionKind {
        match self {
            Self::Refund { .. } => CorrectionKind::Refund,
            Self::Posting { .. } => CorrectionKind::Posting,
        }
    }
}

/// How many others may confirm what this person asks.
fn others(tx: &mut Tx, person: Key) -> Result<usize, Error> {
    let may = [StaffRole::Finance, StaffRole::Administrator];
    Ok(usize::try_from(store::account::any_other_staff(tx, &may, person)?).unwrap_or(0))
}

/// Asks for a correction, and carries it out when nobody else needs to confirm it.
///
/// # Errors
/// `order.not_found`, `refund.order_state`, `refund.too_much`, `money.currency`, `correction.amount`, `correction.same_place`,
/// `correction.owner`, `correction.balance`, `correction.not_billed`, `correction.escrow`, `correction.reason`.
pub fn correct(tx: &mut Tx, ctx: &Ctx, by: &Caller, what: &Correct, amount: Money, reason: &str) -> Result<Correction, Error> {
    let reason = text::line(reason, 500).map_err(|e| Error::field("/reason", "correction.reason", e.to_string()))?;
    if amount.minor <= 0 {
        return Err(Error::field("/amount/amount", "correction.amount", "the amount must be more than zero"));
    }
    let (of_order, line, before_minor) = match what {
        Correct::Refund { number } => {
            let order = refundable(tx, number, amount)?.order.into_row();
            let before = rows::any_unconfirmed(tx, order.id, order.instance_id, order.currency)?;
            (Some(order), None, before)
        }
        Correct::Posting { from, to, line } => {
            places::check(tx, ctx, from, to, amount.currency)?;
            let mended = line.as_ref().map(|number| places::line(tx, number, [from, to], amount.currency)).transpose()?;
            let (order, line) = mended.unzip();
            (order, line, 0)
        }
    };
    let order_number = of_order.as_ref().map(|o| o.number.clone());
    let order_id = of_order.filter(|_| what.kind() == CorrectionKind::Refund).map(|o| o.id);
    let place = |of: fn(&Place, &Place) -> Place| match what {
        Correct::Refund { .. } => (None, None),
        Correct::Posting { from, to, .. } => {
            let place = of(from, to);
            (Some(place.account), Some(place.owner))
        }
    };
    let ((from_account, from_owner), (to_account, to_owner)) = (place(|from, _| from.clone()), place(|_, to| to.clone()));
    let mut row = Correction {
        id: ctx.key(),
        kind: what.kind(),
        state: CorrectionState::Waiting,
        currency: amount.currency,
        amount_minor: amount.minor,
        reason,
        order_id,
        order_number,
        from_account,
        from_owner,
        to_account,
        to_owner,
        asked_at: ctx.moment(),
        asked_by: Key::of(by.user_id),
        asked_name: by.user_name.clone(),
        decided_at: None,
        decided_by: None,
        decided_name: None,
        note: None,
        alone: false,
        line_id: line.as_ref().map(|l| l.id),
    };
    let needs = confirmation(what.kind(), amount.minor, before_minor, amount.currency, others(tx, row.asked_by)?);
    if needs == Confirmation::SecondPerson {
        rows::insert(tx, &row)?;
        happened(tx, ctx, &row, "correction.asked")?;
        tell_staff(tx, ctx, &row)?;
        return Ok(row);
    }
    row.alone = needs == Confirmation::Alone;
    let done = decided(ctx, by, row, CorrectionState::Done, None);
    rows::insert(tx, &done)?;
    carry_out(tx, ctx, &done)?;
    Ok(done)
}

fn decided(ctx: &Ctx, by: &Caller, row: Correction, state: CorrectionState, note: Option<&str>) -> Correction {
    Correction {
        state,
        decided_at: Some(ctx.moment()),
        decided_by: Some(Key::of(by.user_id)),
        decided_name: Some(by.user_name.clone()),
        note: note.map(str::to_owned),
        ..row
    }
}

/// The version of a correction that a decision is made on.
#[must_use]
pub fn version(row: &Correction) -> String {
    let [from_owner, to_owner, order] = [&row.from_owner, &row.to_owner, &row.order_number].map(|p| p.as_deref().unwrap_or_default());
    let [from, to] = [row.from_account, row.to_account].map(|account| account.map_or("", AccountKind::as_str));
    let (kind, currency) = (row.kind.as_str(), row.currency.as_str());
    crate::version(&[kind, currency, &row.amount_minor.to_string(), &row.reason, from, from_owner, to, to_owner, order])
}

/// Confirms a correction that waits, or refuses it with a note; another person than asked for it.
///
/// # Errors
/// `correction.not_found`, `correction.decided`, `correction.same_person`, `correction.note_missing`,
/// `decision.stale`; as [`correct`].
pub fn decide(tx: &mut Tx, ctx: &Ctx, by: &Caller, id: CorrectionId, confirm: bool, note: Option<&str>) -> Result<Correction, Error> {
    if !confirm && note.is_none() {
        return Err(Error::field("/reason", "correction.note_missing", "say why it is refused"));
    }
    let row = rows::any_lookup(tx, Key::of(id))?.ok_or_else(|| Error::not_found("correction.not_found", "there is no such correction"))?;
    ctx.require_seen(&version(&row))?;
    let same = row.asked_by == Key::of(by.user_id);
    let alone = same && others(tx, row.asked_by)? == 0;
    if confirm && same && !alone {
        return Err(Error::conflict("correction.same_person", "you asked for it; another person of finance confirms it"));
    }
    let was = row.state;
    let state = if confirm { CorrectionState::Done } else { CorrectionState::Refused };
    let row = Correction { alone: confirm && alone, ..decided(ctx, by, row, state, note) };
    if rows::decide(tx, &row)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("correction.decided", format!("the correction is {was}")));
    }
    if confirm {
        carry_out(tx, ctx, &row)?;
    } else {
        happened(tx, ctx, &row, "correction.refused")?;
    }
    Ok(row)
}

/// The order whose price is given back in part.
fn refundable(tx: &mut Tx, number: &str, amount: Money) -> Result<order::Held, Error> {
    let held = order::locked(tx, Tenant::Any, number)?;
    let order::Held { order, line } = &held;
    if order.state != OrderState::Completed || order.kind == OrderKind::Unsubscribe {
        let detail = format!("the order is {}; only a completed one is given back in part", order.state);
        return Err(Error::conflict("refund.order_state", detail));
    }
    let currency = order.currency;
    if amount.currency != currency {
        return Err(Error::field("/amount/currency", "money.currency", format!("the order was paid in {currency}")));
    }
    let left = line.amount_minor.saturating_sub(line.refunded_minor);
    if amount.minor > left {
        let detail = format!("{} of it are left to give back", Money::new(left, currency));
        return Err(Error::field("/amount/amount", "refund.too_much", detail));
    }
    Ok(held)
}

fn carry_out(tx: &mut Tx, ctx: &Ctx, row: &Correction) -> Result<(), Error> {
    match row.kind {
        CorrectionKind::Refund => give_back(tx, ctx, row)?,
        CorrectionKind::Posting => post(tx, ctx, row)?,
    }
    happened(tx, ctx, row, "correction.done")
}

fn amount_of(row: &Correction) -> Money {
    Money::new(row.amount_minor, row.currency)
}

fn give_back(tx: &mut Tx, ctx: &Ctx, row: &Correction) -> Result<(), Error> {
    let amount = amount_of(row);
    let number = row.order_number.as_deref().unwrap_or_default();
    let order::Held { order, line } = refundable(tx, number, amount)?;
    refund(tx, ctx, &Wallet, &order, &line, amount.minor)?;
    let found = order.instance_id.map(|id| store::instance::lock(tx, Tenant::Any, id)).transpose()?.flatten();
    if let Some(found) = found {
        instance::lower_payments(tx, &ctx.site(order.site), &found, line.id, amount.minor)?;
    }
    let amount = ("amount", amount.to_string());
    order::tell_buyer(tx, ctx, &order, MessageEvent::OrderRefunded, &[amount.clone(), ("reason", row.reason.clone())])?;
    order::tell_seller(tx, ctx, &order, MessageEvent::SalePartRefunded, &[amount, ("reason", row.reason.clone())])
}

fn post(tx: &mut Tx, ctx: &Ctx, row: &Correction) -> Result<(), Error> {
    let name = row.id.id::<CorrectionId>();
    let amount = amount_of(row);
    let posting = |account: Option<AccountKind>, owner: &Option<String>, minor: i64| {
        let account = account.ok_or_else(|| Error::row("corrections", name, "names no account of the ledger"))?;
        Ok::<_, Error>(Posting { account, owner: owner.clone().unwrap_or_default(), currency: amount.currency, amount_minor: minor })
    };
    let taken = domain::money::difference(0, amount.minor)?;
    let postings = vec![posting(row.from_account, &row.from_owner, taken)?, posting(row.to_account, &row.to_owner, amount.minor)?];
    let entry = Entry::new(EntryKind::Correction, postings).map_err(|e| Error::row("corrections", name, e))?;
    let line = row.line_id.map(|id| store::order::any_line(tx, id)).transpose()?.flatten();
    let header = EntryRow {
        id: ctx.key(),
        kind: EntryKind::Correction,
        at: ctx.moment(),
        order_id: line.as_ref().map(|l| l.order_id),
        line_id: row.line_id,
        reference: format!("{}:{}", EntryKind::Correction, hex::encode(row.id.0)),
    };
    let credited = row.to_owner.as_deref().filter(|_| row.to_account == Some(AccountKind::BuyerWallet));
    let credited = credited.and_then(places::account_of);
    if let Some(buyer) = credited {
        // Before the wallet, as whoever settles does.
        super::hold_buyer(tx, ctx, buyer)?;
    }
    match ledger_store::post(tx, &[(header, entry)]) {
        Err(e) if e.is_check_violation() => return Err(places::short(row)),
        Ok(()) => places::agree(tx, row)?,
        Err(e) => return Err(e.into()),
    }
    ctx.credited.borrow_mut().extend(credited);
    Ok(())
}

fn happened(tx: &mut Tx, ctx: &Ctx, row: &Correction, kind: &str) -> Result<(), Error> {
    let about = event::About { order: row.order_id, ..event::About::default() };
    let data = json!({
        "correction": row.id.id::<CorrectionId>(), "kind": row.kind, "amount": amount_of(row), "reason": row.reason,
        "from": [row.from_account, row.from_owner], "to": [row.to_account, row.to_owner],
        "asked_by": row.asked_name, "decided_by": row.decided_name, "alone": row.alone, "note": row.note,
    });
    event::record(tx, ctx, kind, about, &data)
}

fn tell_staff(tx: &mut Tx, ctx: &Ctx, row: &Correction) -> Result<(), Error> {
    let send = message::Send {
        event: MessageEvent::CorrectionToConfirm,
        account: None,
        order: row.order_id,
        subject: None,
        about: hex::encode(row.id.0),
        params: &[
            ("by", row.asked_name.clone().into()),
            ("amount", amount_of(row).to_string().into()),
            ("reason", row.reason.clone().into()),
        ],
    };
    message::send(tx, ctx, &send)
}
