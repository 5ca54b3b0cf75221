//! Caps: what an instance may be charged for the use of a month at most, as its buyer and its seller said. The lower one
//! counts; at 80 % both are warned, at 100 % happens what was chosen with it.

use super::is_by_use;
use crate::{
    Caller, Ctx, Error, Tenant, event,
    instance::{self, is_capped},
    job::{self, JobKind},
    order,
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::InstanceId,
    instance::InstanceState,
    message::MessageEvent,
    money::{AMOUNT_MINOR_MAX, Money},
    site::{Month, Site},
    usage::{Cap, CapAction, CapLevel, CapSide, CapStanding as Standing, in_force},
};
use jiff::SignedDuration;
use serde_json::json;
use store::Locked;
use store::{
    instance::Instance,
    usage_cap::{self as rows, Cap as Row},
};

/// How long a cap that was changed is kept: no record of use before is taken any more.
const KEPT_DAYS: i64 = 62;

/// What an instance was charged for the use of a month.
pub(super) fn charged(tx: &mut Tx, month: &Month, instance: Key) -> Result<i64, Error> {
    Ok(rows::charged_between(tx, instance, (Moment::of(month.start), Moment::of(month.end)))?.max(0))
}

/// The caps of an instance, and how far the month has come.
#[derive(Debug, Clone)]
pub struct Caps {
    pub all: Vec<Cap>,
    /// yyyy-MM
    pub month: String,
    pub charged_minor: i64,
    /// Whose cap is reached this month, or refused a record of it.
    pub reached: Vec<CapSide>,
    /// When the month ends.
    pub until: Timestamp,
    /// The instance is frozen because the cap is reached.
    pub stopped: bool,
}

fn cap(row: &Row) -> Cap {
    Cap { side: row.side, amount_minor: row.amount_minor, action: row.action }
}

/// The caps of an instance, and how far this month has come. The caller has looked up the instance for its tenant.
///
/// # Errors
/// [`Error::Store`].
pub fn caps(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Caps, Error> {
    let month = instance::site(tx, ctx, found)?.month_of(ctx.now);
    let (stored, charged_minor) = (rows::of_instance(tx, found.id)?, charged(tx, &month, found.id)?);
    let all = stored.iter().map(cap).collect::<Vec<Cap>>();
    let is_reached = |(cap, row): &(&Cap, &Row)| row.reached_month == month.name || cap.level(charged_minor) == CapLevel::Reached;
    let reached = all.iter().zip(&stored).filter(is_reached).map(|(cap, _)| cap.side).collect();
    Ok(Caps { all, month: month.name, charged_minor, reached, until: month.end, stopped: is_capped(found) })
}

/// The caps of an instance, each with those that its side had before.
pub(super) fn of_instance(tx: &mut Tx, instance: Key) -> Result<Vec<Standing>, Error> {
    let stored = rows::of_instance(tx, instance)?;
    let former = if stored.is_empty() { Vec::new() } else { rows::former(tx, instance)? };
    let was = |row: &rows::Former| {
        let cap = Cap { side: row.side, amount_minor: row.amount_minor, action: row.action };
        (row.from_at.at(), row.until_at.at(), cap)
    };
    let standing = |row: &Row| {
        let former = former.iter().filter(|f| f.side == row.side).map(was).collect();
        Standing { cap: cap(row), set_at: row.set_at.at(), former }
    };
    Ok(stored.iter().map(standing).collect())
}

/// Why a record is refused that would go beyond a cap.
pub(super) fn reason(cap: &Cap, site: &Site, month: &Month) -> String {
    let amount = Money::new(cap.amount_minor, site.currency);
    format!("usage_value: the cap of {amount} for {}, set by the {}, would be exceeded", month.name, cap.side)
}

/// Sets the cap of one side of an instance, or removes it.
///
/// # Errors
/// `instance.not_found`, `instance.not_on_demand`, `instance.state`, `cap.amount`.
pub fn set_cap(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    side: CapSide,
    id: InstanceId,
    wanted: Option<(i64, CapAction)>,
) -> Result<Caps, Error> {
    let account = Key::of(caller.account_id);
    let tenant = match side {
        CapSide::Buyer => Tenant::Buyer(account),
        CapSide::Seller => Tenant::Seller(account),
    };
    let found = instance::locked(tx, tenant, id)?;
    if !is_by_use(tx, ctx, &found)? {
        return Err(Error::conflict("instance.not_on_demand", "the instance is not billed by use"));
    }
    let currency = instance::currency(tx, ctx, &found)?;
    let old = ctx.now.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).unwrap_or(Timestamp::MIN);
    rows::keep(tx, (found.id, side), ctx.moment(), Moment::of(old))?;
    match wanted {
        None => rows::remove(tx, found.id, side)?,
        Some((amount_minor, action)) => {
            if !matches!(found.state, InstanceState::Opening | InstanceState::Running | InstanceState::Frozen) {
                return Err(Error::conflict("instance.state", format!("the instance is {} and is used no more", found.state)));
            }
            if !(1..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
                let most = currency.text(AMOUNT_MINOR_MAX);
                return Err(Error::field("/amount", "cap.amount", format!("a cap is more than zero and at most {most}")));
            }
            let row = Row {
                instance_id: found.id,
                side,
                amount_minor,
                action,
                set_at: ctx.moment(),
                warned_month: String::new(),
                reached_month: String::new(),
            };
            rows::put(tx, &row)?;
        }
    }
    let about = event::About { instance: Some(found.id), ..event::About::default() };
    let amount = wanted.map(|(amount, _)| currency.text(amount));
    let data = json!({ "side": side, "amount": amount, "currency": currency.as_str(), "action": wanted.map(|(_, action)| action) });
    event::record(tx, ctx, "usage.cap_set", about, &data)?;
    review(tx, ctx, &found, None)?;
    let now = instance::show(tx, tenant, id)?;
    caps(tx, ctx, &now)
}

/// Freezes an instance while a cap that freezes is reached, and tells of the caps that stop, refuse or come near, after a charge,
/// a change of a cap, or the end of a month. `refused`: records of this month were refused for it.
pub(super) fn review(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>, refused: Option<CapSide>) -> Result<(), Error> {
    let site = instance::site(tx, ctx, found)?;
    let (month, all) = (site.month_of(ctx.now), rows::of_instance(tx, found.id)?);
    let parsed: Vec<Cap> = all.iter().map(cap).collect();
    let charged = charged(tx, &month, found.id)?;
    // Each cap does what was chosen with it: one that refuses keeps no other from freezing.
    let stops = in_force(parsed.iter().copied().filter(|cap| cap.action == CapAction::Freeze && cap.level(charged) == CapLevel::Reached));
    match stops {
        None => instance::unfreeze_capped(tx, ctx, found)?,
        Some(cap) if found.state == InstanceState::Running => {
            let amount = Money::new(cap.amount_minor, site.currency);
            instance::freeze_capped(tx, ctx, found, &format!("the cap of {amount} a month is reached"))?;
            job::schedule(tx, ctx, JobKind::UsageCap, Some(found.id), month.end)?;
        }
        Some(_) => {}
    }
    let refuses = parsed.iter().copied().find(|cap| Some(cap.side) == refused && stops != Some(*cap));
    let mut told: Vec<(Cap, CapLevel)> = stops.into_iter().chain(refuses).map(|cap| (cap, CapLevel::Reached)).collect();
    if told.is_empty() {
        told.extend(in_force(parsed).map(|cap| (cap, cap.level(charged))));
    }
    for (cap, level) in told {
        if let Some(row) = all.iter().find(|row| row.side == cap.side) {
            tell(tx, ctx, found, (&cap, level, row), (&site, &month, charged))?;
        }
    }
    Ok(())
}

/// Tells both sides of a cap, each level once a month.
fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    found: &Instance,
    (cap, level, row): (&Cap, CapLevel, &Row),
    (site, month, charged): (&Site, &Month, i64),
) -> Result<(), Error> {
    let (was_near, was_reached) = (row.warned_month == month.name, row.reached_month == month.name);
    let events = match (level, cap.action) {
        (CapLevel::Reached, _) if was_reached => return Ok(()),
        (CapLevel::Reached, CapAction::Freeze) => [MessageEvent::UsageCapFroze, MessageEvent::SaleCapReached],
        (CapLevel::Reached, CapAction::Refuse) => [MessageEvent::UsageCapRefuses, MessageEvent::SaleCapReached],
        (CapLevel::Near, _) if !was_near && !was_reached => [MessageEvent::UsageCapNear, MessageEvent::SaleCapNear],
        (CapLevel::Near | CapLevel::Below, _) => return Ok(()),
    };
    let reached_month = if level == CapLevel::Reached { month.name.clone() } else { row.reached_month.clone() };
    rows::put(tx, &Row { warned_month: month.name.clone(), reached_month, ..row.clone() })?;
    let money = |minor: i64| Money::new(minor, site.currency).to_string();
    let params = [
        ("cap", money(cap.amount_minor)),
        ("charged", money(charged)),
        ("side", cap.side.as_str().to_owned()),
        ("until", order::moment(month.end)),
    ];
    events.into_iter().try_for_each(|event| instance::tell(tx, ctx, found, event, &params))
}

/// The month of a cap that stopped an instance is over.
///
/// # Errors
/// [`Error::Store`].
pub fn month_over(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    match store::instance::lock(tx, Tenant::Any, id)? {
        Some(found) => review(tx, ctx, &found, None),
        None => Ok(()),
    }
}

/// Freezes an instance whose cap was reached while it was frozen for another reason.
///
/// # Errors
/// [`Error::Store`].
pub fn stop_if_capped(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    if found.state == InstanceState::Running { review(tx, ctx, found, None) } else { Ok(()) }
}
