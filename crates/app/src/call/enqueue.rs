//! Calls join the queue of their instance: strictly one after the other.

use super::{Said, notify};
use crate::{
    Ctx, Error, event,
    job::{self, JobKind},
};
use db::{DbError, Key, Moment, Tx};
use domain::{
    call::{Activity, CallState},
    id::CallId,
};
use serde_json::json;
use store::{
    Locked,
    call::{self, Call, Progress},
    instance::Instance,
    order::Order,
};
use wire::saas_v2::Request;

/// Stores a new instance with the call that opens it: there can be none before it.
///
/// # Errors
/// `trial.had_one`.
pub fn enqueue_first(tx: &mut Tx, ctx: &Ctx, instance: Instance, order: &Order, request: &Request) -> Result<Locked<Instance>, Error> {
    let said = Said::of(&instance, request)?.ok_or_else(|| Error::row("calls", request.activity(), "opens nothing"))?;
    let call = row(ctx, &instance, Some((order.id, order.number.clone())), (said.activity()?, said.text()?), (None, false, 0));
    let job = job::in_lane(ctx, JobKind::Call, call.id, call.seller_id, ctx.now);
    let trial = instance.trial;
    match call::insert_opening(tx, instance, &call, &job) {
        Err(e) if e.is_unique_violation() && trial => {
            Err(Error::conflict("trial.had_one", "you had a trial of this specification; one is given per buyer"))
        }
        result => Ok(result?),
    }
}

/// Adds a call behind those of the instance that are not over; due at once when there are none.
///
/// # Errors
/// [`Error::Store`].
pub fn enqueue(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, order: Option<&Order>, request: &Request) -> Result<(), Error> {
    enqueue_since(tx, ctx, instance, order.map(|o| (o.id, o.number.clone())), request, None)
}

/// As [`enqueue`], for a call whose window began with an earlier one.
pub(super) fn enqueue_since(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<(Key, String)>,
    request: &Request,
    first_at: Option<Moment>,
) -> Result<(), Error> {
    let Some(said) = Said::of(instance, request)? else {
        return Ok(());
    };
    say(tx, ctx, instance, order, &said, first_at)
}

/// Adds what is said to the queue of the instance.
pub(super) fn say(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<(Key, String)>,
    said: &Said,
    first_at: Option<Moment>,
) -> Result<(), Error> {
    if instance.address_id.is_none() && !matches!(said, Said::Kit(_)) {
        // A seller of codes who only asks hears nothing of them (license-interface 2.1), but of orders if he wants to.
        return match said.purchase() {
            Some(ids) => notify::purchase(tx, ctx, instance, order, ids),
            None => Ok(()),
        };
    }
    let (busy, last) = call::place(tx, instance)?;
    insert_text(tx, ctx, instance, order, (said.activity()?, said.text()?), (first_at, busy, last))
}

/// Asks the seller of an instance for a licence.
///
/// # Errors
/// [`Error::Store`].
pub fn enqueue_application(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    application: wire::licence_online::Application,
) -> Result<(), Error> {
    say(tx, ctx, instance, None, &Said::Apply(application), None)
}

/// Tells the seller of an instance of its company's people; the address is that of the application.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn enqueue_kit(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, request: wire::kit::Request) -> Result<(), Error> {
    say(tx, ctx, instance, None, &Said::Kit(request), None)
}

/// Adds a call beside those of the instance: it waits for none and none waits for it.
pub(super) fn beside(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<(Key, String)>,
    activity: Activity,
    request: String,
) -> Result<(), Error> {
    let (_, last) = call::place(tx, instance)?;
    insert_text(tx, ctx, instance, order, (activity, request), (None, false, last))
}

fn row(
    ctx: &Ctx,
    instance: &Instance,
    order: Option<(Key, String)>,
    (activity, request): (Activity, String),
    (first_at, busy, last): (Option<Moment>, bool, i64),
) -> Call {
    let (order_id, order_number) = order.unzip();
    Call {
        id: Key::of(ctx.id::<CallId>()),
        seller_id: instance.seller_id,
        buyer_id: instance.buyer_id,
        product_id: instance.product_id,
        instance_id: instance.id,
        order_id,
        order_number,
        seq: last + 1,
        activity,
        request,
        state: if busy { CallState::Waiting } else { CallState::Due },
        attempts: 0,
        failures: 0,
        first_at,
        next_at: (!busy).then_some(ctx.moment()),
        ended_at: None,
        last_error: None,
        created_at: ctx.moment(),
    }
}

fn insert_text(
    tx: &mut Tx,
    ctx: &Ctx,
    instance: &Locked<Instance>,
    order: Option<(Key, String)>,
    said: (Activity, String),
    place: (Option<Moment>, bool, i64),
) -> Result<(), Error> {
    let (busy, row) = (place.1, row(ctx, instance, order, said, place));
    let inserted = if busy {
        call::insert(tx, instance, &row)
    } else {
        call::insert_due(tx, instance, &row, &job::in_lane(ctx, JobKind::Call, row.id, row.seller_id, ctx.now))
    };
    match inserted {
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}

/// The next call of the instance that waits becomes due.
pub(super) fn next_in_line(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>) -> Result<(), Error> {
    let Some(next) = call::first_waiting(tx, instance)? else {
        return Ok(());
    };
    if call::set_due(tx, instance, next.id, ctx.moment())? == store::Written::Yes {
        job::schedule_in_lane(tx, ctx, JobKind::Call, next.id, next.seller_id, ctx.now)?;
    }
    Ok(())
}

/// Gives up the calls of an instance that are not over; its orders are told all the same.
///
/// # Errors
/// [`Error::Store`].
pub fn give_up_open(tx: &mut Tx, ctx: &Ctx, instance: &Locked<Instance>, reason: &str) -> Result<(), Error> {
    for open in call::of_instance(tx, instance.id)?.into_iter().filter(|c| c.state.is_open() && c.activity != Activity::Notify) {
        let progress = Progress {
            id: open.id,
            state: CallState::Failed,
            failures: open.failures,
            next_at: None,
            ended_at: Some(ctx.moment()),
            error: Some(reason),
        };
        call::progress(tx, instance, &progress)?;
        store::job::cancel(tx, JobKind::Call, open.id)?;
        let about = event::About { instance: Some(instance.id), order: open.order_id, ..event::About::default() };
        event::record(tx, ctx, "call.given_up", about, &json!({ "activity": open.activity, "reason": reason }))?;
    }
    Ok(())
}
