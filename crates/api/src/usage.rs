//! Usage records of sellers (话单管理), what an on-demand instance used and cost, and its end.

use crate::{
    auth::Who,
    body::PathOf,
    instance::find,
    paging::{Listed, Paging, next},
    problem::Problem,
    state::Api,
    usage_hold::{self, HoldView},
    views::{MoneyView, TextView, money, time, times},
};
use app::{Caller, Ctx, Error, Key, Tx, instance, usage};
use axum::{Json, extract::State};
use domain::{
    access::Role,
    id::InstanceId,
    text::Line,
    usage::{Quantity, UsageState},
};
use serde::{Deserialize, Serialize};
use store::usage as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(records)).routes(routes!(of_instance)).routes(routes!(package_of_instance)).routes(routes!(release))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordParams {
    /// `accepted`, `held`, `refused`, `charged`, `corrected`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: Option<UsageState>,
    /// The platform's id of an instance.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    instance: Option<InstanceId>,
    /// The seller's own id, as it was sent.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    seller_instance: Option<Line<64>>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    metering_sn: Option<Line<64>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RecordView {
    id: String,
    metering_sn: Option<String>,
    /// The platform's id; null when the seller has no such instance.
    instance: Option<String>,
    seller_instance_id: String,
    begin: Option<String>,
    end: Option<String>,
    /// As it was sent.
    value: String,
    state: String,
    /// Why it was refused; send it again when it is right.
    reason: Option<String>,
    /// The same in both languages.
    reason_text: Option<TextView>,
    /// How often the same record came again.
    repeats: i64,
    /// The instance of the package that it names.
    package: Option<String>,
    /// The record that this one replaced.
    corrects: Option<String>,
    charge: Option<String>,
    /// The charge that waits for consent, or waited last.
    hold: Option<String>,
    received_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct RecordList {
    records: Vec<RecordView>,
    next: Option<String>,
}

fn view(r: rows::Record) -> RecordView {
    use domain::id::{ChargeId, HoldId, UsageRecordId};
    RecordView {
        id: r.id.id::<UsageRecordId>().to_string(),
        metering_sn: r.metering_sn,
        instance: r.instance_id.map(|i| i.id::<InstanceId>().to_string()),
        seller_instance_id: r.sent_instance,
        begin: times(r.begin_at),
        end: times(r.end_at),
        value: r.sent_value,
        state: r.state.to_string(),
        reason_text: r.reason.as_deref().map(|stored| usage::reason(stored).into()),
        reason: r.reason,
        repeats: r.repeats,
        package: r.package_id.map(|i| i.id::<InstanceId>().to_string()),
        corrects: r.corrects_id.map(|i| i.id::<UsageRecordId>().to_string()),
        charge: r.charge_id.map(|c| c.id::<ChargeId>().to_string()),
        hold: r.hold_id.map(|h| h.id::<HoldId>().to_string()),
        received_at: time(r.received_at),
    }
}

/// Sellers see their own records, staff all.
fn seller_of(who: &Caller) -> Result<Option<Key>, Error> {
    if who.staff.is_some() {
        Ok(None)
    } else if who.roles.contains(&Role::Seller) {
        Ok(Some(Key::of(who.account_id)))
    } else {
        Err(Error::forbidden("auth.wrong_role", "usage records are for sellers and staff"))
    }
}

/// Usage records that the caller pushed, newest first, with what became of each.
#[utoipa::path(get, path = "/api/v1/usage-records", tag = "usage", operation_id = "usage_records", security(("access" = ["user"])),
    params(RecordParams, Paging), responses((status = 200, body = RecordList)))]
async fn records(State(api): State<Api>, Who(caller): Who, Listed(p, page): Listed<RecordParams>) -> Result<Json<RecordList>, Problem> {
    let filter = rows::Filter {
        state: p.state,
        instance: p.instance.map(Key::of),
        sent_instance: p.seller_instance.map(Line::into_string),
        metering_sn: p.metering_sn.map(Line::into_string),
    };
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::records(tx, seller_of(who)?, &filter, page)?;
            let next = next(&found, page, |r| (r.received_at.micros(), r.id));
            Ok(RecordList { records: found.into_iter().map(view).collect(), next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct UsageDay {
    /// yyyy-MM-dd at the site.
    day: String,
    /// What was charged.
    quantity: String,
    /// What packages gave, beside it.
    from_packages: String,
    amount: MoneyView,
}

/// A package and what is left of it now.
#[derive(Debug, Serialize, ToSchema)]
struct PackageView {
    /// The package's own instance.
    instance: String,
    name: TextView,
    /// What is counted, and its unit.
    meter: TextView,
    unit: TextView,
    /// When the whole quota is there again: `never` within a term, `hour`, `day`, `week`, `month` or `year`.
    reset: String,
    stop_when_used_up: bool,
    /// The time of the present quota; null before the first term and after the last.
    begin: Option<String>,
    end: Option<String>,
    quota: String,
    used: String,
    left: String,
}

fn package_view(tx: &mut Tx, ctx: &Ctx, package: usage::Left) -> Result<PackageView, Error> {
    let (listing, of) = (ctx.listings.approved(tx, package.instance.revision_id)?, &package.bought.package.of);
    let meter = listing.specification(of).and_then(|s| s.meter.clone());
    let meter = meter.ok_or_else(|| Error::row("instances", instance::id(&package.instance), "covers nothing that is counted"))?;
    let name = listing.specification(&package.instance.specification).map(|s| s.name.clone()).unwrap_or_default();
    let (quota, used) = package.window.map_or((Quantity(0), Quantity(0)), |(w, used)| (w.quota, used));
    let last = package.window.map(|(w, _)| domain::term::shown_end(w.end).to_string());
    Ok(PackageView {
        instance: instance::id(&package.instance).to_string(),
        name: name.into(),
        meter: meter.name.into(),
        unit: meter.unit.into(),
        reset: package.bought.package.reset.to_string(),
        stop_when_used_up: package.bought.package.stop_when_used_up,
        begin: package.window.map(|(w, _)| w.begin.to_string()),
        end: last,
        left: Quantity((quota.0 - used.0).max(0)).to_string(),
        quota: quota.to_string(),
        used: used.to_string(),
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct TierView {
    /// Up to this quantity; null for the last.
    up_to: Option<String>,
    price: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct UsageView {
    name: TextView,
    unit: TextView,
    /// `hour` or `day`.
    cycle: String,
    /// `fixed`, `tiered` or `volume`.
    model: String,
    /// `day` or `month`.
    accumulation: String,
    tiers: Vec<TierView>,
    /// The last 90 days with use, oldest first.
    days: Vec<UsageDay>,
    /// Charged and not paid: the wallet was short.
    due: MoneyView,
    /// Up to when use was charged.
    until: Option<String>,
    /// Packages that cover its use now.
    packages: Vec<PackageView>,
    /// Charges that wait for the buyer's consent, newest first.
    holds: Vec<HoldView>,
}

/// What an on-demand instance used and what it cost, day by day.
#[utoipa::path(get, path = "/api/v1/instances/{id}/usage", tag = "usage", operation_id = "instance_usage", security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = UsageView)))]
async fn of_instance(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<UsageView>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let (found, _) = find(tx, who, id)?;
            let line = store::order::any_line(tx, found.line_id)?.ok_or_else(|| Error::row("instances", id, "has no line"))?;
            if line.charging_mode != domain::period::ChargingMode::OnDemand {
                return Err(Error::conflict("instance.not_on_demand", "the instance is not billed by use"));
            }
            let currency = instance::currency(tx, ctx, &found)?;
            let m = usage::metered(tx, ctx, &found)?;
            Ok(UsageView {
                name: m.meter.name.into(),
                unit: m.meter.unit.into(),
                cycle: m.meter.cycle.to_string(),
                model: m.meter.model.to_string(),
                accumulation: m.meter.accumulation.to_string(),
                tiers: m
                    .tiers
                    .into_iter()
                    .map(|t| TierView { up_to: t.up_to.map(|q| q.to_string()), price: t.price.to_string() })
                    .collect(),
                days: m
                    .days
                    .into_iter()
                    .map(|d| UsageDay {
                        day: d.day,
                        quantity: d.quantity.to_string(),
                        from_packages: d.from_packages.to_string(),
                        amount: money(d.amount_minor, currency),
                    })
                    .collect(),
                due: money(m.due_minor, currency),
                until: m.until.map(|at| at.to_string()),
                holds: m.holds.into_iter().map(|h| usage_hold::view(tx, ctx, h)).collect::<Result<_, _>>()?,
                packages: m.packages.into_iter().map(|p| package_view(tx, ctx, p)).collect::<Result<_, _>>()?,
            })
        })
        .await?;
    Ok(Json(answer))
}

/// What is left of an on-demand package.
#[utoipa::path(get, path = "/api/v1/instances/{id}/package", tag = "usage", operation_id = "instance_package",
    security(("access" = ["user"])),
    params(("id" = String, Path)), responses((status = 200, body = PackageView)))]
async fn package_of_instance(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
) -> Result<Json<PackageView>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let (found, _) = find(tx, who, id)?;
            let left = usage::left(tx, ctx, &found)?;
            package_view(tx, ctx, left)
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct Released {
    id: String,
    state: String,
}

/// Ends an instance that is billed by use; what was used until now is still charged.
#[utoipa::path(post, path = "/api/v1/instances/{id}/release", tag = "usage", operation_id = "instance_release",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), responses((status = 200, body = Released)))]
async fn release(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<Released>, Problem> {
    let found = api.write(caller, move |tx, ctx, who| instance::end_on_demand(tx, ctx, who, id)).await?;
    Ok(Json(Released { id: id.to_string(), state: found.state.to_string() }))
}
