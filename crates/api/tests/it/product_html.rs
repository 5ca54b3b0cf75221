//! The head of a product's page.

use api::product_html::{Head, filled};
use serde_json::json;

#[test]
fn the_head_of_a_hostile_listing_stays_text() {
    let hostile = "</script><script>alert(1)</script>\"<b>";
    let head = Head { title: hostile.to_owned(), description: hostile.to_owned(), data: json!({ "name": hostile }) };
    let page = "<html><head><meta name=\"description\" content=\"old\" /><title>old</title></head><body></body></html>";
    let filled = filled(page, &head);
    assert_eq!(filled.matches("<script").count(), 1, "{filled}");
    assert_eq!(filled.matches("</script>").count(), 1, "{filled}");
    assert!(!filled.contains("old") && !filled.contains("<b>"), "{filled}");
}
