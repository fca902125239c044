//! Plans.

use axum::extract::State;
use axum::response::Response;
use domain::command::CarriedLock;
use domain::command::change_plan::ChangePlan;
use domain::command::create_plan::{CreatePlan, Origin, TakeOver};
use domain::{Plan, PlanCondition, PlanId, Right, SchoolYear};
use projections::Moment;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas;
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{AS_OF, READ_LIST, READ_ONE, reading, revising, writing};
use crate::http::{Code, Date, ETag, InTime, Listing, NoQuery, Paged, PlanPath, Problem, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(reading(routes!(list_plans), &[READ_LIST]))
        .routes(writing(
            routes!(create_plan),
            &["Daybook-Lock"],
            &[&[Code::Exists, Code::LockMissing, Code::LockEnded]],
        ))
        .routes(reading(routes!(show_plan), &[READ_ONE, AS_OF]))
        .routes(revising(routes!(change_plan), &[], &[&[Code::Blocked]]))
}

/// The plans that the caller's group covers.
#[utoipa::path(get, path = "/plans", operation_id = "list_plans", tag = "plans",
    responses((status = 200, description = "Plans by name", body = schemas::Page<schemas::Plan>)))]
async fn list_plans(
    State(app): State<App>,
    reader: Reader,
    list: Result<Listing, Problem>,
) -> Result<Paged<Json>, Problem> {
    reader.permit(&app, Right::Read).await?;
    let list = list?;
    let after: Option<String> = list.page.after()?;
    let group = app.desk.with_accounts(|accounts| accounts.group_of(reader.caller.who).cloned()).await?;
    let covered = |plan: &PlanId| group.as_ref().is_none_or(|group| group.plans.cover(plan));
    let limit = usize::from(list.page.limit) + 1;
    let mut items = Vec::new();
    let mut page = projections::Page { limit: 1_000, after };
    loop {
        let read = projections::plan::plans(app.projections.pool(), Moment::Now, &page).await?;
        items.extend(
            read.items.into_iter().filter(|plan| covered(&plan.plan)).map(|plan| Json::Object(plan.json)),
        );
        if items.len() >= limit || read.next.is_none() {
            break;
        }
        page.after = read.next;
    }
    items.truncate(limit);
    Ok(list.page.answer(items, |item| item["plan"].clone()))
}

/// A new plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlan {
    /// The number of the school.
    #[schema(example = "100234", min_length = 1, max_length = 50)]
    school: String,
    /// The school year.
    #[schema(example = "2026-2027", pattern = "^[0-9]{4}-[0-9]{4}$")]
    year: String,
    /// The version.
    #[schema(minimum = 1, maximum = 255)]
    version: u8,
    /// What people will call it.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The first day of period `1`, within the school year; else 1 August. Not with `copy_of`.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day of period `1`, within the school year; else 31 July. Not with `copy_of`.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Another version of the same year, which the new plan takes over whole: every record, with its values for single periods.
    #[schema(example = "100234~2026-2027~1")]
    copy_of: Option<String>,
    /// A plan of an earlier year. Taken over: master data, lessons, time grid, school data, with the values of its last period,
    /// and the placements of that period, which stand in period `1` of the new plan; first and last days of lessons and classes
    /// so many years later. Not taken over: the other periods, holidays, absences, substitutions.
    #[schema(example = "100234~2025-2026~1")]
    new_year_of: Option<String>,
}

/// Makes a plan: with one period over the whole school year, or from another plan, which takes its lock `new-school-year`.
#[utoipa::path(post, path = "/plans", operation_id = "create_plan", tag = "plans", request_body = NewPlan,
    responses((status = 201, description = "The plan", body = schemas::Plan)))]
async fn create_plan(State(app): State<App>, incoming: Incoming) -> Result<Response, Problem> {
    incoming.permit(&app, Right::Plans).await?;
    let body: NewPlan = incoming.json()?;
    let year: SchoolYear = body
        .year
        .parse()
        .map_err(|error: domain::PlanIdError| Problem::invalid("/year", error.to_string()))?;
    let plan = PlanId::new(&body.school, year, body.version).map_err(|error| {
        let pointer = if error == domain::PlanIdError::Version { "/version" } else { "/school" };
        Problem::invalid(pointer, error.to_string())
    })?;
    let origin = origin(body.copy_of, body.new_year_of, incoming.lock)?;
    let (from, to) = (body.from.map(|day| day.0), body.to.map(|day| day.0));
    let command = CreatePlan { plan: plan.clone(), title: body.title, from, to, origin };
    incoming
        .execute(&app, command, Extra::default(), move |office, _| {
            let location = format!("/v1/plans/{}", encoded(&plan.to_string()));
            office.plan.map_or_else(|| Answer::empty(201), |plan| answer(201, plan)).location(location)
        })
        .await
}

fn origin(
    copy_of: Option<String>,
    new_year_of: Option<String>,
    lock: CarriedLock,
) -> Result<Option<Origin>, Problem> {
    let (text, how, pointer) = match (copy_of, new_year_of) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid(
                "/new_year_of",
                "a plan starts from one other plan: copy_of or new_year_of",
            ));
        }
        (Some(text), None) => (text, TakeOver::Copy, "/copy_of"),
        (None, Some(text)) => (text, TakeOver::NewYear, "/new_year_of"),
    };
    let plan =
        text.parse().map_err(|error: domain::PlanIdError| Problem::invalid(pointer, error.to_string()))?;
    Ok(Some(Origin { plan, how, lock }))
}

/// A plan.
#[utoipa::path(get, path = "/plans/{plan}", operation_id = "show_plan", tag = "plans",
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "The plan", body = schemas::Plan), (status = 304, description = "The caller has it")))]
async fn show_plan(
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Query<NoQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, _) = reader.ask(&app, &plan, Right::Read, asked).await?;
    let row = projections::plan::plan(app.projections.pool(), &plan, when.moment).await?;
    let Some(row) = row else { return Err(Problem::new(Code::NotFound)) };
    Ok(when.tagged(ETag { epoch: row.epoch, revision: row.revision }, reader.known.as_ref(), row.json))
}

/// What changes of a plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanPatch {
    /// What people will call it.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// `open`, `read-only` or `archived`.
    #[schema(value_type = Option<schemas::PlanState>)]
    state: Option<PlanCondition>,
}

/// Changes the title or the state of a plan.
#[utoipa::path(patch, path = "/plans/{plan}", operation_id = "change_plan", tag = "plans", request_body = PlanPatch,
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "The plan", body = schemas::Plan)))]
async fn change_plan(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter_with(&app, plan, Right::Plans).await?;
    let body: PlanPatch = incoming.json()?;
    let precondition = incoming.precondition.clone();
    let command = ChangePlan { plan, title: body.title, state: body.state, precondition };
    incoming
        .execute(&app, command, Extra::default(), |office, _| {
            office.plan.map_or_else(|| Answer::empty(200), |plan| answer(200, plan))
        })
        .await
}

/// A plan as API.md shows it, from the state.
fn answer(status: u16, plan: &Plan) -> Answer {
    let mut counts = serde_json::Map::new();
    for kind in domain::Kind::ALL.into_iter().filter(|kind| !kind.is_singleton()) {
        let count = plan.records().filter(|record| record.kind == kind).count();
        counts.insert(kind.word().to_owned(), count.into());
    }
    let (epoch, revision) = plan.revision();
    let body = json!({
        "plan": plan.id(),
        "title": plan.title(),
        "state": plan.condition(),
        "revision": revision,
        "position": null,
        "counts": counts,
        "sessions": plan.sessions.len(),
        "locks": plan.locks().count(),
    });
    Answer::new(status, body).position_at(&["/position"]).revision(epoch, revision)
}

/// A name as one segment of a path.
pub(super) fn encoded(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
