//! The consoles: files of the web build, embedded; every other path is the application's own page.

use axum::{
    http::{Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Web;

const PLAIN: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Yunshi</title><h1>Yunshi</h1>\
    <p>The consoles were not built into this binary. Run <code>make run</code>, or use the <a href='/api/docs'>API</a>.</p></html>";

/// Serves a file, or the application for a path that is one of its pages.
pub async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || !matches!(method, Method::GET | Method::HEAD) {
        let problem = crate::problem::Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path");
        return problem.into_response();
    }
    if let Some(file) = Web::get(path).filter(|_| !path.is_empty()) {
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        // Built files carry a hash in their name.
        let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return ([(header::CONTENT_TYPE, mime.as_ref()), (header::CACHE_CONTROL, cache)], file.data.into_owned()).into_response();
    }
    index().map_or_else(plain, |page| Html(page).into_response())
}

/// The application's own page, when the consoles are built in.
pub fn index() -> Option<String> {
    Web::get("index.html").map(|page| String::from_utf8_lossy(&page.data).into_owned())
}

/// What stands in the place of consoles that are not built in.
pub fn plain() -> Response {
    Html(PLAIN).into_response()
}
