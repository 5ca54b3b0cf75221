//! A round of probes: the products on sale, seller by seller at once, those of a seller one after the other.

use crate::{
    Ctx, Error, interface,
    job::{self, JobKind},
};
use db::{Key, Tx};
use domain::{
    listing::Visibility,
    probe,
    site::{Site, SiteCode},
};
use jiff::Timestamp;
use std::collections::HashSet;
use store::product::{self, Product};
use wire::conformance::Scenario;

/// Products of one round in one step.
const BATCH: i64 = 200;
const NAME: &str = "probes:";

/// Makes sure that the next round of a site is planned.
///
/// # Errors
/// [`Error::Store`].
pub fn next_round(tx: &mut Tx, ctx: &Ctx, site: &Site) -> Result<(), Error> {
    job::schedule_named(tx, ctx, JobKind::ProbeRound, &format!("{NAME}{}", site.code), probe::next_round(site, ctx.now))
}

/// Plans the probe of a product. One that is still on its way, because its seller is slow, is not doubled.
fn plan(tx: &mut Tx, ctx: &Ctx, found: &Product) -> Result<(), Error> {
    if store::job::of_subject(tx, found.id)?.iter().any(|j| j.kind == JobKind::Probe) {
        return Ok(());
    }
    job::schedule_in_lane(tx, ctx, JobKind::Probe, found.id, found.seller_id, ctx.now)
}

/// The round goes on with the next product of the same seller. One at a time: the MOCK orders of the cases are the
/// same for all products of a server.
///
/// # Errors
/// [`Error::Store`].
pub fn next_of_seller(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<(), Error> {
    let Some(found) = product::any_listed(tx, id)? else {
        return Ok(());
    };
    match product::any_buyable_after(tx, found.product.site.as_str(), found.product.seller_id, id)? {
        Some(next) => plan(tx, ctx, &next),
        None => Ok(()),
    }
}

/// Plans the probes of the products of a site that can be bought, and the next round.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn round(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let code: SiteCode = name.trim_start_matches(NAME).parse().map_err(|e| Error::row("jobs", name, e))?;
    if !ctx.settings.probing {
        return Ok(());
    }
    let (mut after, mut sellers) = (None, HashSet::new());
    loop {
        let page = product::any_buyable(tx, code.as_str(), after, BATCH)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for found in &page {
            if sellers.insert(found.seller_id) {
                plan(tx, ctx, found)?;
            }
        }
    }
    next_round(tx, ctx, &ctx.site(code))
}

/// A product's server and the cases that it must still pass.
#[derive(Clone)]
pub struct Prepared {
    pub target: interface::Target,
    pub scenarios: Vec<Scenario>,
    pub started: Timestamp,
}

/// What is to be replayed for a product; nothing when it is stopped, or nobody is called for it. One whose trading is
/// frozen may be probed by hand.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub fn prepare(tx: &mut Tx, ctx: &Ctx, id: Key) -> Result<Option<Prepared>, Error> {
    let Some(found) = product::any_listed(tx, id)? else {
        return Ok(None);
    };
    match found.product.visibility {
        Visibility::OnSale | Visibility::Hidden | Visibility::Frozen => {}
        Visibility::Unlisted | Visibility::Stopped => return Ok(None),
    }
    let Some(address) = ctx.listings.approved(tx, found.revision_id)?.interface_address else {
        return Ok(None);
    };
    let (target, scenarios) = interface::replayed(tx, ctx, found.product.seller_id, address)?;
    Ok((!scenarios.is_empty()).then_some(Prepared { target, scenarios, started: ctx.now }))
}
