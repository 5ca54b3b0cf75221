//! The records of a push, one by one: accepted, known already, or refused with the rule that they break.

use super::{
    hold, later,
    package::{self, Held},
    priced, rating_job,
    tried::Tried,
};
use crate::{
    Ctx, Error,
    catalogue::wire_product_id,
    job::{self, JobKind},
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    site::Site,
    usage::{self, Life, Quantity, Refused, Span, UsageState},
};
use jiff::{SignedDuration, Unit, civil::DateTime, tz::TimeZone};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};
use store::{
    Written,
    instance::{self, Instance},
    usage::{self as rows, Batch, Record},
};
use wire::open_api::usage::Record as Sent;

/// Hourly items are reported within 15 minutes after the hour (`open-api 4.3`); then they are rated.
const RATED_AFTER: SignedDuration = SignedDuration::from_mins(20);

/// What tells a record from others (`open-api 4.1`, `4.2`), as the first half of a SHA-256.
fn known_by(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    Key(key)
}

pub(super) fn known_by_sn(seller: Key, sn: &str) -> Key {
    known_by(&[b"sn", &seller.0, sn.as_bytes()])
}

/// `yyyyMMdd'T'HHmmss'Z'` in UTC.
fn time(field: &'static str, text: &str) -> Result<Timestamp, Refused> {
    let bad = || Refused::NotATime { field, text: text.to_owned() };
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", text).map_err(|_| bad())?;
    TimeZone::UTC.to_timestamp(civil).map_err(|_| bad())
}

/// An instance that a batch names.
struct Known {
    instance: Instance,
    site: Site,
    /// The specification whose use it is billed by.
    of: Option<String>,
    frozen: Vec<(Timestamp, Option<Timestamp>)>,
}

/// The seller's instances that a batch names.
struct Instances {
    by_name: HashMap<String, Vec<Known>>,
    /// What is known of the packages among them, and what was used of each by a moment.
    packages: HashMap<Key, Named>,
    /// Those that only the debugger knows.
    tried: Tried,
}

/// A package with its site, and what is used of its windows.
struct Named {
    held: Held,
    site: Site,
    used: HashMap<Timestamp, Quantity>,
}

impl Instances {
    fn load(tx: &mut Tx, ctx: &Ctx, seller: Key, sent: &[Sent]) -> Result<Self, Error> {
        let packages = sent.iter().filter_map(|r| r.relate_pkg_instance.as_deref());
        let names: HashSet<&str> = sent.iter().map(|r| r.instance_id.as_str()).chain(packages).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut all = Self { by_name: HashMap::new(), packages: HashMap::new(), tried: Tried::default() };
        let (mut sites, mut frozen) = (HashMap::new(), HashMap::<Key, Vec<_>>::new());
        let instances = instance::by_sellers_ids(tx, seller, &names)?;
        for f in instance::freezes(tx, &instances.iter().map(|i| i.id).collect::<Vec<_>>())? {
            frozen.entry(f.instance_id).or_default().push((f.from_at.at(), f.until_at.map(Moment::at)));
        }
        for found in instances {
            let site = match sites.get(&found.product_id) {
                Some(site) => Site::clone(site),
                None => crate::instance::site(tx, ctx, &found)?,
            };
            sites.insert(found.product_id, site.clone());
            if let Some(held) = package::held(tx, ctx, &found)? {
                all.packages.insert(found.id, Named { held, site: site.clone(), used: HashMap::new() });
            }
            let of = priced(tx, ctx, &found)?.map(|p| p.of);
            let name = found.seller_instance_id.clone().unwrap_or_default();
            let frozen = frozen.remove(&found.id).unwrap_or_default();
            all.by_name.entry(name).or_default().push(Known { instance: found, site, of, frozen });
        }
        if !all.packages.is_empty() {
            for record in sent {
                all.load_used(tx, record)?;
            }
        }
        if sent.iter().any(|r| !all.by_name.contains_key(&r.instance_id)) {
            all.tried = Tried::load(tx, seller)?;
        }
        Ok(all)
    }

    /// Reads what is used of the packages that a record may name, at its time.
    fn load_used(&mut self, tx: &mut Tx, sent: &Sent) -> Result<(), Error> {
        let Ok(begin) = time("begin_time", &sent.begin_time) else {
            return Ok(());
        };
        for name in [Some(&sent.instance_id), sent.relate_pkg_instance.as_ref()].into_iter().flatten() {
            for known in self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
                let Some(package) = self.packages.get_mut(&known.instance.id) else { continue };
                let Some(window) = package.held.bought.window(&package.site, begin) else { continue };
                if !package.used.contains_key(&window.begin) {
                    package.used.insert(window.begin, package.held.used(tx, window)?);
                }
            }
        }
        Ok(())
    }

    /// The package that a record names, or is about; right for the instance and not used up.
    fn package(&self, found: &Instance, of: &str, sent: &Sent, span: Span) -> Result<Option<Key>, Refused> {
        let itself = self.packages.get(&found.id);
        let Some(name) = sent.relate_pkg_instance.as_ref().or(itself.map(|_| &sent.instance_id)) else {
            return Ok(None);
        };
        let named = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let fits = |p: &Named| {
            let i = &p.held.instance;
            i.buyer_id == found.buyer_id && i.product_id == found.product_id && p.held.bought.package.of == of
        };
        let mut fitting = named.iter().filter_map(|k| self.packages.get(&k.instance.id)).filter(|p| fits(p));
        let package = fitting.next().ok_or_else(|| Refused::UnknownPackage(name.clone()))?;
        let (bought, site) = (&package.held.bought, &package.site);
        let window = bought.window(site, span.begin).filter(|_| bought.window(site, span.judged_at()).is_some());
        let window = window.ok_or_else(|| Refused::PackageOver(name.clone()))?;
        let used = package.used.get(&window.begin).copied().unwrap_or_default();
        if package.held.stops() && used >= window.quota && sent.corrects.is_none() {
            return Err(Refused::PackageUsedUp(name.clone()));
        }
        if sent.corrects.is_none() && usage::is_frozen_in(&package.held.frozen, span) {
            return Err(Refused::PackageFrozen(name.clone()));
        }
        Ok(Some(package.held.instance.id))
    }

    /// Whether two records of an instance are of one month of its site.
    fn of_one_month(&self, one: &Record, other: &Record) -> bool {
        let mut known = self.by_name.get(&one.sent_instance).into_iter().flatten();
        let Some(of) = known.find(|k| Some(k.instance.id) == one.instance_id) else { return false };
        let month = |r: &Record| r.begin_at.map(|at| of.site.month_of(at.at()));
        month(one).is_some_and(|of| Some(of) == month(other))
    }

    fn find(&self, sent: &Sent) -> Result<&Known, Refused> {
        let named = self.by_name.get(&sent.instance_id).map(Vec::as_slice).unwrap_or_default();
        let of_product = |i: &Instance| match &sent.product_id {
            // It matters only where two products have an instance of the same name.
            Some(product) => named.len() == 1 || *product == wire_product_id(i.product_id, &i.specification, &i.sku, None),
            None => true,
        };
        let mut fitting = named.iter().filter(|k| of_product(&k.instance));
        match (fitting.next(), fitting.next()) {
            (None, _) => Err(Refused::UnknownInstance(sent.instance_id.clone())),
            (Some(_), Some(_)) => Err(Refused::Ambiguous(sent.instance_id.clone())),
            (Some(known), None) => Ok(known),
        }
    }
}

/// When and how much a record says was used.
pub(super) fn measured(sent: &Sent) -> Result<(Span, Quantity), Refused> {
    time("record_time", &sent.record_time)?;
    let span = Span { begin: time("begin_time", &sent.begin_time)?, end: time("end_time", &sent.end_time)? };
    let quantity: Quantity = sent.usage_value.parse()?;
    if quantity.0 == 0 {
        return Err(Refused::NotPositive);
    }
    Ok((span, quantity))
}

/// What a record says once it is read.
struct Read {
    instance: Key,
    package: Option<Key>,
    span: Span,
    quantity: Quantity,
}

fn read(instances: &Instances, sent: &Sent, now: Timestamp) -> Result<Read, Refused> {
    let Known { instance: found, site, of, frozen } = instances.find(sent)?;
    let of = of.as_deref().ok_or(Refused::NotOnDemand)?;
    let (span, quantity) = measured(sent)?;
    let life = Life { opened_at: found.opened_at.map(Moment::at), ended_at: found.ended_at.map(Moment::at), frozen };
    usage::check_span(span, life, site, now)?;
    let package = instances.package(found, of, sent, span)?;
    Ok(Read { instance: found.id, package, span, quantity })
}

/// What tells a record that has no number: its instance, which is one of one product, its begin and its end.
fn known_by_span(seller: Key, found: Option<Key>, sent: &Sent) -> Key {
    match found {
        Some(found) => known_by(&[b"instance", &found.0, sent.begin_time.as_bytes(), sent.end_time.as_bytes()]),
        None => known_by_name(seller, sent),
    }
}

/// The same as releases before 0034 wrote it down: by the seller's name of the instance, which two products may share.
fn known_by_name(seller: Key, sent: &Sent) -> Key {
    known_by(&[b"span", &seller.0, sent.instance_id.as_bytes(), sent.begin_time.as_bytes(), sent.end_time.as_bytes()])
}

/// The row of a record, accepted or refused.
fn row(ctx: &Ctx, batch: &Batch, known_by: Key, sent: Sent, read: Result<Read, Refused>) -> Record {
    let mut row = Record {
        id: ctx.key(),
        known_by,
        seller_id: batch.seller_id,
        instance_id: None,
        sent_instance: sent.instance_id,
        metering_sn: sent.metering_sn,
        begin_at: None,
        end_at: None,
        quantity: None,
        sent_value: sent.usage_value,
        state: UsageState::Refused,
        reason: None,
        repeats: 0,
        corrects_id: None,
        charge_id: None,
        received_at: batch.received_at,
        package_id: None,
        hold_id: None,
    };
    match read {
        Err(refused) => row.reason = Some(refused.to_string()),
        Ok(read) => {
            row.state = UsageState::Accepted;
            (row.instance_id, row.package_id) = (Some(read.instance), read.package);
            (row.begin_at, row.end_at) = (Some(Moment::of(read.span.begin)), Some(Moment::of(read.span.end)));
            row.quantity = Some(read.quantity.0);
        }
    }
    row
}

/// Batches that came before one and are judged with it, at most.
const OLDER_MAX: i64 = 50;

/// Judges a batch and lets it go: each of its records is a row now, or counted at the one it repeats. What the same seller
/// pushed before it is judged first: it may be what a record corrects or repeats.
///
/// # Errors
/// [`Error::Store`].
pub fn judge_batch(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(batch) = rows::any_batch(tx, id)? else {
        return Ok(());
    };
    rows::hold_pushes(tx, batch.seller_id)?;
    let due = rows::any_batches_until(tx, &batch, OLDER_MAX)?;
    let reached = due.iter().any(|b| b.id == id);
    for batch in due {
        // What cannot be read is its own job's failure, and holds nobody up.
        match serde_json::from_str(&batch.records) {
            Ok(sent) => judge(tx, ctx, &batch, sent)?,
            Err(e) if batch.id == id => return Err(Error::row("usage_batches", hex::encode(id.0), e)),
            Err(_) => {}
        }
    }
    if !reached && rows::any_batch(tx, id)?.is_some() {
        job::schedule(tx, ctx, JobKind::UsageBatch, Some(id), ctx.now)?;
    }
    Ok(())
}

fn judge(tx: &mut Tx, ctx: &Ctx, batch: &Batch, sent: Vec<Sent>) -> Result<(), Error> {
    let instances = Instances::load(tx, ctx, batch.seller_id, &sent)?;
    let received = batch.received_at.at();
    let (mut plain, mut corrections, mut by_name) = (Vec::new(), Vec::new(), HashMap::new());
    for record in sent {
        let (corrects, mut read) = (record.corrects.clone(), read(&instances, &record, received));
        if matches!(read, Err(Refused::UnknownInstance(_)))
            && let Some(tried) = instances.tried.judge(&record, received)
        {
            match tried {
                Ok(of) => {
                    of.prove(tx, ctx, &record)?;
                    continue;
                }
                Err(refused) => read = Err(refused),
            }
        }
        let used_up = matches!(read, Err(Refused::PackageUsedUp(_)));
        let known_by = match &record.metering_sn {
            Some(sn) => known_by_sn(batch.seller_id, sn),
            None => known_by_span(batch.seller_id, instances.find(&record).ok().map(|k| k.instance.id), &record),
        };
        let older = record.metering_sn.is_none().then(|| known_by_name(batch.seller_id, &record));
        let row = row(ctx, batch, known_by, record, read);
        by_name.extend(older.map(|older| (row.id, older)));
        if used_up && rows::any_known(tx, row.known_by)?.is_some() {
            // The record that used it up, or one before it, came again.
            rows::came_again(tx, row.known_by)?;
            continue;
        }
        match corrects {
            Some(sn) => corrections.push((row, sn)),
            None => plain.push(row),
        }
    }
    known_before(tx, &mut plain, &by_name)?;
    let mut touched = insert(tx, &plain)?;
    for (row, sn) in corrections {
        let row = replacing(tx, ctx, &instances, row, &sn)?;
        touched.extend(insert(tx, std::slice::from_ref(&row))?);
    }
    to_rate(tx, ctx, touched)?;
    Ok(rows::remove_batch(tx, batch.id)?)
}

/// Takes out the rows that an older release wrote down by the seller's name of their instance: they came again.
fn known_before(tx: &mut Tx, plain: &mut Vec<Record>, by_name: &HashMap<Key, Key>) -> Result<(), Error> {
    let names: Vec<Key> = by_name.values().copied().collect();
    let known: HashMap<Key, Option<Key>> = rows::any_known_among(tx, &names)?.into_iter().collect();
    let mut again = Vec::new();
    plain.retain(|row| {
        let name = by_name.get(&row.id).filter(|name| row.instance_id.is_some() && known.get(name) == Some(&row.instance_id));
        again.extend(name.copied());
        name.is_none()
    });
    Ok(again.into_iter().try_for_each(|name| rows::came_again(tx, name))?)
}

/// Instances that have something new are rated soon. They come in order, so that two batches cannot wait for each
/// other's in a circle.
pub(super) fn to_rate(tx: &mut Tx, ctx: &Ctx, touched: BTreeSet<Key>) -> Result<(), Error> {
    let rated_at = next_rating(ctx.now);
    for instance in touched {
        job::schedule_named(tx, ctx, JobKind::UsageRating, &rating_job(instance), rated_at)?;
    }
    Ok(())
}

/// A correction replaces a standing record of the same instance and month, once; it is refused when there is none. What it
/// takes back is counted in its own month, where a cap and a bill would miss it.
fn replacing(tx: &mut Tx, ctx: &Ctx, instances: &Instances, mut row: Record, sn: &str) -> Result<Record, Error> {
    if row.state == UsageState::Refused || rows::any_known(tx, row.known_by)?.is_some() {
        return Ok(row);
    }
    let old = rows::any_known(tx, known_by_sn(row.seller_id, sn))?.filter(|old| old.instance_id == row.instance_id);
    match old {
        Some(old) if !instances.of_one_month(&row, &old) => refused(&mut row, &Refused::CorrectsOtherMonth),
        Some(old) if rows::correct(tx, old.id)? != Written::SomeoneElseWasFirst => {
            row.corrects_id = Some(old.id);
            if let Some(hold) = old.hold_id.filter(|_| old.state == UsageState::Held) {
                hold::withdraw(tx, ctx, hold)?;
            }
        }
        _ => refused(&mut row, &Refused::NothingToCorrect),
    }
    Ok(row)
}

fn refused(row: &mut Record, why: &Refused) {
    row.state = UsageState::Refused;
    row.reason = Some(why.to_string());
}

/// Inserts rows, counts the ones that are known; says whose instances have something new to rate.
fn insert(tx: &mut Tx, records: &[Record]) -> Result<BTreeSet<Key>, Error> {
    let new: HashSet<Key> = rows::insert_new(tx, records)?.into_iter().collect();
    let mut touched = BTreeSet::new();
    for record in records {
        if !new.contains(&record.id) {
            rows::came_again(tx, record.known_by)?;
        } else if let Some(instance) = record.instance_id.filter(|_| record.state == UsageState::Accepted) {
            touched.insert(instance);
        }
    }
    Ok(touched)
}

/// The next rating after a moment: twenty minutes past an hour.
fn next_rating(after: Timestamp) -> Timestamp {
    let hour = after.round(jiff::TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)).unwrap_or(after);
    let this = later(hour, RATED_AFTER);
    if this > after { this } else { later(this, SignedDuration::from_hours(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_rated_twenty_minutes_past_the_hour() {
        for (after, due) in [("08:00:00", "08:20:00"), ("08:19:59", "08:20:00"), ("08:20:00", "09:20:00"), ("23:50:00", "00:20:00")] {
            let day = if due < after { "2024-02-01" } else { "2024-01-31" };
            let at = |day: &str, t: &str| format!("{day}T{t}Z").parse::<Timestamp>().unwrap();
            assert_eq!(next_rating(at("2024-01-31", after)), at(day, due));
        }
    }

    #[test]
    fn times_have_the_documented_form_and_no_other() {
        assert_eq!(time("begin_time", "20240131T080000Z").unwrap().to_string(), "2024-01-31T08:00:00Z");
        for bad in ["2024-01-31T08:00:00Z", "20240131080000", "20240231T080000Z", "20240131T250000Z", "20240131T080000"] {
            assert!(time("begin_time", bad).is_err(), "{bad}");
        }
    }
}
