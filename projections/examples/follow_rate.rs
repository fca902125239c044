//! Measures the read models: `follow_rate URL WRITERS SECONDS [CHANGES_A_SECOND]`, in schemas of its own that are dropped at
//! the end. Each writer changes the text of one of 2,000 teachers, and then waits until that can be read, in a row of its own;
//! without a rate as fast as it goes, and without waiting. At the end everything is taken in anew from the beginning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::{
    Actor, CommandId, Event, FieldChange, FieldName, Kind, Meta, PlanCreated, PlanId, RecordChanged,
    RecordCreated, RecordId, StreamName, Value,
};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use projections::{Projections, prepare, read_models};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

const TEACHERS: u128 = 2_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, writers, seconds, rest @ ..] = &arguments[..] else {
        return Err("usage: follow_rate URL WRITERS SECONDS [CHANGES_A_SECOND]".into());
    };
    let (writers, seconds): (u32, u64) = (writers.parse()?, seconds.parse()?);
    let rate: Option<f64> = rest.first().map(|rate| rate.parse()).transpose()?;
    let owner: PgConnectOptions = url.parse()?;
    let schema = format!("rate_{}", Uuid::now_v7().simple());
    Ledger::migrate(&owner, &schema).await?;
    let generation = prepare(&owner, &schema).await?;
    let ledger = Ledger::open(PoolSettings::new(owner.clone(), &schema)).await?;
    let settings =
        PoolSettings::new(owner.clone(), &schema).with_search_path(vec![generation.clone(), schema.clone()]);
    let projections = Projections::start(ledger.clone(), settings.clone(), read_models());
    let plan: PlanId = "100234~2026-2027~1".parse()?;
    let last = append(&ledger, &plan.stream(), &beginning(&plan)).await?;
    projections.wait_for(last, Duration::from_secs(60)).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let pause = rate.map(|rate| Duration::from_secs_f64(f64::from(writers) / rate));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let writer = Writer {
            ledger: ledger.clone(),
            projections: projections.clone(),
            stream: plan.stream(),
            number: writer.into(),
            pause,
        };
        tasks.push(tokio::spawn(writer.run(Arc::clone(&stop), Arc::clone(&count))));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let took = start.elapsed().as_secs_f64();
    let changes = count.load(Ordering::Relaxed);
    let mut waits: Vec<u64> = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    waits.sort_unstable();
    let head = ledger.head().await?.position;
    let behind = head - projections.position();
    let catching_up = Instant::now();
    projections.wait_for(head, Duration::from_secs(300)).await?;
    println!(
        "{writers} writers: {:.0} changes/s; {behind} behind at the end, caught up in {:.0} ms",
        changes as f64 / took,
        catching_up.elapsed().as_secs_f64() * 1e3
    );
    let part = |share: f64| {
        waits.get((waits.len().saturating_sub(1) as f64 * share) as usize).map_or(0.0, |it| *it as f64 / 1e3)
    };
    if pause.is_some() {
        println!("visible after: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", part(0.5), part(0.99), part(1.0));
    }
    projections.stop().await;
    again(&ledger, settings, &owner, &generation, head).await?;
    drop(ledger);
    let mut connection = PgConnection::connect_with(&owner).await?;
    let drop = format!("drop schema {generation} cascade; drop schema {schema} cascade");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
    Ok(())
}

/// Takes everything in anew.
async fn again(
    ledger: &Ledger,
    settings: PoolSettings,
    owner: &PgConnectOptions,
    generation: &str,
    head: i64,
) -> Result<(), Failure> {
    let mut connection = PgConnection::connect_with(owner).await?;
    sqlx::query("select set_config('search_path', $1, false)")
        .bind(generation)
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql(
        "do $$ declare t text; begin
            for t in select tablename from pg_tables where schemaname = current_schema() loop
                execute 'truncate ' || quote_ident(t);
            end loop;
        end $$",
    )
    .execute(&mut connection)
    .await?;
    for projection in read_models() {
        let name = projection.name();
        let start = Instant::now();
        let alone = Projections::start(ledger.clone(), settings.clone(), vec![projection]);
        alone.wait_for(head, Duration::from_secs(300)).await?;
        alone.stop().await;
        println!("anew, {name}: {:.0} events/s", head as f64 / start.elapsed().as_secs_f64());
    }
    Ok(())
}

struct Writer {
    ledger: Ledger,
    projections: Projections,
    stream: StreamName,
    number: u128,
    pause: Option<Duration>,
}

impl Writer {
    async fn run(self, stop: Arc<AtomicBool>, count: Arc<AtomicU64>) -> Result<Vec<u64>, Failure> {
        let mut waits = Vec::new();
        let mut next = tokio::time::Instant::now() + Duration::from_micros((self.number * 500) as u64);
        let mut round = 0;
        while !stop.load(Ordering::Relaxed) {
            round += 1;
            let teacher = (self.number * 31 + round) % TEACHERS;
            let last = append(&self.ledger, &self.stream, &[changed(teacher, round)]).await?;
            count.fetch_add(1, Ordering::Relaxed);
            let Some(pause) = self.pause else { continue };
            let written = Instant::now();
            self.projections.wait_for(last, Duration::from_secs(20)).await?;
            waits.push(written.elapsed().as_micros() as u64);
            next += pause;
            tokio::time::sleep_until(next).await;
        }
        Ok(waits)
    }
}

async fn append(ledger: &Ledger, stream: &StreamName, events: &[Event]) -> Result<i64, Failure> {
    let events = events
        .iter()
        .map(|event| NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() })
        .collect();
    let write = Write { stream: stream.clone(), expected: Expected::Any, events };
    let meta = Meta::new(CommandId(Uuid::now_v7()), Actor::Operator);
    Ok(ledger.append(Append { writes: vec![write], ..Append::new(meta) }).await?.last)
}

fn beginning(plan: &PlanId) -> Vec<Event> {
    let room = RecordId(Uuid::from_u128(TEACHERS + 1));
    let mut events: Vec<Event> = vec![
        PlanCreated { plan: plan.clone(), title: "A plan".into(), copy_of: None, new_year_of: None }.into(),
    ];
    events.push(created(room, Kind::Rooms, "R1", Vec::new()));
    events.extend((0..TEACHERS).map(|number| {
        let fields = vec![
            ("home_room", Value::Reference(room)),
            ("first_name", Value::Text("Carl Friedrich".into())),
            ("email", Value::Text("carl.friedrich@gauss.example".into())),
        ];
        created(RecordId(Uuid::from_u128(number + 1)), Kind::Teachers, &format!("T{number}"), fields)
    }));
    events
}

fn created(record: RecordId, kind: Kind, name: &str, fields: Vec<(&'static str, Value)>) -> Event {
    let name = ("id", Value::Text(name.into()));
    let fields = std::iter::once(name)
        .chain(fields)
        .map(|(field, value)| (FieldName::Borrowed(field), value))
        .collect();
    RecordCreated { record, kind, revision: 1, hour_of: None, fields, import: None }.into()
}

fn changed(teacher: u128, round: u128) -> Event {
    let change = FieldChange {
        field: FieldName::Borrowed("long_name"),
        from: Some(Value::Text(format!("Name {}", round - 1).into())),
        to: Some(Value::Text(format!("Name {round}").into())),
    };
    let record = RecordId(Uuid::from_u128(teacher + 1));
    let revision = u64::try_from(round).unwrap_or_default();
    RecordChanged {
        record,
        kind: Kind::Teachers,
        revision,
        period: None,
        changes: vec![change],
        import: None,
    }
    .into()
}
