//! Pages of a long audit: no table is read whole, and one that finds nothing ends early.

use domain::Who;
use projections::audit::{AuditWanted, audit_event, audit_page, bearers, reached, records_named};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{all_pages, everywhere, plan, wanted};
use crate::setting::Setting;

/// A hundred thousand events, and rows by which they are found.
const MANY: &str = "
    insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
    select i, i, 'plan/' || i % 10 || '~2026-2027~1', i, case i % 3 when 0 then 'PlanChanged' else 'SchoolOpened' end, md5(i::text)::uuid,
        now(), convert_to('{\"event_id\":\"' || md5('e' || i)::uuid || '\",\"command_id\":\"' || md5('c' || i)::uuid
            || '\",\"actor\":\"operator\",\"request_id\":\"req-' || i || '\"}', 'utf8'), convert_to('{\"kind\":\"teachers\"}', 'utf8')
    from generate_series(1, 100000) i;
    insert into audit (word, block, places) select w, b, '\\x000001'::bytea from generate_series(1, 400) w, generate_series(0, 300) b;
    insert into audit_refusal (record_id, position) select md5('1:' || i % 4000)::uuid, i from generate_series(1, 20000) i;
    insert into account (account_id, kind, name, valid_from) select md5(i::text)::uuid, 'user', 'user' || i, 1 from generate_series(1, 20000) i;
    insert into change_name (record_id, plan, kind, name, valid_from)
    select md5(p || ':' || i)::uuid, p || '~2026-2027~1', 'teachers', 'T' || i, 1 from generate_series(1, 10) p, generate_series(1, 4000) i;
    insert into plan (plan, title, state, revision, epoch, valid_from) select p || '~2026-2027~1', '', 'open', 1, 1, 1 from generate_series(1, 10) p;
    update checkpoint set position = 100000;
    analyze event; analyze audit; analyze audit_refusal; analyze account; analyze change; analyze change_name; analyze plan";

async fn whole_scans(owner: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_user_tables
        where schemaname = any (current_schemas(false)) and relname in ('event', 'audit', 'audit_refusal', 'account', 'change', 'change_name')
        order by relname",
    )
    .fetch_all(owner)
    .await
    .expect("the statistics")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_audit_reads_a_whole_table() {
    let setting = Setting::new().await;
    let projections = setting.follow(Vec::new());
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(AssertSqlSafe(MANY.to_owned())).execute(&mut owner).await.expect("many rows");
    sqlx::raw_sql("select pg_stat_force_next_flush()").execute(&mut owner).await.expect("flushed");
    let before = whole_scans(&mut owner).await;
    assert_eq!(before.len(), 6);
    let pool = projections.pool();
    // More than five times, so that the plan that is kept for good is among them.
    for newest_first in [true, false].repeat(6) {
        let base = AuditWanted { newest_first, ..wanted(100_000) };
        let page = audit_page(pool, &base).await.expect("asked");
        assert_eq!((page.events.len(), page.next.is_some()), (100, true));
        let actors = Some(bearers(pool, "user77").await.expect("asked"));
        let records = Some(records_named(pool, None, "teachers/T7").await.expect("asked"));
        let single = records_named(pool, Some(&plan(3)), "time-grid").await.expect("asked");
        let hour = records_named(pool, Some(&plan(3)), "lessons/7/placements/2").await.expect("asked");
        assert_eq!((records.as_ref().map(Vec::len), single.len() + hour.len()), (Some(10), 0));
        for one in [
            AuditWanted { plan: Some(plan(3)), ..base.clone() },
            AuditWanted { actors: actors.clone(), ..base.clone() },
            AuditWanted { records: records.clone(), actors, ..base.clone() },
            AuditWanted { records, ..base.clone() },
            AuditWanted { r#type: Some("PlanChanged".into()), ..base.clone() },
            AuditWanted { request: Some("req-5".into()), plan: Some(plan(3)), ..base.clone() },
        ] {
            audit_page(pool, &one).await.expect("asked");
        }
        audit_event(pool, 77).await.expect("asked").expect("there");
        reached(pool).await.expect("asked");
    }
    // Closing the connections writes down what they did.
    projections.stop().await;
    assert_eq!(whole_scans(&mut owner).await, before);
    setting.drop_schemas().await;
}

/// A record with very many changes by the operator, and nothing else.
const BUSY: &str = "
    insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
    select i, i, 'plan/1~2026-2027~1', i, 'RecordChanged', '00000000-0000-0000-0000-000000000007',
        now(), convert_to('{\"event_id\":\"' || md5('e' || i)::uuid || '\",\"command_id\":\"' || md5('c' || i)::uuid
            || '\",\"actor\":\"operator\"}', 'utf8'), convert_to('{\"kind\":\"teachers\"}', 'utf8')
    from generate_series(1, 50000) i;
    update checkpoint set position = 50000;
    analyze event";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_about_a_busy_record_that_finds_nothing_ends_early_and_says_where_to_go_on() {
    let setting = Setting::new().await;
    let projections = setting.follow(Vec::new());
    let mut owner = setting.as_owner().await;
    sqlx::raw_sql(AssertSqlSafe(BUSY.to_owned())).execute(&mut owner).await.expect("many rows");
    let pool = projections.pool();
    let records = Some(vec![everywhere(Uuid::from_u128(7))]);
    for newest_first in [true, false] {
        let busy = AuditWanted { records: records.clone(), newest_first, limit: 1_000, ..wanted(50_000) };
        let page = audit_page(pool, &busy).await.expect("asked");
        assert_eq!((page.events.len(), page.next), (1_000, Some(if newest_first { 49_001 } else { 1_000 })));
        let never = AuditWanted { actors: Some(vec![everywhere(Who::System)]), ..busy.clone() };
        let page = audit_page(pool, &never).await.expect("asked");
        assert_eq!(page.events, []);
        let looked = page.next.map(|next| if newest_first { 50_001 - next } else { next });
        assert!(looked.is_some_and(|looked| (40_000..50_000).contains(&looked)), "{looked:?}");
        assert_eq!(all_pages(pool, never).await, []);
        let two = AuditWanted { after: 20_000, upto: 20_002, ..busy };
        assert_eq!(all_pages(pool, two).await.len(), 2);
    }
    projections.stop().await;
    setting.drop_schemas().await;
}
