//! `BatchMeterUsage` of AWS: records by customer and dimension, all in the form of the model or none.

use super::{is_metered_plan, plan, product, protocol};
use crate::{Caller, Ctx, Error, Tenant, usage};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    instance::InstanceState,
    neighbour::{self, BadTime},
    usage::Quantity,
};
use serde_json::Value;
use store::instance::Instance;
use wire::{
    aws::{BatchMeterUsage, Status, UsageRecord},
    conformance::Protocol,
};

/// What became of a record: as it was sent, the id of the one that stands, the state.
pub type Metered = (Value, Option<String>, Status);

/// Books the records of a batch.
///
/// # Errors
/// `neighbour.product_unknown`, `neighbour.product_missing`, `neighbour.licence_unknown`, `neighbour.customer_missing`,
/// `neighbour.dimension_unknown`, `neighbour.time`, `neighbour.quantity`; then no record counts.
pub fn batch_meter(tx: &mut Tx, ctx: &Ctx, caller: &Caller, batch: &BatchMeterUsage) -> Result<Vec<Metered>, Error> {
    let seller = Key::of(caller.account_id);
    let mut metered = Vec::with_capacity(batch.usage_records.len());
    for (i, record) in batch.usage_records.iter().enumerate() {
        let one = meter(tx, ctx, seller, batch.product_code.as_deref(), record);
        metered.push(one.map_err(|e| e.under(&format!("/UsageRecords/{i}")))?);
    }
    Ok(metered)
}

fn bad_time(e: BadTime, field: &str) -> Error {
    Error::field(field, "neighbour.time", format!("the timestamp is out of range: {e}"))
}

fn meter(tx: &mut Tx, ctx: &Ctx, seller: Key, code: Option<&str>, record: &UsageRecord) -> Result<Metered, Error> {
    let at = Timestamp::from_second(record.timestamp).map_err(|e| Error::field("/Timestamp", "neighbour.time", e.to_string()))?;
    let quantity: Quantity = record.quantity.parse().map_err(|e| Error::field("/Quantity", "neighbour.quantity", format!("{e}")))?;
    // The whole batch is refused for a time that no agreement could have.
    neighbour::check_metered(at, at, None, ctx.now).map_err(|e| bad_time(e, "/Timestamp"))?;
    let refused = Ok((record.sent.clone(), None, Status::CustomerNotSubscribed));
    let Some(found) = subscribed(tx, ctx, seller, (code, at), record)? else {
        return refused;
    };
    let Some(opened) = found.opened_at.map(Moment::at) else {
        return refused;
    };
    if protocol(tx, &found)? != Some(Protocol::SaasAws) || found.state == InstanceState::Frozen {
        return refused;
    }
    match neighbour::check_metered(at, opened, found.ended_at.map(Moment::at), ctx.now) {
        Err(BadTime::AfterEnd) => return refused,
        checked => checked.map_err(|e| bad_time(e, "/Timestamp"))?,
    }
    if usage::was_frozen(tx, found.id, at)? {
        return refused;
    }
    let reported = usage::hourly(tx, ctx, &usage::Hourly { by: "aws", instance: &found, at, quantity })?;
    let status = if reported.quantity == quantity { Status::Success } else { Status::DuplicateRecord };
    Ok((record.sent.clone(), Some(hex::encode(reported.record.0)), status))
}

/// The instance that a record is about: by its licence, else that of the customer with the plan, the running one
/// before those that ended.
fn subscribed(
    tx: &mut Tx,
    ctx: &Ctx,
    seller: Key,
    (code, at): (Option<&str>, Timestamp),
    record: &UsageRecord,
) -> Result<Option<Instance>, Error> {
    let unknown_dimension =
        || Error::field("/Dimension", "neighbour.dimension_unknown", format!("{:?} is no plan that is billed by use", record.dimension));
    if let Some(arn) = &record.license_arn {
        return by_licence(tx, ctx, seller, arn, record)?.map_or_else(|| Err(unknown_dimension()), |found| Ok(Some(found)));
    }
    let missing = || Error::field("/ProductCode", "neighbour.product_missing", "send ProductCode, or LicenseArn with each record");
    let product = product(tx, seller, code.ok_or_else(missing)?)?;
    let (identifiers, numbers) = (record.customer_identifier.clone(), record.customer_aws_account_id.clone());
    if identifiers.is_some() == numbers.is_some() {
        let detail = "send either CustomerIdentifier or CustomerAWSAccountId";
        return Err(Error::field("/CustomerIdentifier", "neighbour.customer_missing", detail));
    }
    let of = |name: Option<String>| name.map(|n| vec![n]).unwrap_or_default();
    let customer = store::neighbour::named(tx, seller, &of(identifiers), &of(numbers))?.pop();
    let mut held = match customer {
        Some(customer) => store::neighbour::held(tx, seller, customer.buyer_id, product.id)?,
        None => vec![],
    };
    held.retain(|i| plan(i) == record.dimension);
    // A customer's plan has one record for an hour, whichever of its instances it was booked on.
    for found in &held {
        if usage::is_reported(tx, "aws", found, at)? {
            return Ok(Some(found.clone()));
        }
    }
    // Newest first already. The one that was the customer's at the time comes first, and one that runs before one that is frozen.
    let was_theirs = |i: &Instance| {
        let opened = i.opened_at.map(Moment::at);
        opened.is_some_and(|opened| neighbour::check_metered(at, opened, i.ended_at.map(Moment::at), ctx.now).is_ok())
    };
    held.sort_by_key(|i| (!was_theirs(i), i.state == InstanceState::Frozen, i.ended_at.is_some()));
    for found in held {
        if usage::is_by_use(tx, ctx, &found)? {
            return Ok(Some(found));
        }
    }
    if is_metered_plan(tx, ctx, &product, &record.dimension)? { Ok(None) } else { Err(unknown_dimension()) }
}

/// None when the licence has another plan.
fn by_licence(tx: &mut Tx, ctx: &Ctx, seller: Key, arn: &str, record: &UsageRecord) -> Result<Option<Instance>, Error> {
    let unknown = || Error::field("/LicenseArn", "neighbour.licence_unknown", "the licence is none of your customer's");
    let id = neighbour::of_license_arn(arn).ok_or_else(unknown)?;
    let found = store::instance::lookup(tx, Tenant::Seller(seller), Key::of(id))?.ok_or_else(unknown)?;
    let customer = store::neighbour::customer(tx, seller, found.buyer_id)?.ok_or_else(unknown)?;
    let other = |given: &Option<String>, ours: &str| given.as_deref().is_some_and(|g| g != ours);
    let named_so = neighbour::license_arn(&customer.number, id) == arn;
    if !named_so || other(&record.customer_aws_account_id, &customer.number) || other(&record.customer_identifier, &customer.identifier) {
        return Err(unknown());
    }
    let fits = plan(&found) == record.dimension && usage::is_by_use(tx, ctx, &found)?;
    Ok(fits.then_some(found))
}
