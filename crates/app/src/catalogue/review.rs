//! Applications: submitted with all fields right and all cases passed, decided once by the operator.

use super::{draft, listing};
use crate::{Caller, Ctx, Error, event, message};
use db::{Key, Moment, Tx};
use domain::{
    id::{AddressId, ProductId, RevisionId},
    listing::{AccessType, Changed, Kept, Listing, Marks, RevisionState, Visibility},
    listing_check,
    message::MessageEvent,
    period::ChargingMode,
};
use serde_json::json;
use store::{
    Written, interface,
    product::{self, Product, Revision},
};
use wire::conformance::{Offered, Protocol, USAGE_PUSH};

/// The cases that a listing's address must have passed (`saas-interface 2.3`).
fn cases_needed(protocol: Protocol, listing: &Listing) -> Vec<&'static str> {
    let sold = |mode| listing.specifications.iter().any(|s| s.charging_mode == mode);
    protocol.needed(Offered {
        period: sold(ChargingMode::Period) || sold(ChargingMode::OnDemandPackage),
        on_demand: sold(ChargingMode::OnDemand),
        upgrade: listing.specifications.iter().any(|s| s.upgrade_allowed),
        renewal_change: listing.specifications.iter().any(|s| s.renewal_change_allowed),
    })
}

/// How a product is delivered never changes once it was listed (`seller-domain 2.2`), nor what is sold under a key.
fn require_kept(tx: &mut Tx, ctx: &Ctx, product: &Product, revision: &Revision, listing: &Listing) -> Result<(), Error> {
    let Some(sold) = product.revision_id else {
        return Ok(());
    };
    let before = ctx.listings.approved(tx, sold)?;
    if before.access_type != listing.access_type {
        let was = before.access_type;
        let detail = format!("the product was listed as {was}; make a new product for another way of delivery");
        return Err(Error::field("/access_type", "application.access_type_fixed", detail));
    }
    if before.supervised != listing.supervised {
        let detail = "whether the product is delivered under service supervision was listed and stays";
        return Err(Error::field("/supervised", "application.supervised_fixed", detail));
    }
    require_same_goods(tx, ctx, revision, listing)
}

/// Goes back through the approved revisions until each key of the listing was found: mostly one, the whole history for a key that
/// is new or was off the list for long.
fn require_same_goods(tx: &mut Tx, ctx: &Ctx, revision: &Revision, listing: &Listing) -> Result<(), Error> {
    let (mut kept, mut number) = (Kept::of(listing), revision.number);
    while !kept.is_done() {
        let Some((older, id)) = product::any_approved_before(tx, revision.product_id, number)? else {
            return Ok(());
        };
        let before = ctx.listings.approved(tx, id)?;
        if let Err(Changed { pointer, specification, was }) = kept.compare(&before) {
            let detail = format!(
                "{specification} was listed with {was}, and who has it renews it: a key keeps what is sold under it. Give what you \
                 sell now a new key; prices, names and what is on sale may change"
            );
            return Err(Error::field(&pointer, "application.content_fixed", detail));
        }
        number = older;
    }
    Ok(())
}

/// A renewal with change asks the seller first; who is not called cannot be asked.
fn require_no_checks(protocol: Protocol, listing: &Listing) -> Result<(), Error> {
    let changes = listing.specifications.iter().position(|s| s.renewal_change_allowed);
    match changes.filter(|_| matches!(protocol, Protocol::SaasAws | Protocol::SaasAzure)) {
        None => Ok(()),
        Some(i) => {
            let detail = format!("{} has no question before a renewal with change; allow none", protocol.name());
            Err(Error::field(&format!("/specifications/{i}/renewal_change_allowed"), "application.change_not_asked", detail))
        }
    }
}

/// The address speaks for this way of delivery, and its server passed the cases.
fn require_proven(tx: &mut Tx, seller: Key, address: AddressId, listing: &Listing) -> Result<(), Error> {
    let found = interface::address(tx, seller, Key::of(address))?
        .ok_or_else(|| Error::field("/interface_address", "interface.address_not_found", "you have no such interface address"))?;
    let protocol = crate::interface::protocol(&found)?;
    let fits = match listing.access_type {
        AccessType::Saas => matches!(protocol, Protocol::SaasV2 | Protocol::SaasV1 | Protocol::SaasAws | Protocol::SaasAzure),
        AccessType::LicenceCode => protocol == Protocol::Licence,
        AccessType::LicenceV1 => protocol == Protocol::LicenceV1,
        AccessType::LicenceOnline => protocol == Protocol::LicenceOnline,
        // The check of the listing has refused an address already.
        AccessType::LicenceIdentification
        | AccessType::LicenceFile
        | AccessType::LicencePackage
        | AccessType::HumanService
        | AccessType::DataFile
        | AccessType::Hardware
        | AccessType::Orchestration => false,
    };
    if !fits {
        let detail = format!("this address speaks {}; choose one that serves {}", protocol.name(), listing.access_type);
        return Err(Error::field("/interface_address", "interface.bad_protocol", detail));
    }
    if listing.is_called_after_acceptance() && protocol != Protocol::SaasV1 {
        let detail = format!("{} is called at purchase; only {} may be called after acceptance", protocol.name(), Protocol::SaasV1.name());
        return Err(Error::field("/delivery/call_after_acceptance", "application.called_at_purchase", detail));
    }
    require_no_checks(protocol, listing)?;
    let passed = interface::cases(tx, found.id)?;
    let missing: Vec<&str> =
        cases_needed(protocol, listing).into_iter().filter(|name| !passed.iter().any(|case| case.scenario == *name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut detail = format!("debug the address first; these cases have not passed: {}", missing.join(", "));
    if missing.contains(&USAGE_PUSH) {
        detail.push_str("; usage_push passes when your server reports use for the instance that debugging created");
    }
    Err(Error::field("/interface_address", "application.cases_missing", detail))
}

/// Submits a draft for review.
///
/// # Errors
/// `application.not_complete` with every field that is wrong, `application.…_fixed`, `application.cases_missing`,
/// `application.not_draft`, `application.not_found`.
pub fn submit(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: RevisionId) -> Result<(), Error> {
    let (revision, product) = draft::locked_application(tx, Some(Key::of(caller.account_id)), id)?;
    let listing = listing(&revision)?;
    let wrong = listing_check::check(&listing);
    if !wrong.is_empty() {
        return Err(Error::fields("application.not_complete", wrong));
    }
    require_kept(tx, ctx, &product, &revision, &listing)?;
    // A seller of codes may only ask and name no address (license-interface 2.1); the check of the listing knows who may.
    if let Some(address) = listing.interface_address {
        require_proven(tx, product.seller_id, address, &listing)?;
    }
    if product::submit(tx, &product, revision.id, ctx.moment())? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("application.not_draft", format!("the application is {}", revision.state)));
    }
    let about = event::About { product: Some(product.id), account: Some(product.seller_id), ..event::About::default() };
    event::record(tx, ctx, "application.submitted", about, &json!({ "application": id, "revision": revision.number }))?;
    let send = message::Send {
        event: MessageEvent::ApplicationToReview,
        account: None,
        order: None,
        subject: Some(id.to_string()),
        about: format!("{id} {}", ctx.now_micros()),
        params: &[("product", listing.name.clone().into()), ("seller", caller.account_name.clone().into())],
    };
    message::send(tx, ctx, &send)
}

/// The version of an application that a decision is made on.
#[must_use]
pub fn version(revision: &product::Revision) -> String {
    crate::version(&[&revision.listing, &revision.submitted_at.map_or(0, Moment::micros).to_string()])
}

/// What the operator says of an application.
#[derive(Debug, Clone)]
pub enum Decision {
    Approve,
    /// Goes back, with a mark on each wrong field.
    Reject {
        reason: String,
        marks: Marks,
    },
}

/// Decides an application, once: approved, it is on sale.
///
/// # Errors
/// `application.not_found`, `application.decided`, `application.bad_mark`, `application.…_fixed`, `decision.stale`.
pub fn decide(tx: &mut Tx, ctx: &Ctx, by: &Caller, id: RevisionId, decision: &Decision) -> Result<(), Error> {
    let (revision, product) = draft::locked_application(tx, None, id)?;
    ctx.require_seen(&version(&revision))?;
    let (state, reason, marks) = match decision {
        Decision::Approve => (RevisionState::Approved, None, Marks::new()),
        Decision::Reject { reason, marks } => (RevisionState::Rejected, Some(reason.as_str()), marks.clone()),
    };
    if let Some(bad) = marks.keys().find(|pointer| !pointer.starts_with('/')) {
        let detail = format!("{bad:?} is not a JSON pointer such as /support/hotline");
        return Err(Error::field("/marks", "application.bad_mark", detail));
    }
    let marks = serde_json::to_string(&marks).map_err(|e| Error::row("listing_revisions", id, e))?;
    let (at, by) = (ctx.moment(), Key::of(by.user_id));
    let decided = product::Decision { id: revision.id, state, reason, marks: &marks, at, by };
    if product::decide(tx, &product, &decided)? == Written::SomeoneElseWasFirst {
        return Err(Error::conflict("application.decided", format!("the application is {}", revision.state)));
    }
    let listing = listing(&revision)?;
    if matches!(decision, Decision::Approve) {
        // It is what is approved that counts; what waited may have been submitted under other rules.
        require_kept(tx, ctx, &product, &revision, &listing)?;
        // A product that the operator froze stays frozen.
        let visibility = match product.visibility {
            kept @ (Visibility::Frozen | Visibility::Stopped) => kept,
            Visibility::Unlisted | Visibility::OnSale | Visibility::Hidden if listing.public_sale == Some(false) => Visibility::Hidden,
            Visibility::Unlisted | Visibility::OnSale | Visibility::Hidden => Visibility::OnSale,
        };
        product::list(tx, &product, revision.id, visibility, ctx.moment())?;
    }
    let about = event::About { product: Some(product.id), account: Some(product.seller_id), ..event::About::default() };
    event::record(tx, ctx, &format!("application.{state}"), about, &json!({ "application": id, "reason": reason }))?;
    let send = message::Send {
        event: MessageEvent::ApplicationDecided,
        account: Some(product.seller_id),
        order: None,
        subject: Some(product.id.id::<ProductId>().to_string()),
        about: format!("{id} {}", ctx.now_micros()),
        params: &[
            ("product", listing.name.clone().into()),
            ("result", state.to_string().into()),
            ("reason", reason.unwrap_or_default().to_owned().into()),
        ],
    };
    message::send(tx, ctx, &send)
}
