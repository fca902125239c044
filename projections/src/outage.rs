//! Outages, contact, and the log-ins that were refused meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Contact, Outage, OutageId};
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::asked::asked;
use crate::who::who_named;
use crate::{DayBefore, Moment};

mod taken_in;

/// How far the clock of a node is thought to be ahead, at the most.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(24);

/// The read model of outages: tables `outage`, `outage_contact` and `login_refusal`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outages;

/// An outage that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct PastOutage {
    /// Which it was.
    pub outage_id: Uuid,
    /// What people read; nothing when nobody announced it.
    pub message: Option<String>,
    /// Whether the gate was closed at its end.
    pub prevent_logins: bool,
    /// When it was expected to be over.
    pub until: Option<DateTime<Utc>>,
    /// Who announced or last changed it.
    pub who: Option<String>,
    /// When it was announced.
    pub announced_at: Option<DateTime<Utc>>,
    /// When the gate closed.
    pub gated_at: Option<DateTime<Utc>>,
    /// When it began for those who were in.
    pub down_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// The log-ins that its gate refused.
    pub refused_logins: i64,
}

impl PastOutage {
    /// As the API shows one that is over; `name_of` says what its author is called.
    pub fn json(&self, name_of: impl Fn(domain::Who) -> String) -> Json {
        json!({
            "state": "open",
            "message": self.message,
            "prevent_logins": self.prevent_logins,
            "until": self.until,
            "by": self.who.as_deref().map(|who| name_of(who_named(who))),
            "announced_at": self.announced_at,
            "gated_at": self.gated_at,
            "down_at": self.down_at,
            "ended_at": self.ended_at,
            "reason": self.reason,
            "contact": null,
            "users": null,
            "refused_logins": self.refused_logins,
        })
    }
}

/// The last outages that were over, the newest first.
pub async fn past_outages(pool: &PgPool, moment: Moment, limit: i64) -> Result<Vec<PastOutage>, sqlx::Error> {
    sqlx::query_as!(
        PastOutage,
        r#"select o.outage_id, o.message, o.prevent_logins, o.until, o.who, o.announced_at, o.gated_at, o.down_at,
            o.ended_at as "ended_at!", o.reason as "reason!",
            coalesce((select sum(r.gated) from login_refusal r where r.outage_id = o.outage_id and r.valid_from <= $1),
                0)::bigint as "refused_logins!"
        from outage o where o.valid_from <= $1 and o.ended_at is not null
        order by o.valid_from desc limit $2"#,
        moment.last(),
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The outage that there was, and contact.
pub async fn outages(pool: &PgPool, moment: Moment) -> Result<domain::Outages, sqlx::Error> {
    let outage = sqlx::query!(
        "select outage_id, message, prevent_logins, until, who, announced_at, gated_at, down_at from outage
        where valid_from = (select max(valid_from) from outage where valid_from <= $1)
            and ended_at is null and (valid_to is null or valid_to > $1)",
        moment.last(),
    )
    .map(|row| Outage {
        id: OutageId(row.outage_id),
        message: row.message,
        prevent_logins: row.prevent_logins,
        until: row.until,
        by: row.who.as_deref().map(who_named),
        announced_at: row.announced_at,
        gated_at: row.gated_at,
        is_down: row.down_at.is_some(),
        down_at: row.down_at,
    })
    .fetch_optional(pool)
    .await?;
    let contact = sqlx::query!(
        "select lost, since from outage_contact where valid_from <= $1 order by valid_from desc limit 1",
        moment.last(),
    )
    .fetch_optional(pool)
    .await?;
    let since = contact.as_ref().map(|it| it.since);
    let contact = match contact {
        // With whom is told by the event.
        Some(it) if it.lost => Contact::Lost { contacts: Vec::new(), since: it.since },
        _ => Contact::Ok,
    };
    Ok(domain::Outages::recorded(outage, contact, since))
}

/// The log-ins that the gate of an outage had refused, as far as the nodes had told.
pub async fn refused_logins(pool: &PgPool, outage: OutageId, moment: Moment) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(gated), 0)::bigint as "gated!" from login_refusal where outage_id = $1 and valid_from <= $2"#,
        outage.0,
        moment.last(),
    )
    .fetch_one(pool)
    .await
}

/// Log-ins refused in a day: by the gate, and for a wrong name or password.
pub async fn refused_in_a_day(pool: &PgPool, day: DayBefore) -> Result<(i64, i64), sqlx::Error> {
    // Minutes are by the clock of a node, which may be ahead of the database's.
    let until = if day.moment == Moment::Now { day.ends() } else { day.ends() + AHEAD_MAX };
    sqlx::query!(
        r#"select coalesce(sum(gated), 0)::bigint as "gated!", coalesce(sum(failed), 0)::bigint as "failed!"
        from login_refusal where minute >= $1 and minute <= $2 and valid_from <= $3"#,
        day.begins(),
        until,
        day.moment.last(),
    )
    .map(|row| (row.gated, row.failed))
    .fetch_one(pool)
    .await
}

struct Logged {
    users: i64,
}

/// How many different people and programs were logged in, anywhere.
pub async fn users_logged_in(pool: &PgPool, moment: Moment) -> Result<i64, sqlx::Error> {
    let logged = asked!(Logged, moment, fetch_one(pool);
        r#"select count(distinct s.who) as "users!" from session s where "# @range "s";)?;
    Ok(logged.users)
}
