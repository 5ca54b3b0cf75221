//! Use: charges are their totals and their records, and nothing waits that nobody will charge.

use super::{BATCH, Check, Found};
use crate::{Ctx, Error, micros};
use db::{Key, Tx};
use domain::{id::InstanceId, usage::Quantity};
use jiff::SignedDuration;
use store::{job, package, usage_hold, witness};

/// Records are rated within the hour; older ones were forgotten.
const UNRATED: SignedDuration = SignedDuration::from_hours(2);

pub(super) const NAMES: &[&str] = &["charges_by_use", "charges_are_their_records"];

pub(super) fn checks(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Check>, Error> {
    let charges = charges(tx, ctx)?;
    let mut found = Found::of("charges_are_their_records", 0);
    let mut after = Key::LEAST;
    loop {
        let page = witness::charged(tx, after, BATCH)?;
        let Some(last) = page.last() else {
            return Ok(vec![charges, found.done()]);
        };
        after = *last;
        for id in page {
            let (count, differences) = crate::usage::recount(tx, ctx, id)?;
            found.saw(count);
            differences.into_iter().for_each(|text| found.differs(text));
        }
    }
}

fn charges(tx: &mut Tx, ctx: &Ctx) -> Result<Check, Error> {
    let mut found = Found::of("charges_by_use", witness::charge_count(tx)?);
    for d in witness::differences(tx)? {
        let id = d.instance_id.id::<InstanceId>();
        found.differs(format!(
            "instance {id}: its totals and its charges differ by {} (minor units) and {} (ten-thousandths)",
            d.minor, d.quantity
        ));
    }
    for d in package::any_differences(tx)? {
        let id = d.instance_id.id::<InstanceId>();
        found.differs(format!("package {id}: {} are used but records took {}", Quantity(d.used), Quantity(d.drawn)));
    }
    found.all(witness::charged_below_zero(tx)?, "its charges by use come to");
    found.names(witness::charged_to_others(tx)?, "it is charged to another buyer, or for another seller, than it is of");
    found.names(witness::corrects_nothing(tx)?, "the record corrects one that is gone");
    forgotten(tx, ctx, &mut found)?;
    as_received(tx, &mut found)?;
    let loose = usage_hold::any_loose(tx)?;
    if loose > 0 {
        found.differs(format!("{loose} held charges or records of such wait for nothing"));
    }
    Ok(found.done())
}

/// What will be charged is what its seller sent, of the instance that they named.
fn as_received(tx: &mut Tx, found: &mut Found) -> Result<(), Error> {
    let mut after = Key::LEAST;
    loop {
        let page = witness::to_be_charged(tx, after, BATCH)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.id;
        for (record, name) in page {
            let sent: Option<Quantity> = record.sent_value.parse().ok();
            if sent.map(|q| q.0) != record.quantity || name.as_deref() != Some(record.sent_instance.as_str()) {
                let sn = record.metering_sn.as_deref().unwrap_or(&record.sent_instance);
                found.differs(format!("record {sn} will be charged for another quantity or instance than was sent"));
            }
        }
    }
}

/// What waited for consent is older, and rated with the next job.
fn forgotten(tx: &mut Tx, ctx: &Ctx, found: &mut Found) -> Result<(), Error> {
    let before = ctx.now.saturating_sub(UNRATED).map_err(|e| Error::row("usage_records", "clock", e))?;
    let mut after = Key::LEAST;
    loop {
        let page = witness::unrated_before(tx, micros(before), after, BATCH)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = *last;
        for late in page {
            if !job::any_named(tx, &crate::usage::rating_job(late))? {
                let id = late.id::<InstanceId>();
                found.differs(format!("instance {id}: usage records are older than two hours, and nothing will charge them"));
            }
        }
    }
}
