//! Locks: who holds the right to a critical action, and how it ended.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, LockEnd, LockGranted, PlanId, Position, Who};
use serde_json::{Value as Json, json};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

use crate::asked::{Count, asked};
use crate::fill::Filling;
use crate::who::{who_acted, who_named, who_text};
use crate::{Happened, Moment, Projection, ProjectionError};

mod filled;

/// The read model of locks: table `lock`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Locks;

/// A lock, as it stood at the moment that was asked for.
#[derive(Debug, Clone)]
pub struct LockRow {
    /// Which it is.
    pub lock_id: Uuid,
    /// Its plan.
    pub plan: String,
    /// The session that holds it.
    pub session_id: Uuid,
    /// Whose session that is, as in [`crate::who::who_text`].
    pub who: String,
    /// What for.
    pub action: String,
    /// The names of the periods that it covers; none for the whole plan.
    pub periods: Option<Vec<String>>,
    /// The epoch of its grant.
    pub granted_epoch: i64,
    /// The position of its grant: the fencing token.
    pub granted_position: i64,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// When it was last renewed; only known of now, because renewing is no event.
    pub renewed_at: Option<DateTime<Utc>>,
    /// `released`, `not_renewed` or `session_ended`, when it is over.
    pub ended_reason: Option<String>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl LockRow {
    /// Whose it is.
    pub fn who(&self) -> Who {
        who_named(&self.who)
    }

    /// The fencing token.
    pub fn token(&self) -> Position {
        Position { epoch: self.granted_epoch, number: self.granted_position }
    }

    /// The lock as the API shows it. `lease` is how long it lives without being renewed; the end of the lease is left out
    /// (null) where the last renewal is not known.
    pub fn json(&self, user: &str, lease: Duration) -> Json {
        json!({
            "lock": self.lock_id,
            "action": self.action,
            "periods": self.periods,
            "token": self.token().to_string(),
            "session": self.session_id,
            "user": user,
            "since": self.granted_at,
            "expires_at": self.renewed_at.map(|at| at + lease),
        })
    }
}

/// Asks about locks at a moment: `asked_locks!(moment, fetch_all(pool); "condition" …; $2, $3, …)`, as [`asked!`] does.
macro_rules! asked_locks {
    ($moment:expr, $fetch:ident($pool:expr); $($rest:tt)*) => {
        asked!(LockRow, $moment, $fetch($pool);
            r#"select l.lock_id, l.plan, l.session_id, l.who, l.action,
                case when l.period_ids is not null then array(
                    select coalesce(p.name, ids.period_id::text) from unnest(l.period_ids) with ordinality
                        as ids (period_id, place)
                    left join change_name p on p.record_id = ids.period_id
                        and p.valid_from <= coalesce($1, 9223372036854775807)
                        and (p.valid_to is null or p.valid_to > $1)
                    order by ids.place) end as "periods: Vec<String>",
                l.granted_epoch, l.granted_position, l.granted_at,
                case when $1::bigint is null then c.seen_at end as renewed_at,
                case when $1::bigint is null or l.valid_to <= $1 then l.ended_reason end as ended_reason,
                case when $1::bigint is null or l.valid_to <= $1 then l.ended_at end as ended_at
            from lock l left join contact c on c.contact_id = l.lock_id
            where "# $($rest)*)
    };
}

/// The locks that are held in a plan, in the order of their ids: at most `limit`, after the lock `after`.
pub async fn locks(
    pool: &PgPool,
    plan: &PlanId,
    moment: Moment,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LockRow>, sqlx::Error> {
    asked_locks!(moment, fetch_all(pool);
        "l.plan = $2 and l.lock_id > $3 and " @range "l" " order by l.lock_id limit $4";
        plan.to_string(), after.unwrap_or_else(Uuid::nil), limit)
}

/// The locks that are held, whatever the plan: at most `limit`.
pub async fn locks_everywhere(
    pool: &PgPool,
    moment: Moment,
    limit: i64,
) -> Result<Vec<LockRow>, sqlx::Error> {
    asked_locks!(moment, fetch_all(pool); @range "l" " order by l.lock_id limit $2"; limit)
}

/// A lock of a plan, held or over; of a moment in the past only one that had been granted by then.
pub async fn lock(
    pool: &PgPool,
    plan: &PlanId,
    id: Uuid,
    moment: Moment,
) -> Result<Option<LockRow>, sqlx::Error> {
    asked_locks!(moment, fetch_optional(pool);
        "l.lock_id = $2 and l.plan = $3" @then " and l.valid_from <= $1"; id, plan.to_string())
}

/// How many locks are held in a plan at a moment.
pub async fn locks_count(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<i64, sqlx::Error> {
    let counted = asked!(Count, moment, fetch_one(pool);
        r#"select count(*) as "count!" from lock l where l.plan = $2 and "# @range "l"; plan.to_string())?;
    Ok(counted.count)
}

#[async_trait]
impl Projection for Locks {
    fn name(&self) -> &'static str {
        "lock"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let granted: Vec<(&Happened, &LockGranted)> = batch
            .iter()
            .filter_map(|happened| match &happened.event {
                Event::LockGranted(e) => Some((happened, e)),
                _ => None,
            })
            .collect();
        if !granted.is_empty() {
            insert_granted(connection, &granted).await?;
        }
        let ended: Vec<(&Happened, Uuid, LockEnd)> = batch
            .iter()
            .filter_map(|happened| match &happened.event {
                Event::LockEnded(e) => Some((happened, e.lock.0, e.reason)),
                _ => None,
            })
            .collect();
        if !ended.is_empty() {
            update_ended(connection, &ended).await?;
        }
        Ok(())
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(filled::Filled::new()))
    }
}

async fn insert_granted(
    connection: &mut PgConnection,
    granted: &[(&Happened, &LockGranted)],
) -> Result<(), sqlx::Error> {
    // PostgreSQL has no lists of lists of different lengths, so the periods come as the texts of lists.
    let periods = |e: &LockGranted| -> Option<String> {
        let ids: Vec<String> = e.periods.as_ref()?.iter().map(ToString::to_string).collect();
        Some(format!("{{{}}}", ids.join(",")))
    };
    sqlx::query!(
        "insert into lock (lock_id, plan, session_id, who, action, period_ids, granted_epoch, granted_position,
            granted_at, valid_from)
        select lock_id, plan, session_id, who, action, period_ids::uuid[], epoch, position, at, valid_from
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::bigint[], $9::timestamptz[], $10::bigint[])
            as n (lock_id, plan, session_id, who, action, period_ids, epoch, position, at, valid_from)",
        &granted.iter().map(|(_, e)| e.lock.0).collect::<Vec<_>>(),
        &granted.iter().map(|(it, _)| it.plan.as_ref().map(ToString::to_string)).collect::<Vec<_>>() as _,
        &granted.iter().map(|(_, e)| e.session.0).collect::<Vec<_>>(),
        &granted.iter().map(|(it, _)| who_text(who_acted(it.meta.actor))).collect::<Vec<_>>(),
        &granted.iter().map(|(_, e)| e.action.word()).collect::<Vec<_>>() as _,
        &granted.iter().map(|(_, e)| periods(e)).collect::<Vec<_>>() as _,
        &granted.iter().map(|(it, _)| it.epoch).collect::<Vec<_>>(),
        &granted.iter().map(|(it, _)| it.position).collect::<Vec<_>>(),
        &granted.iter().map(|(it, _)| it.at).collect::<Vec<_>>(),
        &granted.iter().map(|(it, _)| it.append_end).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn update_ended(
    connection: &mut PgConnection,
    ended: &[(&Happened, Uuid, LockEnd)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lock l set ended_reason = e.reason, ended_at = e.at, valid_to = e.valid_to
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[]) as e (lock_id, reason, at, valid_to)
        where l.lock_id = e.lock_id and l.valid_to is null",
        &ended.iter().map(|(_, id, _)| *id).collect::<Vec<_>>(),
        &ended.iter().map(|(_, _, reason)| end_word(*reason)).collect::<Vec<_>>() as _,
        &ended.iter().map(|(it, _, _)| it.at).collect::<Vec<_>>(),
        &ended.iter().map(|(it, _, _)| it.append_end).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// The word for why a lock ended, in rows and in the feed.
pub(crate) fn end_word(reason: LockEnd) -> &'static str {
    match reason {
        LockEnd::Released => "released",
        LockEnd::NotRenewed => "not_renewed",
        LockEnd::SessionEnded => "session_ended",
        LockEnd::Done => "done",
    }
}
