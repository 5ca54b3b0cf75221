//! The ledger and the bills, each entry with its cause.

use super::{Check, Found};
use crate::Error;
use db::Tx;
use store::witness;

pub(super) fn checks(tx: &mut Tx) -> Result<Vec<Check>, Error> {
    let entries = witness::entry_count(tx)?;
    let mut balanced = Found::of("ledger_balanced", entries);
    balanced.all(witness::unbalanced(tx)?, "is out of balance by");
    let mut balances = Found::of("balances", entries);
    balances.all(witness::wrong_balances(tx)?, "the balance differs from its postings by");
    let mut causes = Found::of("entries_have_causes", entries);
    causes.all(witness::unexplained(tx)?, "is not what was paid, used, transferred or corrected:");
    let mut bills = Found::of("bills", entries);
    bills.all(witness::wrong_bills(tx)?, "the bill differs from its lines by");
    bills.all(witness::wrong_bill_lines(tx)?, "the line of a bill does not add up, or is on another's bill:");
    let mut billed = Found::of("payable_is_billed", entries);
    billed.all(witness::due_not_billed(tx)?, "the ledger owes the seller what the lines of the bills do not say:");
    billed.all(witness::shares_not_billed(tx)?, "differs from the lines of the bills by");
    Ok([balanced, balances, causes, bills, billed].map(Found::done).into())
}
