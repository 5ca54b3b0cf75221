//! What follows from a probe: it is kept, a failure is told, and too many failing days freeze trading.

use super::failing;
use crate::{Ctx, Error, catalogue, event, message};
use db::{Key, Tx};
use domain::{message::MessageEvent, probe::FAILING_DAYS_MAX};
use serde_json::json;
use store::{
    probe::{self, Probe},
    product,
};

/// How a probe went.
#[derive(Debug, Clone)]
pub struct Probed {
    pub cases: i64,
    /// The case that failed, and why.
    pub failed: Option<(String, String)>,
    pub duration_ms: i64,
    /// Whether the server answered at all, whatever it said.
    pub answered: bool,
}

/// Keeps a probe that a person asked for.
///
/// # Errors
/// As [`finish`].
pub fn finish_by_hand(tx: &mut Tx, ctx: &Ctx, id: Key, result: &Probed) -> Result<(), Error> {
    let about = event::About { product: Some(id), ..event::About::default() };
    event::record(tx, ctx, "product.probed", about, &json!({ "passed": result.failed.is_none() }))?;
    finish(tx, ctx, id, result)
}

/// Keeps a probe of a product and does what follows.
///
/// # Errors
/// [`Error::Store`].
pub fn finish(tx: &mut Tx, ctx: &Ctx, id: Key, result: &Probed) -> Result<(), Error> {
    let found = product::any_listed(tx, id)?.ok_or_else(|| Error::row("products", hex::encode(id.0), "is not listed"))?;
    let site = ctx.site(found.product.site);
    let (failed_case, reason) = result.failed.clone().unzip();
    let row = Probe {
        id: ctx.key(),
        product_id: id,
        seller_id: found.product.seller_id,
        at: ctx.now_micros(),
        day: site.day_of(ctx.now).to_string(),
        passed: failed_case.is_none(),
        cases: result.cases,
        failed_case,
        reason,
        duration_ms: result.duration_ms,
        froze: false,
    };
    probe::insert(tx, &row)?;
    if row.passed {
        return Ok(());
    }
    let days = failing(tx, id)?;
    let name = ctx.listings.approved(tx, found.revision_id)?.name.clone();
    if days >= FAILING_DAYS_MAX && found.product.visibility.buyable() {
        probe::froze(tx, row.id)?;
        return catalogue::freeze_unreachable(tx, ctx, id, days, name);
    }
    let params = [
        ("product", name.into()),
        ("case", row.failed_case.unwrap_or_default().into()),
        ("reason", row.reason.unwrap_or_default().into()),
        ("days", days.to_string().into()),
        ("left", (FAILING_DAYS_MAX - days).to_string().into()),
    ];
    let about = format!("{} {}", hex::encode(id.0), ctx.now_micros());
    message::send(
        tx,
        ctx,
        &message::Send {
            event: MessageEvent::ProbeFailed,
            account: Some(found.product.seller_id),
            order: None,
            subject: None,
            about,
            params: &params,
        },
    )
}
