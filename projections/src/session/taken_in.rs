//! How events change the rows of sessions.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Event, SessionEnd, SessionEnded, Who};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

use super::filled::Filled;
use super::{Sessions, end_word};
use crate::fill::Filling;
use crate::versions::{Edge, Past, Version, Versions, end_rows};
use crate::who::{who_named, who_text};
use crate::{Happened, Projection, ProjectionError};

#[derive(Debug, Clone)]
pub(super) struct State {
    pub plan: Option<Arc<str>>,
    pub who: Who,
    pub mode: &'static str,
    pub period_id: Option<Uuid>,
    pub activity: Option<String>,
    pub client: Option<String>,
    pub logged_in_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct End {
    pub plan: Option<Arc<str>>,
    /// None of a session that nobody began.
    pub who: Option<Who>,
    pub reason: &'static str,
    pub ended_by: Option<Who>,
    pub message: Option<String>,
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
        let mut known = load(connection, &ids).await?;
        for happened in batch {
            known.take_in(happened);
        }
        write(known, connection).await
    }

    fn filling(&self) -> Option<Box<dyn Filling>> {
        Some(Box::new(Filled::new()))
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

/// The sessions that a batch is about; or, for whoever writes into empty tables, all there ever were.
pub(super) struct Known<S = Vec<Version<State>>, E = Vec<Version<End>>> {
    pub states: Versions<State, Uuid, S>,
    pub ends: Versions<End, Uuid, E>,
    /// When those began that may be opened anew.
    began: HashMap<Uuid, DateTime<Utc>>,
}

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

impl<S: Past<State>, E: Past<End>> Known<S, E> {
    pub fn new(states: S, ends: E) -> Self {
        Self { states: Versions::with_past(states), ends: Versions::with_past(ends), began: HashMap::new() }
    }

    pub fn take_in(&mut self, happened: &Happened) {
        let edge = Edge { position: happened.append_end, at: happened.at };
        match &happened.event {
            Event::SessionStarted(e) => {
                let logged_in_at = *self.began.entry(e.session.0).or_insert(happened.at);
                let state = State {
                    plan: happened.plan.clone(),
                    who: e.who,
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
                let Some(state) = self.states.change(e.session.0, edge) else { return };
                state.mode = e.mode.map_or(state.mode, domain::Mode::word);
                state.period_id = e.period.map(|period| period.0).or(state.period_id);
                if let Some(activity) = &e.activity {
                    state.activity = (!activity.is_empty()).then(|| activity.clone());
                }
            }
            Event::SessionEnded(e) => self.end(e, edge),
            _ => {}
        }
    }

    fn end(&mut self, e: &SessionEnded, edge: Edge) {
        let state = self.states.get(e.session.0);
        let (ended_by, message) = match &e.reason {
            SessionEnd::SignedOff { by, message } => (Some(*by), Some(message.clone())),
            _ => (None, None),
        };
        let end = End {
            plan: state.and_then(|state| state.plan.clone()),
            who: state.map(|state| state.who),
            reason: end_word(&e.reason),
            ended_by,
            message,
        };
        self.ends.put(e.session.0, end, edge);
        self.states.end(e.session.0, edge);
    }
}

async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Known, sqlx::Error> {
    let mut known = Known::new(Vec::new(), Vec::new());
    let states = sqlx::query_as!(
        Stored,
        "select distinct on (session_id) session_id, plan, who, mode, period_id, activity, client, logged_in_at,
            since, valid_from, valid_to
        from session where session_id = any ($1) order by session_id, valid_from desc",
        ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    for it in states {
        known.began.insert(it.session_id, it.logged_in_at);
        if it.valid_to.is_none() {
            let state = State {
                plan: it.plan.map(Into::into),
                who: who_named(&it.who),
                mode: mode_word(&it.mode),
                period_id: it.period_id,
                activity: it.activity,
                client: it.client,
                logged_in_at: it.logged_in_at,
            };
            known.states.load(it.session_id, state, Edge { position: it.valid_from, at: it.since });
        }
    }
    let ends = sqlx::query!(
        "select session_id, ended_at, valid_from from session_end where session_id = any ($1) and valid_to is null",
        ids,
    )
    .fetch_all(connection)
    .await?;
    for it in ends {
        let end = End { plan: None, who: None, reason: "", ended_by: None, message: None };
        known.ends.load(it.session_id, end, Edge { position: it.valid_from, at: it.ended_at });
    }
    Ok(known)
}

async fn write(known: Known, connection: &mut PgConnection) -> Result<(), ProjectionError> {
    let (closed, new) = known.states.finish();
    if !closed.is_empty() {
        sqlx::query!(
            "update session s set valid_to = c.valid_to, until = c.until
            from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as c (session_id, valid_to, until)
            where s.session_id = c.session_id and s.valid_to is null",
            &closed.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            &closed.iter().map(|(_, to)| to.position).collect::<Vec<_>>(),
            &closed.iter().map(|(_, to)| to.at).collect::<Vec<_>>(),
        )
        .execute(&mut *connection)
        .await?;
    }
    insert_states(connection, &new).await?;
    let (closed, new) = known.ends.finish();
    end_rows!(connection, "session_end", "session_id", closed)?;
    insert_ends(connection, &new).await?;
    Ok(())
}

async fn insert_states(connection: &mut PgConnection, new: &[Version<State>]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into session (session_id, plan, who, mode, period_id, activity, client, logged_in_at, since, until,
            valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
            $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::bigint[], $12::bigint[])",
        &new.iter().map(|it| it.id).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.plan.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| who_text(it.row.who)).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.mode).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.period_id).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.activity.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.client.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.logged_in_at).collect::<Vec<_>>(),
        &new.iter().map(|it| it.from.at).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.at)).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

async fn insert_ends(connection: &mut PgConnection, new: &[Version<End>]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into session_end (session_id, plan, who, reason, ended_by, message, ended_at, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::timestamptz[], $8::bigint[], $9::bigint[])",
        &new.iter().map(|it| it.id).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.plan.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.who.map(who_text).unwrap_or_default()).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.reason).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.ended_by.map(who_text)).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.message.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.from.at).collect::<Vec<_>>(),
        &new.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

fn mode_word(stored: &str) -> &'static str {
    stored.parse().unwrap_or(domain::Mode::Read).word()
}
