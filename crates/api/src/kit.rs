//! Applications that people sign on to: the seller's side, the buyer's bindings and grants, and what one may open oneself.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    state::Api,
    views::{DONE, Done, TextView, time, times},
};
use app::{
    Actor, Caller, Ctx, Error, Key, Tx,
    kit::{self, NewApplication, Shown},
    sign_on,
};
use axum::{Json, extract::State};
use domain::{
    id::{AddressId, ApplicationId, InstanceId, UserId},
    kit::GrantRole,
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::kit::{self as rows, Application};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(applications))
        .routes(routes!(application_put))
        .routes(routes!(application_secret))
        .routes(routes!(binding, bind, unbind))
        .routes(routes!(retry))
        .routes(routes!(grant))
        .routes(routes!(withdraw))
        .routes(routes!(mine))
        .routes(routes!(rotate))
}

/// A seller's application for sign-on.
#[derive(Debug, Serialize, ToSchema)]
struct SignOnApplicationView {
    id: String,
    /// The seller's key of the product.
    product: String,
    name: String,
    login_url: String,
    address: String,
    public_key: String,
    client_id: String,
    redirect_uris: Vec<String>,
    created_at: String,
    updated_at: String,
}

fn application_view(a: Application, product: String) -> Result<SignOnApplicationView, Error> {
    let redirect_uris = serde_json::from_str(&a.redirect_uris).map_err(|e| Error::Row {
        table: "applications",
        key: a.name.clone(),
        what: e.to_string(),
    })?;
    Ok(SignOnApplicationView {
        id: a.id.id::<ApplicationId>().to_string(),
        product,
        name: a.name,
        login_url: a.login_url,
        address: a.address_id.id::<AddressId>().to_string(),
        public_key: a.public_key,
        client_id: a.client_id,
        redirect_uris,
        created_at: time(a.created_at),
        updated_at: time(a.updated_at),
    })
}

#[derive(Debug, Serialize, ToSchema)]
struct SignOnApplicationList {
    applications: Vec<SignOnApplicationView>,
    next: Option<String>,
}

/// The caller's applications for sign-on, newest first.
#[utoipa::path(get, path = "/api/v1/seller/sign-on-applications", tag = "kit", operation_id = "sign_on_application_list",
    security(("access" = ["seller"])), params(Paging), responses((status = 200, body = SignOnApplicationList)))]
async fn applications(
    State(api): State<Api>,
    Who(caller): Who,
    Listed(_none, page): Listed<NoFilter>,
) -> Result<Json<SignOnApplicationList>, Problem> {
    let answer = api
        .read(caller, move |tx, _, who| {
            let found = rows::applications(tx, Key::of(who.account_id), page)?;
            let next = next(&found, page, |(a, _)| (a.created_at.micros(), a.id));
            let applications = found.into_iter().map(|(a, key)| application_view(a, key)).collect::<Result<_, _>>()?;
            Ok(SignOnApplicationList { applications, next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignOnApplicationBody {
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Line<100>,
    /// Where people begin; no other application has it.
    #[schema(value_type = String, max_length = 400)]
    login_url: Line<400>,
    /// An address of protocol `kit` or `kit-v1` whose cases were passed and saved.
    #[schema(value_type = String)]
    address: AddressId,
    /// RSA of at least 3072 bits, as PEM: client secrets are encrypted with it (RSA-OAEP, SHA-256).
    #[schema(value_type = String, max_length = 4000)]
    public_key: String,
    /// 1 to 10 addresses to which codes may be sent, compared letter by letter.
    #[schema(value_type = Vec<String>, max_items = 10)]
    redirect_uris: Vec<Line<400>>,
}

/// Makes or changes the application of a product.
#[utoipa::path(put, path = "/api/v1/seller/sign-on-applications/by-product/{key}", tag = "kit", operation_id = "sign_on_application_put",
    security(("access" = ["seller"])), params(("key" = String, Path, max_length = 60)), request_body = SignOnApplicationBody,
    responses((status = 200, body = SignOnApplicationView)))]
async fn application_put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(product): PathOf<Line<60>>,
    body: Body<SignOnApplicationBody>,
) -> Result<Json<SignOnApplicationView>, Problem> {
    let b = body.value;
    let new = NewApplication {
        name: b.name.into_string(),
        login_url: b.login_url.into_string(),
        address: b.address,
        public_key: b.public_key,
        redirect_uris: b.redirect_uris.into_iter().map(Line::into_string).collect(),
    };
    let saved = api.write(caller, move |tx, ctx, who| {
        let (row, _) = kit::put_application(tx, ctx, who, product.as_str(), &new)?;
        application_view(row, product.as_str().to_owned())
    });
    Ok(Json(saved.await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A new client secret: it is told to the application's server, encrypted, for each company that is bound.
#[utoipa::path(post, path = "/api/v1/seller/sign-on-applications/by-product/{key}/secret", tag = "kit",
    operation_id = "sign_on_application_secret",
    security(("access" = ["seller"])), params(("key" = String, Path, max_length = 60)), request_body = Nothing,
    responses((status = 200, body = SignOnApplicationView)))]
async fn application_secret(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(product): PathOf<Line<60>>,
    _body: Body<Nothing>,
) -> Result<Json<SignOnApplicationView>, Problem> {
    let saved = api.write(caller, move |tx, ctx, who| {
        let row = kit::new_secret(tx, ctx, who, product.as_str())?;
        application_view(row, product.as_str().to_owned())
    });
    Ok(Json(saved.await?))
}

/// A colleague who may use the application.
#[derive(Debug, Serialize, ToSchema)]
struct GrantView {
    user_id: String,
    login: String,
    name: String,
    /// `user` or `admin`.
    role: String,
    granted_at: String,
    signed_on_at: Option<String>,
}

/// A message to the seller that failed; what was answered is the seller's and the operator's to know.
#[derive(Debug, Serialize, ToSchema)]
struct FailedSync {
    activity: String,
    at: String,
}

/// How an instance stands to its application; without one there is nothing to bind.
#[derive(Debug, Serialize, ToSchema)]
struct BindingView {
    /// Its name; none when the seller offers no sign-on.
    application: Option<String>,
    login_url: Option<String>,
    /// `tenant`, `departments`, `credential`, `bound`, `removing`, `removed`; none before the first binding.
    state: Option<String>,
    grants: Vec<GrantView>,
    failed: Vec<FailedSync>,
}

fn binding_view(shown: Option<Shown>) -> BindingView {
    let Some(s) = shown else {
        return BindingView { application: None, login_url: None, state: None, grants: Vec::new(), failed: Vec::new() };
    };
    let grant = |(g, user): (rows::Grant, store::account::User)| GrantView {
        user_id: user.id.id::<UserId>().to_string(),
        login: user.login,
        name: user.name,
        role: g.role.to_string(),
        granted_at: time(g.granted_at),
        signed_on_at: times(g.signed_on_at),
    };
    let failed = |c: store::call::Call| FailedSync { activity: c.activity.to_string(), at: time(c.ended_at.unwrap_or(c.created_at)) };
    BindingView {
        application: Some(s.application.name),
        login_url: Some(s.application.login_url),
        state: s.state.map(|s| s.to_string()),
        grants: s.grants.into_iter().map(grant).collect(),
        failed: s.failed.into_iter().map(failed).collect(),
    }
}

fn show(tx: &mut Tx, who: &Caller, id: InstanceId) -> Result<BindingView, Error> {
    kit::shown(tx, who, id).map(binding_view)
}

/// The application of an instance, who may use it, and what failed.
#[utoipa::path(get, path = "/api/v1/instances/{id}/sign-on", tag = "kit", operation_id = "binding_show", security(("access" = ["buyer"])),
    params(("id" = String, Path)), responses((status = 200, body = BindingView)))]
async fn binding(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<BindingView>, Problem> {
    Ok(Json(api.read(caller, move |tx, _, who| show(tx, who, id)).await?))
}

/// Runs a write on a binding and shows what is there then.
async fn changed(
    api: &Api,
    caller: std::sync::Arc<Caller>,
    id: InstanceId,
    mut write: impl FnMut(&mut Tx, &Ctx, &Caller) -> Result<(), Error> + Send + 'static,
) -> Result<Json<BindingView>, Problem> {
    let done = api.write(caller, move |tx, ctx, who| {
        write(tx, ctx, who)?;
        show(tx, who, id)
    });
    Ok(Json(done.await?))
}

/// Binds the application to the caller's company: its departments and credential are told to the seller.
#[utoipa::path(post, path = "/api/v1/instances/{id}/sign-on", tag = "kit", operation_id = "binding_make", security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = Nothing, responses((status = 200, body = BindingView)))]
async fn bind(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    _body: Body<Nothing>,
) -> Result<Json<BindingView>, Problem> {
    changed(&api, caller, id, move |tx, ctx, who| kit::bind(tx, ctx, who, id)).await
}

/// Ends the binding: nobody signs on any more.
#[utoipa::path(delete, path = "/api/v1/instances/{id}/sign-on", tag = "kit", operation_id = "binding_end", security(("access" = ["buyer"])),
    params(("id" = String, Path)), responses((status = 200, body = BindingView)))]
async fn unbind(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InstanceId>) -> Result<Json<BindingView>, Problem> {
    changed(&api, caller, id, move |tx, ctx, who| kit::unbind(tx, ctx, who, id)).await
}

/// Sends again what failed.
#[utoipa::path(post, path = "/api/v1/instances/{id}/sign-on/retry", tag = "kit", operation_id = "binding_retry",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = Nothing, responses((status = 200, body = BindingView)))]
async fn retry(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    _body: Body<Nothing>,
) -> Result<Json<BindingView>, Problem> {
    changed(&api, caller, id, move |tx, ctx, who| kit::retry(tx, ctx, who, id).map(|_| ())).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantBody {
    /// 1 to 100 colleagues.
    #[schema(value_type = Vec<String>, max_items = 100)]
    users: Vec<UserId>,
    /// `user` or `admin`.
    #[schema(value_type = String, pattern = "^(user|admin)$")]
    role: GrantRole,
}

/// Grants the application to colleagues, or gives those who have it another role there.
#[utoipa::path(post, path = "/api/v1/instances/{id}/sign-on/grants", tag = "kit", operation_id = "grant_give",
    security(("access" = ["buyer"])),
    params(("id" = String, Path)), request_body = GrantBody, responses((status = 200, body = BindingView)))]
async fn grant(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<InstanceId>,
    body: Body<GrantBody>,
) -> Result<Json<BindingView>, Problem> {
    let b = body.value;
    changed(&api, caller, id, move |tx, ctx, who| kit::grant(tx, ctx, who, id, &b.users, b.role)).await
}

/// Withdraws the application from a colleague.
#[utoipa::path(delete, path = "/api/v1/instances/{id}/sign-on/grants/{user}", tag = "kit", operation_id = "grant_withdraw",
    security(("access" = ["buyer"])), params(("id" = String, Path), ("user" = String, Path)),
    responses((status = 200, body = BindingView)))]
async fn withdraw(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf((id, user)): PathOf<(InstanceId, UserId)>,
) -> Result<Json<BindingView>, Problem> {
    changed(&api, caller, id, move |tx, ctx, who| kit::withdraw(tx, ctx, who, id, user)).await
}

/// An application that the caller may open.
#[derive(Debug, Serialize, ToSchema)]
struct MyApplication {
    instance: String,
    name: String,
    product_name: TextView,
    login_url: String,
    role: String,
    granted_at: String,
    signed_on_at: Option<String>,
    /// `running`, or why it does not open now.
    state: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyApplications {
    applications: Vec<MyApplication>,
}

/// The applications that were granted to the caller, newest first.
#[utoipa::path(get, path = "/api/v1/me/applications", tag = "kit", operation_id = "my_applications", security(("access" = ["user"])),
    responses((status = 200, body = MyApplications)))]
async fn mine(State(api): State<Api>, Who(caller): Who) -> Result<Json<MyApplications>, Problem> {
    let applications = api
        .read(caller, |tx, ctx, who| {
            let mut all = Vec::new();
            for (grant, instance, application) in rows::granted(tx, Key::of(who.user_id))? {
                let listing = ctx.listings.approved(tx, instance.revision_id)?;
                all.push(MyApplication {
                    instance: instance.id.id::<InstanceId>().to_string(),
                    name: application.name,
                    product_name: listing.name.clone().into(),
                    login_url: application.login_url,
                    role: grant.role.to_string(),
                    granted_at: time(grant.granted_at),
                    signed_on_at: times(grant.signed_on_at),
                    state: instance.state.to_string(),
                });
            }
            Ok(all)
        })
        .await?;
    Ok(Json(MyApplications { applications }))
}

/// Makes a new key that signs id tokens; the old ones stay published for a while.
#[utoipa::path(post, path = "/api/v1/operator/signing-keys", tag = "kit", operation_id = "signing_key_rotate",
    security(("access" = ["operator:administrator"])), request_body = Nothing, responses((status = 200, body = Done)))]
async fn rotate(State(api): State<Api>, Who(caller): Who, _body: Body<Nothing>) -> Result<Json<Done>, Problem> {
    let made = tokio::task::spawn_blocking(sign_on::new_key).await.map_err(|_| Error::TriedOut)??;
    api.app.write(Actor::Caller(caller), move |tx, ctx| sign_on::keep_key(tx, ctx, &made, true).map(|_| ())).await?;
    Ok(DONE)
}
