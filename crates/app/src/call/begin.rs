//! An attempt is written before it is sent; without an end its fate is unknown and it is repeated.

use crate::{Ctx, Error, Tenant, interface};
use db::{Key, Tx};
use domain::id::{AttemptId, CallId};
use store::{
    Written,
    call::{self, Attempt},
    instance,
};
use wire::saas_v2::{self, Request};

/// What is to be sent, and where to book the answer.
#[derive(Clone)]
pub struct Outgoing {
    pub call: CallId,
    pub attempt: AttemptId,
    pub seller: Key,
    pub url: String,
    pub body: String,
}

/// Signs a body for an address at wall time; the query goes behind the address.
///
/// # Errors
/// [`Error::Row`] when the stored address is none.
pub fn signed_url(ctx: &Ctx, target: &interface::Target, body: &str) -> Result<String, Error> {
    let query = saas_v2::sign(&target.secret, body, ctx.wall.as_millisecond(), &ctx.random_hex(16));
    let mut url = url::Url::parse(&target.address.url).map_err(|e| Error::row("interface_addresses", &target.address.name, e))?;
    url.query_pairs_mut().extend_pairs(query.pairs());
    Ok(url.into())
}

/// What came of beginning an attempt.
#[derive(Clone)]
pub enum Begun {
    Send(Outgoing),
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
    let Some(found) = call::lookup(tx, Tenant::Any, Key::of(id))?.filter(|c| c.state == "due") else {
        return Ok(Begun::Over);
    };
    let instance = instance::lookup(tx, Tenant::Any, found.instance_id)?.ok_or_else(|| Error::row("calls", id, "its instance is gone"))?;
    let target = interface::target(tx, ctx, found.seller_id, instance.address_id.id())?;
    let mut request: Request = serde_json::from_str(&found.request).map_err(|e| Error::row("calls", id, e))?;
    if let Request::NewInstance { business_id, .. } = &mut request {
        // Differs on every request (saas-interface 2.2).
        *business_id = ctx.random_hex(16);
    }
    let body = request.to_body(target.address.always_test_flag.then_some("0"));
    let url = signed_url(ctx, &target, &body)?;
    let attempt = Attempt {
        id: Key::of(ctx.id::<AttemptId>()),
        call_id: found.id,
        number: found.attempts + 1,
        started_at: ctx.now_micros(),
        url: url.clone(),
        request: body.clone(),
        outcome: None,
        status: None,
        answer: None,
        duration_ms: None,
        error: None,
    };
    if call::begin_attempt(tx, &attempt, found.first_at.unwrap_or(ctx.now_micros()))? == Written::SomeoneElseWasFirst {
        return Ok(Begun::Taken);
    }
    Ok(Begun::Send(Outgoing { call: id, attempt: attempt.id.id(), seller: found.seller_id, url, body }))
}
