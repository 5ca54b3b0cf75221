//! What the marketplace wants of a seller, said in SaaS 1.0 or licence 1.x: its calls carry what was bought, where 2.0
//! has the seller ask for it (`saas-interface 3.3`).

use crate::{Ctx, Error, Tenant, order, order::Sold};
use db::Tx;
use domain::{
    id::AccountId,
    instance::FreezeCause,
    period::{ChargingMode, Period as Bought, PeriodUnit},
};
use store::{
    instance::Instance,
    order::{Line, Order},
};
use wire::{
    licence_v1,
    saas_v1::{
        Charging, Period, Purchase, Request,
        secret::{self, Strength},
    },
    saas_v2::{self, OrderIds, Scene, Status},
};

/// The 1.0 request for what a 2.0 request says of an instance.
///
/// # Errors
/// [`Error::Row`] when the order that it names is gone.
pub fn request(tx: &mut Tx, ctx: &Ctx, key: &str, instance: &Instance, wanted: &saas_v2::Request) -> Result<Request, Error> {
    Ok(match wanted {
        saas_v2::Request::NewInstance { order, business_id } => {
            let (order, line) = bought(tx, order)?;
            Request::NewInstance(Box::new(purchase(tx, ctx, key, instance, (&order, &line), business_id)?))
        }
        saas_v2::Request::RefreshInstance { scene, order, instance_id, product_id, expire_time } => {
            let (order, line) = bought(tx, order)?;
            let paid = *scene != Scene::UnsubscribeRenewalPeriod;
            Request::RefreshInstance {
                order_id: order.number,
                instance_id: instance_id.clone(),
                product_id: product_id.clone(),
                expire_time: expire_time.clone(),
                trial_to_formal: *scene == Scene::TrialToFormal,
                period: if paid { period(&line)? } else { None },
                order_amount: paid.then(|| order.currency.text(line.amount_minor)),
            }
        }
        // The end of a term has an activity of its own; what follows is a renewal or the release.
        saas_v2::Request::UpdateInstanceStatus { instance_id, status: Status::Freeze }
            if !matches!(instance.freeze_cause, Some(FreezeCause::Violation | FreezeCause::Arrears)) =>
        {
            Request::ExpireInstance { instance_id: instance_id.clone() }
        }
        saas_v2::Request::UpdateInstanceStatus { instance_id, status } => {
            Request::UpdateInstanceStatus { instance_id: instance_id.clone(), status: *status }
        }
        saas_v2::Request::ReleaseInstance { instance_id, order } => {
            Request::ReleaseInstance { instance_id: instance_id.clone(), order_id: order.as_ref().map(|o| o.order_id.clone()) }
        }
        saas_v2::Request::UpgradeInstance { instance_id, order } => {
            let (order, line) = bought(tx, order)?;
            let sold = Sold::of(&line)?;
            Request::Upgrade {
                instance_id: instance_id.clone(),
                order_id: order.number,
                sku_code: sold.sku_code,
                product_id: sold.wire_product_id,
                amount: Some(line.quantity),
            }
        }
        saas_v2::Request::ChangeInstanceCheck { .. } => return Err(Error::row("calls", "changeInstanceCheck", "is not said in 1.0")),
        saas_v2::Request::QueryInstance { instance_ids } => Request::QueryInstance { instance_ids: instance_ids.clone() },
    })
}

/// The licence 1.x request for what is wanted of an instance (`license-interface 3.2`).
///
/// # Errors
/// [`Error::Row`] when an order that it names is gone.
pub fn licence(tx: &mut Tx, ctx: &Ctx, key: &str, instance: &Instance, wanted: &saas_v2::Request) -> Result<licence_v1::Request, Error> {
    Ok(match wanted {
        saas_v2::Request::NewInstance { order, business_id } => {
            let (order, line) = bought(tx, order)?;
            licence_v1::Request::Get(Box::new(purchase(tx, ctx, key, instance, (&order, &line), business_id)?))
        }
        saas_v2::Request::RefreshInstance { order, instance_id, product_id, expire_time, .. } => {
            let (order, line) = bought(tx, order)?;
            licence_v1::Request::Refresh {
                order_id: order.number,
                instance_id: instance_id.clone(),
                product_id: product_id.clone(),
                expire_time: expire_time.clone(),
                period: period(&line)?,
            }
        }
        saas_v2::Request::UpdateInstanceStatus { instance_id, .. } => licence_v1::Request::Expire { instance_id: instance_id.clone() },
        saas_v2::Request::ReleaseInstance { instance_id, .. } => {
            let gone = || Error::row("instances", crate::instance::id(instance), "its first order is gone");
            let line = store::order::any_line(tx, instance.line_id)?.ok_or_else(gone)?;
            let order = store::order::lookup(tx, Tenant::Any, line.order_id)?.ok_or_else(gone)?;
            licence_v1::Request::Release { instance_id: instance_id.clone(), order_id: order.number }
        }
        saas_v2::Request::UpgradeInstance { .. }
        | saas_v2::Request::ChangeInstanceCheck { .. }
        | saas_v2::Request::QueryInstance { .. } => {
            return Err(Error::row("calls", wanted.activity(), "is not said of a licence"));
        }
    })
}

fn bought(tx: &mut Tx, ids: &OrderIds) -> Result<(Order, Line), Error> {
    let gone = || Error::row("orders", &ids.order_id, "a call names it and it is gone");
    let order = store::order::by_number(tx, Tenant::Any, &ids.order_id)?.ok_or_else(gone)?;
    let line = store::order::lines(tx, order.id)?.into_iter().find(|l| l.number == ids.order_line_id).ok_or_else(gone)?;
    Ok((order, line))
}

/// `year` or `month`; the wire of 1.0 has no word for days.
fn period(line: &Line) -> Result<Option<Period>, Error> {
    let bought: Option<Bought> = line.period;
    Ok(bought.and_then(|p| match (p.in_years(), p.unit) {
        (Some(years), _) => Some(Period { unit: "year", number: years.into() }),
        (None, PeriodUnit::Month) => Some(Period { unit: "month", number: p.count.into() }),
        (None, PeriodUnit::Day | PeriodUnit::Year) => None,
    }))
}

/// Personal data are encrypted with the seller's key (`saas-interface 3.4`).
fn encrypted(ctx: &Ctx, key: &str, value: Option<String>) -> Option<String> {
    value.and_then(|v| secret::encrypt(key, &v, &ctx.random_hex(8), Strength::Aes256))
}

fn purchase(
    tx: &mut Tx,
    ctx: &Ctx,
    key: &str,
    instance: &Instance,
    (order, line): (&Order, &Line),
    business_id: &str,
) -> Result<Purchase, Error> {
    let accepted = ctx.listings.approved(tx, instance.revision_id)?.is_called_after_acceptance();
    let given = order::consents_of(ctx, line)?;
    let sold = Sold::of(line)?;
    let charging: ChargingMode = line.charging_mode;
    let cut = |text: &str| text.chars().take(64).collect::<String>();
    Ok(Purchase {
        customer_id: order.buyer_id.id::<AccountId>().to_string(),
        customer_name: Some(cut(&order.customer_name)),
        user_id: given.user_id,
        user_name: Some(cut(&order.user_name)),
        mobile_phone: encrypted(ctx, key, given.mobile_phone),
        email: encrypted(ctx, key, given.email),
        business_id: business_id.to_owned(),
        order_id: order.number.clone(),
        sku_code: Some(sold.sku_code),
        product_id: sold.wire_product_id,
        trial: instance.trial,
        expire_time: order::expire_estimate(ctx, order, line),
        charging: match charging {
            // 1.0 has no number for packages (saas-interface 3.2); like a period they have an end.
            ChargingMode::Period | ChargingMode::OnDemandPackage => Charging::Period,
            ChargingMode::OneTime => Charging::OneTime,
            ChargingMode::OnDemand => Charging::OnDemand,
        },
        period: period(line)?,
        extend_params: sold.inputs.into_iter().map(|i| (i.name, i.value)).collect(),
        amount: Some(line.quantity),
        order_amount: Some(order.currency.text(line.amount_minor)),
        provision_type: if accepted { 2 } else { 1 },
    })
}
