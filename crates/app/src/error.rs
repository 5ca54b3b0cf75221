//! What a use case refuses: a kind for the status, a stable code for programs, a sentence for people.

use db::{DbError, UnitError};
use domain::{listing_check::FieldError, money::MoneyError};

/// What sort of refusal it is; the edge turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks a rule; nothing changed (422).
    Invalid,
    /// It is not there for this caller (404).
    NotFound,
    /// The state does not allow it (409).
    Conflict,
    /// Nobody is logged in (401).
    Unauthenticated,
    /// The caller's role does not allow it (403).
    Forbidden,
    /// Too often (429).
    TooMany,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    pub kind: Kind,
    /// Dotted and stable: clients switch on it, consoles translate it.
    pub code: &'static str,
    /// English, for logs and programs without a catalogue.
    pub detail: String,
    pub fields: Vec<FieldError>,
}

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(Box<Refusal>),
    #[error("the database did not do it")]
    Store(#[from] DbError),
    /// A file could not be written because the disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Not a failure: the unit was only tried out and is rolled back.
    #[error("tried out and rolled back")]
    TriedOut,
    /// Not a failure: the caller's idempotency key was used before, and the unit is rolled back.
    #[error("another request had the same idempotency key")]
    Repeated,
    #[error("{table} {key} does not fit the model: {what}")]
    Row { table: &'static str, key: String, what: String },
}

impl Error {
    fn refused(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refusal { kind, code, detail: detail.into(), fields: Vec::new() }))
    }

    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(Kind::Conflict, code, detail)
    }

    #[must_use]
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(Kind::NotFound, code, detail)
    }

    #[must_use]
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(Kind::Unauthenticated, code, detail)
    }

    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(Kind::Forbidden, code, detail)
    }

    #[must_use]
    pub fn too_many(code: &'static str, detail: impl Into<String>) -> Self {
        Self::refused(Kind::TooMany, code, detail)
    }

    /// One field of the input is wrong.
    #[must_use]
    pub fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::fields(code, vec![FieldError::new(pointer, code, detail)])
    }

    /// Several fields of the input are wrong.
    #[must_use]
    pub fn fields(code: &'static str, fields: Vec<FieldError>) -> Self {
        let detail = fields
            .first()
            .map_or_else(String::new, |f| if f.pointer.is_empty() { f.detail.clone() } else { format!("{}: {}", f.pointer, f.detail) });
        Self::Refused(Box::new(Refusal { kind: Kind::Invalid, code, detail, fields }))
    }

    /// The same refusal for an input that is part of a larger one: its fields are below that place.
    #[must_use]
    pub fn under(mut self, place: &str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            for field in &mut refusal.fields {
                field.pointer = format!("{place}{}", field.pointer);
            }
        }
        self
    }

    /// A stored row contradicts the model.
    #[must_use]
    pub fn row(table: &'static str, key: impl std::fmt::Display, what: impl std::fmt::Display) -> Self {
        Self::Row { table, key: key.to_string(), what: what.to_string() }
    }

    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            Self::Store(_) | Self::DiskFull | Self::TriedOut | Self::Repeated | Self::Row { .. } => None,
        }
    }
}

/// What a list shows of one of its rows: nothing when a row behind it does not fit the model. That is reported to whoever runs the
/// platform, and the others are shown.
///
/// # Errors
/// What else went wrong.
pub fn legible<T>(shown: Result<T, Error>) -> Result<Option<T>, Error> {
    match shown {
        Err(Error::Store(DbError::Row(misfit))) => {
            misfit.report();
            Ok(None)
        }
        Err(Error::Row { table, key, what }) => {
            tracing::error!(table, key, what, "a row was left out of a list");
            Ok(None)
        }
        shown => shown.map(Some),
    }
}

/// An amount that leaves the range that is kept refuses the whole use case: nothing was written.
impl From<MoneyError> for Error {
    fn from(e: MoneyError) -> Self {
        let detail = format!("an amount of this request cannot be kept: {e}; choose smaller amounts or quantities");
        Self::conflict("amount.too_large", detail)
    }
}

impl UnitError for Error {
    fn db_error(&self) -> Option<&DbError> {
        match self {
            Self::Store(e) => Some(e),
            Self::Refused(_) | Self::DiskFull | Self::TriedOut | Self::Repeated | Self::Row { .. } => None,
        }
    }
}
