//! The auditor's questions, however they are asked: over HTTP or on the host.
//!
//! Whoever asks is noted in the ledger before he is answered, and what he is shown ends before that note: so the pages of a list stay
//! what they are, and a list that is read from the oldest event on has an end. The note itself shows to whoever asks next.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::command::read_audit::ReadAudit;
use domain::{AuditForm, AuditRead, Kind, Personal, PlanId, Who, name_fault};
use projections::audit::{AuditPage, AuditWanted, audit_page, bearers, reached, records_named};
use projections::{Moment, moment_at_time};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::desk::{Answer, Desk, Extra, Failure, Request};
use crate::http::{Code, Fault, GivenMoment, GivenPosition, Problem, is_request_id};

pub mod export;
pub mod shown;

/// How many events are read at once where all are wanted.
const EVENTS_AT_ONCE: usize = 500;

/// What is asked, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Only events of this plan.
    pub plan: Option<String>,
    /// Only events about this record: `teachers/GAUSS`.
    pub record: Option<String>,
    /// Only what this user (`anna`) or program (`token:NAME`) did.
    pub actor: Option<String>,
    /// Only events of this type.
    pub r#type: Option<String>,
    /// Only what the request with this id did.
    pub request: Option<String>,
    /// From this position or time on.
    pub from: Option<String>,
    /// Before this position or time.
    pub to: Option<String>,
    /// What comes first.
    pub order: Option<Order>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The newest events.
    #[default]
    Newest,
    /// The oldest events.
    Oldest,
}

/// A question that can be read.
#[derive(Debug, Clone)]
pub struct Question {
    given: Given,
    plan: Option<PlanId>,
    from: Option<GivenMoment>,
    to: Option<GivenMoment>,
}

/// Where a page goes on, and where the list ends, which it does where it ended when its first page was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last position that was looked at.
    pub behind: i64,
    /// The last position of the list.
    pub upto: i64,
}

impl Question {
    /// Reads it; all that is wrong is told: 422.
    pub fn read(given: Given) -> Result<Question, Problem> {
        let mut faults = Vec::new();
        let mut wrong = |name: &str, detail: String| faults.push(Fault::at(format!("/query/{name}"), detail));
        let plan = given
            .plan
            .as_deref()
            .and_then(|plan| plan.parse::<PlanId>().map_err(|error| wrong("plan", error.to_string())).ok());
        if given.record.as_deref().is_some_and(|record| record_kind(record).is_none()) {
            wrong(
                "record",
                "a record is named like teachers/GAUSS, lessons/7/placements/2 or time-grid".into(),
            );
        }
        let actor = given.actor.as_deref().map(|actor| actor.strip_prefix("token:").unwrap_or(actor));
        for (name, text) in [("actor", actor), ("type", given.r#type.as_deref())] {
            if let Some(fault) = text.and_then(name_fault) {
                wrong(name, fault.to_owned());
            }
        }
        if given.request.as_deref().is_some_and(|request| !is_request_id(request)) {
            wrong("request", "a request id has 1 to 128 letters, digits and -_.:/+=@".into());
        }
        let mut moment = |name: &str, text: Option<&str>| {
            text.and_then(|text| {
                text.parse().map_err(|error: crate::http::NoMoment| wrong(name, error.to_string())).ok()
            })
        };
        let (from, to) = (moment("from", given.from.as_deref()), moment("to", given.to.as_deref()));
        if faults.is_empty() {
            Ok(Question { given, plan, from, to })
        } else {
            Err(Problem::invalid_all(&faults))
        }
    }

    /// The plan that all events belong to, if there is one.
    pub fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    /// Finds out what the names mean: 409 for a position of another epoch.
    pub async fn resolve(self, desk: &Desk) -> Result<Resolved, Problem> {
        let pool = desk.projections.pool();
        let records = match &self.given.record {
            Some(record) => {
                Some(records_named(pool, self.plan.as_ref(), record).await.map_err(Failure::from)?)
            }
            None => None,
        };
        let actors = match &self.given.actor {
            Some(actor) => Some(bearers(pool, actor).await.map_err(Failure::from)?),
            None => None,
        };
        let after = match self.from {
            Some(from) => before(desk, from).await?,
            None => 0,
        };
        let upto = match self.to {
            Some(to) => before(desk, to).await?,
            None => i64::MAX,
        };
        let wanted = AuditWanted {
            plan: self.plan.clone(),
            records,
            actors,
            r#type: self.given.r#type.clone(),
            request: self.given.request.clone(),
            after,
            upto,
            newest_first: self.given.order.unwrap_or_default() == Order::Newest,
            limit: EVENTS_AT_ONCE,
        };
        Ok(Resolved { question: self, wanted })
    }
}

/// The last position before a moment.
async fn before(desk: &Desk, moment: GivenMoment) -> Result<i64, Problem> {
    match moment {
        GivenMoment::Position(given) => {
            check_epoch(desk, given).await?;
            Ok(given.number.saturating_sub(1))
        }
        GivenMoment::Time(time) => {
            let found = moment_at_time(desk.projections.pool(), just_before(time)).await;
            Ok(match found.map_err(Failure::from)? {
                Moment::AsOf(position) => position,
                Moment::Now => i64::MAX,
            })
        }
    }
}

/// The last moment before another that the ledger can tell from it.
fn just_before(time: DateTime<Utc>) -> DateTime<Utc> {
    let finer = time.timestamp_subsec_nanos() % 1_000;
    let step = if finer == 0 { 1_000 } else { finer };
    time.checked_sub_signed(TimeDelta::nanoseconds(step.into())).unwrap_or(time)
}

/// 409 for a position of another epoch.
pub async fn check_epoch(desk: &Desk, given: GivenPosition) -> Result<(), Problem> {
    if given.epoch.is_none_or(|epoch| epoch == desk.epoch()) {
        return Ok(());
    }
    let head = desk.ledger.head().await.map_err(Failure::from)?;
    if given.epoch == Some(head.epoch) { Ok(()) } else { Err(Problem::epoch_changed(head.at().to_string())) }
}

/// The kind of a record by its address below the plan; nothing for what is none.
pub fn record_kind(record: &str) -> Option<Kind> {
    let Some((kind, name)) = record.split_once('/') else {
        return record.parse().ok().filter(|kind: &Kind| kind.is_singleton());
    };
    let kind: Kind = kind.parse().ok().filter(|kind| Kind::NAMED.contains(kind) && !name.is_empty())?;
    let hour = name.rsplit_once("/placements/").filter(|_| kind == Kind::Lessons);
    let is_hour = hour.is_some_and(|(_, n)| n.parse::<u32>().is_ok());
    Some(if is_hour { Kind::Placements } else { kind })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_address() {
        for (record, kind) in [
            ("teachers/GAUSS", Some(Kind::Teachers)),
            ("rooms/A/1", Some(Kind::Rooms)),
            ("lessons/7/placements/2", Some(Kind::Placements)),
            ("lessons/7/placements/x", Some(Kind::Lessons)),
            ("time-grid", Some(Kind::TimeGrid)),
            ("teachers", None),
            ("teachers/", None),
            ("placements/2", None),
            ("sessions/1", None),
            ("", None),
        ] {
            assert_eq!(record_kind(record), kind, "{record}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_question_is_told() {
        let some = |text: &str| Some(text.to_owned());
        let given = Given {
            plan: some("100234"),
            record: some("sessions/1"),
            actor: some("token:"),
            r#type: some(""),
            request: some("a b"),
            from: some("yesterday"),
            to: some("1.x"),
            order: None,
        };
        let problem = Question::read(given).unwrap_err();
        let errors = problem.members["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().filter_map(|it| it["pointer"].as_str()).collect();
        let all = ["plan", "record", "actor", "type", "request", "from", "to"];
        assert_eq!(pointers, all.map(|name| format!("/query/{name}")));
        assert!(Question::read(Given::default()).is_ok());
    }

    #[test]
    fn before_a_time_is_what_the_ledger_can_tell_from_it() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let before = just_before(time("2026-11-22T08:00:00Z"));
        assert_eq!(before, time("2026-11-22T07:59:59.999999Z"));
        assert_eq!(just_before(time("2026-11-22T08:00:00.000001500Z")), time("2026-11-22T08:00:00.000001Z"));
    }
}
