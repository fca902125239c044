//! The status report: who is there, who stands in whose way, how far the read models are.

use domain::Position;
use eventstore::Head;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

use crate::ProjectionStatus;
use crate::change::NameOf;
use crate::lock::{LockRow, locks_everywhere};
use crate::refusal::{RefusedByLock, fought_over, refused_by_locks, refused_counts};
use crate::session::sessions_everywhere;
use crate::who::who_named;

mod users;

pub use users::{Count, Course, PlanCount, Quietest, SchoolCount, Users, users};

/// How many sessions, and how many locks, are told one by one.
const TOLD_MAX: i64 = 1_000;
/// How many records are told that people fight over.
const FOUGHT_MAX: i64 = 20;

/// What the read models do not know and the report needs.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// The name of whoever acted.
    pub name_of: NameOf<'a>,
    /// The name of the group of whoever acted.
    pub group_of: &'a (dyn Fn(domain::Who) -> Option<String> + Sync),
    /// The absolute age at which a session ends.
    pub session_age: Duration,
    /// How long a lock lives without being renewed.
    pub lock_lease: Duration,
    /// The end of the ledger.
    pub head: Head,
    /// How far the read models are.
    pub projections: &'a [ProjectionStatus],
    /// The member `service`, which only the service itself can tell.
    pub service: &'a Json,
}

/// The status report, in the members of the API.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// Version, node, uptime, contact, outages.
    pub service: Json,
    /// How many are there, and were.
    pub users: Users,
    /// Who is there: the first thousand.
    pub sessions: Vec<Json>,
    /// Locks that are held, with who was refused because of them.
    pub locks: Vec<Json>,
    /// What was refused in the last 24 hours.
    pub conflicts: Conflicts,
    /// The ledger and its read models.
    pub engine: Engine,
    /// Notices, when there are any.
    pub notices: Vec<Json>,
}

/// What was refused in the last 24 hours.
#[derive(Debug, Clone, Serialize)]
pub struct Conflicts {
    /// Changes: `[{plan, rule, count}]`.
    pub refused: Vec<Json>,
    /// Locks: `[{plan, rule, count}]`.
    pub denied: Vec<Json>,
    /// The records most fought over: `[{plan, record, count}]`.
    pub records: Vec<Json>,
}

/// The ledger and its read models.
#[derive(Debug, Clone, Serialize)]
pub struct Engine {
    /// The last position.
    pub head: String,
    /// Counts restores.
    pub epoch: i64,
    /// `[{name, position, lag_events, lag_seconds, state, cause}]`.
    pub projections: Vec<Json>,
    /// What the tables of the ledger and their indexes take on the disk.
    pub store_bytes: i64,
    /// No backups are made yet.
    pub last_backup: Option<Json>,
    /// Nothing is sealed yet.
    pub last_checkpoint: Option<Json>,
}

/// The report of this moment.
pub async fn status_report(pool: &PgPool, beside: Beside<'_>) -> Result<StatusReport, sqlx::Error> {
    let sessions = sessions_everywhere(pool, TOLD_MAX).await?;
    let told = |row: &crate::session::SessionRow| {
        let group = (beside.group_of)(row.who());
        row.json(&(beside.name_of)(row.who()), group.as_deref(), beside.session_age)
    };
    Ok(StatusReport {
        service: beside.service.clone(),
        users: users(pool).await?,
        sessions: sessions.iter().map(told).collect(),
        locks: locks(pool, beside).await?,
        conflicts: conflicts(pool).await?,
        engine: engine(pool, beside.head, beside.projections).await?,
        notices: Vec::new(),
    })
}

async fn locks(pool: &PgPool, beside: Beside<'_>) -> Result<Vec<Json>, sqlx::Error> {
    let held: Vec<LockRow> = locks_everywhere(pool, TOLD_MAX).await?;
    let ids: Vec<Uuid> = held.iter().map(|lock| lock.lock_id).collect();
    let refused = refused_by_locks(pool, &ids).await?;
    let told = |refused: &RefusedByLock| {
        json!({
            "user": (beside.name_of)(who_named(&refused.who)),
            "code": refused.code,
            "action": refused.action,
            "count": refused.count,
            "last_at": refused.last_at,
        })
    };
    Ok(held
        .iter()
        .map(|lock| {
            let mut json = lock.json(&(beside.name_of)(lock.who()), beside.lock_lease);
            let because: Vec<Json> =
                refused.iter().filter(|refused| refused.lock_id == lock.lock_id).map(told).collect();
            json["plan"] = lock.plan.as_str().into();
            json["refused"] = because.into();
            json
        })
        .collect())
}

/// What was refused in the last 24 hours.
pub async fn conflicts(pool: &PgPool) -> Result<Conflicts, sqlx::Error> {
    let counts = refused_counts(pool).await?;
    let of = |of_lock: bool| {
        let some = counts.iter().filter(|it| it.of_lock == of_lock);
        some.map(|it| json!({ "plan": it.plan, "rule": it.rule, "count": it.count })).collect()
    };
    let fought = fought_over(pool, FOUGHT_MAX).await?;
    Ok(Conflicts {
        refused: of(false),
        denied: of(true),
        records: fought
            .iter()
            .map(|it| json!({ "plan": it.plan, "record": it.record, "count": it.count }))
            .collect(),
    })
}

/// The ledger and its read models.
pub async fn engine(
    pool: &PgPool,
    head: Head,
    projections: &[ProjectionStatus],
) -> Result<Engine, sqlx::Error> {
    let Head { epoch, position: number, .. } = head;
    let store_bytes = sqlx::query_scalar!(
        r#"select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint as "bytes!"
        from unnest(array['event', 'head', 'command', 'credential', 'contact']) as t (name)"#,
    )
    .fetch_one(pool)
    .await?;
    // How long the first event waits that a read model does not have yet.
    let waiting = sqlx::query!(
        r#"select position, greatest(extract(epoch from clock_timestamp() - recorded_at), 0)::float8 as "seconds!"
        from event where position = any ($1)"#,
        &projections.iter().map(|it| it.position + 1).collect::<Vec<_>>(),
    )
    .fetch_all(pool)
    .await?;
    let told = |it: &ProjectionStatus| {
        let lag = waiting.iter().find(|row| row.position == it.position + 1);
        json!({
            "name": it.name,
            "position": Position { epoch, number: it.position }.to_string(),
            "lag_events": (number - it.position).max(0),
            "lag_seconds": lag.map_or(0.0, |row| row.seconds),
            "state": it.word(),
            "cause": it.words(),
        })
    };
    Ok(Engine {
        head: Position { epoch, number }.to_string(),
        epoch,
        projections: projections.iter().map(told).collect(),
        store_bytes,
        last_backup: None,
        last_checkpoint: None,
    })
}
