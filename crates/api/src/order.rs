//! Orders: placed, paid, cancelled, unsubscribed by buyers; listed and shown to all roles.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    storefront::ChoiceBody,
    timeline::{Timeline, timeline_view},
    views::{GivenBackView, MoneyView, OrderView, TextView, buyers_order, money, order_view, read_time, time, times},
};
use app::{
    Caller, Error, Key, Tenant,
    order::{self, Full},
};
use axum::{Json, extract::State};
use domain::{
    access::Role,
    correction::{CorrectionKind, CorrectionState},
    id::InstanceId,
    order::{OrderKind, OrderState},
    supervision::Address,
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::order as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, place))
        .routes(routes!(show))
        .routes(routes!(timeline))
        .routes(routes!(pay))
        .routes(routes!(cancel))
        .routes(routes!(unsubscribe_preview, unsubscribe))
}

/// Whose rows a caller sees: as buyer by default when he is one, else as seller or staff.
pub(crate) fn tenant(who: &Caller, role: Option<Role>) -> Result<Tenant, Error> {
    let account = Key::of(who.account_id);
    let chosen = match role {
        Some(role) => role,
        None if who.staff.is_some() => Role::Operator,
        None if who.roles.contains(&Role::Buyer) && !who.roles.contains(&Role::Seller) => Role::Buyer,
        None => Role::Seller,
    };
    let allowed = match chosen {
        Role::Operator => who.staff.is_some(),
        role => who.roles.contains(&role),
    };
    if !allowed {
        return Err(Error::forbidden("auth.wrong_role", format!("your account is no {chosen}")));
    }
    Ok(match chosen {
        Role::Buyer => Tenant::Buyer(account),
        Role::Seller => Tenant::Seller(account),
        Role::Operator => Tenant::Any,
    })
}

/// Without a chosen role, whatever role the caller has that may see the thing.
pub(crate) fn any_tenant(who: &Caller) -> Vec<Tenant> {
    let account = Key::of(who.account_id);
    if who.staff.is_some() {
        return vec![Tenant::Any];
    }
    let mut all = Vec::new();
    if who.roles.contains(&Role::Buyer) {
        all.push(Tenant::Buyer(account));
    }
    if who.roles.contains(&Role::Seller) {
        all.push(Tenant::Seller(account));
    }
    all
}

/// The filters of the reference (`seller-domain 4.1`).
#[derive(Debug, Clone, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderFilter {
    /// `buyer`, `seller` or `operator`, when the caller is several.
    #[serde(rename = "as")]
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    pub number: Option<String>,
    pub customer_name: Option<String>,
    pub user_name: Option<String>,
    pub product_name: Option<String>,
    /// RFC 3339, inclusive.
    pub created_from: Option<String>,
    /// RFC 3339, exclusive.
    pub created_to: Option<String>,
    /// `pending_payment`, `processing`, `completed`, `cancelled`.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    pub state: Option<OrderState>,
    /// `new`, `trial`, `trial_to_formal`, `renew`, `change`, `unsubscribe`.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    pub kind: Option<OrderKind>,
    /// Id of an instance.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    pub instance: Option<InstanceId>,
}

impl OrderFilter {
    pub fn read(&self) -> Result<rows::Filter, Error> {
        let bad = |name: &str, detail: String| Error::field(&format!("/query/{name}"), "query.bad_parameter", detail);
        let long = [&self.number, &self.customer_name, &self.user_name, &self.product_name];
        if long.into_iter().flatten().any(|t| t.chars().count() > 100) {
            return Err(bad("number", "at most 100 characters are allowed in a filter".to_owned()));
        }
        Ok(rows::Filter {
            number: self.number.clone(),
            customer_name: self.customer_name.clone(),
            user_name: self.user_name.clone(),
            product_name: self.product_name.clone(),
            created_from: read_time("/query/created_from", self.created_from.as_deref())?.map(app::micros),
            created_to: read_time("/query/created_to", self.created_to.as_deref())?.map(app::micros),
            state: self.state,
            kind: self.kind,
            instance_id: self.instance.map(|i| i.0),
            // By use there are no orders in the lists, only charges and bills (`seller-domain 4.1`).
            on_demand: Some(false),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct OrderList {
    orders: Vec<OrderView>,
    /// Cursor of the next page.
    next: Option<String>,
}

/// Orders of the caller, newest first.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", operation_id = "order_list", security(("access" = ["user"])),
    params(OrderFilter, Paging), responses((status = 200, body = OrderList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(f, page): Listed<OrderFilter>) -> Result<Json<OrderList>, Problem> {
    let filter = f.read()?;
    let answer = api
        .read(caller, move |tx, _, who| {
            let tenant = tenant(who, f.role)?;
            let orders = rows::list(tx, tenant, &filter, page)?;
            let next = next(&orders, page, |o| (o.created_at.micros(), o.id));
            let orders = order::with_lines(tx, orders)?;
            Ok(OrderList {
                orders: orders.iter().filter_map(|full| app::legible(order_view(full, tenant)).transpose()).collect::<Result<_, _>>()?,
                next,
            })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlaceBody {
    #[schema(inline)]
    choice: ChoiceBody,
    #[serde(default)]
    #[schema(max_items = 3)]
    inputs: Vec<InputBody>,
    #[serde(default)]
    #[schema(inline)]
    consents: ConsentBody,
    /// Where goods are sent; only hardware asks for it.
    #[serde(default)]
    shipping: Option<ShippingBody>,
    /// Pay at once from the wallet.
    #[serde(default)]
    pay: bool,
}

/// A recipient and where he is reached.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingBody {
    #[schema(max_length = 60)]
    recipient: String,
    #[schema(max_length = 32)]
    phone: String,
    #[schema(max_length = 200)]
    address: String,
}

impl From<ShippingBody> for Address {
    fn from(a: ShippingBody) -> Self {
        Self { recipient: a.recipient, phone: a.phone, address: a.address }
    }
}

impl From<Address> for ShippingBody {
    fn from(a: Address) -> Self {
        Self { recipient: a.recipient, phone: a.phone, address: a.address }
    }
}

/// Personal data that the product asks for; giving them is the consent to pass them to the seller.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConsentBody {
    #[schema(value_type = Option<String>, max_length = 32)]
    mobile_phone: Option<Line<32>>,
    #[schema(value_type = Option<String>, max_length = 120)]
    email: Option<Line<120>>,
    /// Passes the id of the user who orders on.
    pub user_id: bool,
}

impl ConsentBody {
    pub fn read(self) -> order::Consents {
        order::Consents { mobile_phone: self.mobile_phone.map(Line::into_string), email: self.email.map(Line::into_string), user_id: None }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    value: Line<200>,
}

impl InputBody {
    pub fn read(self) -> order::Input {
        order::Input { name: self.name.into_string(), value: self.value.into_string() }
    }
}

/// Places an order, and pays it when asked to.
#[utoipa::path(post, path = "/api/v1/orders", tag = "orders", operation_id = "order_place", security(("access" = ["buyer"])),
    request_body = PlaceBody, responses((status = 200, body = OrderView)))]
async fn place(State(api): State<Api>, Who(caller): Who, body: Body<PlaceBody>) -> Result<Json<OrderView>, Problem> {
    let b = body.value;
    let cmd = order::PlaceOrder {
        choice: b.choice.choice(),
        inputs: b.inputs.into_iter().map(InputBody::read).collect(),
        with_user_id: b.consents.user_id,
        shipping: b.shipping.map(Into::into),
        consents: b.consents.read(),
        pay: b.pay,
    };
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order::place(tx, ctx, who, &cmd)?)).await?;
    Ok(Json(order))
}

/// The order, seen in whichever role the caller has.
fn find(tx: &mut app::Tx, who: &Caller, number: &str) -> Result<(Full, Tenant), Error> {
    for tenant in any_tenant(who) {
        match order::show(tx, tenant, number) {
            Err(Error::Refused(_)) => {}
            found => return found.map(|f| (f, tenant)),
        }
    }
    Err(Error::not_found("order.not_found", format!("there is no order {number}")))
}

/// What the platform gave back of an order, and why.
fn given_back(tx: &mut app::Tx, order: Key) -> Result<Vec<GivenBackView>, Error> {
    let done = store::correction::any_of_order(tx, order)?.into_iter().filter(|c| c.state == CorrectionState::Done);
    let refunds = done.filter(|c| c.kind == CorrectionKind::Refund);
    let view = |c: store::correction::Correction| GivenBackView {
        at: time(c.decided_at.unwrap_or(c.asked_at)),
        amount: money(c.amount_minor, c.currency),
        reason: c.reason,
    };
    Ok(refunds.map(view).collect())
}

/// One order.
#[utoipa::path(get, path = "/api/v1/orders/{number}", tag = "orders", operation_id = "order_show", security(("access" = ["user"])),
    params(("number" = String, Path)), responses((status = 200, body = OrderView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(number): PathOf<String>) -> Result<Json<OrderView>, Problem> {
    let view = api
        .read(caller, move |tx, ctx, who| {
            let (full, tenant) = find(tx, who, &number)?;
            let until = order::kept_until(tx, ctx, &full)?;
            let mut view = order_view(&full, tenant)?;
            if let Some(money) = &mut view.money {
                money.until = until.map(|at| at.to_string());
            }
            view.given_back = given_back(tx, full.order.id)?;
            Ok(view)
        })
        .await?;
    Ok(Json(view))
}

/// Everything that happened to an order, newest first, as far as the caller may know it.
#[utoipa::path(get, path = "/api/v1/orders/{number}/timeline", tag = "orders", operation_id = "order_timeline",
    security(("access" = ["user"])),
    params(("number" = String, Path)), responses((status = 200, body = Timeline)))]
async fn timeline(State(api): State<Api>, Who(caller): Who, PathOf(number): PathOf<String>) -> Result<Json<Timeline>, Problem> {
    let entries = api
        .read(caller, move |tx, _, who| {
            let (_, tenant) = find(tx, who, &number)?;
            order::timeline(tx, tenant, &number)
        })
        .await?;
    Ok(Json(timeline_view(entries)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoInputs {}

/// Pays an order from the wallet.
#[utoipa::path(post, path = "/api/v1/orders/{number}/pay", tag = "orders", operation_id = "order_pay", security(("access" = ["buyer"])),
    params(("number" = String, Path)), request_body = NoInputs,
    responses((status = 200, body = OrderView)))]
async fn pay(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(number): PathOf<String>,
    _body: Body<NoInputs>,
) -> Result<Json<OrderView>, Problem> {
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order::pay(tx, ctx, who, &number)?)).await?;
    Ok(Json(order))
}

/// Cancels an order that was not paid.
#[utoipa::path(post, path = "/api/v1/orders/{number}/cancel", tag = "orders", operation_id = "order_cancel",
    security(("access" = ["buyer"])),
    params(("number" = String, Path)), request_body = NoInputs,
    responses((status = 200, body = OrderView)))]
async fn cancel(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(number): PathOf<String>,
    _body: Body<NoInputs>,
) -> Result<Json<OrderView>, Problem> {
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order::cancel(tx, ctx, who, &number)?)).await?;
    Ok(Json(order))
}

/// What comes back of an order.
#[derive(Debug, Serialize, ToSchema)]
struct RefundPart {
    order_number: String,
    /// `new`, `renew`, `change` or `trial_to_formal`.
    kind: String,
    product_name: TextView,
    sku_name: TextView,
    paid_at: Option<String>,
    paid: MoneyView,
    /// What of it came back before.
    refunded: MoneyView,
    refund: MoneyView,
}

#[derive(Debug, Serialize, ToSchema)]
struct RefundPreview {
    /// All that comes back.
    refund: MoneyView,
    /// By order, the newest payment first.
    parts: Vec<RefundPart>,
    /// When the service ends then; null: at once.
    ends_at: Option<String>,
}

fn preview_view(preview: order::Preview) -> Result<RefundPreview, Error> {
    let part = |back: order::Back| {
        let sold = order::Sold::of(&back.line)?;
        Ok(RefundPart {
            order_number: back.order.number,
            kind: back.order.kind.to_string(),
            product_name: sold.product_name.into(),
            sku_name: sold.sku_name.into(),
            paid_at: times(back.order.paid_at),
            paid: money(back.line.amount_minor, back.order.currency),
            refunded: money(back.line.refunded_minor, back.order.currency),
            refund: money(back.minor, back.order.currency),
        })
    };
    let parts = preview.backs.into_iter().map(part).collect::<Result<_, Error>>()?;
    Ok(RefundPreview { refund: preview.total.into(), parts, ends_at: preview.ends_at.map(|at| at.to_string()) })
}

/// What unsubscribing an order would give back now, or the rule that forbids it.
#[utoipa::path(get, path = "/api/v1/orders/{number}/unsubscribe", tag = "orders", operation_id = "order_unsubscribe_preview",
    security(("access" = ["buyer"])),
    params(("number" = String, Path)), responses((status = 200, body = RefundPreview)))]
async fn unsubscribe_preview(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(number): PathOf<String>,
) -> Result<Json<RefundPreview>, Problem> {
    let preview = api.read(caller, move |tx, ctx, who| preview_view(order::unsubscribe_preview(tx, ctx, who, &number)?)).await?;
    Ok(Json(preview))
}

/// Unsubscribes an order: within five days of opening, or a renewal before it begins.
#[utoipa::path(post, path = "/api/v1/orders/{number}/unsubscribe", tag = "orders", operation_id = "order_unsubscribe",
    security(("access" = ["buyer"])),
    params(("number" = String, Path)), request_body = NoInputs,
    responses((status = 200, body = OrderView)))]
async fn unsubscribe(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(number): PathOf<String>,
    _body: Body<NoInputs>,
) -> Result<Json<OrderView>, Problem> {
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order::unsubscribe(tx, ctx, who, &number)?)).await?;
    Ok(Json(order))
}
