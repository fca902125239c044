//! Who is logged in: in a plan, or on the site.

use chrono::{DateTime, Utc};
use domain::{PlanId, SessionEnd, Who};
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

use crate::Moment;
use crate::who::who_named;

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

/// A question about sessions; its first argument is the moment, none for now.
macro_rules! select_session {
    ($where:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            SessionRow,
            r#"select s.session_id, s.plan, s.who, s.mode, s.period_id, p.name as "period?", s.activity, s.client,
                s.logged_in_at, case when $1::bigint is null then c.seen_at end as last_contact_at
            from session s
            left join change_name p on p.record_id = s.period_id and p.valid_from <= coalesce($1, 9223372036854775807)
                and (p.valid_to is null or p.valid_to > $1)
            left join contact c on c.contact_id = s.session_id
            where "# + $where,
            $($argument),+
        )
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
    let after = after.unwrap_or_else(Uuid::nil);
    let plan = plan.to_string();
    match moment {
        Moment::Now => {
            select_session!(
                "s.plan = $2 and s.session_id > $3 and s.valid_to is null order by s.session_id limit $4",
                None::<i64>,
                plan,
                after,
                limit
            )
            .fetch_all(pool)
            .await
        }
        Moment::AsOf(position) => {
            select_session!(
                "s.plan = $2 and s.session_id > $3 and int8range(s.valid_from, s.valid_to) @> $1::bigint
                order by s.session_id limit $4",
                position,
                plan,
                after,
                limit
            )
            .fetch_all(pool)
            .await
        }
    }
}

/// Everybody who is logged in, whatever the plan, in the order of their ids: at most `limit`.
pub async fn sessions_everywhere(
    pool: &PgPool,
    moment: Moment,
    limit: i64,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    match moment {
        Moment::Now => {
            select_session!("s.valid_to is null order by s.session_id limit $2", None::<i64>, limit)
                .fetch_all(pool)
                .await
        }
        Moment::AsOf(position) => {
            select_session!(
                "int8range(s.valid_from, s.valid_to) @> $1::bigint order by s.session_id limit $2",
                position,
                limit
            )
            .fetch_all(pool)
            .await
        }
    }
}

/// A session that is there now, of a plan or of the site.
pub async fn session(pool: &PgPool, id: Uuid) -> Result<Option<SessionRow>, sqlx::Error> {
    select_session!("s.session_id = $2 and s.valid_to is null", None::<i64>, id).fetch_optional(pool).await
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
    let plan = plan.to_string();
    match moment {
        Moment::Now => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from session where plan = $1 and valid_to is null"#,
                plan,
            )
            .fetch_one(pool)
            .await
        }
        Moment::AsOf(position) => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from session
                where plan = $1 and int8range(valid_from, valid_to) @> $2::bigint"#,
                plan,
                position,
            )
            .fetch_one(pool)
            .await
        }
    }
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
