//! A push for the instance that debugging created: it proves that a seller's server reports its use, and charges
//! nobody (`seller-domain 6.1`).

use super::judge::measured;
use crate::{Ctx, Error, interface};
use db::{DbError, Key, Tx};
use domain::{
    Timestamp,
    site::{Site, SiteCode},
    usage::{Life, Refused, check_span},
};
use std::collections::HashMap;
use wire::{
    conformance::{Scenario, USAGE_PUSH},
    open_api::usage::Record as Sent,
    saas_v2,
};

/// The addresses of a seller at which debugging created an instance, by its id.
#[derive(Debug, Default)]
pub(super) struct Tried(HashMap<String, Vec<Of>>);

/// An address whose server created the instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    seller: Key,
    address: Key,
}

impl Tried {
    pub(super) fn load(tx: &mut Tx, seller: Key) -> Result<Self, Error> {
        let mut all: HashMap<String, Vec<Of>> = HashMap::new();
        for case in store::interface::cases_of_seller(tx, seller, Scenario::Create.name())? {
            let answer = saas_v2::Answer::parse(case.answer.as_bytes()).ok();
            if let Some(instance) = answer.and_then(|a| a.instance_id) {
                all.entry(instance).or_default().push(Of { seller, address: case.address_id });
            }
        }
        Ok(Self(all))
    }

    /// Whom a record proves, or the rule that it breaks; nothing when the debugger does not know its instance either.
    pub(super) fn judge(&self, sent: &Sent, now: Timestamp) -> Option<Result<Proven<'_>, Refused>> {
        let of = self.0.get(&sent.instance_id)?;
        let checked = measured(sent).and_then(|(span, _)| {
            // The debugged instance has lived for minutes; any hour of which a record may tell will do, at any site.
            check_span(span, Life { opened_at: Some(span.begin), ended_at: None, frozen: &[] }, &Site::of(SiteCode::Cn), now)
        });
        Some(checked.map(|()| Proven(of)))
    }
}

/// The addresses that a right record proves.
pub(super) struct Proven<'a>(&'a [Of]);

impl Proven<'_> {
    /// Saves the case with the record as its request.
    pub(super) fn prove(&self, tx: &mut Tx, ctx: &Ctx, sent: &Sent) -> Result<(), Error> {
        let request = serde_json::to_string(sent).map_err(|e| Error::row("usage_batches", &sent.instance_id, e))?;
        let passed = interface::Passed { scenario: USAGE_PUSH.to_owned(), request, answer: String::new() };
        for of in self.0 {
            // What was changed at this moment is looked at again when this runs again.
            let raced = || Error::from(DbError::Raced);
            let address = store::interface::address(tx, of.seller, of.address)?.ok_or_else(raced)?;
            match interface::save_case(tx, ctx, &address, &passed) {
                Err(e) if e.code() == Some("interface.address_changed") => return Err(raced()),
                result => result?,
            }
        }
        Ok(())
    }
}
