//! Sign-on by OAuth 2 and OpenID Connect, as a client of either sees it (`saas-interface 4`).

use super::{
    kit::{Client, bound, step},
    on_both,
};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use testkit::Platform;

async fn log_in(p: &Platform) -> String {
    let body = json!({ "login": "buyer@sandbox", "password": "open-sesame-2026" });
    let begun = p.http.post(format!("{}/api/v1/session", p.url)).json(&body).send().await.unwrap();
    begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "https%3A%2F%2Fapp.example.com%2Fcb%3Fx%3D1";

async fn code(p: &Platform, client: &Client, cookie: &str) -> String {
    let asked = format!(
        "{}/api/v1/oauth2/authorize?response_type=code&client_id={}&redirect_uri={BACK}&scope=openid%20profile%20email&state=s%26t&nonce=n0&code_challenge={CHALLENGE}&code_challenge_method=S256",
        p.url, client.id
    );
    let (status, back) = step(&asked, cookie).await;
    assert!(status == 302 && back.starts_with("https://app.example.com/cb?x=1&code=") && back.contains("state=s%26t"), "{back}");
    back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn post(p: &Platform, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = p.http.post(format!("{}/api/v1/oauth2/{path}", p.url)).form(form).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn tokens(p: &Platform, client: &Client, code: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "https://app.example.com/cb?x=1"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    post(p, "token", &form).await
}

async fn user_info(p: &Platform, token: &str) -> (u16, Value) {
    let answer =
        p.http.get(format!("{}/api/v1/oauth2/userinfo", p.url)).header(AUTHORIZATION, format!("Bearer {token}")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn codes_and_tokens_follow_the_rules_of_oauth_and_openid() {
    on_both(async |p| {
        let (client, instance, _) = bound(&p).await;
        let cookie = log_in(&p).await;
        let first = code(&p, &client, &cookie).await;
        for (change, error, status) in [
            (("code_verifier", ""), "invalid_grant", 400),
            (("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"), "invalid_grant", 400),
            (("redirect_uri", "https://app.example.com/cb"), "invalid_grant", 400),
            (("client_secret", "guess"), "invalid_client", 401),
            (("code", "guess"), "invalid_grant", 400),
            (("grant_type", "password"), "unsupported_grant_type", 400),
            (("code", ""), "invalid_request", 400),
        ] {
            let (found, answer) = tokens(&p, &client, &first, &[change]).await;
            assert_eq!((found, answer["error"].as_str()), (status, Some(error)), "{change:?} {answer}");
        }
        let (status, given) = tokens(&p, &client, &first, &[]).await;
        assert_eq!(
            (status, &given["token_type"], &given["expires_in"], &given["scope"]),
            (200, &json!("Bearer"), &json!(1800), &json!("openid profile email"))
        );
        check_id_token(&p, &client, given["id_token"].as_str().unwrap()).await;
        let access = given["access_token"].as_str().unwrap().to_owned();
        let (_, claims) = user_info(&p, &access).await;
        assert_eq!((&claims["preferred_username"], &claims["role"]), (&json!("buyer@sandbox"), &json!("user")), "{claims}");
        // Refreshed by HTTP Basic: the former token is void, and whoever shows it ends the sign-on.
        let refresh = async |token: &str| {
            let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
            let request = p.http.post(format!("{}/api/v1/oauth2/token", p.url)).basic_auth(&client.id, Some(&client.secret));
            let answer = request.form(&form).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let former = given["refresh_token"].as_str().unwrap().to_owned();
        let (status, fresh) = refresh(&former).await;
        assert_eq!(status, 200, "{fresh}");
        assert_eq!(user_info(&p, &access).await.0, 401, "its place was taken");
        let access = fresh["access_token"].as_str().unwrap().to_owned();
        assert_eq!(user_info(&p, &access).await.0, 200);
        assert_eq!(refresh(&former).await.1["error"], "invalid_grant");
        assert_eq!(user_info(&p, &access).await.1["error"], "invalid_token", "stolen: all is void");
        // A code that is used twice ends what was given for it.
        let second = code(&p, &client, &cookie).await;
        let access = tokens(&p, &client, &second, &[]).await.1["access_token"].as_str().unwrap().to_owned();
        assert_eq!(tokens(&p, &client, &second, &[]).await.1["error"], "invalid_grant");
        assert_eq!(user_info(&p, &access).await.0, 401);
        // Revoked by the application.
        let third = tokens(&p, &client, &code(&p, &client, &cookie).await, &[]).await.1;
        let token = third["refresh_token"].as_str().unwrap();
        assert_eq!(post(&p, "revoke", &[("token", token), ("client_id", &client.id), ("client_secret", &client.secret)]).await.0, 200);
        assert_eq!(refresh(token).await.1["error"], "invalid_grant");
        let fourth = tokens(&p, &client, &code(&p, &client, &cookie).await, &[]).await.1;
        p.post("operator", "/api/v1/operator/signing-keys", json!({})).await;
        check_log_out(&p, fourth["id_token"].as_str().unwrap(), fourth["access_token"].as_str().unwrap()).await;
        // Frozen: nobody signs on, what was given does not work.
        let fourth = tokens(&p, &client, &code(&p, &client, &cookie).await, &[]).await.1;
        p.post("operator", &format!("/api/v1/operator/instances/{instance}/freeze"), json!({ "reason": "spam" })).await;
        assert_eq!(user_info(&p, fourth["access_token"].as_str().unwrap()).await.0, 401);
        p.verify().await;
    })
    .await;
}

/// Verifies an id token with what the discovery names, as any client does.
async fn check_id_token(p: &Platform, client: &Client, token: &str) {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let found = p.get("nobody", "/.well-known/openid-configuration").await;
    assert_eq!(found["issuer"], p.url.as_str());
    let keys = p.get("nobody", found["jwks_uri"].as_str().unwrap().strip_prefix(&p.url).unwrap()).await;
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let (header, claims): (Value, Value) =
        (serde_json::from_slice(&read(parts[0])).unwrap(), serde_json::from_slice(&read(parts[1])).unwrap());
    let key = keys["keys"].as_array().unwrap().iter().find(|k| k["kid"] == header["kid"]).expect("its key is published");
    let number = |name: &str| rsa::BoxedUint::from_be_slice_vartime(&read(key[name].as_str().unwrap()));
    let public = rsa::PublicKey::new(number("n"), number("e")).unwrap();
    let text = format!("{}.{}", parts[0], parts[1]);
    public.pkcs1v15_verify::<rsa::sha2::Sha256>(text.as_bytes(), &read(parts[2])).expect("our signature");
    assert_eq!(
        (&header["alg"], &claims["iss"], &claims["aud"], &claims["nonce"]),
        (&json!("RS256"), &json!(p.url), &json!(client.id), &json!("n0"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 1800);
    let rotated = p.post("operator", "/api/v1/operator/signing-keys", json!({})).await;
    assert_eq!(rotated["done"], true);
}

/// Logs out at the application, with a token whose key was rotated meanwhile.
async fn check_log_out(p: &Platform, id_token: &str, access: &str) {
    let out = format!("{}/api/v1/oauth2/logout?id_token_hint={id_token}&post_logout_redirect_uri={BACK}&state=z", p.url);
    let signature = id_token.rsplit('.').next().unwrap();
    assert_eq!(step(&out.replace(signature, "AAAA"), "").await, (302, "/".to_owned()), "a hint that we did not sign");
    assert_eq!(user_info(p, access).await.0, 200);
    assert_eq!(step(&out, "").await, (302, "https://app.example.com/cb?x=1&state=z".to_owned()));
    assert_eq!(user_info(p, access).await.0, 401);
    assert_eq!(step(&out.replace("%2Fcb", "%2Fevil"), "").await, (302, "/".to_owned()), "only where the application registered");
}

#[tokio::test]
async fn an_authorisation_request_leads_only_where_the_application_registered() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let (client, _, _) = bound(&p).await;
    let cookie = log_in(&p).await;
    let ask = async |query: String| step(&format!("{}/api/v1/oauth2/authorize?{query}", p.url), &cookie).await;
    let good = format!("client_id={}&redirect_uri={BACK}", client.id);
    for bad in [
        format!("response_type=code&client_id=x&redirect_uri={BACK}"),
        format!("response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fevil.example%2F", client.id),
        format!("response_type=code&client_id={}", client.id),
        format!("response_type=code&{good}&client_id=y"),
    ] {
        let (status, text) = ask(bad).await;
        assert!(status == 400 && text.contains("invalid_request"), "{status} {text}");
    }
    for (more, error) in [
        ("response_type=token", "unsupported_response_type"),
        ("response_type=code&code_challenge=x&code_challenge_method=plain", "invalid_request"),
        ("response_type=code&instance_id=x", "invalid_request"),
        ("response_type=code&instance_id=ins_00000000000000000000000000000000", "access_denied"),
    ] {
        let (status, back) = ask(format!("{good}&{more}")).await;
        assert!(status == 302 && back.starts_with("https://app.example.com/cb?x=1&error=") && back.contains(error), "{more}: {back}");
    }
    let (_, silent) = step(&format!("{}/api/v1/oauth2/authorize?{good}&response_type=code&prompt=none", p.url), "").await;
    assert!(silent.contains("error=login_required"), "{silent}");
}

/// What an application that uses openid-client learns; it checks state, nonce, PKCE and the id token's signature itself.
#[tokio::test]
async fn an_application_with_openid_client_signs_people_on() {
    use std::{process::Stdio, time::Duration};
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        process::Command,
    };
    super::koogallery::set_up_clients();
    on_both(async |p| {
        let (client, instance, _) = bound(&p).await;
        let cookie = log_in(&p).await;
        let mut application = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clients/node/sign-on.mjs"))
            .envs([("YUNSHI_SERVER", p.url.as_str()), ("CLIENT_ID", &client.id), ("CLIENT_SECRET", &client.secret)])
            .env("REDIRECT_URI", "https://app.example.com/callback")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(application.stdout.take().unwrap()).lines();
        let asked = lines.next_line().await.unwrap().expect("an address to open");
        let (status, back) = step(&asked, &cookie).await;
        assert_eq!(status, 302, "{back}");
        let mut input = application.stdin.take().unwrap();
        input.write_all(format!("{back}\n").as_bytes()).await.unwrap();
        drop(input);
        let told = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap();
        let told: Value = serde_json::from_str(&told.expect("what it learnt")).unwrap();
        assert_eq!((&told["claims"]["iss"], &told["claims"]["aud"]), (&json!(p.url), &json!(client.id)), "{told}");
        assert_eq!(told["person"]["preferred_username"], "buyer@sandbox");
        assert_eq!((&told["again"], &told["revoked"]), (&told["person"], &json!(true)), "{told}");
        assert!(told["log_out"].as_str().unwrap().starts_with(&p.url), "{told}");
        assert_eq!(p.instance(&instance).await["state"], "running");
    })
    .await;
}
