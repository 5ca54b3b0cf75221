//! Automatic renewal (自动续费): the platform orders the next term in the buyer's name, 7, 3 and 1 days before
//! the last one ends and on its last day (`order-life 3`).

use super::{
    RenewalPrice, Sold,
    renew::{Subject, draft, locked_subject, require_free, subject, taken_and_placed},
};
use crate::{Caller, Ctx, Error, Tenant, account, event, instance};
use db::{DbError, Key, Tx};
use domain::{
    id::InstanceId,
    instance::InstanceState,
    listing::{Sku, Specification},
    message::MessageEvent,
    money::{self, Currency, Money},
    order::{OrderKind, OrderState},
    period::Period,
    pricing, term,
};
use jiff::SignedDuration;
use ledger::AccountKind;
use serde_json::json;
use store::{Locked, Written, auto_renewal, instance::Instance, order::Line};

/// How long a try waits for an order that is paid and at the seller: that is over within hours.
const WHILE_AT_THE_SELLER: SignedDuration = SignedDuration::from_mins(15);
/// The consent names the price of a term, not how many of them: a wrong record that uses a package up takes one at most.
const USED_UP_TWICE: &str = "it was renewed this month already because it was used up; renew it by hand";

/// What switching automatic renewal on agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoRenewalQuote {
    /// What a term costs now: no more is taken until the buyer agrees again.
    pub price: Money,
    /// What the buyer paid last, or agreed to, for a term of that period and combination.
    pub last: Option<Money>,
}

/// What a term would cost by automatic renewal now, and what the last one cost.
///
/// # Errors
/// As [`set_auto_renewal`].
pub fn auto_renewal_quote(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, period: Period) -> Result<AutoRenewalQuote, Error> {
    let subject = subject(tx, ctx, caller, id)?;
    let price_minor = renewable_price(ctx, caller, &subject, period)?;
    let money = |minor| Money::new(minor, subject.site.currency);
    let last = last_price(tx, &subject.instance, period)?;
    Ok(AutoRenewalQuote { price: money(price_minor), last: last.map(money) })
}

/// What a term costs of an instance that may be renewed automatically.
fn renewable_price(ctx: &Ctx, caller: &Caller, subject: &Subject, period: Period) -> Result<i64, Error> {
    require_running(ctx, &subject.instance)?;
    if subject.specification.package.as_ref().is_some_and(|p| !p.reset.renews_automatically()) {
        let detail = "a package that resets every hour, day or week is not renewed automatically; renew it by hand";
        return Err(Error::conflict("instance.no_auto_renewal", detail));
    }
    Ok(draft(caller, subject, OrderKind::Renew, period)?.total_minor)
}

/// The price that was agreed to, else what the last term of the period and the present combination was bought for.
fn last_price(tx: &mut Tx, found: &Instance, period: Period) -> Result<Option<i64>, Error> {
    if let Some(row) = auto_renewal::of_instance(tx, found.id)?.filter(|row| row.period == period) {
        return Ok(Some(row.price_minor));
    }
    for term in store::term::of_instance(tx, found.id)?.iter().rev().filter(|t| t.period == period) {
        if let Some(line) = store::order::any_line(tx, term.line_id)?.filter(|line| line.sku == found.sku) {
            return Ok(Some(term_price(&line)?));
        }
    }
    Ok(None)
}

/// Switches automatic renewal of the caller's instance on, with the period of each new term, or off. Switching it on, also
/// once more, is the consent to what a term costs now.
///
/// # Errors
/// `instance.not_found`, `instance.not_running`, `instance.trial`, `instance.one_time`,
/// `instance.no_auto_renewal`, `price.…`.
pub fn set_auto_renewal(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, period: Option<Period>) -> Result<Instance, Error> {
    let Some(period) = period else {
        let found = instance::locked(tx, Tenant::Buyer(Key::of(caller.account_id)), id)?;
        switch_off(tx, ctx, &found, "by the buyer")?;
        return Ok(found.into_row());
    };
    switch_on(tx, ctx, caller, id, (period, None))
}

fn switch_on(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId, (period, seen): (Period, Option<Money>)) -> Result<Instance, Error> {
    let (_locked, subject) = locked_subject(tx, ctx, caller, id)?;
    let price_minor = renewable_price(ctx, caller, &subject, period)?;
    let price = Money::new(price_minor, subject.site.currency);
    if seen.is_some_and(|seen| seen != price) {
        let detail = format!("a term costs {price} now; look at it again, and agree to that price");
        return Err(Error::conflict("auto_renewal.price_changed", detail));
    }
    let Subject { instance: found, site, .. } = subject;
    let row = auto_renewal::AutoRenewal {
        instance_id: found.id,
        period,
        user_id: Key::of(caller.user_id),
        since: ctx.moment(),
        price_minor,
        // Who agrees again wants it renewed again.
        used_up_month: String::new(),
    };
    auto_renewal::put(tx, &row)?;
    event::record(tx, ctx, "instance.auto_renewal_on", about(&found), &json!({ "period": row.period, "price": price }))?;
    let end = instance::end_of(&found)?;
    // Who switches it on when the last try is over, or the package is used up, wants it all the same.
    let next = instance::tries_left(&site, end, ctx.now).0.filter(|_| !instance::is_used_up(ctx, &found));
    let at = next.unwrap_or(ctx.now);
    instance::schedule_auto_renewal(tx, ctx, found.id, Some(at))?;
    Ok(found)
}

/// Switches automatic renewal on at the price that its buyer saw.
///
/// # Errors
/// `auto_renewal.price_changed` when a term costs another one now; as [`set_auto_renewal`].
pub fn agree_to_auto_renewal(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    id: InstanceId,
    (period, seen): (Period, Money),
) -> Result<Instance, Error> {
    switch_on(tx, ctx, caller, id, (period, Some(seen)))
}

/// The last price follows what the buyer saw and paid for by themselves: a renewal for the same period, or an upgrade whose
/// quote said what a term costs from then on. Whatever else it costs then, the next try asks for consent.
pub(super) fn price_follows(tx: &mut Tx, found: &Instance, line: &Line) -> Result<(), Error> {
    let Some(row) = auto_renewal::of_instance(tx, found.id)? else {
        return Ok(());
    };
    let Some(period) = line.period else {
        return match Sold::of(line)?.renewal.filter(|shown| shown.period == row.period.to_string()) {
            Some(shown) => Ok(auto_renewal::set_price(tx, found.id, shown.minor)?),
            None => Ok(()),
        };
    };
    if period != row.period {
        return Ok(());
    }
    Ok(auto_renewal::set_price(tx, found.id, term_price(line)?)?)
}

/// What a line paid for its term, without what it added to others.
fn term_price(line: &Line) -> Result<i64, Error> {
    let fees = money::sum(Sold::of(line)?.term_fees.iter().map(|f| f.fee_minor))?;
    Ok(money::difference(line.amount_minor, fees)?)
}

fn bad(found: &Instance, e: &dyn std::fmt::Display) -> Error {
    Error::row("auto_renewals", found.id.id::<InstanceId>(), e)
}

/// What a term of a combination costs by automatic renewal; none where it is switched off, or the combination is not sold for
/// its period: then the next try says so.
pub(super) fn price_of(
    tx: &mut Tx,
    found: &Instance,
    (spec, sku): (&Specification, &str),
    currency: Currency,
) -> Result<Option<RenewalPrice>, Error> {
    let Some(row) = auto_renewal::of_instance(tx, found.id)? else {
        return Ok(None);
    };
    let period = row.period;
    let sku = spec.sku(sku).ok_or_else(|| bad(found, &"its combination is gone"))?;
    let quantity = u32::try_from(found.quantity).map_err(|e| bad(found, &e))?;
    let sku = Sku { on_sale: true, ..sku.clone() };
    let price = pricing::price(spec, &sku, Some(period), quantity, currency).ok();
    Ok(price.map(|price| RenewalPrice { period: row.period.to_string(), minor: price.total.minor }))
}

/// A refund of a renewal says that no more are wanted; a release ends it with the instance.
pub(super) fn switch_off(tx: &mut Tx, ctx: &Ctx, found: &Instance, reason: &str) -> Result<(), Error> {
    if auto_renewal::remove(tx, found.id)? == Written::SomeoneElseWasFirst {
        return Ok(());
    }
    instance::schedule_auto_renewal(tx, ctx, found.id, None)?;
    event::record(tx, ctx, "instance.auto_renewal_off", about(found), &json!({ "reason": reason }))
}

fn about(found: &Instance) -> event::About {
    event::About { instance: Some(found.id), ..event::About::default() }
}

/// A package that stopped because it is used up may be renewed before its end.
fn require_running(ctx: &Ctx, found: &Instance) -> Result<(), Error> {
    if found.state == InstanceState::Running || instance::is_used_up(ctx, found) {
        return Ok(());
    }
    Err(Error::conflict("instance.not_running", format!("the instance is {}; only a running one is renewed automatically", found.state)))
}

/// Why a try did not renew.
enum Obstacle {
    WalletShort {
        amount: Money,
        balance: Money,
    },
    /// A term costs more than the last one; the buyer is to agree first.
    Dearer {
        last: Money,
        now: Money,
    },
    Refused(String),
}

/// A try: renews, or tells the buyer why not and when the next try is. After the last one it is switched off.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn auto_renew(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(wanted) = auto_renewal::of_instance(tx, id)? else {
        return Ok(());
    };
    let caller = account::caller_of_user(tx, wanted.user_id)?;
    let (locked, subject) = locked_subject(tx, ctx, &caller, id.id())?;
    // The buyer may have switched it off, or agreed to another price, while this waited for the instance.
    let Some(wanted) = auto_renewal::of_instance(tx, id)? else {
        return Ok(());
    };
    let period = wanted.period;
    let last = Money::new(wanted.price_minor, subject.site.currency);
    let (locked, subject) = without_asked(tx, ctx, &caller, locked, subject)?;
    if is_at_the_seller(tx, &locked)? {
        // It is over within hours: it is no reason to renew nothing.
        return instance::schedule_auto_renewal(tx, ctx, id, Some(ctx.now + WHILE_AT_THE_SELLER));
    }
    let month = instance::is_used_up(ctx, &subject.instance).then(|| subject.site.month_of(ctx.now).name);
    if month.as_ref() == Some(&wanted.used_up_month) {
        return not_renewed(tx, ctx, &subject, Obstacle::Refused(USED_UP_TWICE.to_owned()));
    }
    match renew(tx, ctx, &caller, (&locked, &subject), (period, last)) {
        Ok(None) => month.map_or(Ok(()), |month| Ok(auto_renewal::set_used_up_month(tx, id, &month)?)),
        Ok(Some(obstacle)) => not_renewed(tx, ctx, &subject, obstacle),
        Err(Error::Refused(refusal)) => not_renewed(tx, ctx, &subject, Obstacle::Refused(refusal.detail)),
        Err(e) => Err(e),
    }
}

/// Whether a change of the instance is paid and waits for the seller. What is under supervision may take for ever: the buyer is told.
fn is_at_the_seller(tx: &mut Tx, found: &Instance) -> Result<bool, Error> {
    let Some(open) = found.open_order_id else { return Ok(false) };
    let order = store::order::lookup(tx, Tenant::Any, open)?;
    Ok(order.is_some_and(|order| order.kind == OrderKind::Change && order.state == OrderState::Processing))
}

/// What somebody else asked for in the buyer's name and they have not paid stands in the way of no renewal: it is cancelled.
fn without_asked(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    locked: Locked<Instance>,
    subject: Subject,
) -> Result<(Locked<Instance>, Subject), Error> {
    let Some(open) = locked.open_order_id else { return Ok((locked, subject)) };
    let asked = store::order::lines(tx, open)?.first().map(Sold::of).transpose()?.is_some_and(|sold| sold.asked);
    if !asked {
        return Ok((locked, subject));
    }
    super::cancel_unpaid(tx, ctx, open)?;
    locked_subject(tx, ctx, caller, instance::id(&locked))
}

/// Refuses before anything is written, so that the reason can be told in the same transaction.
fn renew(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    (locked, subject): (&Locked<Instance>, &Subject),
    (period, last): (Period, Money),
) -> Result<Option<Obstacle>, Error> {
    require_running(ctx, &subject.instance)?;
    let draft = draft(caller, subject, OrderKind::Renew, period)?;
    subject.require_near(ctx, period)?;
    require_free(tx, &subject.instance)?;
    if draft.total_minor > last.minor {
        return Ok(Some(Obstacle::Dearer { last, now: Money::new(draft.total_minor, last.currency) }));
    }
    let currency = subject.site.currency;
    let owner = hex::encode(subject.instance.buyer_id.0);
    let balance = store::ledger::balance(tx, AccountKind::BuyerWallet, &owner, currency)?;
    if balance < draft.total_minor {
        let (amount, balance) = (Money::new(draft.total_minor, currency), Money::new(balance, currency));
        return Ok(Some(Obstacle::WalletShort { amount, balance }));
    }
    match taken_and_placed(tx, ctx, locked, draft, true) {
        Ok(_) => Ok(None),
        // Another order was paid in between; the unit runs again and sees it.
        Err(Error::Refused(_)) => Err(DbError::Raced.into()),
        Err(e) => Err(e),
    }
}

fn not_renewed(tx: &mut Tx, ctx: &Ctx, subject: &Subject, obstacle: Obstacle) -> Result<(), Error> {
    let found = &subject.instance;
    let end = instance::end_of(found)?;
    let (next, left) = instance::tries_left(&subject.site, end, ctx.now);
    let until = super::moment(term::shown_end(end));
    let (event, reason, mut params) = match obstacle {
        Obstacle::WalletShort { amount, balance } => (
            MessageEvent::AutoRenewalShort,
            // The time line is also the seller's, who does not see wallets.
            "the wallet is short".to_owned(),
            vec![("amount", amount.to_string()), ("balance", balance.to_string())],
        ),
        Obstacle::Dearer { last, now } => (
            MessageEvent::AutoRenewalDearer,
            "the price is higher than the last one".to_owned(),
            vec![("last", last.to_string()), ("amount", now.to_string())],
        ),
        Obstacle::Refused(reason) => (MessageEvent::AutoRenewalRefused, reason.clone(), vec![("reason", reason)]),
    };
    params.extend([("until", until.clone()), ("left", left.to_string())]);
    event::record(tx, ctx, "instance.auto_renewal_failed", about(found), &json!({ "reason": reason }))?;
    instance::tell(tx, ctx, found, event, &params)?;
    if let Some(at) = next {
        return instance::schedule_auto_renewal(tx, ctx, found.id, Some(at));
    }
    switch_off(tx, ctx, found, "the last try failed")?;
    instance::tell(tx, ctx, found, MessageEvent::AutoRenewalOff, &[("until", until)])
}
