//! Cases as their sides see them.

use super::{
    file::DocumentView,
    template::{ActionView, FlowView, flow_view},
};
use crate::{
    auth::Who,
    body::{Flag, Params, PathOf},
    listing_body::DeliveryBody,
    order::{ShippingBody, tenant},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::{MoneyView, TextView, money, time, times},
};
use app::{
    Caller, Ctx, Error, Key, Tenant, Tx,
    supervision::{self, Found},
};
use axum::{Json, extract::State};
use domain::{
    access::Role,
    id::{DocumentId, InstanceId, SupervisionId},
    listing::AccessType,
    supervision::{CaseState, Goods, Party},
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::{document, supervision as rows};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// A case in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SupervisionSummary {
    id: String,
    order_number: String,
    product_name: TextView,
    customer_name: String,
    access_type: String,
    /// `open`, `completed`, `cancelled`.
    state: String,
    node: String,
    node_name: TextView,
    /// Whose turn it is: `buyer`, `seller`, `operator`.
    waits_for: Vec<String>,
    /// An open appeal freezes it until this is due.
    appeal_due_at: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    /// What a decision is made on: sent back as `If-Match`.
    version: String,
}

fn summary(tx: &mut Tx, row: rows::Case) -> Result<SupervisionSummary, Error> {
    let template = supervision::show_template(tx, &row.template_key, u32::try_from(row.template_version).unwrap_or(0))?;
    let turns = [(Party::Buyer, row.buyer_turn), (Party::Seller, row.seller_turn), (Party::Operator, row.operator_turn)];
    Ok(SupervisionSummary {
        id: row.id.id::<SupervisionId>().to_string(),
        node_name: template.node(&row.node).map(|n| n.name.clone().into()).unwrap_or_default(),
        product_name: supervision::product_name(&row).into(),
        version: row.changes.to_string(),
        order_number: row.order_number,
        customer_name: row.customer_name,
        access_type: row.access_type.to_string(),
        state: row.state.to_string(),
        node: row.node,
        waits_for: turns.into_iter().filter(|(_, turn)| *turn).map(|(party, _)| party.to_string()).collect(),
        appeal_due_at: times(row.appeal_due_at),
        started_at: time(row.started_at),
        ended_at: times(row.ended_at),
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `buyer`, `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    /// `open`, `completed` or `cancelled`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<CaseState>,
    /// Whose turn it is: `buyer`, `seller` or `operator`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    turn: Option<Party>,
    /// `true`: only those under appeal.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    appealed: Flag,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    access_type: Option<AccessType>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    order_number: Option<Line<64>>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    product_name: Option<Line<120>>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    customer_name: Option<Line<120>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SupervisionList {
    cases: Vec<SupervisionSummary>,
    next: Option<String>,
    /// All that fit the filters.
    total: i64,
}

/// Cases that the caller bought, sold or watches over, newest first.
#[utoipa::path(get, path = "/api/v1/supervision", tag = "supervision", operation_id = "supervision_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = SupervisionList)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<SupervisionList>, Problem> {
    let filter = rows::Filter {
        state: p.state,
        turn: p.turn,
        appealed: p.appealed.0,
        access_type: p.access_type,
        order_number: p.order_number.map(Line::into_string),
        product_name: p.product_name.map(Line::into_string),
        customer_name: p.customer_name.map(Line::into_string),
    };
    let answer = api
        .read(caller, move |tx, _, who| {
            let tenant = tenant(who, p.role)?;
            let found = rows::list(tx, tenant, &filter, page)?;
            let next = next(&found, page, |c| (c.started_at.micros(), c.id));
            let total = rows::count(tx, tenant, &filter)?;
            let cases = found.into_iter().map(|row| summary(tx, row)).collect::<Result<_, _>>()?;
            Ok(SupervisionList { cases, next, total })
        })
        .await?;
    Ok(Json(answer))
}

/// An appeal that is open.
#[derive(Debug, Serialize, ToSchema)]
struct AppealView {
    by: String,
    at: String,
    due_at: String,
}

/// A request for a negotiated refund.
#[derive(Debug, Serialize, ToSchema)]
struct NegotiatedRefund {
    state: String,
    amount: MoneyView,
    /// `none`, `in_transit` or `received`.
    goods: String,
    asked_at: String,
    since: String,
}

/// What was done in a case.
#[derive(Debug, Serialize, ToSchema)]
struct SupervisionStep {
    seq: i64,
    at: String,
    /// `buyer`, `seller`, `operator` or `system`.
    party: String,
    actor: String,
    kind: String,
    from: String,
    to: String,
    /// What was filled in, by name.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    documents: Vec<DocumentView>,
}

/// Log-in data that the seller's interface gave before the delivery was accepted.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyApp {
    front_end_url: Option<String>,
    admin_url: Option<String>,
    user_name: Option<String>,
    memo: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SupervisionCase {
    #[serde(flatten)]
    case: SupervisionSummary,
    /// Whom the caller is here: `buyer`, `seller`, `operator`.
    party: String,
    instance: String,
    scene: String,
    template: String,
    template_version: i64,
    flow: FlowView,
    /// What the caller may do now.
    actions: Vec<ActionView>,
    may_appeal: bool,
    /// The most that may be asked back now; null when nothing may.
    refundable: Option<MoneyView>,
    /// Why no refund can be asked for, by code.
    no_refund: Option<String>,
    /// What the caller may do with the request for a refund: `withdraw`, `agree`, `reject`, `confirm`, `refuse`, `send_back`,
    /// `inspected`, `damaged`.
    refund_steps: Vec<&'static str>,
    appeal: Option<AppealView>,
    refund: Option<NegotiatedRefund>,
    paid: MoneyView,
    released: MoneyView,
    refunded: MoneyView,
    entered_at: String,
    /// When something happens by itself.
    due_at: Option<String>,
    claimed_at: Option<String>,
    activated_at: Option<String>,
    shipped_at: Option<String>,
    carrier_delivered_at: Option<String>,
    /// The actual opening time that the seller gave.
    opening_time: Option<String>,
    accepted_at: Option<String>,
    rejections: u32,
    delivery: Option<DeliveryBody>,
    /// Where goods are sent.
    address: Option<ShippingBody>,
    may_change_address: bool,
    app: Option<ReadyApp>,
    /// The authorisation code, when the caller may see it.
    code: Option<String>,
    /// The licence that the seller handed over, for the buyer.
    licence: Option<String>,
    steps: Vec<SupervisionStep>,
    /// Files that the caller sent and that wait for an action.
    waiting_documents: Vec<DocumentView>,
}

fn refund_steps(found: &Found, party: Party) -> Vec<&'static str> {
    use domain::supervision::RefundState as S;
    let state = found.case.open_refund().map(|r| r.state).filter(|_| found.case.appeal.is_none());
    match (party, state) {
        (Party::Buyer, Some(S::WaitingForSeller | S::WaitingForPlatform)) => vec!["withdraw"],
        (Party::Buyer, Some(S::WaitingForReturn)) => vec!["send_back", "withdraw"],
        (Party::Seller, Some(S::WaitingForSeller)) => vec!["agree", "reject"],
        (Party::Seller, Some(S::WaitingForInspection)) => vec!["inspected", "damaged"],
        (Party::Operator, Some(S::WaitingForPlatform)) => vec!["confirm", "refuse"],
        _ => Vec::new(),
    }
}

fn steps(tx: &mut Tx, found: &Found, party: Party) -> Result<Vec<SupervisionStep>, Error> {
    let documents = document::of_case(tx, found.row.id)?;
    let view = |s: rows::Step, data| SupervisionStep {
        documents: documents.iter().filter(|d| d.step == Some(s.seq)).map(|d| DocumentView::of(d, Some(found.id()))).collect(),
        seq: s.seq,
        at: time(s.at),
        party: s.party.to_string(),
        actor: s.actor,
        kind: s.kind.to_string(),
        from: s.from_node,
        to: s.to_node,
        data,
    };
    let step = |s: rows::Step| {
        let hidden = party == Party::Buyer && supervision::tells_of_calls(s.kind);
        let data = if hidden { serde_json::json!({}) } else { serde_json::from_str(&s.data).unwrap_or_default() };
        view(s, data)
    };
    Ok(rows::steps(tx, found.row.id)?.into_iter().map(step).collect())
}

/// A case as a side sees it.
pub(super) fn case_view(tx: &mut Tx, ctx: &Ctx, who: &Caller, tenant: Tenant, found: &Found) -> Result<SupervisionCase, Error> {
    let (case, row, party) = (&found.case, &found.row, supervision::party(tenant));
    let order = store::order::lookup(tx, Tenant::Any, row.order_id)?;
    let order = order.ok_or_else(|| Error::row("supervision_cases", &row.order_number, "has no order"))?;
    let instance = store::instance::lookup(tx, Tenant::Any, row.instance_id)?;
    let instance = instance.ok_or_else(|| Error::row("supervision_cases", &row.order_number, "has no instance"))?;
    let site = ctx.site(order.site);
    let listing = ctx.listings.approved(tx, instance.revision_id)?;
    let (buyers, open) = (party == Party::Buyer, case.state == CaseState::Open);
    let may = case.may_ask_refund();
    let app = instance.front_end_url.is_some() || instance.admin_url.is_some() || instance.memo.is_some();
    let code = store::licence::of_instance(tx, row.instance_id)?.filter(|l| !buyers || l.shown_at.is_some()).map(|l| l.code);
    let waiting = document::waiting(tx, Key::of(who.account_id), row.id)?;
    let cash = |minor| money(minor, order.currency);
    let flow = found.template.in_scene(case.scene);
    let actions = case.actions(&found.template, party);
    Ok(SupervisionCase {
        party: party.to_string(),
        instance: row.instance_id.id::<InstanceId>().to_string(),
        scene: case.scene.to_string(),
        template: row.template_key.clone(),
        template_version: row.template_version,
        actions: actions.iter().map(|a| ActionView::of(a, party)).collect(),
        flow: flow_view(&flow),
        may_appeal: open && case.appeal.is_none() && party != Party::Operator,
        refundable: may.as_ref().ok().filter(|()| buyers).map(|()| cash(case.refundable_minor())),
        no_refund: may.err().filter(|_| buyers && open).map(|e| e.code().to_owned()),
        refund_steps: refund_steps(found, party),
        appeal: case.appeal.map(|a| AppealView { by: a.by.to_string(), at: a.at.to_string(), due_at: a.due_at.to_string() }),
        refund: case.refund.map(|r| NegotiatedRefund {
            state: r.state.to_string(),
            amount: cash(r.amount_minor),
            goods: Goods::as_str(r.goods).to_owned(),
            asked_at: r.asked_at.to_string(),
            since: r.since.to_string(),
        }),
        paid: cash(case.paid_minor),
        released: cash(case.released_minor),
        refunded: cash(case.refunded_minor),
        entered_at: case.entered_at.to_string(),
        due_at: case.due(&found.template, &site).map(|(at, _)| at.to_string()),
        claimed_at: case.claimed_at.map(|at| at.to_string()),
        activated_at: case.activated_at.map(|at| at.to_string()),
        shipped_at: case.shipped_at.map(|at| at.to_string()),
        carrier_delivered_at: case.carrier_delivered_at.map(|at| at.to_string()),
        opening_time: case.opening_at.map(|at| at.to_string()),
        accepted_at: case.accepted_at.map(|at| at.to_string()),
        rejections: case.rejections,
        delivery: listing.delivery.as_ref().map(DeliveryBody::of),
        address: supervision::address_of(ctx, row)?.map(Into::into),
        may_change_address: buyers && open && row.address.is_some() && case.shipped_at.is_none(),
        app: (app && buyers).then(|| ReadyApp {
            front_end_url: instance.front_end_url.clone(),
            admin_url: instance.admin_url.clone(),
            user_name: instance.user_name.clone(),
            memo: instance.memo.clone(),
        }),
        code,
        licence: if buyers { app::instance::licence(ctx, &instance)? } else { None },
        steps: steps(tx, found, party)?,
        waiting_documents: waiting.iter().map(|d| DocumentView::of(d, Some(found.id()))).collect(),
        case: summary(tx, row.clone())?,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AsParams {
    /// `buyer`, `seller` or `operator`, when the caller is several.
    #[serde(default, rename = "as")]
    #[param(value_type = Option<String>)]
    pub role: Option<Role>,
}

/// A case with its flow, its log, its files and what the caller may do.
#[utoipa::path(get, path = "/api/v1/supervision/{id}", tag = "supervision", operation_id = "supervision_show",
    security(("access" = ["user"])),
    params(("id" = String, Path), AsParams), responses((status = 200, body = SupervisionCase)))]
async fn show(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<SupervisionId>,
    Params(p): Params<AsParams>,
) -> Result<Json<SupervisionCase>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let tenant = tenant_of(tx, who, p.role, id)?;
            let found = supervision::find(tx, ctx, tenant, id)?;
            case_view(tx, ctx, who, tenant, &found)
        })
        .await?;
    Ok(Json(answer))
}

/// Without a chosen role, whichever role of the caller may see the case.
pub(super) fn tenant_of(tx: &mut Tx, who: &Caller, role: Option<Role>, id: SupervisionId) -> Result<Tenant, Error> {
    if role.is_some() {
        return tenant(who, role);
    }
    for tenant in crate::order::any_tenant(who) {
        if rows::lookup(tx, tenant, Key::of(id))?.is_some() {
            return Ok(tenant);
        }
    }
    Err(Error::not_found("supervision.not_found", "there is no such case of service supervision"))
}

/// The side of an order that the caller is; the platform has a desk of its own.
pub(super) fn side(tx: &mut Tx, who: &Caller, role: Option<Role>, id: SupervisionId) -> Result<Tenant, Error> {
    match tenant_of(tx, who, role, id)? {
        Tenant::Any => Err(Error::forbidden("auth.wrong_role", "only buyer and seller of the order do this")),
        tenant => Ok(tenant),
    }
}

/// Files with the kinds that they are sent as.
pub(super) type Sent = Vec<(DocumentId, domain::supervision::EvidenceKind)>;
