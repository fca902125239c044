//! The licence of a school.

use axum::extract::State;
use axum::response::Response;
use domain::command::block::lock_holder;
use domain::command::change_licence::{ChangeLicence, licence_changed_json, licence_json};
use domain::command::{Office, Stream};
use domain::{Event, LICENCE, Refusal, Right, School, read_fields_of};
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::incoming::{Incoming, respond};
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Caller, Extra};
use crate::http::openapi::{READ_ONE, reading, revising};
use crate::http::{Code, ETag, NoQuery, Path, Problem, Query, tagged};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let unlocked = &[Code::LockMissing, Code::LockEnded];
    OpenApiRouter::new().routes(reading(routes!(show_licence), &[READ_ONE])).routes(revising(
        routes!(change_licence),
        &["Daybook-Lock"],
        &[unlocked],
    ))
}

/// The licence of a school.
#[utoipa::path(get, path = "/schools/{school}/licence", operation_id = "show_licence", tag = "licence",
    params(("school" = String, Path, description = "The number of the school")),
    responses((status = 200, description = "The licence", body = schemas::Licence),
        (status = 304, description = "The caller has it")))]
async fn show_licence(
    State(app): State<App>,
    reader: Reader,
    Path(number): Path<String>,
    query: Result<Query<NoQuery>, Problem>,
) -> Result<Response, Problem> {
    app.desk.check_school(&reader.caller, &number).await?;
    let rights = [Right::Read, Right::Licence];
    app.desk.check_any_right(&reader.caller, &rights).await?;
    reader.catch_up(&app).await?;
    query?;
    let school = app.desk.with_school(&number, School::clone).await?;
    let licence = school.licence();
    let mut json = licence_json(licence);
    let changed = app.desk.with_accounts(|accounts| licence_changed_json(accounts, licence)).await?;
    json.insert("changed".into(), changed);
    json.insert("editable".into(), editable_now(&app, &reader.caller, &number, &school).await?);
    Ok(tagged(ETag::of(licence.epoch, licence.revision), reader.known.as_ref(), json))
}

/// Changes the licence of a school, under a lock `licence` of one of its plans: nobody else is in any of them.
#[utoipa::path(patch, path = "/schools/{school}/licence", operation_id = "change_licence", tag = "licence",
    request_body(content(
        (schemas::LicenceFields = "application/merge-patch+json"), (schemas::LicenceFields = "application/json"))),
    params(("school" = String, Path, description = "The number of the school")),
    responses((status = 200, description = "The licence", body = schemas::Licence)))]
async fn change_licence(
    State(app): State<App>,
    path: Result<Path<String>, Problem>,
    query: Result<Query<NoQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let Path(school) = path?;
    app.desk.check_school(&incoming.caller, &school).await?;
    incoming.parameters(query);
    let body = incoming.body().object().and_then(|object| {
        read_fields_of(LICENCE, "a licence has no field of this name", &object)
            .map_err(|faults| Refusal::invalid(&faults))
    });
    let plan = incoming.caller.plan.clone().filter(|plan| plan.school == school);
    let lock = incoming.lock;
    let precondition = incoming.precondition.clone();
    let command = ChangeLicence { school, plan, body, precondition, lock };
    let answered = app.desk.execute(incoming.request(), command, Extra::default(), answer).await;
    app.desk.renew(lock, &answered);
    respond(&app, answered)
}

fn answer(office: &Office<'_>, events: &[(Stream, Event)]) -> Answer {
    let Some(school) = office.school else { return Answer::empty(200) };
    let licence = school.licence();
    let mut json = licence_json(licence);
    json.insert("changed".into(), licence_changed_json(office.accounts, licence));
    let answer = Answer::new(200, Json::Object(json)).revision(licence.epoch, licence.revision);
    if events.is_empty() {
        return answer;
    }
    answer.position_at(&["/changed/position"]).moment_at(&["/changed/at"])
}

/// `{value, why, held_by}`: whether whoever asks could edit the licence now.
async fn editable_now(app: &App, caller: &Caller, number: &str, school: &School) -> Result<Json, Problem> {
    let no = |why: &str, held_by: &[Json]| json!({ "value": false, "why": why, "held_by": held_by });
    if !app.desk.with_accounts(|accounts| accounts.may(caller.who, Right::Licence)).await? {
        return Ok(no("right", &[]));
    }
    if let Some(shut) = school.shut() {
        let held = app.desk.look(Some(&shut.plan), |office| {
            let plan = office.plan?;
            let lock = plan.lock(shut.lock)?;
            Some((lock.session, lock_holder(office, plan, lock)))
        });
        match held.await? {
            Some((session, _)) if Some(session) == caller.session => {
                return Ok(json!({ "value": true, "why": null, "held_by": [] }));
            }
            Some((_, holder)) => return Ok(no("exclusive-lock", &[holder])),
            None => {}
        }
    }
    let in_school = caller.plan.as_ref().is_some_and(|plan| plan.school == number);
    Ok(if in_school { no("lock-missing", &[]) } else { no("session", &[]) })
}
