//! Orders (`order-life`).

mod change;
mod freeze;
mod life;
mod place;
mod renewal;
mod timeline;
