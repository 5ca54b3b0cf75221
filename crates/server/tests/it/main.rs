//! Whole lives of orders, on both engines, against real processes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod access;
mod assets;
mod at_once;
mod audit;
mod audit_exempt;
mod audit_supervision;
mod aws;
mod azure;
mod bad_input;
mod busy;
mod buyer_api;
mod catalogue;
mod consent;
mod crash;
mod domains;
mod faults;
mod held_seller;
mod kit;
mod koogallery;
mod licence;
mod licence_files;
mod licence_lives;
mod licence_made;
mod licence_seats;
mod life;
mod messages;
mod money;
mod nodes;
mod notify;
mod once;
mod open_api_calls;
mod organisation;
mod packages;
mod probes;
mod proxies;
mod scenes;
mod sections;
mod sellers;
mod several;
mod sign_on;
mod sites;
mod stopping;
mod storefront;
mod supervision;
mod supervision_licences;
mod supervision_programs;
mod supervision_refused;
mod supervision_saas;
mod tail;
mod tls;
mod usage;

use testdb::{Engine, engines};
use testkit::{Platform, Setup};

fn setup(engine: Engine) -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_yunshi"), engine)
}

/// A fresh platform on each engine, one after the other.
async fn on_both(test: impl AsyncFn(Platform)) {
    on_both_from("2024-01-05T02:00:00Z", test).await;
}

/// Likewise, with business time beginning at a moment: some rules are those of the order's date.
async fn on_both_from(start: &'static str, test: impl AsyncFn(Platform)) {
    for engine in engines() {
        test(Platform::start(Setup { start, ..setup(engine) }).await).await;
    }
}
