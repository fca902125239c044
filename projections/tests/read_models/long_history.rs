//! Time travel costs the same however long the history is: what was before and after the moment is not read.

use std::time::{Duration, Instant};

use domain::Kind;
use projections::account::who_names;
use projections::collision::{CollisionsOf, collisions};
use projections::cover_list::cover_list;
use projections::day::timetable_of_day;
use projections::lock::{locks, locks_everywhere};
use projections::notice::{NoticesOf, notices};
use projections::outage::{outages, past_outages};
use projections::placement::{TimetableOf, placement, placements, timetable};
use projections::plan::plan;
use projections::record::{RecordFilter, record, records};
use projections::session::{sessions, sessions_everywhere};
use projections::unplaced::unplaced;
use projections::{Moment, Page};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::setting::Setting;

const PLAN: &str = "1~2026-2027~1";

/// How many states each thing of the plan has been in; with `DAYBOOK_SOAK` a million rows of history.
fn states() -> i64 {
    if std::env::var_os("DAYBOOK_SOAK").is_some() { 1_000 } else { 60 }
}

/// A plan of 100 teachers, 200 lessons with one coupling and three hours each; everything has changed so many times, one thing at
/// each position. A hundred sessions, locks, notices and outages for each of these times, one after the other.
fn long_ago(states: i64) -> String {
    let valid = format!(
        "select s, i + s * 1000 as f, case when s < {states} then i + (s + 1) * 1000 end as t from generate_series(1, {states}) s"
    );
    format!(
        "insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, hours_per_week, reference, who,
            changed_at, changed_position, valid_from, valid_to)
        select md5(k || ':' || i)::uuid, '{PLAN}', k, k || i, case k when 'lessons' then '1' else '' end || k || i, s = 1, lower(k || i), s, 1,
            jsonb_build_object('id', jsonb_build_object('text', k || i)), 4, array[]::uuid[], 'operator', now(), f, f, t
        from (values ('teachers', 100), ('lessons', 200)) c (k, n), lateral generate_series(1, n) i, lateral ({valid}) v;
        insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, reference, who, changed_at,
            changed_position, valid_from, day_from, day_to)
        values (md5('period')::uuid, '{PLAN}', 'periods', '1', '1', true, '1', 1, 1, '{{}}', array[]::uuid[], 'operator', now(), 1, 1,
            '2026-08-01', '2027-07-31');
        insert into placement (placement_id, plan, lesson_id, period_id, n, day, hour, meeting_of, revision, epoch, who, changed_at,
            changed_position, valid_from, valid_to)
        select md5('h' || i || ':' || n)::uuid, '{PLAN}', md5('lessons:' || i)::uuid, md5('period')::uuid, n, 1 + (i + s) % 5,
            1 + (i + n + s) % 10, md5('lessons:' || i)::uuid, s, 1, 'operator', now(), f, f, t
        from generate_series(1, 200) i, generate_series(1, 3) n, lateral ({valid}) v;
        insert into meeting (plan, owner_id, period_id, ordinal, teacher_id, valid_from, valid_to)
        select '{PLAN}', md5('lessons:' || i)::uuid, '00000000-0000-0000-0000-000000000000', 0,
            md5('teachers:' || 1 + i % 100)::uuid, f, t
        from generate_series(1, 200) i, lateral ({valid}) v;
        insert into plan (plan, title, state, revision, epoch, valid_from) values ('{PLAN}', 'Long', 'open', 1, 1, 1);
        insert into plan_count (plan, kind, count, valid_from, valid_to)
        select '{PLAN}', k, s, f, t from (values ('teachers', 1), ('lessons', 2), ('placements', 3)) c (k, i), lateral ({valid}) v;
        insert into session (session_id, plan, who, mode, logged_in_at, since, until, valid_from, valid_to)
        select md5('s' || i)::uuid, '{PLAN}', 'user:' || i % 500, 'read', now(), now(), now(), i * 10, i * 10 + 200
        from generate_series(1, {states} * 100) i;
        insert into lock (lock_id, plan, session_id, who, action, granted_epoch, granted_position, granted_at, valid_from, valid_to)
        select md5('l' || i)::uuid, '{PLAN}', md5('s' || i)::uuid, 'user:1', 'optimise', 1, i, now(), i * 10, i * 10 + 20
        from generate_series(1, {states} * 100) i;
        insert into notice (notice_id, title, text, public, important, revision, epoch, who, changed_at, changed_position, posted,
            valid_from, valid_to)
        select md5('n' || i)::uuid, 'Rest', 'Rest', true, false, 1, 1, 'operator', now(), i, i, i * 10, i * 10 + 50
        from generate_series(1, {states} * 100) i;
        insert into outage (outage_id, prevent_logins, ended_at, reason, valid_from)
        select md5('o' || i)::uuid, true, now(), 'restart', i * 10 from generate_series(1, {states} * 100) i;
        insert into account (account_id, kind, name, valid_from, valid_to)
        select md5('operator')::uuid, 'user', 'planner ' || s, f, t from generate_series(1, 1) i, lateral ({valid}) v;
        analyze record; analyze placement; analyze session; analyze lock; analyze notice; analyze outage; analyze account;
        analyze meeting; analyze plan; analyze plan_count"
    )
}

/// Whole scans, and rows that were read by indexes or by themselves.
async fn read(owner: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "select sum(seq_scan)::bigint, sum(coalesce(idx_tup_fetch, 0)
            + (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes i where i.relid = t.relid))::bigint
        from pg_stat_user_tables t where schemaname = current_schema()
            and relname in ('record', 'placement', 'meeting', 'session', 'lock', 'notice', 'outage', 'account', 'plan', 'plan_count')",
    )
    .fetch_one(owner)
    .await
    .expect("the statistics")
}

/// One question, by its number; nothing when there are no more. Answers what it is and how many items there were.
async fn ask(pool: &PgPool, number: usize, moment: Moment) -> Option<(&'static str, usize)> {
    let (of, page) = (PLAN.parse().expect("a plan"), Page { limit: 100, after: None });
    let (date, today) = ("2026-11-24".parse().expect("a day"), "2026-11-24".parse().expect("a day"));
    let asked = "asked";
    Some(match number {
        0 => (
            "record",
            usize::from(
                record(pool, &of, Kind::Teachers, "teachers5", None, moment).await.expect(asked).is_some(),
            ),
        ),
        1 => {
            let all = RecordFilter::default();
            (
                "records",
                records(pool, &of, Kind::Teachers, &all, None, moment, &page).await.expect(asked).items.len(),
            )
        }
        2 => {
            let some = RecordFilter { q: Some("lessons1".into()), date: Some(date), ..Default::default() };
            (
                "lessons of a date",
                records(pool, &of, Kind::Lessons, &some, None, moment, &page).await.expect(asked).items.len(),
            )
        }
        3 => (
            "placement",
            usize::from(placement(pool, &of, "lessons5", "1", 2, moment).await.expect(asked).is_some()),
        ),
        4 => {
            let whose = TimetableOf::Teacher("teachers7".into());
            (
                "timetable of a teacher",
                timetable(pool, &of, &whose, "1", None, moment, &page).await.expect(asked).items.len(),
            )
        }
        5 => {
            let all = timetable(pool, &of, &TimetableOf::All, "1", None, moment, &page).await.expect(asked);
            ("timetable", all.items.len())
        }
        6 => {
            let day = timetable_of_day(pool, &of, &TimetableOf::All, date, moment, &page).await.expect(asked);
            ("timetable of a day", day.items.len())
        }
        7 => {
            let list = cover_list(pool, &of, date, moment, &page).await.expect(asked);
            ("cover list", list.open.len() + 1)
        }
        8 => (
            "collisions",
            collisions(pool, &of, CollisionsOf::All, moment, &page).await.expect(asked).items.len(),
        ),
        9 => ("unplaced", unplaced(pool, &of, None, moment, &page).await.expect(asked).items.len()),
        10 => ("sessions", sessions(pool, &of, moment, None, 100).await.expect(asked).len()),
        11 => ("sessions everywhere", sessions_everywhere(pool, moment, 1_000).await.expect(asked).len()),
        12 => ("locks", locks(pool, &of, moment, None, 100).await.expect(asked).len()),
        13 => ("locks everywhere", locks_everywhere(pool, moment, 1_000).await.expect(asked).len()),
        14 => {
            let all = NoticesOf { today, state: None, after: None, limit: 100 };
            ("notices", notices(pool, all, moment).await.expect(asked).len())
        }
        15 => ("outage", usize::from(outages(pool, moment).await.expect(asked).current().is_none())),
        16 => ("past outages", past_outages(pool, moment, 10).await.expect(asked).len()),
        17 => {
            let who = format!("user:{}", uuid::Uuid::from_bytes(*b"operator12345678"));
            ("names", who_names(pool, [who.as_str()], moment).await.expect(asked).len())
        }
        18 => {
            let found = plan(pool, &of, moment).await.expect(asked).expect("the plan is there");
            (
                "plan",
                usize::try_from(found.json["counts"]["lessons"].as_i64().expect("a number")).expect("small"),
            )
        }
        19 => {
            let found = placements(pool, &of, "lessons5", "1", moment, &page).await.expect(asked);
            ("placements", found.expect("the lesson is there").items.len())
        }
        _ => return None,
    })
}

/// How long the same question of now takes.
async fn of_now(setting: &Setting, number: usize) -> Duration {
    let projections = setting.follow(Vec::new());
    for _ in 0..6 {
        ask(projections.pool(), number, Moment::Now).await;
    }
    let (began, rounds) = (Instant::now(), 7);
    for _ in 0..rounds {
        ask(projections.pool(), number, Moment::Now).await;
    }
    let took = began.elapsed() / rounds;
    projections.stop().await;
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn time_travel_costs_the_same_however_long_the_history_is() {
    let (setting, states) = (Setting::new().await, states());
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(AssertSqlSafe(long_ago(states))).execute(&mut owner).await.expect("a long history");
    let middle = Moment::AsOf(states / 2 * 1_000 + 500);
    let (mut number, mut whole) = (0, 0);
    loop {
        // More than five times, so that the plan that is kept for good is among them. The first ones make it.
        let projections = setting.follow(Vec::new());
        let pool = projections.pool();
        let Some((what, items)) = ask(pool, number, middle).await else {
            projections.stop().await;
            break;
        };
        assert!(items > 0, "{what} is not among what was then");
        for _ in 0..6 {
            ask(pool, number, middle).await;
        }
        // Closing the connections writes down what they did.
        projections.stop().await;
        let before = read(&mut owner).await;
        let projections = setting.follow(Vec::new());
        ask(projections.pool(), number, middle).await;
        let (began, rounds) = (Instant::now(), 7);
        for _ in 0..rounds {
            ask(projections.pool(), number, middle).await;
        }
        let took = began.elapsed() / rounds;
        projections.stop().await;
        let after = read(&mut owner).await;
        let now = of_now(&setting, number).await;
        let rows = (after.1 - before.1) / i64::from(rounds + 1);
        eprintln!("{what}: {items} items, {rows} rows, {took:?}; now {now:?}");
        assert_eq!(after.0, before.0, "{what} read a whole table");
        // All hours of the plan are 600, its meetings 200.
        assert!(rows < 12_000, "{what} read {rows} rows");
        number += 1;
        whole += rows;
    }
    // What a connection did may be written down a little after it was closed, and counts for the next question then.
    assert!(whole < 40_000, "all questions together read {whole} rows");
    setting.drop_schemas().await;
}
