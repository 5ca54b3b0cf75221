//! Payments, refunds and bills (`order-life 5`–`7`, `money-reseller-buyer-domain 1`).

mod bills;
mod corrections;
mod crash;
mod explained;
mod exports;
mod refunds;
mod wallet;
mod witness;
