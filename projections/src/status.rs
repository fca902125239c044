//! The status report: who is there, who stands in whose way, how far the read models are.
//!
//! Every list in it has a bound, and every question an index: the report costs the same however long the history is.

use domain::Who;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

use crate::change::NameOf;
use crate::lock::{LockRow, locks_everywhere};
use crate::refusal::{RefusedByLock, refused_by_locks};
use crate::session::{SessionRow, sessions_everywhere};
use crate::who::who_named;
use crate::{DayBefore, Moment};

mod conflicts;
mod course;
mod engine;
mod present;
mod users;

pub use conflicts::{Conflicts, Denied, conflicts};
pub use course::{Course, Quietest, course, quietest};
pub use engine::{Engine, engine, engine_then, lag_seconds};
pub use present::{Present, present};
pub use users::{Count, PlanCount, SchoolCount, Users, users};

/// How many are told one by one in any list.
const LISTED_MAX: i64 = 1_000;
/// How many are told of each lock whom it stood in the way of.
const REFUSED_MAX: i64 = 20;

/// What the read models do not know and the report needs.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// The name of whoever acted.
    pub name_of: NameOf<'a>,
    /// The name of the group of whoever acted.
    pub group_of: &'a (dyn Fn(Who) -> Option<String> + Sync),
    /// The absolute age at which a session ends.
    pub session_age: Duration,
    /// How long a lock lives without being renewed.
    pub lock_lease: Duration,
    /// The member `engine`: [`engine`], or of the past [`engine_then`].
    pub engine: &'a Engine,
    /// The member `service`, which only the service itself can tell.
    pub service: &'a Json,
    /// The member `notices`.
    pub notices: &'a Json,
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
    /// Notices: `{showing[], waiting[], over[]}`.
    pub notices: Json,
}

/// The report of a moment.
pub async fn status_report(
    pool: &PgPool,
    day: DayBefore,
    beside: Beside<'_>,
) -> Result<StatusReport, sqlx::Error> {
    let sessions = sessions_everywhere(pool, day.moment, LISTED_MAX).await?;
    let told = |row: &SessionRow| {
        let group = (beside.group_of)(row.who());
        row.json(&(beside.name_of)(row.who()), group.as_deref(), beside.session_age)
    };
    Ok(StatusReport {
        service: beside.service.clone(),
        users: users(pool, day).await?,
        sessions: sessions.iter().map(told).collect(),
        locks: locks(pool, day.moment, beside).await?,
        conflicts: conflicts(pool, day).await?,
        engine: beside.engine.clone(),
        notices: beside.notices.clone(),
    })
}

async fn locks(pool: &PgPool, moment: Moment, beside: Beside<'_>) -> Result<Vec<Json>, sqlx::Error> {
    let held: Vec<LockRow> = locks_everywhere(pool, moment, LISTED_MAX).await?;
    let ids: Vec<Uuid> = held.iter().map(|lock| lock.lock_id).collect();
    let refused = refused_by_locks(pool, &ids, moment, REFUSED_MAX).await?;
    let told = |refused: &RefusedByLock| {
        json!({
            "user": (beside.name_of)(who_named(&refused.who)),
            "code": refused.code,
            "action": refused.action,
            "count": refused.count,
            "at": refused.last_at,
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
