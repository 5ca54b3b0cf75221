//! AWS Marketplace's interface for sellers, by boto3: registration, entitlements, metering.

use super::{
    koogallery::{client, set_up_clients},
    on_both, setup,
};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use testdb::Engine;
use testkit::{Platform, instance_of};

const PAGE: &str = "http://127.0.0.1:9/aws-register";

/// Copies a seeded product of the seller's behind an address of a protocol, and lists it.
pub(crate) async fn list_copy(p: &Platform, of: &str, key: &str, address: Value) {
    let put = async |path: &str, body: Value| {
        let (status, value) = p.send("seller", "PUT", path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {value}");
        value["id"].as_str().unwrap_or_default().to_owned()
    };
    put("/api/v1/seller/keys/by-name/neighbour", json!({ "class": "basic", "secret": "a-key-of-the-tests" })).await;
    let name = address["protocol"].as_str().unwrap().to_owned();
    let address = put(&format!("/api/v1/seller/addresses/by-name/{name}"), address).await;
    let products = p.get("seller", "/api/v1/seller/products").await;
    let found = products["products"].as_array().unwrap().iter().find(|x| x["key"] == of).unwrap().clone();
    let detail = p.get("seller", &format!("/api/v1/seller/products/{}", found["id"].as_str().unwrap())).await;
    let mut listing = detail["revisions"][0]["listing"].clone();
    listing["interface_address"] = json!(address);
    for specification in listing["specifications"].as_array_mut().unwrap() {
        specification["renewal_change_allowed"] = json!(false);
    }
    put(&format!("/api/v1/seller/products/by-key/{key}"), listing).await;
    let products = p.get("seller", "/api/v1/seller/products").await;
    let application = products["products"].as_array().unwrap().iter().find(|x| x["key"] == key).unwrap()["application_id"].clone();
    let application = application.as_str().unwrap();
    p.post("seller", &format!("/api/v1/seller/applications/{application}/submit"), json!({})).await;
    p.post("operator", &format!("/api/v1/operator/applications/{application}/approve"), json!({})).await;
}

async fn sell(p: &Platform, of: &str, key: &str) {
    list_copy(p, of, key, json!({ "url": PAGE, "key": "neighbour", "protocol": "saas-aws" })).await;
}

/// Buys a product; its instance.
pub(crate) async fn bought(p: &Platform, choice: Value) -> String {
    let order = p.post("buyer", "/api/v1/orders", json!({ "choice": choice, "pay": true })).await;
    p.settle().await;
    let order = p.order(&order).await;
    instance_of(&order)
}

async fn token(p: &Platform, instance: &str) -> String {
    let landing = p.post("buyer", &format!("/api/v1/instances/{instance}/set-up"), json!({})).await;
    assert_eq!((&landing["url"], &landing["posted"], &landing["field"]), (&json!(PAGE), &json!(true), &json!("x-amzn-marketplace-token")));
    landing["token"].as_str().unwrap().to_owned()
}

fn by_boto(python: &str, p: &Platform, role: &str, arguments: &[&str]) -> Value {
    let (code, answer) = client(p, python, "python/aws_seller.py", role, arguments);
    assert_eq!(code != 0, answer["error"].is_string(), "{answer}");
    answer
}

async fn now(p: &Platform) -> jiff::Timestamp {
    p.get("operator", "/api/v1/sandbox/clock").await["now"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_contract_opens_at_once_and_is_known_by_its_entitlements() {
    let python = set_up_clients();
    on_both(async |p| {
        sell(&p, "backup", "vault").await;
        let choice = json!({ "product": "vault", "specification": "standard", "sku": "basic/5", "period": "1m", "quantity": 3 });
        let instance = bought(&p, choice.clone()).await;
        let found = p.instance(&instance).await;
        assert_eq!((&found["state"], &found["set_up"]), (&json!("running"), &json!(true)), "{found}");
        assert_eq!(p.calls(&instance).await, [("newInstance".to_owned(), "done".to_owned())]);
        let boto = |arguments: &[&str]| by_boto(&python, &p, "seller", arguments);
        let customer = boto(&["resolve", &token(&p, &instance).await]);
        assert_eq!(customer["ProductCode"], "vault", "{customer}");
        assert_eq!(customer["CustomerAWSAccountId"].as_str().unwrap().len(), 12);
        for _ in 0..3 {
            bought(&p, choice.clone()).await;
        }
        let all = boto(&["entitlements", "vault"]);
        assert_eq!(all["Entitlements"].as_array().unwrap().len(), 4, "page by page: {all}");
        let mine = boto(&["entitlements", "vault", &format!("LICENSE_ARN={}", customer["LicenseArn"].as_str().unwrap())]);
        let mine = &mine["Entitlements"][0];
        assert_eq!((&mine["Dimension"], &mine["Value"]), (&json!("standard.basic.5"), &json!({ "IntegerValue": 3 })), "{mine}");
        assert_eq!(mine["CustomerIdentifier"], customer["CustomerIdentifier"]);
        let end: jiff::Timestamp = mine["ExpirationDate"].as_str().unwrap().parse().unwrap();
        assert_eq!(end.to_string(), found["expires_at"].as_str().unwrap());
        let of = |filter: String| boto(&["entitlements", "vault", &filter])["Entitlements"].as_array().unwrap().len();
        assert_eq!(of(format!("CUSTOMER_IDENTIFIER={}", customer["CustomerIdentifier"].as_str().unwrap())), 4);
        assert_eq!(of(format!("CUSTOMER_AWS_ACCOUNT_ID={}", customer["CustomerAWSAccountId"].as_str().unwrap())), 4);
        assert_eq!((of("CUSTOMER_IDENTIFIER=nobody".into()), of("DIMENSION=standard.pro.5".into())), (0, 0));
        p.advance("40d").await;
        assert_eq!(boto(&["entitlements", "vault"])["Entitlements"], json!([]), "the term ended: {}", p.instance(&instance).await);
        let renew = json!({ "period": "1m", "pay": true });
        p.post("buyer", &format!("/api/v1/instances/{instance}/renew"), renew).await;
        p.settle().await;
        assert_eq!(boto(&["entitlements", "vault"])["Entitlements"].as_array().unwrap().len(), 1);
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn use_is_metered_once_an_hour_and_charged() {
    let python = set_up_clients();
    on_both(async |p| {
        sell(&p, "transcribe", "scribe").await;
        let instance = bought(&p, json!({ "product": "scribe", "specification": "minutes" })).await;
        let boto = |arguments: &[&str]| by_boto(&python, &p, "seller", arguments);
        let customer = boto(&["resolve", &token(&p, &instance).await]);
        let text = |name: &str| customer[name].as_str().unwrap();
        p.advance("3h").await;
        let at = async |back: i64| (now(&p).await - jiff::SignedDuration::from_hours(back)).to_string();
        let one = boto(&["meter", "scribe", text("CustomerIdentifier"), "minutes", "60", &at(2).await]);
        assert_eq!((&one["Results"][0]["Status"], &one["UnprocessedRecords"]), (&json!("Success"), &json!([])), "{one}");
        let again = boto(&["meter-license", text("LicenseArn"), text("CustomerAWSAccountId"), "minutes", "60.0", &at(2).await]);
        assert_eq!(again["Results"][0]["MeteringRecordId"], one["Results"][0]["MeteringRecordId"], "the same hour again: {again}");
        let other = boto(&["meter", "scribe", text("CustomerIdentifier"), "minutes", "61", &at(2).await]);
        assert_eq!(other["Results"][0]["Status"], "DuplicateRecord");
        let fraction = boto(&["meter-license", text("LicenseArn"), text("CustomerAWSAccountId"), "minutes", "0.5", &at(1).await]);
        assert_eq!(fraction["Results"][0]["Status"], "Success");
        let nobody = boto(&["meter", "scribe", "nobody", "minutes", "1", &at(1).await]);
        assert_eq!(nobody["Results"][0]["Status"], "CustomerNotSubscribed");
        for (arguments, error) in [
            (["meter", "nothing", "nobody", "minutes", "1"], "InvalidProductCodeException"),
            (["meter", "scribe", text("CustomerIdentifier"), "hours", "1"], "InvalidUsageDimensionException"),
            (["meter-license", "arn:aws:license-manager::1:license:l-1", "1", "minutes", "1"], "InvalidLicenseException"),
            (["meter-license", text("LicenseArn"), "000000000000", "minutes", "1"], "InvalidLicenseException"),
        ] {
            let mut arguments = arguments.to_vec();
            let at = at(1).await;
            arguments.push(&at);
            assert_eq!(boto(&arguments)["error"], error, "{arguments:?}");
        }
        for back in [30, -1] {
            let refused = boto(&["meter", "scribe", text("CustomerIdentifier"), "minutes", "1", &at(back).await]);
            assert_eq!(refused["error"], "TimestampOutOfBoundsException", "{refused}");
        }
        p.advance("2h").await;
        let records = p.get("seller", "/api/v1/usage-records").await;
        let states: Vec<_> = records["records"].as_array().unwrap().iter().map(|r| (r["value"].clone(), r["state"].clone())).collect();
        assert_eq!(states, [(json!("0.5"), json!("charged")), (json!("60"), json!("charged"))], "{records}");
        p.verify().await;
    })
    .await;
}

#[tokio::test]
async fn tokens_keys_and_sellers_are_checked() {
    let python = set_up_clients();
    let p = Platform::start(setup(Engine::Sqlite)).await;
    sell(&p, "backup", "vault").await;
    let choice = json!({ "product": "vault", "specification": "standard", "sku": "basic/5", "period": "1m" });
    let instance = bought(&p, choice).await;
    let boto = |role: &str, arguments: &[&str]| by_boto(&python, &p, role, arguments)["error"].clone();
    let own = token(&p, &instance).await;
    assert_eq!(boto("seller", &["resolve", "nonsense"]), "InvalidTokenException");
    assert_eq!(boto("seller2", &["resolve", &own]), "InvalidTokenException", "of another seller's customer");
    assert_eq!(boto("seller2", &["entitlements", "vault"]), "InvalidProductCodeException");
    assert_eq!(boto("buyer", &["resolve", &own]), "AccessDeniedException");
    p.advance("2h").await;
    assert_eq!(boto("seller", &["resolve", &own]), "ExpiredTokenException");
    let (_, by_call) = p.buy_open("1m").await;
    let refused = p.refused("buyer", &format!("/api/v1/instances/{by_call}/set-up"), json!({})).await;
    assert_eq!(refused, (409, "registration.not_for_this".into()));
    assert_eq!(p.refused("seller", &format!("/api/v1/instances/{instance}/set-up"), json!({})).await.0, 404);
    let post = async |headers: &[(&str, &str)], body: &str| {
        let mut request = p.http.post(format!("{}/aws/", p.url)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap().to_owned());
        (status, kind, answer.json::<Value>().await.unwrap()["__type"].clone())
    };
    let target = ("x-amz-target", "AWSMPMeteringService.ResolveCustomer");
    let json = "application/x-amz-json-1.1".to_owned();
    assert_eq!(post(&[], "{}").await, (400, json.clone(), json!("UnknownOperationException")));
    assert_eq!(post(&[target], "{}").await, (400, json.clone(), json!("MissingAuthenticationTokenException")));
    let bearer = format!("Bearer {}", p.token("seller"));
    assert_eq!(post(&[target, (AUTHORIZATION.as_str(), &bearer)], "{}").await.2, "IncompleteSignatureException", "a token is no signature");
    let signed =
        "AWS4-HMAC-SHA256 Credential=NOBODY/20260102/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    assert_eq!(post(&[target, (AUTHORIZATION.as_str(), signed)], "{}").await.2, "UnrecognizedClientException");
    assert_eq!(post(&[target], &"x".repeat(2 * 1024 * 1024)).await.2, "RequestEntityTooLarge");
}
