//! Mailboxes as an account knows them: when their owners were asked, and what agreed. Found by blind index, as the
//! addresses are sealed.

use crate::{DbError, Key, Tx, Written};
use db::{
    Lock, Run,
    schema::{mailbox_asks, message_recipients},
};
use diesel::prelude::*;

/// Notes that an account asks the owner of a mailbox at a moment, unless it did after another one.
///
/// # Errors
/// [`DbError`]; a unique violation when the owner was asked for the first time meanwhile.
pub fn ask(tx: &mut Tx, account: Key, index: &[u8], (now, unless_after): (i64, i64)) -> Result<Written, DbError> {
    let row = mailbox_asks::table.find((account, index));
    let earlier = row.filter(mailbox_asks::asked_at.le(unless_after));
    if diesel::update(earlier).set(mailbox_asks::asked_at.eq(now)).run(tx)? == 1 {
        return Ok(Written::Yes);
    }
    if row.select(mailbox_asks::asked_at).first::<i64>(tx).optional()?.is_some() {
        return Ok(Written::SomeoneElseWasFirst);
    }
    let values = (mailbox_asks::account_id.eq(account), mailbox_asks::mailbox_index.eq(index), mailbox_asks::asked_at.eq(now));
    diesel::insert_into(mailbox_asks::table).values(values).run(tx)?;
    Ok(Written::Yes)
}

/// Mailboxes that an account asked last after a moment; who counts them next waits for this transaction to end.
///
/// # Errors
/// [`DbError`].
pub fn asked_after(tx: &mut Tx, account: Key, moment: i64) -> Result<i64, DbError> {
    db::dialect::one_at_a_time(tx, Lock::Limit, account)?;
    Ok(mailbox_asks::table.filter(mailbox_asks::account_id.eq(account)).filter(mailbox_asks::asked_at.gt(moment)).count().get_result(tx)?)
}

/// Gives a recipient from before there were blind indexes his own.
///
/// # Errors
/// [`DbError`].
pub fn put_index(tx: &mut Tx, recipient: Key, index: &[u8]) -> Result<(), DbError> {
    diesel::update(message_recipients::table.find(recipient)).set(message_recipients::mailbox_index.eq(index)).run(tx)?;
    Ok(())
}

/// Gives a recipient another index for the same mailbox, and takes along when its owner was asked.
///
/// # Errors
/// [`DbError`].
pub fn reindex(tx: &mut Tx, recipient: Key, index: &[u8]) -> Result<(), DbError> {
    let found = message_recipients::table.find(recipient).select((message_recipients::account_id, message_recipients::mailbox_index));
    let (account, old): (Key, Option<Vec<u8>>) = found.first(tx)?;
    let Some(old) = old else { return Ok(()) };
    diesel::update(mailbox_asks::table.find((account, &old))).set(mailbox_asks::mailbox_index.eq(index)).run(tx)?;
    put_index(tx, recipient, index)
}

/// Notes that the owner of a mailbox agreed, at each recipient who waits for it; says how many.
///
/// # Errors
/// [`DbError`].
pub fn confirm(tx: &mut Tx, account: Key, index: &[u8], at: i64) -> Result<usize, DbError> {
    let waiting = message_recipients::table
        .filter(message_recipients::account_id.eq(account))
        .filter(message_recipients::mailbox_index.eq(index))
        .filter(message_recipients::confirmed_at.is_null());
    Ok(diesel::update(waiting).set(message_recipients::confirmed_at.eq(at)).run(tx)?)
}
