//! The buyer's way to the seller's page: with a token that only the seller's program can read.

use super::{customer, guid, protocol};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, Tenant, event, instance, micros};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use db::{Key, Moment, Tx};
use domain::{id::InstanceId, instance::InstanceState, neighbour};
use jiff::SignedDuration;
use serde_json::json;
use store::instance::Instance;
use wire::{aws::Resolved, conformance::Protocol};

/// The token's name for encryption.
const PURPOSE: Sealed = Sealed::Registration;

/// Where a buyer goes to set an instance up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    pub url: String,
    /// The token is posted as a form, as AWS does; else it is in the query, as Azure has it.
    pub posted: bool,
    /// The name that the token has there.
    pub field: &'static str,
    pub token: String,
}

/// How long a token is good: an hour at AWS, a day at Azure.
fn lasts(protocol: Protocol) -> SignedDuration {
    SignedDuration::from_hours(if protocol == Protocol::SaasAws { 1 } else { 24 })
}

/// A token for the seller's page of an instance of the caller.
///
/// # Errors
/// `instance.not_found`, `registration.not_for_this`, `instance.state`.
pub fn landing(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<Landing, Error> {
    let found = instance::show(tx, Tenant::Buyer(Key::of(caller.account_id)), id)?;
    let not_for_this = || Error::conflict("registration.not_for_this", "the seller of this product opens instances by itself");
    let address = match found.address_id {
        Some(address) => store::interface::address(tx, found.seller_id, address)?,
        None => None,
    };
    let address = address.ok_or_else(not_for_this)?;
    let spoken = crate::interface::protocol(&address)?;
    let (url, posted, field) = match spoken {
        Protocol::SaasAws => (address.url, true, "x-amzn-marketplace-token"),
        Protocol::SaasAzure => (address.landing_page.ok_or_else(not_for_this)?, false, "token"),
        _ => return Err(not_for_this()),
    };
    let state = found.state;
    if matches!(state, InstanceState::Released | InstanceState::Failed) {
        return Err(Error::conflict("instance.state", format!("the instance is {state}; there is nothing to set up any more")));
    }
    let until = micros(ctx.now + lasts(spoken));
    let sealed = ctx.sealer.seal(ctx.ids, PURPOSE, &format!("{} {until}", guid(&found)));
    let about = event::About { instance: Some(found.id), ..event::About::default() };
    event::record(tx, ctx, "instance.set_up", about, &json!({}))?;
    Ok(Landing { url, posted, field, token: URL_SAFE_NO_PAD.encode(sealed) })
}

/// The instance of the caller's customer whom a token stands for.
///
/// # Errors
/// `registration.token_invalid`, `registration.token_expired`.
pub fn resolve(tx: &mut Tx, ctx: &Ctx, caller: &Caller, spoken: Protocol, token: &str) -> Result<Instance, Error> {
    let invalid = || Error::conflict("registration.token_invalid", "the token is not one that this marketplace gave your customer");
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|sealed| ctx.sealer.open(PURPOSE, &sealed).ok()).ok_or_else(invalid)?;
    let (id, until) = text.split_once(' ').ok_or_else(invalid)?;
    let id = neighbour::of_guid(id).ok_or_else(invalid)?;
    let until = until.parse().ok().and_then(Moment::of_micros).ok_or_else(invalid)?;
    let found = store::instance::lookup(tx, Tenant::Seller(Key::of(caller.account_id)), Key::of(id))?.ok_or_else(invalid)?;
    if protocol(tx, &found)? != Some(spoken) {
        return Err(invalid());
    }
    if until.at() < ctx.now {
        let detail = "the token has expired; let the customer come from the marketplace again";
        return Err(Error::conflict("registration.token_expired", detail));
    }
    Ok(found)
}

/// `ResolveCustomer` of AWS.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_customer(tx: &mut Tx, ctx: &Ctx, caller: &Caller, token: &str) -> Result<Resolved, Error> {
    let found = resolve(tx, ctx, caller, Protocol::SaasAws, token)?;
    let customer = customer::of(tx, ctx, found.seller_id, found.buyer_id)?;
    let product = store::product::lookup(tx, found.seller_id, found.product_id)?
        .ok_or_else(|| Error::row("instances", instance::id(&found), "its product is gone"))?;
    Ok(Resolved {
        license_arn: neighbour::license_arn(&customer.number, instance::id(&found)),
        customer_identifier: customer.identifier,
        product_code: product.key,
        customer_aws_account_id: customer.number,
    })
}
