//! The status report, made from sessions, locks and refusals.

use std::time::Duration;

use domain::{
    Action, ChangeRefused, Event, Kind, LockDenied, LockGranted, LockId, Mode, NodeStarted, Obstacle,
    RecordCreated, RecordId, RefusalCode, StreamName, UserId, Value, Who,
};
use projections::node::nodes_started;
use projections::status::{Beside, StatusReport, engine, status_report};
use projections::{DayBefore, Moment, Projections, read_models};
use serde_json::json;
use uuid::Uuid;

use crate::presence::{PLAN, all, anna, append, append_to, bert, name_of, plan, session_id, started};
use crate::setting::Setting;

pub async fn report(setting: &Setting, projections: &Projections) -> StatusReport {
    report_of(setting, projections, Moment::Now).await
}

pub async fn report_of(setting: &Setting, projections: &Projections, moment: Moment) -> StatusReport {
    let head = setting.ledger.head().await.expect("a head");
    let status = projections.status();
    let pool = projections.pool();
    let engine = engine(pool, head, &status).await.expect("asked");
    let beside = Beside {
        name_of: &name_of,
        group_of: &|_| Some("planners".to_owned()),
        session_age: Duration::from_secs(43_200),
        lock_lease: Duration::from_secs(60),
        engine: &engine,
        service: &json!({ "version": "0" }),
        notices: &json!({ "showing": [], "waiting": [], "over": [] }),
    };
    let day = DayBefore::of(pool, moment).await.expect("a day");
    status_report(pool, day, beside).await.expect("a report")
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
        let mut stale = ChangeRefused::new(bert(), None, RefusalCode::Stale).of_kind(Kind::Teachers);
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
    let refused = &told["locks"][0]["refused"][0];
    assert_eq!((&refused["user"], &refused["action"]), (&json!("bert"), &json!("time-grid")));
    assert_eq!(told["conflicts"]["refused"], json!([{ "plan": PLAN, "rule": "stale", "count": 3 }]));
    assert_eq!(
        told["conflicts"]["denied"],
        json!([{ "plan": PLAN, "rule": "lock-refused", "count": 1, "actions": { "time-grid": 1 } }])
    );
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
async fn conflicts_are_those_of_the_last_day_by_plan_and_rule() {
    let setting = Setting::new().await;
    let projections = setting.follow(read_models());
    let of_plan = plan().stream().refused();
    let of_site = StreamName::from("site").refused();
    let denied = |action: Action, code: RefusalCode| -> Event {
        let (who, code) = (bert(), code.word().to_owned());
        LockDenied { who, session: None, action, periods: None, code, obstacles: Vec::new() }.into()
    };
    let refused = |code: RefusalCode, rule: Option<&str>| -> Event {
        let rule = rule.map(str::to_owned);
        ChangeRefused { rule, ..ChangeRefused::new(bert(), None, code) }.into()
    };
    let (alone, blocked) = (RefusalCode::NotAlone, RefusalCode::Blocked);
    for event in [
        refused(RefusalCode::Stale, None),
        refused(RefusalCode::Stale, None),
        denied(Action::DataImport, alone),
    ] {
        append_to(&setting, &projections, &of_plan, bert(), vec![event]).await;
    }
    // All that was yesterday.
    sqlx::raw_sql("update refusal set at = at - interval '24 hours 1 second'")
        .execute(&mut setting.as_owner().await)
        .await
        .expect("another past");
    for event in [
        refused(RefusalCode::Stale, None),
        refused(blocked, Some("cover")),
        refused(blocked, Some("cover")),
        denied(Action::DataImport, alone),
        denied(Action::DataImport, alone),
        denied(Action::TimeGrid, alone),
        denied(Action::Optimise, blocked),
    ] {
        append_to(&setting, &projections, &of_plan, bert(), vec![event]).await;
    }
    append_to(&setting, &projections, &of_site, bert(), vec![refused(RefusalCode::Stale, None)]).await;
    let told = serde_json::to_value(report(&setting, &projections).await.conflicts).expect("JSON");
    assert_eq!(
        told["refused"],
        json!([
            { "plan": PLAN, "rule": "cover", "count": 2 },
            { "plan": PLAN, "rule": "stale", "count": 1 },
            { "plan": null, "rule": "stale", "count": 1 },
        ])
    );
    assert_eq!(
        told["denied"],
        json!([
            { "plan": PLAN, "rule": "not-alone", "count": 3, "actions": { "data-import": 2, "time-grid": 1 } },
            { "plan": PLAN, "rule": "cover", "count": 1, "actions": { "optimise": 1 } },
        ])
    );
    assert_eq!(told["records"], json!([]));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_lock_the_last_twenty_are_told_who_were_refused() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let holder = session_id(1);
    let id = LockId(Uuid::from_u128(500));
    let grant = LockGranted { lock: id, session: holder, action: Action::DataImport, periods: None };
    let began = started(holder, anna(), Mode::Timetable, None);
    append(&setting, &projections, anna(), vec![began, grant.into()]).await;
    let obstacle = Obstacle { session: holder, who: anna(), lock: Some(id) };
    for number in 0..25 {
        let who = Who::User(UserId(Uuid::from_u128(1_000 + number)));
        let mut shut = ChangeRefused::new(who, None, RefusalCode::Blocked);
        shut.obstacles.push(obstacle.clone());
        append_to(&setting, &projections, &plan().stream().refused(), who, vec![shut.into()]).await;
    }
    let told = report(&setting, &projections).await.locks;
    let refused = told[0]["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 20);
    let moments: Vec<&str> = refused.iter().filter_map(|it| it["at"].as_str()).collect();
    assert!(moments.is_sorted_by(|one, next| one >= next), "{moments:?}");
    assert_eq!(told[0]["plan"], PLAN);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_of_nodes_are_told_the_newest_first() {
    let setting = Setting::new().await;
    let projections = setting.follow(read_models());
    for node in ["alpha", "beta"] {
        let event = NodeStarted { node: node.into(), version: "1".into(), date: None };
        append_to(&setting, &projections, &StreamName::from("site"), Who::System, vec![event.into()]).await;
    }
    let told = nodes_started(projections.pool(), Moment::Now, 10).await.expect("asked");
    let names: Vec<(&str, i64)> = told.iter().map(|node| (node.name.as_str(), node.start)).collect();
    assert_eq!(names, [("beta", 2), ("alpha", 1)]);
    assert_eq!(nodes_started(projections.pool(), Moment::Now, 1).await.expect("asked").len(), 1);
    projections.stop().await;
}
