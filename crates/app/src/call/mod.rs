//! The production-call engine's decisions: what is sent, what an answer means, what follows
//! (`saas-interface 1`, `2`, `order-life 2`–`4`).

mod begin;
mod check;
mod enqueue;
mod figures;
mod finish;
mod judge;
mod notify;
mod record;
mod restart;
mod saas_v1;
mod said;

pub use begin::{Begun, Outgoing, begin};
pub use check::{Check, answered as check_answered, prepare as prepare_check};
pub(crate) use enqueue::enqueue_kit;
pub use enqueue::{enqueue, enqueue_application, enqueue_first, give_up_open};
pub use figures::{DayOfCalls, by_day};
pub use finish::{LICENCE_DAYS, Next, finish, no_licence};
pub(crate) use finish::{given_up_quietly, succeeded_quietly};
pub use judge::{Judged, Reading, judge, redact};
pub(crate) use notify::of_order as notify_of;
pub use record::{Narrowed, recording};
pub use restart::{renewal_stuck, restart};
pub use said::Said;
