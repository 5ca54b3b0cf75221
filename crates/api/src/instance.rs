//! Instances: shown, renewed, converted, upgraded by buyers; frozen by the operator.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    licence::{self, LicenceView},
    order::{any_tenant, tenant},
    paging::{Listed, Paging, next},
    problem::Problem,
    seller::ReasonBody,
    state::Api,
    timeline::{Timeline, timeline_view},
    views::{MoneyView, OrderView, TextView, buyers_order, shown_end, time, times},
};
use app::{Caller, Ctx, Error, Key, Tenant, Tx, instance, neighbour, order};
use axum::{Json, extract::State};
use domain::{access::Role, id::InstanceId, instance::InstanceState, listing::AccessType, text::Line};
use serde::{Deserialize, Serialize};
use store::instance as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(timeline))
        .routes(routes!(change_quote))
        .routes(routes!(change))
        .routes(routes!(set_up))
        .routes(routes!(freeze))
        .routes(routes!(unfreeze))
}

/// Data to use an instance.
#[derive(Debug, Default, Serialize, ToSchema)]
struct AppView {
    front_end_url: Option<String>,
    admin_url: Option<String>,
    user_name: Option<String>,
    /// Only for the buyer, and only of one instance.
    password: Option<String>,
    memo: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TermView {
    start: String,
    /// The last second.
    end: String,
    order_line: String,
    period: String,
    paid: MoneyView,
    /// Its start lies ahead; it can be refunded.
    not_yet_effective: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceView {
    id: String,
    seller_instance_id: Option<String>,
    /// The seller's key of the product.
    product: String,
    product_id: String,
    product_name: TextView,
    specification: String,
    specification_name: TextView,
    sku: String,
    sku_name: TextView,
    customer_name: String,
    /// What a decision about a freeze is made on: sent back as `If-Match`.
    version: String,
    quantity: i64,
    trial: bool,
    /// `PERIOD`, `ONE_TIME`, `ON_DEMAND` or `ON_DEMAND_PKG`.
    charging_mode: String,
    state: String,
    /// `expired`, `used_up` (a package that stops), `cap` (of the charges of a month), `violation` or `arrears`.
    freeze_cause: Option<String>,
    freeze_reason: Option<String>,
    /// The same in both languages, as far as the platform worded it.
    freeze_reason_text: Option<TextView>,
    opened_at: Option<String>,
    /// The last second of the last term.
    expires_at: Option<String>,
    /// When a frozen instance is released.
    released_at: Option<String>,
    order_number: String,
    /// An order that is open on it.
    open_order: Option<String>,
    app: AppView,
    terms: Vec<TermView>,
    /// The period of the terms that are ordered automatically; only of one instance, for its buyer.
    auto_renewal: Option<String>,
    /// When that is tried next.
    next_auto_renewal: Option<String>,
    /// `saas` or `license_code`.
    access_type: String,
    /// The seller waits for the buyer on a page of its own; only of one instance, for its buyer.
    set_up: bool,
    /// The licence of 1.x itself; only of one instance, for its buyer.
    licence_text: Option<String>,
    /// The code, only of one instance.
    licence: Option<LicenceView>,
}

pub(crate) fn view(tx: &mut Tx, ctx: &Ctx, i: &rows::Instance, tenant: Tenant, whole: bool) -> Result<InstanceView, Error> {
    let line = store::order::any_line(tx, i.line_id)?.ok_or_else(|| Error::row("instances", instance::id(i), "has no line"))?;
    let first =
        store::order::lookup(tx, Tenant::Any, line.order_id)?.ok_or_else(|| Error::row("instances", instance::id(i), "has no order"))?;
    let sold = order::Sold::of(&line)?;
    let mut terms = Vec::new();
    if whole {
        for paid in instance::paid_terms(tx, &ctx.site(first.site), i.id)? {
            let (sum, t) = (paid.sum()?, paid.term);
            let paid_by = store::order::any_line(tx, t.line_id)?.map_or_else(String::new, |l| l.number);
            terms.push(TermView {
                start: time(t.start_at),
                end: shown_end(Some(t.end_at)).unwrap_or_default(),
                order_line: paid_by,
                period: t.period.to_string(),
                paid: crate::views::money(sum, first.currency),
                not_yet_effective: t.start_at > ctx.moment(),
            });
        }
    }
    let buyers = matches!(tenant, Tenant::Buyer(_));
    let app = AppView {
        front_end_url: i.front_end_url.clone(),
        admin_url: i.admin_url.clone().filter(|_| buyers),
        user_name: i.user_name.clone().filter(|_| buyers),
        password: if buyers && whole { instance::password(ctx, i)? } else { None },
        memo: i.memo.clone().filter(|_| buyers),
    };
    let open = i.open_order_id.map(|o| store::order::lookup(tx, Tenant::Any, o)).transpose()?.flatten();
    let (auto_renewal, next_auto_renewal) = if buyers && whole { auto_renewal_of(tx, i)? } else { (None, None) };
    let retention = jiff::SignedDuration::from_hours(24 * ctx.settings.retention_days);
    let released_at = match (i.state, i.expires_at) {
        (InstanceState::Frozen, Some(end)) => Some((end.at() + retention).to_string()),
        _ => times(i.ended_at),
    };
    // A change gave it another combination than the purchase.
    let sku_name = if i.sku == line.sku { sold.sku_name } else { instance::sku_name(tx, ctx, i)? };
    Ok(InstanceView {
        id: instance::id(i).to_string(),
        // A code is its instance's id; the buyer sees it as his licence, once he took it.
        seller_instance_id: i.seller_instance_id.clone().filter(|_| !buyers || i.access_type != AccessType::LicenceCode),
        product: sold.product_key,
        product_id: i.product_id.id::<domain::id::ProductId>().to_string(),
        product_name: sold.product_name.into(),
        specification: i.specification.clone(),
        specification_name: sold.specification_name.into(),
        sku: i.sku.clone(),
        sku_name: sku_name.into(),
        customer_name: first.customer_name,
        version: instance::freeze_version(i),
        quantity: i.quantity,
        trial: i.trial,
        charging_mode: line.charging_mode.to_string(),
        state: i.state.to_string(),
        freeze_cause: freeze_cause(ctx, i),
        freeze_reason: i.freeze_reason.clone(),
        freeze_reason_text: i.freeze_reason.as_deref().map(|text| app::message::reason(text).into()),
        opened_at: times(i.opened_at),
        expires_at: shown_end(i.expires_at),
        released_at,
        order_number: first.number,
        open_order: open.map(|o| o.number),
        app,
        terms,
        auto_renewal,
        next_auto_renewal,
        access_type: i.access_type.to_string(),
        set_up: buyers && whole && neighbour::is_set_up_there(tx, i)?,
        licence_text: if buyers && whole { instance::licence(ctx, i)? } else { None },
        licence: if whole { licence::of_instance(tx, ctx, i, tenant)? } else { None },
    })
}

/// Why an instance is frozen: a package that is used up and a cap that is reached are stored as an end.
fn freeze_cause(ctx: &Ctx, i: &rows::Instance) -> Option<String> {
    if instance::is_used_up(ctx, i) {
        Some("used_up".to_owned())
    } else if instance::is_capped(i) {
        Some("cap".to_owned())
    } else {
        i.freeze_cause.map(|word| word.to_string())
    }
}

/// The period of automatic renewal, and when it is tried next.
fn auto_renewal_of(tx: &mut Tx, i: &rows::Instance) -> Result<(Option<String>, Option<String>), Error> {
    let Some(on) = store::auto_renewal::of_instance(tx, i.id)? else {
        return Ok((None, None));
    };
    let job = store::job::of_subject(tx, i.id)?.into_iter().find(|j| j.kind == app::job::JobKind::AutoRenewal);
    Ok((Some(on.period.to_string()), times(job.map(|j| j.due_at))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `buyer`, `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    /// `opening`, `running`, `frozen`, `released`, `failed`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<InstanceState>,
    /// `created` (the newest first) or `expires` (what ends soonest first, what never ends last).
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Option<Sort>,
}

domain::words! {
    /// What a list of instances is sorted by.
    enum Sort ("sort") {
        Created = "created",
        Expires = "expires",
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct InstanceList {
    instances: Vec<InstanceView>,
    next: Option<String>,
}

/// Instances of the caller, newest first unless sorted otherwise.
#[utoipa::path(get, path = "/api/v1/instances", tag = "instances", operation_id = "instance_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = InstanceList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<InstanceList>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let tenant = tenant(who, p.role)?;
            let (found, next) = match p.sort.unwrap_or(Sort::Created) {
                Sort::Created => {
                    let found = rows::list(tx, tenant, p.state, page)?;
                    let next = next(&found, page, |i| (i.created_at.micros(), i.id));
                    (found, next)
                }
                Sort::Expires => {
                    let found = rows::list_by_end(tx, tenant, p.state, page)?;
                    let next = next(&found, page, rows::place_by_end);
                    (found, next)
                }
            };
            let instances =
                found.iter().filter_map(|i| app::legible(view(tx, ctx, i, tenant, false)).transpose()).collect::<Result<_, _>>()?;
            Ok(InstanceList { instances, next })
        })
        .await?;
    Ok(Json(answer))
}

pub(crate) fn find(tx: &mut Tx, who: &Caller, id: InstanceId) -> Result<(rows::Instance, Tenant), Error> {
    for tenant in any_tenant(who) {
        if let Some(found) = rows::lookup(tx, tenant, Key::of(id))? {
            return Ok((found, tenant));
        }
    }
    Err(Error::not_found("instance.not_found", "there is no such instance"))
}

/// One instance with its terms; the buyer also gets the log-in data.
#[utoipa::path(get, path = "/api/v1/instances/{id}", tag = "instances", operation_id = "instance_show", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = InstanceView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<InstanceView>, Problem> {
    api.counted().await?;
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let (found, tenant) = find(tx, who, id)?;
            view(tx, ctx, &found, tenant, true)
        })
        .await?;
    Ok(Json(answer))
}

/// Everything that happened to an instance over all its orders.
#[utoipa::path(get, path = "/api/v1/instances/{id}/timeline", tag = "instances", operation_id = "instance_timeline",
    security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = Timeline)))]
async fn timeline(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<Timeline>, Problem> {
    let entries = api
        .read(caller, move |tx, _, who| {
            let (_, tenant) = find(tx, who, id)?;
            order::instance_timeline(tx, tenant, id)
        })
        .await?;
    Ok(Json(timeline_view(entries)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangeParams {
    /// Key of the dearer combination.
    sku: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeeView {
    pub fee: MoneyView,
    /// What automatic renewal takes for a term from then on, where it is switched on: paying agrees to it.
    pub renewal: Option<MoneyView>,
    /// The last second of the term that is bought; null for an upgrade.
    pub ends_at: Option<String>,
    /// Of the price: sent as `If-Match` with an order, which is refused when it costs another amount then.
    pub version: String,
}

impl From<order::Quoted> for FeeView {
    fn from(quote: order::Quoted) -> Self {
        let (renewal, ends_at) = (quote.renewal.map(Into::into), quote.ends_at.map(|end| end.to_string()));
        Self { fee: quote.fee.into(), renewal, ends_at, version: quote.version }
    }
}

/// What an upgrade would cost now.
#[utoipa::path(get, path = "/api/v1/instances/{id}/change-quote", tag = "instances", operation_id = "instance_change_quote",
    security(("access" = ["buyer"])),
    params(("id" = String, Path), ChangeParams), responses((status = 200, body = FeeView)))]
async fn change_quote(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    Params(p): Params<ChangeParams>,
) -> Result<Json<FeeView>, Problem> {
    let quote = api.read(caller, move |tx, ctx, who| order::change_quote(tx, ctx, who, id, &p.sku)).await?;
    Ok(Json(quote.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    sku: Line<200>,
    #[serde(default)]
    pay: bool,
}

/// Orders an upgrade.
#[utoipa::path(post, path = "/api/v1/instances/{id}/change", tag = "instances", operation_id = "instance_change",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = ChangeBody,
    responses((status = 200, body = OrderView)))]
async fn change(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<ChangeBody>,
) -> Result<Json<OrderView>, Problem> {
    let cmd = order::PlaceChange { instance: id, sku: body.value.sku.into_string(), pay: body.value.pay };
    let order = api.write_answered(caller, move |tx, ctx, who| buyers_order(&order::change(tx, ctx, who, &cmd)?)).await?;
    Ok(Json(order))
}

/// Where the buyer goes to set the instance up at the seller's.
#[derive(Debug, Serialize, ToSchema)]
struct LandingView {
    url: String,
    /// The token is posted as a form; else it goes into the query.
    posted: bool,
    /// The token's name there.
    field: String,
    token: String,
}

/// A token for the seller's page, where the seller speaks to AWS Marketplace or Azure.
#[utoipa::path(post, path = "/api/v1/instances/{id}/set-up", tag = "instances", operation_id = "instance_set_up",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), responses((status = 200, body = LandingView)))]
async fn set_up(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<LandingView>, Problem> {
    let l = api.write(caller, move |tx, ctx, who| neighbour::landing(tx, ctx, who, id)).await?;
    Ok(Json(LandingView { url: l.url, posted: l.posted, field: l.field.to_owned(), token: l.token }))
}

/// Freezes an instance for a violation; its term goes on.
#[utoipa::path(post, path = "/api/v1/operator/instances/{id}/freeze", tag = "operator", operation_id = "instance_freeze",
    security(("access" = ["operator:support"])), params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = InstanceView)))]
async fn freeze(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<ReasonBody>,
) -> Result<Json<InstanceView>, Problem> {
    let reason = body.value.reason.into_string();
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let found = instance::freeze_for_violation(tx, ctx, who, id, &reason)?;
            view(tx, ctx, &found, Tenant::Any, true)
        })
        .await?;
    Ok(Json(answer))
}

/// Lifts a freeze for a violation.
#[utoipa::path(post, path = "/api/v1/operator/instances/{id}/unfreeze", tag = "operator", operation_id = "instance_unfreeze",
    security(("access" = ["operator:support"])), params(("id" = String, Path)), responses((status = 200, body = InstanceView)))]
async fn unfreeze(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<InstanceView>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let found = instance::unfreeze(tx, ctx, who, id)?;
            view(tx, ctx, &found, Tenant::Any, true)
        })
        .await?;
    Ok(Json(answer))
}
