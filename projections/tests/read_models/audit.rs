//! Pages of the audit against what a look at every event finds.

use domain::{
    Actor, ChangeRefused, CommandId, Event, FieldChange, Kind, Meta, PlanId, RecordChanged, RecordId,
    StreamName, UserId, Who,
};
use eventstore::{Append, Expected, NewEvent, Recorded, Write};
use projections::audit::{AuditEvent, AuditWanted, Bearer, audit_page, reached};
use sqlx::PgPool;
use uuid::Uuid;

use crate::office::{created, text};
use crate::rebuild::rebuilt;
use crate::setting::{SOON, Setting};
use crate::verify::verified;

mod long;
mod names;

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
