//! Users.

mod passwords;

use axum::extract::State;
use axum::response::Response;
use domain::command::add_user::{AddUser, Person};
use domain::command::change_password::ChangePassword;
use domain::command::change_user::{ChangeUser, user_json};
use domain::command::{Office, Precondition};
use domain::{Right, UserId};
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
use crate::desk::{Answer, Extra, Failure};
use crate::http::openapi::{READ_LIST, READ_ONE, READING, REVISED, WRITE_REVISED, WRITING};
use crate::http::{Code, ETag, Listing, NoQuery, Paged, Path, Problem, Query, refusing, tagged, taking};
use crate::passwords::password_fault;

use passwords::ChangeWithPassword;
pub use passwords::new_password;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let key: &[&str] = &["Idempotency-Key"];
    OpenApiRouter::new()
        .routes(refusing(taking(routes!(list_users), &[READ_LIST]), &[READING]))
        .routes(refusing(taking(routes!(add_user), &[key]), &[WRITING, &[Code::Exists]]))
        .routes(refusing(taking(routes!(show_user), &[READ_ONE]), &[READING]))
        .routes(refusing(
            taking(routes!(change_user), &[WRITE_REVISED]),
            &[WRITING, REVISED, &[Code::Exists]],
        ))
        .routes(refusing(taking(routes!(disable_user), &[WRITE_REVISED]), &[WRITING, REVISED]))
        .routes(refusing(taking(routes!(passwords::change_own_password), &[key]), &[WRITING]))
}

/// The users, by name.
#[utoipa::path(get, path = "/users", operation_id = "list_users", tag = "users",
    responses((status = 200, description = "Users by name", body = schemas::Page<schemas::User>)))]
async fn list_users(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    reader.permit(&app, Right::Users).await?;
    let list = list?;
    let after: Option<String> = list.page.after()?;
    let items = app
        .desk
        .with_accounts(|accounts| {
            let page = list.page.by_name(accounts.users(), after.as_ref(), |user| &user.name);
            page.into_iter().map(|user| (user.id, user_json(user, accounts))).collect::<Vec<_>>()
        })
        .await?;
    let items = with_last_log_in(&app, items).await?;
    Ok(list.page.answer(items, |item| item["name"].clone()))
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
    app.desk.check_right(&incoming.caller, None, Right::Users).await?;
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
    let id = user_id(&id)?;
    let found = app
        .desk
        .with_accounts(|accounts| {
            accounts.user(id).map(|user| (user.epoch, user.revision, user_json(user, accounts)))
        })
        .await?;
    let Some((epoch, revision, body)) = found else { return Err(Problem::new(Code::NotFound)) };
    let body = with_last_log_in(&app, vec![(id, body)]).await?.pop();
    let revision = i64::try_from(revision).unwrap_or(i64::MAX);
    Ok(tagged(ETag { epoch, revision }, reader.known.as_ref(), body))
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
    path: Result<Path<String>, Problem>,
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
    path: Result<Path<String>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let user = permitted(&app, path, &incoming).await?;
    let precondition = incoming.precondition.clone();
    let command = ChangeUser {
        user,
        name: None,
        group: None,
        full_name: None,
        email: None,
        language: None,
        disabled: Some(true),
        precondition,
    };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

/// The right is asked before whether there is such a user.
async fn permitted(
    app: &App,
    path: Result<Path<String>, Problem>,
    incoming: &Incoming,
) -> Result<UserId, Problem> {
    app.desk.check_right(&incoming.caller, None, Right::Users).await?;
    let Path(id) = path?;
    let id = user_id(&id)?;
    let there = app.desk.with_accounts(|accounts| accounts.user(id).is_some()).await?;
    there.then_some(id).ok_or_else(|| Problem::new(Code::NotFound))
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

fn answer(status: u16, office: &Office<'_>, id: UserId) -> Answer {
    let Some(user) = office.accounts.user(id) else { return Answer::empty(status) };
    let mut body = user_json(user, office.accounts);
    body["last_login_at"] = Json::Null;
    Answer::new(status, body).revision(user.epoch, user.revision)
}

async fn with_last_log_in(app: &App, users: Vec<(UserId, Json)>) -> Result<Vec<Json>, Problem> {
    let ids: Vec<UserId> = users.iter().map(|(id, _)| *id).collect();
    let last =
        projections::account::last_logins(app.projections.pool(), &ids).await.map_err(Failure::from)?;
    let with = |(id, mut body): (UserId, Json)| {
        body["last_login_at"] = serde_json::to_value(last.get(&id)).unwrap_or_default();
        body
    };
    Ok(users.into_iter().map(with).collect())
}
