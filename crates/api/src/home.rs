//! The storefront around the products: home page with curated floors, shops, measured facts.

use crate::{
    auth::Who,
    body::{Body, Params, PathOf},
    problem::Problem,
    state::Api,
    storefront::{Card, FacetCount, card, json, site_of},
    views::{DONE, Done, TextView, times},
};
use app::{Actor, Error, storefront};
use axum::{Json, body::Bytes, extract::State, http::HeaderMap, response::Response};
use domain::{
    id::{AccountId, ProductId},
    measure::Facts,
    site::Site,
};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use worker::{Sort, Wanted};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(home)).routes(routes!(facts)).routes(routes!(shop)).routes(routes!(floors, curate))
}

/// How old an answer from memory may be: measured things change with every order.
const FRESH: Duration = Duration::from_secs(20);

/// Products under "new" on the home page.
const NEWEST: usize = 6;

#[derive(Debug, Serialize, ToSchema)]
struct FloorCards {
    name: TextView,
    products: Vec<Card>,
}

/// The home page of a site.
#[derive(Debug, Serialize, ToSchema)]
struct Home {
    /// What the operator puts forward; products that are not on sale now are left out.
    floors: Vec<FloorCards>,
    categories: Vec<FacetCount>,
    newest: Vec<Card>,
    /// Products on sale.
    products: usize,
    /// Sellers with products on sale.
    sellers: usize,
    /// Median time from payment to opening over all sellers, in milliseconds.
    opening_ms: Option<i64>,
}

fn newest(site: &Site) -> Wanted {
    Wanted {
        site: site.code.to_string(),
        text: None,
        category: None,
        seller: None,
        charging: None,
        trial: false,
        price_from: None,
        price_to: None,
        sort: Sort::Newest,
        offset: 0,
        limit: NEWEST,
    }
}

/// The home page: curated floors, categories with counts, what is new, measured facts.
#[utoipa::path(get, path = "/api/v1/storefront", tag = "storefront", operation_id = "storefront_home", security(("access" = ["public"])),
    responses((status = 200, body = Home)))]
async fn home(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?;
    let generation = api.search.generation();
    if let Some((_, _, known)) = api.homes.get(&site.code).filter(|(of, at, _)| *of == generation && at.elapsed() < FRESH) {
        return Ok(json(known));
    }
    let code = site.code;
    let (floors, opening_ms) =
        api.app.read(Actor::Anybody, move |tx, _| Ok::<_, Error>((storefront::floors(tx, code)?, storefront::opening_ms(tx)?))).await?;
    let found = api.search.find(&newest(&site))?;
    let cards = |list: &[serde_json::Value]| list.iter().map(|c| card(c, &site)).collect();
    let mut shown = Vec::new();
    for floor in floors {
        let on_sale = api.search.cards(&floor.products)?;
        shown.push(FloorCards { name: floor.name.into(), products: cards(&on_sale) });
    }
    let home = Home {
        floors: shown,
        categories: found.facets.category.into_iter().map(|(value, count)| FacetCount { value, count }).collect(),
        newest: cards(&found.cards),
        products: found.total,
        sellers: api.search.sellers(code.as_str())?,
        opening_ms,
    };
    let home = Bytes::from(serde_json::to_vec(&home).map_err(|e| Error::row("storefront", code, e))?);
    api.homes.insert(code, (generation, Instant::now(), home.clone()));
    Ok(json(home))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FactsParams {
    /// Ids of up to 20 products, separated by commas.
    products: String,
}

/// What was measured of a product's newest purchases and calls; what was not seen is null.
#[derive(Debug, Serialize, ToSchema)]
struct FactsView {
    product: String,
    /// Purchases that were looked at.
    purchases: usize,
    /// Median time from payment to opening, in milliseconds.
    opening_ms: Option<i64>,
    /// How many of 1000 attempts the seller's interface answered well.
    answered_permille: Option<i64>,
    /// How many of 1000 purchases were given back.
    refunded_permille: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FactsList {
    facts: Vec<FactsView>,
}

fn facts_view(product: ProductId, f: Facts) -> FactsView {
    FactsView {
        product: product.to_string(),
        purchases: f.purchases,
        opening_ms: f.opening_ms,
        answered_permille: f.answered_permille,
        refunded_permille: f.refunded_permille,
    }
}

/// Measured facts of products: opening time, answers of the seller's interface, refunds.
#[utoipa::path(get, path = "/api/v1/product-facts", tag = "storefront", operation_id = "product_facts", security(("access" = ["public"])),
    params(FactsParams), responses((status = 200, body = FactsList)))]
async fn facts(State(api): State<Api>, Params(p): Params<FactsParams>) -> Result<Json<FactsList>, Problem> {
    let wrong = |detail: String| Error::field("/query/products", "query.bad_parameter", detail);
    let ids: Vec<&str> = p.products.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > 20 {
        return Err(wrong("at most 20 products are allowed".to_owned()).into());
    }
    let mut facts = Vec::new();
    for id in ids {
        let product: ProductId = id.parse().map_err(|e: domain::id::BadId| wrong(e.to_string()))?;
        let known = api.facts.get(&product).filter(|(at, _)| at.elapsed() < FRESH);
        let found = match known {
            Some((_, found)) => found,
            None => {
                let found = api.app.read(Actor::Anybody, move |tx, _| storefront::facts(tx, product)).await?;
                api.facts.insert(product, (Instant::now(), found));
                found
            }
        };
        facts.push(facts_view(product, found));
    }
    Ok(Json(FactsList { facts }))
}

/// A seller's shop.
#[derive(Debug, Serialize, ToSchema)]
struct ShopView {
    id: String,
    name: String,
    company_name: String,
    website: String,
    introduction: String,
    /// Id of a picture.
    brand_picture: Option<String>,
    service_phone: String,
    service_mailbox: String,
    /// When the seller was admitted.
    since: Option<String>,
}

/// What a seller says of itself; its products are found by `product_search` with `seller`.
#[utoipa::path(get, path = "/api/v1/shops/{seller}", tag = "storefront", operation_id = "shop_show", security(("access" = ["public"])),
    params(("seller" = String, Path, description = "id of the seller's account")), responses((status = 200, body = ShopView)))]
async fn shop(State(api): State<Api>, PathOf(seller): PathOf<AccountId>) -> Result<Json<ShopView>, Problem> {
    let shop = api.app.read(Actor::Anybody, move |tx, _| storefront::shop(tx, seller)).await?;
    let p = shop.profile;
    Ok(Json(ShopView {
        id: seller.to_string(),
        name: shop.name,
        company_name: p.company_name,
        website: p.website,
        introduction: p.introduction,
        brand_picture: p.brand_picture.map(|b| b.to_string()),
        service_phone: p.service_phone,
        service_mailbox: p.service_mailbox,
        since: times(shop.since),
    }))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FloorBody {
    name: TextView,
    /// Ids of products, in the order in which they are shown.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 12)]
    products: Vec<ProductId>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FloorsBody {
    #[schema(max_items = 10)]
    floors: Vec<FloorBody>,
}

/// The curated floors of a site, as they are kept.
#[utoipa::path(get, path = "/api/v1/operator/floors", tag = "operator", operation_id = "floors_show", security(("access" = ["operator"])),
    responses((status = 200, body = FloorsBody)))]
async fn floors(State(api): State<Api>, headers: HeaderMap, Who(caller): Who) -> Result<Json<FloorsBody>, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?.code;
    let found = api.read(caller, move |tx, _, _| storefront::floors(tx, site)).await?;
    let body = |f: storefront::Floor| FloorBody { name: f.name.into(), products: f.products };
    Ok(Json(FloorsBody { floors: found.into_iter().map(body).collect() }))
}

/// Puts floors in the place of those of a site.
#[utoipa::path(put, path = "/api/v1/operator/floors", tag = "operator", operation_id = "floors_curate",
    security(("access" = ["operator:reviewer"])),
    request_body = FloorsBody, responses((status = 200, body = Done)))]
async fn curate(State(api): State<Api>, headers: HeaderMap, Who(caller): Who, body: Body<FloorsBody>) -> Result<Json<Done>, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?.code;
    let read = |f: FloorBody| storefront::Floor { name: f.name.into(), products: f.products };
    let floors: Vec<_> = body.value.floors.into_iter().map(read).collect();
    api.write(caller, move |tx, ctx, _| storefront::curate(tx, ctx, site, &floors)).await?;
    api.homes.remove(&site);
    Ok(DONE)
}
