//! Instances: their terms stand end to end, and what they keep fits their state.

use super::{BATCH, Check, Found};
use crate::{Error, Page, Tenant};
use db::Tx;
use domain::listing::AccessType;
use store::{call, instance, witness};

pub(super) fn check(tx: &mut Tx) -> Result<Check, Error> {
    let mut found = Found::of("terms", 0);
    let mut after = None;
    loop {
        let page = instance::list(tx, Tenant::Any, None, Page { after, ..Page::first(BATCH) })?;
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        found.saw(page.len());
        for i in &page {
            instance_terms(tx, i, &mut found)?;
        }
    }
    found.all(witness::wrong_term_prices(tx)?, "what its terms cost is not what was paid; it differs by");
    Ok(found.done())
}

fn instance_terms(tx: &mut Tx, i: &instance::Instance, found: &mut Found) -> Result<(), Error> {
    let name = crate::instance::id(i);
    let terms = store::term::of_instance(tx, i.id)?;
    for (before, next) in terms.iter().zip(terms.iter().skip(1)) {
        if before.end_at != next.start_at {
            found.differs(format!("{name}: a term ends and the next does not begin there"));
        }
    }
    let end = terms.last().map(|t| t.end_at);
    if end != i.expires_at {
        found.differs(format!("{name}: its last term and its end differ"));
    }
    if i.state == "released" && (i.password.is_some() || i.front_end_url.is_some()) {
        found.differs(format!("{name}: released, but log-in data are kept"));
    }
    if i.access_type == AccessType::LicenceCode.as_str() {
        match store::licence::of_instance(tx, i.id)? {
            None => found.differs(format!("{name}: sold by code, but has none")),
            Some(l) if l.activated_at.is_some() != i.opened_at.is_some() => {
                found.differs(format!("{name}: its code's activation and its opening differ"));
            }
            Some(_) => {}
        }
    }
    let sent: Vec<_> = call::of_instance(tx, i.id)?;
    if sent.iter().filter(|c| c.state == "due").count() > 1 {
        found.differs(format!("{name}: two calls are due at once"));
    }
    Ok(())
}
