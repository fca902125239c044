//! Records of the kinds that have names: lists, reading, making, changing, removing. One set of handlers serves all kinds; the
//! description is made for each from the table of fields.

mod period;

use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use domain::command::Ask;
use domain::command::editable::editable;
use domain::command::write_record::{How, Target};
use domain::{Kind, PlanId, without_sensitive};
use projections::record::{RecordFilter, RecordView};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

pub(super) use self::period::{known_period, period_or_own};
use super::incoming::Incoming;
use super::reader::Reader;
use super::schemas::records as described;
use super::when::When;
use super::writing::{WriteQuery, remove, write};
use crate::app::App;
use crate::http::openapi::{AS_OF, HINDERED, READ_LIST, READ_ONE, reading, revising, writing};
use crate::http::{Code, Date, ETag, InTime, Listing, Path, PlanPath, Problem, Query};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new();
    for kind in Kind::NAMED {
        for routes in routes_of(kind) {
            router = router.routes(routes);
        }
    }
    router
}

fn routes_of(kind: Kind) -> [UtoipaMethodRouter<App>; 6] {
    use described::Operation;
    let collection = format!("/plans/{{plan}}/{kind}");
    let single = format!("{collection}/{{id}}");
    let lock = "Daybook-Lock";
    let hindered: &[&[Code]] = &[HINDERED, &[Code::Exists]];
    let route =
        |path: &str, operation, method: MethodRouter<App>| described::route(path, kind, operation, method);
    let list = get(move |app, reader, plan, list| list_records(kind, app, reader, plan, list));
    let make = post(move |app, plan, query, incoming| create(kind, app, plan, query, incoming));
    let one = get(move |app, reader, plan, path, query| show(kind, app, reader, plan, path, query));
    let [put_one, patch_one] = [How::Put, How::Patch].map(|how| {
        move |app, plan, path, query, incoming| change(kind, how, app, plan, path, query, incoming)
    });
    let gone =
        delete(move |app, plan, path, query, incoming| remove_record(kind, app, plan, path, query, incoming));
    [
        reading(route(&collection, Operation::List, list), &[READ_LIST, AS_OF]),
        writing(route(&collection, Operation::Create, make), &[lock], hindered),
        reading(route(&single, Operation::Show, one), &[READ_ONE, AS_OF]),
        revising(route(&single, Operation::Put, put(put_one)), &["If-None-Match", lock], hindered),
        revising(route(&single, Operation::Patch, patch(patch_one)), &[lock], hindered),
        revising(route(&single, Operation::Remove, gone), &[lock], &[HINDERED, &[Code::InUse]]),
    ]
}

/// Which records a list is to show.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    class: Option<String>,
    teacher: Option<String>,
    room: Option<String>,
    subject: Option<String>,
    department: Option<String>,
    date: Option<Date>,
    period: Option<String>,
}

async fn list_records(
    kind: Kind,
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    asked: Result<InTime<Listing<ListQuery>>, Problem>,
) -> Result<Response, Problem> {
    let (when, list) = reader.ask(&app, &plan, kind.reading_right(), asked).await?;
    let query = list.filter;
    let period = own_period(&app, &plan, kind, query.period, when).await?;
    let filter = RecordFilter {
        q: query.q,
        class: query.class,
        teacher: query.teacher,
        room: query.room,
        subject: query.subject,
        department: query.department,
        date: query.date.map(|Date(date)| date),
    };
    let page = projections::Page { limit: i64::from(list.page.limit), after: list.page.after()? };
    let found = projections::record::records(
        app.projections.pool(),
        &plan,
        kind,
        &filter,
        period.as_deref(),
        when.moment,
        &page,
    )
    .await?;
    let editable = editable_when(&app, &reader, &plan, kind, period.as_deref(), when).await?;
    let sees_absences = reader.sees_absences(&app).await?;
    let items = found.items.into_iter().map(|mut view| {
        if !sees_absences {
            without_sensitive(kind, &mut view.json);
        }
        with_editable(view, &editable)
    });
    let items: Vec<Json> = items.collect();
    Ok(when.answer(list.page.answer_next(items, found.next.as_deref()).editable(editable)))
}

/// The parameter of a GET of one record.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InPeriod {
    period: Option<String>,
}

async fn show(
    kind: Kind,
    State(app): State<App>,
    reader: Reader,
    PlanPath(plan): PlanPath,
    Path((_, name)): Path<(String, String)>,
    asked: Result<InTime<Query<InPeriod>>, Problem>,
) -> Result<Response, Problem> {
    let (when, Query(query)) = reader.ask(&app, &plan, kind.reading_right(), asked).await?;
    let period = own_period(&app, &plan, kind, query.period, when).await?;
    let found = projections::record::record(
        app.projections.pool(),
        &plan,
        kind,
        &name,
        period.as_deref(),
        when.moment,
    )
    .await?;
    let Some(mut view) = found else { return Err(Problem::new(Code::NotFound)) };
    if !reader.sees_absences(&app).await? {
        without_sensitive(kind, &mut view.json);
    }
    let etag = ETag { epoch: view.epoch, revision: view.revision };
    Ok(when.tagged(etag, reader.known.as_ref(), view.json))
}

async fn create(
    kind: Kind,
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    query: Result<Query<WriteQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let query = incoming.parameters(query);
    write(&app, plan, Target::New(kind), How::Put, query, incoming).await
}

async fn change(
    kind: Kind,
    how: How,
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, String)>, Problem>,
    query: Result<Query<WriteQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, name)) = path?;
    let query = incoming.parameters(query);
    write(&app, plan, Target::Named(kind, name), how, query, incoming).await
}

async fn remove_record(
    kind: Kind,
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    path: Result<Path<(String, String)>, Problem>,
    query: Result<Query<crate::http::NoQuery>, Problem>,
    mut incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let Path((_, name)) = path?;
    incoming.parameters(query);
    remove(&app, plan, Target::Named(kind, name), None, incoming).await
}

/// The period whose own values are asked for: 422 where such records have none, or there is no such period.
async fn own_period(
    app: &App,
    plan: &PlanId,
    kind: Kind,
    period: Option<String>,
    when: When,
) -> Result<Option<String>, Problem> {
    if period.is_some() && !kind.has_period_values() {
        return Err(Problem::invalid("/query/period", format!("{kind} have no values for one period")));
    }
    known_period(app, plan, period, when).await
}

/// What `editable` says to whoever reads: of the past nothing is.
pub(super) async fn editable_when(
    app: &App,
    reader: &Reader,
    plan: &PlanId,
    kind: Kind,
    period: Option<&str>,
    when: When,
) -> Result<Json, Problem> {
    if when.is_past() {
        return Ok(json!({ "value": false, "why": "past", "held_by": [] }));
    }
    let (who, session) = (reader.caller.who, reader.caller.session);
    let (now, today) = (app.desk.now(), app.desk.today());
    let told = app.desk.look(Some(plan), |office| {
        let period = period.and_then(|name| office.plan?.named(Kind::Periods, name)).map(|it| it.id);
        let ask = Ask { who, session, now, today, new_id: &mut uuid::Uuid::now_v7, history: None };
        editable(office, &ask, kind, period)
    });
    Ok(serde_json::to_value(told.await?).unwrap_or_default())
}

/// A record of a list, with what is said about editing it.
pub(super) fn with_editable(view: RecordView, editable: &Json) -> Json {
    let mut json = view.json;
    json.insert("editable".into(), editable.clone());
    Json::Object(json)
}
