//! The HTTP edge: axum routes, extractors, OpenAPI, the embedded consoles.
//!
//! To add a route: a handler in the file of its noun with `#[utoipa::path]`, whose `security` states who may
//! call it (`("access" = ["buyer"])`; see `domain::access`). The statement is the enforcement: the
//! middleware in [`auth`] reads it from the same description that clients get, and a route without one
//! refuses to start. Then `make openapi` writes the description and generates the web client.

mod access_key;
mod account;
mod asset;
mod assets;
mod auth;
mod bill;
pub mod body;
mod call;
pub mod call_stream;
mod cart;
mod correction;
mod debugger;
mod domain_name;
mod error_page;
mod export;
mod figures;
mod health;
mod home;
mod inbox;
mod instance;
mod interface;
mod kit;
pub mod koogallery;
mod licence;
mod listing_body;
mod message_settings;
mod neighbours;
mod once;
pub mod open_api_log;
mod order;
mod organisation;
pub mod paging;
mod picture;
mod probe;
pub mod problem;
mod product;
pub mod product_html;
mod recording;
mod refused_body;
mod renewal;
mod review;
mod sandbox;
mod seen;
mod seller;
mod sign_on;
mod state;
mod storefront;
mod supervision;
mod tally;
mod timeline;
mod usage;
mod usage_cap;
mod usage_hold;
mod views;
mod wallet;
mod webhook;

pub use sandbox::{Faults, Sandbox};
pub use state::Api;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::openapi::InfoBuilder;
use utoipa_axum::router::OpenApiRouter;

/// Request bodies are at most this long.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(access_key::routes())
        .merge(open_api_log::routes())
        .merge(organisation::routes())
        .merge(kit::routes())
        .merge(seller::routes())
        .merge(interface::routes())
        .merge(domain_name::routes())
        .merge(debugger::routes())
        .merge(product::routes())
        .merge(renewal::routes())
        .merge(review::routes())
        .merge(storefront::routes())
        .merge(home::routes())
        .merge(picture::routes())
        .merge(cart::routes())
        .merge(correction::routes())
        .merge(order::routes())
        .merge(instance::routes())
        .merge(call::routes())
        .merge(call_stream::routes())
        .merge(usage::routes())
        .merge(usage_cap::routes())
        .merge(usage_hold::routes())
        .merge(licence::routes())
        .merge(probe::routes())
        .merge(supervision::routes())
        .merge(asset::routes())
        .merge(recording::routes())
        .merge(wallet::routes())
        .merge(bill::routes())
        .merge(inbox::routes())
        .merge(message_settings::routes())
        .merge(webhook::routes())
        .merge(export::routes())
        .merge(figures::routes())
        .merge(health::api_routes())
        .merge(sandbox::routes())
}

/// The description of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut ours = routes();
    once::describe(ours.get_openapi_mut());
    seen::describe(ours.get_openapi_mut());
    let mut document = ours.merge(koogallery::routes()).merge(neighbours::routes()).merge(sign_on::routes()).into_openapi();
    document.info = InfoBuilder::new()
        .title("Yunshi")
        .version("1")
        .description(Some("The API of the Yunshi marketplace. Errors are application/problem+json with a stable `code`."))
        .build();
    problem::describe(&mut document);
    document
}

/// The whole HTTP face of a node.
///
/// # Panics
/// Never for a request; at start when a route does not state who may call it.
pub fn router(api: Api) -> Router {
    let (router, _) = routes().split_for_parts();
    // Who calls is known before the key of the request is looked at, for it is theirs.
    let guarded = router
        .route_layer(middleware::from_fn_with_state(api.clone(), once::once))
        .route_layer(middleware::from_fn_with_state(api.clone(), auth::guard))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .merge(guarded)
        .merge(
            koogallery::router(&api)
                .merge(neighbours::router(&api))
                .layer(middleware::from_fn_with_state(api.clone(), open_api_log::watch)),
        )
        .merge(sign_on::router().layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
        .route("/api/v1/openapi.json", get(health::openapi_document))
        .route("/api/docs", get(health::docs))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/products/{product}", get(product_html::serve))
        .fallback(assets::serve)
        // From the inside out: a panic becomes a problem, a problem gets its id, and only then is it compressed.
        .layer(CatchPanicLayer::custom(error_page::panicked))
        .layer(middleware::from_fn(refused_body::hear_out))
        .layer(middleware::from_fn(error_page::finish))
        .layer(CompressionLayer::new())
        .with_state(api)
}
