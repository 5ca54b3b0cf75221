//! What sellers' and buyers' programs call on the marketplace (`open-api`): the signature of their
//! requests, and the documents that are answered.

pub mod aksk;
pub mod asset;
pub mod licence;
pub mod order_query;
pub mod usage;
