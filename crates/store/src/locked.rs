//! Rows that are locked until the transaction ends.

use std::ops::Deref;

/// A row that no other transaction writes before this one ends, as it was when it was locked. Only the store makes one, by
/// locking a row or inserting it, and what writes such rows takes one: who forgets the lock does not compile.
#[derive(Debug, Clone)]
pub struct Locked<T>(T);

impl<T> Locked<T> {
    pub(crate) fn new(row: T) -> Self {
        Self(row)
    }

    /// For what the store writes: the row says it then.
    pub(crate) fn row_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// The row, to be kept beyond the transaction.
    #[must_use]
    pub fn into_row(self) -> T {
        self.0
    }
}

impl<T> Deref for Locked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
