//! Values that are sealed with the secret key, wherever they are stored: read and written when the key is changed.

use crate::{DbError, Key, Tx};
use db::schema::order_lines;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Binary, Text},
};

/// A column of sealed bytes, and the columns that name a row: an id, and mostly nothing more.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub table: &'static str,
    pub column: &'static str,
    pub key: (&'static str, Option<&'static str>),
}

/// A sealed value and whose it is.
#[derive(Debug, Clone, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = Binary)]
    pub id: Key,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Binary)]
    pub value: Vec<u8>,
}

/// The values of a column after a row, in the order of their keys.
///
/// # Errors
/// [`DbError`].
pub fn page(tx: &mut Tx, of: &Column, after: Option<&Row>, limit: i64) -> Result<Vec<Row>, DbError> {
    let Column { table, column, key: (id, name) } = *of;
    let start = Row { id: Key([0; 16]), name: String::new(), value: Vec::new() };
    let after = after.unwrap_or(&start);
    let (name, beyond, order) = match name {
        Some(name) => (name, format!("({id}, {name}) > ($1, $2)"), format!("{id}, {name}")),
        None => ("''", format!("{id} > $1 AND $2 = ''"), id.to_owned()),
    };
    let text = format!(
        "SELECT {id} AS id, {name} AS name, {column} AS value FROM {table}
         WHERE {beyond} AND {column} IS NOT NULL ORDER BY {order} LIMIT $3"
    );
    Ok(sql_query(text).bind::<Binary, _>(after.id).bind::<Text, _>(&after.name).bind::<BigInt, _>(limit).load(tx)?)
}

/// Stores a value anew.
///
/// # Errors
/// [`DbError`].
pub fn put(tx: &mut Tx, of: &Column, row: &Row) -> Result<(), DbError> {
    use db::Run;
    let Column { table, column, key: (id, name) } = *of;
    let name = name.unwrap_or("''");
    let text = format!("UPDATE {table} SET {column} = $1 WHERE {id} = $2 AND {name} = $3");
    sql_query(text).bind::<Binary, _>(&row.value).bind::<Binary, _>(row.id).bind::<Text, _>(&row.name).run(tx)?;
    Ok(())
}

/// The documents of order lines that have a text of a name, after an id.
///
/// # Errors
/// [`DbError`].
pub fn lines_with(tx: &mut Tx, name: &str, after: Key, limit: i64) -> Result<Vec<(Key, String)>, DbError> {
    let some = order_lines::table.filter(order_lines::id.gt(after)).filter(order_lines::sold.like(format!("%\"{name}\":\"%")));
    Ok(some.order(order_lines::id).limit(limit).select((order_lines::id, order_lines::sold)).load(tx)?)
}

/// Stores the document of an order line.
///
/// # Errors
/// [`DbError`].
pub fn put_sold(tx: &mut Tx, line: Key, sold: &str) -> Result<(), DbError> {
    use db::Run;
    diesel::update(order_lines::table.find(line)).set(order_lines::sold.eq(sold)).run(tx)?;
    Ok(())
}
