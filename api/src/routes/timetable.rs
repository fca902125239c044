//! The timetable of a class, a teacher or a room; what collides in it; what is not placed yet.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Right;
use projections::Moment;
use projections::placement::TimetableOf;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::records::{known_period, period_or_own};
use super::schemas;
use crate::app::App;
use crate::desk::Failure;
use crate::http::openapi::{READ_LIST, READING};
use crate::http::{Listing, PlanPath, Problem, refusing, taking};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(refusing(taking(routes!(show_timetable), &[READ_LIST]), &[READING]))
        .routes(refusing(taking(routes!(list_collisions), &[READ_LIST]), &[READING]))
        .routes(refusing(taking(routes!(list_unplaced), &[READ_LIST]), &[READING]))
}

/// Whose timetable, and when.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimetableQuery {
    class: Option<String>,
    teacher: Option<String>,
    room: Option<String>,
    period: Option<String>,
    week: Option<String>,
}

/// The timetable of a class, a teacher or a room, or of the whole school.
#[utoipa::path(get, path = "/plans/{plan}/timetable", operation_id = "show_timetable", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("class" = Option<String>, Query, description = "One of class, teacher and room, or none"),
        ("teacher" = Option<String>, Query, description = "Only this teacher's hours"),
        ("room" = Option<String>, Query, description = "Only the hours in this room"),
        ("period" = Option<String>, Query, description = "Else the session's, or the one of today"),
        ("week" = Option<String>, Query, description = "Only what meets in this week")),
    responses((status = 200, description = "One item for each row of a placement, by day, hour, lesson, class, teacher",
        body = schemas::Page<schemas::TimetableItem>)))]
async fn show_timetable(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    list: Result<Listing<TimetableQuery>, Problem>,
) -> Result<Response, Problem> {
    reader.enter(&app, &plan, Right::Read).await?;
    let list = list?;
    let query = list.filter;
    let of = match (query.class, query.teacher, query.room) {
        (None, None, None) => TimetableOf::All,
        (Some(name), None, None) => TimetableOf::Class(name),
        (None, Some(name), None) => TimetableOf::Teacher(name),
        (None, None, Some(name)) => TimetableOf::Room(name),
        _ => return Err(Problem::invalid("/query", "ask for one of class, teacher and room")),
    };
    let period = period_or_own(&app, &reader, &plan, query.period).await?;
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = projections::placement::timetable(
        pool,
        &plan,
        &of,
        &period,
        query.week.as_deref(),
        Moment::Now,
        &page,
    )
    .await
    .map_err(Failure::from)?;
    Ok(list.page.answer_next(found.items, found.next.as_deref()).into_response())
}

/// In which period.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InPeriod {
    period: Option<String>,
}

/// Classes, teachers and rooms that are in two lessons at once.
#[utoipa::path(get, path = "/plans/{plan}/collisions", operation_id = "list_collisions", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"), ("period" = Option<String>, Query, description = "Else all periods")),
    responses((status = 200, description = "By period, day, hour, kind and name", body = schemas::Page<schemas::Collision>)))]
async fn list_collisions(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    list: Result<Listing<InPeriod>, Problem>,
) -> Result<Response, Problem> {
    reader.enter(&app, &plan, Right::Read).await?;
    let list = list?;
    let period = known_period(&app, &plan, list.filter.period).await?;
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = projections::collision::collisions(pool, &plan, period.as_deref(), Moment::Now, &page)
        .await
        .map_err(Failure::from)?;
    Ok(list.page.answer_next(found.items, found.next.as_deref()).into_response())
}

/// Lessons that have fewer placements than hours per week.
#[utoipa::path(get, path = "/plans/{plan}/unplaced", operation_id = "list_unplaced", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"), ("period" = Option<String>, Query, description = "Else all periods")),
    responses((status = 200, description = "By lesson and period", body = schemas::Page<schemas::Unplaced>)))]
async fn list_unplaced(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    list: Result<Listing<InPeriod>, Problem>,
) -> Result<Response, Problem> {
    reader.enter(&app, &plan, Right::Read).await?;
    let list = list?;
    let period = known_period(&app, &plan, list.filter.period).await?;
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = projections::unplaced::unplaced(pool, &plan, period.as_deref(), Moment::Now, &page)
        .await
        .map_err(Failure::from)?;
    Ok(list.page.answer_next(found.items, found.next.as_deref()).into_response())
}
