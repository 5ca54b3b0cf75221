//! Many rows in one statement: diesel inserts a list row by row on SQLite, and has no update with a value for each row.

use crate::{Backend, Key, Moment, Run, Tx, statement};
use diesel::{
    QueryResult,
    query_builder::{AstPass, Query, QueryFragment},
    sql_types::{BigInt, Binary, Bool, Nullable, Text},
};

/// A value of a column.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    Text(&'a str),
    MaybeText(Option<&'a str>),
    /// A text that was made for the statement.
    Written(Option<String>),
    Int(i64),
    MaybeInt(Option<i64>),
    Bytes(&'a [u8]),
    MaybeBytes(Option<&'a [u8]>),
    Bool(bool),
}

impl<'a> Value<'a> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()>
    where
        'a: 'b,
    {
        match self {
            Self::Text(v) => out.push_bind_param::<Text, _>(*v),
            Self::MaybeText(v) => out.push_bind_param::<Nullable<Text>, _>(v),
            Self::Written(v) => out.push_bind_param::<Nullable<Text>, _>(v),
            Self::Int(v) => out.push_bind_param::<BigInt, _>(v),
            Self::MaybeInt(v) => out.push_bind_param::<Nullable<BigInt>, _>(v),
            Self::Bytes(v) => out.push_bind_param::<Binary, _>(*v),
            Self::MaybeBytes(v) => out.push_bind_param::<Nullable<Binary>, _>(v),
            Self::Bool(v) => out.push_bind_param::<Bool, _>(v),
        }
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(v: &'a String) -> Self {
        Self::Text(v)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(v: &'a str) -> Self {
        Self::Text(v)
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(v: &'a Option<String>) -> Self {
        Self::MaybeText(v.as_deref())
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(v: Option<&'a str>) -> Self {
        Self::MaybeText(v)
    }
}

impl From<String> for Value<'_> {
    fn from(v: String) -> Self {
        Self::Written(Some(v))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(v: Option<String>) -> Self {
        Self::Written(v)
    }
}

impl From<Moment> for Value<'_> {
    fn from(v: Moment) -> Self {
        Self::Int(v.micros())
    }
}

impl From<Option<Moment>> for Value<'_> {
    fn from(v: Option<Moment>) -> Self {
        Self::MaybeInt(v.map(Moment::micros))
    }
}

impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(v: Option<i64>) -> Self {
        Self::MaybeInt(v)
    }
}

impl<'a> From<&'a Key> for Value<'a> {
    fn from(v: &'a Key) -> Self {
        Self::Bytes(&v.0)
    }
}

impl<'a> From<&'a Option<Key>> for Value<'a> {
    fn from(v: &'a Option<Key>) -> Self {
        Self::MaybeBytes(v.as_ref().map(|key| key.0.as_slice()))
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(v: &'a Vec<u8>) -> Self {
        Self::Bytes(v)
    }
}

impl<'a> From<&'a Option<Vec<u8>>> for Value<'a> {
    fn from(v: &'a Option<Vec<u8>>) -> Self {
        Self::MaybeBytes(v.as_deref())
    }
}

impl From<bool> for Value<'_> {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}

/// The values of a row, in the order of the columns.
#[macro_export]
macro_rules! row {
    ($($value:expr),+ $(,)?) => { [$($crate::Value::from($value)),+] };
}

fn values<'b>(rows: &'b [impl AsRef<[Value<'b>]>], out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
    out.push_sql("VALUES ");
    for (i, row) in rows.iter().enumerate() {
        out.push_sql(if i == 0 { "(" } else { ", (" });
        for (n, value) in row.as_ref().iter().enumerate() {
            if n > 0 {
                out.push_sql(", ");
            }
            value.bind(out)?;
        }
        out.push_sql(")");
    }
    Ok(())
}

/// An insert of rows, one at least; to be run alone or [`together`](crate::together) with others.
#[derive(Debug)]
pub struct Insert<'a, const N: usize> {
    pub table: &'static str,
    pub columns: [&'static str; N],
    pub rows: Vec<[Value<'a>; N]>,
    /// What to do with a row that is there; nothing to say so.
    pub conflict: &'static str,
}

impl<const N: usize> QueryFragment<Backend> for Insert<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_sql(self.table);
        out.push_sql(" (");
        out.push_sql(&self.columns.join(", "));
        out.push_sql(") ");
        values(&self.rows, &mut out)?;
        out.push_sql(self.conflict);
        Ok(())
    }
}

/// An insert that gives a key of each row that it made.
struct Returning<'a, const N: usize>(Insert<'a, N>, &'static str);

impl<const N: usize> QueryFragment<Backend> for Returning<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING ");
        out.push_sql(self.1);
        Ok(())
    }
}

impl<const N: usize> Query for Returning<'_, N> {
    type SqlType = Binary;
}

impl<const N: usize> Insert<'_, N> {
    /// Runs the insert; gives a column of each row that was not there before.
    ///
    /// # Errors
    /// The engine's error.
    pub fn returning(self, tx: &mut Tx, column: &'static str) -> QueryResult<Vec<Key>> {
        statement::keys(tx, Returning(self, column))
    }
}

/// An update of rows, one at least, each with values of its own.
#[derive(Debug)]
pub struct Update<'a, const N: usize> {
    pub table: &'static str,
    /// So many of the first columns are the primary key.
    pub keys: usize,
    /// One without a name is only a value, for `set`.
    pub columns: [&'static str; N],
    pub rows: Vec<[Value<'a>; N]>,
    /// What else is set; `v.column1` and so on are the values of the row.
    pub set: &'static str,
    /// What else must hold of the row. It chooses no index: a table is walked for its key, not for a state that half
    /// of its rows are in.
    pub filter: &'static str,
}

impl<const N: usize> QueryFragment<Backend> for Update<'_, N> {
    /// Both engines name the columns of a list of values `column1`, `column2`, and so on.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let named = self.columns.iter().enumerate().map(|(i, column)| (column, format!("v.column{}", i + 1)));
        let (keys, set): (Vec<_>, Vec<_>) = named.enumerate().partition(|(i, _)| *i < self.keys);
        let set = set.into_iter().filter(|(_, (column, _))| !column.is_empty());
        let mut set: Vec<String> = set.map(|(_, (column, value))| format!("{column} = {value}")).collect();
        set.extend((!self.set.is_empty()).then(|| self.set.to_owned()));
        let mut all: Vec<String> = keys.into_iter().map(|(_, (column, value))| format!("{}.{column} = {value}", self.table)).collect();
        all.extend((!self.filter.is_empty()).then(|| format!("({}) IS TRUE", self.filter)));
        out.push_sql(&format!("UPDATE {} SET {} FROM (", self.table, set.join(", ")));
        values(&self.rows, &mut out)?;
        out.push_sql(&format!(") AS v WHERE {}", all.join(" AND ")));
        Ok(())
    }
}

/// Beyond so many rows, parts have sizes of powers of two, so that few statements are kept prepared.
const EXACT_MAX: usize = 16;
/// Rows of one statement.
const PART_MAX: usize = 128;

/// A list in parts of a few sizes, each for one statement.
pub fn parts<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = match rest.len() {
            0 => return None,
            n if n <= EXACT_MAX => n,
            n => (1 << n.ilog2()).min(PART_MAX),
        };
        let (part, more) = rest.split_at(size);
        rest = more;
        Some(part)
    })
}

/// Runs a statement for each part of a list; returns how many rows were changed.
///
/// # Errors
/// The engine's error.
pub fn each_part<'a, T, Q: QueryFragment<Backend>>(tx: &mut Tx, rows: &'a [T], statement: impl Fn(&'a [T]) -> Q) -> QueryResult<usize> {
    let mut changed = 0;
    for part in parts(rows) {
        changed += statement(part).run(tx)?;
    }
    Ok(changed)
}
