//! Background work: the production-call engine, timers, exports, the search index, housekeeping.
//!
//! Everything due is a row in `jobs`. [`Worker::run`] claims due jobs under a lease, does them, and says
//! what it did; [`Worker::advance`] moves a sandbox's clock and does what falls due in order. Decisions
//! are `app`'s; this crate sends, waits and writes files.

mod breaker;
mod channels;
mod client;
mod debug;
mod domain_proof;
mod engine;
mod export;
mod files;
mod files_mark;
mod housekeeping;
mod leftovers;
mod probe;
mod replay;
mod search;
mod supervise;

pub use channels::{Channels, HttpSms, LogSms, MailServer, Security, SmsProvider};
pub use client::{Client, Limits};
pub use debug::{CaseResult, Report, Subject, run_suite, run_while_passing, send_edited};
pub use domain_proof::domain_proof;
pub use engine::{Ran, Worker};
pub use files::Files;
pub use files_mark::SameStore;
pub use probe::probe;
pub use replay::{Playing, ReplayReport, Replayed, replay};
pub use search::{Facets, Found, Search, Sort, Wanted};
pub use supervise::supervise;
