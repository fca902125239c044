//! Questions about a large database are answered from indexes.

use domain::{Kind, UserId, Who};
use projections::change::{
    Changes, Past, Wanted, changes, history, reached_for_followers, stretch, stretch_of_plans,
};
use projections::collision::{CollisionsOf, collisions};
use projections::cover_list::cover_list;
use projections::day::timetable_of_day;
use projections::difference::{Between, differences};
use projections::message::{newly, received};
use projections::node::nodes_started;
use projections::outage::{past_outages, refused_in_a_day};
use projections::placement::{TimetableOf, placement, timetable};
use projections::plan::plan;
use projections::record::{RecordFilter, record, records};
use projections::unplaced::unplaced;
use projections::{DayBefore, Moment, Page, Projections};
use sqlx::{AssertSqlSafe, PgConnection};
use std::time::Duration;

use crate::office::Office;
use crate::setting::Setting;

/// Ten plans of 4,000 teachers, 2,000 lessons with two old states each, and 4,000 placements.
const MANY: &str = "
    insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, reference, who, changed_at,
        changed_position, valid_from, valid_to)
    select md5(p || ':' || k || ':' || i)::uuid, '1~2026-2027~' || p, k, k || i, case k when 'lessons' then '1' else '' end || k || i, v.f = 1, lower(k || i), 1, 1,
        jsonb_build_object('id', jsonb_build_object('text', k || i)), array[md5(p || ':teachers:' || i % 50)::uuid], 'operator',
        now(), 1, v.f, v.t
    from generate_series(1, 10) p, (values ('teachers', 4000), ('lessons', 2000), ('periods', 2)) c (k, n),
        lateral generate_series(1, n) i, (values (1, 2), (2, 3), (3, null)) v (f, t);
    insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, reference, who, changed_at,
        changed_position, valid_from, day_from, day_to)
    select md5(p || ':substitutions:' || i)::uuid, '1~2026-2027~' || p, 'substitutions', i::text, i::text, true, i::text, 1, 1,
        jsonb_build_object('id', jsonb_build_object('text', i::text), 'kind', jsonb_build_object('text', 'room'),
            'date', jsonb_build_object('date', '2026-08-01'::date + i % 300), 'hour', jsonb_build_object('number', 1 + i % 10),
            'lesson', jsonb_build_object('reference', md5(p || ':lessons:' || 1 + i % 2000)::uuid)),
        array[]::uuid[], 'operator', now(), 1, 1, '2026-08-01'::date + i % 300, '2026-08-01'::date + i % 300
    from generate_series(1, 10) p, generate_series(1, 4000) i;
    insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, reference, who, changed_at,
        changed_position, valid_from, day_from, day_to)
    select md5(p || ':absences:' || i)::uuid, '1~2026-2027~' || p, 'absences', i::text, i::text, true, i::text, 1, 1,
        jsonb_build_object('id', jsonb_build_object('text', i::text), 'of', jsonb_build_object('text', 'teacher'),
            'name', jsonb_build_object('reference', md5(p || ':teachers:' || i)::uuid),
            'from', jsonb_build_object('date', '2026-08-01'::date + i % 300), 'to', jsonb_build_object('date', '2026-08-01'::date + i % 300)),
        array[]::uuid[], 'operator', now(), 1, 1, '2026-08-01'::date + i % 300, '2026-08-01'::date + i % 300
    from generate_series(1, 10) p, generate_series(1, 400) i;
    update record set day_from = '2026-08-01', day_to = '2027-07-31' where kind = 'periods' and name = 'periods1';
    insert into placement (placement_id, plan, lesson_id, period_id, n, day, hour, meeting_of, revision, epoch, who, changed_at,
        changed_position, valid_from)
    select md5(p || ':placements:' || i || ':' || n)::uuid, '1~2026-2027~' || p, md5(p || ':lessons:' || i)::uuid,
        md5(p || ':periods:1')::uuid, n, 1 + i % 5, 1 + i % 10, md5(p || ':lessons:' || i)::uuid, 1, 1, 'operator', now(), 1, 1
    from generate_series(1, 10) p, generate_series(1, 2000) i, generate_series(1, 2) n;
    insert into meeting (plan, owner_id, period_id, ordinal, teacher_id, valid_from)
    select '1~2026-2027~' || p, md5(p || ':lessons:' || i)::uuid, '00000000-0000-0000-0000-000000000000', 0, md5(p || ':teachers:' || i)::uuid, 1
    from generate_series(1, 10) p, generate_series(1, 2000) i;
    insert into change_name (record_id, plan, kind, name, valid_from)
    select md5(p || ':teachers:' || i)::uuid, '1~2026-2027~' || p, 'teachers', 'teachers' || i, 1
    from generate_series(1, 10) p, generate_series(1, 4000) i;
    analyze record; analyze placement; analyze meeting; analyze session; analyze lock; analyze change_name";

/// Changes of ten plans that the feed takes in: 1,200 of each, each of 400 teachers in turn, and 2,000 of twenty sessions of another one;
/// `head` is the last position before them.
fn changes_of_plans(head: i64, teacher: &str) -> String {
    format!(
        r#"insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
        select at, at, 'plan/1~2026-2027~' || p, 1000 + i, 'RecordChanged', teacher, now(),
            convert_to('{{"event_id":"' || md5('e' || at)::uuid || '","command_id":"' || md5('c' || at)::uuid
                || '","actor":"operator"}}', 'utf8'),
            convert_to('{{"record":"' || teacher || '","kind":"teachers","revision":2,"changes":[]}}', 'utf8')
        from generate_series(1, 10) p, generate_series(1, 1200) i,
            lateral (select {head} + (i - 1) * 10 + p as at, md5({teacher})::uuid as teacher) l;
        insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
        select at, at, 'plan/1~2026-2027~11', 1000 + i, 'SessionChanged', null, now(),
            convert_to('{{"event_id":"' || md5('e' || at)::uuid || '","command_id":"' || md5('c' || at)::uuid
                || '","actor":"operator"}}', 'utf8'),
            convert_to('{{"session":"' || md5('s' || i % 20)::uuid || '","activity":"does ' || i || '"}}', 'utf8')
        from generate_series(1, 2000) i, lateral (select {head} + 12000 + i as at) l;
        analyze event"#
    )
}

/// A node that has taken those changes into its feed, and nothing else of them.
async fn followed(setting: &Setting, head: i64, teacher: &str) -> Projections {
    let changes = changes_of_plans(head, teacher);
    sqlx::raw_sql(AssertSqlSafe(changes)).execute(&mut setting.as_owner().await).await.expect("changes");
    let projections = setting.follow(vec![Box::new(Changes)]);
    projections.wait_for(head + 14_000, Duration::from_secs(60)).await.expect("followed");
    sqlx::raw_sql("analyze change; analyze change_about")
        .execute(&mut setting.as_owner().await)
        .await
        .expect("analyzed");
    projections
}

async fn whole_scans(owner: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_user_tables
        where schemaname = current_schema() and relname in ('record', 'placement', 'meeting', 'change', 'change_about', 'change_told', 'change_name')
        order by relname",
    )
    .fetch_all(owner)
    .await
    .expect("the statistics")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_reads_a_whole_table() {
    let office = Office::open().await;
    office.followed().await;
    office.projections.stop().await;
    let head = office.setting.ledger.head().await.expect("the head").position;
    let mut owner = office.setting.as_owner().await;
    sqlx::raw_sql(MANY).execute(&mut owner).await.expect("many rows");
    let projections = followed(&office.setting, head, "p || ':teachers:' || 1 + i % 400").await;
    sqlx::raw_sql("select pg_stat_force_next_flush()").execute(&mut owner).await.expect("flushed");
    let before = whole_scans(&mut owner).await;
    let id = "1~2026-2027~4".parse().expect("a plan");
    let pool = projections.pool();
    let page = Page { limit: 100, after: Some("teachers20".into()) };
    let first = Page { limit: 100, after: None };
    let by_teacher = RecordFilter { teacher: Some("teachers7".into()), ..Default::default() };
    // More than five times, so that the plan that is kept for good is among them.
    for moment in [Moment::Now, Moment::AsOf(2)].repeat(7) {
        record(pool, &id, Kind::Teachers, "teachers5", None, moment).await.expect("asked").expect("there");
        let all = RecordFilter::default();
        let found =
            records(pool, &id, Kind::Teachers, &all, Some("periods1"), moment, &page).await.expect("asked");
        assert_eq!(found.items.len(), 100);
        let found =
            records(pool, &id, Kind::Teachers, &by_teacher, None, moment, &first).await.expect("asked");
        assert_eq!(found.items.len(), 80);
        let of_day = RecordFilter { date: "2026-09-01".parse().ok(), ..Default::default() };
        let found =
            records(pool, &id, Kind::Substitutions, &of_day, None, moment, &first).await.expect("asked");
        assert_eq!(found.items.len(), 14);
        placement(pool, &id, "lessons5", "periods1", 1, moment).await.expect("asked").expect("there");
        for (of, count) in [(TimetableOf::All, 100), (TimetableOf::Teacher("teachers9".into()), 2)] {
            let found = timetable(pool, &id, &of, "periods1", None, moment, &first).await.expect("asked");
            assert_eq!(found.items.len(), count);
        }
        collisions(pool, &id, CollisionsOf::Period("periods1"), moment, &first).await.expect("asked");
        let date = "2026-09-01".parse().expect("a Tuesday");
        let found =
            timetable_of_day(pool, &id, &TimetableOf::All, date, moment, &first).await.expect("asked");
        assert_eq!(found.items.len(), 100, "{moment:?}");
        let of_date = collisions(pool, &id, CollisionsOf::Date(date), moment, &first).await.expect("asked");
        assert_eq!(of_date.items, []);
        let list = cover_list(pool, &id, date, moment, &first).await.expect("asked");
        assert_eq!((list.substitutions.len(), list.open.len()), (14, 4), "{moment:?}");
        unplaced(pool, &id, Some("periods1"), moment, &first).await.expect("asked");
        plan(pool, &id, moment).await.expect("asked");
        let upto = moment.position().map_or(i64::MAX, |_| head + 6_000);
        let (record, before) = ("teachers/teachers5", i64::MAX);
        let past = Past { record, period: None, upto, before, limit: 100, absences: true };
        let found = history(pool, &id, past, &|_| String::new()).await.expect("asked").expect("there");
        assert_eq!(found.len(), if upto == i64::MAX { 3 } else { 2 });
        let between = Between { from: head + 4_000, to: head + 9_000, after: 0, limit: 100, absences: true };
        let found = differences(pool, &id, between).await.expect("asked");
        assert!(found.items.is_empty() && found.next.is_some(), "they all are what they were");
    }
    // Closing the connections writes down what they did.
    projections.stop().await;
    assert_eq!(whole_scans(&mut owner).await, before);
    office.setting.drop_schemas().await;
}

/// What 4,000 teachers of each of ten plans are called, 20,000 refusals, and 60,000 messages to 500 people.
const TOLD: &str = "
    insert into change_told (position, plan, append_end, epoch, at, type, kind, subject_id, subject, who, changes)
    select 100000 + i, '1~2026-2027~' || i % 10, 100000 + i, 1, now(), 'record.refused', 'teachers',
        md5(i % 10 || ':' || 1 + i % 4000)::uuid, 'teachers/teachers' || 1 + i % 4000, 'operator', '[]'
    from generate_series(1, 20000) i;
    insert into change_about (subject_id, position) select md5('s' || i % 4000)::uuid, 200000 + i from generate_series(1, 20000) i;
    insert into change_name (record_id, plan, kind, name, valid_from)
    select md5(p || ':' || i)::uuid, '1~2026-2027~' || p, 'teachers', 'teachers' || i, 1
    from generate_series(1, 10) p, generate_series(1, 4000) i;
    insert into message (position, epoch, at, kind, who, for_all, text, data, valid_from)
    select i, 1, now(), 'user', 'user:' || md5('u' || i % 500)::uuid, i % 5000 = 0, 'x', '{}', i from generate_series(1, 60000) i;
    insert into message_to (who, position, valid_from, valid_to)
    select 'user:' || md5('u' || i % 499)::uuid, i, i, case when i % 3 = 0 then i + 1 end from generate_series(1, 60000) i;
    insert into session (session_id, plan, who, mode, logged_in_at, since, valid_from)
    select md5('s' || i)::uuid, '1~2026-2027~' || i % 10, 'user:' || md5('u' || i % 500)::uuid, 'read', now(), now(), i
    from generate_series(1, 20000) i;
    insert into checkpoint (projection, position) values ('message', 120010)
    on conflict (projection) do update set position = excluded.position;
    analyze change_about; analyze change_told; analyze change_name; analyze message; analyze message_to; analyze session";

async fn whole_scans_of_what_is_told(owner: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_user_tables where schemaname = current_schema()
            and relname in ('change', 'change_about', 'change_told', 'change_name', 'message', 'message_to', 'session') order by relname",
    )
    .fetch_all(owner)
    .await
    .expect("the statistics")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_followers_are_told_is_found_by_indexes() {
    let setting = Setting::new().await;
    let mut owner = setting.as_owner().await;
    let projections = followed(&setting, 0, "p || ':' || 1 + i % 400").await;
    sqlx::raw_sql(TOLD).execute(&mut owner).await.expect("many rows");
    sqlx::raw_sql("select pg_stat_force_next_flush()").execute(&mut owner).await.expect("flushed");
    let before = whole_scans_of_what_is_told(&mut owner).await;
    let id = "1~2026-2027~4".parse().expect("a plan");
    let (pool, name_of) = (projections.pool(), &|_| String::new());
    let plans: Vec<String> = (3..6).map(|version| format!("1~2026-2027~{version}")).collect();
    // Whose id is md5('u7').
    let reader = Who::User(UserId("6bce05df-9831-da77-99a5-edc4f7abfbec".parse().expect("an id")));
    let of_record = |record| (None, Some(record));
    // More than five times, so that the plan that is kept for good is among them.
    for _ in 0..7 {
        assert_eq!(reached_for_followers(pool).await.expect("asked").changes, 14_000);
        for ((kind, record), count) in [
            ((None, None), 250),
            ((Some("teachers"), None), 250),
            ((Some("rooms"), None), 0),
            (of_record("teachers/teachers5"), 1),
            (of_record("teachers/nobody"), 0),
        ] {
            let wanted = Wanted { after: 6_000, upto: i64::MAX, limit: 250, kind, record, absences: false };
            let found = stretch(pool, &id, wanted, name_of).await.expect("asked");
            assert_eq!(found.told.len(), count, "{kind:?} {record:?}");
            let page = changes(pool, &id, wanted, name_of).await.expect("asked");
            assert_eq!(page.items.len(), count, "{kind:?} {record:?}");
        }
        let sessions = "1~2026-2027~11".parse().expect("a plan");
        let of_sessions =
            Wanted { after: 13_000, upto: i64::MAX, limit: 250, kind: None, record: None, absences: false };
        // Whose id is md5('s7').
        let of_one = Wanted { record: Some("sessions/9d7115b4-2254-d59b-8244-0ebe8084927f"), ..of_sessions };
        for (wanted, count) in [(of_sessions, 250), (of_one, 50)] {
            let page = changes(pool, &sessions, wanted, name_of).await.expect("asked");
            assert_eq!(page.items.len(), count, "{wanted:?}");
            assert!(
                page.items.iter().all(|item| item["data"]["changes"][0]["from"].is_string()),
                "{wanted:?}"
            );
        }
        let told = stretch_of_plans(pool, &plans, 11_000, 12_000, name_of).await.expect("asked");
        assert_eq!(told.len(), 300);
        assert!(newly(pool, 59_000, 59_100).await.expect("asked").len() >= 100);
        for unread in [true, false] {
            let found = received(pool, reader, unread, i64::MAX, 50, name_of).await.expect("asked");
            assert_eq!(found.len(), 50, "unread: {unread}");
        }
    }
    // Closing the connections writes down what they did.
    projections.stop().await;
    assert_eq!(whole_scans_of_what_is_told(&mut owner).await, before);
    setting.drop_schemas().await;
}

/// Long histories of what the status report is made from: everything ended a month ago, but a few of each.
const LONG_AGO: &str = "
    insert into session (session_id, plan, who, mode, logged_in_at, since, until, valid_from, valid_to)
    select md5('s' || i)::uuid, '1~2026-2027~' || i % 10, 'user:' || i % 500, 'read', t, t, t + interval '1 hour', i, i + 1
    from generate_series(1, 60000) i, lateral (select now() - interval '60 days' + i * interval '30 seconds' as t) l;
    insert into session (session_id, plan, who, mode, logged_in_at, since, valid_from)
    select md5('p' || i)::uuid, '1~2026-2027~' || i % 10, 'user:' || i, 'read', now(), now(), 100000 + i from generate_series(1, 40) i;
    insert into lock (lock_id, plan, session_id, who, action, granted_epoch, granted_position, granted_at, ended_at, valid_from, valid_to)
    select md5('l' || i)::uuid, '1~2026-2027~' || i % 10, md5('s' || i)::uuid, 'user:1', 'licence', 1, i, now(), now(), i,
        case when i <= 40000 then i + 1 end
    from generate_series(1, 40020) i;
    insert into refusal (position, plan, at, who, of_lock, code, record_id, obstacles, valid_from)
    select i, '1~2026-2027~' || i % 10, now() - interval '60 days' + i * interval '86.4 seconds', 'user:' || i % 500, i % 2 = 0, 'stale',
        md5('r' || i % 100)::uuid, '[]', i
    from generate_series(1, 60000) i;
    insert into refusal_lock (lock_id, position) select md5('l' || i)::uuid, i from generate_series(1, 40020) i;
    insert into login_refusal (position, node, minute, outage_id, gated, failed, valid_from)
    select i, 'alpha', now() - interval '60 days' + i * interval '86.4 seconds', md5('o' || i % 5000)::uuid, 1, 1, i
    from generate_series(1, 60000) i;
    insert into outage (outage_id, prevent_logins, ended_at, reason, valid_from)
    select md5('o' || i)::uuid, true, now() - i * interval '1 hour', 'restart', i from generate_series(1, 5000) i;
    insert into node (position, name, version, started_at, valid_from) select i, 'alpha', '1', now(), i from generate_series(1, 20000) i;
    analyze session; analyze lock; analyze refusal; analyze refusal_lock; analyze login_refusal; analyze outage; analyze node";

/// Whole scans, and rows that were read by an index, of the tables that the status report is made from.
async fn read_rows(owner: &mut PgConnection) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "select relname::text, seq_scan, coalesce(idx_tup_fetch, 0)
            + (select sum(idx_tup_read)::bigint from pg_stat_user_indexes i where i.relid = t.relid)
        from pg_stat_user_tables t
        where schemaname = current_schema() and relname in
            ('session', 'lock', 'refusal', 'refusal_lock', 'login_refusal', 'outage', 'node')
        order by relname",
    )
    .fetch_all(owner)
    .await
    .expect("the statistics")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_report_costs_the_same_however_long_the_history_is() {
    let setting = Setting::new().await;
    let projections = setting.follow(Vec::new());
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(LONG_AGO).execute(&mut owner).await.expect("a long history");
    sqlx::raw_sql("select pg_stat_force_next_flush()").execute(&mut owner).await.expect("flushed");
    let before = read_rows(&mut owner).await;
    let pool = projections.pool();
    let rounds = 7;
    for _ in 0..rounds {
        let report = crate::status::report(&setting, &projections).await;
        assert_eq!((report.sessions.len(), report.users.now.sessions), (40, 40));
        assert_eq!((report.locks.len(), report.conflicts.records.len()), (20, 20));
        let day = DayBefore::of(pool, Moment::Now).await.expect("a day");
        assert!(refused_in_a_day(pool, day).await.expect("asked").0 > 500);
        assert_eq!(past_outages(pool, Moment::Now, 10).await.expect("asked").len(), 10);
        assert_eq!(nodes_started(pool, Moment::Now, 1_000).await.expect("asked").len(), 1_000);
    }
    // Closing the connections writes down what they did.
    projections.stop().await;
    for (was, is) in before.iter().zip(read_rows(&mut owner).await) {
        assert_eq!(was.1, is.1, "{} was read whole", is.0);
        let rows = (is.2 - was.2) / rounds;
        // A day has a thousand refusals here; each is read by an index and then itself, by several questions.
        assert!(rows < 12_000, "{} rows of {} for one report", rows, is.0);
    }
    setting.drop_schemas().await;
}
