//! Opening: reserved when paid, open when the seller's data arrive, failed when they never do.

use super::{PASSWORD_COLUMN, id, timers};
use crate::{Ctx, Error, Tenant, call, event, job, money::Completion, order};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::TermId,
    instance::InstanceState,
    message::MessageEvent,
    order::OrderKind,
    period::Period,
    term::{self, Anchor, TermSpan},
};
use serde_json::json;
use store::{
    Locked, Written,
    instance::{self, AppData, Instance, Opening},
    order::{Line, Order},
    term::Term,
};
use wire::saas_v2::{AppInfo, Request};

/// The instance of a paid line, reserved under the id that its order has: same line, same instance. It is stored
/// with the call that opens it.
pub fn reserve(tx: &mut Tx, ctx: &Ctx, order: &Order, line: &Line) -> Result<Instance, Error> {
    let listing = ctx.listings.approved(tx, line.revision_id)?;
    let id = order.instance_id.ok_or_else(|| Error::row("orders", &order.number, "is paid without an instance's id"))?;
    // What no interface opens is known by its line.
    let by_hand = !listing.access_type.opened_by_interface();
    Ok(Instance {
        id,
        buyer_id: order.buyer_id,
        seller_id: order.seller_id,
        product_id: line.product_id,
        revision_id: line.revision_id,
        access_type: listing.access_type,
        address_id: listing.interface_address.map(Key::of),
        line_id: line.id,
        specification: line.specification.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        trial: order.kind == OrderKind::Trial,
        state: InstanceState::Opening,
        freeze_cause: None,
        freeze_reason: None,
        seller_instance_id: by_hand.then(|| line.number.clone()),
        front_end_url: None,
        admin_url: None,
        user_name: None,
        password: None,
        memo: None,
        licence: None,
        anchor_day: None,
        opened_at: None,
        expires_at: None,
        ended_at: None,
        open_order_id: Some(order.id),
        created_at: ctx.moment(),
    })
}

/// The seller's data have come: the instance runs, its term begins, the order is complete. Under supervision the data
/// are kept until the delivery is accepted (`seller-domain 5.3`).
///
/// # Errors
/// [`Error::Store`].
pub fn opened(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, app: &AppInfo) -> Result<(), Error> {
    store_app(tx, ctx, instance, app)?;
    let line = store::order::any_line(tx, instance.line_id)?.ok_or_else(|| Error::row("instances", id(instance), "has no line"))?;
    let order = store::order::lock(tx, Tenant::Any, line.order_id)?.ok_or_else(|| Error::row("instances", id(instance), "has no order"))?;
    if ctx.listings.approved(tx, instance.revision_id)?.is_supervised() && store::supervision::of_order(tx, order.id)?.is_some() {
        return event::record(tx, ctx, "instance.ready", event::About::order(order.id, Some(instance.id)), &json!({}));
    }
    if run_from(tx, ctx, &[Start { instance, order: &order, line: &line, at: ctx.now, completes: true }])? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let _ = order::complete_all(tx, ctx, &[Completion { order: &order, line: &line, effective_at: ctx.now }])?;
    order::tell_buyer(tx, ctx, &order, MessageEvent::OrderOpened, &[])?;
    order::tell_seller(tx, ctx, &order, MessageEvent::SaleOpened, &[])
}

/// An instance that begins to run, with what paid for it.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    pub instance: &'a Locked<Instance>,
    pub order: &'a Locked<Order>,
    pub line: &'a Line,
    pub at: Timestamp,
    /// Its order is done with that, and lets the instance go.
    pub completes: bool,
}

/// Instances run from a moment, and their first terms begin then (`seller-domain 4.3`). When another was first to
/// open one of several, the transaction is to be rolled back.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn run_from(tx: &mut Tx, ctx: &Ctx, starts: &[Start<'_>]) -> Result<Written, Error> {
    let (mut openings, mut terms, mut timers, mut news) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for s in starts {
        let site = ctx.site(s.order.site);
        let period: Option<Period> = s.line.period;
        let first = site.day_of(s.at);
        let span = period.map(|p| term::term(&site, s.at, Anchor::first(first), p));
        openings.push(Opening {
            of: s.instance,
            at: Moment::of(s.at),
            anchor_day: period.map(|_| i64::from(first.day())),
            expires_at: span.map(|s| Moment::of(s.end)),
            open_order_id: if s.completes { None } else { s.instance.open_order_id },
        });
        if let (Some(span), Some(period)) = (span, period) {
            terms.push((s.instance, first_term(ctx, s, span, period)));
            timers.extend(timers::planned(ctx, s.instance.id, &site, span.end));
        }
        news.push((s, json!({ "from": s.at, "expires_at": span.map(|s| term::shown_end(s.end)) })));
    }
    if instance::open_all(tx, &openings)? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    store::term::insert(tx, &terms)?;
    job::schedule_all(tx, &timers)?;
    for (s, data) in news {
        event::record(tx, ctx, "instance.opened", event::About::order(s.order.id, Some(s.instance.id)), &data)?;
    }
    Ok(Written::Yes)
}

fn first_term(ctx: &Ctx, s: &Start<'_>, span: TermSpan, period: Period) -> Term {
    Term {
        id: Key::of(ctx.id::<TermId>()),
        instance_id: s.instance.id,
        line_id: s.line.id,
        seq: 1,
        start_at: Moment::of(span.start),
        end_at: Moment::of(span.end),
        period,
        price_minor: s.line.amount_minor,
        removed: false,
    }
}

fn store_app(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, app: &AppInfo) -> Result<(), Error> {
    let cut = |text: &Option<String>, max: usize| text.as_ref().map(|t| t.chars().filter(|c| !c.is_control()).take(max).collect());
    let data = AppData {
        front_end_url: cut(&app.front_end_url, 512),
        admin_url: cut(&app.admin_url, 512),
        user_name: cut(&app.user_name, 128),
        password: app.password.as_deref().map(|p| ctx.sealer.seal(ctx.ids, PASSWORD_COLUMN, p)),
        memo: cut(&app.memo, 1024),
    };
    Ok(instance::set_app(tx, instance, &data)?)
}

/// Opening failed for good. When the seller had given an id, it is released at the seller's.
pub fn failed(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>) -> Result<(), Error> {
    if instance.state != InstanceState::Opening {
        return Ok(());
    }
    let step = instance::Step { to: InstanceState::Failed, freeze_cause: None, freeze_reason: None, ended_at: Some(ctx.moment()) };
    if instance::step(tx, instance, &step)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    let about = event::About { instance: Some(instance.id), ..event::About::default() };
    if instance.trial {
        // What was never opened was no trial.
        store::trial::remove(tx, instance.buyer_id, instance.product_id, &instance.specification)?;
    }
    event::record(tx, ctx, "instance.failed", about, &json!({ "since": instance.created_at.at() }))?;
    match &instance.seller_instance_id {
        None => Ok(()),
        Some(wire_id) => {
            let request = Request::ReleaseInstance { instance_id: wire_id.clone(), order: None };
            call::enqueue(tx, ctx, instance, None, &request)
        }
    }
}
