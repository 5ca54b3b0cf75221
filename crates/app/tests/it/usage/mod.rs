//! On-demand usage, packages and arrears (`open-api 4`, `seller-domain 2.5`).

mod arrears;
mod caps;
mod debugged;
mod exact;
mod exact_sequences;
mod holds;
mod packages;
mod records;
