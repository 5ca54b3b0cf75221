//! Service supervision (服务监管): cases begin with paid orders, are moved by what people do, by what happens outside
//! and by time, and say with every move what becomes of money, instance and messages (`seller-domain 5`).

mod act;
mod address;
mod appeal;
mod begin;
mod document;
mod effects;
mod happen;
mod note;
mod refund;
mod summary;
mod template;
mod timer;
mod track;

pub use act::{Act, Identification, act};
pub use address::change as change_address;
pub use address::of_case as address_of;
pub(crate) use address::{check as check_address, sealed as sealed_address};
pub use appeal::{appeal, decide, state_case};
pub(crate) use begin::begin;
pub use document::{
    NewDocument, add as add_document, add_form as add_document_form, file, forget_waiting, form, of_case as document_of_case,
};
pub use happen::carrier_delivered;
pub(crate) use happen::{activated, opening_failed};
pub use note::tell_both;
pub use refund::{Answer, ask as ask_refund, step as step_refund};
pub use summary::{next_open_cases, tell_open};
pub use template::{Templates, list as templates, load as load_template, load_built_in, show as show_template};
pub use timer::fall_due;
pub use track::set as set_track;

use crate::{Ctx, Error, Tenant, event};
use db::{DbError, Key, Moment, Tx};
use domain::{
    id::{DocumentId, SupervisionId},
    listing::Bilingual,
    site::Site,
    supervision::{Case, Effect, EvidenceKind, Input, Party, Refused, StepKind, Template},
};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{
    Written,
    supervision::{self as rows, Step},
};

/// A case with the template that it began with.
#[derive(Debug, Clone)]
pub struct Found {
    pub row: rows::Case,
    pub case: Case,
    pub template: Arc<Template>,
}

/// The text of an amount in the currency of a case's order.
fn amount_text(tx: &mut Tx, found: &Found, minor: i64) -> Result<String, Error> {
    let order = store::order::lookup(tx, Tenant::Any, found.row.order_id)?;
    let order = order.ok_or_else(|| Error::row("supervision_cases", &found.row.order_number, "its order is gone"))?;
    Ok(order.currency.text(minor))
}

/// Whether what was filled in with a step is what the seller's server answered: for the seller and the operator alone.
#[must_use]
pub fn tells_of_calls(step: StepKind) -> bool {
    step == StepKind::OpeningFailed
}

/// Whom a tenant is in a case.
#[must_use]
pub fn party(tenant: Tenant) -> Party {
    match tenant {
        Tenant::Buyer(_) => Party::Buyer,
        Tenant::Seller(_) => Party::Seller,
        Tenant::Any => Party::Operator,
    }
}

/// The name of the product that is delivered.
#[must_use]
pub fn product_name(row: &rows::Case) -> Bilingual {
    Bilingual::both(&row.product_name, &row.product_name_en)
}

fn read(tx: &mut Tx, ctx: &Ctx, row: rows::Case) -> Result<Found, Error> {
    let bad = |e: serde_json::Error| Error::row("supervision_cases", &row.order_number, e);
    let case = serde_json::from_str(&row.body).map_err(bad)?;
    let template = ctx.templates.stored(tx, &row.template_key, row.template_version)?;
    Ok(Found { row, case, template })
}

/// A case that the tenant may see.
///
/// # Errors
/// `supervision.not_found`.
pub fn find(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, id: SupervisionId) -> Result<Found, Error> {
    let row = rows::lookup(tx, tenant, Key::of(id))?;
    let row = row.ok_or_else(|| Error::not_found("supervision.not_found", "there is no such case of service supervision"))?;
    read(tx, ctx, row)
}

/// The case of an order, if it is supervised.
///
/// # Errors
/// [`Error::Store`].
pub fn of_order(tx: &mut Tx, ctx: &Ctx, order: Key) -> Result<Option<Found>, Error> {
    rows::of_order(tx, order)?.map(|row| read(tx, ctx, row)).transpose()
}

fn refused(e: &Refused) -> Error {
    match e.pointer() {
        Some(pointer) => Error::field(&pointer, e.code(), e.to_string()),
        None => Error::conflict(e.code(), e.to_string()),
    }
}

/// What was done, as it stays in the log of the case and on the order's flight recorder.
struct Done<'a> {
    /// None for what happens by itself.
    party: Option<Party>,
    kind: StepKind,
    data: Value,
    documents: &'a [(DocumentId, EvidenceKind)],
}

impl Found {
    /// The id of the case.
    #[must_use]
    pub fn id(&self) -> SupervisionId {
        self.row.id.id()
    }

    /// The version that whoever acts has seen.
    #[must_use]
    pub fn version(&self) -> String {
        self.row.changes.to_string()
    }

    fn site(&self, tx: &mut Tx, ctx: &Ctx) -> Result<Site, Error> {
        let order = store::order::lookup(tx, Tenant::Any, self.row.order_id)?;
        let order = order.ok_or_else(|| Error::row("supervision_cases", &self.row.order_number, "has no order"))?;
        Ok(ctx.site(order.site))
    }

    /// Moves the case and everything that hangs on it, in this transaction.
    fn moved(&mut self, tx: &mut Tx, ctx: &Ctx, input: &Input, done: &Done<'_>) -> Result<(), Error> {
        moved(tx, ctx, std::slice::from_mut(self), input, done)
    }

    /// Stores the case as it is now, with the step that brought it there.
    fn keep(&mut self, tx: &mut Tx, ctx: &Ctx, from: &str, done: &Done<'_>) -> Result<(), Error> {
        keep(tx, ctx, &mut [Move { found: self, from: from.to_owned(), effects: Vec::new() }], done)
    }

    /// The row of the case as it is now.
    fn written(&mut self) -> Result<(), Error> {
        let turns = self.case.waits_for(&self.template);
        self.row.state = self.case.state;
        self.row.node.clone_from(&self.case.node);
        self.row.buyer_turn = turns.contains(&Party::Buyer);
        self.row.seller_turn = turns.contains(&Party::Seller);
        self.row.operator_turn = turns.contains(&Party::Operator);
        self.row.appeal_due_at = self.case.appeal.map(|a| Moment::of(a.due_at));
        self.row.ended_at = self.case.ended_at.map(Moment::of);
        self.row.body = body(&self.case)?;
        Ok(())
    }
}

/// A case with the node that it leaves and what that means.
struct Move<'a> {
    found: &'a mut Found,
    from: String,
    effects: Vec<Effect>,
}

/// Moves cases in the same way, and everything that hangs on them: all, or the first refusal stands for all.
fn moved(tx: &mut Tx, ctx: &Ctx, cases: &mut [Found], input: &Input, done: &Done<'_>) -> Result<(), Error> {
    let mut moves = Vec::new();
    for found in cases {
        if done.party.is_some() {
            ctx.require_seen(&found.version())?;
        }
        let from = found.case.node.clone();
        let effects = found.case.apply(&found.template, input, ctx.now).map_err(|e| refused(&e))?;
        moves.push(Move { found, from, effects });
    }
    written(tx, ctx, &mut moves, done)
}

/// Writes moves down: the cases, what was done, what it means, and the next timers.
fn written(tx: &mut Tx, ctx: &Ctx, moves: &mut [Move<'_>], done: &Done<'_>) -> Result<(), Error> {
    keep(tx, ctx, moves, done)?;
    effects::perform(tx, ctx, moves, done)?;
    timer::set(tx, ctx, &moves.iter().map(|m| &*m.found).collect::<Vec<_>>())
}

/// Stores cases as they are now, with the steps that brought them there.
fn keep(tx: &mut Tx, ctx: &Ctx, moves: &mut [Move<'_>], done: &Done<'_>) -> Result<(), Error> {
    moves.iter_mut().try_for_each(|m| m.found.written())?;
    let instances = store::instance::lock_all(tx, &moves.iter().map(|m| m.found.row.instance_id).collect::<Vec<_>>())?;
    let of = |row: &rows::Case| instances.iter().find(|i| i.id == row.instance_id);
    let gone = |row: &rows::Case| Error::row("supervision_cases", &row.order_number, "its instance is gone");
    let rows: Vec<rows::Case> = moves.iter().map(|m| m.found.row.clone()).collect();
    let cases = rows.iter().map(|row| Ok((of(row).ok_or_else(|| gone(row))?, row))).collect::<Result<Vec<_>, Error>>()?;
    match rows::change(tx, &cases) {
        Ok(Written::Yes) => {}
        // Somebody moved one meanwhile: the unit runs again and decides anew.
        Ok(Written::SomeoneElseWasFirst) => return Err(DbError::Raced.into()),
        Err(e) if e.is_unique_violation() => {
            let detail = "you shipped another order under this number; check it";
            return Err(Error::field("/tracking_number", "supervision.number_used", detail));
        }
        Err(e) => return Err(e.into()),
    }
    let mut steps = Vec::new();
    for m in moves.iter_mut() {
        m.found.row.changes += 1;
        steps.push(m.found.logged(tx, ctx, &m.from, done)?);
    }
    log(tx, &steps)
}

/// Appends steps to the logs of cases.
fn log(tx: &mut Tx, steps: &[Step]) -> Result<(), Error> {
    match rows::insert_steps(tx, steps) {
        Err(e) if e.is_unique_violation() => Err(DbError::Raced.into()),
        result => Ok(result?),
    }
}

impl Found {
    /// The step for the log of the case; the flight recorder has it already.
    fn logged(&self, tx: &mut Tx, ctx: &Ctx, from: &str, done: &Done<'_>) -> Result<Step, Error> {
        // Every change has its step, and the first step is the beginning.
        let seq = self.row.changes + 1;
        let names = document::sent(tx, ctx, self, seq, done.documents)?;
        let name = ctx.actor.name();
        let step = Step {
            case_id: self.row.id,
            seq,
            at: ctx.moment(),
            party: done.party.into(),
            actor: name.split_once(' ').map_or(name.as_str(), |(_, name)| name).to_owned(),
            kind: done.kind,
            from_node: from.to_owned(),
            to_node: self.case.node.clone(),
            data: done.data.to_string(),
        };
        let data = json!({
            "case": self.id(), "step": done.kind, "party": step.party, "from": from, "to": self.case.node, "state": self.case.state,
            "said": done.data, "files": names,
        });
        let about = event::About::order(self.row.order_id, Some(self.row.instance_id));
        event::record(tx, ctx, "supervision.moved", about, &data)?;
        Ok(step)
    }
}

fn body(case: &Case) -> Result<String, Error> {
    serde_json::to_string(case).map_err(|e| Error::row("supervision_cases", &case.node, e))
}
