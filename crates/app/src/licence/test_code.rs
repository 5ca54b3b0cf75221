//! Test codes: a seller tries activation and query over the public network before anything is sold
//! (`license-interface 2.5`).

use super::new_code;
use crate::{Caller, Ctx, Error, event, limit};
use db::{Key, Tx};
use domain::limit::Limit;
use serde_json::json;
use store::licence::{self, Licence};

/// A new test code of the caller.
///
/// # Errors
/// `licence.too_many_test_codes`, `seller.not_approved`.
pub fn request(tx: &mut Tx, ctx: &Ctx, caller: &Caller) -> Result<Licence, Error> {
    let seller = Key::of(caller.account_id);
    crate::seller::require_approved(tx, seller)?;
    limit::room(tx, Limit::TestCodes, seller, |tx| licence::test_count(tx, seller))?;
    let row = Licence {
        id: ctx.key(),
        code: new_code(ctx),
        seller_id: seller,
        buyer_id: None,
        product_id: None,
        instance_id: None,
        order_line: None,
        issued_at: ctx.moment(),
        ordered_at: ctx.moment(),
        activated_at: None,
        real_effect_at: None,
        queried_at: None,
        shown_at: None,
        file_until: None,
    };
    licence::insert(tx, &row)?;
    event::record(tx, ctx, "licence.test_code_issued", event::About::account(seller), &json!({}))?;
    Ok(row)
}
