//! Where goods are sent: given with the order, changed until they are shipped (`seller-domain 5.3`).

use super::{Done, find};
use crate::secret::Sealed;
use crate::{Ctx, Error, Tenant, order::Sold};
use db::Tx;
use domain::{
    id::SupervisionId,
    listing::{AccessType, Listing},
    supervision::{Address, CaseState, Party, StepKind},
};
use serde_json::json;
use store::supervision as rows;

const COLUMN: Sealed = Sealed::Address;

/// Goods need an address, nothing else does.
///
/// # Errors
/// `shipping.missing`, `shipping.not_asked`, `shipping.bad_value`.
pub(crate) fn check(listing: &Listing, address: Option<&Address>) -> Result<(), Error> {
    match (listing.access_type == AccessType::Hardware, address) {
        (true, None) => Err(Error::field("/shipping", "shipping.missing", "say where the goods are sent: recipient, phone and address")),
        (false, Some(_)) => Err(Error::field("/shipping", "shipping.not_asked", "nothing is shipped for this product")),
        (true, Some(address)) => well_formed(address),
        (false, None) => Ok(()),
    }
}

fn well_formed(address: &Address) -> Result<(), Error> {
    let wrong = address.wrong();
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields("shipping.bad_value", wrong)) }
}

/// As it is kept with a line.
pub(crate) fn sealed(ctx: &Ctx, address: Option<&Address>) -> Result<Option<String>, Error> {
    address.map(|a| Ok(hex::encode(bytes(ctx, a)?))).transpose()
}

fn bytes(ctx: &Ctx, address: &Address) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_string(address).map_err(|e| Error::row("supervision_cases", "address", e))?;
    Ok(ctx.sealer.seal(ctx.ids, COLUMN, &text))
}

pub(super) fn from_line(_: &Ctx, sold: &Sold) -> Result<Option<Vec<u8>>, Error> {
    sold.shipping.as_ref().map(|kept| hex::decode(kept).map_err(|e| Error::row("order_lines", "shipping", e))).transpose()
}

/// The address of a case.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn of_case(ctx: &Ctx, row: &rows::Case) -> Result<Option<Address>, Error> {
    let Some(sealed) = &row.address else {
        return Ok(None);
    };
    let text = ctx.sealer.open(COLUMN, sealed)?;
    serde_json::from_str(&text).map(Some).map_err(|e| Error::row("supervision_cases", &row.order_number, e))
}

/// Changes where the goods are sent, until they are shipped.
///
/// # Errors
/// `supervision.not_found`, `supervision.over`, `supervision.shipped`, `shipping.bad_value`.
pub fn change(tx: &mut Tx, ctx: &Ctx, tenant: Tenant, id: SupervisionId, address: &Address) -> Result<super::Found, Error> {
    let mut found = find(tx, ctx, tenant, id)?;
    if found.case.state != CaseState::Open {
        return Err(Error::conflict("supervision.over", format!("the case is {}", found.case.state)));
    }
    if found.row.address.is_none() {
        return Err(Error::conflict("shipping.not_asked", "nothing is shipped for this product"));
    }
    if found.case.shipped_at.is_some() {
        return Err(Error::conflict("supervision.shipped", "the goods are on their way; ask the seller"));
    }
    well_formed(address)?;
    found.row.address = Some(bytes(ctx, address)?);
    let from = found.case.node.clone();
    // Where somebody lives stands in the case alone, not in the log.
    let done = Done { party: Some(Party::Buyer), kind: StepKind::AddressChanged, data: json!({}), documents: &[] };
    found.keep(tx, ctx, &from, &done)?;
    Ok(found)
}
