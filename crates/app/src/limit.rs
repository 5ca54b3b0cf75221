//! Limits that are counted (`domain::limit`): whoever counts one for an owner passes alone until their transaction ends, so
//! that of all who come together no more get in than there is room for.

use crate::Error;
use db::{DbError, Key, Lock, Tx};
use domain::limit::Limit;

/// Lets nobody else count the limit for the owner until the transaction ends.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn hold(tx: &mut Tx, limit: Limit, owner: Key) -> Result<(), Error> {
    let mut name = owner.0;
    name.iter_mut().zip(limit.as_str().bytes()).for_each(|(at, byte)| *at ^= byte);
    // Bound instances hear of a change of the departments: they are locked after it.
    let lock = if limit == Limit::Departments { Lock::Departments } else { Lock::Limit };
    Ok(db::dialect::one_at_a_time(tx, lock, Key(name))?)
}

/// Refuses one more when the owner has as many as there may be.
///
/// # Errors
/// The limit's code; [`Error::Store`].
pub(crate) fn room(tx: &mut Tx, limit: Limit, owner: Key, count: impl FnOnce(&mut Tx) -> Result<i64, DbError>) -> Result<(), Error> {
    room_beside(tx, limit, owner, 0, count)
}

/// As [`room`], where the owner may have some more.
///
/// # Errors
/// As [`room`].
pub(crate) fn room_beside(
    tx: &mut Tx,
    limit: Limit,
    owner: Key,
    more: i64,
    count: impl FnOnce(&mut Tx) -> Result<i64, DbError>,
) -> Result<(), Error> {
    hold(tx, limit, owner)?;
    let most = limit.most().saturating_add(more);
    if count(tx)? < most { Ok(()) } else { Err(Error::conflict(limit.code(), format!("{most} {}", limit.advice()))) }
}

/// The number of rows, for counting.
pub(crate) fn number<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
