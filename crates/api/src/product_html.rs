//! The page of a product as programs read it: title, description and structured data come from the server,
//! the rest is the application's (`architecture 5`).

use crate::{assets, state::Api, storefront::site_of};
use app::{Actor, catalogue};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use domain::{listing::Listing, money::Currency};
use serde_json::json;

/// What the head of the page says.
pub struct Head {
    pub title: String,
    pub description: String,
    /// schema.org's Product.
    pub data: serde_json::Value,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `zh`, unless the browser asks for English first.
fn language(headers: &HeaderMap) -> &'static str {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if wanted.trim_start().to_ascii_lowercase().starts_with("en") { "en" } else { "zh" }
}

fn head(listing: &Listing, seller: &str, currency: Currency, on_sale: bool, language: &str) -> Head {
    let (name, overview) = (listing.name.get(language), listing.overview.get(language));
    let mut data = json!({
        "@context": "https://schema.org", "@type": "Product", "name": name, "description": overview,
        "brand": { "@type": "Organization", "name": seller },
    });
    if let Some((minor, _)) = listing.price_from() {
        let availability = if on_sale { "https://schema.org/InStock" } else { "https://schema.org/OutOfStock" };
        data["offers"] = json!({
            "@type": "AggregateOffer", "lowPrice": currency.text(minor), "priceCurrency": currency, "availability": availability,
        });
    }
    let brand = if language == "en" { "Yunshi" } else { "云市" };
    Head { title: format!("{name} · {brand}"), description: overview.to_owned(), data }
}

/// Puts the head into the application's page.
#[must_use]
pub fn filled(page: &str, head: &Head) -> String {
    // `<` cannot end the script inside JSON when it is written as an escape.
    let data = head.data.to_string().replace('<', "\\u003c");
    let ours = format!(
        "<title>{}</title>\n    <meta name=\"description\" content=\"{}\" />\n    <script type=\"application/ld+json\">{data}</script>",
        escaped(&head.title),
        escaped(&head.description)
    );
    let without = |page: &str, start: &str, end: &str| match page.split_once(start) {
        Some((before, rest)) => format!("{before}{}", rest.split_once(end).map_or(rest, |(_, after)| after)),
        None => page.to_owned(),
    };
    let bare = without(&without(page, "<title>", "</title>"), "<meta name=\"description\"", "/>");
    bare.replacen("</head>", &format!("{ours}\n  </head>"), 1)
}

/// Serves the page; a product that is not there is the application's page with status 404.
pub async fn serve(State(api): State<Api>, headers: HeaderMap, Path(product): Path<String>) -> Response {
    let Some(page) = assets::index() else { return assets::plain() };
    let sites = api.app.env.settings.sites.clone();
    let Ok(site) = site_of(&sites, &headers) else { return Html(page).into_response() };
    let found = api
        .app
        .read(Actor::Anybody, move |tx, ctx| {
            let (listed, listing) = catalogue::find(tx, ctx, site.code.as_str(), &product)?;
            let on_sale = listed.product.visibility.buyable();
            let sold_at = ctx.site(listed.product.site);
            Ok((listing, listed.seller_name, sold_at.currency, on_sale))
        })
        .await;
    match found {
        Ok((listing, seller, currency, on_sale)) => {
            let vary = [(header::VARY, "accept-language"), (header::CACHE_CONTROL, "no-cache")];
            (vary, Html(filled(&page, &head(&listing, &seller, currency, on_sale, language(&headers))))).into_response()
        }
        Err(_) => (StatusCode::NOT_FOUND, Html(page)).into_response(),
    }
}
