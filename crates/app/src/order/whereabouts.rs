//! Where the money of an order is while it is not done, and what its buyer does next.

use super::{Full, paid_and_refunded};
use crate::{Ctx, Error, Tenant};
use db::{Moment, Tx};
use domain::{
    Timestamp,
    call::{Activity, CallState},
    listing::AccessType,
    money,
    order::{OrderKind, OrderState},
};
use jiff::SignedDuration;
use store::call;

domain::words! {
    /// Where the money of an order is.
    pub enum Place ("place of the money") {
        /// It was not paid.
        NotPaid = "not_paid",
        /// The platform keeps it for the seller.
        Kept = "kept",
        /// It is in the buyer's wallet again.
        Wallet = "wallet",
        /// A part is in the buyer's wallet again, the rest went to the seller.
        Divided = "divided",
        /// It went to the seller.
        Seller = "seller",
    }
}

domain::words! {
    /// What a buyer does next.
    pub enum NextStep ("next step") {
        Wait = "wait",
        OrderAgain = "order_again",
        /// The service goes on as it was.
        ChangeAgain = "change_again",
        None = "none",
    }
}

/// Where the money of an order is, and what its buyer does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whereabouts {
    pub place: Place,
    /// What is there; of a divided sum the part that is in the wallet.
    pub amount_minor: i64,
    /// Since when.
    pub at: Option<Timestamp>,
    pub next: NextStep,
}

/// Where the money of an order is that is under way or has failed; of the others its amounts say it.
///
/// # Errors
/// [`Error::Row`].
pub fn whereabouts(full: &Full) -> Result<Option<Whereabouts>, Error> {
    let (order, (paid, refunded)) = (&full.order, paid_and_refunded(full)?);
    let at = order.paid_at.map(Moment::at);
    let ended = order.ended_at.map(Moment::at);
    let supervised = full.lines.first().map(super::Sold::of).transpose()?.is_some_and(|sold| sold.supervised);
    let again = match order.kind {
        _ if supervised => NextStep::None,
        OrderKind::Change => NextStep::ChangeAgain,
        OrderKind::New | OrderKind::Trial | OrderKind::TrialToFormal | OrderKind::Renew | OrderKind::Unsubscribe => NextStep::OrderAgain,
    };
    let place = |place, amount_minor, at, next| Some(Whereabouts { place, amount_minor, at, next });
    Ok(match order.state {
        OrderState::Processing => place(Place::Kept, money::difference(paid, refunded)?, at, NextStep::Wait),
        OrderState::Cancelled if order.paid_at.is_none() || paid == 0 => place(Place::NotPaid, 0, ended, again),
        OrderState::Cancelled if refunded >= paid => place(Place::Wallet, refunded, ended, again),
        OrderState::Cancelled if refunded > 0 => place(Place::Divided, refunded, ended, again),
        OrderState::Cancelled => place(Place::Seller, paid, ended, again),
        OrderState::PendingPayment | OrderState::Completed => None,
    })
}

/// Until when the seller's server is asked at most before the money comes back by itself.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn kept_until(tx: &mut Tx, ctx: &Ctx, full: &Full) -> Result<Option<Timestamp>, Error> {
    if full.order.state != OrderState::Processing {
        return Ok(None);
    }
    let access = full.lines.first().map(super::Sold::of).transpose()?.map_or_else(AccessType::default, |sold| sold.access_type);
    let filter = call::Filter { order_number: Some(full.order.number.clone()), ..call::Filter::default() };
    for found in call::list(tx, Tenant::Any, &filter, store::Page::first(20))? {
        let activity: Activity = found.activity;
        // After these the order fails by itself; of the others it stays with the seller.
        let fails = matches!(activity, Activity::Create | Activity::Query | Activity::Upgrade);
        if fails && found.order_id == Some(full.order.id) && found.state.is_open() {
            let first = found.first_at.unwrap_or(found.created_at).at();
            let window = SignedDuration::from_secs(ctx.settings.schedules.of(access, activity).window_secs.max(0));
            return Ok(first.checked_add(window).ok());
        }
        if activity == Activity::GetLicence && found.order_id == Some(full.order.id) && found.state != CallState::Done {
            return Ok(found.created_at.at().checked_add(SignedDuration::from_hours(24 * crate::call::LICENCE_DAYS)).ok());
        }
    }
    Ok(None)
}
