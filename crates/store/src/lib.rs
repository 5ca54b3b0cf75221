//! SQL: one module per noun, rows in and out, no decisions.
//!
//! To add a noun: a module here with its row, finders whose signature carries the tenant, and guarded
//! updates that say how many rows they changed. A finder named `any_…` is for workers and staff.

pub mod account;
pub mod bill;
pub mod call;
pub mod event;
pub mod export;
pub mod idempotency;
pub mod instance;
pub mod interface;
pub mod job;
pub mod ledger;
pub mod message;
pub mod order;
pub mod product;
pub mod seller;
pub mod session;
pub mod setting;
pub mod transfer;

pub use db::{DbError, Key, Tx};

/// What a guarded update came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    Yes,
    SomeoneElseWasFirst,
}

impl Written {
    pub(crate) fn from_rows(rows: usize) -> Self {
        if rows == 1 { Self::Yes } else { Self::SomeoneElseWasFirst }
    }
}

/// A page of a list that is sorted by creation, newest first: rows before a place, at most so many.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub before: Option<(i64, Key)>,
    pub limit: i64,
}

/// Everything that matches part of a text, with the wildcards of SQL taken literally.
fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
