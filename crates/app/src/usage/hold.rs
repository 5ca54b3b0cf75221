//! Charges that are far above what an instance used before wait for its buyer: nothing is taken and nothing is owed until
//! they, or the operator, say yes. After some days without an answer, or with a no, the records are refused.

use super::{arrears, count::Outcome, count::Rating, later};
use crate::{
    Caller, Ctx, Error, Tenant, event, instance,
    job::{self, JobKind},
    order,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::HoldId,
    message::MessageEvent,
    money::Money,
    usage::{HOLD_DAYS, HoldEnd, HoldState, LARGEST_DAYS, Quantity, needs_consent},
};
use jiff::SignedDuration;
use serde_json::json;
use store::Locked;
use store::{
    Written,
    instance::Instance,
    usage as records,
    usage_hold::{self as rows, Hold},
};

/// Charges are made once an hour.
const SEEN_AFTER: SignedDuration = SignedDuration::from_mins(30);

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count.saturating_mul(24))
}

/// A charge that a rating would make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proposed {
    pub begin: Timestamp,
    pub amount_minor: i64,
    pub quantity: i64,
    /// The largest of the days before.
    pub largest_minor: Option<i64>,
}

/// The charge, when it waits for consent; `given` is what was agreed to before.
pub(super) fn proposed(
    tx: &mut Tx,
    ctx: &Ctx,
    rating: &Rating<'_>,
    begin: Timestamp,
    (amount_minor, quantity): (i64, i64),
    given: Option<i64>,
) -> Result<Option<Proposed>, Error> {
    if given.map_or(!needs_consent(amount_minor, None, rating.site.currency), |given| amount_minor <= given) {
        return Ok(None);
    }
    let since = ctx.now.checked_sub(days(LARGEST_DAYS)).unwrap_or(Timestamp::MIN);
    // What was charged just now, by this rating or one that goes on with it, nobody has seen: it vouches for nothing.
    let until = ctx.now.checked_sub(SEEN_AFTER).unwrap_or(Timestamp::MIN);
    let largest_minor = records::largest_charge(tx, rating.found.id, (Moment::of(since), Moment::of(until)))?;
    let waits = given.is_some() || needs_consent(amount_minor, largest_minor, rating.site.currency);
    Ok(waits.then_some(Proposed { begin, amount_minor, quantity, largest_minor }))
}

/// Lets the records of a charge wait, and asks the buyer.
pub(super) fn place(tx: &mut Tx, ctx: &Ctx, rating: &Rating<'_>, p: Proposed, of: &[Key]) -> Result<(), Error> {
    let (found, until) = (rating.found, later(ctx.now, days(HOLD_DAYS)));
    let hold = Hold {
        id: Key::of(ctx.id::<HoldId>()),
        instance_id: found.id,
        buyer_id: found.buyer_id,
        seller_id: found.seller_id,
        begin_at: Moment::of(p.begin),
        quantity: p.quantity,
        currency: rating.site.currency,
        amount_minor: p.amount_minor,
        largest_minor: p.largest_minor,
        state: HoldState::Waiting,
        created_at: ctx.moment(),
        until_at: Moment::of(until),
        decided_at: None,
        decided_by: None,
    };
    rows::insert(tx, &hold)?;
    rows::hold_records(tx, of, hold.id)?;
    job::schedule(tx, ctx, JobKind::UsageHold, Some(hold.id), until)?;
    recorded(tx, ctx, &hold, "usage.held")?;
    let money = |minor: i64| Money::new(minor, rating.site.currency).to_string();
    let params = [
        ("amount", money(p.amount_minor)),
        ("largest", money(p.largest_minor.unwrap_or(0))),
        ("quantity", Quantity(p.quantity).to_string()),
        ("from", order::moment(p.begin)),
        ("until", order::moment(until)),
    ];
    instance::tell(tx, ctx, found, MessageEvent::UsageHeld, &params)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, hold: &Hold, kind: &str) -> Result<(), Error> {
    let about = event::About { instance: Some(hold.instance_id), ..event::About::default() };
    let amount = hold.currency.text(hold.amount_minor);
    let data = json!({ "hold": hold.id.id::<HoldId>(), "amount": amount, "currency": hold.currency });
    event::record(tx, ctx, kind, about, &data)
}

/// Says yes or no to a held charge, as its buyer or as the operator ([`Tenant::Any`]).
///
/// # Errors
/// `usage.hold_not_found`, `usage.hold_over`, `usage.hold_decided`, `usage.over_cap`.
pub fn decide_hold(tx: &mut Tx, ctx: &Ctx, caller: &Caller, tenant: Tenant, id: HoldId, yes: bool) -> Result<Hold, Error> {
    let missing = || Error::not_found("usage.hold_not_found", "there is no such held charge");
    let by = match tenant {
        Tenant::Buyer(_) => HoldEnd::Buyer,
        Tenant::Any if caller.staff.is_some() => HoldEnd::Operator,
        Tenant::Seller(_) | Tenant::Any => return Err(missing()),
    };
    let hold = rows::lookup(tx, tenant, Key::of(id))?.ok_or_else(missing)?;
    if hold.state == HoldState::Waiting && ctx.moment() >= hold.until_at {
        let detail = format!("it waited for {HOLD_DAYS} days and is refused; the seller pushes it again if it is right");
        return Err(Error::conflict("usage.hold_over", detail));
    }
    let decided = if yes { approve(tx, ctx, &hold, by)? } else { refuse(tx, ctx, &hold, by)? };
    if decided == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("usage.hold_decided", "the charge waits no more; somebody decided, or its records were corrected"));
    }
    rows::lookup(tx, tenant, hold.id)?.ok_or_else(missing)
}

fn end(tx: &mut Tx, ctx: &Ctx, hold: &Hold, state: HoldState, by: HoldEnd) -> Result<Written, Error> {
    store::job::cancel(tx, JobKind::UsageHold, hold.id)?;
    Ok(rows::decide(tx, hold.id, state, by, ctx.moment())?)
}

fn subject(tx: &mut Tx, hold: &Hold) -> Result<Locked<Instance>, Error> {
    let found = store::instance::lock(tx, Tenant::Any, hold.instance_id)?;
    found.ok_or_else(|| Error::row("usage_holds", hold.id.id::<HoldId>(), "its instance is gone"))
}

/// Charges what was agreed to. What has become more meanwhile, because packages or tiers were used up by others, is asked
/// for again.
fn approve(tx: &mut Tx, ctx: &Ctx, hold: &Hold, by: HoldEnd) -> Result<Written, Error> {
    let found = subject(tx, hold)?;
    let mut rating = Rating::begin(tx, ctx, &found)?;
    if end(tx, ctx, hold, HoldState::Approved, by)? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    let of = rows::let_go(tx, hold.id)?;
    rating.agreed(hold.amount_minor, by);
    match rating.charge(tx, ctx, hold.begin_at.at(), &of)? {
        Outcome::Charged => {}
        Outcome::Held => {
            rows::withdraw_approved(tx, hold.id)?;
        }
        Outcome::Refused => {
            let detail = "a cap of the instance would be exceeded; who set it raises it first";
            return Err(Error::conflict("usage.over_cap", detail));
        }
    }
    recorded(tx, ctx, hold, "usage.hold_approved")?;
    rating.end(tx, ctx)?;
    arrears::settle(tx, ctx, found.buyer_id)?;
    Ok(Written::Yes)
}

/// Refuses the records of a held charge, and tells the seller.
fn refuse(tx: &mut Tx, ctx: &Ctx, hold: &Hold, by: HoldEnd) -> Result<Written, Error> {
    let found = subject(tx, hold)?;
    if end(tx, ctx, hold, HoldState::Refused, by)? == Written::SomeoneElseWasFirst {
        return Ok(Written::SomeoneElseWasFirst);
    }
    let amount = Money::new(hold.amount_minor, hold.currency).to_string();
    let who = match by {
        HoldEnd::Buyer => "the buyer refused it".to_owned(),
        HoldEnd::Operator => "the operator refused it".to_owned(),
        HoldEnd::Time | HoldEnd::Correction | HoldEnd::Amount => format!("nobody agreed to it within {HOLD_DAYS} days"),
    };
    let reason = format!("the charge of {amount} waited for consent, and {who}");
    let of = rows::let_go(tx, hold.id)?;
    of.iter().try_for_each(|record| super::refuse(tx, ctx, record, &reason))?;
    recorded(tx, ctx, hold, "usage.hold_refused")?;
    let params = [("amount", amount), ("count", of.len().to_string()), ("reason", who)];
    instance::tell(tx, ctx, &found, MessageEvent::SaleUsageRefused, &params)?;
    Ok(Written::Yes)
}

/// The days in which a held charge could be agreed to are over.
///
/// # Errors
/// [`Error::Store`].
pub fn hold_over(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    if let Some(hold) = rows::lookup(tx, Tenant::Any, id)? {
        let _decided_before = refuse(tx, ctx, &hold, HoldEnd::Time)?;
    }
    Ok(())
}

/// A record of a held charge was corrected: the others are judged anew with the correction.
pub(super) fn withdraw(tx: &mut Tx, ctx: &Ctx, hold: Key) -> Result<(), Error> {
    let Some(hold) = rows::lookup(tx, Tenant::Any, hold)? else {
        return Ok(());
    };
    if end(tx, ctx, &hold, HoldState::Withdrawn, HoldEnd::Correction)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    rows::let_go(tx, hold.id)?;
    recorded(tx, ctx, &hold, "usage.hold_withdrawn")
}
