//! The schema that the read models lie in.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

mod definition;
mod indexes;
mod make;

pub(crate) use definition::{definitions_of, tables_of};
pub(crate) use indexes::{analyze, indexes_set_aside};
pub(crate) use make::{drop_half_made, drop_old, drop_schema, enter, is_read, make, quoted, run, stay_in};

/// The definitions of all read models, in the order in which they are applied. What is added here makes a new generation.
const DEFINITIONS: &[&str] = &[
    include_str!("../../migrations/read_model/00_frame.sql"),
    include_str!("../../migrations/read_model/10_plan.sql"),
    include_str!("../../migrations/read_model/20_record.sql"),
    include_str!("../../migrations/read_model/30_placement.sql"),
    include_str!("../../migrations/read_model/40_account.sql"),
    include_str!("../../migrations/read_model/50_session.sql"),
    include_str!("../../migrations/read_model/60_lock.sql"),
    include_str!("../../migrations/read_model/70_change.sql"),
    include_str!("../../migrations/read_model/80_import.sql"),
    include_str!("../../migrations/read_model/85_message.sql"),
    include_str!("../../migrations/read_model/86_notice.sql"),
    include_str!("../../migrations/read_model/87_outage.sql"),
    include_str!("../../migrations/read_model/88_node.sql"),
    include_str!("../../migrations/read_model/90_refusal.sql"),
    include_str!("../../migrations/read_model/92_audit.sql"),
];

/// Why there is no schema for the read models.
#[derive(Debug, thiserror::Error)]
#[error("preparing the read models failed: {0}")]
pub struct PrepareError(#[from] sqlx::Error);

/// The schema of the read models that belong to this build, as the owner of the ledger: made when there is none, or when the
/// definitions of this build are other ones than those it was made from. The follower fills a new one from the beginning.
///
/// An old generation stays until the new one has come as far and nobody reads it, and is dropped by a later call: a node of the
/// build before may still be reading it. What a rebuild left that was killed is dropped too.
pub async fn prepare(owner: &PgConnectOptions, ledger_schema: &str) -> Result<String, PrepareError> {
    let mut connection = PgConnection::connect_with(owner).await?;
    let name = prepare_on(&mut connection, ledger_schema).await?;
    connection.close().await?;
    Ok(name)
}

/// The schema of the read models that belong to this build, for a login that only serves: nothing when the owner has not made it.
pub async fn prepared(login: &PgConnectOptions, ledger_schema: &str) -> Result<Option<String>, PrepareError> {
    let settings = eventstore::PoolSettings::new(login.clone(), ledger_schema);
    let mut connection = settings.connect_one().await?;
    let name = sqlx::query_scalar!(
        "select schema_name from generation where state = 'current' and digest = $1",
        digest(),
    )
    .fetch_optional(&mut connection)
    .await?;
    connection.close().await?;
    Ok(name)
}

async fn prepare_on(connection: &mut PgConnection, ledger_schema: &str) -> Result<String, PrepareError> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction, ledger_schema).await?;
    enter(&mut transaction, &[ledger_schema]).await?;
    let digest = digest();
    let known = sqlx::query!("select schema_name, digest, state from generation order by generation_id")
        .fetch_all(&mut *transaction)
        .await?;
    let current = known.iter().find(|it| it.state == "current" && it.digest == digest);
    let Some(current) = current else {
        sqlx::query!("update generation set state = 'old' where state = 'current'")
            .execute(&mut *transaction)
            .await?;
        let (_, name) = make(&mut transaction, ledger_schema, &digest, "current", None).await?;
        transaction.commit().await?;
        return Ok(name);
    };
    for old in known.iter().filter(|it| it.state == "old") {
        drop_old(&mut transaction, &current.schema_name, &old.schema_name).await?;
    }
    if is_nobody_building(&mut transaction, ledger_schema).await? {
        drop_half_made(&mut transaction).await?;
    }
    let name = current.schema_name.clone();
    transaction.commit().await?;
    Ok(name)
}

/// Two nodes that start at once make one generation: the second waits here, until the first one's transaction ends, and finds it.
pub(crate) async fn alone(connection: &mut PgConnection, ledger_schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('daybook generation ' || $1, 0))",
        ledger_schema,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn is_nobody_building(connection: &mut PgConnection, ledger_schema: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('daybook rebuild ' || $1, 0)) as "nobody!""#,
        ledger_schema,
    )
    .fetch_one(connection)
    .await
}

/// What is to be read, and what is being made beside it.
pub(crate) struct Generations {
    /// The schema of the generation that is current for this build; none when that of another build is.
    pub current: Option<String>,
    /// One that is being made, by somebody who has lately been heard of.
    pub building: Option<Building>,
}

/// A generation that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Building {
    pub projections: Vec<String>,
    pub position: i64,
    pub head: i64,
}

/// What the ledger says of the generations.
pub(crate) async fn generations(connection: &mut PgConnection) -> Result<Generations, sqlx::Error> {
    let known = sqlx::query!(
        r#"select schema_name, digest, state, projections, position, head,
            coalesce(told_at > clock_timestamp() - interval '10 seconds', false) as "lately!"
        from generation where state in ('current', 'building')"#
    )
    .fetch_all(connection)
    .await?;
    let digest = digest();
    let current = known.iter().find(|it| it.state == "current" && it.digest == digest);
    let building = known.iter().find(|it| it.state == "building" && it.lately);
    Ok(Generations {
        current: current.map(|it| it.schema_name.clone()),
        building: building.map(|it| Building {
            projections: it.projections.clone().unwrap_or_default(),
            position: it.position,
            head: it.head,
        }),
    })
}

/// Of all definitions of this build.
pub(crate) fn digest() -> String {
    let mut hash = Sha256::new();
    for definition in DEFINITIONS {
        hash.update((definition.len() as u64).to_be_bytes());
        hash.update(definition);
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
