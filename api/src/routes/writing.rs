//! What all writes of records share: the answer, and who may edit what just now.

use axum::response::Response;
use domain::command::remove_record::RemoveRecord;
use domain::command::write_record::{How, Target, WriteRecord};
use domain::command::{Office, Stream};
use domain::{
    Event, FieldFault, HourOf, Kind, Plan, PlanId, Record, RecordId, Refusal, Right, SessionId, Who,
};
use projections::Moment;
use serde_json::{Map, Value as Json, json};

use super::incoming::{Incoming, refusal, respond};
use crate::app::App;
use crate::desk::{Answer, Answered, Extra};
use crate::http::Problem;

/// Parameters of a write of a record.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteQuery {
    /// The period whose own values are written.
    pub period: Option<String>,
    /// `disjoint`: a stale change may pass when nobody else touched its fields.
    pub merge: Option<Merge>,
}

/// How a stale change is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merge {
    /// Accepted when it touches none of the fields that changed meanwhile.
    Disjoint,
}

/// Writes a record and answers with it.
pub async fn write(
    app: &App,
    plan: PlanId,
    target: Target,
    how: How,
    query: WriteQuery,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let kind = target.kind();
    let mut room = None;
    let body = if kind == Kind::Placements {
        incoming.body().object().and_then(|object| {
            placement_fields(object, &mut room).map_err(|faults| Refusal::invalid(&faults))
        })
    } else {
        incoming.body().fields(kind)
    };
    let period = query.period.clone();
    let command = WriteRecord {
        plan: plan.clone(),
        target: target.clone(),
        how,
        body,
        room,
        period: query.period,
        precondition: incoming.precondition.clone(),
        lock: incoming.lock,
        disjoint: query.merge.is_some(),
    };
    let who = (incoming.caller.who, incoming.caller.session);
    let lock = incoming.lock;
    let written = {
        let (plan, target, period) = (plan.clone(), target.clone(), period.clone());
        move |office: &Office<'_>, events: &[(Stream, Event)]| {
            written(office, events, who, &plan, &target, period.as_deref())
        }
    };
    let mut answered = app.desk.execute(incoming.request(), command, Extra::default(), written).await;
    app.desk.renew(lock, &answered);
    if let Ok(answered) = &mut answered {
        tell_last_change(app, &plan, &target, answered).await;
    }
    respond(app, answered)
}

/// Who changed a record last is not in the state; where a write changed nothing, the read model tells it.
async fn tell_last_change(app: &App, plan: &PlanId, target: &Target, answered: &mut Answered) {
    let Some(Json::Object(body)) = &mut answered.answer.body else { return };
    if body.contains_key("changed") {
        return;
    }
    app.show_own_writes().await;
    let pool = app.projections.pool();
    let text = |member: &str| body.get(member).and_then(Json::as_str).unwrap_or_default().to_owned();
    let shown = match target {
        Target::Named(kind, name) => projections::record::record(pool, plan, *kind, name, None, Moment::Now)
            .await
            .map(|view| view.map(|view| view.json)),
        Target::Singleton(kind) => projections::record::singleton(pool, plan, *kind, Moment::Now)
            .await
            .map(|view| view.map(|view| view.json)),
        Target::Hour { lesson, n } => {
            projections::placement::placement(pool, plan, lesson, &text("period"), *n, Moment::Now)
                .await
                .map(|view| view.map(|view| view.json))
        }
        Target::New(_) => return,
    };
    if let Ok(Some(mut shown)) = shown
        && let Some(changed) = shown.shift_remove("changed")
    {
        body.insert("changed".to_owned(), changed);
    }
}

/// Removes a record.
pub async fn remove(
    app: &App,
    plan: PlanId,
    target: Target,
    period: Option<String>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let command = RemoveRecord {
        plan,
        target,
        period,
        precondition: incoming.precondition.clone(),
        lock: incoming.lock,
        shape: incoming.body().readable().map_err(refusal),
    };
    let answered =
        app.desk.execute(incoming.request(), command, Extra::default(), |_, _| Answer::empty(204)).await;
    respond(app, answered)
}

/// The fields of a placement, with `room` taken out: it is no field but says something about all rows.
pub(super) fn placement_fields(
    mut object: Map<String, Json>,
    room: &mut Option<Option<String>>,
) -> Result<Vec<domain::Wanted>, Vec<FieldFault>> {
    match object.shift_remove("room") {
        None => {}
        Some(Json::Null) => *room = Some(None),
        Some(Json::String(name)) if domain::name_fault(&name).is_none() => *room = Some(Some(name)),
        Some(_) => return Err(vec![FieldFault::new("/room", "the name of a room, or null, belongs here")]),
    }
    domain::read_fields(Kind::Placements, &object)
}

fn written(
    office: &Office<'_>,
    events: &[(Stream, Event)],
    (who, session): (Who, Option<SessionId>),
    plan_id: &PlanId,
    target: &Target,
    period: Option<&str>,
) -> Answer {
    let Some(plan) = office.plan else { return Answer::empty(200) };
    let own_period = session.and_then(|id| plan.sessions.get(id)).and_then(|session| session.period);
    let hour_period = period.and_then(|name| plan.named(Kind::Periods, name)).map(|it| it.id).or(own_period);
    let id = events.iter().find_map(|(_, event)| match event {
        Event::RecordCreated(e) => Some((e.record, true)),
        Event::RecordChanged(e) => Some((e.record, false)),
        _ => None,
    });
    let (id, created) = match (id, target) {
        (Some(found), _) => found,
        (None, Target::Named(kind, name)) => {
            (plan.named(*kind, name).map_or(RecordId(uuid::Uuid::nil()), |it| it.id), false)
        }
        (None, Target::Singleton(kind)) => {
            (plan.singleton(*kind).map_or(RecordId(uuid::Uuid::nil()), |it| it.id), false)
        }
        (None, Target::Hour { lesson, n }) => {
            (hour(plan, lesson, hour_period, *n).unwrap_or(RecordId(uuid::Uuid::nil())), false)
        }
        _ => (RecordId(uuid::Uuid::nil()), false),
    };
    let Some(record) = plan.record(id) else { return Answer::empty(200) };
    let period = period.and_then(|name| plan.named(Kind::Periods, name)).map(|it| it.id);
    let mut body = record_body(office, plan, who, record, period);
    if !events.is_empty() {
        body.insert(
            "changed".into(),
            json!({ "by": office.accounts.name_of(who), "at": null, "position": null }),
        );
    }
    let mut answer = Answer::new(if created { 201 } else { 200 }, Json::Object(body))
        .revision(record.epoch, record.revision);
    if !events.is_empty() {
        answer = answer.position_at(&["/changed/position"]).moment_at(&["/changed/at"]);
    }
    if created {
        answer = answer.location(location(plan_id, plan, record));
    }
    answer
}

/// A record as whoever writes sees it, without who changed it last.
pub(super) fn record_body(
    office: &Office<'_>,
    plan: &Plan,
    who: Who,
    record: &Record,
    period: Option<RecordId>,
) -> Map<String, Json> {
    let mut body = plan.record_json(record, period);
    if !office.accounts.may(who, Right::ReadAbsences) {
        domain::without_sensitive(record.kind, &mut body);
    }
    if let Some(period) = period.filter(|_| record.hour_of.is_none()) {
        let own = record.by_period.get(&period);
        let all = record.kind.fields().iter().map(|field| field.name);
        let own: Vec<&str> = all.filter(|name| own.is_some_and(|own| own.contains_key(name))).collect();
        body.insert("period_fields".into(), own.into());
    }
    body
}

fn hour(plan: &Plan, lesson: &str, period: Option<RecordId>, n: u32) -> Option<RecordId> {
    let lesson = plan.named(Kind::Lessons, lesson)?.id;
    plan.placement(&HourOf { lesson, period: period?, n }).map(|it| it.id)
}

fn location(plan_id: &PlanId, plan: &Plan, record: &Record) -> String {
    use super::plans::encoded;
    let plan_path = format!("/v1/plans/{}", encoded(&plan_id.to_string()));
    match (record.name(), record.hour_of) {
        (Some(name), _) => format!("{plan_path}/{}/{}", record.kind, encoded(name)),
        (None, Some(hour)) => {
            let lesson = plan.name_of(hour.lesson).unwrap_or_default();
            let period = plan.name_of(hour.period).unwrap_or_default();
            format!(
                "{plan_path}/lessons/{}/placements/{}?period={}",
                encoded(&lesson),
                hour.n,
                encoded(&period)
            )
        }
        (None, None) => format!("{plan_path}/{}", record.kind),
    }
}
