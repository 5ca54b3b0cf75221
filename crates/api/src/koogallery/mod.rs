//! KooGallery's open APIs at their own paths, on any host, with their signatures and error documents
//! (`open-api`). Which use case is called is ours; the paths, names and codes are not.

mod activation;
mod buyer;
mod deployed;
pub(crate) mod gateway;
mod iam;
pub mod licence;
mod market_event;
mod order_query;
pub(crate) mod refusal;
mod usage;

pub(crate) use activation::Activations;
pub use gateway::Quotas;

use crate::state::Api;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// Where the open APIs live; an unknown path below is answered in their own way.
const PREFIXES: [&str; 4] =
    ["/api/mkp-openapi-public/{*rest}", "/rest/marketplace/{*rest}", "/v1.0/{partner_id}/billing/{*rest}", "/v3/{*rest}"];

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(iam::routes())
        .merge(order_query::routes())
        .merge(licence::routes())
        .merge(market_event::routes())
        .merge(buyer::routes())
        .merge(usage::routes())
        .merge(deployed::routes())
}

/// The routes behind the gateway that checks signatures.
pub fn router(api: &Api) -> Router<Api> {
    let (router, _) = routes().split_for_parts();
    let guarded = router.route_layer(middleware::from_fn_with_state(api.clone(), gateway::guard));
    let unknown = PREFIXES.into_iter().fold(Router::new(), |r, path| r.route(path, axum::routing::any(gateway::unknown)));
    in_own_words(unknown.merge(guarded).layer(DefaultBodyLimit::max(gateway::BODY_BYTES_MAX)))
}

/// Also what should never happen is answered as the gateway answers.
pub fn in_own_words<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(CatchPanicLayer::custom(gateway::panicked))
}
