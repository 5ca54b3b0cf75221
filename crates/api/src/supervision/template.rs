//! Templates: the flows as data, drawn by the screens; loaded by the platform, never edited.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{TextView, time},
};
use app::supervision;
use axum::{Json, extract::State};
use domain::supervision::{Action, Evidence, Field, Node, Party, Scene, Template, mermaid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, load)).routes(routes!(show))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldView {
    /// `text`, `reason`, `opening_time`, `elements`, `carrier`, `tracking_number`, `identification_code`, `licence`.
    name: String,
    required: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvidenceView {
    kind: String,
    min: u8,
}

/// What may be done at a node, by whom, and what it asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionView {
    verb: String,
    by: String,
    to: String,
    fields: Vec<FieldView>,
    evidence: Vec<EvidenceView>,
    /// Per cent of the price that it releases.
    share: Option<u8>,
}

impl ActionView {
    pub fn of(a: &Action, by: Party) -> Self {
        let field = |f: &Field| FieldView { name: f.name.to_string(), required: f.required };
        let evidence = |e: &Evidence| EvidenceView { kind: e.kind.to_string(), min: e.min };
        Self {
            verb: a.verb.to_string(),
            by: by.to_string(),
            to: a.to.clone(),
            fields: a.fields.iter().map(field).collect(),
            evidence: a.evidence.iter().map(evidence).collect(),
            share: a.share,
        }
    }
}

/// What happens at a node by itself or from outside.
#[derive(Debug, Serialize, ToSchema)]
struct MoveView {
    /// `activation`, `carrier_delivered`, or `time`.
    by: String,
    to: String,
    days: Option<u16>,
}

#[derive(Debug, Serialize, ToSchema)]
struct NodeView {
    key: String,
    name: TextView,
    actor: String,
    actions: Vec<ActionView>,
    moves: Vec<MoveView>,
}

/// A flow as a diagram draws it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlowView {
    name: TextView,
    nodes: Vec<NodeView>,
}

pub(super) fn flow_view(flow: &Template) -> FlowView {
    let moves = |n: &Node| {
        let outside = n.triggers.iter().map(|t| MoveView { by: t.event.to_string(), to: t.to.clone(), days: None });
        let timed = n.timers.iter().filter_map(|t| Some(MoveView { by: "time".to_owned(), to: t.to.clone()?, days: Some(t.days) }));
        outside.chain(timed).collect()
    };
    let node = |n: &Node| NodeView {
        key: n.key.clone(),
        name: n.name.clone().into(),
        actor: n.actor.to_string(),
        actions: n.actions.iter().map(|a| ActionView::of(a, a.by(n))).collect(),
        moves: moves(n),
    };
    FlowView { name: flow.name.clone().into(), nodes: flow.nodes.iter().map(node).collect() }
}

#[derive(Debug, Serialize, ToSchema)]
struct TemplateSummary {
    key: String,
    version: u32,
    name: TextView,
    access_type: String,
    flow: String,
    valid_from: String,
    source: String,
    loaded_at: String,
    loaded_by: String,
    /// Cases that are open under this version.
    open_cases: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct TemplateList {
    templates: Vec<TemplateSummary>,
}

/// All versions of all templates.
#[utoipa::path(get, path = "/api/v1/operator/supervision/templates", tag = "supervision", operation_id = "supervision_templates",
    security(("access" = ["operator"])), responses((status = 200, body = TemplateList)))]
async fn list(State(api): State<Api>, Who(caller): Who) -> Result<Json<TemplateList>, Problem> {
    let found = api.read(caller, |tx, _, _| supervision::templates(tx)).await?;
    let templates = found.into_iter().map(|(t, row, open_cases)| TemplateSummary {
        key: t.key,
        version: t.version,
        name: t.name.into(),
        access_type: t.access_type.to_string(),
        flow: t.flow.to_string(),
        valid_from: t.valid_from.to_string(),
        source: t.source,
        loaded_at: time(row.loaded_at),
        loaded_by: row.loaded_by.split_once(' ').map_or(row.loaded_by.clone(), |(_, name)| name.to_owned()),
        open_cases,
    });
    Ok(Json(TemplateList { templates: templates.collect() }))
}

/// The flow of a template in a scene.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateScene {
    /// `general`, `joint`, `empowerment_cloud`, `base_cloud`.
    scene: String,
    flow: FlowView,
    /// The same as Mermaid text, for documents.
    mermaid: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct TemplateView {
    key: String,
    version: u32,
    name: TextView,
    access_type: String,
    flow: String,
    valid_from: String,
    source: String,
    scenes: Vec<TemplateScene>,
    /// The template itself, as it can be loaded.
    #[schema(value_type = Object)]
    body: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct VersionPath {
    key: String,
    version: u32,
}

/// A version of a template, with its flow in every scene.
#[utoipa::path(get, path = "/api/v1/operator/supervision/templates/{key}/{version}", tag = "supervision",
    operation_id = "supervision_template",
    security(("access" = ["operator"])), params(("key" = String, Path), ("version" = u32, Path)),
    responses((status = 200, body = TemplateView)))]
async fn show(State(api): State<Api>, Who(caller): Who, PathOf(path): PathOf<VersionPath>) -> Result<Json<TemplateView>, Problem> {
    let t = api.read(caller, move |tx, _, _| supervision::show_template(tx, &path.key, path.version)).await?;
    let scene = |s: &Scene| TemplateScene { scene: s.to_string(), flow: flow_view(&t.in_scene(*s)), mermaid: mermaid(&t, *s) };
    let body = serde_json::to_value(&t).map_err(|e| app::Error::row("supervision_templates", &t.key, e))?;
    Ok(Json(TemplateView {
        scenes: Scene::ALL.iter().map(scene).collect(),
        body,
        key: t.key,
        version: t.version,
        name: t.name.into(),
        access_type: t.access_type.to_string(),
        flow: t.flow.to_string(),
        valid_from: t.valid_from.to_string(),
        source: t.source,
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoadBody {
    /// The whole template; see those that are there.
    #[schema(value_type = Object)]
    template: serde_json::Value,
}

/// Loads a template or a new version of one; orders from its first day on begin with it.
#[utoipa::path(post, path = "/api/v1/operator/supervision/templates", tag = "supervision", operation_id = "supervision_template_load",
    security(("access" = ["operator:supervision"])), request_body = LoadBody, responses((status = 200, body = crate::views::Done)))]
async fn load(State(api): State<Api>, Who(caller): Who, body: Body<LoadBody>) -> Result<Json<crate::views::Done>, Problem> {
    let template: Template = serde_json::from_value(body.value.template)
        .map_err(|e| app::Error::field("/template", "supervision.bad_template", e.to_string()))?;
    api.write(caller, move |tx, ctx, _| supervision::load_template(tx, ctx, &template).map_err(|e| e.under("/template"))).await?;
    Ok(crate::views::DONE)
}
