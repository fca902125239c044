//! Sessions and locks.

use std::time::Duration;

use domain::{
    Action, Actor, Event, Kind, LockEnd, LockEnded, LockGranted, LockId, Mode, PlanId, RecordChanged,
    RecordCreated, RecordId, SessionChanged, SessionEnd, SessionEnded, SessionId, SessionStarted, StreamName,
    UserId, Value, Who,
};
use projections::lock::{lock, locks};
use projections::session::{session, session_end, sessions};
use projections::{Moment, Projection, Projections};
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
