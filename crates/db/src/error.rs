//! What can go wrong below the use cases.

use crate::{Misfit, turns::Party};
use diesel::result::{DatabaseErrorKind, Error as Diesel};

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("{0:?} is not a database address; write sqlite:PATH or postgres://user@host/name")]
    Url(String),
    #[error("the database could not be opened: {0}")]
    Open(String),
    #[error("the statement failed")]
    Statement(#[source] Diesel),
    #[error("the transaction could not be committed: {0}")]
    Commit(String),
    #[error("the connection to the database was cut while it committed; whether it did is not known")]
    Unknown,
    #[error("no database connection was free in time; the server is overloaded")]
    Exhausted,
    #[error("the account has its whole share of the database in use")]
    Share,
    #[error("what is to be changed is being changed by others; nothing was changed")]
    Locked,
    #[error("the connection to the database was cut; nothing was changed")]
    Cut,
    #[error("the unit of work panicked and was rolled back")]
    Panicked,
    #[error("another request was quicker; run the unit again")]
    Raced,
    #[error("the database is shut down")]
    Closed,
    #[error("migration {0} was applied with another text; migrations are never edited")]
    Changed(&'static str),
    #[error(transparent)]
    Row(#[from] Misfit),
}

impl From<Diesel> for DbError {
    fn from(e: Diesel) -> Self {
        match e {
            Diesel::DeserializationError(e) => match e.downcast::<Misfit>() {
                Ok(misfit) => Self::Row(*misfit),
                Err(other) => Self::Statement(Diesel::DeserializationError(other)),
            },
            other => Self::Statement(other),
        }
    }
}

const fn is_race(kind: &DatabaseErrorKind) -> bool {
    use DatabaseErrorKind::{ForeignKeyViolation, SerializationFailure, UniqueViolation};
    matches!(kind, SerializationFailure | UniqueViolation | ForeignKeyViolation)
}

impl DbError {
    /// Whether the unit lost a race and may simply run again: 40001 and 40P01 on PostgreSQL, and a row that is there
    /// already, or is gone, which no use case has named: whoever was first is seen when it runs again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Raced => true,
            Self::Statement(Diesel::DatabaseError(kind, _)) if is_race(kind) => true,
            _ => self.is_deadlock(),
        }
    }

    /// Why one of a party that waits is not waited for any longer; `crowded` when the party has more on hand than its share.
    pub(crate) fn refused(party: Party, crowded: bool) -> Self {
        let (error, reason) = match party {
            Party::Account(_) if crowded => (Self::Share, "share"),
            _ => (Self::Exhausted, "connections"),
        };
        metrics::counter!("yunshi_db_refused_total", "reason" => reason).increment(1);
        error
    }

    /// What is to be changed stayed locked.
    pub(crate) fn locked() -> Self {
        metrics::counter!("yunshi_db_refused_total", "reason" => "lock").increment(1);
        Self::Locked
    }

    /// A connection was lost before a commit was asked for, again and again.
    pub(crate) fn cut() -> Self {
        metrics::counter!("yunshi_db_refused_total", "reason" => "cut").increment(1);
        Self::Cut
    }

    /// Whether nothing was done because the database is busy, so that the same may go through in a moment.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.busy().is_some()
    }

    /// The same once more when the database is busy, for others who shared the transaction.
    #[must_use]
    pub fn busy(&self) -> Option<Self> {
        match self {
            Self::Exhausted => Some(Self::Exhausted),
            Self::Share => Some(Self::Share),
            Self::Locked => Some(Self::Locked),
            Self::Cut => Some(Self::Cut),
            _ => None,
        }
    }

    /// Whether PostgreSQL gave the unit up to break a circle of units that waited for each other (40P01).
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(_, info)) if info.message().contains("deadlock detected"))
    }

    /// Whether the unit waited for what another transaction has locked for as long as it may (55P03).
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(_, info)) if info.message().contains("due to lock timeout"))
    }

    /// Whether another connection has SQLite's lock.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(_, info)) if info.message() == "database is locked")
    }

    /// Whether a unique constraint refused the row.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// Whether a check of the table refused the row, such as a balance below zero.
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(DatabaseErrorKind::CheckViolation, _)))
    }

    /// Whether the disk has no room for what was to be written; nothing of it was.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let full = |text: &str| ["database or disk is full", "No space left on device"].iter().any(|part| text.contains(part));
        match self {
            Self::Statement(Diesel::DatabaseError(_, info)) => full(info.message()),
            Self::Commit(reason) => full(reason),
            _ => false,
        }
    }

    /// Whether the database takes no writes, as a standby of PostgreSQL.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Statement(Diesel::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)))
    }

    /// What the engine says, for whom the statement is not enough.
    pub(crate) fn reason(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// Whether the connection itself is gone, so that another one may work.
    #[must_use]
    pub fn is_disconnect(&self) -> bool {
        match self {
            Self::Statement(Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => true,
            Self::Statement(Diesel::DatabaseError(_, info)) => {
                let text = info.message();
                ["server closed the connection", "terminating connection", "no connection to the server", "shutting down"]
                    .iter()
                    .any(|part| text.contains(part))
            }
            _ => false,
        }
    }
}

/// An error that a unit of work may return: it can carry a [`DbError`] and show it again.
pub trait UnitError: From<DbError> + Send + 'static {
    fn db_error(&self) -> Option<&DbError>;
}

impl UnitError for DbError {
    fn db_error(&self) -> Option<&DbError> {
        Some(self)
    }
}
