//! Several changes of a plan in one request, all or nothing.

use std::sync::PoisonError;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use domain::command::batch::{Batch, BatchChange, BatchDone, BatchReport, BatchWrite, CHANGES_MAX};
use domain::command::remove_record::RemoveRecord;
use domain::command::write_record::{How, Target, WriteRecord};
use domain::command::{CarriedLock, Office, Precondition, Stream};
use domain::{Event, FieldFault, Kind, PlanId, Refusal, Right, Wanted, Who, read_fields};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::incoming::{Incoming, precondition, refusal, respond};
use super::schemas;
use super::writing::{placement_fields, record_body};
use crate::app::App;
use crate::desk::{Answer, Extra};
use crate::http::openapi::{HINDERED, REVISED, writing};
use crate::http::{Code, ETag, PlanPath, Problem};

/// The most bytes of a batch.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(writing(
            routes!(write_batch),
            &["Daybook-Lock"],
            &[REVISED, HINDERED, &[Code::Exists, Code::InUse]],
        ))
        .layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
}

/// Changes, in the order in which they are made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchBody {
    /// Up to 1,000.
    #[schema(max_items = 1000)]
    changes: Vec<ChangeBody>,
}

/// One change: what would be one request on a record, a placement, the time grid or the school data.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    #[schema(pattern = "^(POST|PUT|PATCH|DELETE)$")]
    verb: String,
    /// The address below the plan, names percent-encoded: `teachers/GAUSS`, `lessons/12/placements/3?period=2`. The whole path, from
    /// `/v1/plans/` on, will do as well. Parameters are `period` and `merge=disjoint`.
    #[schema(max_length = 1000)]
    path: String,
    /// The `ETag` of the record before the batch, or `*`. A PUT without it makes the record.
    #[schema(max_length = 1000)]
    if_match: Option<String>,
    /// `*`: the record is made, as by a PUT without `if_match`.
    #[schema(pattern = r"^\*$")]
    if_none_match: Option<String>,
    /// What the body of the request would be.
    #[schema(value_type = Option<Object>)]
    body: Option<Json>,
}

/// Makes up to 1,000 changes, all or nothing. Each sees what those before it did; the first that fails is named, and nothing is done.
#[utoipa::path(post, path = "/plans/{plan}/batch", operation_id = "write_batch", tag = "batch", request_body = BatchBody,
    params(("plan" = String, Path, description = "`school~year~version`")),
    responses((status = 200, description = "What became of each change, in their order", body = schemas::Batch)))]
async fn write_batch(
    State(app): State<App>,
    plan: Result<PlanPath, Problem>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let plan = incoming.enter(&app, plan).await?;
    let rights = [Right::Data, Right::Timetable, Right::Cover, Right::Settings];
    app.desk.check_any_right(&incoming.caller, &rights).await?;
    let body = incoming.body().json::<BatchBody>().map_err(refusal);
    let (lock, who) = (incoming.lock, incoming.caller.who);
    let changes = body.and_then(|body| changes(&plan, body, lock));
    let periods: Vec<Option<String>> = changes.iter().flatten().map(period_of).collect();
    let report = BatchReport::default();
    let command = Batch { plan, changes, report: report.clone() };
    let render = move |office: &Office<'_>, events: &[(Stream, Event)]| {
        let report = report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answer(office, events, who, &report, &periods)
    };
    let answered = app.desk.execute(incoming.request(), command, Extra::default(), render).await;
    app.desk.renew(lock, &answered);
    respond(&app, answered)
}

fn changes(plan: &PlanId, body: BatchBody, lock: CarriedLock) -> Result<Vec<BatchChange>, Refusal> {
    if body.changes.len() > CHANGES_MAX {
        return Err(Refusal::fault("/changes", format!("a batch has at most {CHANGES_MAX} changes")));
    }
    let one = |(index, change): (usize, ChangeBody)| {
        let failed = json!({ "index": index, "verb": change.verb, "path": change.path });
        read_change(plan, change, lock).map_err(|FieldFault { pointer, detail }| {
            let fault = FieldFault { pointer: format!("/changes/{index}{pointer}"), detail };
            let mut refusal = Refusal::invalid(&[fault]);
            refusal.members.insert("failed".into(), failed);
            refusal
        })
    };
    body.changes.into_iter().enumerate().map(one).collect()
}

/// Where a change goes to.
struct Address {
    target: Target,
    period: Option<String>,
    disjoint: bool,
}

fn read_change(plan: &PlanId, change: ChangeBody, lock: CarriedLock) -> Result<BatchChange, FieldFault> {
    let address = read_path(plan, &change.path)?;
    let fault = |pointer: &str, detail: &str| Err(FieldFault::new(pointer, detail));
    let how = match (change.verb.as_str(), &address.target) {
        ("POST", Target::New(_)) | ("PUT", Target::Named(..) | Target::Hour { .. }) => How::Put,
        ("PATCH", Target::Named(..) | Target::Hour { .. } | Target::Singleton(_)) => How::Patch,
        ("DELETE", Target::Named(..) | Target::Hour { .. }) => {
            if change.body.is_some() {
                return fault("/body", "a DELETE has no body");
            }
            let remove = RemoveRecord {
                plan: plan.clone(),
                target: address.target,
                period: address.period,
                precondition: read_precondition(&change)?,
                lock,
                shape: Ok(()),
            };
            let what = BatchWrite::Remove(Box::new(remove));
            return Ok(BatchChange { verb: change.verb, path: change.path, what });
        }
        _ => {
            return fault(
                "/verb",
                "this path does not take the verb; a batch takes POST, PUT, PATCH and DELETE",
            );
        }
    };
    let mut precondition = read_precondition(&change)?;
    if change.verb == "PUT" && precondition == Precondition::None {
        precondition = Precondition::Absent;
    }
    let mut room = None;
    let write = WriteRecord {
        plan: plan.clone(),
        how,
        body: read_body(address.target.kind(), change.body, &mut room),
        room,
        period: address.period,
        precondition,
        lock,
        disjoint: address.disjoint,
        target: address.target,
    };
    Ok(BatchChange { verb: change.verb, path: change.path, what: BatchWrite::Write(Box::new(write)) })
}

fn read_body(
    kind: Kind,
    body: Option<Json>,
    room: &mut Option<Option<String>>,
) -> Result<Vec<Wanted>, Refusal> {
    let object = match body {
        Some(Json::Object(object)) => object,
        None | Some(Json::Null) => Map::new(),
        Some(_) => return Err(Refusal::fault("", "an object belongs here")),
    };
    let read =
        if kind == Kind::Placements { placement_fields(object, room) } else { read_fields(kind, &object) };
    read.map_err(|faults| Refusal::invalid(&faults))
}

/// The members that stand for headers are read as those.
fn read_precondition(change: &ChangeBody) -> Result<Precondition, FieldFault> {
    let mut headers = HeaderMap::new();
    let given = [
        ("if_match", "if-match", &change.if_match),
        ("if_none_match", "if-none-match", &change.if_none_match),
    ];
    for (member, name, text) in given {
        let Some(text) = text else { continue };
        let unreadable =
            || FieldFault::new(format!("/{member}"), "an ETag as it was answered, or *, belongs here");
        let quoted = text.contains('"') || text.trim() == "*";
        let value = if quoted { text.clone() } else { format!("\"{text}\"") };
        headers.insert(name, value.try_into().map_err(|_| unreadable())?);
        precondition(&headers).map_err(|_| unreadable())?;
    }
    precondition(&headers)
        .map_err(|_| FieldFault::new("/if_match", "an ETag as it was answered, or *, belongs here"))
}

fn read_path(plan: &PlanId, path: &str) -> Result<Address, FieldFault> {
    let fault = |detail: &str| FieldFault::new("/path", detail);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Option<Vec<String>> = path.split('/').skip_while(|it| it.is_empty()).map(decoded).collect();
    let segments = segments.ok_or_else(|| fault("broken percent-encoding: not UTF-8"))?;
    let mut below: Vec<&str> = segments.iter().map(String::as_str).collect();
    if below.first() == Some(&"v1") {
        below.remove(0);
    }
    if let ["plans", named, rest @ ..] = &below[..] {
        if *named != plan.to_string() {
            return Err(fault("a batch changes the plan that it is sent to"));
        }
        below = rest.to_vec();
    }
    let target =
        target(&below).ok_or_else(|| fault("there is nothing to write at this address in a plan"))?;
    let mut address = Address { target, period: None, disjoint: false };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("period", _) => address.period = Some(value.into_owned()),
            ("merge", "disjoint") => address.disjoint = true,
            _ => return Err(fault("the parameters of a change are period and merge=disjoint")),
        }
    }
    Ok(address)
}

fn decoded(segment: &str) -> Option<String> {
    percent_encoding::percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn target(below: &[&str]) -> Option<Target> {
    match below {
        ["lessons", lesson, "placements", n] => {
            Some(Target::Hour { lesson: (*lesson).to_owned(), n: n.parse().ok()? })
        }
        [word] => {
            let kind: Kind = word.parse().ok()?;
            if kind.is_singleton() {
                return Some(Target::Singleton(kind));
            }
            Kind::NAMED.contains(&kind).then_some(Target::New(kind))
        }
        [word, name] => {
            let kind: Kind = word.parse().ok()?;
            Kind::NAMED.contains(&kind).then(|| Target::Named(kind, (*name).to_owned()))
        }
        _ => None,
    }
}

fn period_of(change: &BatchChange) -> Option<String> {
    match &change.what {
        BatchWrite::Write(write) => write.period.clone(),
        BatchWrite::Remove(_) => None,
    }
}

/// What became of each change; every record as it stands after all of them.
fn answer(
    office: &Office<'_>,
    events: &[(Stream, Event)],
    who: Who,
    report: &[BatchDone],
    periods: &[Option<String>],
) -> Answer {
    let touched: std::collections::HashSet<_> =
        events.iter().filter_map(|(_, event)| event.subject()).collect();
    let mut items = Vec::with_capacity(report.len());
    let (mut positions, mut moments) = (vec!["/position".to_owned()], Vec::new());
    for (index, (done, period)) in report.iter().zip(periods).enumerate() {
        let (status, id) = match done {
            BatchDone::Created(id) => (201, Some(*id)),
            BatchDone::Changed(id) | BatchDone::Unchanged(id) => (200, Some(*id)),
            BatchDone::Removed => (204, None),
        };
        let Some((plan, record)) = office.plan.and_then(|plan| Some((plan, plan.record(id?)?))) else {
            items.push(json!({ "status": status, "etag": null, "body": null }));
            continue;
        };
        let period = period.as_ref().and_then(|name| plan.named(Kind::Periods, name)).map(|it| it.id);
        let mut body = record_body(office, plan, who, record, period);
        if touched.contains(&record.id.0) {
            let by = office.accounts.name_of(who);
            body.insert("changed".into(), json!({ "by": by, "at": null, "position": null }));
            positions.push(format!("/items/{index}/body/changed/position"));
            moments.push(format!("/items/{index}/body/changed/at"));
        }
        let etag = ETag::of(record.epoch, record.revision).to_string();
        items.push(json!({ "status": status, "etag": etag, "body": body }));
    }
    let mut answer = Answer::new(200, json!({ "items": items, "position": null }));
    answer.position_at = positions;
    answer.moment_at = moments;
    answer
}
