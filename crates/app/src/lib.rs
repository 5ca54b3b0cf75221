//! Use cases: one folder per noun, one file per verb, each a synchronous function over a transaction.
//!
//! To add one: a file named for the verb in the noun's folder; a function
//! `verb(tx: &mut Tx, ctx: &Ctx, …) -> Result<_, Error>` that loads, decides with `domain`, writes through
//! `store` with guards, and records an event; its refusals through [`Refusal`] with a stable code; its
//! test in `tests/it`, on both engines; its route in `api`. Nothing here talks HTTP, sleeps or awaits,
//! but [`App`], which runs the units on the database.

mod context;
mod error;
mod idempotency;
mod run;
pub mod secret;

pub mod account;
pub mod asset;
pub mod call;
pub mod cart;
pub mod catalogue;
pub mod cursor;
pub mod event;
pub mod export;
pub mod instance;
pub mod interface;
pub mod job;
pub mod kit;
pub mod licence;
mod limit;
pub mod message;
pub mod money;
pub mod neighbour;
pub mod order;
pub mod organisation;
pub mod picture;
pub mod probe;
pub mod scene;
pub mod seller;
pub mod sign_on;
pub mod storefront;
pub mod supervision;
pub mod usage;
pub mod verify;
mod version;

pub use context::{Actor, Caller, Clock, Ctx, Ids, MovableClock, Neighbours, RandomIds, Settings, Timed, installation, micros};
pub use error::{Error, Kind, Refusal, legible};
pub use idempotency::{Answer, Earlier, Repeat, earlier, keep};
pub use run::{App, Environment};
pub use store::{Direction, Key, Moment, Page, Tx, order::Tenant};
pub use version::version;
