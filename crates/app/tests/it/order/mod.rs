//! Orders (`order-life`).

mod change;
mod consent;
mod freeze;
mod life;
mod place;
mod renewal;
mod timeline;
