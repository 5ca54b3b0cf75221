//! Charges rated again from their records, for `yunshi verify`.

use super::{
    Priced, begin_of,
    package::{self, Held},
    priced,
    rate::{cycle, cycle_of},
};
use crate::{Ctx, Error, Tenant};
use db::{Key, Moment, Tx};
use domain::{
    id::{ChargeId, InstanceId},
    site::Site,
    usage::{self, ChargeState, Quantity, QuantitySum, Total},
};
use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};
use store::{
    usage::{self as rows, Charge, Record},
    witness,
};

/// What differs between the charges of an instance and what their records come to; with how many charges there are.
///
/// # Errors
/// [`Error::Store`].
pub fn recount(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(usize, Vec<String>), Error> {
    let (charges, mut differ) = (witness::charges(tx, id)?, Vec::new());
    let name = id.id::<InstanceId>();
    let Some(found) = store::instance::lookup(tx, Tenant::Any, id)? else {
        return Ok((charges.len(), vec![format!("instance {name}: charged, but it is gone")]));
    };
    let Some(priced) = priced(tx, ctx, &found)? else {
        return Ok((charges.len(), vec![format!("instance {name}: charged, but it has no meter")]));
    };
    let site = crate::instance::site(tx, ctx, &found)?;
    let records: HashMap<Key, Record> = witness::charged_records(tx, id)?.into_iter().map(|r| (r.id, r)).collect();
    // A package that stops is named by records that it gives nothing to.
    let named = records.values().any(|r| r.package_id.is_some());
    let drawn = named || priced.of != found.specification || charges.iter().any(|c| c.from_packages != 0);
    let mut again = Again { site, priced, records, packages: HashMap::new(), totals: BTreeMap::new() };
    if drawn {
        again.whole(tx, ctx, &charges, &mut differ)?
    } else {
        again.each(tx, &charges, &mut differ)?
    }
    again.begun(&charges, &mut differ);
    again.counted(&witness::totals(tx, id)?, &mut differ);
    let paid: i128 = charges.iter().filter(|c| c.state == ChargeState::Paid).map(|c| i128::from(c.amount_minor)).sum();
    if paid < 0 {
        differ.push(format!("instance {name}: the wallet got back more for its use than was taken"));
    }
    Ok((charges.len(), differ))
}

/// An instance that is rated again.
struct Again {
    site: Site,
    priced: Priced,
    /// Those that were charged, by id.
    records: HashMap<Key, Record>,
    packages: HashMap<Key, Option<Held>>,
    totals: BTreeMap<Moment, Total>,
}

fn quantity(record: &Record) -> Quantity {
    Quantity(record.quantity.unwrap_or_default())
}

impl Again {
    fn cycle_of(&self, record: &Record) -> Result<Moment, Error> {
        Ok(Moment::of(cycle_of(&self.site, self.priced.meter.accumulation, begin_of(record)?)))
    }

    /// What was charged in place of a record.
    fn before(&self, tx: &mut Tx, record: &Record) -> Result<Option<Record>, Error> {
        let mut before = record.corrects_id;
        while let Some(id) = before {
            if let Some(charged) = self.records.get(&id) {
                return Ok(Some(charged.clone()));
            }
            before = rows::any_record(tx, id)?.and_then(|old| old.corrects_id);
        }
        Ok(None)
    }

    /// Each charge by itself, in the order in which they were made.
    fn each(&mut self, tx: &mut Tx, charges: &[Charge], differ: &mut Vec<String>) -> Result<(), Error> {
        let mut by_charge = HashMap::<Key, Vec<Record>>::new();
        for record in self.records.values() {
            by_charge.entry(record.charge_id.unwrap_or(record.id)).or_default().push(record.clone());
        }
        for charge in charges {
            let (name, none) = (charge.id.id::<ChargeId>(), Total::of(self.site.currency));
            let (mut sum, mut touched) = (QuantitySum::default(), BTreeMap::new());
            for record in by_charge.remove(&charge.id).unwrap_or_default() {
                let old = self.before(tx, &record)?;
                for (record, back) in old.iter().map(|old| (old, true)).chain([(&record, false)]) {
                    let (cycle, model, tiers) = (self.cycle_of(record)?, self.priced.meter.model, &self.priced.tiers);
                    let total = touched.entry(cycle).or_insert_with(|| self.totals.get(&cycle).copied().unwrap_or(none));
                    let next =
                        if back { total.without(model, tiers, quantity(record)) } else { total.with(model, tiers, quantity(record)).ok() };
                    *total = next.unwrap_or(*total);
                    sum = if back { sum.minus(quantity(record)) } else { sum.plus(quantity(record)) };
                }
            }
            let amount = usage::charge(touched.values()).ok();
            if sum.stored() != Some(charge.quantity) || amount != Some(charge.amount_minor) {
                let comes_to = amount.map_or_else(|| "more than a charge".to_owned(), |minor| self.site.currency.text(minor));
                let text = self.site.currency.text(charge.amount_minor);
                differ.push(format!("charge {name}: {} for {text}, but its records are {sum} for {comes_to}", Quantity(charge.quantity)));
            }
            for total in touched.values_mut() {
                total.charged_minor = total.comes_to().unwrap_or(total.charged_minor);
            }
            self.totals.append(&mut touched);
        }
        Ok(())
    }

    /// All charges together, by the records that stand: what packages gave to a record that was replaced is not kept.
    fn whole(&mut self, tx: &mut Tx, ctx: &Ctx, charges: &[Charge], differ: &mut Vec<String>) -> Result<(), Error> {
        // A record stands until what corrects it is charged, which may wait for consent.
        let mut replaced = HashSet::new();
        for record in self.records.values() {
            replaced.extend(self.before(tx, record)?.map(|old| old.id));
        }
        let standing: Vec<Record> = self.records.values().filter(|r| !replaced.contains(&r.id)).cloned().collect();
        let mut sum = QuantitySum::default();
        for record in &standing {
            let mut rest = QuantitySum::from(quantity(record));
            for draw in store::package::any_draws(tx, record.id)? {
                rest = rest.minus(Quantity(draw.quantity));
            }
            let rest = if self.stops(tx, ctx, record)? { Quantity(0) } else { Quantity(rest.stored().unwrap_or_default()) };
            let (cycle, model) = (self.cycle_of(record)?, self.priced.meter.model);
            let total = self.totals.entry(cycle).or_insert(Total::of(self.site.currency));
            *total = total.with(model, &self.priced.tiers, rest).unwrap_or(*total);
            sum = sum.plus(rest);
        }
        let amount: i128 = self.totals.values().filter_map(|total| total.comes_to().ok()).map(i128::from).sum();
        let charged: i128 = charges.iter().map(|c| i128::from(c.amount_minor)).sum();
        let counted = charges.iter().fold(QuantitySum::default(), |sum, c| sum.plus(Quantity(c.quantity)));
        if amount != charged || sum != counted {
            let name = charges.first().map_or_else(String::new, |c| c.instance_id.id::<InstanceId>().to_string());
            differ.push(format!("instance {name}: charged {counted} for {charged}, but its records are {sum} for {amount} (minor units)"));
        }
        Ok(())
    }

    /// Charges are of the hour or day of their records.
    fn begun(&self, charges: &[Charge], differ: &mut Vec<String>) {
        let begins: HashMap<Key, Moment> = charges.iter().map(|c| (c.id, c.begin_at)).collect();
        for (id, record) in self.records.values().filter_map(|r| Some((r.charge_id?, r))) {
            let Some(begin) = begins.get(&id).copied() else { continue };
            // As the rating has it: the hour of a moment after a clock went back may begin more than an hour before.
            let of = |at: Moment| Moment::of(cycle(&self.site, self.priced.meter.cycle, at.at()));
            if record.begin_at.is_none_or(|at| of(at) != begin) {
                let record = record.metering_sn.as_deref().unwrap_or(&record.sent_instance);
                differ.push(format!("charge {}: the record {record} is of another time", id.id::<ChargeId>()));
            }
        }
    }

    /// What the next rating goes on from is what was counted.
    fn counted(&self, stored: &[rows::Total], differ: &mut Vec<String>) {
        let mut again = self.totals.clone();
        for row in stored {
            let total = again.remove(&row.cycle_at).unwrap_or(Total::of(self.site.currency));
            if (row.quantity, &row.exact) != (total.quantity.0, &total.exact.to_string()) {
                let (name, begin) = (row.instance_id.id::<InstanceId>(), row.cycle_at);
                differ.push(format!("instance {name}: counted from {begin} on is not what its records are: {}", Quantity(row.quantity)));
            }
        }
        for (cycle, _) in again.iter().filter(|(_, total)| total.quantity.0 != 0) {
            differ.push(format!("nothing is counted from {} on, though records are charged", cycle));
        }
    }

    /// Whether a record names a package that stops: what exceeds it is not charged.
    fn stops(&mut self, tx: &mut Tx, ctx: &Ctx, record: &Record) -> Result<bool, Error> {
        let Some(id) = record.package_id else {
            return Ok(false);
        };
        let held = match self.packages.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(empty) => {
                let found = store::instance::lookup(tx, Tenant::Any, id)?;
                empty.insert(found.map(|found| package::held(tx, ctx, &found)).transpose()?.flatten())
            }
        };
        Ok(held.as_ref().is_some_and(Held::stops))
    }
}
