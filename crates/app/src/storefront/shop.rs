//! A seller's shop: what its profile says to buyers.

use crate::{
    Error,
    seller::{self as sellers, Profile},
};
use db::{Key, Moment, Tx};
use domain::{access::SellerState, id::AccountId};
use store::{account, seller};

/// What buyers see of a seller.
#[derive(Debug, Clone)]
pub struct Shop {
    pub name: String,
    pub profile: Profile,
    /// When the seller was approved.
    pub since: Option<Moment>,
}

/// The shop of an approved seller.
///
/// # Errors
/// `shop.not_found`.
pub fn shop(tx: &mut Tx, id: AccountId) -> Result<Shop, Error> {
    let not_found = || Error::not_found("shop.not_found", "there is no such shop");
    let found = seller::lookup(tx, Key::of(id))?.filter(|s| s.state == SellerState::Approved).ok_or_else(not_found)?;
    let account = account::lookup(tx, Key::of(id))?.ok_or_else(not_found)?;
    let profile = sellers::profile(&found)?;
    Ok(Shop { name: account.name, profile, since: found.decided_at })
}
