//! What is kept of calls on the open APIs.

use api::open_api_log::{code, is_success, text};
use serde_json::json;

#[test]
fn an_answer_tells_whether_it_is_a_refusal() {
    for (document, expected, good) in [
        (json!({ "error_code": "MKT.0000" }), Some("MKT.0000"), true),
        (json!({ "resultCode": "000000" }), Some("000000"), true),
        (json!({ "error_code": "APIGW.0301" }), Some("APIGW.0301"), false),
        (json!({ "error_code": "92020000" }), Some("92020000"), true),
        (json!({ "error_code": "92020011" }), Some("92020011"), false),
        (json!({ "error_code": "95000001" }), Some("95000001"), false),
        (json!({ "__type": "InvalidSignatureException" }), Some("InvalidSignatureException"), false),
        (json!([]), None, true),
    ] {
        let found = code(&document);
        assert_eq!(found.as_deref(), expected);
        assert_eq!(found.is_none_or(|c| is_success(&c)), good, "{document}");
    }
}

#[test]
fn what_is_kept_is_text_and_cut_between_characters() {
    assert_eq!(text("云市".as_bytes()), "云市");
    assert_eq!(text(&"云市".as_bytes()[..4]), "云");
    assert_eq!(text(b"a\0b"), "ab");
    assert_eq!(text(&[0xff, 0xfe]), "(2 bytes that are no text)");
}
