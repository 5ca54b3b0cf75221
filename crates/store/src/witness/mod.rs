//! What `yunshi verify` looks for: rows that contradict each other. Each answer is bounded, however much is wrong, and what
//! is walked through comes in pages.

mod bills;
mod books;
mod entries;
mod orders;
mod usage;

pub use bills::{Billed, bills, due_not_billed, shares_not_billed, unfit_bill_lines, wrong_bill_lines, wrong_bills};
pub use books::{escrow, escrow_of_no_line, nobodys_wallets, unbalanced, wrong_balances};
pub use entries::{entry_count, misplaced, unexplained};
pub use orders::{kept_after_unsubscription, paid_for_nothing, unpaid, wrong_refunds, wrong_renewals, wrong_term_prices, wrong_totals};
pub use usage::{Difference, charge, charge_count, charged, charged_below_zero, charged_records, charges, differences, unrated_before};

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
