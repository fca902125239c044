//! Who is logged in: in a plan, or on the site.

use chrono::{DateTime, Utc};
use domain::{PlanId, SessionEnd, Who};
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

use crate::Moment;
use crate::asked::{Count, asked};
use crate::who::who_named;

mod filled;
mod taken_in;

/// The read model of sessions: tables `session` and `session_end`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sessions;

/// A session, as it stood at the moment that was asked for.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Which it is.
    pub session_id: Uuid,
    /// Its plan; none for a session of the site.
    pub plan: Option<String>,
    /// Who, as in [`crate::who::who_text`].
    pub who: String,
    /// What for.
    pub mode: String,
    /// The period worked on.
    pub period_id: Option<Uuid>,
    /// What that was called.
    pub period: Option<String>,
    /// What the person does, in his words.
    pub activity: Option<String>,
    /// The program, as it names itself.
    pub client: Option<String>,
    /// When it began.
    pub logged_in_at: DateTime<Utc>,
    /// When it was last heard of; only known of now, because contact is no event.
    pub last_contact_at: Option<DateTime<Utc>>,
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEndRow {
    /// Which it was.
    pub session_id: Uuid,
    /// Its plan; none for a session of the site.
    pub plan: Option<String>,
    /// Whose it was.
    pub who: String,
    /// `logged_out`, `signed_off`, `contact_lost`, `aged`, `replaced` or `account_closed`.
    pub reason: String,
    /// Who signed it off.
    pub ended_by: Option<String>,
    /// What he told.
    pub message: Option<String>,
    /// When.
    pub ended_at: DateTime<Utc>,
}

impl SessionRow {
    /// Whose it is.
    pub fn who(&self) -> Who {
        who_named(&self.who)
    }

    /// The session as the API shows it. `age` is the absolute age at which a session ends.
    pub fn json(&self, user: &str, group: Option<&str>, age: Duration) -> Json {
        json!({
            "session": self.session_id,
            "user": user,
            "group": group,
            "plan": self.plan,
            // A session of the site has none.
            "mode": self.plan.is_some().then_some(&self.mode),
            "period": self.period,
            "activity": self.activity,
            "client": self.client,
            "logged_in_at": self.logged_in_at,
            "last_contact_at": self.last_contact_at,
            "expires_at": self.logged_in_at + age,
        })
    }
}

/// Asks about sessions at a moment: `asked_sessions!(moment, fetch_all(pool); "condition" …; $2, $3, …)`, as [`asked!`] does.
macro_rules! asked_sessions {
    ($moment:expr, $fetch:ident($pool:expr); $($rest:tt)*) => {
        asked!(SessionRow, $moment, $fetch($pool);
            r#"select s.session_id, s.plan, s.who, s.mode, s.period_id, p.name as "period?", s.activity, s.client,
                s.logged_in_at, case when $1::bigint is null then c.seen_at end as last_contact_at
            from session s
            left join change_name p on p.record_id = s.period_id and p.valid_from <= coalesce($1, 9223372036854775807)
                and (p.valid_to is null or p.valid_to > $1)
            left join contact c on c.contact_id = s.session_id
            where "# $($rest)*)
    };
}

/// Who is in a plan, in the order of their ids, which is that of their log-ins: at most `limit`, after the session `after`.
pub async fn sessions(
    pool: &PgPool,
    plan: &PlanId,
    moment: Moment,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    asked_sessions!(moment, fetch_all(pool);
        "s.plan = $2 and s.session_id > $3 and " @range "s" " order by s.session_id limit $4";
        plan.to_string(), after.unwrap_or_else(Uuid::nil), limit)
}

/// Everybody who is logged in, whatever the plan, in the order of their ids: at most `limit`.
pub async fn sessions_everywhere(
    pool: &PgPool,
    moment: Moment,
    limit: i64,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    asked_sessions!(moment, fetch_all(pool); @range "s" " order by s.session_id limit $2"; limit)
}

/// A session that is there now, of a plan or of the site.
pub async fn session(pool: &PgPool, id: Uuid) -> Result<Option<SessionRow>, sqlx::Error> {
    asked_sessions!(Moment::Now, fetch_optional(pool); "s.session_id = $2 and " @"s"; id)
}

/// Why a session is not there any more.
pub async fn session_end(pool: &PgPool, id: Uuid) -> Result<Option<SessionEndRow>, sqlx::Error> {
    sqlx::query_as!(
        SessionEndRow,
        "select session_id, plan, who, reason, ended_by, message, ended_at from session_end
        where session_id = $1 and valid_to is null",
        id,
    )
    .fetch_optional(pool)
    .await
}

/// How many sessions are in a plan at a moment.
pub async fn sessions_count(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<i64, sqlx::Error> {
    let counted = asked!(Count, moment, fetch_one(pool);
        r#"select count(*) as "count!" from session s where s.plan = $2 and "# @range "s"; plan.to_string())?;
    Ok(counted.count)
}

/// The word for why a session ended, in rows and in the feed.
pub(crate) fn end_word(reason: &SessionEnd) -> &'static str {
    match reason {
        SessionEnd::LoggedOut => "logged_out",
        SessionEnd::SignedOff { .. } => "signed_off",
        SessionEnd::ContactLost => "contact_lost",
        SessionEnd::Aged => "aged",
        SessionEnd::Replaced => "replaced",
        SessionEnd::AccountClosed => "account_closed",
    }
}
