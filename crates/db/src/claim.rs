//! The claim of due jobs, in the words of each engine.

use crate::{Backend, DbError, Key, Tx, statement};
use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Text},
};

/// What [`claim_jobs`] takes. Times are microseconds; leases count wall time, due times business time.
#[derive(Debug)]
pub struct Claim<'a> {
    /// Unique for this claim.
    pub owner: &'a str,
    /// How long the lease lasts.
    pub lease: i64,
    /// Where the wall clock of a test stands. Without it leases go by the database's clock, which is one for all nodes,
    /// however far apart their own are.
    pub standing_at: Option<i64>,
    pub due_until: i64,
    /// Jobs of one lane at most.
    pub per_lane: i64,
    /// Jobs in no lane at most.
    pub no_lane: i64,
    pub limit: i64,
    /// Lanes that are full or resting; nothing is taken from them.
    pub busy: &'a [String],
}

/// Takes due jobs under a lease; their ids. On PostgreSQL rows that another node is taking are skipped.
///
/// # Errors
/// [`DbError`].
pub fn claim_jobs(tx: &mut Tx, claim: &Claim<'_>) -> Result<Vec<Key>, DbError> {
    let statement = Statement { claim, postgres: matches!(tx, Tx::Pg(_)) };
    // A text that names lanes is one of many, and not to be kept.
    Ok(if claim.busy.is_empty() { statement::keys(tx, statement)? } else { statement.load(tx)? })
}

/// Jobs that are looked at in one claim: so many of one lane may lie before those of the others.
const LOOKED_AT: &str = "2000";

/// The only index that any step may use is jobs_by_due in the first and the primary key in the others, so that there is nothing
/// to choose wrongly, neither without statistics nor with those of a table in which nearly all jobs are in one state:
/// a list of ids is an array, which PostgreSQL takes for ten whatever it knows, and conditions that are only
/// looked at again are `IS TRUE`, which no index answers.
struct Statement<'a> {
    claim: &'a Claim<'a>,
    postgres: bool,
}

impl<'a> Statement<'a> {
    fn now<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        match &self.claim.standing_at {
            Some(at) => out.push_bind_param::<BigInt, _>(at),
            None if self.postgres => {
                out.push_sql("CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)");
                Ok(())
            }
            None => {
                out.push_sql("CAST(unixepoch('subsec') * 1000000 AS INTEGER)");
                Ok(())
            }
        }
    }

    fn is_free<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("state = 'due' AND due_at <= ");
        out.push_bind_param::<BigInt, _>(&self.claim.due_until)?;
        out.push_sql(" AND lease_until < ");
        self.now(out)
    }

    /// The due jobs in their order, so many of each lane, so that one cannot fill the batch. Lanes that are full or resting are
    /// named in the text: there are few of them and they are our own hexadecimal.
    fn chosen<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let claim = self.claim;
        out.push_sql(
            "SELECT id FROM (
                 SELECT id, due_at, lane, row_number() OVER (PARTITION BY lane ORDER BY due_at, id) AS place
                 FROM (SELECT id, due_at, lane FROM jobs WHERE ",
        );
        self.is_free(out)?;
        if !claim.busy.is_empty() {
            out.push_sql(&format!(" AND lane NOT IN ('{}')", claim.busy.join("', '")));
        }
        out.push_sql(" ORDER BY due_at LIMIT ");
        out.push_sql(LOOKED_AT);
        out.push_sql(") due) placed WHERE place <= CASE lane WHEN '' THEN ");
        out.push_bind_param::<BigInt, _>(&claim.no_lane)?;
        out.push_sql(" ELSE ");
        out.push_bind_param::<BigInt, _>(&claim.per_lane)?;
        out.push_sql(" END ORDER BY due_at, id LIMIT ");
        out.push_bind_param::<BigInt, _>(&claim.limit)
    }

    fn take<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("UPDATE jobs SET lease_owner = ");
        out.push_bind_param::<Text, _>(self.claim.owner)?;
        out.push_sql(", lease_until = ");
        self.now(out)?;
        out.push_sql(" + ");
        out.push_bind_param::<BigInt, _>(&self.claim.lease)
    }
}

impl QueryFragment<Backend> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if !self.postgres {
            // Whoever writes is alone: what was chosen is free still.
            self.take(&mut out)?;
            out.push_sql(" WHERE id IN (");
            self.chosen(&mut out)?;
            out.push_sql(") RETURNING id");
            return Ok(());
        }
        out.push_sql("WITH chosen AS MATERIALIZED (");
        self.chosen(&mut out)?;
        // A row that another transaction changed since this statement began is looked at again as it is now.
        out.push_sql("), held AS MATERIALIZED (SELECT id FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM chosen)) AND (");
        self.is_free(&mut out)?;
        out.push_sql(") IS TRUE FOR UPDATE SKIP LOCKED) ");
        self.take(&mut out)?;
        out.push_sql(" WHERE id = ANY (ARRAY(SELECT id FROM held)) RETURNING id");
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Binary;
}

impl RunQueryDsl<Tx> for Statement<'_> {}
