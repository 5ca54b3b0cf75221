//! Instances: they are what was bought, their terms stand end to end as long as was paid for, and what they keep fits their
//! state.

use super::{BATCH, Check, Found};
use crate::{Ctx, Error, Page, Tenant};
use db::{Key, Moment, Tx};
use domain::{
    call::CallState,
    instance::InstanceState,
    listing::AccessType,
    order::OrderKind,
    site::Site,
    supervision::StepKind,
    term::{self, Anchor},
};
use std::collections::HashMap;
use store::{
    call,
    instance::{self, Instance},
    witness::{self, Standing},
};

pub(super) const NAMES: &[&str] = &["terms", "instances"];

pub(super) fn checks(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let mut found = Found::of("terms", 0);
    let mut after = None;
    loop {
        let listed = instance::legible_list(tx, Tenant::Any, None, Page { after, ..Page::first(BATCH) })?;
        found.misfits(&listed.misfits);
        let page = listed.rows;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at.micros(), last.id));
        found.saw(page.len());
        let mut terms = HashMap::<Key, Vec<Standing>>::new();
        for t in witness::standing(tx, &page.iter().map(|i| i.id).collect::<Vec<_>>())? {
            terms.entry(t.term.instance_id).or_default().push(t);
        }
        for i in &page {
            instance_terms(tx, ctx, (i, &terms.remove(&i.id).unwrap_or_default()), &mut found)?;
        }
    }
    found.all(witness::wrong_term_prices(tx)?, "what its terms cost is not what was paid and kept; it differs by");
    found.names(witness::unlike_their_terms(tx)?, "has no term that was paid for, or one that was not");
    let mut instances = Found::of("instances", found.checked);
    instances.names(witness::unlike_their_lines(tx)?, "its instance is gone, or another than was bought");
    instances.names(witness::unlike_their_events(tx)?, "its instance ended without an event of it, or goes on after one");
    instances.names(witness::without_trial(tx)?, "the trial is not kept: the buyer could have another one");
    instances.names(witness::held_for_nothing(tx)?, "its instance waits for an order that is over or gone");
    Ok([found, instances].map(Found::done).into())
}

fn instance_terms(tx: &mut Tx, ctx: &Ctx, (i, terms): (&Instance, &[Standing]), found: &mut Found) -> Result<(), Error> {
    let name = crate::instance::id(i);
    for (before, next) in terms.iter().zip(terms.iter().skip(1)) {
        if before.term.end_at != next.term.start_at {
            found.differs(format!("{name}: a term ends and the next does not begin there"));
        }
    }
    let end = terms.last().map(|t| t.term.end_at);
    if end != i.expires_at {
        found.differs(format!("{name}: its last term and its end differ"));
    }
    if !terms.is_empty() {
        let site = crate::instance::site(tx, ctx, i)?;
        spans(&site, i, terms, found)?;
    }
    if i.state == InstanceState::Released && (i.password.is_some() || i.front_end_url.is_some()) {
        found.differs(format!("{name}: released, but log-in data are kept"));
    }
    if i.access_type == AccessType::LicenceCode {
        match store::licence::of_instance(tx, i.id)? {
            None => found.differs(format!("{name}: sold by code, but has none")),
            // The platform closes a case as delivered without the software.
            Some(l) if l.activated_at.is_some() != i.opened_at.is_some() && !closed_by_decision(tx, i.id)? => {
                found.differs(format!("{name}: its code's activation and its opening differ"));
            }
            Some(_) => {}
        }
    }
    let sent = call::of_instance(tx, i.id)?;
    if sent.iter().filter(|c| c.state == CallState::Due).count() > 1 {
        found.differs(format!("{name}: two calls are due at once"));
    }
    Ok(())
}

/// Each term is as long as its period makes it. A trial that was converted ended then.
fn spans(site: &Site, i: &Instance, terms: &[Standing], found: &mut Found) -> Result<(), Error> {
    let name = crate::instance::id(i);
    let formal = |t: &Standing| t.kind == Some(OrderKind::TrialToFormal);
    let mut day_of_month = 1;
    if terms.first().map(|t| t.term.start_at) != i.opened_at {
        found.differs(format!("{name}: its first term does not begin when it was opened"));
    }
    for (n, t) in terms.iter().enumerate() {
        let start = t.term.start_at.at();
        let anchor = if n == 0 || formal(t) { Anchor::first(site.day_of(start)) } else { Anchor::after(site, start, day_of_month) };
        day_of_month = anchor.day_of_month;
        let period = t.term.period;
        let converted = terms.get(n.saturating_add(1)).is_some_and(formal);
        if !converted && Moment::of(term::term(site, start, anchor, period).end) != t.term.end_at {
            found.differs(format!("{name}: a term of {} is longer or shorter", t.term.period));
        }
    }
    if i.anchor_day.is_some_and(|day| day != i64::from(day_of_month)) {
        found.differs(format!("{name}: its months count from another day than its terms"));
    }
    Ok(())
}

/// Whether the case of an instance was closed by the decision of an appeal.
fn closed_by_decision(tx: &mut Tx, instance: Key) -> Result<bool, Error> {
    let cases = store::supervision::any_of_instances(tx, &[instance])?;
    let Some(case) = cases.first() else { return Ok(false) };
    Ok(store::supervision::steps(tx, case.id)?.iter().any(|step| step.kind == StepKind::Decided))
}
