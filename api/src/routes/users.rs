//! Users.

mod passwords;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::command::add_user::{AddUser, Person};
use domain::command::change_password::ChangePassword;
use domain::command::change_user::{ChangeUser, user_json};
use domain::command::{Office, Precondition};
use domain::{Accounts, Right, User, UserId};
use projections::account::last_logins;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::double_option;
use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{READ_LIST, READ_ONE, reading, revising, writing};
use crate::http::{Code, ETag, Listing, NoQuery, Paged, Path, Problem, Query};
use crate::passwords::password_fault;

use passwords::ChangeWithPassword;
pub use passwords::new_password;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_users), &[READ_LIST]))
        .routes(writing(routes!(add_user), &[], &[&[Code::Exists]]))
        .routes(reading(routes!(show_user), &[READ_ONE]))
        .routes(revising(routes!(change_user), &[], &[&[Code::Exists]]))
        .routes(revising(routes!(disable_user), &[], &[]))
        .routes(writing(routes!(passwords::change_own_password), &[], &[]))
}

/// The users, by name.
#[utoipa::path(get, path = "/users", operation_id = "list_users", tag = "users",
    responses((status = 200, description = "Users by name", body = schemas::Page<schemas::User>)))]
async fn list_users(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    let shown = |user: &User, accounts: &Accounts| (user.id, user_json(user, accounts));
    let page =
        reader.list_accounts(&app, list, |accounts| accounts.users().collect(), |user| &user.name, shown);
    let page = page.await?;
    let ids: Vec<UserId> = page.items.iter().map(|(id, _)| *id).collect();
    let last = last_logins(app.projections.pool(), &ids).await?;
    Ok(page.map(|(id, body)| with_last_login(body, last.get(&id))))
}

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// What he logs in with.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// The name of his group.
    group: String,
    /// His first password, at least 8 characters.
    #[schema(value_type = String, min_length = 8)]
    password: SecretString,
    /// His full name.
    full_name: Option<String>,
    /// His mail address.
    email: Option<String>,
    /// The language he is spoken to in.
    language: Option<String>,
}

/// Adds a user.
#[utoipa::path(post, path = "/users", operation_id = "add_user", tag = "users", request_body = NewUser,
    responses((status = 201, description = "The user", body = schemas::User)))]
async fn add_user(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Users).await?;
    let body: NewUser = incoming.json()?;
    if let Some(fault) = password_fault(body.password.expose_secret()) {
        return Err(Problem::invalid("/password", fault));
    }
    let id = UserId(Uuid::now_v7());
    let hash = app.passwords.hash(body.password).await.map_err(Problem::internal)?;
    let extra = Extra { credentials: vec![new_password(id, hash)], ..Extra::default() };
    let person = Person {
        name: body.name,
        group: body.group,
        full_name: body.full_name,
        email: body.email,
        language: body.language,
    };
    let command = AddUser { user: id, person };
    incoming
        .hiding(&["password"])
        .execute(&app, command, extra, move |office, _| {
            answer(201, office, id).location(format!("/v1/users/{id}"))
        })
        .await
}

/// A user.
#[utoipa::path(get, path = "/users/{id}", operation_id = "show_user", tag = "users", params(("id" = String, Path)),
    responses((status = 200, description = "The user", body = schemas::User), (status = 304, description = "The caller has it")))]
async fn show_user(
    State(app): State<App>,
    reader: Reader,
    Path(id): Path<String>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Response, Problem> {
    reader.permit(&app, Right::Users).await?;
    query?;
    let id: UserId = id.parse().map_err(|_| Code::NotFound)?;
    let last = last_logins(app.projections.pool(), &[id]).await?;
    let found = app.desk.with_accounts(|accounts| {
        let user = accounts.user(id)?;
        let body = with_last_login(user_json(user, accounts), last.get(&id));
        Some((ETag::of(user.epoch, user.revision), body))
    });
    reader.tagged(found.await?)
}

/// What changes of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserPatch {
    /// What he logs in with.
    #[schema(min_length = 1, max_length = 50)]
    name: Option<String>,
    /// The name of his group.
    group: Option<String>,
    /// His full name.
    #[serde(default, deserialize_with = "double_option::deserialize")]
    #[schema(value_type = Option<String>)]
    full_name: Option<Option<String>>,
    /// His mail address.
    #[serde(default, deserialize_with = "double_option::deserialize")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// The language he is spoken to in.
    #[serde(default, deserialize_with = "double_option::deserialize")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Whether he can no longer log in.
    disabled: Option<bool>,
    /// A new password, at least 8 characters.
    #[schema(value_type = Option<String>, min_length = 8)]
    password: Option<SecretString>,
}

/// Changes a user.
#[utoipa::path(patch, path = "/users/{id}", operation_id = "change_user", tag = "users", request_body = UserPatch,
    params(("id" = String, Path)), responses((status = 200, description = "The user", body = schemas::User)))]
async fn change_user(
    State(app): State<App>,
    path: Result<Path<UserId>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let id = permitted(&app, path, &incoming).await?;
    let body: UserPatch = incoming.json()?;
    if let Some(password) = &body.password {
        if incoming.precondition == Precondition::None {
            return Err(Problem::new(Code::RevisionMissing));
        }
        if let Some(fault) = password_fault(password.expose_secret()) {
            return Err(Problem::invalid("/password", fault));
        }
    }
    let command = ChangeUser {
        user: id,
        name: body.name,
        group: body.group,
        full_name: body.full_name,
        email: body.email,
        language: body.language,
        disabled: body.disabled,
        precondition: incoming.precondition.clone(),
    };
    let Some(password) = body.password else {
        return incoming
            .execute(&app, command, Extra::default(), move |office, _| answer(200, office, id))
            .await;
    };
    let hash = app.passwords.hash(password).await.map_err(Problem::internal)?;
    let extra = Extra { credentials: vec![new_password(id, hash)], ..Extra::default() };
    let both = ChangeWithPassword { change: command, password: ChangePassword { user: id, own: false } };
    incoming.hiding(&["password"]).execute(&app, both, extra, move |office, _| answer(200, office, id)).await
}

/// Disables a user: he can no longer log in, and what he did stays his.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "disable_user", tag = "users", params(("id" = String, Path)),
    responses((status = 204, description = "He is disabled")))]
async fn disable_user(
    State(app): State<App>,
    path: Result<Path<UserId>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let user = permitted(&app, path, &incoming).await?;
    let command = ChangeUser::disabling(user, incoming.precondition.clone());
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// The right is asked before whether there is such a user.
async fn permitted(
    app: &App,
    path: Result<Path<UserId>, Problem>,
    incoming: &Incoming,
) -> Result<UserId, Problem> {
    incoming.permit(app, Right::Users).await?;
    let Path(id) = path?;
    let there = app.desk.with_accounts(|accounts| accounts.user(id).is_some()).await?;
    there.then_some(id).ok_or_else(|| Problem::new(Code::NotFound))
}

fn answer(status: u16, office: &Office<'_>, id: UserId) -> Answer {
    let Some(user) = office.accounts.user(id) else { return Answer::empty(status) };
    let body = with_last_login(user_json(user, office.accounts), None);
    Answer::new(status, body).revision(user.epoch, user.revision)
}

fn with_last_login(mut user: Json, at: Option<&DateTime<Utc>>) -> Json {
    user["last_login_at"] = serde_json::to_value(at).unwrap_or_default();
    user
}
