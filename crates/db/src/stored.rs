//! Rows whose columns are types of the model: a word, a time, a currency. What does not fit says where it stands.

use crate::{DbError, Key, Tx};
use diesel::{
    QueryResult,
    backend::Backend,
    connection::DefaultLoadingMode,
    deserialize::{self, FromSql, Queryable},
    query_dsl::methods::LoadQuery,
    sql_types::SingleValue,
};
use std::error::Error;
use uuid::Uuid;

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{column} of {table} {key} does not fit the model: {what}")]
pub struct Misfit {
    pub table: &'static str,
    pub column: &'static str,
    /// The row's id in hexadecimal, as a look-up in the database takes it.
    pub key: String,
    pub what: String,
}

impl Misfit {
    /// Says that a list goes on without the row.
    pub fn report(&self) {
        metrics::counter!("yunshi_db_unreadable_rows_total", "table" => self.table).increment(1);
        tracing::error!(table = self.table, column = self.column, key = self.key, what = self.what, "a row was left out of a list");
    }
}

/// A column as it was read: its value, or why it has none.
#[doc(hidden)]
pub struct Column<T>(deserialize::Result<T>);

impl<T> Column<T> {
    /// # Errors
    /// A [`Misfit`] that names table, column and row.
    pub fn of(self, table: &'static str, column: &'static str, row: Option<Key>) -> deserialize::Result<T> {
        let misfit = |e: Box<dyn Error + Send + Sync>| {
            let key = row.map_or_else(|| "without id".to_owned(), |row| row.id::<Uuid>().simple().to_string());
            Misfit { table, column, key, what: e.to_string() }
        };
        Ok(self.0.map_err(misfit)?)
    }
}

impl<T, ST, DB> FromSql<ST, DB> for Column<T>
where
    DB: Backend,
    T: FromSql<ST, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(T::from_sql(bytes)))
    }

    fn from_nullable_sql(bytes: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        Ok(Self(T::from_nullable_sql(bytes)))
    }
}

impl<T, ST, DB> Queryable<ST, DB> for Column<T>
where
    DB: Backend,
    ST: SingleValue,
    Self: FromSql<ST, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// A row of a table, its id first, whose fields have the types of the model and the names of their columns. `Selectable` says
/// which columns are asked for; this reads them, and where one does not fit the error is a [`Misfit`], which becomes [`DbError::Row`].
#[macro_export]
macro_rules! stored {
    ($(#[$meta:meta])* $vis:vis struct $name:ident of $table:ident {
        $(#[$id_meta:meta])* $id_vis:vis $id:ident: $id_type:ty,
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $(#[$id_meta])* $id_vis $id: $id_type,
            $($(#[$field_meta])* $field_vis $field: $type),+
        }

        const _: () = {
            type Columns = ($crate::Column<$id_type>, $($crate::Column<$type>),+);

            impl<DB, ST> diesel::deserialize::Queryable<ST, DB> for $name
            where
                DB: diesel::backend::Backend,
                Columns: diesel::deserialize::FromStaticSqlRow<ST, DB>,
            {
                type Row = Columns;

                fn build(($id, $($field),+): Columns) -> diesel::deserialize::Result<Self> {
                    let table = stringify!($table);
                    let $id = $id.of(table, stringify!($id), None)?;
                    $(let $field = $field.of(table, stringify!($field), Some($id))?;)+
                    Ok(Self { $id, $($field),+ })
                }
            }
        };
    };
}

/// Runs a query and gives each row, or what is wrong with it.
///
/// # Errors
/// What the engine says of the query.
pub fn readable<'q, Q, T>(tx: &mut Tx, query: Q) -> Result<Vec<Result<T, Misfit>>, DbError>
where
    Q: LoadQuery<'q, Tx, T> + 'q,
    T: 'q,
{
    let each = |row: QueryResult<T>| match row.map_err(DbError::from) {
        Ok(row) => Ok(Ok(row)),
        Err(DbError::Row(misfit)) => Ok(Err(misfit)),
        Err(other) => Err(other),
    };
    query.load_iter::<T, DefaultLoadingMode>(tx)?.map(each).collect()
}
