//! How many changes a second the feed takes in: `apply_rate URL [EVENTS] [AT_ONCE]`, in a scratch schema of that database. One that
//! is thrown away: `scripts/with-postgres bash -c 'cargo run --release -p projections --example apply_rate "$DATABASE_URL"'`.

use std::time::Instant;

use chrono::DateTime;
use domain::{
    Actor, CommandId, Event, FieldChange, Kind, Meta, RecordChanged, RecordCreated, RecordId, Value,
};
use eventstore::Ledger;
use projections::{Happened, Projection, prepare};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// So many records are changed in turn.
const RECORDS: u128 = 2_000;

fn happened(position: i64, event: Event) -> Happened {
    let plan: domain::PlanId = "100234~2026-2027~1".parse().expect("a plan");
    let mut meta = Meta::new(CommandId(Uuid::from_u128(7)), Actor::User(Uuid::from_u128(1)));
    meta.session = Some(Uuid::from_u128(2));
    meta.mode = Some("timetable".to_owned());
    meta.request_id = Some(Uuid::from_u128(3).to_string());
    Happened {
        position,
        append_end: position,
        epoch: 1,
        stream: plan.stream(),
        plan: Some(plan.to_string().into()),
        version: position,
        at: DateTime::UNIX_EPOCH,
        meta,
        event,
    }
}

fn id(n: u128) -> RecordId {
    // As far apart as ids that are made at random.
    RecordId(Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
}

fn created(n: u128) -> Event {
    let fields = [("id".into(), Value::Text(format!("T{n}").into()))].into();
    let kind = Kind::Teachers;
    RecordCreated { record: id(n), kind, revision: 1, hour_of: None, fields, import: None }.into()
}

fn changed(n: u128, revision: u64) -> Event {
    let text = |text: String| Some(Value::Text(text.into()));
    let change = FieldChange {
        field: "long_name".into(),
        from: text(format!("Carl Friedrich {revision}")),
        to: text(format!("Carl Friedrich {}", revision + 1)),
    };
    let (record, kind) = (id(n), Kind::Teachers);
    RecordChanged { record, kind, revision, period: None, changes: vec![change], import: None }.into()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url =
        arguments.next().ok_or("usage: apply_rate URL [EVENTS] [AT_ONCE]; URL is a PostgreSQL database")?;
    let events: i64 = arguments.next().map_or(Ok(60_000), |text| text.parse())?;
    let at_once: usize = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let owner: PgConnectOptions = url.parse()?;
    let schema = format!("rate{}", std::process::id());
    Ledger::migrate(&owner, &schema).await?;
    let generation = prepare(&owner, &schema).await?;
    let mut connection = PgConnection::connect_with(&owner).await?;
    sqlx::query("select set_config('search_path', $1, false)")
        .bind(format!("{generation},{schema}"))
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql("set synchronous_commit = off").execute(&mut connection).await?;

    let feed = projections::change::Changes;
    let records: Vec<Happened> =
        (0..RECORDS).map(|n| happened(i64::try_from(n).unwrap_or(0) + 1, created(n))).collect();
    feed.apply(&mut connection, &records).await?;
    let first = i64::try_from(RECORDS)? + 1;
    let all: Vec<Happened> = (first..first + events)
        .map(|position| {
            let n = u128::try_from(position).unwrap_or(0);
            happened(position, changed(n % RECORDS, u64::try_from(n / RECORDS).unwrap_or(0) + 1))
        })
        .collect();
    let begun = Instant::now();
    for batch in all.chunks(at_once) {
        let mut transaction = connection.begin().await?;
        feed.apply(&mut transaction, batch).await?;
        transaction.commit().await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{events} changes, {at_once} at once: {:.0} a second",
        f64::from(i32::try_from(events)?) / seconds
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "drop schema {generation} cascade; drop schema {schema} cascade"
    )))
    .execute(&mut connection)
    .await?;
    Ok(())
}
