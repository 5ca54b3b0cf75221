//! The buyer's cart: filled, changed, bought.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    listing_body::{MeterBody, TierBody},
    order::{ConsentBody, InputBody, ShippingBody},
    problem::Problem,
    state::Api,
    storefront::ChoiceBody,
    views::{DONE, Done, MoneyView, OrderView, TextView, buyers_order},
};
use app::{Ctx, Error, cart, cart::Priced};
use axum::{Json, extract::State};
use domain::{
    id::{AccountId, CartLineId, ProductId},
    text::Line,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show, add)).routes(routes!(change, remove)).routes(routes!(buy))
}

/// A choice in the cart with its price of now.
#[derive(Debug, Serialize, ToSchema)]
struct CartLineView {
    id: String,
    product: String,
    specification: String,
    sku: String,
    period: Option<String>,
    quantity: i64,
    /// What follows is null when the line can no longer be had.
    product_name: Option<TextView>,
    specification_name: Option<TextView>,
    sku_name: Option<TextView>,
    seller_id: Option<String>,
    seller_name: Option<String>,
    logo: Option<String>,
    /// Inputs that the product asks for at order time.
    inputs: Vec<InputAsked>,
    /// Personal data that the product asks for: `mobile_phone`, `email`, `user_id`.
    personal_data: Vec<String>,
    /// Goods: the order says where they are sent.
    shipped: bool,
    by_month: Option<MoneyView>,
    total: Option<MoneyView>,
    /// How use is counted and what it costs, of what is billed by use.
    meter: Option<MeterBody>,
    tiers: Vec<TierBody>,
    /// Of the price, also of use: sent when the line is bought, which is refused when it is another then.
    version: Option<String>,
    /// Why it cannot be had now.
    code: Option<String>,
    detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct InputAsked {
    name: String,
    label: TextView,
    mandatory: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct CartShown {
    lines: Vec<CartLineView>,
    /// Of the lines that can be had.
    total: MoneyView,
}

fn line_view(p: Priced) -> CartLineView {
    let line = p.line;
    let mut view = CartLineView {
        id: line.id.id::<CartLineId>().to_string(),
        product: line.product_id.id::<ProductId>().to_string(),
        specification: line.specification,
        sku: line.sku,
        period: Some(line.period).filter(|p| !p.is_empty()),
        quantity: line.quantity,
        product_name: None,
        specification_name: None,
        sku_name: None,
        seller_id: None,
        seller_name: None,
        logo: None,
        inputs: Vec::new(),
        personal_data: Vec::new(),
        shipped: false,
        by_month: None,
        total: None,
        meter: None,
        tiers: Vec::new(),
        version: None,
        code: None,
        detail: None,
    };
    match p.quote {
        Ok(q) => {
            let (spec, sku) = (&q.specification, &q.sku.key);
            let asked = |e: &domain::listing::ExtensionParameter| InputAsked {
                name: e.name.clone(),
                label: e.label.clone().into(),
                mandatory: e.mandatory,
            };
            view.product_name = Some(q.listing.name.clone().into());
            view.specification_name = Some(spec.name.clone().into());
            view.sku_name = Some(TextView { zh: spec.sku_name(sku, "zh"), en: spec.sku_name(sku, "en") });
            view.seller_id = Some(q.listed.product.seller_id.id::<AccountId>().to_string());
            view.seller_name = Some(q.listed.seller_name.clone());
            view.logo = q.listing.logo.map(|l| l.to_string());
            view.inputs = q.listing.extension_parameters.iter().map(asked).collect();
            view.shipped = q.listing.access_type == domain::listing::AccessType::Hardware;
            view.personal_data = q.listing.personal_data.iter().map(ToString::to_string).collect();
            view.by_month = q.price.by_month.map(Into::into);
            view.total = Some(q.price.total.into());
            if !q.sku.tiers.is_empty() {
                (view.meter, view.tiers) = (spec.meter.as_ref().map(Into::into), q.sku.tiers.iter().map(Into::into).collect());
            }
            view.version = Some(q.version());
        }
        Err(why) => (view.code, view.detail) = (Some(why.code.to_owned()), Some(why.detail)),
    }
    view
}

fn cart_view(tx: &mut app::Tx, ctx: &Ctx, who: &app::Caller) -> Result<CartShown, Error> {
    let found = cart::view(tx, ctx, who)?;
    Ok(CartShown { lines: found.lines.into_iter().map(line_view).collect(), total: found.total.into() })
}

/// The caller's cart: every line with its price of now, or why it cannot be had.
#[utoipa::path(get, path = "/api/v1/cart", tag = "orders", operation_id = "cart_show", security(("access" = ["buyer"])),
    responses((status = 200, body = CartShown)))]
async fn show(State(api): State<Api>, Who(caller): Who) -> Result<Json<CartShown>, Problem> {
    Ok(Json(api.read(caller, cart_view).await?))
}

/// Puts a choice into the cart; the same choice again adds to its line.
#[utoipa::path(post, path = "/api/v1/cart", tag = "orders", operation_id = "cart_add", security(("access" = ["buyer"])),
    request_body = ChoiceBody, responses((status = 200, body = CartShown)))]
async fn add(State(api): State<Api>, Who(caller): Who, body: Body<ChoiceBody>) -> Result<Json<CartShown>, Problem> {
    let choice = body.value.choice();
    let shown = api
        .write(caller, move |tx, ctx, who| {
            cart::add(tx, ctx, who, &choice)?;
            cart_view(tx, ctx, who)
        })
        .await?;
    Ok(Json(shown))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuantityBody {
    #[schema(minimum = 1, maximum = 1000)]
    quantity: u32,
}

/// Sets the quantity of a line.
#[utoipa::path(patch, path = "/api/v1/cart/{line}", tag = "orders", operation_id = "cart_change", security(("access" = ["buyer"])),
    params(("line" = String, Path)), request_body = QuantityBody, responses((status = 200, body = CartShown)))]
async fn change(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(line): PathOf<CartLineId>,
    body: Body<QuantityBody>,
) -> Result<Json<CartShown>, Problem> {
    let shown = api
        .write(caller, move |tx, ctx, who| {
            cart::change(tx, ctx, who, line, body.value.quantity)?;
            cart_view(tx, ctx, who)
        })
        .await?;
    Ok(Json(shown))
}

/// Takes a line out of the cart.
#[utoipa::path(delete, path = "/api/v1/cart/{line}", tag = "orders", operation_id = "cart_remove", security(("access" = ["buyer"])),
    params(("line" = String, Path)), responses((status = 200, body = Done)))]
async fn remove(State(api): State<Api>, Who(caller): Who, PathOf(line): PathOf<CartLineId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, _, who| cart::remove(tx, who, line)).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BuyLine {
    #[schema(value_type = String)]
    line: CartLineId,
    /// The version of the line, as it was shown.
    #[schema(value_type = String, max_length = 100)]
    version: Line<100>,
    #[serde(default)]
    #[schema(max_items = 3)]
    inputs: Vec<InputBody>,
    #[serde(default)]
    #[schema(inline)]
    consents: ConsentBody,
    /// Where goods are sent; only hardware asks for it.
    #[serde(default)]
    shipping: Option<ShippingBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BuyBody {
    #[schema(min_items = 1, max_items = 50)]
    lines: Vec<BuyLine>,
    /// The sum that was shown; another sum now is refused.
    total: MoneyView,
    /// Pay at once from the wallet.
    #[serde(default)]
    pay: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct Bought {
    orders: Vec<OrderView>,
}

/// Buys lines of the cart: an order for each, all or none; they leave the cart.
#[utoipa::path(post, path = "/api/v1/cart/buy", tag = "orders", operation_id = "cart_buy", security(("access" = ["buyer"])),
    request_body = BuyBody, responses((status = 200, body = Bought)))]
async fn buy(State(api): State<Api>, Who(caller): Who, body: Body<BuyBody>) -> Result<Json<Bought>, Problem> {
    let b = body.value;
    let chosen = |l: BuyLine| cart::Chosen {
        line: l.line,
        version: l.version.into_string(),
        inputs: l.inputs.into_iter().map(InputBody::read).collect(),
        with_user_id: l.consents.user_id,
        shipping: l.shipping.map(Into::into),
        consents: l.consents.read(),
    };
    let cmd = cart::BuyCart { total: b.total.read("/total")?, lines: b.lines.into_iter().map(chosen).collect(), pay: b.pay };
    let bought = api
        .write_answered(caller, move |tx, ctx, who| {
            let orders = cart::buy(tx, ctx, who, &cmd)?;
            Ok(Bought { orders: orders.iter().map(buyers_order).collect::<Result<_, _>>()? })
        })
        .await?;
    Ok(Json(bought))
}
