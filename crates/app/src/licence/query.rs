//! What a code is now, for the seller's software: asked on the first use of each day (`license-interface 2.2.3`).

use super::{Held, by, held, refused};
use crate::{Caller, Ctx, Error, order::Sold};
use db::{Key, Moment, Tx};
use domain::{
    id::AccountId,
    licence::{LicenceState, Refused},
    site::wire_time,
    term::shown_end,
};
use std::collections::HashMap;
use store::order::{Line, Order};

/// A code's state and what was bought with it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub code: String,
    pub state: LicenceState,
    /// UTC `yyyyMMddHHmmss`.
    pub activate_time: String,
    /// None for a one-time purchase.
    pub expire_time: Option<String>,
    pub product_id: String,
    pub order_id: String,
    pub amount: i64,
    pub customer_id: Option<String>,
    pub customer_name: Option<String>,
    pub id: Key,
    /// The first question of its day: to be written down.
    pub news: bool,
}

/// The states of codes of the caller, in the order that they were named in.
///
/// # Errors
/// `licence.not_found`, `licence.not_activated`.
pub fn query(tx: &mut Tx, ctx: &Ctx, caller: &Caller, codes: &[String]) -> Result<Vec<Answer>, Error> {
    let held = held(tx, Key::of(caller.account_id), codes)?;
    let lines: Vec<Key> = held.iter().filter_map(|one| one.instance.as_ref()).map(|i| i.line_id).collect();
    let lines = if lines.is_empty() { Vec::new() } else { store::order::any_lines(tx, &lines)? };
    let lines = by(lines, |(line, _)| line.id);
    held.into_iter().map(|one| answer(ctx, one, &lines)).collect()
}

/// A licence as it is asked for the first time on a day, by wall days of UTC: only to spare a write per question.
fn is_news(ctx: &Ctx, queried_at: Option<i64>) -> bool {
    const DAY: i64 = 86_400_000_000;
    queried_at.is_none_or(|at| at / DAY != ctx.now_micros() / DAY)
}

fn answer(ctx: &Ctx, held: Held, lines: &HashMap<Key, (Line, Order)>) -> Result<Answer, Error> {
    let state = held.state(ctx)?;
    let (Some(activated), false) = (held.licence.activated_at, state == LicenceState::NotActivated) else {
        return Err(refused(&Refused::NotActivated));
    };
    let (id, news) = (held.licence.id, is_news(ctx, held.licence.queried_at.map(Moment::micros)));
    let activate_time = wire_time(activated.at());
    let Some(instance) = held.instance else {
        // A test code stands for the documented MOCK order, for a year (`license-interface 2.5`).
        let end = activated.at() + jiff::SignedDuration::from_hours(24 * 365);
        return Ok(Answer {
            code: held.licence.code,
            state,
            activate_time,
            expire_time: Some(wire_time(end)),
            product_id: "MOCKPRODUCT-0001".to_owned(),
            order_id: "MOCKPERIODYEARNEW".to_owned(),
            amount: 1,
            customer_id: None,
            customer_name: None,
            id,
            news,
        });
    };
    let (line, order) = lines.get(&instance.line_id).ok_or_else(|| Error::row("licences", &held.licence.code, "has no line"))?;
    Ok(Answer {
        code: held.licence.code,
        state,
        activate_time,
        expire_time: instance.expires_at.map(|end| wire_time(shown_end(end.at()))),
        product_id: Sold::of(line)?.wire_product_id,
        order_id: order.number.clone(),
        amount: line.quantity,
        customer_id: Some(order.buyer_id.id::<AccountId>().to_string()),
        customer_name: Some(order.customer_name.clone()),
        id,
        news,
    })
}
