//! Orders (`order-life`).

mod at_once;
mod change;
mod consent;
mod consented_price;
mod failed;
mod freeze;
mod later;
mod life;
mod place;
mod renewal;
mod revised;
mod shown;
mod timeline;
