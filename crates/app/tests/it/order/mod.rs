//! Orders (`order-life`).

mod life;
