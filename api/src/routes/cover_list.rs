//! What there is to cover on a day.

use axum::extract::State;
use axum::response::Response;
use domain::{Kind, Right};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reader::Reader;
use super::records::{editable_when, with_editable};
use super::schemas;
use crate::app::App;
use crate::http::openapi::{AS_OF, READ_LIST, reading};
use crate::http::{Date, InTime, Listing, PlanPath, Problem};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(reading(routes!(show_cover_list), &[READ_LIST, AS_OF]))
}

/// On which day.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDay {
    date: Option<Date>,
}

/// The substitutions of a day, and the hours that are still open because somebody or something is absent, with who could take them.
///
/// It takes the right `read-absences` beside `read`, because what is open says who is absent.
#[utoipa::path(get, path = "/plans/{plan}/cover-list", operation_id = "show_cover_list", tag = "timetable",
    params(("plan" = String, Path, description = "`school~year~version`"),
        ("date" = Option<NaiveDate>, Query, description = "Else today")),
    responses((status = 200, description = "The substitutions by number, then the open hours by hour and lesson",
        body = schemas::CoverList)))]
async fn show_cover_list(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<OnDay>>, Problem>,
) -> Result<Response, Problem> {
    reader.enter(&app, &plan, Right::ReadAbsences).await?;
    let (when, list) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let date = match list.filter.date {
        Some(Date(date)) => date,
        None => when.today(&app).await?,
    };
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let found =
        projections::cover_list::cover_list(app.projections.pool(), &plan, date, when.moment, &page).await?;
    let editable = editable_when(&app, &reader, &plan, Kind::Substitutions, None, when).await?;
    let items = found.substitutions.into_iter().map(|view| with_editable(view, &editable));
    let items: Vec<Json> = items.collect();
    let open = found.open.into_iter().map(Json::Object).collect();
    Ok(when.answer(list.page.answer_next(items, found.next.as_deref()).open(open)))
}
