//! Measures appends: `append_rate URL WRITERS SECONDS [EVENT_BYTES]`, in a schema of its own that is dropped at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::{Actor, CommandId, Meta, StreamName};
use eventstore::{Append, Expected, Ledger, NewEvent, PoolSettings, Write};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, writers, seconds, rest @ ..] = &arguments[..] else {
        return Err("usage: append_rate URL WRITERS SECONDS [EVENT_BYTES]".into());
    };
    let (writers, seconds): (usize, u64) = (writers.parse()?, seconds.parse()?);
    let bytes: usize = rest.first().map_or(Ok(300), |bytes| bytes.parse())?;
    let owner: PgConnectOptions = url.parse()?;
    let schema = format!("rate_{}", Uuid::now_v7().simple());
    Ledger::migrate(&owner, &schema).await?;
    let ledger = Ledger::open(PoolSettings::new(owner.clone(), &schema)).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let appended = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    let start = Instant::now();
    for writer in 0..writers {
        let (ledger, stop, appended) = (ledger.clone(), stop.clone(), appended.clone());
        tasks.push(tokio::spawn(async move { write(&ledger, writer, bytes, &stop, &appended).await }));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let took = start.elapsed();
    let count = appended.load(Ordering::Relaxed);
    let mut waits: Vec<u32> = Vec::new();
    for task in tasks {
        waits.extend(task.await?);
    }
    waits.sort_unstable();
    let part = |share: f64| f64::from(waits[((waits.len() - 1) as f64 * share) as usize]) / 1000.0;
    println!(
        "{writers} writers: {:.0} events/s, p50 {:.3} ms, p99 {:.3} ms, max {:.1} ms",
        count as f64 / took.as_secs_f64(),
        part(0.5),
        part(0.99),
        part(1.0)
    );
    if rest.get(1).is_some_and(|word| word == "count") {
        println!("COUNT {}", waits.len());
    } else {
        read_back(&ledger, count).await?;
    }

    drop(ledger);
    let mut connection = PgConnection::connect_with(&owner).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("drop schema {schema} cascade"))).execute(&mut connection).await?;
    Ok(())
}

/// Appends to a stream of its own until told to stop; returns how long each took, in microseconds.
async fn write(
    ledger: &Ledger,
    writer: usize,
    bytes: usize,
    stop: &AtomicBool,
    appended: &AtomicU64,
) -> Vec<u32> {
    let stream = StreamName::new(format!("plan/{writer:06}~2026-2027~1"));
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(bytes.saturating_sub(11))).into_bytes();
    let mut waits = Vec::new();
    let mut version = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut append = Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System));
        append.writes = vec![Write {
            stream: stream.clone(),
            expected: Expected::Exactly(version),
            events: vec![NewEvent { r#type: "Happened", subject: None, data: data.clone() }],
        }];
        let start = Instant::now();
        ledger.append(append).await.expect("append");
        waits.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        appended.fetch_add(1, Ordering::Relaxed);
        version += 1;
    }
    waits
}

async fn read_back(ledger: &Ledger, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let (mut after, mut events) = (0, 0);
    loop {
        let batch = ledger.read_all(after, 5_000).await?;
        if batch.events.is_empty() {
            break;
        }
        events += batch.events.len();
        after = batch.next;
    }
    assert!(events as u64 >= count, "read {events} of {count}");
    println!("read back: {:.0} events/s", events as f64 / start.elapsed().as_secs_f64());
    Ok(())
}
