//! One timer per open case, at whatever comes first (`seller-domain 5.4`).

use super::{Done, Found, Move, read, written};
use crate::{
    Ctx, Error, Tenant,
    job::{self, JobKind},
};
use db::{Key, Tx};
use domain::supervision::{CaseState, Due, Effect, StepKind};
use serde_json::json;
use store::supervision as rows;

/// Sets the timers of cases anew; a case that is over has none.
pub(super) fn set(tx: &mut Tx, ctx: &Ctx, cases: &[&Found]) -> Result<(), Error> {
    let ids: Vec<Key> = cases.iter().map(|found| found.row.id).collect();
    store::job::cancel_each(tx, JobKind::Supervision, &ids)?;
    let mut timers = Vec::new();
    for found in cases.iter().filter(|found| found.case.state == CaseState::Open) {
        let site = found.site(tx, ctx)?;
        if let Some((at, _)) = found.case.due(&found.template, &site) {
            timers.push(job::planned(ctx, JobKind::Supervision, Some(found.row.id), at));
        }
    }
    job::schedule_all(tx, &timers)
}

/// Does what fell due in a case.
///
/// # Errors
/// [`Error::Store`].
pub fn fall_due(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(row) = rows::lookup(tx, Tenant::Any, id)? else {
        return Ok(());
    };
    let mut found = read(tx, ctx, row)?;
    let site = found.site(tx, ctx)?;
    let due = found.case.due(&found.template, &site);
    let from = found.case.node.clone();
    let effects = found.case.fall_due(&found.template, &site, ctx.now);
    if !effects.is_empty() {
        let kind = match due {
            Some((_, Due::Go(_))) => StepKind::AcceptedByTime,
            Some((_, Due::RefundLapses)) => StepKind::RefundLapsed,
            Some((_, Due::LongOpen)) => StepKind::LongOpen,
            Some((_, Due::AppealLate)) => StepKind::AppealLate,
            Some((_, Due::Press | Due::Remind)) | None => StepKind::Reminded,
        };
        let days = effects.iter().find_map(|e| if let Effect::LongOpen { days } = e { Some(*days) } else { None });
        let data = days.map_or_else(|| json!({}), |days| json!({ "days": days }));
        let done = Done { party: None, kind, data, documents: &[] };
        return written(tx, ctx, &mut [Move { found: &mut found, from, effects }], &done);
    }
    set(tx, ctx, &[&found])
}
