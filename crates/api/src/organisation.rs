//! The people of the caller's account: departments, colleagues, invitations.

use crate::{
    auth::Who,
    body::{Body, PathOf},
    paging::{Listed, NoFilter, Paging, next},
    problem::Problem,
    state::Api,
    views::{DONE, Done, time},
};
use app::{
    Actor, Caller, Ctx, Error, Key, Tx,
    organisation::{self, Invite, Person},
    secret,
};
use axum::{Json, extract::State};
use domain::{
    access::{InvitationState, MemberRole},
    id::{InvitationId, UserId},
    site::Language,
    text::Line,
};
use serde::{Deserialize, Serialize};
use store::organisation::{self as rows, Colleague, Department, Invitation};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(departments))
        .routes(routes!(department_put, department_delete))
        .routes(routes!(colleagues))
        .routes(routes!(colleague, colleague_change, colleague_remove))
        .routes(routes!(invitations, invite))
        .routes(routes!(invitation_withdraw))
        .routes(routes!(invitation_show, invitation_accept))
}

/// A department; its code never changes.
#[derive(Debug, Serialize, ToSchema)]
struct DepartmentView {
    code: String,
    name: String,
    /// The code of the department above.
    parent: Option<String>,
}

fn department_view(all: &[Department], d: &Department) -> DepartmentView {
    let parent = d.parent_id.and_then(|id| all.iter().find(|p| p.id == id)).map(|p| p.code.clone());
    DepartmentView { code: d.code.clone(), name: d.name.clone(), parent }
}

#[derive(Debug, Serialize, ToSchema)]
struct DepartmentList {
    departments: Vec<DepartmentView>,
}

/// All departments of the account, by code.
#[utoipa::path(get, path = "/api/v1/departments", tag = "organisation", operation_id = "department_list",
    security(("access" = ["administrator"])),
    responses((status = 200, body = DepartmentList)))]
async fn departments(State(api): State<Api>, Who(caller): Who) -> Result<Json<DepartmentList>, Problem> {
    let all = api.read(caller, |tx, _, who| Ok(rows::departments(tx, Key::of(who.account_id))?)).await?;
    Ok(Json(DepartmentList { departments: all.iter().map(|d| department_view(&all, d)).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DepartmentBody {
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    name: Line<128>,
    /// The code of the department above; none for the top.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64)]
    parent: Option<Line<64>>,
}

/// A code as sellers get it.
fn code(text: Line<64>) -> Result<String, Error> {
    let text = text.into_string();
    if text.starts_with("acc_") || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err(Error::field("/path/code", "department.bad_code", "use letters, digits, - _ . and do not begin with acc_"));
    }
    Ok(text)
}

/// Makes a department, or changes the one of this code.
#[utoipa::path(put, path = "/api/v1/departments/{code}", tag = "organisation", operation_id = "department_put",
    security(("access" = ["administrator"])),
    params(("code" = String, Path, max_length = 64)), request_body = DepartmentBody, responses((status = 200, body = DepartmentView)))]
async fn department_put(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(named): PathOf<Line<64>>,
    body: Body<DepartmentBody>,
) -> Result<Json<DepartmentView>, Problem> {
    let (code, name) = (code(named)?, body.value.name.into_string());
    let parent = body.value.parent.map(Line::into_string);
    let view = DepartmentView { code: code.clone(), name: name.clone(), parent: parent.clone() };
    api.write(caller, move |tx, ctx, who| organisation::put_department(tx, ctx, who, &code, &name, parent.as_deref())).await?;
    Ok(Json(view))
}

/// Deletes an empty department.
#[utoipa::path(delete, path = "/api/v1/departments/{code}", tag = "organisation", operation_id = "department_delete",
    security(("access" = ["administrator"])), params(("code" = String, Path, max_length = 64)), responses((status = 200, body = Done)))]
async fn department_delete(State(api): State<Api>, Who(caller): Who, PathOf(code): PathOf<Line<64>>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| organisation::delete_department(tx, ctx, who, code.as_str())).await?;
    Ok(DONE)
}

/// A colleague.
#[derive(Debug, Serialize, ToSchema)]
struct ColleagueView {
    id: String,
    login: String,
    name: String,
    /// `administrator`, `purchaser`, `member`.
    role: String,
    /// The code of a department.
    department: Option<String>,
    title: Option<String>,
    employee_code: Option<String>,
    employee_type: Option<String>,
    mobile: Option<String>,
    email: Option<String>,
    joined_at: String,
    /// The caller himself.
    me: bool,
}

fn colleague_view(tx: &mut Tx, ctx: &Ctx, who: &Caller, found: &Colleague) -> Result<ColleagueView, Error> {
    let person = organisation::shown(tx, ctx, found)?;
    let id: UserId = found.0.id.id();
    Ok(ColleagueView {
        id: id.to_string(),
        login: found.0.login.clone(),
        name: person.name,
        role: person.role.to_string(),
        department: person.department,
        title: person.title,
        employee_code: person.employee_code,
        employee_type: person.employee_type,
        mobile: person.mobile,
        email: person.email,
        joined_at: time(found.0.created_at),
        me: id == who.user_id,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ColleagueParams {
    /// The code of a department.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    department: Option<Line<64>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ColleagueList {
    colleagues: Vec<ColleagueView>,
    next: Option<String>,
}

/// The colleagues of the account, newest first.
#[utoipa::path(get, path = "/api/v1/colleagues", tag = "organisation", operation_id = "colleague_list",
    security(("access" = ["administrator"])),
    params(ColleagueParams, Paging), responses((status = 200, body = ColleagueList)))]
async fn colleagues(
    State(api): State<Api>,
    Who(caller): Who,
    Listed(p, page): Listed<ColleagueParams>,
) -> Result<Json<ColleagueList>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let account = Key::of(who.account_id);
            let department = match &p.department {
                None => None,
                Some(code) => match rows::departments(tx, account)?.into_iter().find(|d| d.code == code.as_str()) {
                    Some(found) => Some(found.id),
                    None => return Ok(ColleagueList { colleagues: Vec::new(), next: None }),
                },
            };
            let found = rows::colleagues(tx, account, department, page)?;
            let next = next(&found, page, |(user, _)| (user.created_at.micros(), user.id));
            let colleagues = found.iter().map(|c| colleague_view(tx, ctx, who, c)).collect::<Result<_, _>>()?;
            Ok(ColleagueList { colleagues, next })
        })
        .await?;
    Ok(Json(answer))
}

fn find(tx: &mut Tx, ctx: &Ctx, who: &Caller, id: UserId) -> Result<ColleagueView, Error> {
    let found = rows::colleague(tx, Key::of(who.account_id), Key::of(id))?;
    let found = found.ok_or_else(|| Error::not_found("colleague.not_found", "there is no such colleague"))?;
    colleague_view(tx, ctx, who, &found)
}

/// A colleague.
#[utoipa::path(get, path = "/api/v1/colleagues/{id}", tag = "organisation", operation_id = "colleague_show",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), responses((status = 200, body = ColleagueView)))]
async fn colleague(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<UserId>) -> Result<Json<ColleagueView>, Problem> {
    Ok(Json(api.read(caller, move |tx, ctx, who| find(tx, ctx, who, id)).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ColleagueBody {
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `administrator`, `purchaser`, `member`.
    #[schema(value_type = String, pattern = "^(administrator|purchaser|member)$")]
    role: MemberRole,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64)]
    department: Option<Line<64>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 60)]
    title: Option<Line<60>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 60)]
    employee_code: Option<Line<60>>,
    /// 1 regular, 2 intern.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2)]
    employee_type: Option<Line<2>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 30)]
    mobile: Option<Line<30>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    email: Option<Line<120>>,
}

/// Writes what is known of a colleague; sellers whose applications he uses are told.
#[utoipa::path(put, path = "/api/v1/colleagues/{id}", tag = "organisation", operation_id = "colleague_change",
    security(("access" = ["administrator"])),
    params(("id" = String, Path)), request_body = ColleagueBody, responses((status = 200, body = ColleagueView)))]
async fn colleague_change(
    State(api): State<Api>,
    Who(caller): Who,
    PathOf(id): PathOf<UserId>,
    body: Body<ColleagueBody>,
) -> Result<Json<ColleagueView>, Problem> {
    let b = body.value;
    let person = Person {
        name: b.name.into_string(),
        role: b.role,
        department: b.department.map(Line::into_string),
        title: b.title.map(Line::into_string),
        employee_code: b.employee_code.map(Line::into_string),
        employee_type: b.employee_type.map(Line::into_string),
        mobile: b.mobile.map(Line::into_string),
        email: b.email.map(Line::into_string),
    };
    let changed = api.write(caller, move |tx, ctx, who| {
        organisation::change(tx, ctx, who, id, &person)?;
        find(tx, ctx, who, id)
    });
    Ok(Json(changed.await?))
}

/// Removes a colleague: he gets in no more.
#[utoipa::path(delete, path = "/api/v1/colleagues/{id}", tag = "organisation", operation_id = "colleague_remove",
    security(("access" = ["administrator"])), params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn colleague_remove(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<UserId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| organisation::remove(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// Somebody who was asked to join.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationView {
    id: String,
    login: String,
    name: String,
    role: String,
    created_at: String,
    expires_at: String,
    /// `open`, `accepted`, `withdrawn`, `expired`.
    state: String,
}

fn invitation_view(ctx: &Ctx, i: Invitation) -> InvitationView {
    let over = i.state == InvitationState::Open && i.expires_at <= ctx.wall_moment();
    InvitationView {
        id: i.id.id::<InvitationId>().to_string(),
        login: i.login,
        name: i.name,
        role: i.member_role.to_string(),
        created_at: time(i.created_at),
        expires_at: time(i.expires_at),
        state: if over { "expired".to_owned() } else { i.state.to_string() },
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct InvitationList {
    invitations: Vec<InvitationView>,
    next: Option<String>,
}

/// Invitations of the account, newest first.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "organisation", operation_id = "invitation_list",
    security(("access" = ["administrator"])),
    params(Paging), responses((status = 200, body = InvitationList)))]
async fn invitations(
    State(api): State<Api>,
    Who(caller): Who,
    Listed(_none, page): Listed<NoFilter>,
) -> Result<Json<InvitationList>, Problem> {
    let answer = api
        .read(caller, move |tx, ctx, who| {
            let found = rows::invitations(tx, Key::of(who.account_id), page)?;
            let next = next(&found, page, |i| (i.created_at.micros(), i.id));
            Ok(InvitationList { invitations: found.into_iter().map(|i| invitation_view(ctx, i)).collect(), next })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InviteBody {
    /// The login that the colleague will have.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    login: Line<120>,
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    name: Line<60>,
    /// `administrator`, `purchaser`, `member`.
    #[schema(value_type = String, pattern = "^(administrator|purchaser|member)$")]
    role: MemberRole,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64)]
    department: Option<Line<64>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Invited {
    #[serde(flatten)]
    invitation: InvitationView,
    /// The last part of the link `/join/SECRET`; shown this once.
    secret: String,
}

/// Asks somebody to join the account; the link is to be given to that person.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "organisation", operation_id = "invitation_send",
    security(("access" = ["administrator"])),
    request_body = InviteBody, responses((status = 200, body = Invited)))]
async fn invite(State(api): State<Api>, Who(caller): Who, body: Body<InviteBody>) -> Result<Json<Invited>, Problem> {
    let b = body.value;
    let new =
        Invite { login: b.login.into_string(), name: b.name.into_string(), role: b.role, department: b.department.map(Line::into_string) };
    let made = api.write(caller, move |tx, ctx, who| {
        let (row, secret) = organisation::invite(tx, ctx, who, &new)?;
        Ok(Invited { invitation: invitation_view(ctx, row), secret })
    });
    Ok(Json(made.await?))
}

/// Takes an open invitation back.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "organisation", operation_id = "invitation_withdraw",
    security(("access" = ["administrator"])), params(("id" = String, Path)), responses((status = 200, body = Done)))]
async fn invitation_withdraw(State(api): State<Api>, Who(caller): Who, PathOf(id): PathOf<InvitationId>) -> Result<Json<Done>, Problem> {
    api.write(caller, move |tx, ctx, who| organisation::withdraw(tx, ctx, who, id)).await?;
    Ok(DONE)
}

/// What the invited person sees before joining.
#[derive(Debug, Serialize, ToSchema)]
struct JoinView {
    account_name: String,
    login: String,
    name: String,
    role: String,
}

/// The open invitation behind a link.
#[utoipa::path(get, path = "/api/v1/join/{secret}", tag = "organisation", operation_id = "invitation_show",
    security(("access" = ["public"])),
    params(("secret" = String, Path, max_length = 64)), responses((status = 200, body = JoinView)))]
async fn invitation_show(State(api): State<Api>, PathOf(link): PathOf<Line<64>>) -> Result<Json<JoinView>, Problem> {
    let (i, account_name) = api.app.read(Actor::Anybody, move |tx, ctx| organisation::opened(tx, ctx, link.as_str())).await?;
    Ok(Json(JoinView { account_name, login: i.login, name: i.name, role: i.member_role.to_string() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JoinBody {
    /// 10 to 200 characters, without the login.
    #[schema(value_type = String, min_length = 10, max_length = 200)]
    password: Line<200>,
    /// `zh` or `en`.
    #[schema(value_type = String, pattern = "^(zh|en)$")]
    language: Language,
}

#[derive(Debug, Serialize, ToSchema)]
struct Joined {
    user_id: String,
}

/// Joins the account of an invitation with a password of one's own.
#[utoipa::path(post, path = "/api/v1/join/{secret}", tag = "organisation", operation_id = "invitation_accept",
    security(("access" = ["public"])),
    params(("secret" = String, Path, max_length = 64)), request_body = JoinBody, responses((status = 200, body = Joined)))]
async fn invitation_accept(State(api): State<Api>, PathOf(link): PathOf<Line<64>>, body: Body<JoinBody>) -> Result<Json<Joined>, Problem> {
    let (password, language) = (body.value.password.into_string(), body.value.language.to_string());
    // A link that leads nowhere must not cost a hash.
    let asked = link.clone();
    api.app.read(Actor::Anybody, move |tx, ctx| organisation::opened(tx, ctx, asked.as_str()).map(|_| ())).await?;
    let hashing = password.clone();
    let hash = tokio::task::spawn_blocking(move || secret::hash_password(&hashing)).await.map_err(|_| Error::TriedOut)??;
    let joined = api.app.write(Actor::Anybody, move |tx, ctx| organisation::accept(tx, ctx, link.as_str(), &password, &hash, &language));
    Ok(Json(Joined { user_id: joined.await?.to_string() }))
}
