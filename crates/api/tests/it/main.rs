//! The pure parts of the edge. They are tested from outside, so that this large crate is compiled once.

mod body;
mod call_stream;
mod gateway;
mod open_api_log;
mod paging;
mod product_html;
