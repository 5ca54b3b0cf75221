//! The column type of ids: the 16 bytes of a UUID on both engines.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::Binary,
};
use uuid::Uuid;

/// An id as it is stored. Use cases know `OrderId` and the like; rows know keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Binary)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// Stands before every id in order.
    pub const LEAST: Self = Self([0; 16]);

    #[must_use]
    pub fn of(id: impl Into<Uuid>) -> Self {
        Self(*id.into().as_bytes())
    }

    #[must_use]
    pub fn id<I: From<Uuid>>(self) -> I {
        Uuid::from_bytes(self.0).into()
    }
}

impl<DB> ToSql<Binary, DB> for Key
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB> FromSql<Binary, DB> for Key
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        let found = bytes.len();
        Ok(Self(bytes.try_into().map_err(|_| format!("an id has 16 bytes, not {found}"))?))
    }
}
