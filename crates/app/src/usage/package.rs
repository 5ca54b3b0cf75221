//! On-demand packages (按需套餐包): use is drawn from what was paid in advance, and only the rest is charged
//! (`open-api 4.3`, `seller-domain 2.5`). A package that stops when it is used up is drawn from by records that name
//! it, and what exceeds it is not charged at all.

use crate::{
    Ctx, Error, Tenant, event, instance,
    job::{self, JobKind},
};
use db::{Key, Moment, Tx};
use domain::{
    Timestamp,
    instance::InstanceState,
    message::MessageEvent,
    package::{Bought, PackageTerm, Window, given},
    site::Site,
    term::TermSpan,
    usage::{Quantity, Span, is_frozen_in},
};
use serde_json::json;
use std::collections::{BTreeMap, btree_map::Entry};
use store::{
    Locked,
    instance::Instance,
    package::{self as rows, Draw},
    usage::Record,
};

/// A package that a buyer has, with what was bought.
#[derive(Clone)]
pub struct Held {
    pub instance: Instance,
    pub bought: Bought,
    /// From when until when it was frozen.
    pub frozen: Vec<(Timestamp, Option<Timestamp>)>,
}

/// The package that an instance is, as it was when it was bought; none for what is no package.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn held(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Option<Held>, Error> {
    let listing = ctx.listings.approved(tx, found.revision_id)?;
    let spec = listing.specification(&found.specification);
    let sold = spec.and_then(|s| s.package.clone().zip(s.sku(&found.sku).and_then(|sku| sku.quota)));
    let Some((package, quota)) = sold else {
        return Ok(None);
    };
    // What ended before its term gives nothing after.
    let last = found.ended_at.map_or(Timestamp::MAX, Moment::at);
    let mut terms = Vec::new();
    for term in store::term::of_instance(tx, found.id)? {
        let span = TermSpan { start: term.start_at.at(), end: term.end_at.at().min(last) };
        let period = term.period;
        terms.push(PackageTerm { span, period });
    }
    let anchor_day = found.anchor_day.and_then(|d| i8::try_from(d).ok()).unwrap_or(1);
    let unit = Quantity(quota.0.saturating_mul(found.quantity));
    let freezes = store::instance::freezes(tx, &[found.id])?;
    let frozen = freezes.iter().map(|f| (f.from_at.at(), f.until_at.map(Moment::at))).collect();
    Ok(Some(Held { instance: found.clone(), bought: Bought { package, unit, terms, anchor_day }, frozen }))
}

impl Held {
    pub(super) fn stops(&self) -> bool {
        self.bought.package.stop_when_used_up
    }

    /// What was used of a window.
    pub(super) fn used(&self, tx: &mut Tx, window: Window) -> Result<Quantity, Error> {
        Ok(Quantity(rows::any_used(tx, self.instance.id, Moment::of(window.begin))?))
    }

    /// The window that a moment lies in, with what was used of it.
    fn now(&self, tx: &mut Tx, site: &Site, at: Timestamp) -> Result<Option<(Window, Quantity)>, Error> {
        self.bought.window(site, at).map(|window| Ok((window, self.used(tx, window)?))).transpose()
    }
}

/// The packages that cover the use of one specification of a product, in the order of purchase.
pub(super) fn covering(tx: &mut Tx, ctx: &Ctx, buyer: Key, product: Key, of: &str) -> Result<Vec<Held>, Error> {
    let mut all = Vec::new();
    for found in rows::of_buyer(tx, buyer, product)? {
        all.extend(held(tx, ctx, &found)?.filter(|h| h.bought.package.of == of));
    }
    Ok(all)
}

struct Open {
    package: usize,
    window: Window,
    before: i64,
    used: i64,
}

/// What a rating draws from a buyer's packages; written at its end.
pub(super) struct Packages {
    site: Site,
    all: Vec<Held>,
    /// By package and first moment.
    open: BTreeMap<(Key, Moment), Open>,
    drawn: Vec<Draw>,
    /// Records whose draws are given back.
    given_back: Vec<Key>,
}

/// A state of [`Packages`] to which a rating can go back.
pub(super) struct Mark {
    used: BTreeMap<(Key, Moment), i64>,
    drawn: usize,
    given_back: usize,
}

/// What packages did for a record.
pub(super) struct Drawn {
    pub given: Quantity,
    /// What is left to charge.
    pub rest: Quantity,
}

impl Packages {
    /// The packages that cover an instance's use. Ratings of one buyer who has any pass one at a time.
    pub fn load(tx: &mut Tx, ctx: &Ctx, site: &Site, found: &Instance, of: &str) -> Result<Self, Error> {
        let mut all = covering(tx, ctx, found.buyer_id, found.product_id, of)?;
        if !all.is_empty() {
            rows::hold(tx, found.buyer_id)?;
            all = covering(tx, ctx, found.buyer_id, found.product_id, of)?;
        }
        Ok(Self { site: site.clone(), all, open: BTreeMap::new(), drawn: Vec::new(), given_back: Vec::new() })
    }

    pub fn mark(&self) -> Mark {
        let used = self.open.iter().map(|(key, open)| (*key, open.used)).collect();
        Mark { used, drawn: self.drawn.len(), given_back: self.given_back.len() }
    }

    /// Forgets what was drawn and given back since.
    pub fn back_to(&mut self, mark: &Mark) {
        for (key, open) in &mut self.open {
            open.used = mark.used.get(key).copied().unwrap_or(open.before);
        }
        self.drawn.truncate(mark.drawn);
        self.given_back.truncate(mark.given_back);
    }

    fn open(&mut self, tx: &mut Tx, package: usize, at: Timestamp) -> Result<Option<&mut Open>, Error> {
        let held = &self.all[package];
        let Some(window) = held.bought.window(&self.site, at) else {
            return Ok(None);
        };
        let key = (held.instance.id, Moment::of(window.begin));
        match self.open.entry(key) {
            Entry::Occupied(known) => Ok(Some(known.into_mut())),
            Entry::Vacant(empty) => {
                let used = held.used(tx, window)?.0;
                Ok(Some(empty.insert(Open { package, window, before: used, used })))
            }
        }
    }

    /// The packages that a record may draw from: the one it names, then those whose window ends first. Those that stop
    /// are drawn from by name only, and then alone. One that was frozen then gives nothing, except to what corrects a record:
    /// the use was of before (our own rule, as for a record that names it).
    fn order(&self, record: &Record, span: Span) -> Vec<usize> {
        let named = self.all.iter().position(|h| record.package_id == Some(h.instance.id));
        if let Some(named) = named.filter(|i| self.all[*i].stops()) {
            return vec![named];
        }
        let mut others: Vec<(Timestamp, usize)> = (self.all.iter().enumerate())
            .filter(|(i, h)| !h.stops() && Some(*i) != named)
            .filter(|(_, h)| record.corrects_id.is_some() || !is_frozen_in(&h.frozen, span))
            .filter(|(_, h)| h.bought.window(&self.site, span.judged_at()).is_some())
            .filter_map(|(i, h)| Some((h.bought.window(&self.site, span.begin)?.end, i)))
            .collect();
        others.sort_unstable();
        named.into_iter().chain(others.into_iter().map(|(_, i)| i)).collect()
    }

    /// Draws a record from the packages.
    pub fn draw(&mut self, tx: &mut Tx, record: &Record) -> Result<Drawn, Error> {
        let wanted = Quantity(record.quantity.unwrap_or_default());
        let mut rest = wanted;
        let span = super::span_of(record)?;
        let order = self.order(record, span);
        let stops = order.first().is_some_and(|i| self.all[*i].stops());
        for package in order {
            let id = self.all[package].instance.id;
            let Some(open) = self.open(tx, package, span.begin)? else { continue };
            let part = given(open.window, Quantity(open.used), rest);
            if part.0 > 0 {
                open.used = open.used.saturating_add(part.0);
                rest.0 = rest.0.saturating_sub(part.0);
                let window_at = Moment::of(open.window.begin);
                self.drawn.push(Draw { record_id: record.id, instance_id: id, window_at, quantity: part.0 });
            }
        }
        let given = Quantity(wanted.0.saturating_sub(rest.0));
        Ok(Drawn { given, rest: if stops { Quantity(0) } else { rest } })
    }

    /// Gives back what a record took that is replaced, and says what packages had done for it.
    pub fn give_back(&mut self, tx: &mut Tx, record: &Record) -> Result<Drawn, Error> {
        let mut given = 0_i64;
        for draw in rows::any_draws(tx, record.id)? {
            let package = self.all.iter().position(|h| h.instance.id == draw.instance_id);
            let package = package.ok_or_else(|| Error::row("package_draws", hex::encode(record.id.0), "names a package that is gone"))?;
            if let Some(open) = self.open(tx, package, draw.window_at.at())? {
                open.used = open.used.saturating_sub(draw.quantity);
            }
            given = given.saturating_add(draw.quantity);
        }
        self.given_back.push(record.id);
        let stopped = self.all.iter().any(|h| record.package_id == Some(h.instance.id) && h.stops());
        let rest = if stopped { 0 } else { record.quantity.unwrap_or_default().saturating_sub(given) };
        Ok(Drawn { given: Quantity(given), rest: Quantity(rest) })
    }

    /// Writes what was drawn; tells of packages that are used up now, and stops those that stop.
    pub fn keep(self, tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
        self.given_back.iter().try_for_each(|record| rows::remove_draws(tx, *record))?;
        self.drawn.iter().try_for_each(|draw| rows::insert_draw(tx, draw))?;
        for ((id, begin_at), open) in self.open.iter().filter(|(_, open)| open.used != open.before) {
            rows::set_used(tx, *id, *begin_at, open.used)?;
            let (was_up, is_up) = (open.before >= open.window.quota.0, open.used >= open.window.quota.0);
            let held = &self.all[open.package];
            if open.window.end <= ctx.now || was_up == is_up {
                continue;
            }
            if is_up {
                used_up(tx, ctx, held, open.window)?;
            }
            if held.stops() {
                // The instance that is rated is locked: the package is by a unit of its own.
                job::schedule(tx, ctx, JobKind::PackageUsed, Some(held.instance.id), ctx.now)?;
            }
        }
        Ok(())
    }
}

fn used_up(tx: &mut Tx, ctx: &Ctx, held: &Held, window: Window) -> Result<(), Error> {
    let about = event::About { instance: Some(held.instance.id), ..event::About::default() };
    event::record(tx, ctx, "package.used_up", about, &json!({ "quota": window.quota, "from": window.begin, "until": window.end }))?;
    if held.stops() {
        return Ok(());
    }
    let until = crate::order::moment(window.end);
    instance::tell(tx, ctx, &held.instance, MessageEvent::PackageUsedUp, &[("quota", window.quota.to_string()), ("until", until)])
}

/// Freezes a package that stops; the buyer may renew it, which automatic renewal does at once.
fn stop(tx: &mut Tx, ctx: &Ctx, package: &Locked<Instance>) -> Result<(), Error> {
    if package.state != InstanceState::Running {
        return Ok(());
    }
    instance::freeze_used_up(tx, ctx, package)?;
    if store::auto_renewal::of_instance(tx, package.id)?.is_some() {
        instance::schedule_auto_renewal(tx, ctx, package.id, Some(ctx.now))?;
    }
    Ok(())
}

/// Stops a package that is used up, or lets it work again when something was given back.
///
/// # Errors
/// [`Error::Store`].
pub fn review_package(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    match store::instance::lock(tx, Tenant::Any, id)? {
        Some(found) if is_used_up(tx, ctx, &found)? => stop(tx, ctx, &found),
        Some(found) => instance::unfreeze_refilled(tx, ctx, &found),
        None => Ok(()),
    }
}

/// Stops a package that was used up while it was frozen for another reason.
///
/// # Errors
/// [`Error::Store`].
pub fn stop_if_used_up(tx: &mut Tx, ctx: &Ctx, found: &Locked<Instance>) -> Result<(), Error> {
    if is_used_up(tx, ctx, found)? { stop(tx, ctx, found) } else { Ok(()) }
}

/// Whether an instance is a package that stops, and nothing is left of it now.
fn is_used_up(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<bool, Error> {
    let Some(held) = held(tx, ctx, found)?.filter(Held::stops) else { return Ok(false) };
    let site = instance::site(tx, ctx, found)?;
    Ok(held.now(tx, &site, ctx.now)?.is_some_and(|(window, used)| used >= window.quota))
}

/// What is left of a package now.
#[derive(Clone)]
pub struct Left {
    pub instance: Instance,
    pub bought: Bought,
    /// None before the first term and after the last.
    pub window: Option<(Window, Quantity)>,
}

/// A package and what is left of it.
///
/// # Errors
/// `instance.not_a_package`.
pub fn left(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Left, Error> {
    let held = held(tx, ctx, found)?.ok_or_else(|| Error::conflict("instance.not_a_package", "the instance is no on-demand package"))?;
    left_of(tx, ctx, held)
}

fn left_of(tx: &mut Tx, ctx: &Ctx, held: Held) -> Result<Left, Error> {
    let site = instance::site(tx, ctx, &held.instance)?;
    let window = held.now(tx, &site, ctx.now)?;
    Ok(Left { instance: held.instance, bought: held.bought, window })
}

/// The packages that cover an instance's use now.
pub(super) fn in_force(tx: &mut Tx, ctx: &Ctx, found: &Instance) -> Result<Vec<Left>, Error> {
    let mut all = Vec::new();
    for held in covering(tx, ctx, found.buyer_id, found.product_id, &found.specification)? {
        let left = left_of(tx, ctx, held)?;
        if left.window.is_some() {
            all.push(left);
        }
    }
    Ok(all)
}
