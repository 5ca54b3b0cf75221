//! What an order on an instance costs before it is placed, and what there is to choose.

use super::{
    Draft, RenewWithChange,
    quote::estimate,
    renew::{self, Subject},
    renew_change, shown,
};
use crate::{Caller, Ctx, Error};
use db::Tx;
use domain::{
    Timestamp,
    id::InstanceId,
    instance::InstanceState,
    listing::{Bilingual, Sku},
    money::Money,
    order::OrderKind,
    period::Period,
};

/// What an order on an instance would cost now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    pub fee: Money,
    /// What automatic renewal takes for a term from then on, where it is switched on.
    pub renewal: Option<Money>,
    /// When the term that is bought would end; shown end. None where none is.
    pub ends_at: Option<Timestamp>,
    /// The version of the price, by which an order says what was seen.
    pub version: String,
}

impl Quoted {
    /// What a draft of an order costs.
    pub(super) fn of(ctx: &Ctx, subject: &Subject, draft: &Draft<'_>) -> Self {
        let money = |minor| Money::new(minor, subject.site.currency);
        let (fee, renewal) = (money(draft.total_minor), draft.sold.renewal.as_ref());
        let ends_at = draft.period.and_then(|period| match draft.kind {
            OrderKind::TrialToFormal => Some(estimate(&subject.site, ctx.now, period)),
            _ => subject.end_of_next(period),
        });
        Self { fee, renewal: renewal.map(|r| money(r.minor)), ends_at, version: shown::version_of(fee, renewal, None) }
    }
}

/// A term as a buyer thinks of it before they order one.
#[derive(Debug, Clone)]
pub struct NextTerm {
    pub instance: InstanceId,
    /// Another combination than the instance has; none: the same one.
    pub sku: Option<String>,
    pub period: Period,
}

/// What a renewal, or the conversion of a trial, would cost now.
///
/// # Errors
/// As [`renew`](super::renew()), [`convert`](super::convert()), or [`check_change`](super::check_change) for another combination.
pub fn renewal_quote(tx: &mut Tx, ctx: &Ctx, caller: &Caller, cmd: &NextTerm) -> Result<Quoted, Error> {
    let subject = renew::subject(tx, ctx, caller, cmd.instance)?;
    let draft = match cmd.sku.clone() {
        Some(sku) => {
            let changed = RenewWithChange { instance: cmd.instance, sku, period: cmd.period, pay: false };
            renew_change::draft(tx, ctx, caller, &subject, &changed)?
        }
        None => renew::draft_now(ctx, caller, &subject, kind(&subject), cmd.period)?,
    };
    Ok(Quoted::of(ctx, &subject, &draft))
}

fn kind(subject: &Subject) -> OrderKind {
    if subject.instance.trial { OrderKind::TrialToFormal } else { OrderKind::Renew }
}

/// A combination that an instance has or may have.
#[derive(Debug, Clone)]
pub struct Combination {
    pub sku: String,
    pub name: Bilingual,
    pub month: Option<Money>,
    pub year: Option<Money>,
}

/// What a buyer can choose for their instance.
#[derive(Debug, Clone)]
pub struct Choices {
    /// What it has.
    pub present: Combination,
    /// What is sold today besides.
    pub others: Vec<Combination>,
    /// Another one may be chosen with a renewal.
    pub with_renewal: bool,
    /// A dearer one may be chosen for the terms that are paid.
    pub as_upgrade: bool,
}

/// What the caller's instance can be renewed as and changed to, also when what it has is off the price list.
///
/// # Errors
/// `instance.not_found`, `instance.not_opened_yet`; `product.not_on_sale` and `sku.not_found` for a trial of what is no longer sold.
pub fn choices(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: InstanceId) -> Result<Choices, Error> {
    let subject = renew::subject(tx, ctx, caller, id)?;
    if subject.instance.trial {
        let today = subject.sold_anew()?;
        let present = combination(&today, today.sku(&today.instance.sku)?);
        return Ok(Choices { present, others: Vec::new(), with_renewal: false, as_upgrade: false });
    }
    let running = subject.instance.state == InstanceState::Running;
    let today = subject.sold_today().ok().filter(|_| running && subject.require_tradable().is_ok());
    let present = combination(&subject, &subject.present);
    let Some(today) = today else {
        return Ok(Choices { present, others: Vec::new(), with_renewal: false, as_upgrade: false });
    };
    let other = |sku: &&Sku| sku.on_sale && sku.key != subject.instance.sku;
    let others = today.specification.skus.iter().filter(other).map(|sku| combination(&today, sku)).collect();
    let (with_renewal, as_upgrade) = (today.specification.renewal_change_allowed, today.specification.upgrade_allowed);
    Ok(Choices { present, others, with_renewal, as_upgrade })
}

fn combination(of: &Subject, sku: &Sku) -> Combination {
    let name = |language| of.specification.sku_name(&sku.key, language);
    let money = |minor: Option<i64>| minor.map(|minor| Money::new(minor, of.site.currency));
    let name = Bilingual { zh: name("zh"), en: name("en") };
    Combination { sku: sku.key.clone(), name, month: money(sku.month_minor), year: money(sku.year_minor) }
}
