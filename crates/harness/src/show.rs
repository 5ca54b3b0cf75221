//! Amounts and times as tests write them.

use crate::Market;
use app::{Caller, Ctx, Error, Refusal, Timed};
use db::Tx;
use domain::{
    Timestamp,
    money::{Currency, Money},
};
use std::sync::Arc;

/// An amount of minor units as text: `10000` is `100.00`.
#[must_use]
pub fn money(minor: i64) -> String {
    Currency::Cny.text(minor)
}

/// The minor units of an amount: `"100.00"` is `10000`.
///
/// # Panics
/// When it is no amount.
#[must_use]
pub fn minor(text: &str) -> i64 {
    Money::parse(text, Currency::Cny).expect("an amount such as 100.00").minor
}

/// A stored time as text, such as `2024-02-05T16:00:00Z`.
#[must_use]
pub fn time(of: impl Timed) -> String {
    of.at().to_string()
}

/// A time of a text such as `2024-02-05T16:00:00Z`.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time such as 2024-02-05T16:00:00Z")
}

/// The code of a refusal.
pub(crate) fn code(e: &Error) -> String {
    match e {
        Error::Refused(refusal) => refusal.code.to_string(),
        other => panic!("no refusal but a failure: {other:?}"),
    }
}

impl Market {
    /// Runs a write that must be refused; the whole refusal, with its sentence and its fields.
    ///
    /// # Panics
    /// When it is not refused.
    #[track_caller]
    pub fn refusal<T>(&self, who: &Arc<Caller>, work: impl FnMut(&mut Tx, &Ctx) -> Result<T, Error>) -> Refusal {
        match self.write(who, work) {
            Ok(_) => panic!("it was not refused"),
            Err(Error::Refused(refusal)) => *refusal,
            Err(other) => panic!("no refusal but a failure: {other:?}"),
        }
    }
}
