//! Every entry of the ledger has a cause, and every cause its entry. Causes that entries name by their reference are looked up
//! both ways; those that they name by order and line, by these.

use super::{Sum, found};
use crate::{DbError, Tx};
use db::{dialect::hex, schema::ledger_entries};
use diesel::prelude::*;

/// How many entries there are.
///
/// # Errors
/// [`DbError`].
pub fn entry_count(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(ledger_entries::table.count().get_result(tx)?)
}

/// Postings whose cause is not there or says another account, owner, currency or amount, and causes that were not posted.
///
/// # Errors
/// [`DbError`].
pub fn unexplained(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let mut all = Vec::new();
    for (kind, causes, fits) in
        [("top_up", transfers(tx), TRANSFER_FITS), ("usage", charges(tx), CHARGE_FITS), ("correction", corrections(tx), CORRECTION_FITS)]
    {
        all.extend(without_cause(tx, kind, &causes, fits)?);
        all.extend(not_posted(tx, kind, &causes)?);
    }
    all.extend(not_of_their_lines(tx)?);
    Ok(all)
}

/// Causes are materialised: the key that they are joined by is an expression, of which no index is there.
fn without_cause(tx: &mut Tx, kind: &str, causes: &str, fits: &str) -> Result<Vec<Sum>, DbError> {
    // Joined by the bare column: SQLite makes an index for it, and for an expression it makes none.
    let id_at = kind.len().saturating_add(2);
    let text = format!(
        "WITH c AS MATERIALIZED ({causes})
         SELECT e.reference AS name, p.currency AS currency, p.amount_minor AS amount FROM ledger_entries e
         JOIN ledger_postings p ON p.entry_id = e.id LEFT JOIN c ON c.id = substr(e.reference, {id_at})
         WHERE e.kind = '{kind}' AND (c.id IS NULL OR p.currency <> c.currency OR NOT ({fits}))"
    );
    found(tx, &text)
}

fn not_posted(tx: &mut Tx, kind: &str, causes: &str) -> Result<Vec<Sum>, DbError> {
    let text = format!(
        "WITH c AS MATERIALIZED ({causes})
         SELECT '{kind}:' || c.id AS name, c.currency AS currency, c.amount_minor AS amount FROM c
         LEFT JOIN ledger_entries e ON e.reference = '{kind}:' || c.id AND e.kind = '{kind}' WHERE e.id IS NULL"
    );
    found(tx, &text)
}

fn transfers(tx: &Tx) -> String {
    let (id, owner) = (hex(tx, "id"), hex(tx, "account_id"));
    format!("SELECT {id} AS id, {owner} AS owner, currency, amount_minor FROM transfers WHERE state = 'confirmed'")
}

const TRANSFER_FITS: &str = "(p.account = 'buyer_wallet' AND p.owner = c.owner AND p.amount_minor = c.amount_minor)
    OR (p.account = 'provider_clearing' AND p.amount_minor = -c.amount_minor)";

fn charges(tx: &Tx) -> String {
    let (id, buyer, seller) = (hex(tx, "id"), hex(tx, "buyer_id"), hex(tx, "seller_id"));
    format!(
        "SELECT {id} AS id, {buyer} AS buyer, {seller} AS seller, currency, amount_minor FROM usage_charges
         WHERE state = 'paid' AND amount_minor <> 0"
    )
}

const CHARGE_FITS: &str = "(p.account = 'buyer_wallet' AND p.owner = c.buyer AND p.amount_minor = -c.amount_minor)
    OR (p.account = 'seller_payable' AND p.owner = c.seller) OR p.account IN ('platform_commission', 'tax_payable')";

fn corrections(tx: &Tx) -> String {
    let id = hex(tx, "id");
    format!(
        "SELECT {id} AS id, from_account, from_owner, to_account, to_owner, currency, amount_minor FROM corrections
         WHERE kind = 'posting' AND state = 'done'"
    )
}

const CORRECTION_FITS: &str = "(p.account = c.from_account AND p.owner = c.from_owner AND p.amount_minor = -c.amount_minor)
    OR (p.account = c.to_account AND p.owner = c.to_owner AND p.amount_minor = c.amount_minor)";

/// What is posted for an order line is between its escrow, its buyer, its seller and the platform, in its currency; and it is
/// paid under its own name.
fn not_of_their_lines(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let (buyer, seller) = (hex(tx, "o.buyer_id"), hex(tx, "o.seller_id"));
    let text = format!(
        "SELECT e.reference AS name, p.currency AS currency, p.amount_minor AS amount FROM ledger_entries e
         JOIN ledger_postings p ON p.entry_id = e.id LEFT JOIN order_lines l ON l.id = e.line_id
         LEFT JOIN orders o ON o.id = l.order_id AND o.id = e.order_id
         WHERE e.kind NOT IN ('top_up', 'correction') AND (o.id IS NULL OR p.currency <> o.currency
            OR (p.account = 'escrow' AND p.owner <> l.number) OR (p.account = 'buyer_wallet' AND p.owner <> {buyer})
            OR (p.account = 'seller_payable' AND p.owner <> {seller})
            OR (e.kind = 'payment' AND (o.paid_at IS NULL OR e.reference <> 'payment:' || l.number
                OR p.account NOT IN ('escrow', 'buyer_wallet', 'provider_clearing') OR (p.account = 'escrow') <> (p.amount_minor > 0)))
            OR (e.kind IN ('refund', 'refund_before_completion') AND (p.account = 'escrow') <> (p.amount_minor < 0)))"
    );
    found(tx, &text)
}
