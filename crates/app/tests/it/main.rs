//! The rules of the marketplace, on both engines, without a process: see the crate `harness`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod at_once;
mod call;
mod catalogue;
mod chain;
mod decisions;
mod documentation;
mod example;
mod leases;
mod licence;
mod limits;
mod message;
mod misfits;
mod money;
mod neighbour;
mod once;
mod order;
mod organisation;
mod secret;
mod sites;
mod storefront;
mod supervision;
mod usage;
mod waiting;
