//! Placing an order: a choice becomes a line with a price, to be paid now or within some days.

use super::{Choice, Consents, Draft, Full, Held, Input, Sold, consent, insert, pay, quote, rows, shown};
use crate::{Caller, Ctx, Error, job, message, supervision};
use db::Tx;
use domain::{listing::Listing, message::MessageEvent, order::OrderKind, supervision::Address, text};
use serde_json::json;
use store::{
    order::{Line, Order},
    trial::{self, Trial},
};

/// What a buyer orders.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub choice: Choice,
    pub inputs: Vec<Input>,
    pub consents: Consents,
    /// Passes the id of the user who orders on.
    pub with_user_id: bool,
    /// Where goods are sent.
    pub shipping: Option<Address>,
    /// Pay at once from the wallet.
    pub pay: bool,
}

/// When an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pay {
    AtOnce,
    /// Within some days; what costs nothing at once.
    Later,
    /// By the buyer, also what costs nothing: somebody else asks for it in their name.
    Asked,
}

impl From<bool> for Pay {
    fn from(at_once: bool) -> Self {
        if at_once { Self::AtOnce } else { Self::Later }
    }
}

/// Places an order, and pays it when asked to.
///
/// # Errors
/// As [`quote`]; `price.changed`; `input.…` for extension parameters; `consent.…` for personal data; `shipping.…` for goods;
/// `wallet.short`.
pub fn place(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &PlaceOrder) -> Result<Full, Error> {
    let quote = quote(tx, ctx, Some(caller), &ctx.site(caller.site), &cmd.choice)?;
    let inputs = check_inputs(&quote.listing, &cmd.inputs)?;
    let user_id = cmd.with_user_id.then(|| caller.user_id.to_string());
    let consents = Consents { user_id, ..cmd.consents.clone() };
    consent::check(&quote.listing, &consents)?;
    let personal = consent::sealed(ctx, &consents)?;
    supervision::check_address(&quote.listing, cmd.shipping.as_ref())?;
    let shipping = supervision::sealed_address(ctx, cmd.shipping.as_ref())?;
    let draft = Draft {
        kind: quote.kind,
        caller,
        seller: quote.listed.product.seller_id,
        site: quote.site.clone(),
        product: quote.listed.product.id,
        revision: quote.listed.revision_id,
        specification: quote.specification.key.clone(),
        sku: quote.sku.key.clone(),
        sold: Sold { personal, shipping, ..quote.sold(inputs) },
        period: quote.period,
        charging_mode: quote.charging_mode(),
        quantity: quote.quantity,
        total_minor: quote.price.total.minor,
        instance: None,
        subject: None,
    };
    let trial = draft.kind == OrderKind::Trial;
    let (order, line) = rows(ctx, draft)?;
    if trial {
        keep_trial(tx, &order, &line)?;
    }
    placed(tx, ctx, order, line, cmd.pay.into())
}

/// One trial for each buyer and specification, for ever.
fn keep_trial(tx: &mut Tx, order: &Order, line: &Line) -> Result<(), Error> {
    let row =
        Trial { buyer_id: order.buyer_id, product_id: line.product_id, specification: line.specification.clone(), order_id: order.id };
    match trial::insert(tx, &row) {
        // Another one came between; the unit runs again and sees it.
        Err(e) if e.is_unique_violation() => Err(db::DbError::Raced.into()),
        result => Ok(result?),
    }
}

/// Stores a new order that is paid at once, or that waits for payment.
pub(super) fn placed(tx: &mut Tx, ctx: &Ctx, order: Order, line: Line, pay: Pay) -> Result<Full, Error> {
    shown::require(tx, ctx, &order, &line)?;
    let data = json!({ "number": order.number, "kind": order.kind, "total": super::total(&order) });
    if pay == Pay::AtOnce || (pay == Pay::Later && order.total_minor == 0) {
        return pay::placed_and_paid(tx, ctx, order, line, &data);
    }
    let order = insert(tx, ctx, order, &line, &[("order.created", &data)])?;
    let until = order.pay_by.ok_or_else(|| Error::row("orders", &order.number, "is to be paid and says not until when"))?.at();
    job::schedule(tx, ctx, job::JobKind::UnpaidOrder, Some(order.id), until)?;
    let send = message::Send {
        event: MessageEvent::OrderToPay,
        account: Some(order.buyer_id),
        order: Some(order.id),
        subject: Some(order.number.clone()),
        about: order.number.clone(),
        params: &[
            ("order", order.number.clone().into()),
            ("amount", super::total(&order).to_string().into()),
            ("product", super::product_name(&order).into()),
            ("until", super::moment(until).into()),
        ],
    };
    message::send(tx, ctx, &send)?;
    Ok(Held { order, line }.into_full())
}

/// Extension parameters (扩展参数): those that the listing asks for, each once, each one line of text.
fn check_inputs(listing: &Listing, inputs: &[Input]) -> Result<Vec<Input>, Error> {
    let mut checked = Vec::new();
    for (i, input) in inputs.iter().enumerate() {
        if !listing.extension_parameters.iter().any(|p| p.name == input.name) {
            let detail = format!("the product asks for no {:?}", input.name);
            return Err(Error::field(&format!("/inputs/{i}/name"), "input.unknown", detail));
        }
        if inputs[..i].iter().any(|other| other.name == input.name) {
            return Err(Error::field(&format!("/inputs/{i}/name"), "input.repeated", "give each input once"));
        }
        let value =
            text::line(&input.value, 200).map_err(|e| Error::field(&format!("/inputs/{i}/value"), "input.bad_value", e.to_string()))?;
        checked.push(Input { name: input.name.clone(), value });
    }
    for parameter in listing.extension_parameters.iter().filter(|p| p.mandatory) {
        if !checked.iter().any(|i| i.name == parameter.name) {
            return Err(Error::field("/inputs", "input.missing", format!("the product asks for {:?}", parameter.name)));
        }
    }
    Ok(checked)
}
