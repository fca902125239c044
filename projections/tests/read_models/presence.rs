//! Sessions, locks, refusals, and the status report made from them.

use std::time::Duration;

use domain::{
    Action, Actor, ChangeRefused, Event, Kind, LockDenied, LockEnd, LockEnded, LockGranted, LockId, Mode,
    Obstacle, PlanId, RecordChanged, RecordCreated, RecordId, SessionChanged, SessionEnd, SessionEnded,
    SessionId, SessionStarted, StreamName, UserId, Value, Who,
};
use projections::lock::{lock, locks};
use projections::session::{session, session_end, sessions};
use projections::status::{Beside, StatusReport, status_report};
use projections::{Moment, Projection, Projections};
use serde_json::json;
use uuid::Uuid;

use crate::setting::{SOON, Setting};

pub const PLAN: &str = "100234~2026-2027~1";

pub fn plan() -> PlanId {
    PLAN.parse().expect("a plan")
}

pub fn all() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(projections::session::Sessions),
        Box::new(projections::lock::Locks),
        Box::new(projections::change::Changes),
        Box::new(projections::import::Imports),
        Box::new(projections::refusal::Refusals),
    ]
}

pub fn anna() -> Who {
    Who::User(UserId(Uuid::from_u128(1)))
}

pub fn bert() -> Who {
    Who::User(UserId(Uuid::from_u128(2)))
}

pub fn name_of(who: Who) -> String {
    match who {
        Who::User(id) if id.0 == Uuid::from_u128(1) => "anna".to_owned(),
        Who::User(id) if id.0 == Uuid::from_u128(2) => "bert".to_owned(),
        Who::Operator => "operator".to_owned(),
        _ => "?".to_owned(),
    }
}

/// `n` makes ids whose order is that of the numbers.
pub fn session_id(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(100 + n))
}

pub fn started(session: SessionId, who: Who, mode: Mode, period: Option<RecordId>) -> Event {
    SessionStarted { session, who, mode, period, client: None, resumed: false }.into()
}

pub fn period() -> (RecordId, Event) {
    let record = RecordId(Uuid::from_u128(50));
    let fields = [("id".into(), Value::Text("1".into()))].into();
    let kind = Kind::Periods;
    (record, RecordCreated { record, kind, revision: 1, hour_of: None, fields, import: None }.into())
}

/// Appends to the stream of the plan and waits until the read models have it.
pub async fn append(setting: &Setting, projections: &Projections, who: Who, events: Vec<Event>) -> i64 {
    append_to(setting, projections, &plan().stream(), who, events).await
}

pub async fn append_to(
    setting: &Setting,
    projections: &Projections,
    stream: &StreamName,
    who: Who,
    events: Vec<Event>,
) -> i64 {
    let actor = match who {
        Who::User(id) => Actor::User(id.0),
        Who::Token(id) => Actor::Token(id.0),
        Who::Operator => Actor::Operator,
        Who::System => Actor::System,
    };
    let last = setting.append_by(actor, stream, events).await.last;
    projections.wait_for(last, SOON).await.expect("the read models follow");
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_here_is_told_now_and_as_of_any_moment() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let pool = projections.pool();
    let (first, period_made) = period();
    let (a, b) = (session_id(1), session_id(2));
    append(&setting, &projections, Who::Operator, vec![period_made]).await;
    let came =
        append(&setting, &projections, anna(), vec![started(a, anna(), Mode::Timetable, Some(first))]).await;
    let both =
        append(&setting, &projections, bert(), vec![started(b, bert(), Mode::Read, Some(first))]).await;
    let activity = Some("swapping rooms".to_owned());
    let changed = SessionChanged { session: a, mode: Some(Mode::Cover), period: None, activity };
    append(&setting, &projections, anna(), vec![changed.into()]).await;
    setting.ledger.touch_contacts(&[a.0]).await.expect("contact");

    let now = sessions(pool, &plan(), Moment::Now, None, 10).await.expect("sessions");
    let told: Vec<_> = now.iter().map(|it| (it.session_id, it.mode.as_str(), it.period.as_deref())).collect();
    assert_eq!(told, [(a.0, "cover", Some("1")), (b.0, "read", Some("1"))]);
    assert!(now[0].last_contact_at.is_some() && now[1].last_contact_at.is_none());
    let json = now[0].json("anna", Some("planners"), Duration::from_secs(43_200));
    assert_eq!(json["activity"], "swapping rooms");
    assert_eq!(json["plan"], PLAN);

    let then = sessions(pool, &plan(), Moment::AsOf(both), None, 10).await.expect("sessions");
    let told: Vec<_> = then.iter().map(|it| (it.mode.as_str(), it.activity.clone())).collect();
    assert_eq!(told, [("timetable", None), ("read", None)]);
    assert!(then[0].last_contact_at.is_none(), "contact is no event");
    assert_eq!(sessions(pool, &plan(), Moment::AsOf(came), None, 10).await.expect("sessions").len(), 1);
    assert_eq!(
        sessions(pool, &plan(), Moment::Now, Some(a.0), 10).await.expect("sessions")[0].session_id,
        b.0
    );
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_says_why_until_it_is_opened_anew() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let pool = projections.pool();
    let a = session_id(1);
    append(&setting, &projections, anna(), vec![started(a, anna(), Mode::Read, None)]).await;
    let first = session(pool, a.0).await.expect("session").expect("it is there").logged_in_at;
    let reason = SessionEnd::SignedOff { by: bert(), message: "import at ten".into() };
    append(&setting, &projections, bert(), vec![SessionEnded { session: a, reason }.into()]).await;
    assert!(session(pool, a.0).await.expect("session").is_none());
    let end = session_end(pool, a.0).await.expect("end").expect("it ended");
    assert_eq!((end.reason.as_str(), end.message.as_deref()), ("signed_off", Some("import at ten")));
    assert_eq!(end.plan.as_deref(), Some(PLAN));

    let again = SessionStarted {
        session: a,
        who: anna(),
        mode: Mode::Read,
        period: None,
        client: None,
        resumed: true,
    };
    append(&setting, &projections, anna(), vec![again.into()]).await;
    let back = session(pool, a.0).await.expect("session").expect("it is back");
    assert_eq!(back.logged_in_at, first, "its age counts from the first log-in");
    assert!(session_end(pool, a.0).await.expect("end").is_none());
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_held_from_its_grant_to_its_end() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let pool = projections.pool();
    let (first, period_made) = period();
    let a = session_id(1);
    let id = LockId(Uuid::from_u128(500));
    append(
        &setting,
        &projections,
        anna(),
        vec![period_made, started(a, anna(), Mode::Timetable, Some(first))],
    )
    .await;
    let grant = LockGranted { lock: id, session: a, action: Action::Optimise, periods: Some(vec![first]) };
    let granted = append(&setting, &projections, anna(), vec![grant.into()]).await;
    let held = locks(pool, &plan(), Moment::Now, None, 10).await.expect("locks");
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].periods.as_deref(), Some(&["1".to_owned()][..]));
    assert_eq!(held[0].json("anna", Duration::from_secs(60))["token"], format!("1.{granted}"));
    append(&setting, &projections, anna(), vec![LockEnded { lock: id, reason: LockEnd::Released }.into()])
        .await;
    assert!(locks(pool, &plan(), Moment::Now, None, 10).await.expect("locks").is_empty());
    let over = lock(pool, &plan(), id.0, Moment::Now).await.expect("lock").expect("it was there");
    assert_eq!(over.ended_reason.as_deref(), Some("released"));
    let then = lock(pool, &plan(), id.0, Moment::AsOf(granted)).await.expect("lock").expect("it was there");
    assert_eq!(then.ended_reason, None);
    assert_eq!(locks(pool, &plan(), Moment::AsOf(granted), None, 10).await.expect("locks").len(), 1);
    projections.stop().await;
}

async fn report(setting: &Setting, projections: &Projections) -> StatusReport {
    let head = setting.ledger.head().await.expect("a head");
    let status = projections.status();
    let beside = Beside {
        name_of: &name_of,
        group_of: &|_| Some("planners".to_owned()),
        session_age: Duration::from_secs(43_200),
        lock_lease: Duration::from_secs(60),
        head,
        projections: &status,
        service: &json!({ "version": "0" }),
    };
    status_report(projections.pool(), beside).await.expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_report_tells_who_is_there_and_who_was_refused_because_of_whom() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let empty = report(&setting, &projections).await;
    assert_eq!((empty.users.now.sessions, empty.users.quietest.sessions), (0, 0));

    let (a, b, site) = (session_id(1), session_id(2), session_id(3));
    append(&setting, &projections, anna(), vec![started(a, anna(), Mode::Timetable, None)]).await;
    append(&setting, &projections, anna(), vec![started(b, anna(), Mode::Read, None)]).await;
    let of_site = StreamName::from("sessions");
    append_to(&setting, &projections, &of_site, bert(), vec![started(site, bert(), Mode::Read, None)]).await;
    let id = LockId(Uuid::from_u128(500));
    let grant = LockGranted { lock: id, session: a, action: Action::DataImport, periods: None };
    append(&setting, &projections, anna(), vec![grant.into()]).await;

    let teacher = RecordId(Uuid::from_u128(60));
    let named = |name: &str| Value::Text(name.into());
    let fields = [("id".into(), named("GAUSS"))].into();
    let made = RecordCreated {
        record: teacher,
        kind: Kind::Teachers,
        revision: 1,
        hour_of: None,
        fields,
        import: None,
    };
    append(&setting, &projections, anna(), vec![made.into()]).await;
    let obstacle = Obstacle { session: a, who: anna(), lock: Some(id) };
    let denied = LockDenied {
        who: bert(),
        session: None,
        action: Action::TimeGrid,
        periods: None,
        code: "lock-refused".into(),
        obstacles: vec![obstacle],
    };
    let refused = plan().stream().refused();
    append_to(&setting, &projections, &refused, bert(), vec![denied.into()]).await;
    for _ in 0..3 {
        let mut stale = ChangeRefused::new(bert(), None, domain::RefusalCode::Stale).of_kind(Kind::Teachers);
        stale.record = Some(teacher);
        append_to(&setting, &projections, &refused, bert(), vec![stale.into()]).await;
    }

    let told = serde_json::to_value(report(&setting, &projections).await).expect("JSON");
    assert_eq!(told["users"]["now"], json!({ "sessions": 3, "distinct": 2 }));
    assert_eq!(told["users"]["schools"], json!([{ "school": "100234", "sessions": 2, "distinct": 1 }]));
    assert_eq!(
        told["users"]["plans"],
        json!([{ "plan": PLAN, "sessions": 2, "distinct": 1, "modes": { "timetable": 1, "read": 1 } }])
    );
    assert!(told["users"]["quietest"]["sessions"].is_i64() && told["users"]["course"]["m5"].is_f64());
    assert_eq!(told["sessions"].as_array().map(Vec::len), Some(3));
    assert_eq!(told["locks"][0]["user"], "anna");
    assert_eq!(told["locks"][0]["refused"][0]["user"], "bert");
    assert_eq!(told["conflicts"]["refused"], json!([{ "plan": PLAN, "rule": "stale", "count": 3 }]));
    assert_eq!(told["conflicts"]["denied"], json!([{ "plan": PLAN, "rule": "lock-refused", "count": 1 }]));
    assert_eq!(
        told["conflicts"]["records"],
        json!([{ "plan": PLAN, "record": "teachers/GAUSS", "count": 3 }])
    );
    assert_eq!(told["engine"]["head"], setting.ledger.head().await.expect("a head").at().to_string());
    assert_eq!(told["engine"]["projections"][0]["name"], "session");
    assert!(told["engine"]["store_bytes"].as_i64() > Some(0));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quietest_moment_is_the_longest_with_the_fewest() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    append(&setting, &projections, anna(), vec![started(session_id(1), anna(), Mode::Read, None)]).await;
    append(&setting, &projections, bert(), vec![started(session_id(2), bert(), Mode::Read, None)]).await;
    // As if the day had gone like this: one from six hours ago, the other from five hours to half an hour ago.
    sqlx::raw_sql(
        "update session set since = clock_timestamp() - interval '6 hours' where who like '%1';
        update session set since = clock_timestamp() - interval '5 hours', until = clock_timestamp() - interval '30 minutes',
            valid_to = 99 where who like '%2'",
    )
    .execute(&mut setting.as_owner().await)
    .await
    .expect("another past");
    let users = report(&setting, &projections).await.users;
    assert_eq!(users.quietest.sessions, 1);
    let begin: bool =
        sqlx::query_scalar("select abs(extract(epoch from clock_timestamp() - $1)) between 21000 and 22000")
            .bind(users.quietest.at)
            .fetch_one(projections.pool())
            .await
            .expect("a moment");
    assert!(begin, "{:?}", users.quietest);
    assert_eq!((users.course.m5, users.course.m60), (1.0, 1.5));
    projections.stop().await;
}

/// A change of a field of a record, for tests of the feed.
pub fn changed(
    record: RecordId,
    kind: Kind,
    revision: u64,
    field: &'static str,
    from: &str,
    to: &str,
) -> Event {
    let change = domain::FieldChange {
        field: field.into(),
        from: Some(Value::Text(from.into())),
        to: Some(Value::Text(to.into())),
    };
    RecordChanged { record, kind, revision, period: None, changes: vec![change], import: None }.into()
}
