//! Changes of what can be seen and bought, beside the review.

use crate::{Caller, Ctx, Error, event, message};
use db::{Key, Tx};
use domain::{
    id::ProductId,
    listing::{Bilingual, FreezeCause, Visibility},
    message::MessageEvent,
};
use serde_json::json;
use store::{
    Locked,
    product::{self, Product},
};

fn change(tx: &mut Tx, ctx: &Ctx, product: &Locked<Product>, to: Visibility, reason: &str) -> Result<(), Error> {
    change_for(tx, ctx, product, (to, None), reason)
}

fn change_for(
    tx: &mut Tx,
    ctx: &Ctx,
    product: &Locked<Product>,
    (to, cause): (Visibility, Option<FreezeCause>),
    reason: &str,
) -> Result<(), Error> {
    let from = product.visibility;
    product::set_visibility(tx, product, to, cause, ctx.moment())?;
    let about = event::About { product: Some(product.id), account: Some(product.seller_id), ..event::About::default() };
    event::record(tx, ctx, "product.visibility", about, &json!({ "from": from, "to": to, "reason": reason }))
}

/// A product of the caller, locked.
fn own(tx: &mut Tx, caller: &Caller, id: ProductId) -> Result<Locked<Product>, Error> {
    product::lock(tx, Some(Key::of(caller.account_id)), Key::of(id))?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("product.not_found", "there is no such product")
}

fn refused(from: Visibility, verb: &str) -> Error {
    Error::conflict("product.state", format!("the product is {from} and cannot be {verb}"))
}

/// Hides a product of the caller from shop and search, or shows it again.
///
/// # Errors
/// `product.not_found`, `product.state`.
pub fn set_public(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: ProductId, public: bool) -> Result<(), Error> {
    let product = own(tx, caller, id)?;
    match (product.visibility, public) {
        (Visibility::OnSale, false) => change(tx, ctx, &product, Visibility::Hidden, "seller"),
        (Visibility::Hidden, true) => change(tx, ctx, &product, Visibility::OnSale, "seller"),
        (Visibility::OnSale, true) | (Visibility::Hidden, false) => Ok(()),
        (from @ (Visibility::Unlisted | Visibility::Frozen | Visibility::Stopped), _) => Err(refused(from, "shown or hidden")),
    }
}

/// Takes a product of the caller off sale for good; what was sold goes on.
///
/// # Errors
/// `product.not_found`, `product.state`.
pub fn stop(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: ProductId, reason: &str) -> Result<(), Error> {
    let product = own(tx, caller, id)?;
    match product.visibility {
        Visibility::OnSale | Visibility::Hidden | Visibility::Frozen => change(tx, ctx, &product, Visibility::Stopped, reason),
        from @ (Visibility::Unlisted | Visibility::Stopped) => Err(refused(from, "stopped")),
    }
}

/// The version of a product that a decision about its trading is made on.
#[must_use]
pub fn trading_version(product: &product::Product) -> String {
    let revision = product.revision_id.map(|r| hex::encode(r.0)).unwrap_or_default();
    crate::version(&[product.visibility.as_str(), product.freeze_cause.map_or("", FreezeCause::as_str), &revision])
}

/// Freezes trading of any product for a cause, or lets it go on (operator).
///
/// # Errors
/// `product.not_found`, `product.state`, `decision.stale`.
pub fn freeze(tx: &mut Tx, ctx: &Ctx, id: ProductId, cause: Option<FreezeCause>, reason: &str) -> Result<(), Error> {
    let found = product::lock(tx, None, Key::of(id))?.filter(|p| p.revision_id.is_some()).ok_or_else(not_found)?;
    ctx.require_seen(&trading_version(&found))?;
    let same = cause.is_some() && found.freeze_cause == cause;
    match (found.visibility, cause) {
        (Visibility::Frozen, Some(_)) if same => Ok(()),
        (Visibility::OnSale | Visibility::Hidden | Visibility::Frozen, Some(_)) => {
            change_for(tx, ctx, &found, (Visibility::Frozen, cause), reason)
        }
        (Visibility::Frozen, None) => change(tx, ctx, &found, Visibility::OnSale, reason),
        (from, _) => Err(refused(from, if cause.is_some() { "frozen" } else { "unfrozen" })),
    }
}

/// Takes a product off sale whose openings fail too often. Trading is frozen rather than stopped, so that the
/// operator can let it go on once the seller has mended their interface.
///
/// # Errors
/// [`Error::Store`].
pub fn delist_failing(tx: &mut Tx, ctx: &Ctx, id: Key, failed: i64, name: Bilingual) -> Result<(), Error> {
    let events = [MessageEvent::ProductDelisted, MessageEvent::ProductToCheck];
    freeze_failing(tx, ctx, id, "openings_failed", events, &[("product", name.into()), ("count", failed.to_string().into())])
}

/// Likewise a product whose server failed its probes for too many days (`seller-domain 6.3`).
///
/// # Errors
/// [`Error::Store`].
pub fn freeze_unreachable(tx: &mut Tx, ctx: &Ctx, id: Key, days: i64, name: Bilingual) -> Result<(), Error> {
    let events = [MessageEvent::ProductUnreachable, MessageEvent::ProductUnreachableToCheck];
    freeze_failing(tx, ctx, id, "probes_failed", events, &[("product", name.into()), ("days", days.to_string().into())])
}

/// Freezes trading and tells the seller and the operator.
fn freeze_failing(
    tx: &mut Tx,
    ctx: &Ctx,
    id: Key,
    reason: &str,
    [seller, operator]: [MessageEvent; 2],
    params: &[(&str, message::Param)],
) -> Result<(), Error> {
    let found = product::lock(tx, None, id)?.ok_or_else(|| Error::row("products", hex::encode(id.0), "is gone"))?;
    if !found.visibility.buyable() {
        return Ok(());
    }
    change_for(tx, ctx, &found, (Visibility::Frozen, Some(FreezeCause::Failing)), reason)?;
    for (event, account) in [(seller, Some(found.seller_id)), (operator, None)] {
        let about = format!("{} {}", hex::encode(id.0), ctx.now_micros());
        let subject = Some(id.id::<ProductId>().to_string());
        message::send(tx, ctx, &message::Send { event, account, order: None, subject, about, params })?;
    }
    Ok(())
}
