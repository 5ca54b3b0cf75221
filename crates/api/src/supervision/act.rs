//! What buyer and seller do in a case.

use super::view::{AsParams, Sent, SupervisionCase, case_view, side};
use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    order::ShippingBody,
    problem::Problem,
    state::Api,
    views::MoneyView,
};
use app::{
    Caller, Ctx, Error, Key, Tenant, Tx,
    supervision::{self, Act, Answer, Found, Identification},
};
use axum::{Json, extract::State};
use domain::{
    Timestamp,
    id::{DocumentId, SupervisionId},
    supervision::{Elements, EvidenceKind, Goods, Verb},
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(act))
        .routes(routes!(appeal))
        .routes(routes!(state_case))
        .routes(routes!(ask_refund))
        .routes(routes!(step_refund))
        .routes(routes!(address))
}

/// A file that was sent to the case, with what it proves.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentRef {
    #[schema(value_type = String)]
    id: DocumentId,
    #[schema(value_type = String)]
    kind: EvidenceKind,
}

pub(super) fn sent(documents: Vec<DocumentRef>) -> Sent {
    documents.into_iter().map(|d| (d.id, d.kind)).collect()
}

/// The five key elements that the seller's document names; each is compared with the order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ElementsBody {
    #[schema(max_items = 50)]
    order_numbers: Vec<String>,
    #[schema(max_length = 120)]
    customer_name: String,
    #[schema(max_length = 120)]
    product_name: String,
    #[schema(max_length = 120)]
    specification_name: String,
    /// yyyy-MM-dd.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    valid_from: Option<jiff::civil::Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    valid_to: Option<jiff::civil::Date>,
    #[serde(default)]
    #[schema(max_length = 64)]
    resource_order: Option<String>,
}

impl From<ElementsBody> for Elements {
    fn from(e: ElementsBody) -> Self {
        Self {
            order_numbers: e.order_numbers,
            customer_name: e.customer_name,
            product_name: e.product_name,
            specification_name: e.specification_name,
            valid_from: e.valid_from,
            valid_to: e.valid_to,
            resource_order: e.resource_order,
        }
    }
}

/// What is done at a node, with everything that it asks for and nothing else.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActBody {
    /// One of the `actions` of the case.
    #[schema(value_type = String)]
    verb: Verb,
    #[serde(default)]
    #[schema(max_length = 5000)]
    text: Option<String>,
    #[serde(default)]
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// The actual opening time; when it is left out, the term begins with acceptance.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    opening_time: Option<Timestamp>,
    #[serde(default)]
    #[schema(max_length = 60)]
    carrier: Option<String>,
    #[serde(default)]
    #[schema(max_length = 60)]
    tracking_number: Option<String>,
    /// A hardware code; `system` to have one made.
    #[serde(default)]
    #[schema(max_length = 256)]
    identification_code: Option<String>,
    #[serde(default)]
    #[schema(max_length = 20000)]
    licence: Option<String>,
    #[serde(default)]
    elements: Option<ElementsBody>,
    #[serde(default)]
    #[schema(max_items = 20)]
    documents: Vec<DocumentRef>,
}

impl From<ActBody> for Act {
    fn from(b: ActBody) -> Self {
        let given = |text: Option<String>| text.filter(|t| !t.trim().is_empty());
        Self {
            verb: b.verb,
            text: given(b.text),
            reason: given(b.reason),
            opening_time: b.opening_time,
            carrier: given(b.carrier),
            tracking_number: given(b.tracking_number),
            identification: given(b.identification_code).map(|code| match code.as_str() {
                "system" => Identification::System,
                _ => Identification::Hardware(code),
            }),
            licence: given(b.licence),
            elements: b.elements.map(Into::into),
            documents: sent(b.documents),
        }
    }
}

/// Does something to a case as one of its sides and answers how it is then.
async fn done(
    api: &Api,
    caller: Arc<Caller>,
    (id, p): (SupervisionId, AsParams),
    step: impl Fn(&mut Tx, &Ctx, Tenant) -> Result<Found, Error> + Send + Sync + 'static,
) -> Result<Json<SupervisionCase>, Problem> {
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let tenant = side(tx, who, p.role, id)?;
            let found = step(tx, ctx, tenant)?;
            case_view(tx, ctx, who, tenant, &found)
        })
        .await?;
    Ok(Json(answer))
}

/// Does what a node of a case asks the caller for.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/actions", tag = "supervision", operation_id = "supervision_act",
    security(("access" = ["user"])),
    params(("id" = String, Path), AsParams), request_body = ActBody, responses((status = 200, body = SupervisionCase)))]
async fn act(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<AsParams>,
    body: Body<ActBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let cmd: Act = body.value.into();
    done(&api, caller, (id, p), move |tx, ctx, tenant| supervision::act(tx, ctx, tenant, id, &cmd)).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppealBody {
    #[schema(min_length = 1, max_length = 5000)]
    text: String,
    #[serde(default)]
    #[schema(max_items = 20)]
    documents: Vec<DocumentRef>,
}

/// Opens an appeal: the flow is frozen until the platform decides, within three working days.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/appeals", tag = "supervision", operation_id = "supervision_appeal",
    security(("access" = ["user"])), params(("id" = String, Path), AsParams), request_body = AppealBody,
    responses((status = 200, body = SupervisionCase)))]
async fn appeal(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<AsParams>,
    body: Body<AppealBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let (text, documents) = (body.value.text, sent(body.value.documents));
    done(&api, caller, (id, p), move |tx, ctx, tenant| supervision::appeal(tx, ctx, tenant, id, &text, &documents)).await
}

/// Adds what the caller has to say to the open appeal, with evidence.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/appeals/statements", tag = "supervision", operation_id = "supervision_state_case",
    security(("access" = ["user"])), params(("id" = String, Path), AsParams), request_body = AppealBody,
    responses((status = 200, body = SupervisionCase)))]
async fn state_case(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<AsParams>,
    body: Body<AppealBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let (text, documents) = (body.value.text, sent(body.value.documents));
    done(&api, caller, (id, p), move |tx, ctx, tenant| supervision::state_case(tx, ctx, tenant, id, &text, &documents)).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    amount: MoneyView,
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
    /// Hardware: `none`, `in_transit` or `received`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    goods: Option<Goods>,
}

/// Asks the seller for a negotiated refund, more than 0 and at most what was paid.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/refunds", tag = "supervision", operation_id = "supervision_ask_refund",
    security(("access" = ["buyer"])), params(("id" = String, Path)), request_body = RefundBody,
    responses((status = 200, body = SupervisionCase)))]
async fn ask_refund(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<RefundBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let b = body.value;
    let amount = b.amount.read("/amount")?;
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let tenant = Tenant::Buyer(Key::of(who.account_id));
            let found = supervision::find(tx, ctx, tenant, id)?;
            currency_fits(tx, &found, amount)?;
            let found = supervision::ask_refund(tx, ctx, tenant, id, (amount.minor, b.goods.unwrap_or(Goods::None)), &b.reason)?;
            case_view(tx, ctx, who, tenant, &found)
        })
        .await?;
    Ok(Json(answer))
}

/// Money of a case is in the currency of its order.
pub(super) fn currency_fits(tx: &mut Tx, found: &Found, amount: domain::money::Money) -> Result<(), Error> {
    let order = store::order::lookup(tx, Tenant::Any, found.row.order_id)?;
    match order {
        Some(order) if order.currency != amount.currency => {
            Err(Error::field("/amount/currency", "money.currency", format!("the order was paid in {}", order.currency)))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundStepBody {
    /// One of the `refund_steps` of the case.
    #[schema(value_type = String)]
    step: RefundStep,
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
    #[serde(default)]
    #[schema(max_length = 60)]
    carrier: Option<String>,
    #[serde(default)]
    #[schema(max_length = 60)]
    tracking_number: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    documents: Vec<DocumentRef>,
}

domain::words! {
    /// Steps of a request for a refund.
    pub(super) enum RefundStep ("refund step") {
        Withdraw = "withdraw",
        Agree = "agree",
        Reject = "reject",
        Confirm = "confirm",
        Refuse = "refuse",
        SendBack = "send_back",
        Inspected = "inspected",
        Damaged = "damaged",
    }
}

impl RefundStepBody {
    /// Takes the request of a case a step further, as the party that the tenant is.
    pub fn apply(&self, tx: &mut Tx, ctx: &Ctx, tenant: Tenant, id: SupervisionId) -> Result<Found, Error> {
        let answer = match self.step {
            RefundStep::Withdraw => Answer::Withdraw,
            RefundStep::Agree => Answer::Agree,
            RefundStep::Reject => Answer::Reject,
            RefundStep::Confirm => Answer::Confirm,
            RefundStep::Refuse => Answer::Refuse,
            RefundStep::SendBack => Answer::SendBack,
            RefundStep::Inspected => Answer::Inspected,
            RefundStep::Damaged => Answer::Damaged,
        };
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let (carrier, number) = (given(&self.carrier), given(&self.tracking_number));
        let tracking = carrier.as_deref().zip(number.as_deref());
        supervision::step_refund(tx, ctx, tenant, id, (answer, &self.reason, tracking), &sent(self.documents.clone()))
    }
}

/// Takes the request for a refund a step further: withdraw, agree, reject, send back, inspect.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/refunds/steps", tag = "supervision", operation_id = "supervision_step_refund",
    security(("access" = ["user"])), params(("id" = String, Path), AsParams), request_body = RefundStepBody,
    responses((status = 200, body = SupervisionCase)))]
async fn step_refund(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<AsParams>,
    body: Body<RefundStepBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let b = body.value;
    done(&api, caller, (id, p), move |tx, ctx, tenant| b.apply(tx, ctx, tenant, id)).await
}

/// Changes where the goods are sent, until they are shipped.
#[utoipa::path(put, path = "/api/v1/supervision/{id}/address", tag = "supervision", operation_id = "supervision_address",
    security(("access" = ["buyer"])), params(("id" = String, Path)), request_body = ShippingBody,
    responses((status = 200, body = SupervisionCase)))]
async fn address(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    body: Body<ShippingBody>,
) -> Result<Json<SupervisionCase>, Problem> {
    let address = body.value.into();
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let tenant = Tenant::Buyer(Key::of(who.account_id));
            let found = supervision::change_address(tx, ctx, tenant, id, &address)?;
            case_view(tx, ctx, who, tenant, &found)
        })
        .await?;
    Ok(Json(answer))
}
