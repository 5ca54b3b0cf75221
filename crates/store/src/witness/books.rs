//! The ledger and its balances against each other.

use super::{Sum, found};
use crate::{DbError, Tx};
use db::{dialect::hex, schema::ledger_postings};
use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
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

/// What lies in wallets of accounts that are not there.
///
/// # Errors
/// [`DbError`].
pub fn nobodys_wallets(tx: &mut Tx) -> Result<Vec<Sum>, DbError> {
    let id = hex(tx, "id");
    let text = format!(
        "SELECT 'buyer_wallet ' || x.owner AS name, MAX(x.currency) AS currency, CAST(MAX(x.minor) AS BIGINT) AS amount
         FROM (SELECT owner, currency, balance_minor AS minor, 0 AS known FROM ledger_balances WHERE account = 'buyer_wallet' UNION ALL
               SELECT {id} AS owner, '' AS currency, 0 AS minor, 1 AS known FROM accounts) x
         GROUP BY x.owner HAVING MAX(x.known) = 0 AND MAX(x.minor) > 0"
    );
    found(tx, &text)
}
