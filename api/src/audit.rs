//! The auditor's questions, however they are asked: over HTTP or on the host.
//!
//! Whoever asks is noted in the ledger before he is answered, and what he is shown ends before that note: so the pages of a list stay
//! what they are, and a list that is read from the oldest event on has an end. The note itself shows to whoever asks next.

use std::sync::Arc;

use domain::command::read_audit::ReadAudit;
use domain::{AuditForm, AuditRead, Personal, PlanId, Who};
use projections::audit::{AuditPage, AuditWanted, audit_page, reached};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::desk::{Answer, Desk, Extra, Failure, Request};
use crate::http::{Code, Problem};

pub mod export;
pub mod question;
pub mod shown;

pub use question::{Given, Order, Question, check_epoch, record_kind};

/// How many events are read at once where all are wanted.
const EVENTS_AT_ONCE: usize = 500;

/// Where a page goes on, and where the list ends, which it does where it ended when its first page was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last position that was looked at.
    pub behind: i64,
    /// The last position of the list.
    pub upto: i64,
}

/// A question whose names have been looked up.
#[derive(Debug, Clone)]
pub struct Resolved {
    question: Question,
    wanted: AuditWanted,
}

impl Resolved {
    /// Notes that it is asked, and by whom: from here on it may be answered. Answers where the list ends: before this note, and
    /// where the read model has come to; of a following page where its cursor says.
    pub async fn note(
        &self,
        desk: &Arc<Desk>,
        request: Request,
        form: AuditForm,
        cursor: Option<Cursor>,
        limit: Option<u64>,
    ) -> Result<Noted, Problem> {
        let given = &self.question.given;
        let personal = |text: &Option<String>, of: Option<Uuid>| {
            text.as_ref().map(|text| Personal { of: of.unwrap_or_default(), open: text.clone() })
        };
        let actor = self.wanted.actors.iter().flatten().find_map(|it| match it.id {
            Who::User(id) => Some(id.0),
            Who::Token(id) => Some(id.0),
            Who::Operator | Who::System => None,
        });
        let record = self.wanted.records.iter().flatten().map(|it| it.id).next();
        let reading = AuditRead {
            plan: self.question.plan.clone(),
            record: personal(&given.record, record),
            actor: personal(&given.actor, actor),
            r#type: given.r#type.clone(),
            request: given.request.clone(),
            from: given.from.clone(),
            to: given.to.clone(),
            oldest_first: !self.wanted.newest_first,
            after: cursor.map(|cursor| cursor.behind),
            limit,
            ..AuditRead::new(form)
        };
        let position = note(desk, request, reading, self.question.plan.clone()).await?;
        let reached = reached(desk.projections.pool()).await.map_err(Failure::from)?;
        // It has stopped: what it does not have would be missing, and nobody could tell.
        let reached = reached.ok_or_else(|| Problem::new(Code::ProjectionBehind).retry_after(1))?;
        let upto = cursor.map_or(position - 1, |cursor| cursor.upto).min(reached);
        Ok(Noted { position, upto })
    }

    /// Goes through what fits.
    pub fn walk(&self, pool: &PgPool, noted: Noted, cursor: Option<Cursor>, limit: Option<u64>) -> Walk {
        let mut wanted = self.wanted.clone();
        wanted.upto = wanted.upto.min(noted.upto);
        let mut walk = Walk { pool: pool.clone(), wanted, left: limit, ended: false };
        if let Some(cursor) = cursor {
            walk.go_on_behind(cursor.behind);
        }
        walk
    }
}

/// Notes a reading; answers the position of the note.
pub async fn note(
    desk: &Arc<Desk>,
    request: Request,
    reading: AuditRead,
    within: Option<PlanId>,
) -> Result<i64, Problem> {
    let command = ReadAudit { reading, within };
    let noted = desk.execute(request, command, Extra::default(), |_, _| Answer::empty(204)).await?;
    Ok(noted.position.number)
}

/// What is known once a reading has been noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// The position of the note.
    pub position: i64,
    /// The last position of the list.
    pub upto: i64,
}

/// Some events after others, none of them kept.
pub struct Walk {
    pool: PgPool,
    wanted: AuditWanted,
    left: Option<u64>,
    ended: bool,
}

impl Walk {
    /// One page of at most so many.
    pub async fn page(mut self, limit: usize) -> Result<AuditPage, sqlx::Error> {
        self.wanted.limit = limit;
        audit_page(&self.pool, &self.wanted).await
    }

    /// The next ones; none at the end. There may be none in between, where very much was looked through.
    pub async fn next(&mut self) -> Result<Option<AuditPage>, sqlx::Error> {
        if self.ended || self.left == Some(0) {
            return Ok(None);
        }
        let left = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
        self.wanted.limit = EVENTS_AT_ONCE.min(left);
        let page = audit_page(&self.pool, &self.wanted).await?;
        self.left = self.left.map(|left| left.saturating_sub(page.events.len() as u64));
        match page.next {
            Some(behind) => self.go_on_behind(behind),
            None => self.ended = true,
        }
        Ok(Some(page))
    }

    fn go_on_behind(&mut self, position: i64) {
        if self.wanted.newest_first {
            self.wanted.upto = self.wanted.upto.min(position.saturating_sub(1));
        } else {
            self.wanted.after = self.wanted.after.max(position);
        }
    }
}
