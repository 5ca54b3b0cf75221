//! Bank transfers: announced by a buyer, confirmed or refused by finance.

use crate::{Caller, Ctx, Error, event, limit, message};
use db::{Key, Tx};
use domain::{
    id::TransferId,
    message::MessageEvent,
    money::{Currency, Money},
};
use domain::{limit::Limit, money::TransferState};
use ledger::{AccountKind, Entry, EntryKind, Posting};
use serde_json::{Value, json};
use store::{
    Written,
    ledger::{self as ledger_store, EntryRow},
    transfer::{self, Transfer},
};

/// Announces a transfer to the caller's wallet.
///
/// # Errors
/// `transfer.amount`, `transfer.currency`, `transfer.too_many`.
pub fn request(tx: &mut Tx, ctx: &Ctx, caller: &Caller, amount: Money, reference: &str) -> Result<Transfer, Error> {
    if amount.minor == 0 {
        return Err(Error::field("/amount/amount", "transfer.amount", "the amount must be more than zero"));
    }
    let currency = ctx.site(caller.site).currency;
    if amount.currency != currency {
        let detail = format!("your account is kept in {currency}");
        return Err(Error::field("/amount/currency", "transfer.currency", detail));
    }
    let (account, page) = (Key::of(caller.account_id), store::Page::first(Limit::Transfers.most()));
    limit::room(tx, Limit::Transfers, account, |tx| {
        Ok(limit::number(&transfer::list(tx, Some(account), Some(TransferState::Pending), page)?))
    })?;
    let row = Transfer {
        id: ctx.key(),
        account_id: Key::of(caller.account_id),
        account_name: caller.account_name.clone(),
        currency,
        amount_minor: amount.minor,
        reference: reference.to_owned(),
        state: TransferState::Pending,
        created_at: ctx.moment(),
        decided_at: None,
        decided_by: None,
        reason: None,
    };
    transfer::insert(tx, &row)?;
    let data = transfer_event(amount, reference);
    event::record(tx, ctx, "transfer.requested", event::About::account(row.account_id), &data)?;
    let send = message::Send {
        event: MessageEvent::TransferToConfirm,
        account: None,
        order: None,
        subject: None,
        about: hex::encode(row.id.0),
        params: &[
            ("account", caller.account_name.clone().into()),
            ("amount", amount.to_string().into()),
            ("reference", reference.to_owned().into()),
        ],
    };
    message::send(tx, ctx, &send)?;
    Ok(row)
}

/// What events tell of a transfer.
pub(crate) fn transfer_event(amount: Money, reference: &str) -> Value {
    json!({ "amount": amount, "reference": reference })
}

/// The version of a transfer that a decision is made on.
#[must_use]
pub fn version(row: &Transfer) -> String {
    crate::version(&[&row.account_name, row.currency.as_str(), &row.amount_minor.to_string(), &row.reference, row.state.as_str()])
}

/// Confirms a transfer into the wallet, or refuses it, once.
///
/// # Errors
/// `transfer.not_found`, `transfer.decided`, `transfer.reason_missing`, `decision.stale`.
pub fn decide(tx: &mut Tx, ctx: &Ctx, by: &Caller, id: TransferId, confirm: bool, reason: Option<&str>) -> Result<Transfer, Error> {
    if !confirm && reason.is_none() {
        return Err(Error::field("/reason", "transfer.reason_missing", "say why the transfer is refused"));
    }
    let row = transfer::any_lookup(tx, Key::of(id))?.ok_or_else(|| Error::not_found("transfer.not_found", "there is no such transfer"))?;
    if row.state == TransferState::Pending {
        ctx.require_seen(&version(&row))?;
    }
    let state = if confirm { TransferState::Confirmed } else { TransferState::Refused };
    let decision = transfer::Decision { id: row.id, state, reason, at: ctx.moment(), by: Key::of(by.user_id) };
    if transfer::decide(tx, &decision)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("transfer.decided", format!("the transfer is {}", row.state)));
    }
    if confirm {
        // Before the wallet, as whoever settles does.
        super::hold_buyer(tx, ctx, row.account_id)?;
        top_up(tx, ctx, &row)?;
        ctx.credited.borrow_mut().insert(row.account_id);
    }
    let currency: Currency = row.currency;
    let amount = Money::new(row.amount_minor, currency);
    let about = event::About { account: Some(row.account_id), ..event::About::default() };
    event::record(tx, ctx, &format!("transfer.{state}"), about, &transfer_event(amount, &row.reference))?;
    let send = message::Send {
        event: MessageEvent::TransferDecided,
        account: Some(row.account_id),
        order: None,
        subject: None,
        about: id.to_string(),
        params: &[
            ("result", state.to_string().into()),
            ("amount", amount.to_string().into()),
            ("reference", row.reference.clone().into()),
            ("reason", reason.unwrap_or_default().to_owned().into()),
        ],
    };
    message::send(tx, ctx, &send)?;
    transfer::any_lookup(tx, row.id)?.ok_or_else(|| Error::row("transfers", id, "is gone"))
}

/// Clearing → wallet.
fn top_up(tx: &mut Tx, ctx: &Ctx, row: &Transfer) -> Result<(), Error> {
    let bad = |e: &dyn std::fmt::Display| Error::row("transfers", hex::encode(row.id.0), e);
    let currency: Currency = row.currency;
    let posting = |account, owner, amount_minor| Posting { account, owner, currency, amount_minor };
    let entry = Entry::new(
        EntryKind::TopUp,
        vec![
            posting(AccountKind::ProviderClearing, "bank".to_owned(), domain::money::difference(0, row.amount_minor)?),
            posting(AccountKind::BuyerWallet, hex::encode(row.account_id.0), row.amount_minor),
        ],
    )
    .map_err(|e| bad(&e))?;
    let entry_row = EntryRow {
        id: ctx.key(),
        kind: EntryKind::TopUp,
        at: ctx.moment(),
        order_id: None,
        line_id: None,
        reference: format!("top_up:{}", hex::encode(row.id.0)),
    };
    Ok(ledger_store::post(tx, &[(entry_row, entry)])?)
}
