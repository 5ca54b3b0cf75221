//! A seller's domains: added, proved by a file or a DNS text, removed when no address is there (`seller-domain 6.1`).

use crate::{Caller, Ctx, Error, event, limit};
use db::{Key, Tx};
use domain::domain_name::DomainName;
use domain::limit::Limit;
use serde_json::json;
use store::domain_name::{self as rows, SellerDomain};

/// Where the file lies.
pub const FILE: &str = "/.well-known/yunshi-domain-proof.txt";
/// The name of the DNS text, below which the domain follows.
pub const RECORD: &str = "_yunshi-domain-proof";

/// How a domain was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvenBy {
    File,
    Dns,
}

/// Adds a domain that is still to be proved.
///
/// # Errors
/// `interface.bad_domain`, `interface.domain_taken`, `interface.too_many_domains`, `seller.not_approved`.
pub fn add(tx: &mut Tx, ctx: &Ctx, caller: &Caller, name: &str) -> Result<SellerDomain, Error> {
    let seller = Key::of(caller.account_id);
    let bad = |detail: String| Error::field("/name", "interface.bad_domain", detail);
    let name = DomainName::parse(name).map_err(|e| bad(e.to_string()))?;
    if name.is_local() && !ctx.settings.loopback_allowed {
        return Err(bad("a domain of this machine can only be used in a sandbox".to_owned()));
    }
    crate::seller::require_approved(tx, seller)?;
    limit::room(tx, Limit::Domains, seller, |tx| Ok(limit::number(&rows::list(tx, seller)?)))?;
    let row = SellerDomain {
        id: ctx.key(),
        seller_id: seller,
        name: name.to_string(),
        proof: format!("yunshi-domain-proof={}", ctx.random_hex(16)),
        created_at: ctx.now_micros(),
        proven_at: None,
        proven_by: None,
    };
    rows::insert(tx, &row).map_err(|e| {
        if e.is_unique_violation() { Error::field("/name", "interface.domain_taken", "you have added this domain") } else { e.into() }
    })?;
    recorded(tx, ctx, caller, "interface.domain_added", &row.name)?;
    Ok(row)
}

fn recorded(tx: &mut Tx, ctx: &Ctx, caller: &Caller, kind: &str, name: &str) -> Result<(), Error> {
    event::record(tx, ctx, kind, event::About::account(Key::of(caller.account_id)), &json!({ "name": name }))
}

/// One of the caller's.
///
/// # Errors
/// `interface.domain_not_found`.
pub fn show(tx: &mut Tx, caller: &Caller, id: Key) -> Result<SellerDomain, Error> {
    let missing = || Error::not_found("interface.domain_not_found", "there is no such domain");
    rows::lookup(tx, Key::of(caller.account_id), id)?.ok_or_else(missing)
}

/// Where the file of a domain is fetched.
#[must_use]
pub fn file_url(name: &str) -> String {
    let local = DomainName::parse(name).is_ok_and(|d| d.is_local());
    format!("{}://{name}{FILE}", if local { "http" } else { "https" })
}

/// The full name of a domain's DNS text.
#[must_use]
pub fn record_name(name: &str) -> String {
    format!("{RECORD}.{}", name.split(':').next().unwrap_or_default())
}

/// The proof was found.
///
/// # Errors
/// `interface.domain_not_found`.
pub fn proved(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: Key, by: ProvenBy) -> Result<SellerDomain, Error> {
    let found = show(tx, caller, id)?;
    let word = match by {
        ProvenBy::File => "file",
        ProvenBy::Dns => "dns",
    };
    rows::set_proven(tx, found.id, ctx.now_micros(), word)?;
    recorded(tx, ctx, caller, "interface.domain_proved", &found.name)?;
    show(tx, caller, id)
}

fn parsed(row: &SellerDomain) -> Result<DomainName, Error> {
    DomainName::parse(&row.name).map_err(|e| Error::row("seller_domains", &row.name, e))
}

fn lies_at(domain: &DomainName, url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|u| u.host_str().is_some_and(|host| domain.covers(host, u.port_or_known_default())))
}

/// Removes a domain where none of the caller's addresses lies.
///
/// # Errors
/// `interface.domain_not_found`, `interface.domain_in_use`.
pub fn remove(tx: &mut Tx, ctx: &Ctx, caller: &Caller, id: Key) -> Result<(), Error> {
    let (found, seller) = (show(tx, caller, id)?, Key::of(caller.account_id));
    let domain = parsed(&found)?;
    let used = store::interface::addresses(tx, seller)?;
    if let Some(address) = used.iter().find(|a| lies_at(&domain, &a.url) || a.landing_page.as_deref().is_some_and(|p| lies_at(&domain, p)))
    {
        let detail = format!("the address {} lies there; move it first", address.name);
        return Err(Error::conflict("interface.domain_in_use", detail));
    }
    let _ = rows::remove(tx, seller, id)?;
    recorded(tx, ctx, caller, "interface.domain_removed", &found.name)
}

/// An address must lie in a domain that the seller has proved.
pub(super) fn require_proven(tx: &mut Tx, seller: Key, pointer: &'static str, url: &str) -> Result<(), Error> {
    for row in rows::list(tx, seller)?.iter().filter(|d| d.proven_at.is_some()) {
        if lies_at(&parsed(row)?, url) {
            return Ok(());
        }
    }
    let host = url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
    let detail = format!("{host} lies in no domain that you have proved to be yours; add its main domain and prove it first");
    Err(Error::field(pointer, "interface.domain_unproven", detail))
}
