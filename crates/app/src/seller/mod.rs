//! Seller profiles: filled in, submitted, approved by the operator (`seller-domain 1.2`, `1.3`).

use crate::{Caller, Ctx, Error, event, message, picture};
use db::{Key, Moment, Tx};
use domain::{
    access::{Role, SellerState},
    id::{AccountId, PictureId},
    listing_check::FieldError,
    message::MessageEvent,
    picture::PictureKind,
    text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Written, account, seller};

/// What onboarding needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    pub company_name: String,
    pub website: String,
    pub contact_name: String,
    pub contact_mobile: String,
    pub contact_mailbox: String,
    pub address: String,
    pub service_phone: String,
    pub service_mailbox: String,
    pub business_licence_number: String,
    pub introduction: String,
    /// Brand picture of the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_picture: Option<PictureId>,
}

fn check(profile: &Profile) -> Result<(), Error> {
    let mut wrong = Vec::new();
    let fields = [
        ("/company_name", &profile.company_name, 100),
        ("/website", &profile.website, 200),
        ("/contact_name", &profile.contact_name, 60),
        ("/contact_mobile", &profile.contact_mobile, 30),
        ("/contact_mailbox", &profile.contact_mailbox, 120),
        ("/address", &profile.address, 200),
        ("/service_phone", &profile.service_phone, 30),
        ("/service_mailbox", &profile.service_mailbox, 120),
        ("/business_licence_number", &profile.business_licence_number, 60),
    ];
    for (pointer, value, max) in fields {
        if let Err(e) = text::line(value, max) {
            wrong.push(FieldError::new(pointer, "seller.bad_field", e.to_string()));
        }
    }
    for (pointer, value) in [("/contact_mailbox", &profile.contact_mailbox), ("/service_mailbox", &profile.service_mailbox)] {
        if text::line(value, 120).is_ok() && !message::is_mailbox(value) {
            wrong.push(FieldError::new(pointer, "seller.bad_mailbox", "write an e-mail address such as service@example.com"));
        }
    }
    if let Err(e) = text::block(&profile.introduction, 2_000) {
        wrong.push(FieldError::new("/introduction", "seller.bad_field", e.to_string()));
    }
    if !profile.website.starts_with("http://") && !profile.website.starts_with("https://") {
        wrong.push(FieldError::new("/website", "seller.bad_field", "must begin with http:// or https://"));
    }
    if profile.introduction.contains("http") {
        wrong.push(FieldError::new("/introduction", "seller.links", "must not contain links"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields("seller.bad_profile", wrong)) }
}

/// What a seller said of himself.
///
/// # Errors
/// [`Error::Row`] when it cannot be read.
pub fn profile(row: &seller::Seller) -> Result<Profile, Error> {
    serde_json::from_str(&row.profile).map_err(|e| Error::row("sellers", hex::encode(row.account_id.0), e))
}

/// The version of a profile that a decision is made on.
#[must_use]
pub fn version(row: &seller::Seller) -> String {
    crate::version(&[&row.profile, &row.submitted_at.map_or(0, Moment::micros).to_string()])
}

/// Submits the caller's profile for review. The account becomes a seller when it is approved.
///
/// # Errors
/// `seller.bad_profile` with the fields; `seller.not_open` when it is in review or approved.
pub fn submit(tx: &mut Tx, ctx: &Ctx, caller: &Caller, profile: &Profile) -> Result<seller::Seller, Error> {
    check(profile)?;
    if let Some(brand) = profile.brand_picture {
        picture::require(tx, Key::of(caller.account_id), PictureKind::Brand, brand, "/brand_picture")?;
    }
    let row = seller::Seller {
        account_id: Key::of(caller.account_id),
        profile: serde_json::to_string(profile).map_err(|e| Error::row("sellers", caller.account_id, e))?,
        state: SellerState::InReview,
        reason: None,
        submitted_at: Some(ctx.moment()),
        decided_at: None,
        decided_by: None,
    };
    if seller::put(tx, &row)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("seller.not_open", "the profile is in review or approved already"));
    }
    event::record(tx, ctx, "seller.submitted", about(row.account_id), &json!({}))?;
    let send = message::Send {
        event: MessageEvent::SellerToReview,
        account: None,
        order: None,
        subject: None,
        about: format!("{} {}", caller.account_id, ctx.now_micros()),
        params: &[("seller", caller.account_name.clone().into())],
    };
    message::send(tx, ctx, &send)?;
    Ok(row)
}

/// Approves or rejects a seller, once.
///
/// # Errors
/// `seller.reason_missing`, `seller.not_found`, `seller.decided`, `decision.stale`.
pub fn decide(tx: &mut Tx, ctx: &Ctx, by: &Caller, id: AccountId, approve: bool, reason: Option<&str>) -> Result<(), Error> {
    if !approve && reason.is_none() {
        return Err(Error::field("/reason", "seller.reason_missing", "say why the profile goes back"));
    }
    let state = if approve { SellerState::Approved } else { SellerState::Rejected };
    let found = seller::lookup(tx, Key::of(id))?.ok_or_else(|| Error::not_found("seller.not_found", "there is no such seller"))?;
    ctx.require_seen(&version(&found))?;
    let (at, by) = (ctx.moment(), Key::of(by.user_id));
    let decision = seller::Decision { account: found.account_id, profile: &found.profile, state, reason, at, by };
    if seller::decide(tx, &decision)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("seller.decided", format!("the profile is {}", found.state)));
    }
    if approve {
        let row = account::lookup(tx, decision.account)?.ok_or_else(|| Error::row("accounts", id, "is missing"))?;
        account::set_roles(tx, row.id, &row.roles.with(Role::Seller))?;
    }
    event::record(tx, ctx, &format!("seller.{state}"), about(decision.account), &json!({ "reason": reason }))?;
    let send = message::Send {
        event: MessageEvent::SellerDecided,
        account: Some(decision.account),
        order: None,
        subject: None,
        about: ctx.now_micros().to_string(),
        params: &[("result", state.to_string().into()), ("reason", reason.unwrap_or_default().to_owned().into())],
    };
    message::send(tx, ctx, &send)
}

fn about(account: Key) -> event::About {
    event::About { account: Some(account), ..event::About::default() }
}

/// Refuses callers whose seller profile is not approved.
///
/// # Errors
/// `seller.not_approved`.
pub fn require_approved(tx: &mut Tx, account: Key) -> Result<(), Error> {
    match seller::lookup(tx, account)? {
        Some(s) if s.state == SellerState::Approved => Ok(()),
        _ => Err(Error::conflict("seller.not_approved", "the operator has not approved this seller yet")),
    }
}
