//! Instances: reserved, opened, renewed, frozen, released; their terms and timers.

mod freeze;
mod open;
mod release;
mod terms;
mod timers;

pub use freeze::{expire, freeze_for_violation, freeze_version, is_capped, is_used_up, unfreeze, unfreeze_if_paid};
pub(crate) use freeze::{freeze_capped, freeze_unpaid, freeze_used_up, unfreeze_after_arrears, unfreeze_capped, unfreeze_refilled};
pub(crate) use open::{Start, run_from};
pub use open::{failed, opened, reserve};
pub use release::{end_on_demand, release, release_expired};
pub use terms::{Paid, append_term, make_formal, paid_terms, remove_last_term};
pub(crate) use terms::{add_fees, lower_payments};
pub use timers::remind;
pub(crate) use timers::{schedule_auto_renewal, tries_left};

use crate::secret::Sealed;
use crate::{Ctx, Error, Tenant, message};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    id::InstanceId,
    listing::Bilingual,
    message::{Audience, MessageEvent},
    site::Site,
};
use store::Locked;
use store::{
    instance::{self, Instance},
    product,
};

/// The password column's name for encryption.
pub(crate) const PASSWORD_COLUMN: Sealed = Sealed::InstancePassword;

/// The licence column's name for encryption.
pub(crate) const LICENCE_COLUMN: Sealed = Sealed::InstanceLicence;

/// The id of an instance.
#[must_use]
pub fn id(instance: &Instance) -> InstanceId {
    instance.id.id()
}

/// When the last term of an instance ends that has one.
pub(crate) fn end_of(instance: &Instance) -> Result<Timestamp, Error> {
    instance.expires_at.map(Moment::at).ok_or_else(|| Error::row("instances", id(instance), "has no end"))
}

/// The seller's id of an instance that was opened.
pub(crate) fn wire_id(instance: &Instance) -> Result<String, Error> {
    instance.seller_instance_id.clone().ok_or_else(|| Error::row("instances", id(instance), "has no seller's id"))
}

/// The site whose days an instance counts.
pub(crate) fn site(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<Site, Error> {
    let code = product::any_site(tx, instance.product_id)?;
    Ok(ctx.site(code.ok_or_else(|| Error::row("instances", id(instance), "its product is gone"))?))
}

/// The currency that an instance is paid in.
///
/// # Errors
/// [`Error::Row`].
pub fn currency(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<domain::money::Currency, Error> {
    Ok(site(tx, ctx, instance)?.currency)
}

/// The name of the combination that an instance has now.
///
/// # Errors
/// [`Error::Row`].
pub fn sku_name(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Bilingual, Error> {
    let listing = ctx.listings.approved(tx, found.revision_id)?;
    let spec = listing.specification(&found.specification);
    let spec = spec.ok_or_else(|| Error::row("instances", id(found), "its specification is in no revision"))?;
    Ok(Bilingual { zh: spec.sku_name(&found.sku, "zh"), en: spec.sku_name(&found.sku, "en") })
}

/// An instance that the tenant may see.
///
/// # Errors
/// `instance.not_found`.
pub fn show(tx: &mut Tx, tenant: Tenant, id: InstanceId) -> Result<Instance, Error> {
    instance::lookup(tx, tenant, Key::of(id))?.ok_or_else(not_found)
}

/// An instance of a tenant, locked until the transaction ends: what it says stays true until then.
///
/// # Errors
/// `instance.not_found`.
pub(crate) fn locked(tx: &mut Tx, tenant: Tenant, id: InstanceId) -> Result<Locked<Instance>, Error> {
    instance::lock(tx, tenant, Key::of(id))?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("instance.not_found", "there is no such instance")
}

/// The password of an instance, for its buyer.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn password(ctx: &Ctx, instance: &Instance) -> Result<Option<String>, Error> {
    instance.password.as_deref().map(|sealed| ctx.sealer.open(PASSWORD_COLUMN, sealed)).transpose()
}

/// The licence that a seller of 1.x gave, for its buyer.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn licence(ctx: &Ctx, instance: &Instance) -> Result<Option<String>, Error> {
    instance.licence.as_deref().map(|sealed| ctx.sealer.open(LICENCE_COLUMN, sealed)).transpose()
}

/// The order that an instance was opened by.
fn order_of(tx: &mut Tx, instance: &Instance) -> Result<Option<store::order::Order>, Error> {
    let line = store::order::any_line(tx, instance.line_id)?.ok_or_else(|| Error::row("instances", id(instance), "has no line"))?;
    Ok(store::order::lookup(tx, Tenant::Any, line.order_id)?)
}

/// Tells buyer or seller something about an instance.
pub(crate) fn tell(tx: &mut Tx, ctx: &Ctx, instance: &Instance, event: MessageEvent, more: &[(&str, String)]) -> Result<(), Error> {
    let order = order_of(tx, instance)?;
    let number = order.as_ref().map(|o| o.number.clone());
    let (product, customer) = order.map_or_else(Default::default, |o| (crate::order::product_name(&o), o.customer_name));
    let mut params: Vec<(&str, message::Param)> = vec![("product", product.into()), ("customer", customer.into())];
    params.extend(more.iter().map(|(field, text)| (*field, text.clone().into())));
    // A seller knows an instance by its order.
    let (account, subject) = match event.audience() {
        Audience::Seller => (instance.seller_id, number),
        Audience::Buyer | Audience::Operator => (instance.buyer_id, Some(id(instance).to_string())),
    };
    let about = format!("{} {}", id(instance), ctx.now_micros());
    message::send(tx, ctx, &message::Send { event, account: Some(account), order: None, subject, about, params: &params })
}
