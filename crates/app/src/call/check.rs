//! `changeInstanceCheck`: whether the seller can renew an instance with change, asked while the buyer waits
//! (`saas-interface 2.2`). It is a production-interface message like any other, but no job: it is not repeated.

use super::{
    Reading, Said,
    begin::{signed, target_of},
    judge, redact,
};
use crate::{Ctx, Error, Tenant, instance};
use db::{Key, Tx};
use domain::{
    call::{Activity, CallState, Outcome},
    id::{AttemptId, CallId},
};
use store::{
    call::{self, Attempt, Call},
    instance::Instance,
};
use wire::{
    conformance::{Exchange, Protocol},
    saas_v2::{Request, TargetProduct},
};

/// A check that is ready to be sent.
#[derive(Clone)]
pub struct Check {
    pub url: String,
    pub body: Option<String>,
    protocol: Protocol,
    secret: String,
    shown: String,
    request: String,
    instance: Instance,
}

/// Prepares the question whether an instance may become another product.
///
/// # Errors
/// `change.not_offered` for a server of SaaS 1.0, which has no such call.
pub fn prepare(tx: &mut Tx, ctx: &Ctx, instance: &Instance, product: TargetProduct) -> Result<Check, Error> {
    let target = target_of(tx, ctx, instance)?;
    if target.protocol != Protocol::SaasV2 {
        return Err(Error::conflict("change.not_offered", "the seller's server cannot be asked; renew without a change"));
    }
    let request = Request::ChangeInstanceCheck { instance_id: instance::wire_id(instance)?, product };
    let signed = signed(tx, ctx, &target, instance, &Said::Instance(request.clone()))?;
    let mut url = url::Url::parse(&target.address.url).map_err(|e| Error::row("interface_addresses", &target.address.name, e))?;
    url.set_query(Some(&signed.query));
    Ok(Check {
        url: url.into(),
        body: signed.body,
        protocol: target.protocol,
        secret: target.secret,
        shown: signed.shown,
        request: serde_json::to_string(&request).map_err(|e| Error::row("calls", request.activity(), e))?,
        instance: instance.clone(),
    })
}

/// Keeps the message with its answer; says why the seller refuses, when he does.
///
/// # Errors
/// [`Error::Store`].
pub fn answered(tx: &mut Tx, ctx: &Ctx, check: &Check, exchange: &Exchange) -> Result<Option<String>, Error> {
    let reading = Reading { protocol: check.protocol, secret: &check.secret };
    let outcome = judge(Activity::ChangeCheck, None, reading, exchange).outcome;
    let error = match &outcome {
        Outcome::Failure { text, .. } => Some(text.clone()),
        Outcome::Success | Outcome::Accepted | Outcome::NotYet => None,
    };
    let gone = || Error::row("calls", &check.url, "its instance is gone");
    let instance = store::instance::lock(tx, Tenant::Any, check.instance.id)?.ok_or_else(gone)?;
    let (_, last) = call::place(tx, &instance)?;
    let now = ctx.moment();
    let row = Call {
        id: Key::of(ctx.id::<CallId>()),
        seller_id: check.instance.seller_id,
        buyer_id: check.instance.buyer_id,
        product_id: check.instance.product_id,
        instance_id: check.instance.id,
        order_id: None,
        order_number: None,
        seq: last + 1,
        activity: Activity::ChangeCheck,
        request: check.request.clone(),
        state: if error.is_none() { CallState::Done } else { CallState::Failed },
        attempts: 1,
        failures: i64::from(error.is_some()),
        first_at: Some(now),
        next_at: None,
        ended_at: Some(now),
        last_error: error.clone(),
        created_at: now,
    };
    let attempt = Attempt {
        id: Key::of(ctx.id::<AttemptId>()),
        call_id: row.id,
        number: 1,
        started_at: now,
        url: check.url.clone(),
        request: check.shown.clone(),
        outcome: Some(outcome.kind().to_owned()),
        status: exchange.status.map(i64::from),
        answer: exchange.body.as_deref().map(redact),
        duration_ms: Some(exchange.duration_ms),
        error: error.clone(),
    };
    match call::insert_over(tx, &instance, &row, &attempt) {
        Err(e) if e.is_unique_violation() => Err(db::DbError::Raced.into()),
        result => {
            result?;
            Ok(error)
        }
    }
}
