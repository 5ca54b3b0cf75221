//! The accounts of the ledger that a correcting posting names: they are there, they are kept in its currency, and it leaves
//! them as the rest of the books says.

use crate::{Ctx, Error};
use db::{Key, Lock, Tx};
use domain::money::Currency;
use ledger::AccountKind;
use store::{
    correction::Correction,
    ledger as ledger_store,
    order::{self, Line, Order},
    witness,
};

/// An account of the ledger with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub account: AccountKind,
    /// As the ledger writes it: an account's key in hexadecimal, the number of an order line, `platform` or `bank`.
    pub owner: String,
}

/// Refuses places that are the same, are nobody's, or are kept in another currency.
pub(super) fn check(tx: &mut Tx, ctx: &Ctx, from: &Place, to: &Place, currency: Currency) -> Result<(), Error> {
    if from == to {
        return Err(Error::field("/to", "correction.same_place", "choose two different accounts of the ledger"));
    }
    for (place, pointer) in [(from, "/from/owner"), (to, "/to/owner")] {
        let kept = kept_in(tx, ctx, place)?;
        let kept = kept.ok_or_else(|| Error::field(pointer, "correction.owner", format!("there is no such {}", place.account)))?;
        if !kept.contains(&currency) {
            let names: Vec<&str> = kept.iter().map(|c| c.as_str()).collect();
            let detail = format!("this {} is kept in {}", place.account, names.join(" or "));
            return Err(Error::field("/amount/currency", "money.currency", detail));
        }
    }
    Ok(())
}

/// The order line that a posting mends, with its order; what is moved is of its buyer, its seller and its escrow.
pub(super) fn line(tx: &mut Tx, number: &str, places: [&Place; 2], currency: Currency) -> Result<(Order, Line), Error> {
    let found = order::any_of_line(tx, number)?;
    let (order, line) = found.ok_or_else(|| Error::field("/order_line", "correction.line", "there is no such order line"))?;
    let fits = |place: &&Place| match place.account {
        AccountKind::BuyerWallet => place.owner == hex::encode(order.buyer_id.0),
        AccountKind::SellerPayable => place.owner == hex::encode(order.seller_id.0),
        AccountKind::Escrow => place.owner == line.number,
        AccountKind::ProviderClearing | AccountKind::PlatformCommission | AccountKind::TaxPayable => true,
    };
    if order.currency != currency || !places.iter().all(fits) {
        let detail = "the accounts and the currency are those of the line's order";
        return Err(Error::field("/order_line", "correction.line", detail));
    }
    Ok((order, line))
}

/// The currencies that an account of the ledger is kept in; none when its owner is not there.
fn kept_in(tx: &mut Tx, ctx: &Ctx, place: &Place) -> Result<Option<Vec<Currency>>, Error> {
    Ok(match place.account {
        AccountKind::BuyerWallet | AccountKind::SellerPayable => {
            let account = account_of(&place.owner).map(|id| store::account::lookup(tx, id)).transpose()?.flatten();
            account.map(|a| vec![ctx.site(a.site).currency])
        }
        AccountKind::Escrow => {
            let found = order::any_of_line(tx, &place.owner)?;
            found.map(|(o, _)| vec![o.currency])
        }
        AccountKind::ProviderClearing | AccountKind::PlatformCommission | AccountKind::TaxPayable => {
            Some(domain::site::SiteCode::ALL.iter().map(|code| ctx.site(*code).currency).collect())
        }
    })
}

/// Whoever posts a correction holds it until their transaction ends.
const POSTINGS: Key = Key(*b"correct-postings");

/// After a posting: what is due to a seller is what the bills say, escrow holds what is paid and not earned, and what the
/// platform earned is not below zero. A posting may mend these, and may not make them differ.
pub(super) fn agree(tx: &mut Tx, row: &Correction) -> Result<(), Error> {
    // Accounts that are sums have no row to lock: postings are compared one after the other.
    db::dialect::one_at_a_time(tx, Lock::Postings, POSTINGS)?;
    let line = row.line_id.map(|id| order::any_line(tx, id)).transpose()?.flatten();
    if let Some(differs) = line.map(|line| witness::shares_of_line(tx, line.order_id, line.id)).transpose()?.flatten() {
        let by = domain::money::text(differs.amount, &differs.currency);
        let detail = format!("the {} of the order line would differ from its bill lines by {by} {}", differs.name, differs.currency);
        return Err(Error::conflict("correction.not_billed", detail));
    }
    for (account, owner) in [(row.from_account, &row.from_owner), (row.to_account, &row.to_owner)] {
        let (Some(account), Some(owner)) = (account, owner) else { continue };
        match account {
            AccountKind::SellerPayable => payable_agrees(tx, row, owner)?,
            AccountKind::Escrow => escrow_agrees(tx, row, owner)?,
            AccountKind::PlatformCommission | AccountKind::TaxPayable => {
                let held = ledger_store::any_sum_of(tx, account, owner, row.currency)?;
                if held < 0 && row.from_account == Some(account) {
                    return Err(short(row));
                }
            }
            AccountKind::BuyerWallet | AccountKind::ProviderClearing => {}
        }
    }
    Ok(())
}

/// The refusal of a posting that takes more than there is.
pub(super) fn short(row: &Correction) -> Error {
    let amount = row.currency.text(row.amount_minor);
    let detail = format!("the account that it is taken from does not hold {amount} {}", row.currency);
    Error::field("/from", "correction.balance", detail)
}

fn payable_agrees(tx: &mut Tx, row: &Correction, owner: &str) -> Result<(), Error> {
    let seller = account_of(owner).ok_or_else(|| Error::row("corrections", hex::encode(row.id.0), "names no seller"))?;
    let posted = ledger_store::any_sum_of(tx, AccountKind::SellerPayable, owner, row.currency)?;
    let billed = store::bill::payable_of(tx, seller, row.currency)?;
    if posted == billed {
        return Ok(());
    }
    let text = |minor| row.currency.text(minor);
    let detail = format!("the seller would be due {}, while the lines of the bills come to {}", text(posted), text(billed));
    Err(Error::conflict("correction.not_billed", detail))
}

fn escrow_agrees(tx: &mut Tx, row: &Correction, owner: &str) -> Result<(), Error> {
    let found = order::any_of_line(tx, owner)?;
    let expected = found.map_or(0, |(o, line)| crate::verify::expected_escrow(&o, &line));
    let held = witness::escrow(tx, &[owner.to_owned()])?.into_iter().find(|s| s.currency == row.currency.as_str()).map_or(0, |s| s.amount);
    if i128::from(held) == expected {
        return Ok(());
    }
    let held = row.currency.text(held);
    let detail = format!("the escrow of the line would hold {held}, which is not what was paid and is neither shared nor given back");
    Err(Error::conflict("correction.escrow", detail))
}

pub(super) fn account_of(owner: &str) -> Option<Key> {
    let mut key = [0; 16];
    hex::decode_to_slice(owner, &mut key).ok()?;
    Some(Key(key))
}
