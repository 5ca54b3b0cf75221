//! What buyer, seller and platform do at a node: everything that the template asks for, and nothing else.

use super::{Done, Found, find, party};
use crate::{Ctx, Error, Tenant, instance, order::Sold};
use db::Tx;
use domain::{
    Timestamp,
    call::{Activity, CallState},
    id::{DocumentId, SupervisionId},
    licence::{RANDOM_CHARACTERS, identification_code},
    listing::AccessType,
    supervision::{Elements, EvidenceKind, Expected, FieldName, Form, Input, Party, Verb, check_elements},
    text,
};
use serde_json::{Map, Value, json};

/// The code that a licence is bound to (`license-interface 2.6`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identification {
    /// Made by the marketplace.
    System,
    /// Of the buyer's hardware, as he typed it.
    Hardware(String),
}

/// What somebody does, with what he filled in.
#[derive(Debug, Clone)]
pub struct Act {
    pub verb: Verb,
    pub text: Option<String>,
    pub reason: Option<String>,
    pub opening_time: Option<Timestamp>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub identification: Option<Identification>,
    pub licence: Option<String>,
    pub elements: Option<Elements>,
    pub documents: Vec<(DocumentId, EvidenceKind)>,
}

impl Act {
    fn fields(&self) -> Vec<FieldName> {
        let there = [
            (FieldName::Text, self.text.is_some()),
            (FieldName::Reason, self.reason.is_some()),
            (FieldName::OpeningTime, self.opening_time.is_some()),
            (FieldName::Elements, self.elements.is_some()),
            (FieldName::Carrier, self.carrier.is_some()),
            (FieldName::TrackingNumber, self.tracking_number.is_some()),
            (FieldName::IdentificationCode, self.identification.is_some()),
            (FieldName::Licence, self.licence.is_some()),
        ];
        there.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// What stays in the log: not the licence itself.
    fn said(&self, ctx: &Ctx) -> Value {
        let mut said = Map::new();
        let texts =
            [("text", &self.text), ("reason", &self.reason), ("carrier", &self.carrier), ("tracking_number", &self.tracking_number)];
        said.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
        said.extend(self.opening_time.map(|at| ("opening_time".to_owned(), json!(at))));
        said.extend(self.elements.as_ref().map(|e| ("elements".to_owned(), json!(e))));
        said.extend(self.licence.as_ref().map(|_| ("licence".to_owned(), json!(true))));
        said.extend(self.identification.as_ref().map(|code| {
            let code = match code {
                Identification::Hardware(code) => code.clone(),
                Identification::System => {
                    let mut random = [0; RANDOM_CHARACTERS];
                    ctx.ids.random(&mut random);
                    identification_code(random)
                }
            };
            ("identification_code".to_owned(), Value::from(code))
        }));
        Value::Object(said)
    }
}

/// What the seller's interface has to create is delivered once it has, and no appeal is closed before: what cannot be opened comes
/// back as a whole (`seller-domain 5.3`).
pub(super) fn require_created(tx: &mut Tx, found: &Found) -> Result<(), Error> {
    let calls = store::call::of_instance(tx, found.row.instance_id)?;
    let mut creation = calls.iter().filter(|c| matches!(c.activity, Activity::Create | Activity::Query));
    if creation.all(|c| c.state == CallState::Done) {
        return Ok(());
    }
    let detail = "the seller's server has not created the instance yet; its message has to be taken first, or the order is given back";
    Err(Error::conflict("supervision.not_created", detail))
}

/// Does something at the node of a case, as the party that the tenant is.
///
/// # Errors
/// `supervision.…`, `elements.…`, `evidence.…`: what the template asks for and is not there.
pub fn act(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, id: SupervisionId, cmd: &Act) -> Result<Found, Error> {
    let mut found = find(tx, ctx, tenant, id)?;
    let by = party(tenant);
    checked(cmd)?;
    let form = Form { fields: cmd.fields(), files: cmd.documents.iter().map(|(_, kind)| *kind).collect(), opening_at: cmd.opening_time };
    let data = cmd.said(ctx);
    if cmd.verb == Verb::Ship {
        ready_to_ship(&mut found, cmd)?;
    }
    if cmd.verb == Verb::Deliver {
        require_created(tx, &found)?;
    }
    let done = Done { party: Some(by), kind: cmd.verb.into(), data, documents: &cmd.documents };
    found.moved(tx, ctx, &Input::Act { by, verb: cmd.verb, form }, &done)?;
    // Compared once it is known that they were asked for; what does not fit takes the move back.
    if let Some(elements) = &cmd.elements {
        compare(tx, &found, elements)?;
    }
    if let (Some(licence), Party::Seller) = (&cmd.licence, by) {
        let sealed = ctx.sealer.seal(ctx.ids, instance::LICENCE_COLUMN, licence);
        let locked = instance::locked(tx, Tenant::Any, found.row.instance_id.id())?;
        store::instance::set_licence(tx, &locked, &sealed)?;
    }
    Ok(found)
}

fn checked(cmd: &Act) -> Result<(), Error> {
    let bad = |pointer: &str, e: &text::BadText| Error::field(pointer, "supervision.bad_text", e.to_string());
    for (pointer, value, max) in [("/text", &cmd.text, 5_000), ("/reason", &cmd.reason, 1_000), ("/licence", &cmd.licence, 20_000)] {
        if let Some(value) = value {
            text::block(value, max).map_err(|e| bad(pointer, &e))?;
        }
    }
    tracked(cmd.carrier.as_deref(), cmd.tracking_number.as_deref())?;
    if let Some(Identification::Hardware(code)) = &cmd.identification {
        text::line(code, 256).map_err(|e| bad("/identification_code", &e))?;
    }
    for (i, (id, _)) in cmd.documents.iter().enumerate() {
        if cmd.documents[..i].iter().any(|(other, _)| other == id) {
            return Err(Error::field(&format!("/documents/{i}"), "evidence.repeated", "send each file once"));
        }
    }
    Ok(())
}

/// A carrier and a number are short lines.
pub(super) fn tracked(carrier: Option<&str>, number: Option<&str>) -> Result<(), Error> {
    for (pointer, value) in [("/carrier", carrier), ("/tracking_number", number)] {
        if let Some(value) = value {
            text::line(value, 60).map_err(|e| Error::field(pointer, "supervision.bad_text", e.to_string()))?;
        }
    }
    Ok(())
}

/// The five key elements are those of the order (`seller-domain 5.5`).
fn compare(tx: &mut Tx, found: &Found, elements: &Elements) -> Result<(), Error> {
    let line = store::order::any_line(tx, found.row.line_id)?;
    let sold = Sold::of(&line.ok_or_else(|| Error::row("supervision_cases", &found.row.order_number, "has no line"))?)?;
    let access_type: AccessType = sold.access_type;
    let expected = Expected {
        order_number: &found.row.order_number,
        customer_name: &found.row.customer_name,
        product_names: [&sold.product_name.zh, &sold.product_name.en],
        specification_names: [&sold.specification_name.zh, &sold.specification_name.en],
        validity: access_type.is_licence() || access_type == AccessType::Saas,
    };
    let wrong = check_elements(elements, &expected);
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields("supervision.elements", wrong)) }
}

fn ready_to_ship(found: &mut Found, cmd: &Act) -> Result<(), Error> {
    if found.row.address.is_none() {
        return Err(Error::conflict("supervision.no_address", "the buyer has given no address yet"));
    }
    found.row.tracking = cmd.carrier.as_ref().zip(cmd.tracking_number.as_ref()).map(|(carrier, number)| {
        let plain = |text: &str| text.trim().to_lowercase();
        format!("{} {}", plain(carrier), plain(number))
    });
    Ok(())
}
