//! Checks that every cent has a cause: payments, refunds, terms that were paid for, credits to wallets.

use super::{BATCH, Check, LISTED_MAX, check, text};
use crate::{Error, Tenant};
use db::{Key, Tx};
use ledger::EntryKind;
use store::{
    correction,
    ledger::Sum,
    order, transfer, usage,
    witness::{self, Credit},
};

/// Runs them.
pub(super) fn checks(tx: &mut Tx) -> Result<Vec<Check>, Error> {
    let told = |rows: Vec<Sum>, what: &str| rows.into_iter().map(|r| format!("{}: {what} {}", r.name, text(r.amount))).collect();
    let payments: Vec<String> = told(witness::unpaid(tx)?, "is paid, but no payment of it is posted, which is");
    let mut refunds: Vec<String> = told(witness::wrong_refunds(tx)?, "what came back to the wallet differs by");
    refunds.extend(told(witness::wrong_renewals(tx)?, "what was given back is not what was paid for the term; it differs by"));
    refunds.extend(told(witness::kept_after_unsubscription(tx)?, "was unsubscribed, but was not given back"));
    let lived: Vec<String> = told(witness::paid_for_nothing(tx)?, "paid for a term that began after its instance had ended");
    let (count, credits) = credits(tx)?;
    let found = |list: &[String]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    Ok(vec![
        check("payments", found(&payments), payments),
        check("refunds", found(&refunds), refunds),
        check("paid_terms_lived", found(&lived), lived),
        check("wallet_credits", count, credits),
    ])
}

/// Whatever raises a wallet has a cause of the same amount and owner.
fn credits(tx: &mut Tx) -> Result<(i64, Vec<String>), Error> {
    let below = |r: Sum| format!("instance {}: its charges by use come to {}", r.name, text(r.amount));
    let mut differ: Vec<String> = witness::charged_below_zero(tx)?.into_iter().map(below).collect();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = witness::credits(tx, after, BATCH)?;
        let Some(last) = page.last() else {
            return Ok((count, differ));
        };
        after = Some(last.entry);
        for credit in &page {
            count += 1;
            if differ.len() < LISTED_MAX && !has_cause(tx, credit)? {
                let (reference, amount) = (&credit.reference, text(credit.amount_minor));
                differ.push(format!("{reference}: {amount} went to the wallet of {} without a cause", credit.owner));
            }
        }
    }
}

fn has_cause(tx: &mut Tx, credit: &Credit) -> Result<bool, Error> {
    let owned_by = |account: Key| hex::encode(account.0) == credit.owner;
    let Ok(kind) = credit.kind.parse::<EntryKind>() else {
        return Ok(false);
    };
    let named = credit.reference.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    Ok(match kind {
        EntryKind::TopUp => match key(named).map(|id| transfer::any_lookup(tx, id)).transpose()?.flatten() {
            Some(t) => t.state == "confirmed" && t.amount_minor == credit.amount_minor && owned_by(t.account_id),
            None => false,
        },
        EntryKind::Refund | EntryKind::RefundBeforeCompletion => {
            let line = credit.line.map(|id| order::any_line(tx, id)).transpose()?.flatten();
            let of = line.as_ref().map(|l| order::lookup(tx, Tenant::Any, l.order_id)).transpose()?.flatten();
            of.zip(line).is_some_and(|(o, l)| owned_by(o.buyer_id) && l.refunded_minor >= credit.amount_minor)
        }
        EntryKind::Usage => match key(named).map(|id| usage::any_charge(tx, id)).transpose()?.flatten() {
            Some(c) => c.state == "paid" && c.amount_minor.checked_add(credit.amount_minor) == Some(0) && owned_by(c.buyer_id),
            None => false,
        },
        EntryKind::Correction => match key(named).map(|id| correction::any_lookup(tx, id)).transpose()?.flatten() {
            Some(c) => c.state == "done" && c.amount_minor == credit.amount_minor && c.to_owner.as_ref() == Some(&credit.owner),
            None => false,
        },
        EntryKind::Payment | EntryKind::Completion | EntryKind::CompletionReversed => false,
    })
}

fn key(text: &str) -> Option<Key> {
    let mut key = [0; 16];
    hex::decode_to_slice(text, &mut key).ok()?;
    Some(Key(key))
}
