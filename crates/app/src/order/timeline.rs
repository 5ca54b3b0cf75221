//! The flight recorder as people read it: events, calls, messages and timers in one list, redacted by
//! role (`order-life 6`).

use super::Ending;
use crate::{Error, Tenant, supervision};
use db::{Key, Misfit, Moment, Tx};
use domain::{Timestamp, call::CallState, job::JobKind};
use serde_json::{Value, json};
use store::{
    call::{self, Call},
    event::{self, Event},
    ledger, message, order,
};

domain::words! {
    /// How an entry is shown.
    pub enum Tone ("tone") { Good = "good", Bad = "bad", Plain = "plain", Next = "next" }
}

/// One entry: what happened, to be worded in the reader's language.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Timestamp,
    pub kind: String,
    pub tone: Tone,
    /// `system`, or the name of a person where the reader may know it.
    pub actor: Option<String>,
    pub data: Value,
}

domain::words! {
    /// Events that the time line shows in a way of their own; it shows all others as they are.
    enum Landmark ("landmark") {
        OrderPaid = "order.paid",
        OrderCompleted = "order.completed",
        OrderFailed = "order.failed",
        InstanceOpened = "instance.opened",
        InstanceRunning = "instance.running",
        InstanceFailed = "instance.failed",
        InstanceFrozen = "instance.frozen",
        CallGivenUp = "call.given_up",
        MoneyCompleted = "money.completed",
        SupervisionMoved = "supervision.moved",
    }
}

fn tone(of: Option<Landmark>) -> Tone {
    match of {
        Some(Landmark::OrderPaid | Landmark::OrderCompleted | Landmark::InstanceOpened | Landmark::InstanceRunning) => Tone::Good,
        Some(Landmark::OrderFailed | Landmark::InstanceFailed | Landmark::CallGivenUp | Landmark::InstanceFrozen) => Tone::Bad,
        Some(Landmark::MoneyCompleted | Landmark::SupervisionMoved) | None => Tone::Plain,
    }
}

/// When an event happened; one whose time is none is reported and left out.
fn time_of(e: &Event) -> Option<Timestamp> {
    let at = Moment::of_micros(e.at).map(Moment::at);
    if at.is_none() {
        let what = format!("{} is not a time in microseconds since 1970", e.at);
        Misfit { table: "events", column: "at", key: e.seq.to_string(), what }.report();
    }
    at
}

/// Takes out of an event what the seller's server answered. Of calls a buyer learns which one and which try it was.
fn without_detail(tenant: Tenant, (kind, of): (&str, Option<Landmark>), data: &mut Value) {
    if kind.starts_with("call.") {
        *data = json!({ "activity": data["activity"] });
    } else if of == Some(Landmark::OrderFailed)
        && let Some(stored) = data["reason"].as_str()
    {
        data["reason"] = json!(super::reason_for(tenant, stored));
    } else if of == Some(Landmark::SupervisionMoved)
        && data["step"].as_str().and_then(|step| step.parse().ok()).is_some_and(supervision::tells_of_calls)
    {
        data["said"] = json!({});
    }
}

fn of_event(tenant: Tenant, e: Event) -> Option<Entry> {
    let of: Option<Landmark> = e.kind.parse().ok();
    // What the platform earns is none of the buyer's business.
    if matches!(tenant, Tenant::Buyer(_)) && of == Some(Landmark::MoneyCompleted) {
        return None;
    }
    // Who of the staff asked and confirmed is theirs to know; the refund itself is told by its money.
    if !matches!(tenant, Tenant::Any) && e.kind.starts_with("correction.") {
        return None;
    }
    let name = e.actor.split_once(' ').map_or(e.actor.as_str(), |(_, name)| name);
    let actor = match tenant {
        Tenant::Any => Some(e.actor.clone()),
        Tenant::Buyer(_) | Tenant::Seller(_) => Some(name.to_owned()),
    };
    let mut data: Value = serde_json::from_str(&e.data).unwrap_or(Value::Null);
    if matches!(tenant, Tenant::Buyer(_)) {
        without_detail(tenant, (&e.kind, of), &mut data);
    }
    let ended = data["reason"].as_str().and_then(Ending::of).filter(|_| of == Some(Landmark::OrderFailed));
    let (at, tone) = (time_of(&e)?, if ended.is_some() { Tone::Plain } else { tone(of) });
    let kind = ended.map_or(e.kind, |by| format!("order.ended_by_{by}"));
    Some(Entry { at, tone, kind, actor, data })
}

fn of_calls(tx: &mut Tx, tenant: Tenant, calls: &[Call], entries: &mut Vec<Entry>) -> Result<(), Error> {
    for c in calls {
        for a in call::attempts(tx, c.id)? {
            // The newest attempt of a call that goes on has no outcome yet; an older one was never answered.
            let under_way = a.outcome.is_none() && a.number == c.attempts && c.state == CallState::Due;
            let outcome = a.outcome.as_deref().unwrap_or(if under_way { "under_way" } else { "unknown" });
            let good = matches!(outcome, "success" | "accepted");
            let tone = if good || under_way || outcome == "not_yet" { Tone::Plain } else { Tone::Bad };
            let mut data = json!({ "activity": c.activity, "attempt": a.number, "duration_ms": a.duration_ms });
            if !matches!(tenant, Tenant::Buyer(_)) {
                data["outcome"] = json!(outcome);
                data["error"] = json!(a.error);
                data["status"] = json!(a.status);
                data["call"] = json!(c.id.id::<domain::id::CallId>());
            }
            let kind = if good {
                "call.succeeded"
            } else if under_way {
                "call.under_way"
            } else if outcome == "not_yet" {
                "call.not_yet"
            } else {
                "call.failed"
            };
            entries.push(Entry { at: a.started_at.at(), kind: kind.to_owned(), tone, actor: None, data });
        }
        if let Some(next) = c.next_at.filter(|_| c.state == CallState::Due) {
            let data = json!({ "activity": c.activity });
            entries.push(Entry { at: next.at(), kind: "next.call".to_owned(), tone: Tone::Next, actor: None, data });
        }
    }
    Ok(())
}

fn of_jobs(tx: &mut Tx, subject: Key, entries: &mut Vec<Entry>) -> Result<(), Error> {
    for job in store::job::of_subject(tx, subject)?.into_iter().filter(|j| j.kind != JobKind::Call) {
        let kind = format!("next.{}", job.kind);
        entries.push(Entry { at: job.due_at.at(), kind, tone: Tone::Next, actor: None, data: Value::Null });
    }
    Ok(())
}

fn of_messages(tx: &mut Tx, tenant: Tenant, order: Key, entries: &mut Vec<Entry>) -> Result<(), Error> {
    for m in message::any_of_order(tx, order)? {
        let mine = match tenant {
            Tenant::Buyer(id) | Tenant::Seller(id) => m.account_id == id,
            Tenant::Any => true,
        };
        if mine {
            let data = json!({ "event": m.event });
            entries.push(Entry { at: m.created_at.at(), kind: "message.sent".to_owned(), tone: Tone::Plain, actor: None, data });
        }
    }
    Ok(())
}

/// Ledger entries with their postings, for staff.
fn of_ledger(tx: &mut Tx, order: Key, entries: &mut Vec<Entry>) -> Result<(), Error> {
    for (entry, posting) in ledger::of_order(tx, order)? {
        let data = json!({
            "entry": entry.kind, "account": posting.account,
            "amount": domain::money::text(posting.amount_minor, posting.currency.as_str()), "currency": posting.currency,
        });
        entries.push(Entry { at: entry.at.at(), kind: "ledger.posted".to_owned(), tone: Tone::Plain, actor: None, data });
    }
    Ok(())
}

/// Newest first, what is to come at the top.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.reverse();
    entries.sort_by(|a, b| (b.tone == Tone::Next).cmp(&(a.tone == Tone::Next)).then(b.at.cmp(&a.at)));
    entries
}

/// The time line of an order that the tenant may see.
///
/// # Errors
/// `order.not_found`.
pub fn of_order(tx: &mut Tx, tenant: Tenant, number: &str) -> Result<Vec<Entry>, Error> {
    let order = super::show(tx, tenant, number)?.order;
    let mut entries: Vec<Entry> = event::of_order(tx, order.id)?.into_iter().filter_map(|e| of_event(tenant, e)).collect();
    let filter = call::Filter { order_number: Some(order.number.clone()), ..call::Filter::default() };
    let calls = call::list(tx, tenant, &filter, store::Page::first(100))?;
    of_calls(tx, tenant, &calls, &mut entries)?;
    of_messages(tx, tenant, order.id, &mut entries)?;
    of_jobs(tx, order.id, &mut entries)?;
    if matches!(tenant, Tenant::Any) {
        of_ledger(tx, order.id, &mut entries)?;
    }
    Ok(sorted(entries))
}

/// The time line of an instance over all its orders.
///
/// # Errors
/// `instance.not_found`.
pub fn of_instance(tx: &mut Tx, tenant: Tenant, id: domain::id::InstanceId) -> Result<Vec<Entry>, Error> {
    let instance = crate::instance::show(tx, tenant, id)?;
    let mut events = event::of_instance(tx, instance.id)?;
    let filter = order::Filter { instance_id: Some(id.0), ..order::Filter::default() };
    for order in order::list(tx, tenant, &filter, store::Page::first(200))? {
        events.extend(event::of_order(tx, order.id)?);
    }
    events.sort_by_key(|e| e.seq);
    events.dedup_by_key(|e| e.seq);
    let mut entries: Vec<Entry> = events.into_iter().filter_map(|e| of_event(tenant, e)).collect();
    let calls = call::of_instance(tx, instance.id)?;
    of_calls(tx, tenant, &calls, &mut entries)?;
    of_jobs(tx, instance.id, &mut entries)?;
    Ok(sorted(entries))
}
