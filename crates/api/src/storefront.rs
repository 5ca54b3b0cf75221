//! The storefront: search, product pages, quotes. Public.

use crate::{
    auth::Who,
    body::{Body, Flag, Params, PathOf},
    listing_body::{ExtensionBody, ListingBody, SpecificationBody, SupportBody},
    problem::Problem,
    state::Api,
    views::{MoneyView, TextView},
};
use app::{Actor, Error, catalogue, order};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use domain::{
    id::{AccountId, ProductId},
    listing::{Category, Listing},
    money::Money,
    period::{ChargingMode, Period},
    site::{Site, Sites},
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use store::product::Listed;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use worker::{Sort, Wanted};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(search)).routes(routes!(show)).routes(routes!(quote)).routes(routes!(sites))
}

/// The site of a request: `X-Site`, else that of the host (contract, HTTP).
pub(crate) fn site_of(sites: &Sites, headers: &HeaderMap) -> Result<Site, Error> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let code = match headers.get("x-site") {
        None => sites.of_host(text("host").unwrap_or_default()),
        Some(_) => text("x-site").and_then(|v| v.parse().ok()).filter(|code| sites.serves(*code)).ok_or_else(|| {
            let served: Vec<&str> = sites.all().iter().map(|s| s.code.as_str()).collect();
            Error::field("/header/X-Site", "site.unknown", format!("choose one of {}", served.join(", ")))
        })?,
    };
    Ok(sites.of(code))
}

#[derive(Debug, Serialize, ToSchema)]
struct SiteView {
    code: String,
    currency: String,
    /// IANA name such as `Asia/Shanghai`, or an offset such as `+08:00`.
    time_zone: String,
    /// Host names that lead to it; none when it is reached by `X-Site` alone.
    hosts: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SiteList {
    sites: Vec<SiteView>,
    /// The site of this request.
    current: String,
}

/// A site's time zone as clocks outside know it.
fn zone(site: &Site) -> String {
    let minutes = site.time_zone.to_fixed_offset().map_or(0, |offset| offset.seconds() / 60);
    let fixed = || format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60);
    site.time_zone.iana_name().map_or_else(fixed, str::to_owned)
}

/// The sites of this deployment.
#[utoipa::path(get, path = "/api/v1/sites", tag = "storefront", operation_id = "site_list", security(("access" = ["public"])),
    responses((status = 200, body = SiteList)))]
async fn sites(State(api): State<Api>, headers: HeaderMap) -> Result<Json<SiteList>, Problem> {
    let sites = &api.app.env.settings.sites;
    let view =
        |s: &Site| SiteView { code: s.code.to_string(), currency: s.currency.to_string(), time_zone: zone(s), hosts: s.hosts.clone() };
    Ok(Json(SiteList { sites: sites.all().iter().map(view).collect(), current: site_of(sites, &headers)?.code.to_string() }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchParams {
    /// Words in Chinese or English.
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    category: Option<Category>,
    /// Id of the seller's account.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    seller: Option<AccountId>,
    /// `PERIOD`, `ONE_TIME`, `ON_DEMAND` or `ON_DEMAND_PKG`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    charging: Option<ChargingMode>,
    /// `true`: only products with a trial.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    trial: Flag,
    /// Lowest price, such as `100.00`.
    #[serde(default)]
    price_from: Option<String>,
    #[serde(default)]
    price_to: Option<String>,
    /// `relevance`, `newest`, `price_up`, `price_down`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Option<Sort>,
    /// From 1 to 100.
    #[serde(default)]
    page: Option<String>,
}

/// A product in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Card {
    id: String,
    key: String,
    name: TextView,
    overview: TextView,
    category: Option<String>,
    seller_id: String,
    seller_name: String,
    /// Id of a picture.
    logo: Option<String>,
    price_from: Option<MoneyView>,
    /// `month`, `year` or `once`.
    price_per: Option<String>,
    trial_days: Option<u16>,
    /// How it is delivered, such as `saas` or `license_code`.
    access_type: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetCount {
    pub value: String,
    pub count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct Results {
    total: usize,
    page: usize,
    page_size: usize,
    products: Vec<Card>,
    categories: Vec<FacetCount>,
    charging_modes: Vec<FacetCount>,
    with_trial: u64,
}

const PAGE_SIZE: usize = 12;

fn wanted(site: Site, p: SearchParams) -> Result<(Wanted, usize), Error> {
    let bad = |name: &str, detail: String| Error::field(&format!("/query/{name}"), "query.bad_parameter", detail);
    let price = |name: &str, text: Option<&String>| {
        text.map(|t| Money::parse(t, site.currency).map(|m| m.minor.unsigned_abs()).map_err(|e| bad(name, e.to_string()))).transpose()
    };
    let page: usize = match p.page.as_deref() {
        None => 1,
        Some(text) => {
            text.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(|| bad("page", "must be a number from 1 to 100".to_owned()))?
        }
    };
    if p.q.as_ref().is_some_and(|q| q.chars().count() > 200) {
        return Err(bad("q", "at most 200 characters are allowed".to_owned()));
    }
    let otherwise = if p.q.is_some() { Sort::Relevance } else { Sort::Newest };
    let wanted = Wanted {
        site: site.code.to_string(),
        category: p.category,
        seller: p.seller,
        charging: p.charging.map(|c| c.to_string()),
        trial: p.trial.0,
        price_from: price("price_from", p.price_from.as_ref())?,
        price_to: price("price_to", p.price_to.as_ref())?,
        text: p.q,
        sort: p.sort.unwrap_or(otherwise),
        offset: (page - 1) * PAGE_SIZE,
        limit: PAGE_SIZE,
    };
    Ok((wanted, page))
}

pub(crate) fn card(json: &serde_json::Value, site: &Site) -> Card {
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let both = |name: &str| serde_json::from_value(json[name].clone()).unwrap_or_default();
    Card {
        id: text("id"),
        key: text("key"),
        name: both("name"),
        overview: both("overview"),
        category: json["category"].as_str().map(str::to_owned),
        seller_id: text("seller_id"),
        seller_name: text("seller_name"),
        logo: json["logo"].as_str().map(str::to_owned),
        price_from: json["price_from_minor"].as_i64().map(|m| Money::new(m, site.currency).into()),
        price_per: json["price_per"].as_str().map(str::to_owned),
        trial_days: json["trial_days"].as_u64().and_then(|d| u16::try_from(d).ok()),
        // An index that an older release made does not say it.
        access_type: json["access_type"].as_str().unwrap_or("saas").to_owned(),
    }
}

/// Searches the products on sale at a site.
#[utoipa::path(get, path = "/api/v1/products", tag = "storefront", operation_id = "product_search", security(("access" = ["public"])),
    params(SearchParams), responses((status = 200, body = Results)))]
async fn search(State(api): State<Api>, headers: HeaderMap, uri: Uri, Params(p): Params<SearchParams>) -> Result<Response, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?;
    let (wanted, page) = wanted(site.clone(), p)?;
    // The same question to the same index has the same answer.
    let key = (site.code, uri.query().unwrap_or_default().to_owned());
    let generation = api.search.generation();
    if let Some((_, known)) = api.results.get(&key).filter(|(of, _)| *of == generation) {
        return Ok(json(known));
    }
    let results = serde_json::to_vec(&results(&api, &site, &wanted, page)?).map_err(|e| Error::row("search", &key.1, e))?;
    let results = Bytes::from(results);
    api.results.insert(key, (generation, results.clone()));
    Ok(json(results))
}

/// A document that is written already.
pub(crate) fn json(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

fn results(api: &Api, site: &Site, wanted: &Wanted, page: usize) -> Result<Results, Error> {
    let found = api.search.find(wanted)?;
    let counts = |list: Vec<(String, u64)>| list.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
    Ok(Results {
        total: found.total,
        page,
        page_size: PAGE_SIZE,
        products: found.cards.iter().map(|c| card(c, site)).collect(),
        categories: counts(found.facets.category),
        charging_modes: counts(found.facets.charging),
        with_trial: found.facets.trial,
    })
}

/// What a buyer sees of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductPage {
    /// `saas` or `license_code`.
    access_type: String,
    /// How it is delivered under service supervision; null when it is not supervised.
    delivery: Option<crate::listing_body::DeliveryBody>,
    id: String,
    key: String,
    site: String,
    currency: String,
    /// `on_sale`, `hidden` (by link only), `frozen`, `stopped`.
    visibility: String,
    seller_id: String,
    seller_name: String,
    name: TextView,
    category: Option<String>,
    overview: TextView,
    /// HTML made from the seller's markdown, cleaned.
    description_html: TextView,
    highlights: Vec<TextView>,
    /// Id of a picture.
    logo: Option<String>,
    /// Ids of the main pictures.
    pictures: Vec<String>,
    support: SupportBody,
    usage_guide_html: TextView,
    agreement_html: TextView,
    specifications: Vec<SpecificationBody>,
    extension_parameters: Vec<ExtensionBody>,
    /// Personal data that it asks for: `mobile_phone`, `email`, `user_id`.
    personal_data: Vec<String>,
}

/// Markdown from a seller as harmless HTML.
fn html(text: &domain::listing::Bilingual) -> TextView {
    let render = |source: &str| {
        let mut out = String::new();
        pulldown_cmark::html::push_html(&mut out, pulldown_cmark::Parser::new(source));
        ammonia::clean(&out)
    };
    TextView { zh: render(&text.zh), en: render(&text.en) }
}

/// What another node changed is seen this much later.
const OTHER_NODES: Duration = Duration::from_secs(1);

/// A product's page; hidden products are reached by their link.
#[utoipa::path(get, path = "/api/v1/products/{product}", tag = "storefront", operation_id = "product_page",
    security(("access" = ["public"])),
    params(("product" = String, Path, description = "id or key")), responses((status = 200, body = ProductPage)))]
async fn show(State(api): State<Api>, headers: HeaderMap, PathOf(product): PathOf<String>) -> Result<Response, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?.code;
    let asked = (site, product.clone());
    let writes = api.app.writes.load(Ordering::SeqCst);
    if let Some((_, _, known)) = api.shown.get(&asked).filter(|(of, at, _)| *of == writes && at.elapsed() < OTHER_NODES) {
        return Ok(json(known));
    }
    let (listed, listing) = api.app.read(Actor::Anybody, move |tx, ctx| catalogue::find(tx, ctx, site.as_str(), &product)).await?;
    let key = (listed.revision_id, listed.product.visibility.to_string(), listed.seller_name.clone());
    let page = match api.pages.get(&key) {
        Some(known) => known,
        None => {
            let page = serde_json::to_vec(&product_page(&api.app.env.settings.sites, listed, &listing)?)
                .map_err(|e| Error::row("products", hex::encode(key.0.0), e))?;
            let page = Bytes::from(page);
            api.pages.insert(key, page.clone());
            page
        }
    };
    api.shown.insert(asked, (writes, Instant::now(), page.clone()));
    Ok(json(page))
}

pub(crate) fn product_page(sites: &Sites, listed: Listed, listing: &Listing) -> Result<ProductPage, Error> {
    let code = listed.product.site;
    let body = ListingBody::of(listing, sites.of(code).currency);
    Ok(ProductPage {
        personal_data: listing.personal_data.iter().map(ToString::to_string).collect(),
        access_type: listing.access_type.to_string(),
        delivery: listing.delivery.as_ref().map(crate::listing_body::DeliveryBody::of),
        id: listed.product.id.id::<ProductId>().to_string(),
        key: listed.product.key,
        site: code.to_string(),
        currency: sites.of(code).currency.to_string(),
        visibility: listed.product.visibility.to_string(),
        seller_id: listed.product.seller_id.id::<AccountId>().to_string(),
        seller_name: listed.seller_name,
        name: body.name,
        category: body.category,
        overview: body.overview,
        description_html: html(&listing.description),
        highlights: body.highlights,
        logo: body.logo,
        pictures: body.pictures,
        support: body.support,
        usage_guide_html: html(&listing.usage_guide),
        agreement_html: html(&listing.agreement),
        specifications: body.specifications.into_iter().filter(|s| s.on_sale != Some(false)).collect(),
        extension_parameters: body.extension_parameters,
    })
}

/// A choice of product, combination, time and number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceBody {
    /// Id or key.
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    pub product: Line<80>,
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    pub specification: Line<60>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub sku: Option<Line<200>>,
    /// Such as `1m` or `1y`; left out for one-time specifications.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5)]
    pub period: Option<Period>,
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: u32,
    #[serde(default)]
    pub trial: bool,
}

fn one() -> u32 {
    1
}

impl ChoiceBody {
    pub fn choice(&self) -> order::Choice {
        order::Choice {
            product: self.product.as_str().to_owned(),
            specification: self.specification.as_str().to_owned(),
            sku: self.sku.as_ref().map(|s| s.as_str().to_owned()),
            period: self.period,
            quantity: self.quantity,
            trial: self.trial,
        }
    }
}

/// What a choice costs, worked out.
#[derive(Debug, Serialize, ToSchema)]
struct QuoteView {
    product_id: String,
    sku: String,
    unit_price: MoneyView,
    units: i64,
    quantity: i64,
    /// The same time at the monthly price, when that is more.
    by_month: Option<MoneyView>,
    saving: Option<MoneyView>,
    total: MoneyView,
    /// An estimate: the term begins when the seller opens.
    ends_at: Option<String>,
    trial: bool,
    /// Of the price: sent as `If-Match` with an order, which is refused when it costs another amount then.
    version: String,
}

/// Works out the price of a choice. With a caller, also whether this buyer may have it.
#[utoipa::path(post, path = "/api/v1/quotes", tag = "storefront", operation_id = "quote_make", security(("access" = ["public"])),
    request_body = ChoiceBody, responses((status = 200, body = QuoteView)))]
async fn quote(
    State(api): State<Api>,
    headers: HeaderMap,
    caller: Option<Who>,
    body: Body<ChoiceBody>,
) -> Result<Json<QuoteView>, Problem> {
    let site = site_of(&api.app.env.settings.sites, &headers)?;
    let choice = body.value.choice();
    let caller = caller.map(|w| w.0);
    let actor = caller.clone().map_or(Actor::Anybody, Actor::Caller);
    let q = api.app.read(actor, move |tx, ctx| order::quote(tx, ctx, caller.as_deref(), &site, &choice)).await?;
    let saving = q.price.by_month.map(|m| Money::new(m.minor - q.price.total.minor, m.currency).into());
    let version = q.version();
    Ok(Json(QuoteView {
        version,
        product_id: q.listed.product.id.id::<ProductId>().to_string(),
        sku: q.sku.key.clone(),
        unit_price: q.price.unit.into(),
        units: q.price.units,
        quantity: q.price.quantity,
        by_month: q.price.by_month.map(Into::into),
        saving,
        total: q.price.total.into(),
        ends_at: q.ends_at.map(|e| e.to_string()),
        trial: q.kind == domain::order::OrderKind::Trial,
    }))
}
