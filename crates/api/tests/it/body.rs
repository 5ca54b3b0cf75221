//! Bodies of requests.

use api::body::parse;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the refusals are looked at")]
struct Sample {
    name: domain::text::Line<5>,
    count: u32,
    #[serde(default)]
    inner: Vec<Inner>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the refusals are looked at")]
struct Inner {
    period: domain::period::Period,
}

#[test]
fn each_wrong_field_is_named() {
    for (body, code, pointer) in [
        (r#"{"name":"a"}"#, "body.missing", "/count"),
        (r#"{"name":"a","count":1,"x":2}"#, "body.unknown", "/x"),
        (r#"{"name":"a","count":1,"count":2}"#, "body.duplicate", "/count"),
        (r#"{"name":"abcdef","count":1}"#, "body.bad_field", "/name"),
        (r#"{"name":"a\u0000","count":1}"#, "body.bad_field", "/name"),
        (r#"{"name":"a","count":-1}"#, "body.bad_field", "/count"),
        (r#"{"name":"a","count":99999999999}"#, "body.bad_field", "/count"),
        (r#"{"name":"a","count":1,"inner":[{"period":"1w"}]}"#, "body.bad_field", "/inner/0/period"),
    ] {
        let problem = parse::<Sample>(body.as_bytes()).unwrap_err();
        assert_eq!((problem.code.as_str(), problem.errors[0].pointer.as_str()), (code, pointer), "{body}");
        assert_eq!(problem.status, 422);
    }
    for body in ["", "{", r#"{"name":"a","count":1} x"#, "nonsense"] {
        assert_eq!(parse::<Sample>(body.as_bytes()).unwrap_err().status, 400, "{body}");
    }
}
