//! What the software of a code may do now, by the rules of the specification that was bought. A code is its own proof:
//! who has it speaks for its buyer.

use super::{Held, Locked, activate::activate_all};
use crate::{Ctx, Error, Tenant, order::Sold};
use db::{DbError, Moment, Tx};
use domain::{
    Timestamp,
    licence::{LicenceState, is_code},
    licence_rules::{self as rules, LicenceRules, Standing},
};
use store::{Written, licence::Licence};

/// A licence that may be worked with, with its rules.
#[derive(Debug, Clone)]
pub struct Right {
    pub licence: Licence,
    pub rules: LicenceRules,
    /// Never [`Standing::Over`] for the software.
    pub standing: Standing,
    /// Exclusive end of the term; none when it has none.
    pub expires_at: Option<Timestamp>,
    pub product: String,
    pub specification: String,
    pub quantity: i64,
}

impl Right {
    /// How many clients may work at the same time; none when they are not counted.
    #[must_use]
    pub fn seats(&self) -> Option<i64> {
        self.rules.seats.map(|n| LicenceRules::slots(n, self.quantity))
    }

    /// On how many machines it may be used; none for any number.
    #[must_use]
    pub fn nodes(&self) -> Option<i64> {
        self.rules.nodes.map(|n| LicenceRules::slots(n, self.quantity))
    }
}

fn no_such_code() -> Error {
    Error::not_found("licence.not_found", "there is no such code; look for a typing error")
}

/// The right of a code that the software shows. A code that was never used is activated by this: what its buyer took
/// from supervision is in use from now on (`license-interface 2.1`).
///
/// # Errors
/// `licence.not_found`, `licence.not_received`, `licence.state`, `licence.over`.
pub(super) fn of_code(tx: &mut Tx, ctx: &Ctx, code: &str) -> Result<Right, Error> {
    if !is_code(code) {
        return Err(no_such_code());
    }
    let mut held = load(tx, code)?;
    if held.state(ctx)? == LicenceState::NotActivated {
        first_use(tx, ctx, held)?;
        held = load(tx, code)?;
    }
    let right = of(tx, ctx, held)?;
    if right.standing == Standing::Over {
        let detail = "the licence is over: it ran out, was frozen or was released; its buyer renews it on the marketplace";
        return Err(Error::conflict("licence.over", detail));
    }
    Ok(right)
}

/// Activates a code, unless another client's first use came before.
fn first_use(tx: &mut Tx, ctx: &Ctx, held: Held) -> Result<(), Error> {
    let instance = held.instance.map(|found| store::instance::lock(tx, Tenant::Any, found.id)).transpose()?.flatten();
    let locked = Locked { licence: held.licence, instance };
    if locked.state(ctx)? != LicenceState::NotActivated {
        return Ok(());
    }
    // A test code has nothing that is locked: it is alive when the transaction runs again.
    match activate_all(tx, ctx, &[locked], None)? {
        Written::Yes => Ok(()),
        Written::SomeoneElseWasFirst => Err(DbError::Raced.into()),
    }
}

fn load(tx: &mut Tx, code: &str) -> Result<Held, Error> {
    let licence = store::licence::by_code(tx, Tenant::Any, code)?.ok_or_else(no_such_code)?;
    let instance = licence.instance_id.map(|id| store::instance::lookup(tx, Tenant::Any, id)).transpose()?.flatten();
    Ok(Held { licence, instance })
}

/// The right of a licence, as its pages show it.
///
/// # Errors
/// [`Error::Store`], [`Error::Row`].
pub(super) fn of(tx: &mut Tx, ctx: &Ctx, held: Held) -> Result<Right, Error> {
    let Held { licence, instance } = held;
    let Some(found) = instance else {
        return Ok(Right {
            licence,
            rules: LicenceRules::of_test_codes(),
            standing: Standing::Valid,
            expires_at: None,
            product: "MOCKPRODUCT-0001".to_owned(),
            specification: "test".to_owned(),
            quantity: 1,
        });
    };
    let listing = ctx.listings.approved(tx, found.revision_id)?;
    let rules = listing.specification(&found.specification).and_then(|s| s.licence.clone()).unwrap_or_default();
    let cause = found.freeze_cause;
    let expires_at = found.expires_at.map(Moment::at);
    let line = store::order::any_line(tx, found.line_id)?.ok_or_else(|| Error::row("licences", &licence.code, "has no line"))?;
    Ok(Right {
        standing: rules::standing(found.state, cause, expires_at, rules.grace_days, ctx.now),
        rules,
        expires_at,
        product: Sold::of(&line)?.wire_product_id,
        specification: found.specification,
        quantity: found.quantity,
        licence,
    })
}
