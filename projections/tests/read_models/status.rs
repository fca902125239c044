//! The status report, made from sessions, locks and refusals.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Action, ChangeRefused, Event, Kind, LockDenied, LockGranted, LockId, Mode, NodeStarted, Obstacle,
    RecordCreated, RecordId, RefusalCode, StreamName, UserId, Value, Who,
};
use projections::node::nodes_started;
use projections::status::{
    Beside, Count, Course, PlanCount, Quietest, SchoolCount, StatusReport, Users, status_report, users,
};
use projections::{Projections, read_models};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::presence::{PLAN, all, anna, append, append_to, bert, name_of, plan, session_id, started};
use crate::setting::Setting;

pub async fn report(setting: &Setting, projections: &Projections) -> StatusReport {
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
        notices: &json!({ "showing": [], "waiting": [], "over": [] }),
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
    let told = nodes_started(projections.pool(), 10).await.expect("asked");
    let names: Vec<(&str, i64)> = told.iter().map(|node| (node.name.as_str(), node.start)).collect();
    assert_eq!(names, [("beta", 2), ("alpha", 1)]);
    assert_eq!(nodes_started(projections.pool(), 1).await.expect("asked").len(), 1);
    projections.stop().await;
}

/// The moment at which all the random days are looked at.
fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a moment")
}

/// One state of a session, in seconds before noon.
#[derive(Debug, Clone)]
struct Stay {
    session: u128,
    plan: Option<&'static str>,
    mode: &'static str,
    who: &'static str,
    since: i64,
    until: Option<i64>,
}

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.unsigned_abs()).cast_signed()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len().cast_signed() as i64)).expect("it is small")]
    }
}

/// Up to twelve sessions of up to three states each; moments coincide often, some lie before the day, some at its very ends.
fn random_day(dice: &mut Dice) -> Vec<Stay> {
    let step = dice.one_of(&[1, 60, 900, 3_600]);
    let mut stays = Vec::new();
    for session in 0..dice.below(13) {
        let plan = dice.one_of(&[None, Some("1~2026-2027~1"), Some("1~2026-2027~2"), Some("2~2026-2027~1")]);
        let who = dice.one_of(&["user:a", "user:b", "user:c"]);
        let mut since = dice.below(100_000 / step) * step;
        for _ in 0..=dice.below(3) {
            let until =
                if dice.below(3) == 0 { None } else { Some(since - dice.below(since / step + 1) * step) };
            let mode = dice.one_of(&["timetable", "cover", "read"]);
            stays.push(Stay { session: u128::from(session.unsigned_abs()), plan, mode, who, since, until });
            let Some(next) = until else { break };
            since = next;
        }
    }
    stays
}

/// Asks of every moment who was there then.
fn naive(stays: &[Stay]) -> Users {
    let day = 86_400;
    let there = |before: i64| {
        let is_there = |stay: &&Stay| stay.since >= before && stay.until.is_none_or(|until| until < before);
        stays.iter().filter(is_there).count()
    };
    let begins = stays.iter().map(|stay| stay.since).max().map_or(0, |first| first.min(day));
    let mut moments: Vec<i64> =
        stays.iter().flat_map(|stay| [Some(stay.since), stay.until]).flatten().collect();
    moments.retain(|moment| *moment < begins);
    moments.push(begins);
    moments.sort_unstable_by_key(|moment| Reverse(*moment));
    moments.dedup_by_key(|moment| there(*moment));
    let ends = moments.iter().skip(1).chain([&0]);
    let quietest = moments.iter().zip(ends).min_by_key(|(at, end)| (there(**at), **end - **at)).expect("one");
    let spent = |minutes: i64| {
        let window = minutes * 60;
        let of = |stay: &Stay| (stay.since.min(window) - stay.until.unwrap_or(0)).max(0);
        let sum: i64 = stays.iter().map(of).sum();
        // To one decimal, halves upwards.
        ((sum * 20 + window) / (2 * window)) as f64 / 10.0
    };
    let count = |of: &dyn Fn(&&Stay) -> bool| {
        let present: Vec<&Stay> = stays.iter().filter(|stay| stay.until.is_none()).filter(of).collect();
        let who: BTreeSet<&str> = present.iter().map(|stay| stay.who).collect();
        Count { sessions: present.len(), distinct: who.len() }
    };
    let present = || stays.iter().filter(|stay| stay.until.is_none());
    let plans: BTreeSet<&str> = present().filter_map(|stay| stay.plan).collect();
    let schools: BTreeSet<&str> = plans.iter().map(|plan| &plan[..1]).collect();
    let modes = |plan: &str| {
        let mut modes = BTreeMap::new();
        for stay in present().filter(|stay| stay.plan == Some(plan)) {
            *modes.entry(stay.mode.to_owned()).or_default() += 1;
        }
        modes
    };
    Users {
        now: count(&|_| true),
        schools: schools
            .into_iter()
            .map(|school| SchoolCount {
                school: school.to_owned(),
                count: count(&|stay| stay.plan.is_some_and(|plan| plan.starts_with(school))),
            })
            .collect(),
        plans: plans
            .into_iter()
            .map(|plan| PlanCount {
                plan: plan.to_owned(),
                count: count(&|stay| stay.plan == Some(plan)),
                modes: modes(plan),
            })
            .collect(),
        course: Course { m5: spent(5), m15: spent(15), m60: spent(60) },
        quietest: Quietest {
            at: noon() - TimeDelta::seconds(*quietest.0),
            sessions: there(*quietest.0).cast_signed() as i64,
        },
    }
}

async fn furnish(owner: &mut PgConnection, stays: &[Stay]) {
    let moment = |before: i64| noon() - TimeDelta::seconds(before);
    sqlx::raw_sql("truncate session").execute(&mut *owner).await.expect("empty");
    sqlx::query(
        "insert into session (session_id, plan, who, mode, logged_in_at, since, until, valid_from, valid_to)
        select id, plan, who, mode, since, since, until, row_number() over (),
            case when until is not null then row_number() over () + 1 end
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
            as n (id, plan, who, mode, since, until)",
    )
    .bind(stays.iter().map(|stay| Uuid::from_u128(stay.session)).collect::<Vec<_>>())
    .bind(stays.iter().map(|stay| stay.plan).collect::<Vec<_>>())
    .bind(stays.iter().map(|stay| stay.who).collect::<Vec<_>>())
    .bind(stays.iter().map(|stay| stay.mode).collect::<Vec<_>>())
    .bind(stays.iter().map(|stay| moment(stay.since)).collect::<Vec<_>>())
    .bind(stays.iter().map(|stay| stay.until.map(moment)).collect::<Vec<_>>())
    .execute(owner)
    .await
    .expect("furnished");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_course_and_quietest_moment_are_what_asking_of_every_moment_gives() {
    let setting = Setting::new().await;
    let projections = setting.follow(Vec::new());
    let mut owner = setting.as_owner().await;
    let mut dice = Dice(7);
    let mut empty = 0;
    for round in 0..150 {
        let stays = random_day(&mut dice);
        empty += usize::from(stays.is_empty());
        furnish(&mut owner, &stays).await;
        let told = users(projections.pool(), noon()).await.expect("asked");
        assert_eq!(told, naive(&stays), "round {round}: {stays:#?}");
    }
    assert!(empty > 0, "a day without anybody is among them");
    projections.stop().await;
}
