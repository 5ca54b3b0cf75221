//! Licences by authorisation code: put on sale, bought, taken and activated.

use crate::{Market, act, choice};
use app::{Caller, Error, licence, order::Choice};
use db::Key;
use domain::{
    licence_rules::LicenceRules,
    listing::{AccessType, Listing, Sku},
    supervision::Verb,
};
use std::sync::Arc;
use store::licence::Licence;

/// A licence by authorisation code for 500.00 a year whose code is used under rules.
#[must_use]
pub fn licensed(rules: LicenceRules) -> Listing {
    let mut listing = crate::listing(AccessType::LicenceCode);
    let specification = &mut listing.specifications[0];
    specification.skus = vec![Sku { key: "-".to_owned(), year_minor: Some(50_000), ..Sku::default() }];
    specification.licence = Some(rules);
    listing
}

/// A code that was bought.
#[derive(Clone)]
pub struct Code {
    /// The number of its order.
    pub order: String,
    pub instance: Key,
    pub code: String,
}

impl Market {
    /// Puts a licence of these rules on sale as `shield`, or the same rules as a new revision of it, and buys a code of it for a year,
    /// which its buyer takes.
    ///
    /// # Panics
    /// When something is refused.
    #[track_caller]
    pub fn shield(&self, rules: LicenceRules, quantity: u32) -> Code {
        self.list(&self.seller(), "shield", &licensed(rules));
        self.claimed(&self.buyer(), quantity)
    }

    /// Buys a code of `shield` for a year; its buyer does not see it yet.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn buy_code(&self, buyer: &Arc<Caller>, quantity: u32) -> Code {
        self.code_of(buyer, &Choice { quantity, ..choice("shield", "1y") })
    }

    fn code_of(&self, buyer: &Arc<Caller>, choice: &Choice) -> Code {
        let placed = self.buy(buyer, choice);
        self.settle();
        let order = self.order(&placed.order.number);
        let instance = order.instance_id.expect("an order that was paid has an instance");
        let made = self.read(|tx, _| Ok(store::licence::of_instance(tx, instance)?)).expect("a licence");
        Code { order: order.number, instance, code: made.code }
    }

    /// Buys a code of `shield` for a year and takes it from its case.
    ///
    /// # Panics
    /// When something is refused.
    #[track_caller]
    pub fn claimed(&self, buyer: &Arc<Caller>, quantity: u32) -> Code {
        self.claimed_of(buyer, &Choice { quantity, ..choice("shield", "1y") })
    }

    /// The same of another product or specification.
    ///
    /// # Panics
    /// When something is refused.
    #[track_caller]
    pub fn claimed_of(&self, buyer: &Arc<Caller>, choice: &Choice) -> Code {
        let bought = self.code_of(buyer, choice);
        self.act(buyer, &self.case(&bought.order), &act(Verb::Claim));
        bought
    }

    /// Activates codes as the seller's software does.
    ///
    /// # Errors
    /// What is refused.
    pub fn activate(&self, seller: &Arc<Caller>, codes: &[&str]) -> Result<(), Error> {
        let codes: Vec<String> = codes.iter().map(|&code| code.to_owned()).collect();
        self.write(seller, |tx, ctx| licence::activate(tx, ctx, seller, &codes, None))
    }

    /// A licence as it stands now.
    ///
    /// # Panics
    /// When there is none of this code.
    #[track_caller]
    pub fn licence(&self, code: &str) -> Licence {
        self.read(|tx, _| Ok(store::licence::by_code(tx, app::Tenant::Any, code)?)).expect("a licence of the code")
    }

    /// What a licence allows, who holds its seats and which machines it is bound to.
    ///
    /// # Panics
    /// When there is none of this code.
    #[track_caller]
    pub fn holding(&self, code: &str) -> licence::Holding {
        let found = self.licence(code);
        self.read(|tx, ctx| licence::holding(tx, ctx, found))
    }
}
