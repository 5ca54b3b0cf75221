//! What `yunshi verify` looks for: rows that contradict each other. Each answer is bounded, however much is wrong, and what
//! is walked through comes in pages.

mod bills;
mod books;
mod entries;
mod instances;
mod orders;
mod overdue;
mod refunds;
mod terms;
mod usage;

pub use bills::{Billed, bills, due_not_billed, shares_not_billed, shares_of_line, unfit_bill_lines, wrong_bill_lines, wrong_bills};
pub use books::{escrow, escrow_of_no_line, nobodys_wallets, unbalanced, wrong_balances};
pub use entries::{Waiting, entry_count, misplaced, unexplained, untold, waiting_transfers};
pub use instances::{held_for_nothing, unlike_their_events, unlike_their_lines, without_trial};
pub use orders::{unfit_lines, unpaid, unreleased, wrong_totals};
pub use overdue::{
    BilledWhere, billed_where, covered_charges, late_ends, late_payments, lost_jobs, not_given_back, unbilled, without_bill_run,
};
pub use refunds::{kept_after_unsubscription, unlike_removed_terms, without_cause, wrong_refunds, wrong_renewals};
pub use terms::{Standing, paid_for_nothing, standing, unlike_their_terms, wrong_term_prices};
pub use usage::{
    Difference, charge, charge_count, charged, charged_below_zero, charged_records, charged_to_others, charges, corrects_nothing,
    differences, to_be_charged, totals, unrated_before,
};

use crate::{DbError, Tx};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

/// Rows that a check names at most, and one more.
const FOUND_MAX: i64 = 51;

/// A name and a sum.
#[derive(Debug, Clone, QueryableByName)]
pub struct Sum {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub currency: String,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
}

/// The name of a row.
#[derive(Debug, Clone, QueryableByName)]
pub struct Named {
    #[diesel(sql_type = Text)]
    pub name: String,
}

fn found_names(tx: &mut Tx, text: &str) -> Result<Vec<Named>, DbError> {
    Ok(sql_query(format!("{text} LIMIT $1")).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}

fn found(tx: &mut Tx, text: &str) -> Result<Vec<Sum>, DbError> {
    Ok(sql_query(format!("{text} LIMIT $1")).bind::<BigInt, _>(FOUND_MAX).load(tx)?)
}
