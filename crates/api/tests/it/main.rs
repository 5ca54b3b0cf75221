//! The pure parts of the edge. They are tested from outside, so that this large crate is compiled once.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod body;
mod call_stream;
mod gateway;
mod open_api_log;
mod paging;
mod product_html;
