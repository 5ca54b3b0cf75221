//! Operations: what changed or is to change, as the seller asks and as the webhook is told. A change of plan is known by
//! its order; what the seller only hears is known by its call.

use super::{find, locked, subscription};
use crate::{
    Caller, Ctx, Error, Tenant, call,
    job::JobKind,
    neighbour::{guid, plan},
};
use db::{Key, Moment, Tx};
use domain::{
    call::{Activity, Outcome},
    id::{CallId, OrderId},
    order::{OrderKind, OrderState},
};
use store::{
    call::Call,
    instance::Instance,
    order::{Line, Order},
};
use wire::{
    azure::{Action, Event, Operation, OperationStatus, Update, UpdateOperation},
    saas_v2::{Request, Scene, Status},
};

fn unknown() -> Error {
    Error::not_found("neighbour.operation_unknown", "the subscription has no operation of this id")
}

fn uuid_of(text: &str) -> Option<OrderId> {
    domain::neighbour::of_guid(text).map(|id| OrderId(id.0))
}

/// What a call says in Azure's words; none for what it has no event for.
fn action(said: &Request) -> Option<Action> {
    match said {
        Request::RefreshInstance { scene: Scene::UnsubscribeRenewalPeriod, .. }
        | Request::NewInstance { .. }
        | Request::QueryInstance { .. }
        | Request::ChangeInstanceCheck { .. } => None,
        Request::RefreshInstance { .. } => Some(Action::Renew),
        Request::UpdateInstanceStatus { status: Status::Freeze, .. } => Some(Action::Suspend),
        Request::UpdateInstanceStatus { status: Status::Unfreeze, .. } => Some(Action::Reinstate),
        Request::UpgradeInstance { .. } => Some(Action::ChangePlan),
        Request::ReleaseInstance { .. } => Some(Action::Unsubscribe),
    }
}

fn said(call: &Call) -> Result<Option<Request>, Error> {
    match call::Said::read(call)? {
        call::Said::Instance(request) => Ok(Some(request)),
        _ => Ok(None),
    }
}

/// Whether a webhook is told of a call.
///
/// # Errors
/// [`Error::Row`].
pub(crate) fn is_told(call: &Call) -> Result<bool, Error> {
    Ok(said(call)?.as_ref().and_then(action).is_some())
}

fn operation_of(i: &Instance, id: uuid::Uuid, action: Action, at: Moment, offer: String) -> Operation {
    let id = id.hyphenated().to_string();
    Operation {
        activity_id: id.clone(),
        id,
        subscription_id: guid(i),
        offer_id: offer,
        publisher_id: i.seller_id.id::<domain::id::AccountId>().0.hyphenated().to_string(),
        plan_id: plan(i),
        quantity: i.quantity,
        action,
        time_stamp: at.to_string(),
        status: OperationStatus::Succeeded,
    }
}

fn offer(tx: &mut Tx, i: &Instance) -> Result<String, Error> {
    Ok(store::product::lookup(tx, i.seller_id, i.product_id)?.map_or_else(String::new, |p| p.key))
}

/// A change of plan by its order.
fn of_order(tx: &mut Tx, i: &Instance, order: &Order, line: &Line) -> Result<Operation, Error> {
    let status = match order.state {
        OrderState::Completed => OperationStatus::Succeeded,
        OrderState::Cancelled => OperationStatus::Failed,
        _ if order.paid_at.is_none() => OperationStatus::NotStarted,
        _ => OperationStatus::InProgress,
    };
    let base = operation_of(i, order.id.id::<OrderId>().0, Action::ChangePlan, order.created_at, offer(tx, i)?);
    Ok(Operation { plan_id: domain::neighbour::plan(&line.specification, &line.sku), status, ..base })
}

/// What a call tells; facts, so they have succeeded.
fn of_call(tx: &mut Tx, i: &Instance, call: &Call) -> Result<Option<Operation>, Error> {
    let Some(action) = said(call)?.as_ref().and_then(action) else {
        return Ok(None);
    };
    if let (Action::ChangePlan, Some(order)) = (action, call.order_id) {
        let order = store::order::lookup(tx, Tenant::Any, order)?.ok_or_else(unknown)?;
        let line = store::order::lines(tx, order.id)?.pop().ok_or_else(unknown)?;
        return of_order(tx, i, &order, &line).map(Some);
    }
    Ok(Some(operation_of(i, call.id.id::<CallId>().0, action, call.created_at, offer(tx, i)?)))
}

/// What the webhook is told of a call.
///
/// # Errors
/// [`Error::Row`].
pub(crate) fn event(tx: &mut Tx, ctx: &Ctx, call: &Call, i: &Instance) -> Result<String, Error> {
    let operation = of_call(tx, i, call)?.ok_or_else(|| Error::row("calls", call.id.id::<CallId>(), "is not told to Azure"))?;
    let subscription = subscription::view(tx, ctx, i)?;
    let event = Event { operation, operation_request_source: "Azure".to_owned(), subscription, purchase_token: None };
    serde_json::to_string(&event).map_err(|e| Error::row("calls", call.id.id::<CallId>(), e))
}

/// Operations that wait for somebody: changes of plan that are not over.
///
/// # Errors
/// `neighbour.subscription_unknown`.
pub fn operations(tx: &mut Tx, caller: &Caller, subscription: &str) -> Result<Vec<Operation>, Error> {
    let found = find(tx, caller, subscription)?;
    let Some(open) = found.open_order_id.map(|id| store::order::lookup(tx, Tenant::Any, id)).transpose()?.flatten() else {
        return Ok(vec![]);
    };
    if open.kind != OrderKind::Change {
        return Ok(vec![]);
    }
    let line = store::order::lines(tx, open.id)?.pop().ok_or_else(unknown)?;
    Ok(vec![of_order(tx, &found, &open, &line)?])
}

/// The order of a change of plan that is known by an id.
fn change(tx: &mut Tx, i: &Instance, id: &str) -> Result<Option<(Order, Line)>, Error> {
    let Some(id) = uuid_of(id) else {
        return Ok(None);
    };
    let order = store::order::lookup(tx, Tenant::Any, Key::of(id))?;
    let Some(order) = order.filter(|o| o.instance_id == Some(i.id) && o.kind == OrderKind::Change) else {
        return Ok(None);
    };
    Ok(store::order::lines(tx, order.id)?.pop().map(|line| (order, line)))
}

/// One operation of a subscription.
///
/// # Errors
/// `neighbour.subscription_unknown`, `neighbour.operation_unknown`.
pub fn operation(tx: &mut Tx, caller: &Caller, subscription: &str, id: &str) -> Result<Operation, Error> {
    let found = find(tx, caller, subscription)?;
    if let Some((order, line)) = change(tx, &found, id)? {
        return of_order(tx, &found, &order, &line);
    }
    let key = uuid_of(id).map(Key::of).ok_or_else(unknown)?;
    let call = store::call::lookup(tx, Tenant::Any, key)?.filter(|c| c.instance_id == found.id).ok_or_else(unknown)?;
    of_call(tx, &found, &call)?.ok_or_else(unknown)
}

/// What the seller says of an operation: a change of plan succeeds or fails by it; facts stay facts.
///
/// # Errors
/// `neighbour.subscription_unknown`, `neighbour.operation_unknown`, `neighbour.plan_differs`, `neighbour.operation_over`.
pub fn update(tx: &mut Tx, ctx: &Ctx, caller: &Caller, subscription: &str, id: &str, said: &UpdateOperation) -> Result<(), Error> {
    let found = locked(tx, caller, subscription)?;
    let Some((order, line)) = change(tx, &found, id)? else {
        operation(tx, caller, subscription, id)?;
        return match said.status {
            Update::Success => Ok(()),
            Update::Failure => Err(Error::conflict("neighbour.operation_over", "the operation has succeeded; it told what has happened")),
        };
    };
    let named = domain::neighbour::plan(&line.specification, &line.sku);
    if said.plan_id.as_ref().is_some_and(|p| !p.is_empty() && *p != named) {
        return Err(Error::field("/planId", "neighbour.plan_differs", format!("the operation is for the plan {named}")));
    }
    let over = |what: &str| Error::conflict("neighbour.operation_over", format!("the operation is {what}"));
    let upgrade = store::call::of_instance(tx, found.id)?
        .into_iter()
        .find(|c| c.order_id == Some(order.id) && c.activity == Activity::Upgrade && c.state.is_open());
    let Some(upgrade) = upgrade else {
        // Said again: no news.
        return match (order.state, said.status) {
            (OrderState::Completed, Update::Success) | (OrderState::Cancelled, Update::Failure) => Ok(()),
            (state, _) => Err(over(state.as_str())),
        };
    };
    if upgrade.attempts == 0 {
        return Err(over("not told to you yet"));
    }
    store::job::cancel(tx, JobKind::Call, upgrade.id)?;
    match said.status {
        Update::Success => {
            let judged = call::Judged { outcome: Outcome::Success, instance_id: None, app: None, licence: None };
            call::succeeded_quietly(tx, ctx, &upgrade, &found, &judged)
        }
        Update::Failure => call::given_up_quietly(tx, ctx, &upgrade, &found, "the seller refused the change of plan"),
    }
}
