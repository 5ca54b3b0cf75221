//! The ledger, its balances and the bills against each other.

use super::{Sum, found};
use crate::{DbError, Key, Tx};
use db::{
    dialect,
    schema::{ledger_postings, order_lines},
};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary},
};
use ledger::AccountKind;

/// Entries whose postings do not add up to zero in a currency.
///
/// # Errors
/// [`DbError`].
pub fn unbalanced(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT e.reference AS name, p.currency AS currency, CAST(SUM(p.amount_minor) AS BIGINT) AS amount
         FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
         GROUP BY e.reference, p.currency HAVING SUM(p.amount_minor) <> 0",
    )
}

/// Guarded accounts whose balance differs from the sum of their postings, also those that have only one of the two.
///
/// # Errors
/// [`DbError`].
pub fn wrong_balances(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT x.account || ' ' || x.owner AS name, x.currency AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT account, owner, currency, balance_minor AS minor FROM ledger_balances UNION ALL
               SELECT account, owner, currency, -amount_minor AS minor FROM ledger_postings
               WHERE account IN ('buyer_wallet', 'escrow')) x
         GROUP BY x.account, x.owner, x.currency HAVING SUM(x.minor) <> 0",
    )
}

/// Issued bills whose total is not the sum of their lines; the difference.
///
/// # Errors
/// [`DbError`].
pub fn wrong_bills(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT b.month AS name, b.currency AS currency, CAST(b.total_minor - COALESCE(SUM(l.payable_minor), 0) AS BIGINT) AS amount
         FROM bills b LEFT JOIN bill_lines l ON l.bill_id = b.id AND l.currency = b.currency AND l.seller_id = b.seller_id
         GROUP BY b.id, b.month, b.currency, b.total_minor HAVING b.total_minor <> COALESCE(SUM(l.payable_minor), 0)",
    )
}

/// Lines of bills that do not add up by themselves, or belong to a bill that is not there.
///
/// # Errors
/// [`DbError`].
pub fn wrong_bill_lines(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT l.order_line || ' ' || l.kind AS name, l.currency AS currency, l.amount_minor - l.fee_minor - l.payable_minor AS amount
         FROM bill_lines l LEFT JOIN bills b ON b.id = l.bill_id
         WHERE l.amount_minor <> l.fee_minor + l.payable_minor
         OR (l.bill_id IS NOT NULL AND (b.id IS NULL OR b.seller_id <> l.seller_id OR b.currency <> l.currency))",
    )
}

/// Sellers to whom the ledger owes another sum than the lines of their bills come to; the difference.
///
/// # Errors
/// [`DbError`].
pub fn due_not_billed(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let seller = dialect::hex(tx, "seller_id");
    let text = format!(
        "SELECT x.owner AS name, x.currency AS currency, CAST(SUM(x.minor) AS BIGINT) AS amount
         FROM (SELECT owner, currency, amount_minor AS minor FROM ledger_postings WHERE account = 'seller_payable' UNION ALL
               SELECT {seller} AS owner, currency, -payable_minor AS minor FROM bill_lines) x
         GROUP BY x.owner, x.currency HAVING SUM(x.minor) <> 0"
    );
    found(tx, &text)
}

/// The shares of order lines in the ledger less those of their bill lines, for lines that a condition names.
fn shares(of: &str) -> String {
    format!(
        "SELECT e.line_id AS line_id, p.currency AS currency,
                CASE WHEN p.account = 'seller_payable' THEN p.amount_minor ELSE 0 END AS payable,
                CASE WHEN p.account = 'seller_payable' THEN 0 ELSE p.amount_minor END AS fee,
                CASE WHEN p.account = 'tax_payable' THEN p.amount_minor ELSE 0 END AS tax
         FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
         WHERE {of} AND p.account IN ('seller_payable', 'platform_commission', 'tax_payable')
         UNION ALL SELECT line_id, currency, -payable_minor, -fee_minor, -tax_minor FROM bill_lines"
    )
}

const DIFFER: &str = "SUM(x.payable) <> 0 OR SUM(x.fee) <> 0 OR SUM(x.tax) <> 0";
/// The first share that differs, and by how much.
const WHICH: &str = "CASE WHEN SUM(x.payable) <> 0 THEN 'payable' WHEN SUM(x.fee) <> 0 THEN 'fee' ELSE 'tax' END";
const BY: &str = "CAST(CASE WHEN SUM(x.payable) <> 0 THEN SUM(x.payable) WHEN SUM(x.fee) <> 0 THEN SUM(x.fee) ELSE SUM(x.tax) END AS BIGINT)";

/// Order lines whose shares in the ledger are not those of their bill lines; which share, and by how much.
///
/// # Errors
/// [`DbError`].
pub fn shares_not_billed(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let shares = shares("e.line_id IS NOT NULL");
    let text = format!(
        "SELECT l.number || ' ' || {WHICH} AS name, x.currency AS currency, {BY} AS amount FROM ({shares}) x
         LEFT JOIN order_lines l ON l.id = x.line_id GROUP BY x.line_id, l.number, x.currency HAVING {DIFFER}"
    );
    found(tx, &text)
}

/// The same of one order line.
///
/// # Errors
/// [`DbError`].
pub fn shares_of_line(tx: &mut Tx, line: Key) -> Result<Option<Sum>, DbError> {
    let shares = shares("e.line_id = $1 AND e.order_id = $2");
    let order: Option<Key> = order_lines::table.find(line).select(order_lines::order_id).first(tx).optional()?;
    let Some(order) = order else { return Ok(None) };
    let text = format!(
        "SELECT {WHICH} AS name, x.currency AS currency, {BY} AS amount FROM ({shares} WHERE line_id = $1) x
         GROUP BY x.currency HAVING {DIFFER} LIMIT 1"
    );
    Ok(sql_query(text).bind::<Binary, _>(line).bind::<Binary, _>(order).get_result(tx).optional()?)
}

/// What lies in the escrow of some order lines, by their numbers.
///
/// # Errors
/// [`DbError`].
pub fn escrow(tx: &mut Tx, lines: &[String]) -> Result<Vec<Sum>, DbError> {
    Ok(ledger_postings::table
        .filter(ledger_postings::account.eq(AccountKind::Escrow.as_str()))
        .filter(ledger_postings::owner.eq_any(lines.to_vec()))
        .group_by((ledger_postings::owner, ledger_postings::currency))
        .select((ledger_postings::owner, ledger_postings::currency, sql::<BigInt>("CAST(SUM(amount_minor) AS BIGINT)")))
        .load::<(String, String, i64)>(tx)?
        .into_iter()
        .map(|(name, currency, amount)| Sum { name, currency, amount })
        .collect())
}

/// What lies in escrow for no order line, or in a currency that is not its order's.
///
/// # Errors
/// [`DbError`].
pub fn escrow_of_no_line(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    found(
        tx,
        "SELECT p.owner AS name, p.currency AS currency, CAST(SUM(p.amount_minor) AS BIGINT) AS amount FROM ledger_postings p
         LEFT JOIN order_lines l ON l.number = p.owner LEFT JOIN orders o ON o.id = l.order_id
         WHERE p.account = 'escrow' AND (o.id IS NULL OR o.currency <> p.currency)
         GROUP BY p.owner, p.currency HAVING SUM(p.amount_minor) <> 0",
    )
}
