//! AWS Marketplace's metering and entitlement services, as sellers' programs call them: Signature Version 4, and the
//! documents of `BatchMeterUsage`, `ResolveCustomer` and `GetEntitlements`. Names, limits and errors are those of the
//! public service models (`meteringmarketplace-2016-01-14`, `entitlement.marketplace-2017-01-11`).

mod document;
pub mod sigv4;

pub use document::{
    BadRequest, BatchMeterUsage, Entitlement, Filter, GetEntitlements, RECORDS_MAX, ResolveCustomer, Resolved, Status, UsageRecord, metered,
};
