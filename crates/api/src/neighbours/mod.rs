//! The interfaces of other marketplaces for sellers, with their own log-in, paths, documents and errors; each is on by
//! configuration.

mod aws;

use crate::state::Api;
use axum::{Router, extract::DefaultBodyLimit};
use utoipa_axum::router::OpenApiRouter;

/// AWS refuses bodies from 1 MB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub fn routes() -> OpenApiRouter<Api> {
    aws::routes()
}

/// The routes of the neighbours that are on.
pub fn router(api: &Api) -> Router<Api> {
    let on = api.app.settings.neighbours;
    let mut router = Router::new();
    if on.aws {
        router = router.merge(aws::routes().split_for_parts().0).merge(aws::alias());
    }
    router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}
