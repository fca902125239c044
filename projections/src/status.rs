//! The status report: who is there, who stands in whose way, how far the read models are.

use chrono::{DateTime, Utc};
use domain::Position;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

use crate::change::NameOf;
use crate::lock::{LockRow, locks_everywhere};
use crate::refusal::{RefusedByLock, fought_over, refused_by_locks, refused_counts};
use crate::session::sessions_everywhere;
use crate::who::who_named;
use crate::{ProjectionState, ProjectionStatus};

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

/// How many are logged in.
#[derive(Debug, Clone, Serialize)]
pub struct Users {
    /// Everybody, sessions of the site included.
    pub now: Count,
    /// By school.
    pub schools: Vec<SchoolCount>,
    /// By plan and mode.
    pub plans: Vec<PlanCount>,
    /// The average number of sessions over the last minutes.
    pub course: Course,
    /// The longest stretch of the last 24 hours in which the fewest were there.
    pub quietest: Quietest,
}

/// Sessions, and the people behind them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Count {
    /// Sessions.
    pub sessions: usize,
    /// Distinct users.
    pub distinct: usize,
}

/// How many are logged in to the plans of a school.
#[derive(Debug, Clone, Serialize)]
pub struct SchoolCount {
    /// Its number.
    pub school: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// How many are logged in to a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlanCount {
    /// The plan.
    pub plan: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
    /// Sessions by mode.
    pub modes: BTreeMap<String, usize>,
}

/// Averages over the last 5, 15 and 60 minutes.
#[derive(Debug, Clone, Copy, Serialize, sqlx::FromRow)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Course {
    pub m5: f64,
    pub m15: f64,
    pub m60: f64,
}

/// When the fewest were there.
#[derive(Debug, Clone, Copy, Serialize, sqlx::FromRow)]
pub struct Quietest {
    /// Where that stretch begins.
    pub at: DateTime<Utc>,
    /// How many were there.
    pub sessions: i64,
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
        engine: engine(pool, beside.projections).await?,
        notices: Vec::new(),
    })
}

/// How many are logged in, now and in the course of the day.
pub async fn users(pool: &PgPool) -> Result<Users, sqlx::Error> {
    let present: Vec<(Option<String>, String, String)> =
        sqlx::query_as("select plan, mode, who from session where valid_to is null").fetch_all(pool).await?;
    let mut all = Counting::default();
    let mut schools: BTreeMap<&str, Counting<'_>> = BTreeMap::new();
    let mut plans: BTreeMap<&str, (Counting<'_>, BTreeMap<String, usize>)> = BTreeMap::new();
    for (plan, mode, who) in &present {
        all.add(who);
        let Some(plan) = plan else { continue };
        let school = plan.split_once('~').map_or(plan.as_str(), |(school, _)| school);
        schools.entry(school).or_default().add(who);
        let (counting, modes) = plans.entry(plan).or_default();
        counting.add(who);
        *modes.entry(mode.clone()).or_default() += 1;
    }
    Ok(Users {
        now: all.count(),
        schools: schools
            .into_iter()
            .map(|(school, counting)| SchoolCount { school: school.to_owned(), count: counting.count() })
            .collect(),
        plans: plans
            .into_iter()
            .map(|(plan, (counting, modes))| PlanCount { plan: plan.to_owned(), count: counting.count(), modes })
            .collect(),
        course: course(pool).await?,
        quietest: quietest(pool).await?,
    })
}

#[derive(Default)]
struct Counting<'a> {
    sessions: usize,
    who: BTreeSet<&'a str>,
}

impl<'a> Counting<'a> {
    fn add(&mut self, who: &'a str) {
        self.sessions += 1;
        self.who.insert(who);
    }

    fn count(&self) -> Count {
        Count { sessions: self.sessions, distinct: self.who.len() }
    }
}

async fn course(pool: &PgPool) -> Result<Course, sqlx::Error> {
    sqlx::query_as(
        "with clock as materialized (select clock_timestamp() as now),
        spent as (
            select minutes, coalesce(sum(extract(epoch from
                least(s.until, now) - greatest(s.since, now - make_interval(mins => minutes)))), 0)
                / (60 * minutes) as sessions
            from clock cross join (values (5), (15), (60)) as m (minutes)
            left join session s on s.since < now
                and (s.until is null or s.until > now - make_interval(mins => minutes))
            group by minutes)
        select (max(round(sessions, 1)) filter (where minutes = 5))::float8 as m5,
            (max(round(sessions, 1)) filter (where minutes = 15))::float8 as m15,
            (max(round(sessions, 1)) filter (where minutes = 60))::float8 as m60
        from spent",
    )
    .fetch_one(pool)
    .await
}

/// The time before the first log-in of all does not count: there was nothing to be quiet.
async fn quietest(pool: &PgPool) -> Result<Quietest, sqlx::Error> {
    sqlx::query_as(
        "with clock as materialized (
            select now, greatest(now - interval '24 hours', coalesce((select min(since) from session), now)) as begins
            from (select clock_timestamp() as now) c),
        step as (
            select begins as at, (select count(*) from session
                where since <= begins and (until is null or until > begins)) as more from clock
            union all
            select at, sum(more)::bigint from (
                select since as at, 1 as more from session, clock where since > begins
                union all
                select until, -1 from session, clock where until > begins) edge
            group by at having sum(more) <> 0),
        stretch as (
            select at, (sum(more) over (order by at))::bigint as sessions, lead(at) over (order by at) as ends
            from step)
        select at, sessions from stretch, clock
        order by sessions, coalesce(ends, now) - at desc, at limit 1",
    )
    .fetch_one(pool)
    .await
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
pub async fn engine(pool: &PgPool, projections: &[ProjectionStatus]) -> Result<Engine, sqlx::Error> {
    let (epoch, number, store_bytes): (i64, i64, i64) = sqlx::query_as(
        "select epoch, position, (select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint
            from unnest(array['event', 'head', 'command', 'credential', 'contact']) as t (name))
        from head",
    )
    .fetch_one(pool)
    .await?;
    // How long the first event waits that a read model does not have yet.
    let waiting: Vec<(i64, f64)> = sqlx::query_as(
        "select position, greatest(extract(epoch from clock_timestamp() - recorded_at), 0)::float8 from event
        where position = any ($1)",
    )
    .bind(projections.iter().map(|it| it.position + 1).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    let told = |it: &ProjectionStatus| {
        let lag = waiting.iter().find(|(position, _)| *position == it.position + 1);
        json!({
            "name": it.name,
            "position": Position { epoch, number: it.position }.to_string(),
            "lag_events": (number - it.position).max(0),
            "lag_seconds": lag.map_or(0.0, |(_, seconds)| *seconds),
            "state": match it.state {
                ProjectionState::Live => "live",
                ProjectionState::Stopped => "stopped",
            },
            "cause": it.cause,
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
