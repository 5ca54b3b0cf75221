//! A sandbox's scenes: what buyers and the operator do to a product, played by hand so that its seller's server is
//! called. They go through the use cases that everybody uses.

use crate::{Caller, Ctx, Error, catalogue, instance, order};
use db::{Key, Moment, Tx};
use domain::{
    id::{InstanceId, ProductId},
    instance::{FreezeCause, InstanceState},
    listing::{Listing, Sku},
    order::{OrderKind, OrderState},
    period::{ChargingMode, Period},
    supervision::Address,
};
use jiff::SignedDuration;
use order::{Choice, Consents, Full, Input, PlaceChange, PlaceOrder, RenewWithChange};
use store::instance::Instance;

domain::words! {
    /// A scene of a product's life; the seller hears of each.
    pub enum Scene ("scene") {
        Buy = "buy",
        Try = "try",
        TrialToFormal = "trial_to_formal",
        Renew = "renew",
        /// Another combination from the next term on; the seller is asked first.
        RenewWithChange = "renew_with_change",
        /// The newest renewal is given back before it begins.
        CancelRenewal = "cancel_renewal",
        Upgrade = "upgrade",
        /// For a violation, by the operator.
        Freeze = "freeze",
        Unfreeze = "unfreeze",
        /// The clock goes to the end of the term.
        Expire = "expire",
        Unsubscribe = "unsubscribe",
        /// The clock goes to the end of the retention; what is billed by use is released at once.
        Release = "release",
    }
}

/// Who plays.
pub struct Cast<'a> {
    pub buyer: &'a Caller,
    pub operator: &'a Caller,
}

/// What a scene came to, or what is still to be done for it.
#[derive(Debug, Clone)]
pub enum Played {
    Ordered(Box<Full>),
    Changed(InstanceId),
    /// The clock is to be moved by so much.
    Later(InstanceId, SignedDuration),
    /// The seller is to be asked before it is ordered.
    Ask(RenewWithChange),
}

/// Plays a scene of a product, on the newest instance that the buyer has of it.
///
/// # Errors
/// `product.not_found`, `product.not_on_sale`, `scene.nothing_there`, `scene.not_offered`, and what the use cases refuse.
pub fn play(tx: &mut Tx, ctx: &Ctx, cast: &Cast<'_>, product: &str, scene: Scene) -> Result<Played, Error> {
    let (listed, listing) = catalogue::find(tx, ctx, cast.buyer.site.as_str(), product)?;
    if matches!(scene, Scene::Buy | Scene::Try) {
        let order = first_order(&listing, listed.product.id.id(), scene == Scene::Try)?;
        return Ok(Played::Ordered(Box::new(order::place(tx, ctx, cast.buyer, &order)?)));
    }
    let found = subject(tx, cast.buyer, listed.product.id, scene)?;
    let id = instance::id(&found);
    let period = || -> Result<Period, Error> { period(sku_of(&listing, &found)?).ok_or_else(|| not_offered("it has no term to renew")) };
    let buyer = cast.buyer;
    Ok(match scene {
        Scene::Buy | Scene::Try => return Err(not_offered("it was ordered above")),
        Scene::TrialToFormal => ordered(order::convert(tx, ctx, buyer, id, period()?, true)?),
        Scene::Renew => ordered(order::renew(tx, ctx, buyer, id, period()?, true)?),
        Scene::RenewWithChange => {
            let sku = another(&listing, &found)?;
            let period = self::period(sku).ok_or_else(|| not_offered("it has no term to renew"))?;
            Played::Ask(RenewWithChange { instance: id, sku: sku.key.clone(), period, pay: true })
        }
        Scene::Upgrade => {
            let sku = another(&listing, &found)?.key.clone();
            ordered(order::change(tx, ctx, buyer, &PlaceChange { instance: id, sku, pay: true })?)
        }
        Scene::CancelRenewal | Scene::Unsubscribe => {
            let purchase = &[OrderKind::New, OrderKind::TrialToFormal][..];
            let kinds = if scene == Scene::CancelRenewal { &[OrderKind::Renew][..] } else { purchase };
            let number = order_of(tx, &found, kinds)?;
            ordered(order::unsubscribe(tx, ctx, buyer, &number)?)
        }
        Scene::Freeze => {
            instance::freeze_for_violation(tx, ctx, cast.operator, id, "played in the sandbox")?;
            Played::Changed(id)
        }
        Scene::Unfreeze => {
            instance::unfreeze(tx, ctx, cast.operator, id)?;
            Played::Changed(id)
        }
        Scene::Release if found.expires_at.is_none() => {
            instance::end_on_demand(tx, ctx, buyer, id)?;
            Played::Changed(id)
        }
        Scene::Expire | Scene::Release => Played::Later(id, until(ctx, &found, scene)?),
    })
}

fn ordered(full: Full) -> Played {
    Played::Ordered(Box::new(full))
}

fn not_offered(why: &str) -> Error {
    Error::field("/scene", "scene.not_offered", format!("the product does not offer this: {why}"))
}

/// How long until the term of an instance is over, or its retention.
fn until(ctx: &Ctx, found: &Instance, scene: Scene) -> Result<SignedDuration, Error> {
    let end = found.expires_at.map(Moment::at).ok_or_else(|| not_offered("it has no term that ends"))?;
    let retention = if scene == Scene::Release { 24 * ctx.settings.retention_days } else { 0 };
    Ok((end - ctx.now + SignedDuration::from_hours(retention)).max(SignedDuration::ZERO) + SignedDuration::from_mins(1))
}

/// The newest instance that a scene can be played on.
fn subject(tx: &mut Tx, buyer: &Caller, product: Key, scene: Scene) -> Result<Instance, Error> {
    let fits = |i: &Instance| match scene {
        Scene::TrialToFormal => i.trial && matches!(i.state, InstanceState::Running | InstanceState::Frozen),
        Scene::Renew | Scene::Release => !i.trial && matches!(i.state, InstanceState::Running | InstanceState::Frozen),
        Scene::Unfreeze => i.state == InstanceState::Frozen && i.freeze_cause == Some(FreezeCause::Violation),
        Scene::Expire | Scene::Freeze => i.state == InstanceState::Running,
        _ => !i.trial && i.state == InstanceState::Running,
    };
    let all = store::instance::of_buyer(tx, Key::of(buyer.account_id), product)?;
    all.into_iter().find(fits).ok_or_else(|| {
        let detail = "the sandbox's buyer has no instance of this product in the state that the scene needs; play buy or try first";
        Error::conflict("scene.nothing_there", detail)
    })
}

/// The newest order of an instance of one of some kinds, completed and not given back.
fn order_of(tx: &mut Tx, found: &Instance, kinds: &[OrderKind]) -> Result<String, Error> {
    let lines = store::order::any_lines_of_instance(tx, found.id)?;
    let fits = |(line, order): &&(store::order::Line, store::order::Order)| {
        kinds.contains(&order.kind) && order.state == OrderState::Completed && line.refunded_minor == 0
    };
    let newest = lines.iter().rev().find(fits).map(|(_, order)| order.number.clone());
    newest.ok_or_else(|| {
        let kinds = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or ");
        Error::conflict("scene.nothing_there", format!("the instance has no completed order of kind {kinds}"))
    })
}

/// The shortest period that a combination is sold for.
fn period(sku: &Sku) -> Option<Period> {
    let text = if sku.month_minor.is_some() { "1m" } else { "1y" };
    sku.month_minor.or(sku.year_minor).and_then(|_| text.parse().ok())
}

fn sku_of<'a>(listing: &'a Listing, found: &Instance) -> Result<&'a Sku, Error> {
    let spec = listing.specification(&found.specification);
    spec.and_then(|s| s.sku(&found.sku)).ok_or_else(|| not_offered("the combination is gone from the listing"))
}

/// The next dearer combination on sale of the same specification.
fn another<'a>(listing: &'a Listing, found: &Instance) -> Result<&'a Sku, Error> {
    let price = |s: &Sku| s.month_minor.or(s.year_minor).unwrap_or(0);
    let now = price(sku_of(listing, found)?);
    let all = listing.specification(&found.specification).map(|s| s.skus.as_slice()).unwrap_or_default();
    let dearer = all.iter().filter(|s| s.on_sale && price(s) > now).min_by_key(|s| price(s));
    dearer.ok_or_else(|| not_offered("there is no dearer combination"))
}

/// An order of the first combination that is on sale, with an answer to all that the product asks for.
fn first_order(listing: &Listing, product: ProductId, trial: bool) -> Result<PlaceOrder, Error> {
    let sold = listing.specifications.iter().filter(|s| !trial || s.trial_days.is_some());
    let found = sold.flat_map(|s| s.skus.iter().filter(|k| k.on_sale).map(move |k| (s, k))).next();
    let (spec, sku) = found.ok_or_else(|| not_offered(if trial { "it has no trial" } else { "nothing of it is on sale" }))?;
    let timed = matches!(spec.charging_mode, ChargingMode::Period | ChargingMode::OnDemandPackage);
    let mandatory = listing.extension_parameters.iter().filter(|p| p.mandatory);
    Ok(PlaceOrder {
        choice: Choice {
            product: product.to_string(),
            specification: spec.key.clone(),
            sku: Some(sku.key.clone()),
            period: if timed && !trial { period(sku) } else { None },
            quantity: 1,
            trial,
        },
        inputs: mandatory.map(|p| Input { name: p.name.clone(), value: "sandbox".to_owned() }).collect(),
        consents: consents(listing),
        shipping: (listing.access_type == domain::listing::AccessType::Hardware).then(|| Address {
            recipient: "Sandbox".to_owned(),
            phone: "+86 138 0000 0000".to_owned(),
            address: "1 Sandbox Road".to_owned(),
        }),
        with_user_id: listing.personal_data.contains(&domain::listing::PersonalData::UserId),
        pay: true,
    })
}

/// The personal data that the product asks for, as the documented MOCK buyer has them (`open-api 3.2`).
fn consents(listing: &Listing) -> Consents {
    use domain::listing::PersonalData;
    let asked = |data, value: &str| listing.personal_data.contains(&data).then(|| value.to_owned());
    Consents {
        mobile_phone: asked(PersonalData::MobilePhone, "18688888888"),
        email: asked(PersonalData::Email, "mock_user_01@example.com"),
        user_id: None,
    }
}
