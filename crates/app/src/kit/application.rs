//! Applications of sellers: one per product, applied for once its kit passed its cases (`seller-domain 6.1`).

use crate::secret::Sealed;
use crate::{Caller, Ctx, Error, call, event, interface, interface::Change};
use db::{Key, Tx};
use domain::id::{AddressId, ApplicationId};
use serde_json::json;
use store::kit::{self as rows, Application};
use wire::kit;

const SECRET: Sealed = Sealed::ApplicationSecret;
/// Redirect addresses of an application at most.
const REDIRECTS_MAX: usize = 10;

/// An application as its seller writes it.
#[derive(Debug, Clone)]
pub struct NewApplication {
    pub name: String,
    pub login_url: String,
    pub address: AddressId,
    pub public_key: String,
    pub redirect_uris: Vec<String>,
}

/// The client secret of an application.
pub(crate) fn secret(ctx: &Ctx, application: &Application) -> Result<String, Error> {
    ctx.sealer.open(SECRET, &application.client_secret)
}

/// A page that browsers are sent to: https, or plain http on loopback where the sandbox allows that.
fn check_page(ctx: &Ctx, pointer: &str, text: &str) -> Result<(), Error> {
    let wrong = |detail: &str| Err(Error::field(pointer, "sign_on.bad_url", detail));
    let Ok(url) = url::Url::parse(text) else {
        return wrong("write a whole address such as https://app.example.com/callback");
    };
    if url.fragment().is_some() || !url.username().is_empty() || text.contains(['*', ' ', '\n']) {
        return wrong("leave fragment, user and wildcards out");
    }
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return wrong("the address needs a host"),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback && ctx.settings.loopback_allowed => Ok(()),
        _ => wrong("use https"),
    }
}

/// The address of the seller's kit, once it passed the mandatory cases.
fn check_address(tx: &mut Tx, ctx: &Ctx, seller: Key, id: AddressId) -> Result<Key, Error> {
    let wrong = |code, detail: String| Error::field("/address", code, detail);
    let target =
        interface::target(tx, ctx, seller, id).map_err(|_| wrong("interface.address_not_found", "you have no such address".into()))?;
    if target.protocol.kit().is_none() {
        return Err(wrong("sign_on.not_a_kit", format!("this address speaks {}, not kit", target.protocol.name())));
    }
    let saved = store::interface::cases(tx, target.address.id)?;
    let spoken = target.protocol;
    let needed = spoken.scenarios().iter().filter(|s| spoken.mandatory(**s)).map(|s| s.name());
    let missing: Vec<&str> = needed.filter(|name| !saved.iter().any(|c| c.scenario == *name)).collect();
    if !missing.is_empty() {
        let detail = format!("debug the address first and save these cases: {}", missing.join(", "));
        return Err(wrong("sign_on.not_debugged", detail));
    }
    Ok(target.address.id)
}

/// Makes the application of a product, or changes it. A changed name or key is told to the bound companies' seller side.
///
/// # Errors
/// `product.not_found`, `sign_on.bad_url`, `sign_on.bad_public_key`, `sign_on.not_a_kit`, `sign_on.not_debugged`,
/// `sign_on.login_url_taken`, `sign_on.redirects`, `interface.address_not_found`.
pub fn put(tx: &mut Tx, ctx: &Ctx, caller: &Caller, product_key: &str, new: &NewApplication) -> Result<(Application, Change), Error> {
    let seller = Key::of(caller.account_id);
    let product = store::product::by_key(tx, seller, product_key)?
        .ok_or_else(|| Error::not_found("product.not_found", "you have no product of this key"))?;
    check_page(ctx, "/login_url", &new.login_url)?;
    if new.redirect_uris.is_empty() || new.redirect_uris.len() > REDIRECTS_MAX {
        return Err(Error::field("/redirect_uris", "sign_on.redirects", format!("give 1 to {REDIRECTS_MAX} addresses")));
    }
    for (n, uri) in new.redirect_uris.iter().enumerate() {
        check_page(ctx, &format!("/redirect_uris/{n}"), uri)?;
    }
    kit::check_key(&new.public_key).map_err(|e| Error::field("/public_key", "sign_on.bad_public_key", e.to_string()))?;
    let address_id = check_address(tx, ctx, seller, new.address)?;
    let old = rows::any_of_product(tx, product.id)?;
    let row = Application {
        id: old.as_ref().map_or_else(|| Key::of(ctx.id::<ApplicationId>()), |a| a.id),
        seller_id: seller,
        product_id: product.id,
        address_id,
        name: new.name.clone(),
        login_url: new.login_url.clone(),
        public_key: new.public_key.clone(),
        client_id: old.as_ref().map_or_else(|| ctx.random_hex(16), |a| a.client_id.clone()),
        client_secret: old.as_ref().map_or_else(|| ctx.sealer.seal(ctx.ids, SECRET, &ctx.random_hex(32)), |a| a.client_secret.clone()),
        redirect_uris: json!(new.redirect_uris).to_string(),
        created_at: old.as_ref().map_or(ctx.moment(), |a| a.created_at),
        updated_at: ctx.moment(),
    };
    let written = match &old {
        None => rows::insert_application(tx, &row),
        Some(old) if same(old, &row) => return Ok((row, Change::Unchanged)),
        Some(_) => rows::update_application(tx, &row),
    };
    written.map_err(|e| {
        if e.is_unique_violation() {
            Error::field("/login_url", "sign_on.login_url_taken", "another application has this login address")
        } else {
            e.into()
        }
    })?;
    recorded(tx, ctx, caller, "sign_on.application_saved", &row)?;
    let Some(old) = old else {
        return Ok((row, Change::Created));
    };
    if (&old.name, &old.public_key) != (&row.name, &row.public_key) {
        tell_all(tx, ctx, &row)?;
    }
    Ok((row, Change::Updated))
}

fn same(a: &Application, b: &Application) -> bool {
    let said = |x: &Application| (x.name.clone(), x.login_url.clone(), x.public_key.clone(), x.redirect_uris.clone());
    (said(a), a.address_id) == (said(b), b.address_id)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: &str, application: &Application) -> Result<(), Error> {
    let about =
        event::About { account: Some(Key::of(caller.account_id)), product: Some(application.product_id), ..event::About::default() };
    event::record(tx, ctx, kind, about, &json!({ "name": application.name, "client_id": application.client_id }))
}

/// A new client secret; each bound instance's seller is told it, encrypted for them.
///
/// # Errors
/// `product.not_found`, `sign_on.no_application`.
pub fn new_secret(tx: &mut Tx, ctx: &Ctx, caller: &Caller, product_key: &str) -> Result<Application, Error> {
    let product = store::product::by_key(tx, Key::of(caller.account_id), product_key)?
        .ok_or_else(|| Error::not_found("product.not_found", "you have no product of this key"))?;
    let found = rows::any_of_product(tx, product.id)?
        .ok_or_else(|| Error::not_found("sign_on.no_application", "this product has no application for sign-on"))?;
    let row = Application { client_secret: ctx.sealer.seal(ctx.ids, SECRET, &ctx.random_hex(32)), updated_at: ctx.moment(), ..found };
    rows::set_client_secret(tx, row.id, &row.client_secret, row.updated_at)?;
    recorded(tx, ctx, caller, "sign_on.secret_changed", &row)?;
    tell_all(tx, ctx, &row)?;
    Ok(row)
}

fn tell_all(tx: &mut Tx, ctx: &Ctx, application: &Application) -> Result<(), Error> {
    let bound = rows::any_bound_to(tx, application.id)?;
    for instance in super::bind::still_bound(tx, &bound)? {
        call::enqueue_kit(tx, ctx, &instance, super::tell::credential(application, kit::Change::Modify))?;
    }
    Ok(())
}
