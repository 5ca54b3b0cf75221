//! Webhooks by the Standard Webhooks specification 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

use super::{hand_on::deliver, show};
use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, Page, event, job, job::JobKind, limit};
use db::{Key, Moment, Tx};
use domain::limit::Limit;
use domain::{
    Timestamp,
    id::{DeliveryId, EndpointId, MessageId},
    job::JobState,
    message::{Channel, DeliveryState, MessageEvent},
    text::Line,
};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};
use store::{
    Written,
    delivery::{self as deliveries_rows, Attempt, Delivery, Progress},
    message,
    webhook::{self as rows, Endpoint},
};

const SECRET: Sealed = Sealed::WebhookSecret;
/// A former secret signs too for so long after a rotation.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// Seconds to the next attempts, 28 hours in all.
const RETRIES: [i64; 8] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 1_800];
/// What is kept of an answer.
const ANSWER_MAX: usize = 1_000;

/// An endpoint as it is asked for.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    pub url: String,
    pub description: Option<Line<120>>,
    /// All when it is empty.
    pub events: Vec<MessageEvent>,
}

fn check_url(ctx: &Ctx, text: &str) -> Result<(), Error> {
    let bad = |detail: &str| Error::field("/url", "webhook.bad_url", detail);
    let secure = text.strip_prefix("https://");
    let plain = text
        .strip_prefix("http://")
        .filter(|rest| ctx.settings.loopback_allowed && (rest.starts_with("127.0.0.1") || rest.starts_with("localhost")));
    let rest = secure.or(plain).ok_or_else(|| bad("write an address that begins with https://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let fits = !host.is_empty() && text.len() <= 512 && !text.chars().any(|c| c.is_whitespace() || c.is_control()) && !host.contains('@');
    if fits { Ok(()) } else { Err(bad("write a host without user names and blanks, at most 512 characters")) }
}

fn new_secret(ctx: &Ctx) -> String {
    let mut bytes = [0; 24];
    ctx.ids.random(&mut bytes);
    wire::webhook::secret(&bytes)
}

/// Adds an endpoint of the caller's account; its secret is shown then and later to administrators.
///
/// # Errors
/// `webhook.bad_url`, `webhook.too_many`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewEndpoint) -> Result<Endpoint, Error> {
    check_url(ctx, &new.url)?;
    let account = Key::of(caller.account_id);
    limit::room(tx, Limit::Webhooks, account, |tx| Ok(limit::number(&rows::list(tx, account)?)))?;
    let row = Endpoint {
        id: Key::of(ctx.id::<EndpointId>()),
        account_id: account,
        url: new.url.clone(),
        description: new.description.as_ref().map_or_else(String::new, |d| d.as_str().to_owned()),
        events: words(&new.events),
        enabled: true,
        disabled_reason: None,
        secret: ctx.sealer.seal(ctx.ids, SECRET, &new_secret(ctx)),
        old_secret: None,
        old_until: None,
        created_at: ctx.moment(),
    };
    rows::insert(tx, &row)?;
    event::record(tx, ctx, "webhook.added", event::About::account(account), &json!({ "url": row.url }))?;
    Ok(row)
}

fn words(events: &[MessageEvent]) -> String {
    events.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether an endpoint wants an event.
pub(super) fn hears(e: &Endpoint, event: MessageEvent) -> bool {
    e.events.is_empty() || e.events.split(' ').any(|key| key == event.as_str())
}

/// An endpoint of the caller's account.
///
/// # Errors
/// `webhook.not_found`.
pub fn show_endpoint(tx: &mut Tx, caller: &Caller, id: EndpointId) -> Result<Endpoint, Error> {
    let found = rows::lookup(tx, Key::of(caller.account_id), Key::of(id))?;
    found.ok_or_else(|| Error::not_found("webhook.not_found", "you have no such endpoint"))
}

/// The secret of an endpoint.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn secret(ctx: &Ctx, e: &Endpoint) -> Result<String, Error> {
    ctx.sealer.open(SECRET, &e.secret)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, e: &Endpoint, kind: &str) -> Result<(), Error> {
    event::record(tx, ctx, kind, event::About::account(e.account_id), &json!({ "url": e.url, "enabled": e.enabled }))
}

/// Changes an endpoint, or switches it on or off.
///
/// # Errors
/// `webhook.not_found`, `webhook.bad_url`.
pub fn change(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: EndpointId, (new, enabled): (&NewEndpoint, bool)) -> Result<Endpoint, Error> {
    check_url(ctx, &new.url)?;
    let mut found = show_endpoint(tx, caller, id)?;
    found.url.clone_from(&new.url);
    found.description = new.description.as_ref().map_or_else(String::new, |d| d.as_str().to_owned());
    found.events = words(&new.events);
    (found.enabled, found.disabled_reason) = (enabled, None);
    if rows::change(tx, &found)? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("webhook.not_found", "you have no such endpoint"));
    }
    recorded(tx, ctx, &found, "webhook.changed")?;
    Ok(found)
}

/// Gives an endpoint a new secret; the former one signs too for a day.
///
/// # Errors
/// `webhook.not_found`.
pub fn rotate(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: EndpointId) -> Result<Endpoint, Error> {
    let mut found = show_endpoint(tx, caller, id)?;
    let before = std::mem::replace(&mut found.secret, ctx.sealer.seal(ctx.ids, SECRET, &new_secret(ctx)));
    (found.old_secret, found.old_until) = (Some(before.clone()), Some(Moment::of(ctx.now + OVERLAP)));
    if rows::rotate(tx, &found, &before)? == Written::SomeoneElseWasFirst {
        return Err(db::DbError::Raced.into());
    }
    recorded(tx, ctx, &found, "webhook.rotated")?;
    Ok(found)
}

/// Removes an endpoint; what waits for it is given up.
///
/// # Errors
/// `webhook.not_found`.
pub fn remove(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: EndpointId) -> Result<(), Error> {
    let found = show_endpoint(tx, caller, id)?;
    if rows::remove(tx, found.account_id, found.id)? == Written::SomeoneElseWasFirst {
        return Err(Error::not_found("webhook.not_found", "you have no such endpoint"));
    }
    event::record(tx, ctx, "webhook.removed", event::About::account(found.account_id), &json!({ "url": found.url }))
}

/// Sends an endpoint a message that says that it is a test.
///
/// # Errors
/// `webhook.not_found`.
pub fn test(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: EndpointId) -> Result<Delivery, Error> {
    let found = show_endpoint(tx, caller, id)?;
    let row = message::Message {
        id: Key::of(ctx.id::<MessageId>()),
        account_id: found.account_id,
        event: MessageEvent::WebhookTest.to_string(),
        params: json!({ "url": found.url }).to_string(),
        order_id: None,
        created_at: ctx.moment(),
        read_at: None,
        name: format!("{}:{}:{}", MessageEvent::WebhookTest, id, ctx.random_hex(8)),
        handed_on_at: Some(ctx.moment()),
        subject: None,
    };
    message::insert_handed_on(tx, &row)?;
    event::record(tx, ctx, "webhook.tested", event::About::account(found.account_id), &json!({ "url": found.url }))?;
    deliver(tx, ctx, &row, (Channel::Webhook, found.id))
}

/// Sends a delivery again that is over, under the same id.
///
/// # Errors
/// `webhook.not_found`, `webhook.delivery_not_found`, `webhook.under_way`.
pub fn replay(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: DeliveryId) -> Result<Delivery, Error> {
    let missing = || Error::not_found("webhook.delivery_not_found", "you have no such delivery");
    let found = deliveries_rows::lock(tx, Key::of(id))?;
    let found = found.filter(|d| d.account_id == Key::of(caller.account_id) && d.channel == Channel::Webhook).ok_or_else(missing)?;
    show_endpoint(tx, caller, found.target.id())?;
    // One that no job sends any more is not on its way, whatever it says.
    let sends = |job: &store::job::Job| job.state == JobState::Due;
    if found.state == DeliveryState::Due && store::job::of_subject(tx, found.id)?.iter().any(sends) {
        return Err(Error::conflict("webhook.under_way", "it is still being sent; wait until it has ended"));
    }
    // Those that failed for good, which this mends.
    store::job::cancel(tx, JobKind::Webhook, found.id)?;
    let progress =
        Progress { state: DeliveryState::Due, attempts: found.attempts, next_at: Some(ctx.moment()), ended_at: None, error: None };
    deliveries_rows::progress(tx, &found, &progress)?;
    job::schedule_in_lane(tx, ctx, JobKind::Webhook, found.id, found.target, ctx.now)?;
    event::record(tx, ctx, "webhook.replayed", event::About::account(found.account_id), &json!({ "delivery": id }))?;
    Ok(Delivery { state: DeliveryState::Due, ..found.into_row() })
}

/// What went to an endpoint, newest first.
///
/// # Errors
/// `webhook.not_found`.
pub fn deliveries(tx: &mut Tx, caller: &Caller, id: EndpointId, page: Page) -> Result<Vec<Delivery>, Error> {
    let found = show_endpoint(tx, caller, id)?;
    Ok(deliveries_rows::of_target(tx, found.account_id, found.id, page)?)
}

/// A signed request to an endpoint.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub url: String,
    pub body: String,
    pub headers: Vec<(&'static str, String)>,
    delivery: Delivery,
    number: i64,
}

/// Begins an attempt, signed at wall time; none when it is over or its endpoint is gone or off.
///
/// # Errors
/// [`Error::Store`].
pub fn begin(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<Option<Outgoing>, Error> {
    let Some(found) = deliveries_rows::lock(tx, id)?.filter(|d| d.state == DeliveryState::Due) else {
        return Ok(None);
    };
    let endpoint = rows::lookup(tx, found.account_id, found.target)?.filter(|e| e.enabled);
    let (Some(endpoint), Some(row)) = (endpoint, message::any_lookup(tx, found.message_id)?) else {
        let why = Some("the endpoint was removed or switched off");
        let state = DeliveryState::Failed;
        let progress = Progress { state, attempts: found.attempts, next_at: None, ended_at: Some(ctx.moment()), error: why };
        deliveries_rows::progress(tx, &found, &progress)?;
        return Ok(None);
    };
    // An attempt is never made again under its number, whatever the delivery says.
    let last = deliveries_rows::attempts(tx, id)?.last().map_or(0, |attempt| attempt.number);
    let number = last.max(found.attempts) + 1;
    let attempt = Attempt { delivery_id: id, number, started_at: ctx.moment(), duration_ms: None, status: None, error: None, answer: None };
    deliveries_rows::insert_attempt(tx, &attempt)?;
    let progress = Progress { state: DeliveryState::Due, attempts: number, next_at: found.next_at, ended_at: None, error: None };
    deliveries_rows::progress(tx, &found, &progress)?;
    let body = payload(tx, ctx, row)?;
    let (message_id, at) = (format!("msg_{}", hex::encode(found.id.0)), ctx.wall.as_second());
    let signatures = signatures(ctx, &endpoint, (&message_id, at, &body))?;
    let headers = vec![("webhook-id", message_id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signatures)];
    Ok(Some(Outgoing { url: endpoint.url, body, headers, delivery: found.into_row(), number }))
}

/// `type`, `timestamp` and `data`, as the specification recommends; texts come in both languages.
fn payload(tx: &mut Tx, ctx: &Ctx, row: message::Message) -> Result<String, Error> {
    let at = row.created_at.at();
    let mut data: Value = serde_json::from_str(&row.params).map_err(|e| Error::row("messages", &row.name, e))?;
    if let Some(order) = row.order_id
        && let Some(order) = store::order::lookup(tx, crate::Tenant::Any, order)?
    {
        data["order_number"] = json!(order.number);
    }
    let kind = row.event.clone();
    let zh = show(row.clone(), "zh", &TimeZone::UTC)?;
    let en = show(row, "en", &TimeZone::UTC)?;
    data["title"] = json!({ "zh": zh.title, "en": en.title });
    data["message_type"] = json!(zh.type_code);
    data["link"] = json!(zh.link.map(|page| format!("{}{page}", ctx.settings.public_url)));
    Ok(json!({ "type": kind, "timestamp": at, "data": data }).to_string())
}

/// During a rotation the signatures of both secrets, joined by a blank.
fn signatures(ctx: &Ctx, e: &Endpoint, (id, at, body): (&str, i64, &str)) -> Result<String, Error> {
    let sign = |sealed: &[u8]| Ok::<_, Error>(wire::webhook::sign(&ctx.sealer.open(SECRET, sealed)?, id, at, body));
    let mut all = vec![sign(&e.secret)?];
    if let Some(old) = e.old_secret.as_deref().filter(|_| e.old_until.is_some_and(|until| until > ctx.moment())) {
        all.push(sign(old)?);
    }
    Ok(all.join(" "))
}

/// What an endpoint answered, or that it did not.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    pub status: Option<u16>,
    pub body: String,
    pub error: Option<String>,
    pub duration_ms: i64,
}

/// Notes an attempt; when it has to be made again, when. Any 2xx is taken; 410 switches the endpoint off.
///
/// # Errors
/// [`Error::Store`].
pub fn finish(tx: &mut Tx, ctx: &Ctx, sent: &Outgoing, answered: &Answered) -> Result<Option<Timestamp>, Error> {
    let id = sent.delivery.id;
    let Some(delivery) = deliveries_rows::lock(tx, id)? else { return Ok(None) };
    let taken = answered.status.is_some_and(|s| (200..300).contains(&s));
    let error = match (taken, &answered.error, answered.status) {
        (true, ..) => None,
        (false, Some(error), _) => Some(error.clone()),
        (false, None, status) => Some(format!("the endpoint answered {}", status.unwrap_or_default())),
    };
    let attempt = Attempt {
        delivery_id: id,
        number: sent.number,
        started_at: ctx.moment(),
        duration_ms: Some(answered.duration_ms),
        status: answered.status.map(i64::from),
        error: error.clone(),
        answer: Some(answered.body.chars().filter(|c| !c.is_control()).take(ANSWER_MAX).collect()),
    };
    deliveries_rows::end_attempt(tx, &attempt)?;
    let gone = answered.status == Some(410);
    if gone
        && let Some(endpoint) = rows::lookup(tx, delivery.account_id, delivery.target)?.filter(|e| e.url == sent.url)
        && rows::switch_off(tx, &endpoint, "the endpoint answered 410 Gone")? == Written::Yes
    {
        recorded(tx, ctx, &Endpoint { enabled: false, ..endpoint }, "webhook.switched_off")?;
    }
    let wait = usize::try_from(sent.number - 1).ok().and_then(|n| RETRIES.get(n)).filter(|_| !taken && !gone);
    let next = wait.map(|seconds| ctx.now + SignedDuration::from_secs(*seconds));
    let state = match (taken, next) {
        (true, _) => DeliveryState::Sent,
        (false, Some(_)) => DeliveryState::Due,
        (false, None) => DeliveryState::Failed,
    };
    let ended_at = next.is_none().then(|| ctx.moment());
    let progress = Progress { state, attempts: delivery.attempts, next_at: next.map(Moment::of), ended_at, error: error.as_deref() };
    deliveries_rows::progress(tx, &delivery, &progress)?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_go_on_for_28_hours() {
        let hours = RETRIES.iter().sum::<i64>() / 3_600;
        assert_eq!(hours, 28);
    }
}
