//! The order in which a unit of work takes its locks: who takes them in one order never waits in a circle. Builds with debug
//! assertions check each lock against those that the unit has.

use crate::Key;
use std::cell::RefCell;

/// What is locked, in the order in which it is; of one kind, in the order of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// The clock of a sandbox.
    Clock,
    /// The pushes of a seller.
    Pushes,
    /// The departments of an account, whose instances hear of them.
    Departments,
    /// The row of an instance, before all that belongs to it: its calls, terms, licence and case are written and its use is
    /// rated under it.
    Instance,
    /// The row of an order, with its lines.
    Order,
    /// What is counted for an owner (`domain::limit`).
    Limit,
    /// The packages of a buyer.
    Packages,
    /// What a buyer owes.
    Buyer,
    /// The bills of a site.
    Bills,
    /// A balance.
    Wallet,
    /// Postings that mend the books.
    Postings,
    /// The row of a product: its trading and its revisions are decided on under it. Late, since it is taken off sale when openings
    /// fail, after their money went back.
    Product,
    /// What is sent to a mailbox, a phone or an endpoint.
    Delivery,
    /// The row of a person: what is begun with their password is begun under it.
    User,
    /// The chain of events.
    Chain,
}

/// The locks of a unit.
#[derive(Default)]
struct Held {
    taken: Vec<(Lock, Key)>,
    /// Rows that the unit has inserted.
    made: Vec<(Lock, Key)>,
}

thread_local! {
    /// A unit runs on one thread.
    static HELD: RefCell<Held> = RefCell::default();
}

/// A unit begins, and has no lock.
pub(crate) fn begin() {
    if cfg!(debug_assertions) {
        HELD.with_borrow_mut(|held| *held = Held::default());
    }
}

/// Notes a row that the unit has inserted: nobody else sees it, so it may be locked at any time.
pub fn made(lock: Lock, key: Key) {
    if cfg!(debug_assertions) {
        HELD.with_borrow_mut(|held| held.made.push((lock, key)));
    }
}

/// Notes a lock that the unit is about to take.
///
/// # Panics
/// With debug assertions, when the unit has one that comes later.
pub fn taken(lock: Lock, key: Key) {
    if !cfg!(debug_assertions) {
        return;
    }
    HELD.with_borrow_mut(|Held { taken, made }| {
        if taken.contains(&(lock, key)) || made.contains(&(lock, key)) {
            return;
        }
        // A use case counts one limit, or several of its owner always in the same order.
        let before = |other: &(Lock, Key)| other.0 < lock || (other.0 == lock && (lock == Lock::Limit || other.1 < key));
        let later = taken.iter().find(|other| !before(other)).copied();
        taken.push((lock, key));
        assert!(later.is_none(), "{lock:?} {key:?} is locked after {later:?}, which comes later in the order of locks; all: {taken:?}");
    });
}
