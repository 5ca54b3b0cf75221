//! What service supervision needs to know of a product.

use super::Checker;
use crate::{
    listing::{AccessType, Listing},
    period::ChargingMode,
    supervision::Flow,
};

/// Days that a seller may promise to deliver in.
const SLA_DAYS: std::ops::RangeInclusive<u16> = 1..=365;

/// What supervision needs to know of a product (`seller-domain 2.2`, `2.4`).
pub(super) fn check(c: &mut Checker, listing: &Listing) {
    let by_interface = listing.access_type.opened_by_interface();
    match (listing.interface_address, by_interface) {
        (None, true) => c.wrong("/interface_address", "missing", "choose the interface address that opens the instances"),
        // The server of a seller of codes may be told what becomes of them.
        (Some(_), false) if listing.access_type != AccessType::LicenceCode => {
            c.wrong("/interface_address", "not_wanted", "this product is delivered by hand; no interface opens it");
        }
        _ => {}
    }
    if listing.supervised && listing.access_type != AccessType::Saas {
        c.wrong("/supervised", "not_wanted", "only SaaS says so; every other access type is supervised or not by itself");
    }
    let delivery = match (&listing.delivery, listing.is_supervised()) {
        (Some(delivery), true) => delivery,
        (None, true) => return c.wrong("/delivery", "missing", "say how it is delivered: acceptance criteria and days to deliver"),
        (Some(_), false) => {
            return c.wrong("/delivery", "not_wanted", "only products under service supervision say how they are delivered");
        }
        (None, false) => return,
    };
    c.both("/delivery/template", &delivery.template, 5_000);
    if !delivery.request.is_empty() {
        c.both("/delivery/request", &delivery.request, 5_000);
    }
    if delivery.sla_days.is_none_or(|days| !SLA_DAYS.contains(&days)) {
        c.wrong("/delivery/sla_days", "out_of_range", "say in how many calendar days it is delivered, 1 to 365");
    }
    if delivery.flow != Flow::Standard && listing.access_type != AccessType::HumanService {
        c.wrong("/delivery/flow", "not_wanted", "only human services have other flows than the standard one");
    }
    if delivery.call_after_acceptance && listing.access_type != AccessType::Saas {
        c.wrong("/delivery/call_after_acceptance", "not_wanted", "only SaaS has an interface that can be called after acceptance");
    }
    for (i, spec) in listing.specifications.iter().enumerate().filter(|_| listing.access_type == AccessType::Saas) {
        let at = format!("/specifications/{i}");
        if !matches!(spec.charging_mode, ChargingMode::Period | ChargingMode::OneTime) {
            c.wrong(&format!("{at}/charging_mode"), "not_under_supervision", "what is supervised is sold by period or once");
        }
        if spec.trial_days.is_some() {
            c.wrong(&format!("{at}/trial_days"), "not_under_supervision", "what is supervised has no trial");
        }
    }
}
