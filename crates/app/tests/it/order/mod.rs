//! Orders (`order-life`).

mod change;
mod life;
mod renewal;
