//! `GetEntitlements` of AWS: what customers of a product hold now.

use super::{plan, product};
use crate::{Caller, Ctx, Error, cursor, instance, usage};
use db::{Key, Tx};
use domain::{neighbour, term};
use std::collections::{HashMap, hash_map::Entry};
use store::{
    instance::Instance,
    neighbour::{Customer, Wanted},
};
use wire::aws::{Entitlement, GetEntitlements};

/// Some entitlements and where the next page begins. A page may be empty and not the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entitlements: Vec<Entitlement>,
    pub next_token: Option<String>,
}

/// What is held of a product of the caller. Plans that are billed by use are metered, not entitled.
///
/// # Errors
/// `neighbour.product_unknown`, `neighbour.next_token`.
pub fn entitlements(tx: &mut Tx, ctx: &Ctx, caller: &Caller, asked: &GetEntitlements) -> Result<Page, Error> {
    let seller = Key::of(caller.account_id);
    let product = product(tx, seller, &asked.product_code)?;
    let filter = &asked.filter;
    let ids = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    let buyers = if filter.customer_identifier.is_some() || filter.customer_aws_account_id.is_some() {
        let named = store::neighbour::named(tx, seller, &ids(&filter.customer_identifier), &ids(&filter.customer_aws_account_id))?;
        Some(named.into_iter().map(|c| c.buyer_id).collect())
    } else {
        None
    };
    let instances = filter.license_arn.as_ref().map(|arns| arns.iter().filter_map(|a| neighbour::of_license_arn(a)).map(Key::of).collect());
    let limit = i64::try_from(asked.max_results).unwrap_or(1);
    let bad = || Error::field("/NextToken", "neighbour.next_token", "the token is not one of a page before");
    let after = asked.next_token.as_deref().map(|token| cursor::read(token).ok_or_else(bad)).transpose()?;
    let wanted = Wanted { buyers, instances, after, limit };
    let found = store::neighbour::running(tx, seller, product.id, &wanted)?;
    let full = found.len() == asked.max_results;
    let next_token = found.last().filter(|_| full).map(|i| cursor::write((i.created_at.micros(), i.id)));
    let mut customers = HashMap::new();
    let mut entitlements = Vec::new();
    for instance in found {
        if filter.dimension.as_ref().is_some_and(|wanted| !wanted.contains(&plan(&instance))) || usage::is_by_use(tx, ctx, &instance)? {
            continue;
        }
        let customer = match customers.entry(instance.buyer_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(store::neighbour::customer(tx, seller, instance.buyer_id)?),
        };
        // Of sellers who speak otherwise none was named.
        if let Some(customer) = customer {
            entitlements.push(entitlement(&asked.product_code, &instance, customer));
        }
    }
    entitlements.retain(|e| filter.license_arn.as_ref().is_none_or(|arns| arns.contains(&e.license_arn)));
    Ok(Page { entitlements, next_token })
}

fn entitlement(product_code: &str, i: &Instance, customer: &Customer) -> Entitlement {
    Entitlement {
        product_code: product_code.to_owned(),
        dimension: plan(i),
        customer_identifier: customer.identifier.clone(),
        customer_aws_account_id: customer.number.clone(),
        value: i.quantity,
        expiration: i.expires_at.map(|end| term::shown_end(end.at()).as_second()),
        license_arn: neighbour::license_arn(&customer.number, instance::id(i)),
    }
}
