//! What a buyer's programs ask: create, cancel, list and show orders, the data of SaaS instances, agreements
//! (`open-api 7`). Paths and names of the operations are KooGallery's, the bodies are ours.

use super::{
    gateway::Signed,
    refusal::{GatewayError, Refusal, ServiceError, Unauthorized},
};
use crate::state::Api;
use app::{
    Caller, Ctx, Error, Key, Page, Repeat, Tenant, Tx, catalogue, instance,
    order::{self, Choice, Consents, Full, Input, PlaceOrder},
};
use axum::{Json, body::Bytes, extract::State};
use domain::{id::InstanceId, order::OrderState, period::Period, site::wire_time, term::shown_end, text};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;
use store::{instance as instances, order as orders};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::open_api::order_query::OrderInfo;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(cancel))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(saas_instance))
        .routes(routes!(agreements))
}

/// Orders, or products, in one call at most.
const BATCH_MAX: usize = 20;
const PAGE_MAX: i64 = 100;

/// Reads a body; fields that are not known are left alone, as clients may be newer.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|e| Refusal::invalid(e.to_string()))
}

fn batch<T>(name: &str, items: &[T]) -> Result<(), Refusal> {
    match items.len() {
        0 => Err(Refusal::missing(name)),
        n if n > BATCH_MAX => Err(Refusal::invalid(format!("{name} holds at most {BATCH_MAX}"))),
        _ => Ok(()),
    }
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
struct NewOrderInput {
    #[schema(max_length = 60)]
    name: String,
    #[schema(max_length = 200)]
    value: String,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
struct NewOrder {
    /// Id or key of a product.
    #[schema(max_length = 64)]
    product_id: String,
    /// Key of a specification.
    #[schema(max_length = 64)]
    specification: String,
    /// Key of a combination; may be left out when there is one.
    #[serde(default)]
    #[schema(max_length = 400)]
    sku: Option<String>,
    /// Such as `1m` or `1y`; left out for one-time and on-demand.
    #[serde(default)]
    #[schema(max_length = 10)]
    period: Option<String>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    amount: Option<u32>,
    #[serde(default)]
    trial: bool,
    /// Order-time inputs (扩展参数).
    #[serde(default)]
    #[schema(max_items = 3)]
    extend_params: Vec<NewOrderInput>,
    /// Personal data that the product asks for; giving them is the consent to pass them to the seller.
    #[serde(default)]
    #[schema(max_length = 32)]
    mobile_phone: Option<String>,
    #[serde(default)]
    #[schema(max_length = 120)]
    email: Option<String>,
    #[serde(default)]
    with_user_id: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
struct CreateOrders {
    #[schema(min_items = 1, max_items = 20)]
    orders: Vec<NewOrder>,
    /// Pay at once from the wallet; all of them or none.
    #[serde(default)]
    auto_pay: bool,
    /// A repeat with the same token and body answers the same and creates nothing.
    #[serde(default)]
    #[schema(max_length = 100)]
    client_token: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct OrderBrief {
    order_id: String,
    order_line_ids: Vec<String>,
    /// `NEW`, `TRIAL`, `TRIAL_TO_FORMAL`, `RENEW`, `CHANGE`, `UNSUBSCRIBE`.
    order_type: String,
    /// `pending_payment`, `processing`, `completed`, `cancelled`.
    status: String,
    amount: String,
    currency: String,
    /// UTC `yyyyMMddHHmmss`.
    create_time: String,
    product_name: String,
    instance_ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct OrderBriefs {
    error_code: String,
    error_msg: String,
    orders: Vec<OrderBrief>,
    /// Given back in the next call for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

fn success() -> (String, String) {
    ("MKT.0000".to_owned(), "success".to_owned())
}

fn briefs(orders: Vec<OrderBrief>, next_cursor: Option<String>) -> OrderBriefs {
    let (error_code, error_msg) = success();
    OrderBriefs { error_code, error_msg, orders, next_cursor }
}

fn brief(full: &Full) -> Result<OrderBrief, Error> {
    let o = &full.order;
    Ok(OrderBrief {
        order_id: o.number.clone(),
        order_line_ids: full.lines.iter().map(|l| l.number.clone()).collect(),
        order_type: o.kind.wire().to_owned(),
        status: o.state.to_string(),
        amount: domain::money::text(o.total_minor, o.currency.as_str()),
        currency: o.currency.to_string(),
        create_time: wire_time(o.created_at.at()),
        product_name: o.product_name.clone(),
        instance_ids: o.instance_id.iter().map(|i| i.id::<InstanceId>().to_string()).collect(),
    })
}

fn command(o: NewOrder, pay: bool) -> Result<PlaceOrder, Refusal> {
    let short = |name: &str, value: &str, max: usize| text::line(value, max).map_err(|e| Refusal::invalid(format!("{name}: {e}")));
    let period = o.period.filter(|p| !p.is_empty()).map(|p| p.parse::<Period>()).transpose();
    Ok(PlaceOrder {
        choice: Choice {
            product: short("product_id", &o.product_id, 64)?,
            specification: short("specification", &o.specification, 64)?,
            sku: o.sku.filter(|s| !s.is_empty()).map(|s| short("sku", &s, 400)).transpose()?,
            period: period.map_err(|e| Refusal::invalid(format!("period: {e}")))?,
            quantity: o.amount.unwrap_or(1),
            trial: o.trial,
        },
        inputs: o.extend_params.into_iter().map(|i| Input { name: i.name, value: i.value }).collect(),
        consents: Consents { mobile_phone: o.mobile_phone, email: o.email, user_id: None },
        with_user_id: o.with_user_id,
        shipping: None,
        pay,
    })
}

/// Places up to 20 orders, all or none; a repeat with the same `client_token` answers the same.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/order/batch-order", tag = "koogallery", operation_id = "CreateOrders",
    security(("access" = ["buyer"])), request_body = CreateOrders,
    responses((status = 200, body = OrderBriefs), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn create(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<OrderBriefs>, Refusal> {
    let asked: CreateOrders = read(&body)?;
    batch("orders", &asked.orders)?;
    let commands: Vec<PlaceOrder> = asked.orders.into_iter().map(|o| command(o, asked.auto_pay)).collect::<Result<_, _>>()?;
    let caller = Arc::new(Caller { repeat: repeat(asked.client_token, &body)?, ..Caller::clone(&caller) });
    let done = api
        .write_answered(caller.clone(), move |tx, ctx, who| {
            let mut placed = Vec::new();
            for (i, one) in commands.iter().enumerate() {
                let full = order::place(tx, ctx, who, one).map_err(|e| of_order(i, e))?;
                placed.push(brief(&full)?);
            }
            Ok(briefs(placed, None))
        })
        .await;
    match done {
        Ok(placed) => Ok(Json(placed)),
        Err(refused) => placed_before(&api, &caller).await?.map(Json).ok_or_else(|| refused.into()),
    }
}

/// The client's token is the key of the request, for this interface has no header for it.
fn repeat(token: Option<String>, body: &[u8]) -> Result<Option<Arc<Repeat>>, Error> {
    let Some(token) = token else { return Ok(None) };
    let repeat = Repeat::new(&token, "CreateOrders")?;
    repeat.add(body);
    Ok(Some(Arc::new(repeat)))
}

/// What the earlier request with the client's token was answered with.
async fn placed_before(api: &Api, caller: &Arc<Caller>) -> Result<Option<OrderBriefs>, Error> {
    let (Some(repeat), Some(earlier)) = (&caller.repeat, api.app.earlier(caller.clone()).await?) else { return Ok(None) };
    let Some(answer) = earlier.answer_to(repeat)? else { return Ok(None) };
    serde_json::from_str(&answer.body).map(Some).map_err(|e| Error::row("idempotency_keys", "answer", e))
}

/// Says which order of a batch was refused.
fn of_order(place: usize, e: Error) -> Error {
    match e {
        Error::Refused(mut refusal) => {
            refusal.detail = format!("orders/{place}: {}", refusal.detail);
            Error::Refused(refusal)
        }
        other => other,
    }
}

#[derive(Debug, Deserialize, ToSchema)]
struct CancelOrders {
    #[schema(min_items = 1, max_items = 20)]
    order_ids: Vec<String>,
}

/// Cancels up to 20 orders that were not paid, all or none.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/order/batch-cancel", tag = "koogallery", operation_id = "CancelOrders",
    security(("access" = ["buyer"])), request_body = CancelOrders,
    responses((status = 200, body = OrderBriefs), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn cancel(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<OrderBriefs>, Refusal> {
    let mut asked: CancelOrders = read(&body)?;
    batch("order_ids", &asked.order_ids)?;
    // Two calls with the same orders wait for each other in one order.
    asked.order_ids.sort();
    let unit = move |tx: &mut Tx, ctx: &Ctx, who: &Caller| {
        let cancelled = asked.order_ids.iter().map(|number| brief(&order::cancel(tx, ctx, who, number)?));
        Ok(briefs(cancelled.collect::<Result<_, Error>>()?, None))
    };
    Ok(Json(api.write(caller, unit).await?))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct ListOrders {
    /// `pending_payment`, `processing`, `completed`, `cancelled`.
    status: Option<String>,
    #[schema(max_length = 100)]
    product_name: Option<String>,
    /// 1 to 100; 20 when it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    #[schema(max_length = 200)]
    cursor: Option<String>,
}

/// A cursor as the time and id of the last order.
fn after(cursor: &str) -> Result<(i64, Key), Refusal> {
    let wrong = || Refusal::invalid("cursor is not one that was given");
    let (at, id) = cursor.split_once('-').ok_or_else(wrong)?;
    let id: [u8; 16] = hex::decode(id).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    Ok((at.parse().map_err(|_| wrong())?, Key(id)))
}

/// The caller's orders, newest first.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/query-orders", tag = "koogallery", operation_id = "ListOrders",
    security(("access" = ["buyer"])), request_body = ListOrders,
    responses((status = 200, body = OrderBriefs), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn list(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<OrderBriefs>, Refusal> {
    let asked: ListOrders = read(&body)?;
    let state = asked.status.map(|s| s.parse::<OrderState>()).transpose().map_err(|e| Refusal::invalid(format!("status: {e}")))?;
    let limit = asked.limit.unwrap_or(20);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Refusal::invalid(format!("limit is 1 to {PAGE_MAX}")));
    }
    if asked.product_name.as_ref().is_some_and(|n| n.chars().count() > 100) {
        return Err(Refusal::invalid("product_name has at most 100 characters"));
    }
    let page = Page { after: asked.cursor.as_deref().map(after).transpose()?, ..Page::first(limit) };
    let filter = orders::Filter { state, product_name: asked.product_name, ..orders::Filter::default() };
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = orders::list(tx, Tenant::Buyer(Key::of(who.account_id)), &filter, page)?;
            let full = i64::try_from(found.len()).unwrap_or(0) == limit;
            let next = found.last().filter(|_| full).map(|o| format!("{}-{}", o.created_at.micros(), hex::encode(o.id.0)));
            let found = order::with_lines(tx, found)?;
            Ok(briefs(found.iter().map(brief).collect::<Result<_, _>>()?, next))
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ShowOrderDetails {
    #[schema(max_length = 64)]
    order_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct OrderDetails {
    error_code: String,
    error_msg: String,
    /// As the order query tells it to the seller.
    order_info: OrderInfo,
    order: OrderBrief,
}

/// One order of the caller.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/order-detail/query", tag = "koogallery", operation_id = "ShowOrderDetails",
    security(("access" = ["buyer"])), request_body = ShowOrderDetails,
    responses((status = 200, body = OrderDetails), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn show(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<OrderDetails>, Refusal> {
    let asked: ShowOrderDetails = read(&body)?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let full = order::show(tx, Tenant::Buyer(Key::of(who.account_id)), &asked.order_id)?;
            let (error_code, error_msg) = success();
            Ok(OrderDetails { error_code, error_msg, order_info: order::info(tx, ctx, &full)?, order: brief(&full)? })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ShowSaasInstance {
    /// The platform's id of an instance.
    #[schema(max_length = 64)]
    instance_id: String,
}

/// Data to use an instance; null where the seller gave none.
#[derive(Debug, Serialize, ToSchema)]
struct SaasAppInfo {
    front_end_url: Option<String>,
    admin_url: Option<String>,
    user_name: Option<String>,
    password: Option<String>,
    memo: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SaasInstance {
    error_code: String,
    error_msg: String,
    instance_id: String,
    /// `opening`, `running`, `frozen`, `released`, `failed`.
    status: String,
    /// UTC `yyyyMMddHHmmss`; null for what does not end.
    expire_time: Option<String>,
    app_info: SaasAppInfo,
}

/// The log-in data of an instance of the caller.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/saas-instance/query", tag = "koogallery", operation_id = "ShowSaasInstance",
    security(("access" = ["buyer"])), request_body = ShowSaasInstance,
    responses((status = 200, body = SaasInstance), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn saas_instance(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<SaasInstance>, Refusal> {
    let asked: ShowSaasInstance = read(&body)?;
    let id: InstanceId = asked.instance_id.parse().map_err(|e: domain::id::BadId| Refusal::invalid(format!("instance_id: {e}")))?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let found = instances::lookup(tx, Tenant::Buyer(Key::of(who.account_id)), Key::of(id))?
                .ok_or_else(|| Error::not_found("instance.not_found", "there is no such instance"))?;
            let (error_code, error_msg) = success();
            Ok(SaasInstance {
                error_code,
                error_msg,
                instance_id: id.to_string(),
                status: found.state.to_string(),
                expire_time: found.expires_at.map(|end| wire_time(shown_end(end.at()))),
                app_info: SaasAppInfo {
                    password: instance::password(ctx, &found)?,
                    front_end_url: found.front_end_url,
                    admin_url: found.admin_url,
                    user_name: found.user_name,
                    memo: found.memo,
                },
            })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ShowAgreements {
    /// Ids or keys of products.
    #[schema(min_items = 1, max_items = 20)]
    product_ids: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Agreement {
    product_id: String,
    product_name: String,
    /// Markdown, in Chinese where there is one.
    content: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Agreements {
    error_code: String,
    error_msg: String,
    agreements: Vec<Agreement>,
}

/// What a buyer agrees to with an order of each product.
#[utoipa::path(post, path = "/api/mkp-openapi-public/global/v1/subscription-agreements-query", tag = "koogallery",
    operation_id = "ShowSubscriptionAgreements", security(("access" = ["buyer"])), request_body = ShowAgreements,
    responses((status = 200, body = Agreements), (status = 400, body = ServiceError), (status = 401, body = Unauthorized),
        (status = 413, body = GatewayError), (status = 429, body = GatewayError), (status = 500, body = ServiceError)))]
async fn agreements(State(api): State<Api>, Signed(caller): Signed, body: Bytes) -> Result<Json<Agreements>, Refusal> {
    let asked: ShowAgreements = read(&body)?;
    batch("product_ids", &asked.product_ids)?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let mut agreements = Vec::new();
            for product in &asked.product_ids {
                let (listed, listing) = catalogue::find(tx, ctx, who.site.as_str(), product)?;
                agreements.push(Agreement {
                    product_id: listed.product.id.id::<domain::id::ProductId>().to_string(),
                    product_name: listing.name.get("zh").to_owned(),
                    content: listing.agreement.get("zh").to_owned(),
                });
            }
            let (error_code, error_msg) = success();
            Ok(Agreements { error_code, error_msg, agreements })
        })
        .await?;
    Ok(Json(answer))
}
