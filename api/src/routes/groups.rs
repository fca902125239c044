//! Groups of users: rights, and the plans in which they hold.

use axum::extract::State;
use axum::response::Response;
use domain::command::Office;
use domain::command::add_group::AddGroup;
use domain::command::change_group::{ChangeGroup, group_json};
use domain::command::remove_group::RemoveGroup;
use domain::{Accounts, Group, GroupId, Plans, Right};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{READ_LIST, READ_ONE, reading, revising, writing};
use crate::http::{Code, ETag, Listing, NoQuery, Paged, Path, Problem, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_groups), &[READ_LIST]))
        .routes(writing(routes!(add_group), &[], &[&[Code::Exists]]))
        .routes(reading(routes!(show_group), &[READ_ONE]))
        .routes(revising(routes!(change_group), &[], &[&[Code::Exists]]))
        .routes(revising(routes!(remove_group), &[], &[&[Code::InUse]]))
}

/// The groups, by name.
#[utoipa::path(get, path = "/groups", operation_id = "list_groups", tag = "users",
    responses((status = 200, description = "Groups by name", body = schemas::Page<schemas::Group>)))]
async fn list_groups(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    let shown = |group: &Group, _: &Accounts| group_json(group);
    reader.list_accounts(&app, list, |accounts| accounts.groups().collect(), |group| &group.name, shown).await
}

/// A new group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    /// Its name.
    #[schema(min_length = 1, max_length = 50)]
    id: String,
    /// What its members may do.
    #[schema(value_type = Vec<schemas::Right>)]
    rights: Vec<Right>,
    /// In which plans: `"*"` or patterns such as `100234~*~*`.
    #[schema(value_type = schemas::Plans)]
    plans: Plans,
}

/// Adds a group. Nobody gives rights that he has not himself.
#[utoipa::path(post, path = "/groups", operation_id = "add_group", tag = "users", request_body = NewGroup,
    responses((status = 201, description = "The group", body = schemas::Group)))]
async fn add_group(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Users).await?;
    let body: NewGroup = incoming.json()?;
    let id = GroupId(Uuid::now_v7());
    let location = format!("/v1/groups/{}", super::plans::encoded(&body.id));
    let command = AddGroup { group: id, name: body.id, rights: body.rights, plans: body.plans };
    incoming
        .execute(&app, command, Extra::default(), move |office, _| {
            answer(201, office, id).location(location.clone())
        })
        .await
}

/// A group.
#[utoipa::path(get, path = "/groups/{id}", operation_id = "show_group", tag = "users", params(("id" = String, Path)),
    responses((status = 200, description = "The group", body = schemas::Group), (status = 304, description = "The caller has it")))]
async fn show_group(
    State(app): State<App>,
    reader: Reader,
    Path(name): Path<String>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Response, Problem> {
    reader.permit(&app, Right::Users).await?;
    query?;
    let found = app.desk.with_accounts(|accounts| {
        let group = accounts.group_named(&name)?;
        Some((ETag::of(group.epoch, group.revision), group_json(group)))
    });
    reader.tagged(found.await?)
}

/// What changes of a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupPatch {
    /// Its name.
    #[schema(min_length = 1, max_length = 50)]
    id: Option<String>,
    /// What its members may do.
    #[schema(value_type = Option<Vec<schemas::Right>>)]
    rights: Option<Vec<Right>>,
    /// In which plans.
    #[schema(value_type = Option<schemas::Plans>)]
    plans: Option<Plans>,
}

/// Changes a group; all but `administrators`.
#[utoipa::path(patch, path = "/groups/{id}", operation_id = "change_group", tag = "users", request_body = GroupPatch,
    params(("id" = String, Path)), responses((status = 200, description = "The group", body = schemas::Group)))]
async fn change_group(
    State(app): State<App>,
    path: Result<Path<String>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let id = permitted(&app, path, &incoming).await?;
    let body: GroupPatch = incoming.json()?;
    let precondition = incoming.precondition.clone();
    let command =
        ChangeGroup { group: id, name: body.id, rights: body.rights, plans: body.plans, precondition };
    incoming.execute(&app, command, Extra::default(), move |office, _| answer(200, office, id)).await
}

/// Removes a group that nobody is in.
#[utoipa::path(delete, path = "/groups/{id}", operation_id = "remove_group", tag = "users", params(("id" = String, Path)),
    responses((status = 204, description = "It is removed")))]
async fn remove_group(
    State(app): State<App>,
    path: Result<Path<String>, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let group = permitted(&app, path, &incoming).await?;
    let command = RemoveGroup { group, precondition: incoming.precondition.clone() };
    incoming.execute(&app, command, Extra::default(), |_, _| Answer::empty(204)).await
}

async fn permitted(
    app: &App,
    path: Result<Path<String>, Problem>,
    incoming: &Incoming,
) -> Result<GroupId, Problem> {
    incoming.permit(app, Right::Users).await?;
    let Path(name) = path?;
    let id = app.desk.with_accounts(|accounts| accounts.group_named(&name).map(|group| group.id)).await?;
    id.ok_or_else(|| Problem::new(Code::NotFound))
}

fn answer(status: u16, office: &Office<'_>, id: GroupId) -> Answer {
    let Some(group) = office.accounts.group(id) else { return Answer::empty(status) };
    Answer::new(status, group_json(group)).revision(group.epoch, group.revision)
}
