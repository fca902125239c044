//! What was refused for a reason of the office: changes that came too late or were blocked, locks that were denied.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, Obstacle, RefusalCode, Who, Winner};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::who::who_text;
use crate::{DayBefore, Happened, Moment, Projection, ProjectionError};

/// The read model of refusals: tables `refusal` and `refusal_lock`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refusals;

/// Somebody who was refused because of a lock.
#[derive(Debug, Clone)]
pub struct RefusedByLock {
    /// The lock that stood in the way.
    pub lock_id: Uuid,
    /// Who was refused, as in [`crate::who::who_text`].
    pub who: String,
    /// The code of refusal.
    pub code: String,
    /// The critical action that was wanted, if it was one.
    pub action: Option<String>,
    /// How often.
    pub count: i64,
    /// The last time.
    pub last_at: DateTime<Utc>,
}

/// So many were refused in a plan under a rule.
#[derive(Debug, Clone)]
pub struct RefusedCount {
    /// The plan; none for what is in no plan, such as a notice.
    pub plan: Option<String>,
    /// The rule; the code where it has no several rules.
    pub rule: String,
    /// How many.
    pub count: i64,
    /// The critical action that was wanted; of changes it is not told.
    pub action: Option<String>,
}

/// A record that people fight over.
#[derive(Debug, Clone)]
pub struct Fought {
    /// The plan.
    pub plan: String,
    /// What the record was called when it was last refused.
    pub record: Option<String>,
    /// How many changes of it were refused.
    pub count: i64,
}

/// Who was refused because of these locks, by lock, person and what was wanted: of each lock at most `limit`, those who were refused
/// last come first.
pub async fn refused_by_locks(
    pool: &PgPool,
    locks: &[Uuid],
    moment: Moment,
    limit: i64,
) -> Result<Vec<RefusedByLock>, sqlx::Error> {
    sqlx::query_as!(
        RefusedByLock,
        r#"select l.lock_id as "lock_id!", b.who as "who!", b.code as "code!", b.action, b.count as "count!", b.at as "last_at!"
        from unnest($1::uuid[]) as l (lock_id)
        cross join lateral (
            select r.who, r.code, r.action, count(*) as count, max(r.at) as at
            from refusal_lock o join refusal r on r.position = o.position
            where o.lock_id = l.lock_id and r.valid_from <= $3
            group by r.who, r.code, r.action order by max(r.at) desc limit $2) b
        order by l.lock_id, b.at desc"#,
        locks,
        limit,
        moment.last(),
    )
    .fetch_all(pool)
    .await
}

/// How many changes were refused in a day, by plan and rule: the most frequent, at most `limit`.
pub async fn refused_changes(
    pool: &PgPool,
    day: DayBefore,
    limit: i64,
) -> Result<Vec<RefusedCount>, sqlx::Error> {
    sqlx::query_as!(
        RefusedCount,
        r#"select plan, coalesce(rule, code) as "rule!", count(*) as "count!", null::text as action from refusal
        where at > $1 and at <= $2 and valid_from <= $3 and not of_lock
        group by plan, coalesce(rule, code) order by count(*) desc, plan, coalesce(rule, code) limit $4"#,
        day.begins(),
        day.ends(),
        day.moment.last(),
        limit,
    )
    .fetch_all(pool)
    .await
}

/// How many locks were denied in a day, by plan, rule and action: the most frequent, at most `limit`.
pub async fn denied_locks(
    pool: &PgPool,
    day: DayBefore,
    limit: i64,
) -> Result<Vec<RefusedCount>, sqlx::Error> {
    sqlx::query_as!(
        RefusedCount,
        r#"select plan, coalesce(rule, code) as "rule!", count(*) as "count!", action from refusal
        where at > $1 and at <= $2 and valid_from <= $3 and of_lock
        group by plan, coalesce(rule, code), action
        order by count(*) desc, plan, coalesce(rule, code), action limit $4"#,
        day.begins(),
        day.ends(),
        day.moment.last(),
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The records of which most changes were refused in a day: at most `limit`.
pub async fn fought_over(pool: &PgPool, day: DayBefore, limit: i64) -> Result<Vec<Fought>, sqlx::Error> {
    sqlx::query_as!(
        Fought,
        r#"select f.plan as "plan!", c.subject as "record?", f.count as "count!" from (
            select plan, record_id, count(*) as count, max(position) as last from refusal
            where at > $1 and at <= $2 and valid_from <= $3
                and record_id is not null and plan is not null
            group by plan, record_id order by count desc, last desc limit $4) f
        left join change_told c on c.position = f.last
        order by f.count desc, f.last desc"#,
        day.begins(),
        day.ends(),
        day.moment.last(),
        limit,
    )
    .fetch_all(pool)
    .await
}

struct Row {
    position: i64,
    append_end: i64,
    plan: Option<String>,
    at: DateTime<Utc>,
    who: String,
    session_id: Option<Uuid>,
    of_lock: bool,
    code: String,
    rule: Option<String>,
    kind: Option<&'static str>,
    record_id: Option<Uuid>,
    action: Option<&'static str>,
    obstacles: String,
    winner: Option<String>,
    locks: Vec<Uuid>,
}

#[async_trait]
impl Projection for Refusals {
    fn name(&self) -> &'static str {
        "refusal"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let rows: Vec<Row> = batch.iter().filter_map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        insert(connection, &rows).await?;
        let locks: Vec<(Uuid, i64)> =
            rows.iter().flat_map(|row| row.locks.iter().map(|lock| (*lock, row.position))).collect();
        if locks.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "insert into refusal_lock (lock_id, position) select distinct * from unnest($1::uuid[], $2::bigint[])",
            &locks.iter().map(|(lock, _)| *lock).collect::<Vec<_>>(),
            &locks.iter().map(|(_, position)| *position).collect::<Vec<_>>(),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn row(happened: &Happened) -> Option<Row> {
    let bare = |who: Who, session: Option<domain::SessionId>, code: &str, obstacles: &[Obstacle]| Row {
        position: happened.position,
        append_end: happened.append_end,
        plan: happened.plan.as_ref().map(ToString::to_string),
        at: happened.at,
        who: who_text(who),
        session_id: session.map(|session| session.0),
        of_lock: false,
        code: code.to_owned(),
        rule: None,
        kind: None,
        record_id: None,
        action: None,
        obstacles: obstacles_json(obstacles).to_string(),
        winner: None,
        locks: obstacles.iter().filter_map(|obstacle| Some(obstacle.lock?.0)).collect(),
    };
    match &happened.event {
        Event::ChangeRefused(e) => Some(Row {
            rule: e.rule.clone(),
            kind: e.kind.map(domain::Kind::word),
            record_id: e.record.map(|record| record.0),
            action: e.action.map(domain::Action::word),
            winner: e.winner.as_ref().map(|winner| winner_json(winner, happened.epoch).to_string()),
            ..bare(e.who, e.session, &e.code, &e.obstacles)
        }),
        Event::LockDenied(e) => Some(Row {
            of_lock: true,
            // A lock is blocked by cover and by nothing else.
            rule: (e.code == RefusalCode::Blocked.word()).then(|| "cover".to_owned()),
            action: Some(e.action.word()),
            ..bare(e.who, e.session, &e.code, &e.obstacles)
        }),
        _ => None,
    }
}

/// `[{who, session, lock}]`.
pub(crate) fn obstacles_json(obstacles: &[Obstacle]) -> serde_json::Value {
    obstacles
        .iter()
        .map(|it| json!({ "who": who_text(it.who), "session": it.session, "lock": it.lock }))
        .collect()
}

/// `{who, at, position}`.
pub(crate) fn winner_json(winner: &Winner, epoch: i64) -> serde_json::Value {
    let position = domain::Position { epoch, number: winner.position };
    json!({ "who": who_text(winner.who), "at": winner.at, "position": position.to_string() })
}

async fn insert(connection: &mut PgConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into refusal (position, plan, at, who, session_id, of_lock, code, rule, kind, record_id, action,
            obstacles, winner, valid_from)
        select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::uuid[], $6::boolean[],
            $7::text[], $8::text[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::text[], $14::bigint[])",
        &rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.plan.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.who.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.session_id).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.of_lock).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.rule.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.kind).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.record_id).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.action).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.obstacles.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.winner.as_deref()).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.append_end).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}
