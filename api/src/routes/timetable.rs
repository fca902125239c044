//! The timetable of a class, a teacher or a room; what collides in it; what is not placed yet.

use axum::extract::State;
use axum::response::Response;
use domain::{Right, said};
use projections::collision::CollisionsOf;
use projections::placement::TimetableOf;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::records::{known_period, period_or_own};
use super::schemas;
use crate::app::App;
use crate::http::openapi::{AS_OF, READ_LIST, reading};
use crate::http::{Date, InTime, Listing, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(show_timetable), &[READ_LIST, AS_OF]))
        .routes(reading(routes!(list_collisions), &[READ_LIST, AS_OF]))
        .routes(reading(routes!(list_unplaced), &[READ_LIST, AS_OF]))
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
    date: Option<Date>,
}

/// The timetable of a class, a teacher or a room, or of the whole school.
#[utoipa::path(get, path = "/plans/{plan}/timetable", operation_id = "show_timetable", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("class" = Option<String>, Query, description = "One of class, teacher and room, or none"),
        ("teacher" = Option<String>, Query, description = "Only this teacher's hours"),
        ("room" = Option<String>, Query, description = "Only the hours in this room"),
        ("period" = Option<String>, Query, description = "Else the session's, or the one of today"),
        ("week" = Option<String>, Query, description = "Only what meets in this week"),
        ("date" = Option<NaiveDate>, Query, description = "That day as it really is, in the period of that date: with the \
            substitutions applied, without the lessons and classes that are not there on that date, on a holiday without any \
            lesson. Not together with `period` and `week`: placements of every week are there")),
    responses((status = 200, description = "One item for each row of a placement, by day, hour, lesson, class, teacher",
        body = schemas::Page<schemas::TimetableItem>)))]
async fn show_timetable(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<TimetableQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let query = list.filter;
    let of = match (query.class, query.teacher, query.room) {
        (None, None, None) => TimetableOf::All,
        (Some(name), None, None) => TimetableOf::Class(name),
        (None, Some(name), None) => TimetableOf::Teacher(name),
        (None, None, Some(name)) => TimetableOf::Room(name),
        _ => return Err(Problem::invalid("/query", "ask for one of class, teacher and room")),
    };
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = if let Some(Date(date)) = query.date {
        for (name, given) in [("period", &query.period), ("week", &query.week)] {
            if given.is_some() {
                return Err(Problem::invalid(format!("/query/{name}"), said!("date-says-it", name = name)));
            }
        }
        projections::day::timetable_of_day(pool, &plan, &of, date, when.moment, &page).await
    } else {
        let period = period_or_own(&app, &reader, &plan, query.period, when).await?;
        let week = query.week.as_deref();
        projections::placement::timetable(pool, &plan, &of, &period, week, when.moment, &page).await
    };
    let found = found?;
    Ok(when.answer(list.page.answer_next(found.items, found.next.as_deref())))
}

/// In which period.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InPeriod {
    period: Option<String>,
}

/// In which period, or on which date.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollisionsQuery {
    period: Option<String>,
    date: Option<Date>,
}

/// Classes, teachers and rooms that are in two lessons at once. Those that a substitution takes part in have its date.
#[utoipa::path(get, path = "/plans/{plan}/collisions", operation_id = "list_collisions", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("period" = Option<String>, Query, description = "Else all periods"),
        ("date" = Option<NaiveDate>, Query, description = "Those of that day as it really is; not together with `period`")),
    responses((status = 200, description = "By period, day, hour, kind, name, week and date", body = schemas::Page<schemas::Collision>)))]
async fn list_collisions(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<CollisionsQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let period = known_period(&app, &plan, list.filter.period, when).await?;
    let of = match (&period, list.filter.date) {
        (None, None) => CollisionsOf::All,
        (Some(period), None) => CollisionsOf::Period(period),
        (None, Some(Date(date))) => CollisionsOf::Date(date),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("/query/period", said!("date-says-it", name = "period")));
        }
    };
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = projections::collision::collisions(pool, &plan, of, when.moment, &page).await?;
    Ok(when.answer(list.page.answer_next(found.items, found.next.as_deref())))
}

/// Lessons that have fewer placements than hours per week.
#[utoipa::path(get, path = "/plans/{plan}/unplaced", operation_id = "list_unplaced", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"), ("period" = Option<String>, Query, description = "Else all periods")),
    responses((status = 200, description = "By lesson and period", body = schemas::Page<schemas::Unplaced>)))]
async fn list_unplaced(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<InPeriod>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let period = known_period(&app, &plan, list.filter.period, when).await?;
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let pool = app.projections.pool();
    let found = projections::unplaced::unplaced(pool, &plan, period.as_deref(), when.moment, &page).await?;
    Ok(when.answer(list.page.answer_next(found.items, found.next.as_deref())))
}
