//! Pages of the audit against what a look at every event finds.

use domain::{
    Actor, ChangeRefused, CommandId, Event, FieldChange, Kind, Meta, Personal, PlanId, RecordChanged,
    RecordId, StreamName, TokenIssued, UserAdded, UserChanged, UserId, Who,
};
use eventstore::{Append, Expected, NewEvent, Recorded, Write};
use projections::audit::{
    AuditEvent, AuditWanted, Bearer, audit_event, audit_page, bearers, reached, records_named,
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use crate::office::{Office, created, id, text};
use crate::rebuild::rebuilt;
use crate::setting::{SOON, Setting};
use crate::verify::verified;

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }
}

fn plan(number: u64) -> PlanId {
    format!("{number}~2026-2027~1").parse().expect("a plan")
}

fn record(number: u64) -> RecordId {
    RecordId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)))
}

fn actor(number: u64) -> Actor {
    match number {
        0 => Actor::Operator,
        1 => Actor::System,
        2 => Actor::Token(Uuid::from_u128(2)),
        n => Actor::User(Uuid::from_u128(n.into())),
    }
}

fn changed(record: RecordId) -> Event {
    let changes = vec![FieldChange { field: "text".into(), from: None, to: Some(text("x")) }];
    RecordChanged { record, kind: Kind::Teachers, revision: 2, period: None, changes, import: None }.into()
}

fn refused(record: RecordId) -> Event {
    let (who, kind) = (Who::Operator, Some(Kind::Teachers));
    ChangeRefused {
        who,
        session: None,
        code: "stale".into(),
        rule: None,
        record: Some(record),
        kind,
        notice: None,
        class: None,
        action: None,
        changes: Vec::new(),
        winner: None,
        obstacles: Vec::new(),
    }
    .into()
}

async fn append(setting: &Setting, meta: Meta, stream: StreamName, events: Vec<Event>) {
    let new =
        |event: &Event| NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() };
    let write = Write { stream, expected: Expected::Any, events: events.iter().map(new).collect() };
    setting.ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await.expect("append");
}

/// Three plans with 300 records, and some thousand events by few people about them, some large appends among them.
async fn eventful(setting: &Setting, dice: &mut Dice) {
    for number in 0..3 {
        let meta = Meta::new(CommandId(Uuid::now_v7()), Actor::Operator);
        let records =
            (0..100).map(|n| created(Kind::Teachers, record(number * 100 + n), &format!("T{n}"), &[]));
        append(setting, meta, plan(number).stream(), records.collect()).await;
    }
    for turn in 0..350 {
        let mut meta = Meta::new(CommandId(Uuid::now_v7()), actor(dice.below(6)));
        meta.request_id = (dice.below(3) > 0).then(|| format!("req-{}", dice.below(200)));
        let number = dice.below(3);
        let count = if turn % 50 == 49 { 1_500 } else { 1 + dice.below(20) };
        let records: Vec<RecordId> = (0..count).map(|_| record(number * 100 + dice.below(100))).collect();
        if dice.below(4) == 0 {
            let events = records.into_iter().map(refused).collect();
            append(setting, meta, plan(number).stream().refused(), events).await;
        } else {
            append(setting, meta, plan(number).stream(), records.into_iter().map(changed).collect()).await;
        }
    }
}

async fn everything(setting: &Setting) -> Vec<Recorded> {
    setting.ledger.read_all(0, 1_000_000).await.expect("the ledger").events
}

fn wanted(upto: i64) -> AuditWanted {
    AuditWanted {
        plan: None,
        records: None,
        actors: None,
        r#type: None,
        request: None,
        after: 0,
        upto,
        newest_first: true,
        limit: 100,
    }
}

fn everywhere<I>(id: I) -> Bearer<I> {
    Bearer { id, after: 0, upto: i64::MAX }
}

/// All pages of a question.
async fn all_pages(pool: &PgPool, mut wanted: AuditWanted) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    loop {
        let page = audit_page(pool, &wanted).await.expect("a page");
        assert!(page.events.len() <= wanted.limit);
        events.extend(page.events);
        match page.next {
            Some(next) if wanted.newest_first => wanted.upto = next - 1,
            Some(next) => wanted.after = next,
            None => return events,
        }
    }
}

/// What a look at every event finds.
fn by_looking(all: &[Recorded], wanted: &AuditWanted) -> Vec<i64> {
    let record_of =
        |event: &Recorded| match Event::decode(&event.r#type, &event.data).expect("it can be read") {
            Event::ChangeRefused(e) => e.record.map(|record| record.0),
            Event::RecordCreated(_) | Event::RecordChanged(_) | Event::RecordRemoved(_) => event.subject,
            _ => None,
        };
    let who = |actor: Actor| match actor {
        Actor::User(id) => Who::User(UserId(id)),
        Actor::Token(id) => Who::Token(domain::TokenId(id)),
        Actor::Operator => Who::Operator,
        Actor::System => Who::System,
    };
    let fits = |event: &&Recorded| {
        let within = |after: i64, upto: i64| after < event.position && event.position <= upto;
        let of_plan =
            |plan: &PlanId| event.stream == plan.stream() || event.stream == plan.stream().refused();
        within(wanted.after, wanted.upto)
            && wanted.plan.as_ref().is_none_or(of_plan)
            && wanted.r#type.as_ref().is_none_or(|name| *name == event.r#type)
            && wanted.request.as_ref().is_none_or(|it| event.meta.request_id.as_ref() == Some(it))
            && wanted.records.as_ref().is_none_or(|all| {
                all.iter().any(|it| record_of(event) == Some(it.id) && within(it.after, it.upto))
            })
            && wanted.actors.as_ref().is_none_or(|all| {
                all.iter().any(|it| who(event.meta.actor) == it.id && within(it.after, it.upto))
            })
    };
    let mut found: Vec<i64> = all.iter().filter(fits).map(|event| event.position).collect();
    if wanted.newest_first {
        found.reverse();
    }
    found
}

fn drawn(dice: &mut Dice, head: i64) -> AuditWanted {
    let mut one = wanted(head);
    one.newest_first = dice.below(2) == 0;
    one.limit = usize::try_from(50 + dice.below(900)).expect("small");
    if dice.below(3) == 0 {
        one.plan = Some(plan(dice.below(4)));
    }
    if dice.below(3) == 0 {
        let many = 1 + dice.below(3);
        one.records = Some((0..many).map(|_| everywhere(record(dice.below(310)).0)).collect());
    }
    if dice.below(3) == 0 {
        let cut = i64::try_from(dice.below(9_000)).expect("small");
        let bearers = [
            Bearer { id: Who::Operator, after: cut, upto: cut + 3_000 },
            everywhere(Who::User(UserId(Uuid::from_u128((3 + dice.below(4)).into())))),
        ];
        one.actors = Some(bearers.into_iter().take(usize::try_from(dice.below(3)).expect("small")).collect());
    }
    if dice.below(3) == 0 {
        let types = ["RecordCreated", "RecordChanged", "ChangeRefused", "MessageSent"];
        one.r#type = Some(types[usize::try_from(dice.below(4)).expect("small")].to_owned());
    }
    if dice.below(4) == 0 {
        one.request = Some(format!("req-{}", dice.below(210)));
    }
    if dice.below(3) == 0 {
        one.after = i64::try_from(dice.below(9_000)).expect("small");
        one.upto = one.upto.min(one.after + i64::try_from(dice.below(9_000)).expect("small"));
    }
    one
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_finds_what_a_look_at_every_event_finds() {
    let setting = Setting::new().await;
    let projections = setting.follow(projections::read_models());
    let mut dice = Dice(7);
    eventful(&setting, &mut dice).await;
    let head = setting.ledger.head().await.expect("the head").position;
    assert!(head > 12_000, "several blocks: {head}");
    projections.wait_for(head, SOON * 3).await.expect("followed");
    assert_eq!(reached(projections.pool()).await.expect("asked"), Some(head));
    let all = everything(&setting).await;
    let asked: Vec<AuditWanted> = (0..90).map(|_| drawn(&mut dice, head)).collect();
    let check = async |pool: &PgPool, count: usize| {
        let mut found_any = 0;
        for wanted in asked.iter().take(count) {
            let found = all_pages(pool, wanted.clone()).await;
            let positions: Vec<i64> = found.iter().map(|event| event.position).collect();
            assert_eq!(positions, by_looking(&all, wanted), "{wanted:?}");
            found_any += usize::from(!positions.is_empty());
            for event in &found {
                let stored = &all[usize::try_from(event.position - 1).expect("a position")];
                assert_eq!((&event.data, &event.meta), (&stored.data, &stored.meta));
                assert!(event.record.as_deref().is_some_and(|it| it.starts_with("teachers/T")), "{event:?}");
            }
        }
        assert!(found_any > count / 3, "{found_any} of the questions had an answer");
    };
    check(projections.pool(), 90).await;
    // A fold from the beginning makes the very same rows.
    rebuilt(&setting, &["audit"]).await.expect("rebuilt");
    assert_eq!(verified(&setting).await.findings, []);
    let again = setting.follow(projections::read_models());
    again.wait_for(head, SOON).await.expect("followed");
    check(again.pool(), 30).await;
    again.stop().await;
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_name_finds_everything_and_an_earlier_one_what_happened_under_it() {
    let mut office = Office::open().await;
    let (anna, other) = (UserId(Uuid::from_u128(11)), UserId(Uuid::from_u128(12)));
    let called = |user: UserId, name: &str| Personal { of: user.0, open: name.to_owned() };
    let group = domain::GroupId(Uuid::from_u128(1));
    let added = |user: UserId, name: &str| -> Event {
        let name = called(user, name);
        UserAdded { user, name, group, full_name: None, email: None, language: None }.into()
    };
    let accounts = StreamName::from("accounts");
    office.setting.append(&accounts, vec![added(anna, "anna")]).await;
    office.actor = Actor::User(anna.0);
    let gauss = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let before = office.change(gauss, None, "text", Some(text("a"))).await;
    let renamed = UserChanged {
        user: anna,
        revision: 2,
        name: called(anna, "berta"),
        group,
        full_name: None,
        email: None,
        language: None,
        disabled: false,
        by: None,
    };
    let renaming = office.setting.append(&accounts, vec![renamed.into(), added(other, "anna")]).await;
    let euler = office.change(gauss, None, "id", Some(text("EULER"))).await;
    office.actor = Actor::User(other.0);
    let again = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let issued =
        TokenIssued { token: domain::TokenId(id().0), name: "screen".into(), group, expires_at: None };
    office.setting.append(&accounts, vec![issued.into()]).await;
    office.followed().await;

    let pool = office.projections.pool();
    let found = bearers(pool, "berta").await.expect("asked");
    assert_eq!(found, [everywhere(Who::User(anna))]);
    let found = bearers(pool, "anna").await.expect("asked");
    let limited = Bearer { id: Who::User(anna), after: 2, upto: renaming.first - 1 };
    assert_eq!(found, [limited, everywhere(Who::User(other))], "{before}");
    assert_eq!(bearers(pool, "operator").await.expect("asked"), [everywhere(Who::Operator)]);
    assert_eq!(bearers(pool, "token:screen").await.expect("asked").len(), 1);
    assert_eq!(bearers(pool, "screen").await.expect("asked"), []);

    let here = Some(&office.plan);
    for plan in [here, None] {
        let found = records_named(pool, plan, "teachers/EULER").await.expect("asked");
        assert_eq!(found, [everywhere(gauss.0)]);
        let mut found = records_named(pool, plan, "teachers/GAUSS").await.expect("asked");
        found.sort_by_key(|it| it.id != gauss.0);
        assert_eq!((found[0].id, found[0].upto, found[1]), (gauss.0, euler - 1, everywhere(again.0)));
    }
    assert_eq!(records_named(pool, Some(&plan(7)), "teachers/EULER").await.expect("asked"), []);
    assert_eq!(records_named(pool, here, "teachers/NOBODY").await.expect("asked"), []);
    let shown = audit_event(pool, before).await.expect("asked").expect("there");
    assert_eq!(shown.record.as_deref(), Some("teachers/GAUSS"), "what it was called then");
    assert_eq!(audit_event(pool, 1_000).await.expect("asked"), None);
    office.projections.stop().await;
    office.setting.drop_schemas().await;
}

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
