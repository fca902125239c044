//! What happened to a record.

use axum::extract::State;
use axum::response::Response;
use domain::{Kind, Right};
use projections::change::Past;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::audit::record_kind;
use crate::http::openapi::{AS_OF, READ_LIST, reading};
use crate::http::{Code, InTime, Listing, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(show_history), &[READ_LIST, AS_OF]))
}

/// Which record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryQuery {
    record: String,
    period: Option<String>,
}

/// What happened to a record, newest first, with the refused attempts between.
///
/// A record that is gone is found by the name that it had last. One that was renamed is told of from its beginning under its newest
/// name; an earlier name tells what happened while it was called so. `as_of` shows the history as it was then.
#[utoipa::path(get, path = "/plans/{plan}/history", operation_id = "show_history", tag = "changes",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("record" = String, Query, description = "Such as `teachers/GAUSS`, `lessons/7/placements/2`, `time-grid`"),
        ("period" = Option<String>, Query, description = "Of an hour of a lesson: only in this period")),
    responses((status = 200, description = "Newest first", body = schemas::Page<schemas::HistoryItem>)))]
async fn show_history(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<HistoryQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let query = list.filter;
    let Some(kind) = record_kind(&query.record) else {
        let how = "a record is named like teachers/GAUSS, lessons/7/placements/2 or time-grid";
        return Err(Problem::invalid("/query/record", how));
    };
    app.desk.check_right(&reader.caller, Some(&plan), kind.reading_right()).await?;
    if query.period.is_some() && kind != Kind::Placements {
        return Err(Problem::invalid("/query/period", "only the hours of a lesson are asked for by period"));
    }
    let before: Option<i64> = list.page.after()?;
    let wanted = Past {
        record: &query.record,
        period: query.period.as_deref(),
        upto: when.end(),
        before: before.unwrap_or(i64::MAX),
        limit: i64::from(list.page.limit) + 1,
        absences: reader.sees_absences(&app).await?,
    };
    let names = when.accounts(&app).await?;
    let pool = app.projections.pool();
    let found = projections::change::history(pool, &plan, wanted, &|who| names.name_of(who)).await;
    let Some(items) = found? else { return Err(Problem::new(Code::NotFound)) };
    let page = list.page.answer(items, |(position, _)| *position);
    Ok(when.answer(page.map(|(_, item)| item)))
}
