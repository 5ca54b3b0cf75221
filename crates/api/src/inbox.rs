//! The in-site inbox.

use crate::{
    auth::Who,
    body::{Body, Flag},
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    views::time,
};
use app::{Key, message};
use axum::{Json, extract::State};
use domain::{id::MessageId, message::MessageType, site::Language};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `true`: only unread ones.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    unread: Flag,
    /// A type code, such as `101`.
    #[serde(default, rename = "type")]
    #[param(value_type = Option<String>)]
    kind: Option<MessageType>,
    /// `zh` or `en`; the user's language by default.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    language: Option<Language>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MessageView {
    id: String,
    /// The upstream code, such as `101`.
    #[serde(rename = "type")]
    kind: String,
    event: String,
    title: String,
    body: String,
    /// The page that it leads to, such as `/buyer/orders/CS2401111300000001`.
    link: Option<String>,
    at: String,
    read: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct Inbox {
    /// Counted to 1,000.
    unread: i64,
    messages: Vec<MessageView>,
    next: Option<String>,
}

/// The caller's messages, newest first.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox", operation_id = "inbox_list", security(("access" = ["user"])),
    params(ListParams, Paging), responses((status = 200, body = Inbox)))]
async fn list(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<ListParams>) -> Result<Json<Inbox>, Problem> {
    let (shown, unread) = api
        .read(caller, move |tx, ctx, who| {
            let language = p.language.map_or_else(|| who.language.clone(), |l| l.to_string());
            let zone = ctx.site(who.site).time_zone;
            message::list(tx, Key::of(who.account_id), (p.unread.0, p.kind.map(MessageType::as_str)), (&language, &zone), page)
        })
        .await?;
    let next = next(&shown, page, |m| (m.row.created_at.micros(), m.row.id));
    let view = |m: message::Shown| MessageView {
        id: m.id.to_string(),
        kind: m.type_code.to_owned(),
        event: m.event.to_string(),
        title: m.title,
        body: m.body,
        link: m.link,
        at: time(m.row.created_at),
        read: m.row.read_at.is_some(),
    };
    Ok(Json(Inbox { unread, messages: shown.into_iter().map(view).collect(), next }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadBody {
    /// One message; all when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    id: Option<MessageId>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReadCount {
    read: usize,
}

/// Marks one message, or all, as read.
#[utoipa::path(post, path = "/api/v1/inbox/read", tag = "inbox", operation_id = "inbox_read", security(("access" = ["user"])),
    request_body = ReadBody, responses((status = 200, body = ReadCount)))]
async fn read(State(api): State<Api>, Who(caller): Who, body: Body<ReadBody>) -> Result<Json<ReadCount>, Problem> {
    let id = body.value.id;
    let read = api.write(caller, move |tx, ctx, who| message::mark_read(tx, ctx, Key::of(who.account_id), id)).await?;
    Ok(Json(ReadCount { read }))
}
