//! The message centre: who hears of which messages, and of what not.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done},
};
use app::{
    Ctx, Error, Key,
    message::{self, NewRecipient, Wanted},
};
use axum::{Json, extract::State, response::Redirect};
use domain::{
    id::RecipientId,
    message::{Audience, MessageEvent, TYPES},
    site::Language,
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::delivery::{self as rows, Recipient};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(put))
        .routes(routes!(add_recipient))
        .routes(routes!(remove_recipient))
        .routes(routes!(ask_again))
        .routes(routes!(confirm))
        .routes(routes!(unsubscribe, unsubscribe_page))
}

#[derive(Debug, Serialize, ToSchema)]
struct EventView {
    key: String,
    /// Legal or money: sent all the same.
    essential: bool,
    /// Comes often; a digest may gather it.
    noisy: bool,
    /// Urgent enough for SMS.
    urgent: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct TypeView {
    code: String,
    mail: bool,
    sms: bool,
    digest: bool,
    /// Those that the caller's account may get.
    events: Vec<EventView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RecipientView {
    id: String,
    /// Null: of all types.
    #[serde(rename = "type")]
    type_code: Option<String>,
    name: String,
    mailbox: Option<String>,
    /// Whether the owner of the mailbox agreed to be written to; until then nothing is sent there.
    confirmed: bool,
    phone: Option<String>,
    language: String,
    /// Null: that of the account's site.
    time_zone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MessageSettings {
    /// Whether this platform sends mails at all.
    mail_available: bool,
    types: Vec<TypeView>,
    recipients: Vec<RecipientView>,
}

fn recipient_view(ctx: &Ctx, r: &Recipient) -> Result<RecipientView, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(RecipientView {
        id: r.id.id::<RecipientId>().to_string(),
        type_code: given(&r.type_code),
        name: r.name.clone(),
        mailbox: message::mailbox(ctx, r)?,
        confirmed: r.confirmed_at.is_some(),
        phone: message::phone(ctx, r)?,
        language: r.language.to_string(),
        time_zone: given(&r.time_zone),
    })
}

/// What the caller's account hears of, by which channels, and who.
#[utoipa::path(get, path = "/api/v1/messages/settings", tag = "inbox", operation_id = "message_settings",
    security(("access" = ["administrator"])),
    responses((status = 200, body = MessageSettings)))]
async fn show(State(api): State<Api>, Who(caller): Who) -> Result<Json<MessageSettings>, Problem> {
    let answer = api
        .read(caller, |tx, ctx, who| {
            let account = Key::of(who.account_id);
            let settings = rows::settings(tx, account)?;
            let recipients = rows::recipients(tx, account)?;
            let mine = |e: &&MessageEvent| match e.audience() {
                Audience::Buyer => who.roles.contains(&domain::access::Role::Buyer),
                Audience::Seller => who.roles.contains(&domain::access::Role::Seller),
                Audience::Operator => who.staff.is_some(),
            };
            let event = |e: &MessageEvent| EventView { key: e.to_string(), essential: e.essential(), noisy: e.noisy(), urgent: e.by_sms() };
            let of_type = |code: &&str| {
                let wanted = message::wanted(&settings, code);
                let events = MessageEvent::ALL.iter().filter(|e| e.type_code() == *code).filter(mine).map(event).collect();
                TypeView { code: (*code).to_owned(), mail: wanted.mail, sms: wanted.sms, digest: wanted.digest, events }
            };
            Ok(MessageSettings {
                mail_available: ctx.settings.mail,
                types: TYPES.iter().map(of_type).collect(),
                recipients: recipients.iter().map(|r| recipient_view(ctx, r)).collect::<Result<_, _>>()?,
            })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WantedBody {
    mail: bool,
    sms: bool,
    /// Noisy messages come once a day at 9:00, gathered.
    digest: bool,
}

/// Sets by which channels a type of message comes. Legal and money messages come all the same.
#[utoipa::path(put, path = "/api/v1/messages/settings/{code}", tag = "inbox", operation_id = "message_setting_put",
    security(("access" = ["administrator"])),
    params(("code" = String, Path, max_length = 16)), request_body = WantedBody, responses((status = 200, body = Done)))]
async fn put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(code): PathOf<Line<16>>,
    body: Body<WantedBody>,
) -> Result<Json<Done>, Problem> {
    let wanted = Wanted { mail: body.value.mail, sms: body.value.sms, digest: body.value.digest };
    api.write(caller, move |tx, ctx, who| message::put_setting(tx, ctx, who, code.as_str(), wanted)).await?;
    Ok(DONE)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecipientBody {
    /// One of the types; all of them when it is left out.
    #[serde(default, rename = "type")]
    #[schema(max_length = 16)]
    type_code: Option<String>,
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    #[serde(default)]
    #[schema(max_length = 120)]
    mailbox: Option<String>,
    #[serde(default)]
    #[schema(max_length = 32)]
    phone: Option<String>,
    /// `zh` or `en`.
    #[schema(value_type = String)]
    language: Language,
    /// Such as `Asia/Shanghai`.
    #[serde(default)]
    #[schema(max_length = 64)]
    time_zone: Option<String>,
}

/// Adds somebody who hears of messages by mail or SMS.
#[utoipa::path(post, path = "/api/v1/messages/recipients", tag = "inbox", operation_id = "message_recipient_add",
    security(("access" = ["administrator"])),
    request_body = RecipientBody, responses((status = 200, body = RecipientView)))]
async fn add_recipient(State(api): State<Api>, Who(caller): Who, body: Body<RecipientBody>) -> Result<Json<RecipientView>, Problem> {
    let b = body.value;
    let given = |text: Option<String>| text.filter(|t| !t.trim().is_empty());
    let new = NewRecipient {
        type_code: b.type_code.unwrap_or_default(),
        name: b.name,
        mailbox: given(b.mailbox),
        phone: given(b.phone),
        language: b.language,
        time_zone: given(b.time_zone),
    };
    let answer = api
        .write(caller, move |tx, ctx, who| {
            let row = message::add_recipient(tx, ctx, who, &new)?;
            recipient_view(ctx, &row)
        })
        .await?;
    Ok(Json(answer))
}

/// Removes somebody who hears of messages.
#[utoipa::path(delete, path = "/api/v1/messages/recipients/{id}", tag = "inbox", operation_id = "message_recipient_remove",
    security(("access" = ["administrator"])), params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn remove_recipient(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RecipientId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| message::remove_recipient(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// Sends the mail once more that asks the owner of a mailbox whether he agrees.
#[utoipa::path(post, path = "/api/v1/messages/recipients/{id}/confirmation", tag = "inbox", operation_id = "message_recipient_ask",
    security(("access" = ["administrator"])), params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn ask_again(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<RecipientId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| message::ask_mailbox_again(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// The owner of a mailbox agrees to be written to, by the address that a mail named.
#[utoipa::path(post, path = "/api/v1/messages/confirm/{token}", tag = "inbox", operation_id = "message_mailbox_confirm",
    security(("access" = ["public"])),
    params(("token" = String, Path, max_length = 400)), responses((status = 200, body = Done)))]
async fn confirm(State(api): State<Api>, PathOf(token): PathOf<Line<400>>) -> Result<Json<Done>, Problem> {
    api.app.write(app::Actor::Anybody, move |tx, ctx| message::confirm_mailbox(tx, ctx, token.as_str())).await?;
    Ok(DONE)
}

/// Ends mails of a type, by the address that a mail names; one click is enough (RFC 8058).
#[utoipa::path(post, path = "/api/v1/messages/unsubscribe/{token}", tag = "inbox", operation_id = "message_unsubscribe",
    security(("access" = ["public"])),
    params(("token" = String, Path, max_length = 400)), responses((status = 200, body = Done)))]
async fn unsubscribe(State(api): State<Api>, PathOf(token): PathOf<Line<400>>) -> Result<Json<Done>, Problem> {
    api.app.write(app::Actor::Anybody, move |tx, ctx| message::unsubscribe(tx, ctx, token.as_str())).await?;
    Ok(DONE)
}

/// Leads to the page with a button, so that programs that only look at addresses end nothing.
#[utoipa::path(get, path = "/api/v1/messages/unsubscribe/{token}", tag = "inbox", operation_id = "message_unsubscribe_page",
    security(("access" = ["public"])), params(("token" = String, Path, max_length = 400)), responses((status = 303)))]
async fn unsubscribe_page(PathOf(token): PathOf<Line<400>>) -> Redirect {
    let token: String = token.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
    Redirect::to(&format!("/mail/unsubscribe/{token}"))
}
