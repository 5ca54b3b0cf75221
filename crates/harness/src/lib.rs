//! A marketplace for tests of use cases: a fresh database of either engine, people, products, a seller's server and a
//! clock, without a process, a socket or a port.
//!
//! ```no_run
//! use harness::{choice, on_both};
//!
//! // What is given back before the fifth day is over comes back in full (`order-life 5`).
//! on_both(|m| {
//!     let buyer = m.buyer();
//!     let bought = m.open(&buyer, &choice("backup", "1m"));
//!     m.advance("2d");
//!     let refund = m.give_back(&buyer, &bought.order);
//!     assert_eq!(refund.total_minor, -10_000);
//!     assert_eq!(m.balance(&buyer), "1000000.00");
//!     m.verify();
//! });
//! ```
//!
//! - [`on_both`] runs a test on `SQLite` and on `PostgreSQL`; [`on_both_with`] with other settings or another day.
//! - [`Market::write`] and [`Market::read`] run use cases as a person; [`Market::at_once`] runs them on several
//!   connections at the same moment, and [`Market::claim_due`] hands out what falls due beside them. They run the
//!   transaction and nothing else: call [`Market::settle`] before you look at what the seller was sent or which messages
//!   left.
//! - [`Market::open`], [`Market::renew`], [`Market::upgrade`] and [`Market::give_back`] do what most tests begin with, and
//!   settle; [`Market::place`] and [`Market::buy`] do not.
//! - [`Market::order`], [`Market::instance`], [`Market::terms`], [`Market::balance`], [`Market::bill`], [`Market::messages`]
//!   and [`Market::activities`] show what became of it.
//! - [`Market::settle`] does what is due, [`Market::advance`] moves business time and does what falls due on the way.
//! - [`Market::server`] is the seller's server: it answers as a good one does, with a fault ([`Fault`]), or with what it
//!   is told.
//! - [`listing`] makes a listing of any product type, [`Market::list`] puts it on sale.
//! - [`Market::verify`] is `yunshi verify`: it belongs at the end of every test that moves money.
//!
//! Ids and random bytes come from a seed and the wall clock stands still, so a test does the same each time.

#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken set-up ends the test")]

mod at_once;
mod bills;
mod cases;
mod engine;
mod ids;
mod licences;
mod market;
mod orders;
mod people;
mod products;
mod seeded;
mod server;
mod show;
mod usage;

pub use at_once::Due;
pub use bills::Billed;
pub use cases::{Evidence, act, act_because, act_with};
pub use engine::Sent;
pub use licences::{Code, licensed};
pub use market::{Market, Setup, on, on_both, on_both_with};
pub use orders::{Bought, choice, unpaid};
pub use products::{listing, sample};
pub use seller_rust::Fault;
pub use server::{Request, Server, answer};
pub use show::{at, minor, money, time};
pub use testdb::{ENGINES, Engine};
pub use usage::{on_demand, pack, stopping_pack};
