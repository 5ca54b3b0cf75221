//! Keys, interface addresses, the debugger.

use crate::{
    auth::Who,
    body::{Body, Flag, Params, PathOf},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time},
};
use app::{
    Actor, Caller, Error, Key,
    interface::{self, InterfaceClass},
};
use axum::{Json, extract::State};
use domain::{
    id::{AddressId, KeyId},
    listing::AccessType,
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::interface as rows;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::conformance::Protocol;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(key_list, key_add))
        .routes(routes!(key_put))
        .routes(routes!(key_delete))
        .routes(routes!(address_list))
        .routes(routes!(address_put))
        .routes(routes!(case_list))
}

#[derive(Debug, Serialize, ToSchema)]
struct KeyView {
    id: String,
    name: String,
    class: String,
    created_at: String,
    /// Only when the key is made.
    secret: Option<String>,
}

fn key_view(k: rows::AccessKey, secret: Option<String>) -> KeyView {
    KeyView { id: k.id.id::<KeyId>().to_string(), name: k.name, class: k.class.to_string(), created_at: time(k.created_at), secret }
}

#[derive(Debug, Serialize, ToSchema)]
struct KeyList {
    keys: Vec<KeyView>,
}

/// The caller's access keys, without their secrets.
#[utoipa::path(get, path = "/api/v1/seller/keys", tag = "seller", operation_id = "interface_key_list", security(("access" = ["seller"])),
    responses((status = 200, body = KeyList)))]
async fn key_list(State(api): State<Api>, Who(caller): Who) -> Result<Json<KeyList>, Problem> {
    let keys = api.read(caller, |tx, _, who| Ok(rows::keys(tx, Key::of(who.account_id))?)).await?;
    Ok(Json(KeyList { keys: keys.into_iter().map(|k| key_view(k, None)).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `basic`, `kit_sync`, `licence`, `general`.
    #[schema(value_type = String, pattern = "^(basic|kit_sync|licence|general)$")]
    class: InterfaceClass,
    /// Made by the platform when it is left out.
    #[serde(default)]
    #[schema(min_length = 8, max_length = 128)]
    secret: Option<String>,
}

/// Adds a key; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/seller/keys", tag = "seller", operation_id = "interface_key_add", security(("access" = ["seller"])),
    request_body = KeyBody, responses((status = 200, body = KeyView)))]
async fn key_add(State(api): State<Api>, Who(caller): Who, body: Body<KeyBody>) -> Result<Json<KeyView>, Problem> {
    let b = body.value;
    let (key, secret) =
        api.write(caller, move |tx, ctx, who| interface::add_key(tx, ctx, who, b.name.as_str(), b.class, b.secret.as_deref())).await?;
    Ok(Json(key_view(key, Some(secret))))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyPutBody {
    #[schema(value_type = String, pattern = "^(basic|kit_sync|licence|general)$")]
    class: InterfaceClass,
    #[schema(min_length = 8, max_length = 128)]
    secret: String,
}

/// Whether to do it or only to say what would be done.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRun {
    /// `true`: nothing is changed.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    dry_run: Flag,
}

impl DryRun {
    pub(crate) fn is_on(&self) -> bool {
        self.dry_run.0
    }
}

/// What a declaration did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Declared {
    /// `created`, `updated`, `unchanged`.
    pub action: String,
    pub id: String,
}

/// Runs a declaration, or tries it out.
pub(crate) async fn declare<F>(api: &Api, caller: Arc<Caller>, dry: bool, mut unit: F) -> Result<Json<Declared>, Problem>
where
    F: FnMut(&mut app::Tx, &app::Ctx, &Caller) -> Result<Declared, Error> + Send + 'static,
{
    if dry {
        let who = caller.clone();
        let tried = api.app.try_out(Actor::Caller(caller), move |tx, ctx| unit(tx, ctx, &who)).await?;
        return Ok(Json(tried));
    }
    Ok(Json(api.write(caller, unit).await?))
}

/// Declares a key with a given secret; repeatable.
#[utoipa::path(put, path = "/api/v1/seller/keys/by-name/{name}", tag = "seller", operation_id = "interface_key_put",
    security(("access" = ["seller"])),
    params(("name" = String, Path), DryRun), request_body = KeyPutBody, responses((status = 200, body = Declared)))]
async fn key_put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(name): PathOf<Line<60>>,
    Params(dry): Params<DryRun>,
    body: Body<KeyPutBody>,
) -> Result<Json<Declared>, Problem> {
    let b = body.value;
    declare(&api, caller, dry.is_on(), move |tx, ctx, who| {
        let (key, change) = interface::put_key(tx, ctx, who, name.as_str(), b.class, &b.secret)?;
        Ok(Declared { action: change.to_string(), id: key.id.id::<KeyId>().to_string() })
    })
    .await
}

/// Deletes a key that no address uses.
#[utoipa::path(delete, path = "/api/v1/seller/keys/{id}", tag = "seller", operation_id = "interface_key_delete",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn key_delete(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<KeyId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| interface::delete_key(tx, ctx, who, id)).await?;
    Ok(DONE)
}

#[derive(Debug, Serialize, ToSchema)]
struct AddressView {
    id: String,
    name: String,
    url: String,
    key_id: String,
    key_name: String,
    /// `saas-v2`, `saas-v1`, `kit`, `kit-v1`, `license`, `license-v1`, `license-online`, `order-notify`, `saas-aws` or `saas-azure`.
    protocol: String,
    always_test_flag: bool,
    send_empty_parameters: bool,
    /// Order notifications: key of the one product that they are about.
    product: Option<String>,
    /// Order notifications: the access type of the products that they are about; about all when this and `product` are none.
    access_type: Option<String>,
    /// `saas-azure`: where a buyer sets a subscription up.
    landing_page: Option<String>,
    updated_at: String,
    /// The cases that passed.
    cases: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AddressList {
    addresses: Vec<AddressView>,
}

/// The caller's interface addresses.
#[utoipa::path(get, path = "/api/v1/seller/addresses", tag = "seller", operation_id = "interface_address_list",
    security(("access" = ["seller"])),
    responses((status = 200, body = AddressList)))]
async fn address_list(State(api): State<Api>, Who(caller): Who) -> Result<Json<AddressList>, Problem> {
    let addresses = api
        .read(caller, |tx, _, who| {
            let seller = Key::of(who.account_id);
            let keys = rows::keys(tx, seller)?;
            let mut views = Vec::new();
            for a in rows::addresses(tx, seller)? {
                let cases = rows::cases(tx, a.id)?.into_iter().map(|c| c.scenario).collect();
                let key_name = keys.iter().find(|k| k.id == a.key_id).map_or_else(String::new, |k| k.name.clone());
                let product = a.notify_product_id.map(|id| store::product::lookup(tx, seller, id)).transpose()?.flatten().map(|p| p.key);
                views.push(AddressView {
                    id: a.id.id::<AddressId>().to_string(),
                    name: a.name,
                    url: a.url,
                    key_id: a.key_id.id::<KeyId>().to_string(),
                    key_name,
                    protocol: a.protocol,
                    always_test_flag: a.always_test_flag,
                    send_empty_parameters: a.send_empty_parameters,
                    product,
                    landing_page: a.landing_page,
                    access_type: a.notify_access_type,
                    updated_at: time(a.updated_at),
                    cases,
                });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(AddressList { addresses }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressBody {
    /// https and a domain. `saas-aws`: the page that a buyer is sent to; `saas-azure`: the webhook.
    #[schema(max_length = 400)]
    url: String,
    /// Name of a key of class basic; `licence` for `license`, `kit_sync` for `kit` and `kit-v1`, `general` for `order-notify`.
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    key: Line<60>,
    /// `saas-v2` (also when left out), `saas-v1`, `kit`, `kit-v1`, `license`, `license-v1`, `license-online`, `order-notify`,
    /// `saas-aws` or `saas-azure`.
    #[serde(default)]
    #[schema(pattern = "^(saas-(v[12]|aws|azure)|kit(-v1)?|license(-v1|-online)?|order-notify)$")]
    protocol: Option<String>,
    /// For sellers who want `testFlag` in every call.
    #[serde(default)]
    always_test_flag: bool,
    /// SaaS 1.0: for sellers who sign a fixed list of parameters; those that are not known are sent empty.
    #[serde(default)]
    send_empty_parameters: bool,
    /// `order-notify`: key of the product whose orders are told; those of all when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 80)]
    product: Option<Line<80>>,
    /// `order-notify`: the orders of all products of an access type are told: `saas`, `license_code`, `license_1x` or `license_online`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    access_type: Option<AccessType>,
    /// `saas-azure`: the page on which a buyer sets a subscription up.
    #[serde(default)]
    #[schema(max_length = 400)]
    landing_page: Option<String>,
}

/// The protocol of a declared address.
fn protocol(name: Option<&str>) -> Result<Protocol, Error> {
    let known = || {
        let names: Vec<&str> = Protocol::ALL.iter().map(|p| p.name()).collect();
        Error::field("/protocol", "interface.bad_protocol", format!("choose one of {}", names.join(", ")))
    };
    name.map_or(Ok(Protocol::SaasV2), |name| Protocol::from_name(name).ok_or_else(known))
}

/// Declares an interface address; repeatable. A changed one loses its saved cases.
#[utoipa::path(put, path = "/api/v1/seller/addresses/by-name/{name}", tag = "seller", operation_id = "interface_address_put",
    security(("access" = ["seller"])),
    params(("name" = String, Path), DryRun), request_body = AddressBody, responses((status = 200, body = Declared)))]
async fn address_put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(name): PathOf<Line<60>>,
    Params(dry): Params<DryRun>,
    body: Body<AddressBody>,
) -> Result<Json<Declared>, Problem> {
    let b = body.value;
    let protocol = protocol(b.protocol.as_deref())?;
    declare(&api, caller, dry.is_on(), move |tx, ctx, who| {
        let keys = rows::keys(tx, Key::of(who.account_id))?;
        let key = keys
            .iter()
            .find(|k| k.name == b.key.as_str())
            .ok_or_else(|| Error::field("/key", "interface.key_not_found", "you have no key of this name"))?;
        let new = interface::NewAddress {
            name: name.as_str().to_owned(),
            url: b.url.clone(),
            key_id: key.id.id(),
            protocol,
            always_test_flag: b.always_test_flag,
            send_empty_parameters: b.send_empty_parameters,
            product: b.product.as_ref().map(|p| p.as_str().to_owned()),
            access_type: b.access_type,
            landing_page: b.landing_page.clone(),
        };
        let (address, change) = interface::put_address(tx, ctx, who, &new)?;
        Ok(Declared { action: change.to_string(), id: address.id.id::<AddressId>().to_string() })
    })
    .await
}

#[derive(Debug, Serialize, ToSchema)]
struct CaseView {
    scenario: String,
    request: String,
    answer: String,
    passed_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct CaseList {
    cases: Vec<CaseView>,
}

/// The saved cases of an address.
#[utoipa::path(get, path = "/api/v1/seller/addresses/{id}/cases", tag = "seller", operation_id = "interface_case_list",
    security(("access" = ["seller"])),
    params(("id" = String, Path)), responses((status = 200, body = CaseList)))]
async fn case_list(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<AddressId>) -> Result<Json<CaseList>, Problem> {
    let cases = api
        .read(caller, move |tx, ctx, who| {
            interface::target(tx, ctx, Key::of(who.account_id), id)?;
            Ok(rows::cases(tx, Key::of(id))?)
        })
        .await?;
    let view = |c: rows::Case| CaseView { scenario: c.scenario, request: c.request, answer: c.answer, passed_at: time(c.passed_at) };
    Ok(Json(CaseList { cases: cases.into_iter().map(view).collect() }))
}
