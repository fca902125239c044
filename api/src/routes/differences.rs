//! What differs between two moments of a plan.

use axum::extract::State;
use axum::response::Response;
use domain::Right;
use projections::difference::Between;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::schemas;
use super::when::When;
use crate::app::App;
use crate::http::openapi::{AS_OF, READ_LIST, reading};
use crate::http::{GivenMoment, InTime, Listing, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(list_differences), &[READ_LIST, AS_OF]))
}

/// Between which moments.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DifferencesQuery {
    from: Option<String>,
    to: Option<String>,
}

/// What differs between two moments of the plan, record by record: what came, what went, and which fields say something else.
///
/// A record that is again as it was is left out, so that a page may have fewer items than `limit`, even none. References are compared
/// by what they refer to: a teacher who is renamed is a difference of the teacher alone.
#[utoipa::path(get, path = "/plans/{plan}/differences", operation_id = "list_differences", tag = "changes",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("from" = Option<String>, Query, description = "A position or time; absent, before there was anything"),
        ("to" = Option<String>, Query, description = "A position or time, not before `from`; absent, `as_of`, else now")),
    responses((status = 200, description = "In the order in which the records were first changed after `from`",
        body = schemas::Page<schemas::Difference>)))]
async fn list_differences(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<DifferencesQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let from = end_of(&app, "from", list.filter.from.as_deref()).await?.unwrap_or(0);
    let last = when.end().min(app.projections.position());
    let to = end_of(&app, "to", list.filter.to.as_deref()).await?.unwrap_or(last);
    if to < from {
        return Err(Problem::invalid("/query/to", "the end is before the start"));
    }
    if to > when.end() {
        return Err(Problem::invalid("/query/to", "nothing has this position yet"));
    }
    let after: Option<(i64, i64)> = list.page.after()?;
    // Without `to` all pages are about the moment of the first.
    let (after, to) = after.map_or((from, to), |(after, first)| (after, to.min(first)));
    let limit = i64::from(list.page.limit);
    let between = Between { from, to, after, limit, absences: reader.sees_absences(&app).await? };
    let found = projections::difference::differences(app.projections.pool(), &plan, between).await;
    let found = found?;
    Ok(when.answer(list.page.answer_next(found.items, found.next.map(|next| (next, to)))))
}

/// The end of the write that a parameter names.
async fn end_of(app: &App, name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(When::of(app, GivenMoment::read(name, text)?, name).await?.end()))
}
