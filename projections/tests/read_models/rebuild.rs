//! Read models made anew while the old ones go on answering.

use std::collections::BTreeMap;

use domain::{
    Action, Kind, LockDenied, LockEnd, LockEnded, LockGranted, LockId, Mode, NodeStarted, Obstacle, RecordId,
    SessionChanged, SessionEnd, SessionEnded, SessionStarted, StreamName, Value,
};
use eventstore::{Append, Expected, NewEvent, Write};
use projections::{ProjectionState, RebuildError, RebuildTerms, Rebuilt, read_models, rebuild};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::office::{Office, coupling, rows, text};
use crate::presence::{anna, bert, session_id, started};
use crate::setting::{SOON, Setting};

fn terms(setting: &Setting) -> RebuildTerms {
    RebuildTerms { owner: setting.owner.clone(), ledger_schema: setting.schema.clone(), full_speed: true }
}

pub async fn rebuilt(setting: &Setting, named: &[&str]) -> Result<Rebuilt, RebuildError> {
    let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    rebuild(&setting.ledger, &terms(setting), read_models(), &named, &|_| ()).await
}

/// All rows of a generation, by table.
async fn rows_of(setting: &Setting, generation: &str) -> BTreeMap<String, Vec<String>> {
    let mut connection = PgConnection::connect_with(&setting.owner).await.expect("connect");
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1")
            .bind(generation)
            .fetch_all(&mut connection)
            .await
            .expect("tables");
    let mut all = BTreeMap::new();
    for table in tables {
        let sql = format!("select t::text from {generation}.{table} t order by 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect("rows");
        all.insert(table, rows);
    }
    all
}

async fn current(setting: &Setting) -> Vec<(String, String)> {
    sqlx::query_as("select schema_name, state from generation order by generation_id")
        .fetch_all(&mut setting.as_owner().await)
        .await
        .expect("generations")
}

/// Some of everything that read models are made of.
pub async fn furnish(office: &mut Office) {
    let class = office.create(Kind::Classes, "5a", &[]).await;
    let teacher = office.create(Kind::Teachers, "GAUSS", &[("long_name", text("Gauß, Carl"))]).await;
    let room = office.create(Kind::Rooms, "R 1", &[]).await;
    let lesson = office.lesson("12", 3, vec![coupling(Some(class), Some(teacher), Some(room))]).await;
    let placed = office.place(lesson, 1, 1, 2, &[]).await;
    let own = [("rows", rows(&[(Some(class), Some(teacher), None)]))];
    let other = office.place(lesson, 2, 1, 3, &own).await;
    office.change(teacher, None, "long_name", Some(text("Gauss\t\\ \n, C. F."))).await;
    office.change(lesson, Some(office.period()), "hours_per_week", Some(Value::Number(5))).await;
    let couplings = Value::Couplings(vec![coupling(Some(class), None, Some(room))].into());
    office.change(lesson, None, "couplings", Some(couplings)).await;
    office.change(placed, None, "day", Some(Value::Number(4))).await;
    let day = |text: &str| Value::Date(text.parse().expect("a date"));
    let dates = [("from", day("2026-12-21")), ("to", day("1999-01-06"))];
    office.create(Kind::Holidays, "Xmas", &dates).await;
    office.remove(other).await;
    office.remove(room).await;
    people(office, teacher).await;
}

/// Sessions, locks and refusals, and a teacher who is renamed between them.
async fn people(office: &mut Office, teacher: RecordId) {
    let period = office.period();
    for n in 0..3 {
        let (session, lock) = (session_id(n), LockId(uuid::Uuid::from_u128(500 + n)));
        let start = started(session, if n == 1 { bert() } else { anna() }, Mode::Timetable, Some(period));
        office.write(vec![start]).await;
        let granted = LockGranted { lock, session, action: Action::Optimise, periods: Some(vec![period]) };
        let activity = Some("reads".to_owned());
        let in_cover = SessionChanged { session, mode: Some(Mode::Cover), period: None, activity };
        let denied = LockDenied {
            session: Some(session),
            who: anna(),
            action: Action::DataImport,
            periods: None,
            code: "lock-refused".into(),
            obstacles: vec![Obstacle { session, who: bert(), lock: Some(lock) }],
        };
        office.write(vec![granted.into(), in_cover.into()]).await;
        office.setting.append(&office.plan.stream().refused(), vec![denied.into()]).await;
        office.change(teacher, None, "id", Some(text(&format!("GAUSS {n}")))).await;
        office.write(vec![LockEnded { lock, reason: LockEnd::NotRenewed }.into()]).await;
        if n > 0 {
            let reason = if n == 1 {
                SessionEnd::SignedOff { by: anna(), message: "Bye".into() }
            } else {
                SessionEnd::ContactLost
            };
            office.write(vec![SessionEnded { session, reason }.into()]).await;
        }
    }
    // Who lost contact comes back.
    let again = SessionStarted {
        session: session_id(2),
        who: anna(),
        mode: Mode::Read,
        period: None,
        client: Some("a browser".into()),
        resumed: true,
    };
    office.write(vec![again.into()]).await;
    let elsewhere =
        SessionChanged { session: session_id(2), mode: None, period: Some(period), activity: None };
    office.write(vec![elsewhere.into()]).await;
    office.write(vec![SessionEnded { session: session_id(2), reason: SessionEnd::LoggedOut }.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_random_is_the_same_in_many_small_batches_and_in_one() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    let mut state = 7_u64;
    let mut roll = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let (mut teachers, mut lessons, mut hours) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..250 {
        match roll(9) {
            0 => teachers.push(office.create(Kind::Teachers, &format!("T{n}"), &[]).await),
            1 => {
                let teacher = (!teachers.is_empty()).then(|| teachers[roll(teachers.len())]);
                lessons.push(office.lesson(&format!("{n}"), 9, vec![coupling(None, teacher, None)]).await);
            }
            2 | 3 if !lessons.is_empty() => {
                let own = [("rows", rows(&[(None, teachers.first().copied(), None)]))];
                let lesson = lessons[roll(lessons.len())];
                hours.push(office.place(lesson, n, 1, 1, if roll(2) == 0 { &own } else { &[] }).await);
            }
            4 if !hours.is_empty() => {
                let hour = hours[roll(hours.len())];
                let to = (roll(3) > 0)
                    .then(|| rows(&[(None, None, None), (None, teachers.last().copied(), None)]));
                office.change(hour, None, "rows", to).await;
            }
            5 if !hours.is_empty() => {
                let hour = hours.swap_remove(roll(hours.len()));
                office.remove(hour).await;
            }
            6 if !teachers.is_empty() => {
                // Two changes of one record in one append.
                let teacher = teachers[roll(teachers.len())];
                let one = office.changed(teacher, None, "long_name", Some(text("one")));
                let two = office.changed(teacher, None, "id", Some(text(&format!("R{n}"))));
                office.write(vec![one, two]).await;
            }
            7 if !lessons.is_empty() => {
                let lesson = lessons[roll(lessons.len())];
                let couplings = vec![coupling(None, teachers.first().copied(), None)];
                let period = (roll(2) == 0).then(|| office.period());
                office.change(lesson, period, "couplings", Some(Value::Couplings(couplings.into()))).await;
            }
            8 if teachers.len() > 3 => {
                let teacher = teachers.swap_remove(roll(teachers.len()));
                office.remove(teacher).await;
            }
            _ => {}
        }
    }
    office.followed().await;
    let before = rows_of(&office.setting, &office.setting.generation).await;
    assert!(
        before["meeting"].len() > 20 && before["change_name"].len() > 50,
        "there is something to compare"
    );
    assert_eq!(crate::verify::verified(&office.setting).await.findings, []);
    let done = rebuilt(&office.setting, &[]).await.expect("rebuilt");
    assert_eq!(rows_of(&office.setting, &done.generation).await, before);
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rebuilt_is_what_was_there_and_nodes_turn_to_it() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let before = rows_of(&office.setting, &office.setting.generation).await;
    let done = rebuilt(&office.setting, &[]).await.expect("rebuilt");
    assert!(done.old_dropped, "the node has turned away from the old one");
    assert_eq!(rows_of(&office.setting, &done.generation).await, before);
    assert_eq!(current(&office.setting).await, [(done.generation.clone(), "current".to_owned())]);
    // And it goes on there.
    let teacher = office.create(Kind::Teachers, "NEWTON", &[]).await;
    office.followed().await;
    let read: i64 = sqlx::query_scalar("select count(*) from record where record_id = $1")
        .bind(teacher.0)
        .fetch_one(office.projections.pool())
        .await
        .expect("read");
    assert_eq!(read, 1);
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_projection_is_rebuilt_and_the_others_are_kept() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let before = rows_of(&office.setting, &office.setting.generation).await;
    let mut owner = office.setting.as_owner().await;
    sqlx::raw_sql("delete from record; update plan set title = 'mark'")
        .execute(&mut owner)
        .await
        .expect("broken");
    let done = rebuilt(&office.setting, &["record"]).await.expect("rebuilt");
    assert_eq!(done.projections, ["record"]);
    let mut after = rows_of(&office.setting, &done.generation).await;
    let plan = after.remove("plan").expect("plan");
    assert!(plan.iter().all(|row| row.contains("mark")), "what was not named is copied: {plan:?}");
    let mut before = before;
    before.remove("plan");
    assert_eq!(after, before);
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_stopped_goes_on_after_its_rebuild() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let mut owner = office.setting.as_owner().await;
    sqlx::raw_sql("alter table placement drop column week").execute(&mut owner).await.expect("broken");
    let lesson = office.lesson("13", 1, vec![]).await;
    let last = {
        office.place(lesson, 1, 2, 2, &[]).await;
        office.setting.ledger.head().await.expect("head").position
    };
    office.projections.wait_for(last, SOON).await.expect("the others go on");
    let status =
        |name: &str| office.projections.status().into_iter().find(|it| it.name == name).expect("it is there");
    assert_eq!(status("placement").state, ProjectionState::Stopped);
    assert!(
        status("placement").words().is_some_and(|words| words.contains(&last.to_string())),
        "{:?}",
        status("placement")
    );
    rebuilt(&office.setting, &["placement"]).await.expect("rebuilt");
    office.projections.wait_for_named(&["placement"], last, SOON).await.expect("it goes on");
    assert_eq!(status("placement").word(), "live");
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_made_generation_of_a_dead_builder_is_begun_anew_and_a_living_one_is_left_alone() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    let setting = &office.setting;
    let mut living = PgConnection::connect_with(&setting.owner).await.expect("connect");
    sqlx::query("select pg_advisory_lock(hashtextextended('daybook rebuild ' || $1, 0))")
        .bind(&setting.schema)
        .execute(&mut living)
        .await
        .expect("locked");
    let half = format!("{}_read_9", setting.schema);
    let mut owner = setting.as_owner().await;
    let made = format!(
        "create schema {half}; insert into generation (generation_id, schema_name, digest, state) values (9, '{half}', '', 'building')"
    );
    sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut owner).await.expect("half made");
    assert!(matches!(rebuilt(setting, &[]).await, Err(RebuildError::Busy)));
    projections::prepare(&setting.owner, &setting.schema).await.expect("prepared");
    assert_eq!(current(setting).await.len(), 2, "a start leaves what is being made alone");
    living.close().await.expect("died");
    let done = rebuilt(setting, &[]).await.expect("rebuilt");
    assert_eq!(current(setting).await, [(done.generation, "current".to_owned())]);
    office.projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_cannot_read_an_event_leaves_everything_as_it_was() {
    let setting = Setting::new().await;
    let event = NodeStarted { node: "a".to_owned(), version: "1".into(), date: None };
    setting.append(&StreamName::from("site"), vec![event.into()]).await;
    let event = NewEvent { r#type: "FromTheFuture", subject: None, data: b"{}".to_vec() };
    let write = Write { stream: StreamName::from("site"), expected: Expected::Any, events: vec![event] };
    let meta = domain::Meta::new(domain::CommandId(uuid::Uuid::now_v7()), domain::Actor::System);
    setting.ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await.expect("appended");
    let failed = rebuilt(&setting, &[]).await.expect_err("it cannot be read").to_string();
    assert!(failed.contains("position 2") && failed.contains("FromTheFuture"), "{failed}");
    assert_eq!(current(&setting).await, [(setting.generation.clone(), "current".to_owned())]);
    let unknown = rebuilt(&setting, &["records"]).await.expect_err("no such").to_string();
    assert!(unknown.contains("there is no projection records; there are account, plan, record"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_is_told_while_it_lasts_and_no_longer_when_nobody_is_heard_of() {
    let mut office = Office::open().await;
    furnish(&mut office).await;
    office.followed().await;
    let mut owner = office.setting.as_owner().await;
    sqlx::raw_sql(
        "insert into generation (generation_id, schema_name, digest, state, projections, position, head, told_at)
        values (9, 'nine', '', 'building', '{record}', 5, 10, clock_timestamp() + interval '1 hour')",
    )
    .execute(&mut owner)
    .await
    .expect("noted");
    let words = |name: &str| {
        let all = office.projections.status();
        let it = all.into_iter().find(|it| it.name == name).expect("it is there");
        (it.word(), it.words())
    };
    let until = async |word: &str| {
        for _ in 0..200 {
            if words("record").0 == word {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it is {:?}", words("record"));
    };
    until("rebuilding").await;
    assert_eq!(words("record").1.as_deref(), Some("being rebuilt beside, at 5 of 10"));
    assert_eq!(words("change"), ("live", None));
    sqlx::raw_sql("update generation set told_at = told_at - interval '2 hours' where generation_id = 9")
        .execute(&mut owner)
        .await
        .expect("noted");
    until("live").await;
    office.projections.stop().await;
}
