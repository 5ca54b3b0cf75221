//! An attempt is written before it is sent; without an end its fate is unknown and it is repeated.

use super::{Said, notify, saas_v1 as v1};
use crate::{
    Ctx, Error, Tenant, interface, kit,
    neighbour::{self, Quiet},
};
use db::{Key, Tx};
use domain::{
    Timestamp,
    call::{Activity, CallState},
    id::{AttemptId, CallId},
};
use store::{
    Locked, Written,
    call::{self, Attempt, Call},
    instance::{self, Instance},
};
use wire::{
    conformance::Protocol,
    licence, saas_v1,
    saas_v2::{self, Request},
};

/// What is to be sent, and how the answer is read.
#[derive(Clone)]
pub struct Outgoing {
    pub call: CallId,
    pub attempt: AttemptId,
    pub url: String,
    /// Posted as JSON; without one the call is a GET.
    pub body: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub protocol: Protocol,
    /// Signs the request; in SaaS 1.0 also the answer.
    pub secret: String,
}

/// A request signed at wall time: its query, its body, and what is shown of it.
#[derive(Default)]
pub(super) struct Signed {
    /// Below the address; mostly nothing.
    pub path: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub query: String,
    pub body: Option<String>,
    pub shown: String,
}

/// Where a call goes and what is sent; nothing when it has nowhere to go any more.
fn prepared(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>) -> Result<Option<(interface::Target, Signed)>, Error> {
    if call.activity == Activity::Notify {
        let Some(target) = notify::target(tx, ctx, call, instance)? else {
            return Ok(None);
        };
        let (query, body) = notify::signed(ctx, &target, call)?;
        return Ok(Some((target, Signed { query, shown: body.clone(), body: Some(body), ..Signed::default() })));
    }
    let mut said = Said::read(call)?;
    let target = match &said {
        Said::Kit(_) => kit::target(tx, ctx, instance)?,
        Said::Instance(_) | Said::Code(_) | Said::Licence(..) | Said::Apply(_) => target_of(tx, ctx, instance)?,
    };
    if let Said::Instance(Request::NewInstance { business_id, .. }) | Said::Licence(_, Request::NewInstance { business_id, .. }) = &mut said
    {
        // Differs on every request (saas-interface 2.2).
        *business_id = ctx.random_hex(16);
    }
    let signed =
        if is_neighbour(target.protocol) { to_webhook(tx, ctx, call, instance)? } else { signed(tx, ctx, &target, instance, &said)? };
    Ok(Some((target, signed)))
}

/// What an Azure webhook hears; nothing of what it has no event for.
fn to_webhook(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Instance) -> Result<Signed, Error> {
    if !neighbour::azure::is_told(call)? {
        return Ok(Signed::default());
    }
    let body = neighbour::azure::event(tx, ctx, call, instance)?;
    Ok(Signed { shown: body.clone(), body: Some(body), ..Signed::default() })
}

/// Where the calls on an instance go.
pub(super) fn target_of(tx: &mut Tx, ctx: &Ctx, instance: &Instance) -> Result<interface::Target, Error> {
    let address = instance.address_id.ok_or_else(|| Error::row("instances", crate::instance::id(instance), "has no address to call"))?;
    interface::target(tx, ctx, instance.seller_id, address.id())
}

pub(super) fn signed(tx: &mut Tx, ctx: &Ctx, target: &interface::Target, instance: &Instance, said: &Said) -> Result<Signed, Error> {
    let flag = target.address.always_test_flag.then_some("0");
    let now_ms = ctx.wall.as_millisecond();
    let send_empty = target.address.send_empty_parameters;
    let by_get = |parameters| {
        let signed = saas_v1::sign(&target.secret, now_ms, parameters);
        Signed { shown: signed.shown(), query: signed.query, ..Signed::default() }
    };
    let nonce = ctx.random_hex(16);
    let posted = |body: String, query| Signed { query, shown: body.clone(), body: Some(body), ..Signed::default() };
    // The double HMAC of SaaS 2.0.
    let doubly = |body: String| {
        let query = saas_v2::sign(&target.secret, &body, now_ms, &nonce).encoded();
        posted(body, query)
    };
    Ok(match said {
        Said::Instance(request) if target.protocol == Protocol::SaasV1 => {
            by_get(v1::request(tx, ctx, &target.secret, instance, request)?.parameters(flag, send_empty))
        }
        Said::Licence(_, request) => by_get(v1::licence(tx, ctx, &target.secret, instance, request)?.parameters(flag, send_empty)),
        Said::Code(request) => {
            let body = request.to_body(flag);
            let query = licence::query(&target.secret, &body, now_ms, &nonce);
            posted(body, query)
        }
        Said::Instance(request) => doubly(request.to_body(flag)),
        Said::Apply(application) => doubly(application.to_body(flag)),
        Said::Kit(stored) => {
            let (request, of) = kit::filled(tx, ctx, instance, stored)?;
            let edition = target.protocol.kit().unwrap_or(wire::kit::Edition::V2);
            let body = request.to_body(edition, &of, false, now_ms);
            let headers = edition.headers(&target.secret, &body, now_ms, &nonce);
            Signed { path: Some(edition.below(request.path())), headers, ..posted(body, String::new()) }
        }
    })
}

/// Whether the seller learns it by asking; then the call is not made.
fn told_without_call(tx: &mut Tx, ctx: &Ctx, call: &Call, instance: &Locked<Instance>, spoken: Protocol) -> Result<Quiet, Error> {
    if !is_neighbour(spoken) || call.activity == Activity::Notify {
        return Ok(Quiet::Made);
    }
    let quiet = neighbour::without_call(tx, ctx, call, instance, spoken)?;
    // A creation that waits has been told of when it began to.
    let waited = call.activity == Activity::Create && instance.seller_instance_id.is_some();
    if quiet != Quiet::Made && !waited {
        notify::with_first_attempt(tx, ctx, call, instance)?;
    }
    Ok(quiet)
}

fn is_neighbour(spoken: Protocol) -> bool {
    matches!(spoken, Protocol::SaasAws | Protocol::SaasAzure)
}

/// What came of beginning an attempt.
#[derive(Clone)]
pub enum Begun {
    Send(Outgoing),
    /// It waits for the seller.
    Later(Timestamp),
    /// The call is over; so is its job.
    Over,
    /// Another worker began this attempt.
    Taken,
}

/// Begins the next attempt of a due call.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn begin(tx: &mut Tx, ctx: &Ctx, id: CallId) -> Result<Begun, Error> {
    let Some(asked) = call::lookup(tx, Tenant::Any, Key::of(id))? else {
        return Ok(Begun::Over);
    };
    let instance = instance::lock(tx, Tenant::Any, asked.instance_id)?;
    let instance = instance.ok_or_else(|| Error::row("calls", id, "its instance is gone"))?;
    // Its seller may have decided on it, or it was given up, while this waited for the instance.
    let Some(found) = call::lookup(tx, Tenant::Any, asked.id)?.filter(|c| c.state == CallState::Due) else {
        return Ok(Begun::Over);
    };
    let Some((target, signed)) = prepared(tx, ctx, &found, &instance)? else {
        return Ok(Begun::Over);
    };
    match told_without_call(tx, ctx, &found, &instance, target.protocol)? {
        Quiet::Made => {}
        Quiet::Over => return Ok(Begun::Over),
        Quiet::Until(at) => return Ok(Begun::Later(at)),
    }
    let below = signed.path.as_ref().map_or_else(String::new, |path| format!("/{path}"));
    let base = if below.is_empty() { target.address.url.as_str() } else { target.address.url.trim_end_matches('/') };
    let mut url = url::Url::parse(&format!("{base}{below}")).map_err(|e| Error::row("interface_addresses", &target.address.name, e))?;
    url.set_query((!signed.query.is_empty()).then_some(&signed.query));
    let attempt = Attempt {
        id: Key::of(ctx.id::<AttemptId>()),
        call_id: found.id,
        number: found.attempts + 1,
        started_at: ctx.moment(),
        url: url.into(),
        request: signed.shown,
        outcome: None,
        status: None,
        answer: None,
        duration_ms: None,
        error: None,
    };
    if call::begin_attempt(tx, &instance, &attempt, found.first_at.unwrap_or(ctx.moment()))? == Written::SomeoneElseWasFirst {
        return Ok(Begun::Taken);
    }
    notify::with_first_attempt(tx, ctx, &found, &instance)?;
    let (protocol, secret) = (target.protocol, target.secret);
    Ok(Begun::Send(Outgoing {
        call: id,
        attempt: attempt.id.id(),
        url: attempt.url,
        body: signed.body,
        headers: signed.headers,
        protocol,
        secret,
    }))
}
