//! Whom a mail or an SMS goes to: a recipient of the message centre, or a seller's customer service.

use super::{confirm, settings};
use crate::{Ctx, Error, seller};
use db::{Key, Tx};
use domain::{
    access::SellerState,
    message::Channel,
    site::{Language, SiteCode},
};
use jiff::tz::TimeZone;
use store::{
    account,
    delivery::{self as rows, Delivery},
};

/// A reader of one delivery.
pub(super) struct Reader {
    /// A mailbox or a phone number.
    pub to: String,
    pub language: Language,
    pub zone: TimeZone,
    /// The page on which he agrees to be written to.
    pub confirmation: Option<String>,
}

/// The reader of a delivery, or why there is none any more.
pub(super) fn of(tx: &mut Tx, ctx: &Ctx, d: &Delivery) -> Result<Result<Reader, &'static str>, Error> {
    let site = site_of(tx, d.account_id)?;
    if d.target == d.account_id {
        let Some(to) = service_mailbox(tx, d.account_id)? else { return Ok(Err("the seller has no customer-service mailbox")) };
        let language = if site == SiteCode::Cn { Language::Zh } else { Language::En };
        return Ok(Ok(Reader { to, language, zone: ctx.site(site).time_zone, confirmation: None }));
    }
    let Some(r) = rows::any_recipient(tx, d.target)? else { return Ok(Err("the recipient was removed")) };
    let to = if d.channel == Channel::Sms { settings::phone(ctx, &r)? } else { settings::mailbox(ctx, &r)? };
    let Some(to) = to else { return Ok(Err("the recipient has no such address")) };
    let own = (!r.time_zone.is_empty()).then(|| TimeZone::get(&r.time_zone).ok()).flatten();
    let confirmation = r.confirmed_at.is_none().then(|| confirm::page(ctx, &r, &to));
    Ok(Ok(Reader { to, zone: own.unwrap_or_else(|| ctx.site(site).time_zone), language: r.language, confirmation }))
}

/// The site of an account.
pub(super) fn site_of(tx: &mut Tx, id: Key) -> Result<SiteCode, Error> {
    let found = account::lookup(tx, id)?.ok_or_else(|| Error::row("messages", hex::encode(id.0), "has no account"))?;
    Ok(found.site)
}

/// The customer-service mailbox of an approved seller (`seller-domain 1.2`).
pub(super) fn service_mailbox(tx: &mut Tx, account: Key) -> Result<Option<String>, Error> {
    let Some(row) = store::seller::lookup(tx, account)?.filter(|s| s.state == SellerState::Approved) else { return Ok(None) };
    Ok(Some(seller::profile(&row)?.service_mailbox).filter(|m| settings::is_mailbox(m)))
}
