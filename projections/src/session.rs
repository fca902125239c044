//! Who is logged in: in a plan, or on the site.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, PlanId, SessionEnd, SessionEnded, Who};
use serde_json::{Value as Json, json};
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

use crate::versions::{Edge, Version, Versions};
use crate::who::{who_named, who_text};
use crate::{Happened, Moment, Projection, ProjectionError};

/// The read model of sessions: tables `session` and `session_end`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sessions;

/// A session, as it stood at the moment that was asked for.
#[derive(Debug, Clone, FromRow)]
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
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
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
            "mode": self.mode,
            "period": self.period,
            "activity": self.activity,
            "client": self.client,
            "logged_in_at": self.logged_in_at,
            "last_contact_at": self.last_contact_at,
            "expires_at": self.logged_in_at + age,
        })
    }
}

macro_rules! select_session {
    ($where:literal) => {
        concat!(
            "select s.session_id, s.plan, s.who, s.mode, s.period_id, p.name as period, s.activity, s.client,
                s.logged_in_at, case when $1::bigint is null then c.seen_at end as last_contact_at
            from session s
            left join change_name p on p.record_id = s.period_id and p.valid_from <= coalesce($1, 9223372036854775807)
                and (p.valid_to is null or p.valid_to > $1)
            left join contact c on c.contact_id = s.session_id
            where ",
            $where
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
            let sql = select_session!(
                "s.plan = $2 and s.session_id > $3 and s.valid_to is null order by s.session_id limit $4"
            );
            sqlx::query_as(sql).bind(None::<i64>).bind(plan).bind(after).bind(limit).fetch_all(pool).await
        }
        Moment::AsOf(position) => {
            let sql = select_session!(
                "s.plan = $2 and s.session_id > $3 and s.valid_from <= $1 and (s.valid_to is null or s.valid_to > $1)
                order by s.session_id limit $4"
            );
            sqlx::query_as(sql).bind(Some(position)).bind(plan).bind(after).bind(limit).fetch_all(pool).await
        }
    }
}

/// Everybody who is logged in now, whatever the plan, in the order of their ids: at most `limit`.
pub async fn sessions_everywhere(pool: &PgPool, limit: i64) -> Result<Vec<SessionRow>, sqlx::Error> {
    let sql = select_session!("s.valid_to is null order by s.session_id limit $2");
    sqlx::query_as(sql).bind(None::<i64>).bind(limit).fetch_all(pool).await
}

/// A session that is there now, of a plan or of the site.
pub async fn session(pool: &PgPool, id: Uuid) -> Result<Option<SessionRow>, sqlx::Error> {
    let sql = select_session!("s.session_id = $2 and s.valid_to is null");
    sqlx::query_as(sql).bind(None::<i64>).bind(id).fetch_optional(pool).await
}

/// Why a session is not there any more.
pub async fn session_end(pool: &PgPool, id: Uuid) -> Result<Option<SessionEndRow>, sqlx::Error> {
    sqlx::query_as(
        "select session_id, plan, who, reason, ended_by, message, ended_at from session_end
        where session_id = $1 and valid_to is null",
    )
    .bind(id)
    .fetch_optional(pool)
    .await
}

/// How many sessions are in a plan at a moment.
pub async fn sessions_count(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<i64, sqlx::Error> {
    let plan = plan.to_string();
    match moment {
        Moment::Now => {
            let sql = "select count(*) from session where plan = $1 and valid_to is null";
            sqlx::query_scalar(sql).bind(plan).fetch_one(pool).await
        }
        Moment::AsOf(position) => {
            let sql = "select count(*) from session
                where plan = $1 and valid_from <= $2 and (valid_to is null or valid_to > $2)";
            sqlx::query_scalar(sql).bind(plan).bind(position).fetch_one(pool).await
        }
    }
}

#[derive(Debug, Clone)]
struct State {
    plan: Option<String>,
    who: String,
    mode: &'static str,
    period_id: Option<Uuid>,
    activity: Option<String>,
    client: Option<String>,
    logged_in_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
struct End {
    plan: Option<String>,
    who: String,
    reason: &'static str,
    ended_by: Option<String>,
    message: Option<String>,
}

#[async_trait]
impl Projection for Sessions {
    fn name(&self) -> &'static str {
        "session"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let ids: Vec<Uuid> = batch.iter().filter_map(|happened| session_of(&happened.event)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut known = Known::load(connection, &ids).await?;
        for happened in batch {
            known.take_in(happened);
        }
        known.write(connection).await
    }
}

fn session_of(event: &Event) -> Option<Uuid> {
    match event {
        Event::SessionStarted(e) => Some(e.session.0),
        Event::SessionChanged(e) => Some(e.session.0),
        Event::SessionEnded(e) => Some(e.session.0),
        _ => None,
    }
}

/// The sessions that a batch is about.
struct Known {
    states: Versions<State>,
    ends: Versions<End>,
    /// When those began that may be opened anew.
    began: HashMap<Uuid, DateTime<Utc>>,
}

#[derive(FromRow)]
struct Stored {
    session_id: Uuid,
    plan: Option<String>,
    who: String,
    mode: String,
    period_id: Option<Uuid>,
    activity: Option<String>,
    client: Option<String>,
    logged_in_at: DateTime<Utc>,
    since: DateTime<Utc>,
    valid_from: i64,
    valid_to: Option<i64>,
}

impl Known {
    async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Known, sqlx::Error> {
        let mut known = Known { states: Versions::new(), ends: Versions::new(), began: HashMap::new() };
        let states: Vec<Stored> = sqlx::query_as(
            "select distinct on (session_id) session_id, plan, who, mode, period_id, activity, client, logged_in_at,
                since, valid_from, valid_to
            from session where session_id = any ($1) order by session_id, valid_from desc",
        )
        .bind(ids)
        .fetch_all(&mut *connection)
        .await?;
        for it in states {
            known.began.insert(it.session_id, it.logged_in_at);
            if it.valid_to.is_none() {
                let state = State {
                    plan: it.plan,
                    who: it.who,
                    mode: mode_word(&it.mode),
                    period_id: it.period_id,
                    activity: it.activity,
                    client: it.client,
                    logged_in_at: it.logged_in_at,
                };
                known.states.load(it.session_id, state, Edge { position: it.valid_from, at: it.since });
            }
        }
        let ends: Vec<(Uuid, DateTime<Utc>, i64)> = sqlx::query_as(
            "select session_id, ended_at, valid_from from session_end where session_id = any ($1) and valid_to is null",
        )
        .bind(ids)
        .fetch_all(connection)
        .await?;
        for (id, at, position) in ends {
            let end = End { plan: None, who: String::new(), reason: "", ended_by: None, message: None };
            known.ends.load(id, end, Edge { position, at });
        }
        Ok(known)
    }

    fn take_in(&mut self, happened: &Happened) {
        let edge = Edge { position: happened.append_end, at: happened.at };
        match &happened.event {
            Event::SessionStarted(e) => {
                let logged_in_at = *self.began.entry(e.session.0).or_insert(happened.at);
                let state = State {
                    plan: happened.plan.as_ref().map(ToString::to_string),
                    who: who_text(e.who),
                    mode: e.mode.word(),
                    period_id: e.period.map(|period| period.0),
                    activity: None,
                    client: e.client.clone(),
                    logged_in_at,
                };
                self.states.put(e.session.0, state, edge);
                self.ends.end(e.session.0, edge);
            }
            Event::SessionChanged(e) => {
                let Some(mut state) = self.states.get(e.session.0).cloned() else { return };
                state.mode = e.mode.map_or(state.mode, domain::Mode::word);
                state.period_id = e.period.map(|period| period.0).or(state.period_id);
                if let Some(activity) = &e.activity {
                    state.activity = (!activity.is_empty()).then(|| activity.clone());
                }
                self.states.put(e.session.0, state, edge);
            }
            Event::SessionEnded(e) => self.end(e, edge),
            _ => {}
        }
    }

    fn end(&mut self, e: &SessionEnded, edge: Edge) {
        let state = self.states.get(e.session.0);
        let (ended_by, message) = match &e.reason {
            SessionEnd::SignedOff { by, message } => (Some(who_text(Who::User(*by))), Some(message.clone())),
            _ => (None, None),
        };
        let end = End {
            plan: state.and_then(|state| state.plan.clone()),
            who: state.map(|state| state.who.clone()).unwrap_or_default(),
            reason: end_word(&e.reason),
            ended_by,
            message,
        };
        self.ends.put(e.session.0, end, edge);
        self.states.end(e.session.0, edge);
    }

    async fn write(self, connection: &mut PgConnection) -> Result<(), ProjectionError> {
        let (closed, new) = self.states.finish();
        if !closed.is_empty() {
            sqlx::query(
                "update session s set valid_to = c.valid_to, until = c.until
                from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as c (session_id, valid_to, until)
                where s.session_id = c.session_id and s.valid_to is null",
            )
            .bind(closed.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .bind(closed.iter().map(|(_, to)| to.position).collect::<Vec<_>>())
            .bind(closed.iter().map(|(_, to)| to.at).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
        }
        insert_states(connection, &new).await?;
        let (closed, new) = self.ends.finish();
        if !closed.is_empty() {
            sqlx::query(
                "update session_end s set valid_to = c.valid_to
                from unnest($1::uuid[], $2::bigint[]) as c (session_id, valid_to)
                where s.session_id = c.session_id and s.valid_to is null",
            )
            .bind(closed.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .bind(closed.iter().map(|(_, to)| to.position).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
        }
        insert_ends(connection, &new).await?;
        Ok(())
    }
}

async fn insert_states(connection: &mut PgConnection, new: &[Version<State>]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into session (session_id, plan, who, mode, period_id, activity, client, logged_in_at, since, until,
            valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::bigint[], $12::bigint[])",
    )
    .bind(new.iter().map(|it| it.id).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.plan.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.who.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.mode).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.period_id).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.activity.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.client.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.logged_in_at).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.from.at).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.to.map(|to| to.at)).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.from.position).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(|_| ())
}

async fn insert_ends(connection: &mut PgConnection, new: &[Version<End>]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into session_end (session_id, plan, who, reason, ended_by, message, ended_at, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::timestamptz[], $8::bigint[], $9::bigint[])",
    )
    .bind(new.iter().map(|it| it.id).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.plan.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.who.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.reason).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.ended_by.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.row.message.as_deref()).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.from.at).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.from.position).collect::<Vec<_>>())
    .bind(new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(|_| ())
}

fn mode_word(stored: &str) -> &'static str {
    stored.parse().unwrap_or(domain::Mode::Read).word()
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
