//! The column type of times: microseconds since 1970 on both engines.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::BigInt,
};
use jiff::Timestamp;
use std::{fmt, ops::Deref};

/// A time as it is stored. A number that is no time is refused when the row is read, so that nothing goes on with another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct Moment {
    /// Has no part of a microsecond, so that a row says the same before it is stored and after.
    at: Timestamp,
    micros: i64,
}

impl Moment {
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let part = jiff::SignedDuration::from_nanos(i64::from(at.subsec_nanosecond() % 1_000));
        Self { at: at - part, micros: at.as_microsecond() }
    }

    /// The time of a number, if it is one of a time.
    #[must_use]
    pub fn of_micros(micros: i64) -> Option<Self> {
        Some(Self { at: Timestamp::from_microsecond(micros).ok()?, micros })
    }

    #[must_use]
    pub fn at(self) -> Timestamp {
        self.at
    }

    /// Microseconds since 1970: the number in the column.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.micros
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::of(at)
    }
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        moment.at
    }
}

impl Deref for Moment {
    type Target = Timestamp;

    fn deref(&self) -> &Timestamp {
        &self.at
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.at, f)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.at, f)
    }
}

impl<DB> ToSql<BigInt, DB> for Moment
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.micros.to_sql(out)
    }
}

impl<DB> FromSql<BigInt, DB> for Moment
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_sql(bytes)?;
        Ok(Self::of_micros(micros).ok_or_else(|| format!("{micros} is not a time in microseconds since 1970"))?)
    }
}
