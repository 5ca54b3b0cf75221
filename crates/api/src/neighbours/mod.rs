//! The interfaces of other marketplaces for sellers, with their own log-in, paths, documents and errors; each is on by
//! configuration.

mod aws;
mod azure;
mod azure_token;

use crate::state::Api;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa_axum::router::OpenApiRouter;

/// AWS refuses bodies from 1 MB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub fn routes() -> OpenApiRouter<Api> {
    aws::routes().merge(azure::routes()).merge(azure_token::routes())
}

/// The routes of the neighbours that are on.
pub fn router(api: &Api) -> Router<Api> {
    let on = api.app.env.settings.neighbours;
    let mut router = Router::new();
    if on.aws {
        router = router.merge(aws::routes().split_for_parts().0);
    }
    if on.azure {
        let guarded = azure::routes().split_for_parts().0.route_layer(middleware::from_fn_with_state(api.clone(), azure::guard));
        router = router.merge(guarded).merge(azure_token::routes().split_for_parts().0);
    }
    router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}
