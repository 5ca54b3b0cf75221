//! What a seller learns of an order by the order query (`open-api 3`).

use super::{Consents, Full, Sold, consents_of, show};
use crate::{Caller, Ctx, Error, Tenant};
use db::{Key, Tx};
use domain::{
    access::AccountKind,
    period::ChargingMode,
    site::wire_time,
    term::{self, Anchor},
};
use store::{
    account,
    order::{Line, Order},
};
use wire::open_api::order_query::{BuyerInfo, OrderInfo, OrderLine, Param, ProductInfo, mock};

/// An order of the seller, or one line of it; MOCK orders are there for every seller.
///
/// # Errors
/// `order.not_found`.
pub fn query(tx: &mut Tx, ctx: &Ctx, caller: &Caller, number: &str, line: Option<&str>) -> Result<OrderInfo, Error> {
    let mut found = match mock(number, ctx.now) {
        Some(found) => found,
        None => {
            let full = show(tx, Tenant::Seller(Key::of(caller.account_id)), number)?;
            info(tx, ctx, &full)?
        }
    };
    if let Some(line) = line {
        found.order_line.retain(|l| l.order_line_id == line);
        if found.order_line.is_empty() {
            return Err(Error::not_found("order.not_found", format!("the order has no line {line}")));
        }
    }
    Ok(found)
}

/// An order as the wire tells it.
///
/// # Errors
/// [`Error::Row`].
pub fn info(tx: &mut Tx, ctx: &Ctx, full: &Full) -> Result<OrderInfo, Error> {
    let order = &full.order;
    Ok(OrderInfo {
        order_id: order.number.clone(),
        order_type: order.kind.wire().to_owned(),
        create_time: wire_time(order.created_at.at()),
        order_line: full.lines.iter().map(|l| line(ctx, order, l)).collect::<Result<_, _>>()?,
        buyer_info: Some(buyer(tx, ctx, full)?),
        extend_params: Vec::new(),
    })
}

fn line(ctx: &Ctx, order: &Order, l: &Line) -> Result<OrderLine, Error> {
    let sold = Sold::of(l)?;
    let charging = l.charging_mode;
    let billing = match charging {
        ChargingMode::Period => "包周期",
        ChargingMode::OneTime => "一次性",
        ChargingMode::OnDemand => "按需",
        ChargingMode::OnDemandPackage => "按需套餐包",
    };
    // The period is told of PERIOD alone (open-api 3.1).
    let told = l.period.filter(|_| charging == ChargingMode::Period);
    let names = [&sold.product_name, &sold.specification_name, &sold.sku_name].map(|name| name.get("zh").replace(',', "，"));
    let amount = order.currency.text(l.amount_minor);
    Ok(OrderLine {
        order_line_id: l.number.clone(),
        charging_mode: charging.as_str().to_owned(),
        period_type: told.map(|p| if p.in_years().is_some() { "year" } else { p.unit.as_str() }.to_owned()),
        period_number: told.map(|p| u32::from(p.in_years().unwrap_or(p.count))),
        expire_time: expire_estimate(ctx, order, l),
        product_info: vec![ProductInfo {
            product_id: sold.wire_product_id,
            sku_code: Some(sold.sku_code),
            linear_value: Some(l.quantity),
            product_name: Some(format!("{},{billing}", names.join(","))),
        }],
        extend_params: sold.inputs.into_iter().map(|i| Param { name: i.name, value: i.value }).collect(),
        currency: Some(amount.clone()),
        currency_after_discount: Some(amount),
    })
}

/// `expireTime` before the opening: from the order's day and its period; none for one-time orders.
pub(crate) fn expire_estimate(ctx: &Ctx, order: &Order, l: &Line) -> Option<String> {
    let (site, ordered) = (ctx.site(order.site), order.created_at.at());
    let end = |p| term::shown_end(term::term(&site, ordered, Anchor::first(site.day_of(ordered)), p).end);
    l.period.map(|p| wire_time(end(p)))
}

/// What was consented to with a line, or with the purchase of the instance that it renews or changes.
fn consents(tx: &mut Tx, ctx: &Ctx, line: &Line) -> Result<Consents, Error> {
    let own = consents_of(ctx, line)?;
    let instance = line.instance_id.filter(|_| own == Consents::default());
    let Some(instance) = instance.map(|id| store::instance::lookup(tx, Tenant::Any, id)).transpose()?.flatten() else {
        return Ok(own);
    };
    let first = store::order::any_line(tx, instance.line_id)?;
    first.map_or(Ok(own), |first| consents_of(ctx, &first))
}

/// Phone, mail and user id are given with the buyer's consent only.
fn buyer(tx: &mut Tx, ctx: &Ctx, full: &Full) -> Result<BuyerInfo, Error> {
    let order = &full.order;
    let given = full.lines.first().map_or(Ok(Consents::default()), |line| consents(tx, ctx, line))?;
    let account = account::lookup(tx, order.buyer_id)?.ok_or_else(|| Error::row("orders", &order.number, "has no buyer"))?;
    Ok(BuyerInfo {
        customer_id: Some(order.buyer_id.id::<domain::id::AccountId>().to_string()),
        customer_name: Some(order.customer_name.clone()),
        customer_real_name: Some(account.name),
        customer_type: Some(u8::from(account.kind == AccountKind::Enterprise)),
        user_name: Some(order.user_name.clone()),
        mobile_phone: given.mobile_phone,
        email: given.email,
        user_id: given.user_id,
    })
}
