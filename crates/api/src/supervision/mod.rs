//! Service supervision: cases for the sides of an order, the desk and the templates of the platform.

mod act;
mod desk;
mod file;
mod template;
mod view;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().merge(view::routes()).merge(act::routes()).merge(file::routes()).merge(desk::routes()).merge(template::routes())
}
