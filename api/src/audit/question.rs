//! What is asked of the audit, read and looked up.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Kind, PlanId, name_fault};
use projections::audit::{AuditWanted, bearers, records_named};
use projections::{Moment, moment_at_time};
use serde::Deserialize;

use super::{EVENTS_AT_ONCE, Resolved};
use crate::desk::{Desk, Failure};
use crate::http::{Fault, GivenMoment, GivenPosition, NoMoment, Problem, is_request_id};

/// The most characters of the address of a record: a lesson's name with what stands around it.
const RECORD_LENGTH_MAX: usize = 100;

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
    pub(super) given: Given,
    pub(super) plan: Option<PlanId>,
    from: Option<GivenMoment>,
    to: Option<GivenMoment>,
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
        if given.record.as_deref().is_some_and(|record| !is_record(record)) {
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
            text.and_then(|text| text.parse().map_err(|error: NoMoment| wrong(name, error.to_string())).ok())
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

/// Whether a record may be addressed so.
fn is_record(record: &str) -> bool {
    record.chars().count() <= RECORD_LENGTH_MAX && record_kind(record).is_some()
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
