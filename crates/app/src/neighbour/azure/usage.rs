//! Usage events: one for a subscription, a dimension and an hour.

use super::find;
use crate::{
    Caller, Ctx, Error,
    neighbour::plan,
    usage::{self, Hourly},
};
use db::{Moment, Tx};
use domain::{
    Timestamp,
    instance::InstanceState,
    neighbour::{self, BadTime},
    usage::Quantity,
};
use serde_json::Value;
use wire::azure::{UsageAnswer, UsageEvent, UsageFault, UsageStatus};

/// An answer, and what was accepted before when this was a repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub answer: UsageAnswer,
    pub accepted: Option<UsageAnswer>,
}

struct Refused(UsageStatus, String);

fn answer(ctx: &Ctx, event: &UsageEvent, status: UsageStatus) -> UsageAnswer {
    UsageAnswer {
        usage_event_id: None,
        status,
        message_time: ctx.now.to_string(),
        resource_id: event.resource_id.clone().or_else(|| event.resource_uri.clone()),
        quantity: event.quantity.clone(),
        dimension: event.dimension.clone(),
        effective_start_time: event.effective_start_time.clone(),
        plan_id: event.plan_id.clone(),
        error: None,
    }
}

/// Books a usage event of the caller's, or says why not.
///
/// # Errors
/// [`Error::Store`].
pub fn report(tx: &mut Tx, ctx: &Ctx, caller: &Caller, event: &UsageEvent) -> Result<Told, Error> {
    match book(tx, ctx, caller, event)? {
        Ok(told) => Ok(told),
        Err(Refused(code, message)) => {
            let fault = Some(UsageFault { code, message });
            Ok(Told { answer: UsageAnswer { error: fault, ..answer(ctx, event, code) }, accepted: None })
        }
    }
}

fn quantity(event: &UsageEvent) -> Result<Quantity, Refused> {
    let text = match &event.quantity {
        Value::Number(n) => n.to_string(),
        _ => String::new(),
    };
    // A whole number may come as 5.0.
    let text = text.strip_suffix(".0").unwrap_or(&text);
    match text.parse::<Quantity>() {
        Ok(q) if q.0 > 0 => Ok(q),
        _ => Err(Refused(UsageStatus::InvalidQuantity, "quantity is a number above 0 with at most 4 decimals".to_owned())),
    }
}

fn time(event: &UsageEvent) -> Result<Timestamp, Refused> {
    let text = event.effective_start_time.as_deref().unwrap_or_default();
    let utc = || format!("{text}Z").parse();
    let read = text.parse::<Timestamp>().or_else(|_| utc());
    read.map_err(|_| Refused(UsageStatus::BadArgument, "effectiveStartTime is a time such as 2026-01-02T03:04:05Z".to_owned()))
}

fn book(tx: &mut Tx, ctx: &Ctx, caller: &Caller, event: &UsageEvent) -> Result<Result<Told, Refused>, Error> {
    let (quantity, at) = match quantity(event).and_then(|q| Ok((q, time(event)?))) {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let no = |status, why: &str| Ok(Err(Refused(status, why.to_owned())));
    let named = event.resource_id.as_deref().or(event.resource_uri.as_deref()).unwrap_or_default();
    let found = match find(tx, caller, named) {
        Ok(found) => found,
        Err(Error::Refused(_)) => return no(UsageStatus::ResourceNotFound, "resourceId is none of your subscriptions"),
        Err(e) => return Err(e),
    };
    if event.plan_id.as_deref() != Some(plan(&found).as_str()) {
        return no(UsageStatus::BadArgument, "planId is not the plan of the subscription");
    }
    if event.dimension.as_deref() != Some(found.specification.as_str()) || !usage::is_by_use(tx, ctx, &found)? {
        return no(UsageStatus::InvalidDimension, "dimension is the key of a specification that is billed by use");
    }
    let opened = found.opened_at.map(Moment::at).filter(|_| found.state != InstanceState::Frozen);
    let Some(opened) = opened else {
        return no(UsageStatus::ResourceNotActive, "the subscription is not active");
    };
    match neighbour::check_metered(at, opened, found.ended_at.map(Moment::at), ctx.now) {
        Ok(()) => {}
        Err(BadTime::TooOld) => return no(UsageStatus::Expired, "effectiveStartTime lies more than 24 hours back"),
        Err(BadTime::AfterEnd) => return no(UsageStatus::ResourceNotActive, "the subscription had ended"),
        Err(e @ (BadTime::Ahead | BadTime::BeforeOpening)) => return no(UsageStatus::BadArgument, &format!("effectiveStartTime: {e}")),
    }
    if usage::was_frozen(tx, found.id, at)? {
        return no(UsageStatus::ResourceNotActive, "the subscription was suspended at effectiveStartTime");
    }
    let reported = usage::hourly(tx, ctx, &Hourly { by: "azure", instance: &found, at, quantity })?;
    let id = Some(uuid::Uuid::from_bytes(reported.record.0).hyphenated().to_string());
    if !reported.known {
        return Ok(Ok(Told { answer: UsageAnswer { usage_event_id: id, ..answer(ctx, event, UsageStatus::Accepted) }, accepted: None }));
    }
    let accepted = UsageAnswer {
        usage_event_id: id,
        message_time: reported.received_at.to_string(),
        quantity: serde_json::from_str(&reported.quantity.to_string()).unwrap_or_default(),
        ..answer(ctx, event, UsageStatus::Duplicate)
    };
    Ok(Ok(Told { answer: answer(ctx, event, UsageStatus::Duplicate), accepted: Some(accepted) }))
}
