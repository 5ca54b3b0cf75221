//! The people of an account: invited, given roles, moved, removed.

use super::{on_both, sellers::yunshi};
use serde_json::{Value, json};
use testkit::{Platform, Signed};

async fn put(p: &Platform, path: &str, body: Value) -> (u16, Value) {
    p.send("buyer", "PUT", path, Some(&body)).await
}

/// A colleague who joined, with an API token of his own.
async fn join(p: &Platform, login: &str, role: &str) -> (String, String, (String, String)) {
    let invited = p.post("buyer", "/api/v1/invitations", json!({ "login": login, "name": login, "role": role })).await;
    let link = format!("/api/v1/join/{}", invited["secret"].as_str().unwrap());
    let joined = p.post("nobody", &link, json!({ "password": "a-long-password", "language": "en" })).await;
    let session = p
        .http
        .post(format!("{}/api/v1/session", p.url))
        .json(&json!({ "login": login, "password": "a-long-password" }))
        .send()
        .await
        .unwrap();
    let cookie = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = session.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let make = async |path: &str| {
        let body = json!({ "name": "t", "scopes": ["read", "write"] });
        let request = p.http.post(format!("{}{path}", p.url)).header("Cookie", &cookie).header("X-CSRF-Token", &csrf);
        request.json(&body).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let token = make("/api/v1/me/tokens").await["token"].as_str().unwrap().to_owned();
    let keys = make("/api/v1/me/access-keys").await;
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    (joined["user_id"].as_str().unwrap().to_owned(), token, (text("access_key"), text("secret_key")))
}

async fn status(p: &Platform, token: &str, path: &str) -> (u16, String) {
    let answer = p.http.get(format!("{}{path}", p.url)).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn colleagues_act_in_their_role_until_they_are_removed() {
    on_both(async |p| {
        let (member, token, (access, secret)) = join(&p, "ann@qinghe", "member").await;
        let (_, purchaser, _) = join(&p, "bo@qinghe", "purchaser").await;
        let (_, administrator, _) = join(&p, "cy@qinghe", "administrator").await;
        assert_eq!(status(&p, &token, "/api/v1/orders?as=buyer").await.0, 403, "a member sees no orders");
        assert_eq!(status(&p, &token, "/api/v1/me/applications").await.0, 200);
        assert_eq!(status(&p, &token, "/api/v1/wallet").await, (403, "auth.wrong_role".into()));
        assert_eq!(status(&p, &purchaser, "/api/v1/wallet").await.0, 200);
        assert_eq!(status(&p, &purchaser, "/api/v1/colleagues").await, (403, "auth.wrong_role".into()));
        assert_eq!(status(&p, &administrator, "/api/v1/colleagues").await.0, 200);
        let signed = |access: &str, secret: &str| Signed {
            access: access.into(),
            secret: secret.into(),
            ..p.signed("buyer", "GET", "/v3/auth/domains")
        };
        assert_eq!(p.send_signed(&signed(&access, &secret)).await.0, 200);
        let path = format!("/api/v1/colleagues/{member}");
        assert_eq!(p.send("seller", "GET", &path, None).await.0, 404, "another account's colleague");
        assert_eq!(p.send("seller", "DELETE", &path, None).await.0, 404);
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 200);
        assert_eq!(p.send("buyer", "DELETE", &path, None).await.0, 404);
        assert_eq!(status(&p, &token, "/api/v1/me").await, (401, "account.left".into()));
        assert_eq!(p.send_signed(&signed(&access, &secret)).await.0, 401, "nor with his access key");
        let again = p
            .http
            .post(format!("{}/api/v1/session", p.url))
            .json(&json!({ "login": "ann@qinghe", "password": "a-long-password" }))
            .send()
            .await;
        assert_eq!(again.unwrap().json::<Value>().await.unwrap()["code"], "account.left");
    })
    .await;
}

#[tokio::test]
async fn colleagues_departments_and_invitations_are_documents_of_one_account() {
    on_both(async |p| {
        let mine = p.get("buyer", "/api/v1/colleagues").await["colleagues"][0].clone();
        let path = format!("/api/v1/colleagues/{}", mine["id"].as_str().unwrap());
        assert_eq!(mine["me"], true);
        let person = |role: &str| json!({ "name": "林夏", "role": role });
        assert_eq!(put(&p, &path, person("member")).await.1["code"], "colleague.last_administrator");
        let department = |code: &str| format!("/api/v1/departments/{code}");
        for (code, parent) in [("a", None), ("c", Some("a"))] {
            assert_eq!(put(&p, &department(code), json!({ "name": code, "parent": parent })).await.0, 200);
        }
        assert_eq!(put(&p, &department("acc_1"), json!({ "name": "d" })).await.1["code"], "department.bad_code");
        let body = json!({ "login": "n@q", "name": "n", "role": "member", "department": "c" });
        let invited = p.post("buyer", "/api/v1/invitations", body).await;
        assert_eq!(p.send("buyer", "DELETE", &department("c"), None).await.1["code"], "department.not_empty");
        let withdraw = format!("/api/v1/invitations/{}", invited["id"].as_str().unwrap());
        assert_eq!(p.send("buyer2", "DELETE", &withdraw, None).await.0, 404);
        assert_eq!(p.send("buyer", "DELETE", &withdraw, None).await.0, 200);
        let link = format!("/api/v1/join/{}", invited["secret"].as_str().unwrap());
        assert_eq!(p.send("nobody", "GET", &link, None).await.1["code"], "invitation.over");
        assert_eq!(p.send("buyer", "DELETE", &department("c"), None).await.0, 200);
        assert_eq!(p.get("buyer", "/api/v1/departments").await["departments"].as_array().unwrap().len(), 1);
        assert_eq!(p.get("buyer2", "/api/v1/departments").await["departments"], json!([]), "another account's");
        join(&p, "cy@qinghe", "administrator").await;
        let (status, now) = put(&p, &path, person("purchaser")).await;
        assert_eq!((status, &now["role"]), (200, &json!("purchaser")), "there is another: {now}");
        assert_eq!(p.send("buyer", "GET", "/api/v1/colleagues", None).await.0, 403);
    })
    .await;
}

#[tokio::test]
async fn the_command_line_invites_and_removes_people() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let me = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("buyer"))];
    let (code, invited) = yunshi(&["colleague", "invite", "li.lei", "--name", "李雷"], &me).await;
    let link = format!("{}/join/{}", p.url, invited["secret"].as_str().unwrap());
    assert_eq!((code, &invited["link"]), (0, &json!(link)), "{invited}");
    assert_eq!(p.http.get(&link).send().await.unwrap().status(), 200);
    let open = yunshi(&["colleague", "invitations"], &me).await.1;
    assert_eq!((&open["invitations"][0]["login"], &open["invitations"][0]["state"]), (&json!("li.lei"), &json!("open")));
    assert_eq!(yunshi(&["colleague", "withdraw", open["invitations"][0]["id"].as_str().unwrap()], &me).await.0, 0);
    let all = yunshi(&["colleague", "list"], &me).await.1;
    let own = all["colleagues"][0]["id"].as_str().unwrap();
    assert_eq!(yunshi(&["colleague", "remove", own], &me).await.1["code"], "colleague.last_administrator");
    assert_eq!(yunshi(&["sign-on", "mine"], &me).await.1["applications"], json!([]));
}
