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
pub use template::{list as templates, load as load_template, load_built_in, show as show_template};
pub use timer::fall_due;
pub use track::set as set_track;

use crate::{Ctx, Error, Tenant, event, micros};
use db::{DbError, Key, Tx};
use domain::{
    id::{DocumentId, SupervisionId},
    site::Site,
    supervision::{Case, EvidenceKind, Input, Party, Refused, Template},
};
use serde_json::{Value, json};
use store::{
    Written,
    supervision::{self as rows, Step},
};

/// A case with the template that it began with.
#[derive(Debug, Clone)]
pub struct Found {
    pub row: rows::Case,
    pub case: Case,
    pub template: Template,
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

fn read(tx: &mut Tx, row: rows::Case) -> Result<Found, Error> {
    let bad = |e: serde_json::Error| Error::row("supervision_cases", &row.order_number, e);
    let case = serde_json::from_str(&row.body).map_err(bad)?;
    let template = template::stored(tx, &row.template_key, row.template_version)?;
    Ok(Found { row, case, template })
}

/// A case that the tenant may see.
///
/// # Errors
/// `supervision.not_found`.
pub fn find(tx: &mut Tx, tenant: Tenant, id: SupervisionId) -> Result<Found, Error> {
    let row = rows::lookup(tx, tenant, Key::of(id))?;
    let row = row.ok_or_else(|| Error::not_found("supervision.not_found", "there is no such case of service supervision"))?;
    read(tx, row)
}

/// The case of an order, if it is supervised.
///
/// # Errors
/// [`Error::Store`].
pub fn of_order(tx: &mut Tx, order: Key) -> Result<Option<Found>, Error> {
    rows::of_order(tx, order)?.map(|row| read(tx, row)).transpose()
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
    kind: &'a str,
    data: Value,
    documents: &'a [(DocumentId, EvidenceKind)],
}

impl Found {
    /// The id of the case.
    #[must_use]
    pub fn id(&self) -> SupervisionId {
        self.row.id.id()
    }

    fn site(&self, tx: &mut Tx, ctx: &Ctx) -> Result<Site, Error> {
        let order = store::order::lookup(tx, Tenant::Any, self.row.order_id)?;
        let order = order.ok_or_else(|| Error::row("supervision_cases", &self.row.order_number, "has no order"))?;
        crate::order::site(ctx, &order)
    }

    /// Moves the case and everything that hangs on it, in this transaction.
    fn moved(&mut self, tx: &mut Tx, ctx: &Ctx, input: &Input, done: &Done<'_>) -> Result<(), Error> {
        let from = self.case.node.clone();
        let effects = self.case.apply(&self.template, input, ctx.now).map_err(|e| refused(&e))?;
        self.keep(tx, ctx, &from, done)?;
        effects::perform(tx, ctx, self, &effects, done)?;
        timer::set(tx, ctx, self)
    }

    /// Stores the case as it is now, with the step that brought it there.
    fn keep(&mut self, tx: &mut Tx, ctx: &Ctx, from: &str, done: &Done<'_>) -> Result<(), Error> {
        let turns = self.case.waits_for(&self.template);
        self.row.state = self.case.state.to_string();
        self.row.node.clone_from(&self.case.node);
        self.row.buyer_turn = turns.contains(&Party::Buyer);
        self.row.seller_turn = turns.contains(&Party::Seller);
        self.row.operator_turn = turns.contains(&Party::Operator);
        self.row.appeal_due_at = self.case.appeal.map(|a| micros(a.due_at));
        self.row.ended_at = self.case.ended_at.map(micros);
        self.row.body = body(&self.case)?;
        match rows::change(tx, &self.row) {
            Ok(Written::Yes) => {}
            // Somebody moved it meanwhile: the unit runs again and decides anew.
            Ok(Written::SomeoneElseWasFirst) => return Err(DbError::Raced.into()),
            Err(e) if e.is_unique_violation() => {
                let detail = "you shipped another order under this number; check it";
                return Err(Error::field("/tracking_number", "supervision.number_used", detail));
            }
            Err(e) => return Err(e.into()),
        }
        self.row.changes += 1;
        self.log(tx, ctx, from, done)
    }

    fn log(&self, tx: &mut Tx, ctx: &Ctx, from: &str, done: &Done<'_>) -> Result<(), Error> {
        let seq = rows::next_step(tx, self.row.id)?;
        let names = document::sent(tx, ctx, self, seq, done.documents)?;
        let name = ctx.actor.name();
        let step = Step {
            case_id: self.row.id,
            seq,
            at: ctx.now_micros(),
            party: done.party.map_or("system", Party::as_str).to_owned(),
            actor: name.split_once(' ').map_or(name.as_str(), |(_, name)| name).to_owned(),
            kind: done.kind.to_owned(),
            from_node: from.to_owned(),
            to_node: self.case.node.clone(),
            data: done.data.to_string(),
        };
        match rows::insert_step(tx, &step) {
            Err(e) if e.is_unique_violation() => return Err(DbError::Raced.into()),
            result => result?,
        }
        let data = json!({
            "case": self.id(), "step": done.kind, "party": step.party, "from": from, "to": self.case.node, "state": self.case.state,
            "said": done.data, "files": names,
        });
        event::record(tx, ctx, "supervision.moved", event::About::order(self.row.order_id, Some(self.row.instance_id)), &data)
    }
}

fn body(case: &Case) -> Result<String, Error> {
    serde_json::to_string(case).map_err(|e| Error::row("supervision_cases", &case.node, e))
}
