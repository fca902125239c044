//! How many events a second a rebuild and a verification take in: `rebuild_rate URL [EVENTS]`, in a scratch schema of that database.
//!
//! Beside it stands the read limit: `COPY … TO STDOUT` of the same events.

use std::time::Instant;

use domain::{
    Actor, CommandId, Event, FieldChange, FieldName, HourOf, Kind, Meta, PlanCreated, PlanId, RecordChanged,
    RecordCreated, RecordId, Value,
};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use futures::{StreamExt, TryStreamExt};
use projections::{RebuildTerms, VerifyTerms, prepare, read_models, rebuild, verify};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// The records of the plan that are changed in turn: teachers first, then as many placements.
const RECORDS: u128 = 5_000;
/// So many appends are on their way at once.
const IN_FLIGHT: usize = 512;

fn id(n: u128) -> RecordId {
    // As far apart as ids that are made at random.
    RecordId(Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
}

fn created(n: u128) -> Event {
    let text = |text: String| Value::Text(text.into());
    let (kind, hour_of, fields) = if n < RECORDS {
        let fields = vec![("id", text(format!("T{n}"))), ("long_name", text(format!("Carl Friedrich {n}")))];
        (Kind::Teachers, None, fields)
    } else {
        let hour_of = HourOf { lesson: id(n + RECORDS), period: id(1_000_000), n: 1 };
        (Kind::Placements, Some(hour_of), vec![("day", Value::Number(1)), ("hour", Value::Number(2))])
    };
    let fields = fields.into_iter().map(|(field, value)| (FieldName::Borrowed(field), value)).collect();
    RecordCreated { record: id(n), kind, revision: 1, hour_of, fields, import: None }.into()
}

fn changed(n: u128, revision: u64) -> Event {
    let text = |text: String| Some(Value::Text(text.into()));
    let (kind, change) = if n < RECORDS {
        let from = text(format!("Carl Friedrich {revision}"));
        (
            Kind::Teachers,
            FieldChange {
                field: "long_name".into(),
                from,
                to: text(format!("Carl Friedrich {}", revision + 1)),
            },
        )
    } else {
        let day = |revision: u64| Some(Value::Number(i64::try_from(revision % 5).unwrap_or(0) + 1));
        (Kind::Placements, FieldChange { field: "day".into(), from: day(revision), to: day(revision + 1) })
    };
    RecordChanged {
        record: id(n),
        kind,
        revision: revision + 1,
        period: None,
        changes: vec![change],
        import: None,
    }
    .into()
}

async fn append(ledger: &Ledger, plan: &PlanId, event: Event) -> Result<(), Box<dyn std::error::Error>> {
    let mut meta = Meta::new(CommandId(Uuid::now_v7()), Actor::User(Uuid::from_u128(1)));
    meta.session = Some(Uuid::from_u128(2));
    meta.mode = Some("timetable".to_owned());
    meta.request_id = Some(Uuid::from_u128(3).to_string());
    let new = NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() };
    let write = Write { stream: plan.stream(), expected: Expected::Any, events: vec![new] };
    ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await?;
    Ok(())
}

fn told(what: &str, events: i64, since: Instant) -> f64 {
    let seconds = since.elapsed().as_secs_f64();
    let rate = events as f64 / seconds;
    println!("{what:32} {rate:>10.0} events/s {seconds:>8.2} s");
    rate
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "postgres://postgres@localhost:5544/daybook_dev".to_owned());
    let events: i64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let owner: PgConnectOptions = url.parse()?;
    let schema = format!("rate{}", std::process::id());
    Ledger::migrate(&owner, &schema).await?;
    prepare(&owner, &schema).await?;
    let settings = PoolSettings::new(owner.clone(), &schema);
    let ledger = Ledger::open(settings.clone()).await?;
    let plan: PlanId = "100234~2026-2027~1".parse().expect("a plan");

    let began = Instant::now();
    append(
        &ledger,
        &plan,
        PlanCreated { plan: plan.clone(), title: "A plan".into(), copy_of: None, new_year_of: None }.into(),
    )
    .await?;
    let records = RECORDS * 2;
    let all = (0..u128::try_from(events - 1)?).map(|n| {
        let revision = u64::try_from(n / records).unwrap_or_default();
        let event = if revision == 0 { created(n) } else { changed(n % records, revision) };
        append(&ledger, &plan, event)
    });
    // Created before they are changed, and a record's revisions in order: the appends are handed over in order.
    futures::stream::iter(all).buffered(IN_FLIGHT).try_collect::<Vec<()>>().await?;
    told("appended one by one", events, began);

    let mut connection = PgConnection::connect_with(&owner).await?;
    let copy = format!("copy (select * from {schema}.event order by position) to stdout (format binary)");
    let mut limit: f64 = 0.0;
    for _ in 0..2 {
        let began = Instant::now();
        connection
            .copy_out_raw(&copy)
            .await?
            .try_fold(0, |bytes, part| async move { Ok(bytes + part.len()) })
            .await?;
        limit = limit.max(told("COPY … TO STDOUT", events, began));
    }
    let began = Instant::now();
    let mut after = 0;
    while after < events {
        after = ledger.read_all(after, 10_000).await?.next;
    }
    told("read by the ledger", events, began);

    let terms = RebuildTerms { owner, ledger_schema: schema.clone(), full_speed: true };
    for _ in 0..2 {
        let began = Instant::now();
        rebuild(&ledger, &terms, read_models(), &[], &|_| ()).await?;
        let rate = told("rebuild of all read models", events, began);
        println!("{:32} {:>10.2} x", "  against the read limit", rate / limit);
    }
    for projection in read_models() {
        let began = Instant::now();
        rebuild(&ledger, &terms, read_models(), &[projection.name().to_owned()], &|_| ()).await?;
        told(&format!("  {} alone, others copied", projection.name()), events, began);
    }
    let began = Instant::now();
    let verified =
        verify(&ledger, &VerifyTerms { settings, full_speed: true }, read_models(), &|_| ()).await?;
    told("verify", events, began);
    println!("findings: {:?}", verified.findings);
    ledger.pool().close().await;
    let drop = format!(
        "do $$ declare name text; begin for name in select nspname from pg_namespace where nspname like '{schema}%' loop
            execute format('drop schema %I cascade', name); end loop; end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
    Ok(())
}
