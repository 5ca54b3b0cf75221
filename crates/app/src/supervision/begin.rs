//! A paid order under supervision gets its case (`seller-domain 5.1`).

use super::{Done, Found, address, body, effects, template, timer};
use crate::{Ctx, Error, order::Sold};
use db::{Key, Tx};
use domain::{
    id::SupervisionId,
    listing::Listing,
    supervision::{Case, Party, Scene, StepKind, Track},
};
use serde_json::json;
use store::{
    Locked,
    instance::Instance,
    order::{Line, Order},
    supervision as rows,
};

/// Begins the case of a paid order, under the template of the order's day.
///
/// # Errors
/// `supervision.no_template` when none is valid for the order.
pub(crate) fn begin(
    tx: &mut Tx,
    ctx: &Ctx,
    (order, line): (&Order, &Line),
    instance: &Locked<Instance>,
    listing: &Listing,
) -> Result<Found, Error> {
    let ordered_at = order.created_at.at();
    let day = ctx.site(order.site).day_of(ordered_at);
    let flow = listing.delivery.as_ref().map(|d| d.flow).unwrap_or_default();
    let template = template::of_day(tx, listing.access_type, flow, day)?;
    let track: Option<Track> = rows::track(tx, order.buyer_id)?.and_then(|t| t.parse().ok());
    let scene = Scene::of(listing.joint, track);
    let case = Case::begin(&template, scene, ordered_at, line.amount_minor, ctx.now);
    let turns = case.waits_for(&template);
    let row = rows::Case {
        id: Key::of(ctx.id::<SupervisionId>()),
        order_id: order.id,
        line_id: line.id,
        instance_id: instance.id,
        buyer_id: order.buyer_id,
        seller_id: order.seller_id,
        order_number: order.number.clone(),
        product_name: order.product_name.clone(),
        customer_name: order.customer_name.clone(),
        access_type: listing.access_type,
        template_key: template.key.clone(),
        template_version: i64::from(template.version),
        state: case.state,
        node: case.node.clone(),
        buyer_turn: turns.contains(&Party::Buyer),
        seller_turn: turns.contains(&Party::Seller),
        operator_turn: turns.contains(&Party::Operator),
        appeal_due_at: None,
        started_at: ctx.moment(),
        ended_at: None,
        body: body(&case)?,
        address: address::from_line(ctx, &Sold::of(line)?)?,
        tracking: None,
        changes: 0,
        product_name_en: order.product_name_en.clone(),
    };
    rows::insert(tx, instance, &row)?;
    let found = Found { row, case, template: template.into() };
    let data = json!({ "template": found.template.key, "version": found.template.version, "scene": scene });
    let begun = found.logged(tx, ctx, "", &Done { party: None, kind: StepKind::Begun, data, documents: &[] })?;
    super::log(tx, &[begun])?;
    effects::tell_turn(tx, ctx, &found)?;
    timer::set(tx, ctx, &[&found])?;
    Ok(found)
}
