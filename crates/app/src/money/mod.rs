//! Money: payments into escrow, completion, refunds, top-ups, bills.

#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod bill;
mod correction;
mod figures;
mod places;
mod posting;
mod rates;
mod transfer;

pub(crate) use bill::hold_buyer;
pub use bill::{extents as bill_extents, issue as issue_bills, next_run as next_bill_run, running as running_bill};
pub use correction::{Correct, correct, decide as decide_correction, version as correction_version};
pub use figures::{Earned, revenue, spending};
pub use places::Place;
pub(crate) use posting::charge_usage;
pub use posting::{Completion, PaymentProvider, Wallet, complete, pay, refund, release_part};
pub(crate) use transfer::transfer_event;
pub use transfer::{decide as decide_transfer, request as request_transfer, version as transfer_version};
