//! Licences: by authorisation code, made by their sellers, asked for by their buyers; seats, machines and files
//! (`license-interface`).

mod activation;
mod applications;
mod calls;
mod files;
mod machines;
mod made;
mod seats;
mod statistics;
mod test_codes;

use app::licence::{Take, Taken};
use harness::{Market, Setup, on_both_with};
use serde_json::Value;

/// Runs a test in 2026: codes of orders from 2025-05-22 on go to both sides at once (2.1).
fn in_2026(test: impl Fn(&Market)) {
    on_both_with(&Setup { start: "2026-01-05T02:00:00Z", ..Setup::default() }, test);
}

/// Renews an instance for a year; the number of the order.
fn renew(m: &Market, instance: app::Key) -> String {
    let (buyer, id) = (m.buyer(), instance.id());
    let renewal = m.ok(&buyer, |tx, ctx| app::order::renew(tx, ctx, &buyer, id, "1y".parse().unwrap(), true));
    m.settle();
    renewal.order.number
}

/// The bodies of what was sent for an instance, in order.
fn sent(m: &Market, instance: app::Key) -> Vec<Value> {
    let first = |call: store::call::Call| m.read(|tx, _| Ok(store::call::attempts(tx, call.id)?)).remove(0).request;
    m.calls(instance).into_iter().map(|call| serde_json::from_str(&first(call)).expect("a document")).collect()
}

/// What the software asks for: a seat of a code, on any machine.
fn seat(code: &str, client: &str) -> Take {
    Take { code: code.to_owned(), client: client.to_owned(), fingerprint: None, take_over: false }
}

/// Takes a seat; a refusal by its code.
fn take(m: &Market, take: &Take) -> Result<Taken, &'static str> {
    m.write_system(|tx, ctx| app::licence::take(tx, ctx, take)).map_err(|e| e.code().expect("a refusal"))
}
