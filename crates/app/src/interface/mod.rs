//! Keys and interface addresses of sellers, and the cases that their servers passed (`seller-domain 6.1`).

pub mod domain_name;

pub use domain::access::InterfaceClass;

use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, event};
use db::{Key, Tx};
use domain::{
    id::{AddressId, KeyId},
    listing::AccessType,
};
use serde_json::json;
use store::{
    Written,
    instance::Instance,
    interface::{self, AccessKey, Address, Case},
};
use wire::conformance::{Protocol, Scenario};

const SECRET_COLUMN: Sealed = Sealed::InterfaceKey;

/// Adds a key, generated or given; returns it with the secret, which is shown this once.
///
/// # Errors
/// `interface.key_name_taken`, `interface.bad_secret`.
pub fn add_key(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    class: InterfaceClass,
    given: Option<&str>,
) -> Result<(AccessKey, String), Error> {
    let secret = match given {
        Some(secret) => {
            check_secret(secret)?;
            secret.to_owned()
        }
        None => ctx.random_hex(18),
    };
    crate::seller::require_approved(tx, Key::of(caller.account_id))?;
    let key = AccessKey {
        id: ctx.key(),
        seller_id: Key::of(caller.account_id),
        name: name.to_owned(),
        class,
        secret: ctx.sealer.seal(ctx.ids, SECRET_COLUMN, &secret),
        created_at: ctx.moment(),
    };
    interface::insert_key(tx, &key).map_err(|e| {
        if e.is_unique_violation() { Error::field("/name", "interface.key_name_taken", "you have a key of this name") } else { e.into() }
    })?;
    recorded(tx, ctx, caller, "interface.key_added", name)?;
    Ok((key, secret))
}

/// Declares a key with a given secret: made, changed, or left as it is. A changed secret takes the saved
/// cases of its addresses away, for they prove nothing any more.
///
/// # Errors
/// `interface.bad_secret`, `interface.wrong_class`.
pub fn put_key(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    class: InterfaceClass,
    given: &str,
) -> Result<(AccessKey, Change), Error> {
    let seller = Key::of(caller.account_id);
    let Some(old) = interface::keys(tx, seller)?.into_iter().find(|k| k.name == name) else {
        return match add_key(tx, ctx, caller, name, class, Some(given)) {
            Ok((key, _)) => Ok((key, Change::Created)),
            // Another put it at the same moment: it is there when this runs again.
            Err(e) if e.code() == Some("interface.key_name_taken") => Err(db::DbError::Raced.into()),
            Err(e) => Err(e),
        };
    };
    if old.class != class {
        return Err(Error::field("/class", "interface.wrong_class", format!("the key {name} is of class {}", old.class)));
    }
    if secret(ctx, &old)? == given {
        return Ok((old, Change::Unchanged));
    }
    check_secret(given)?;
    interface::set_secret(tx, old.id, &ctx.sealer.seal(ctx.ids, SECRET_COLUMN, given))?;
    recorded(tx, ctx, caller, "interface.key_changed", name)?;
    interface::disprove_key(tx, old.id, ctx.moment())?;
    Ok((old, Change::Updated))
}

/// An event about something of the caller's that has a name.
fn recorded(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: &str, name: &str) -> Result<(), Error> {
    event::record(tx, ctx, kind, event::About::account(Key::of(caller.account_id)), &json!({ "name": name }))
}

fn check_secret(secret: &str) -> Result<(), Error> {
    if (8..=128).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::field("/secret", "interface.bad_secret", "a given secret has 8 to 128 visible ASCII characters"))
}

/// The secret of a key, for signing.
///
/// # Errors
/// [`Error::Row`] when it cannot be decrypted.
pub fn secret(ctx: &Ctx, key: &AccessKey) -> Result<String, Error> {
    ctx.sealer.open(SECRET_COLUMN, &key.secret)
}

/// Deletes a key that no address uses.
///
/// # Errors
/// `interface.key_not_found`, `interface.key_in_use`.
pub fn delete_key(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: KeyId) -> Result<(), Error> {
    let (seller, key) = (Key::of(caller.account_id), Key::of(id));
    if let Some(a) = interface::addresses(tx, seller)?.into_iter().find(|a| a.key_id == key) {
        let detail = format!("the address {} uses this key; products would stop working", a.name);
        return Err(Error::conflict("interface.key_in_use", detail));
    }
    if interface::delete_key(tx, seller, key)? == 0 {
        return Err(Error::not_found("interface.key_not_found", "there is no such key"));
    }
    recorded(tx, ctx, caller, "interface.key_deleted", &id.to_string())
}

/// An address as a seller writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    pub name: String,
    pub url: String,
    pub key_id: KeyId,
    pub protocol: Protocol,
    pub always_test_flag: bool,
    /// SaaS 1.0: parameters that are not known are sent empty.
    pub send_empty_parameters: bool,
    /// Order notifications: of this product only, by its key; else of all products of the seller.
    pub product: Option<String>,
    /// Order notifications: of all products of this access type.
    pub access_type: Option<AccessType>,
    /// Azure: where a buyer sets a subscription up.
    pub landing_page: Option<String>,
}

/// Refuses addresses that are not http(s) with a domain; loopback and plain HTTP only in the sandbox.
fn check_url(ctx: &Ctx, pointer: &'static str, url: &str) -> Result<(), Error> {
    let wrong = |detail: &str| Err(Error::field(pointer, "interface.bad_url", detail));
    let Ok(parsed) = url::Url::parse(url) else {
        return wrong("write an address such as https://api.example.com/saas");
    };
    if url.len() > 400 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return wrong("the address has blanks, control characters, or more than 400 characters");
    }
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return wrong("leave query, fragment and user out; the marketplace adds its own query");
    }
    let loopback = match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return wrong("the address needs a domain"),
    };
    if loopback && ctx.settings.loopback_allowed {
        return Ok(());
    }
    if !matches!(parsed.host(), Some(url::Host::Domain(name)) if name.contains('.')) {
        return wrong("use a domain name, no IP address and no local name");
    }
    if parsed.scheme() != "https" {
        return wrong("use https");
    }
    Ok(())
}

/// Whether a URL leads to this machine itself, which a sandbox may call and nobody can prove.
fn is_this_machine(ctx: &Ctx, url: &str) -> bool {
    let literal = |u: url::Url| match u.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    ctx.settings.loopback_allowed && url::Url::parse(url).is_ok_and(literal)
}

/// An Azure address has a landing page, no other has; and the neighbour is one whose interface is answered here.
fn check_landing_page(ctx: &Ctx, new: &NewAddress) -> Result<(), Error> {
    let on = match new.protocol {
        Protocol::SaasAws => ctx.settings.neighbours.aws,
        Protocol::SaasAzure => ctx.settings.neighbours.azure,
        _ => true,
    };
    if !on {
        let detail = format!("this platform does not answer {}; choose another protocol", new.protocol.name());
        return Err(Error::field("/protocol", "interface.neighbour_off", detail));
    }
    match (&new.landing_page, new.protocol == Protocol::SaasAzure) {
        (Some(page), true) => check_url(ctx, "/landing_page", page),
        (None, true) => {
            let detail = "name the page on which a buyer sets a subscription up; the address is the webhook";
            Err(Error::field("/landing_page", "interface.landing_page_missing", detail))
        }
        (Some(_), false) => Err(Error::field("/landing_page", "interface.landing_page_not_for_this", "only saas-azure has a landing page")),
        (None, false) => Ok(()),
    }
}

/// The product whose orders an address hears of, when it is for one.
fn notified(tx: &mut Tx, seller: Key, new: &NewAddress) -> Result<Option<Key>, Error> {
    if new.access_type.is_some() && new.protocol != Protocol::OrderNotify {
        let detail = "only an address of order-notify is for an access type";
        return Err(Error::field("/access_type", "interface.product_not_for_this", detail));
    }
    let Some(key) = &new.product else {
        return Ok(None);
    };
    if new.access_type.is_some() {
        return Err(Error::field("/access_type", "interface.product_or_access_type", "name a product or an access type, not both"));
    }
    if new.protocol != Protocol::OrderNotify {
        return Err(Error::field("/product", "interface.product_not_for_this", "only an address of order-notify is for one product"));
    }
    let found = store::product::by_key(tx, seller, key)?;
    found.map(|p| Some(p.id)).ok_or_else(|| Error::field("/product", "product.not_found", "you have no product of this key"))
}

/// Where the orders of an instance are told: at the address for its product, else at that for its access type, else at
/// that for all, once debugged (`saas-interface 5`: overlaps notify once).
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn notify_address(tx: &mut Tx, of: &Instance) -> Result<Option<Address>, Error> {
    let all = interface::proven(tx, of.seller_id, Protocol::OrderNotify.name(), Scenario::Notify.name())?;
    let narrow = |a: &&Address| match (a.notify_product_id, a.notify_access_type.as_deref()) {
        (Some(product), _) => (product == of.product_id).then_some(0),
        (None, Some(access_type)) => (access_type == of.access_type.as_str()).then_some(1),
        (None, None) => Some(2),
    };
    Ok(all.iter().filter_map(|a| Some((narrow(&a)?, a))).min_by_key(|(rank, _)| *rank).map(|(_, a)| a.clone()))
}

/// Adds an address, or changes the one of the same name. A changed address loses its saved cases.
///
/// # Errors
/// `interface.bad_url`, `interface.key_not_found`, `interface.wrong_class`, `interface.product_not_for_this`,
/// `interface.product_or_access_type`, `product.not_found`, `interface.in_use`.
pub fn put_address(tx: &mut Tx, ctx: &Ctx, caller: &Caller, new: &NewAddress) -> Result<(Address, Change), Error> {
    check_url(ctx, "/url", &new.url)?;
    check_landing_page(ctx, new)?;
    let seller = Key::of(caller.account_id);
    crate::seller::require_approved(tx, seller)?;
    let key = interface::key(tx, seller, Key::of(new.key_id))?
        .ok_or_else(|| Error::field("/key_id", "interface.key_not_found", "you have no such key"))?;
    let class = match new.protocol {
        Protocol::OrderNotify => InterfaceClass::General,
        Protocol::Licence => InterfaceClass::Licence,
        Protocol::Kit | Protocol::KitV1 => InterfaceClass::KitSync,
        // Class licence is for the delivery of codes (seller-domain 6.1).
        Protocol::SaasV2 | Protocol::SaasV1 | Protocol::LicenceV1 | Protocol::LicenceOnline | Protocol::SaasAws | Protocol::SaasAzure => {
            InterfaceClass::Basic
        }
    };
    if key.class != class {
        let detail = format!("an address of {} needs a key of class {class}", new.protocol.name());
        return Err(Error::field("/key_id", "interface.wrong_class", detail));
    }
    for (pointer, url) in [("/url", Some(&new.url)), ("/landing_page", new.landing_page.as_ref())] {
        if let Some(url) = url.filter(|url| !is_this_machine(ctx, url)) {
            domain_name::require_proven(tx, seller, pointer, url)?;
        }
    }
    let notify_product_id = notified(tx, seller, new)?;
    let old = interface::address_by_name(tx, seller, &new.name)?;
    let address = Address {
        id: old.as_ref().map_or_else(|| ctx.key(), |a| a.id),
        seller_id: seller,
        name: new.name.clone(),
        url: new.url.clone(),
        key_id: key.id,
        always_test_flag: new.always_test_flag,
        created_at: old.as_ref().map_or(ctx.moment(), |a| a.created_at),
        updated_at: ctx.moment(),
        protocol: new.protocol.name().to_owned(),
        send_empty_parameters: new.send_empty_parameters,
        notify_product_id,
        landing_page: new.landing_page.clone(),
        notify_access_type: new.access_type.map(|a| a.to_string()),
    };
    let change = match old {
        None => {
            interface::insert_address(tx, &address)?;
            Change::Created
        }
        Some(a) if same(&a, &address) => {
            return Ok((a, Change::Unchanged));
        }
        Some(a) => {
            if a.protocol != address.protocol && store::instance::any_at(tx, seller, a.id)? {
                let detail = format!("running instances are called at {} in {}; make another address", a.name, a.protocol);
                return Err(Error::field("/protocol", "interface.in_use", detail));
            }
            interface::update_address(tx, &address)?;
            Change::Updated
        }
    };
    event::record(tx, ctx, "interface.address_saved", event::About::account(seller), &json!({ "name": address.name, "url": address.url }))?;
    Ok((address, change))
}

/// Whether a declared address calls as the stored one does.
fn same(a: &Address, b: &Address) -> bool {
    let calls = |x: &Address| (x.key_id, x.always_test_flag, x.send_empty_parameters, x.notify_product_id);
    let texts = |x: &Address| (x.url.clone(), x.protocol.clone(), x.landing_page.clone(), x.notify_access_type.clone());
    (texts(a), calls(a)) == (texts(b), calls(b))
}

/// What an address speaks.
///
/// # Errors
/// [`Error::Row`].
pub fn protocol(address: &Address) -> Result<Protocol, Error> {
    Protocol::from_name(&address.protocol).ok_or_else(|| Error::row("interface_addresses", &address.name, "its protocol is unknown"))
}

domain::words! {
    /// What a repeatable declaration did.
    pub enum Change ("change") { Created = "created", Updated = "updated", Unchanged = "unchanged" }
}

/// An address with what is needed to call it.
#[derive(Clone)]
pub struct Target {
    pub address: Address,
    pub protocol: Protocol,
    pub secret: String,
}

/// # Errors
/// `interface.address_not_found`.
pub fn target(tx: &mut Tx, ctx: &Ctx, seller: Key, id: AddressId) -> Result<Target, Error> {
    let missing = || Error::not_found("interface.address_not_found", "there is no such interface address");
    let address = interface::address(tx, seller, Key::of(id))?.ok_or_else(missing)?;
    let key = interface::key(tx, seller, address.key_id)?.ok_or_else(missing)?;
    Ok(Target { secret: secret(ctx, &key)?, protocol: protocol(&address)?, address })
}

/// An address with the cases that are replayed on it: those that were saved, and the creation that they need
/// (`seller-domain 2.3`, `6.3`).
///
/// # Errors
/// `interface.address_not_found`.
pub fn replayed(tx: &mut Tx, ctx: &Ctx, seller: Key, id: AddressId) -> Result<(Target, Vec<Scenario>), Error> {
    let target = target(tx, ctx, seller, id)?;
    let saved = interface::cases(tx, target.address.id)?;
    let wanted = |s: &Scenario| *s == Scenario::Create || saved.iter().any(|c| c.scenario == s.name());
    let scenarios = target.protocol.scenarios().iter().copied().filter(wanted).collect();
    Ok((target, scenarios))
}

/// Saves a case that was passed at an address as it was called: one that was changed since has still to pass it.
///
/// # Errors
/// `interface.address_changed`.
pub fn save_case(tx: &mut Tx, ctx: &Ctx, called: &Address, passed: &Passed) -> Result<(), Error> {
    if interface::hold_address(tx, called)? == Written::SomeoneElseWasFirst {
        let detail = format!("the address {} was changed while it was called; debug it again", called.name);
        return Err(Error::conflict("interface.address_changed", detail));
    }
    let case = Case {
        id: ctx.key(),
        address_id: called.id,
        scenario: passed.scenario.clone(),
        request: passed.request.clone(),
        answer: passed.answer.clone(),
        passed_at: ctx.moment(),
    };
    interface::save_case(tx, &case)?;
    let data = json!({ "name": called.name, "scenario": passed.scenario });
    event::record(tx, ctx, "interface.case_saved", event::About::account(called.seller_id), &data)
}

/// A passed case.
#[derive(Debug, Clone)]
pub struct Passed {
    pub scenario: String,
    pub request: String,
    pub answer: String,
}
