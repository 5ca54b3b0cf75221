//! Production calls (`saas-interface 1.2`, `order-life 2`).

mod faults;
mod notify;
mod probes;
mod restart;
