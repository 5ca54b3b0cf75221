//! What the tables refuse, and how the lists are read, on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod claims;
mod clients;
mod constraints;
mod lists;
mod open_api_calls;
mod queue;
mod yardstick;
