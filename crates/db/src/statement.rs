//! Statements that stay prepared.
//!
//! Diesel prepares each update, each insert with a default and each `sql_query` anew: a round trip and a
//! plan on PostgreSQL, a parse on SQLite. And under a `MultiConnection` it writes the text of a statement
//! for each of its passes. [`Run`] writes the text once and lets the connection keep what it prepared.

use crate::{
    Backend, Key, Tx,
    locks::{self, Lock},
};
use diesel::{
    QueryResult, RunQueryDsl,
    internal::derives::multiconnection::AstPassHelper,
    query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId},
    query_dsl::methods::LoadQuery,
    sql_types::Binary,
};

type Text = <Backend as diesel::backend::Backend>::QueryBuilder;

/// A statement with its text.
pub struct Kept<Q> {
    query: Q,
    text: String,
}

impl<Q: QueryFragment<Backend>> Kept<Q> {
    fn new(query: Q, tx: &Tx) -> QueryResult<Self> {
        let (mut text, backend) = match tx {
            Tx::Pg(_) => (Text::Pg(Default::default()), Backend::Pg(Default::default())),
            Tx::Sqlite(_) => (Text::Sqlite(Default::default()), Backend::Sqlite(Default::default())),
        };
        query.to_sql(&mut text, &backend)?;
        Ok(Self { query, text: text.finish() })
    }
}

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Kept<Q> {
    /// The passes that collect values walk the statement; to the others, that of "safe to keep" among them,
    /// it is its text. The text alone says what was prepared, so keeping it is right for any statement.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if out.bind_collector().is_some() || out.debug_binds().is_some() {
            return self.query.walk_ast(out);
        }
        out.push_sql(&self.text);
        Ok(())
    }
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<Tx> for Kept<Q> {}

/// Runs a statement that gives keys back, and keeps it prepared.
///
/// # Errors
/// The engine's error.
pub(crate) fn keys<Q: Query<SqlType = Binary> + QueryFragment<Backend>>(tx: &mut Tx, query: Q) -> QueryResult<Vec<Key>> {
    Kept::new(query, tx)?.load(tx)
}

/// Reads rows and locks them in the order of the query until the transaction ends: nobody else writes or locks them meanwhile,
/// and they are read as the last one who had them left them. `keys` are theirs. SQLite's writers pass one at a time anyway.
///
/// # Errors
/// The engine's error.
pub fn lock<Q, U>(tx: &mut Tx, (lock, keys): (Lock, &[Key]), query: Q) -> QueryResult<Vec<U>>
where
    Q: Query + QueryFragment<Backend>,
    Kept<Q>: for<'q> LoadQuery<'q, Tx, U>,
{
    keys.iter().for_each(|key| locks::taken(lock, *key));
    let mut kept = Kept::new(query, tx)?;
    if let Tx::Pg(_) = tx {
        kept.text.push_str(" FOR UPDATE");
    }
    kept.load(tx)
}

/// Runs a statement and keeps it prepared. Its text must be one of a few: values go in as binds.
pub trait Run: Sized {
    /// Runs the statement; returns how many rows it changed.
    ///
    /// # Errors
    /// The engine's error.
    fn run(self, tx: &mut Tx) -> QueryResult<usize>;
}

impl<Q: QueryFragment<Backend>> Run for Q {
    fn run(self, tx: &mut Tx) -> QueryResult<usize> {
        Kept::new(self, tx)?.execute(tx)
    }
}

/// Inserts of which none reads what another wrote.
struct Together<'a>(&'a [&'a dyn QueryFragment<Backend>]);

impl QueryFragment<Backend> for Together<'_> {
    /// `WITH w0 AS (…), w1 AS (…) …`: PostgreSQL runs all and checks references at the end.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let Some((last, others)) = self.0.split_last() else {
            return Ok(());
        };
        for (i, one) in others.iter().enumerate() {
            out.push_sql(if i == 0 { "WITH " } else { ", " });
            out.push_sql(&format!("w{i} AS ("));
            one.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        out.push_sql(" ");
        last.walk_ast(out)
    }
}

/// Runs inserts of which none reads what another wrote: on PostgreSQL in one round trip. Their binds are
/// numbered as they come, so none may be a `sql_query`, which numbers its own.
///
/// # Errors
/// The engine's error.
pub fn together(tx: &mut Tx, inserts: &[&dyn QueryFragment<Backend>]) -> QueryResult<()> {
    match tx {
        Tx::Pg(_) => {
            Together(inserts).run(tx)?;
        }
        Tx::Sqlite(_) => {
            for one in inserts {
                one.run(tx)?;
            }
        }
    }
    Ok(())
}
