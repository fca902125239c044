//! Removing records.

use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeSet;

use super::block::{action_of, check_block, check_blocks, check_lock};
use super::stale::{Judged, check_stale};
use super::write_record::{Target, check_right, needs, right_of, sealed};
use super::{Ask, CarriedLock, Command, Decision, Needs, Office, Precondition, Stream};
use crate::calendar::spans;
use crate::{
    Class, Event, FieldName, HourOf, Kind, Plan, PlanId, Record, RecordId, RecordRemoved, Refusal,
    RefusalCode, SessionChanged,
};

/// Removes a record that no other refers to.
#[derive(Debug, Clone)]
pub struct RemoveRecord {
    /// The plan.
    pub plan: PlanId,
    /// Which record.
    pub target: Target,
    /// The period of a placement; else the session's.
    pub period: Option<String>,
    /// On what the removal is based.
    pub precondition: Precondition,
    /// The lock that it carries.
    pub lock: CarriedLock,
    /// What is wrong with the request's headers and parameters.
    pub shape: Result<(), Refusal>,
}

impl Command for RemoveRecord {
    fn needs(&self) -> Needs {
        match self.target.kind().removal_class() {
            Class::Exclusive => needs(self.target.kind()),
            class => Needs::Right(right_of(class)),
        }
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let plan = office.plan()?;
        let kind = self.target.kind();
        let class = kind.removal_class();
        check_right(office, ask, session, kind, class)?;
        let record = self.find(plan, session.period)?;
        self.shape.clone()?;
        if self.precondition == Precondition::None {
            return Err(Refusal::bare(RefusalCode::RevisionMissing).into());
        }
        let about = |refusal: Refusal| refusal.about(kind, Some(record.id));
        if class == Class::Exclusive {
            check_lock(plan, session, self.lock, &[action_of(kind)]).map_err(about)?;
        }
        if kind.is_of_cover() {
            let periods = plan.periods_of(&spans(kind, &record.fields));
            check_blocks(office, session, class, &periods, ask.today).map_err(about)?;
        } else {
            let touched = record.hour_of.map(|hour| hour.period);
            check_block(office, session, class, touched, ask.today).map_err(about)?;
        }
        let judged = Judged {
            precondition: &self.precondition,
            wanted: &[],
            resolved: &[],
            period: None,
            disjoint: false,
        };
        check_stale(office, ask, record, &judged)?;
        if kind == Kind::Periods && plan.records_of(Kind::Periods).count() == 1 {
            return Err(Refusal::fault("", "a plan has at least one period").into());
        }
        let used_by = used_by(plan, record.id);
        if !used_by.is_empty() {
            return Err(Refusal::with(RefusalCode::InUse, json!({ "used_by": used_by })).into());
        }
        let mut events = Vec::new();
        if kind == Kind::Periods {
            events.extend(leaving(plan, record.id, ask.today));
        }
        events.push((Stream::Plan, removed(record, None).into()));
        Ok(events)
    }
}

/// Whoever works in a period that goes, works in that of today then. Only the holder of the lock is there, in one session.
pub(super) fn leaving(
    plan: &Plan,
    period: RecordId,
    today: NaiveDate,
) -> impl Iterator<Item = (Stream, Event)> {
    let next = plan.period_beside(today, Some(period));
    let there = plan.sessions.iter().filter(move |session| session.period == Some(period));
    there.map(move |session| {
        let changed = SessionChanged { session: session.id, mode: None, period: next, activity: None };
        (Stream::Plan, changed.into())
    })
}

impl RemoveRecord {
    fn find<'a>(&self, plan: &'a Plan, of_session: Option<RecordId>) -> Result<&'a Record, Refusal> {
        let found = match &self.target {
            Target::Named(kind, name) => plan.named(*kind, name),
            Target::Singleton(_) | Target::New(_) => None,
            Target::Hour { lesson, n } => {
                let lesson = plan.named(Kind::Lessons, lesson).ok_or_else(Refusal::not_found)?.id;
                let period = match &self.period {
                    Some(name) => {
                        plan.named(Kind::Periods, name).map(|period| period.id).ok_or_else(|| {
                            Refusal::fault("/query/period", format!("the plan has no period {name:?}"))
                        })?
                    }
                    None => of_session.ok_or_else(Refusal::not_found)?,
                };
                plan.placement(&HourOf { lesson, period, n: *n })
            }
        };
        found.map(AsRef::as_ref).ok_or_else(Refusal::not_found)
    }
}

/// How many users of a record are told at the most.
pub(super) const USED_BY_MAX: usize = 100;

/// Who refers to a record, in the order of their names: `[{record}]`.
fn used_by(plan: &Plan, id: RecordId) -> Vec<serde_json::Value> {
    let mut users = BTreeSet::new();
    for other in plan.records() {
        let mut refers = false;
        other.references(|reference| refers |= reference == id);
        if refers && other.id != id {
            users.insert(plan.subject_of(other));
        }
    }
    users.into_iter().take(USED_BY_MAX).map(|subject| json!({ "record": subject })).collect()
}

/// The event that a record is gone, with what it was.
pub fn removed(record: &Record, import: Option<crate::ImportId>) -> RecordRemoved {
    let fields = record.fields.iter().filter_map(|(name, value)| {
        let field = record.kind.field(name)?;
        Some((FieldName::Borrowed(field.name), sealed(field, record.id, value.clone())))
    });
    RecordRemoved {
        record: record.id,
        kind: record.kind,
        revision: record.revision + 1,
        fields: fields.collect(),
        import,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::command::change_session::ChangeSession;
    use crate::command::end_session::EndSession;
    use crate::command::log_in::LogIn;
    use crate::command::testing::{Desk, PLAN};
    use crate::command::write_record::{How, WriteRecord};
    use crate::{Action, SessionEnd, SessionId, Who};

    fn period(name: &str, body: &serde_json::Value, lock: crate::LockId) -> WriteRecord {
        WriteRecord {
            plan: PLAN.parse().unwrap(),
            target: Target::Named(Kind::Periods, name.to_owned()),
            how: if name == "1" { How::Patch } else { How::Put },
            body: Ok(crate::read_fields(Kind::Periods, body.as_object().unwrap()).unwrap()),
            room: None,
            period: None,
            precondition: if name == "1" { Precondition::Present } else { Precondition::Absent },
            lock: Some(lock),
            disjoint: false,
        }
    }

    fn turns_to_period_2(desk: &mut Desk, session: SessionId) {
        let (plan, period) = (Some(PLAN.parse().unwrap()), Some("2".to_owned()));
        desk.done_in(session, &ChangeSession { plan, mode: None, period, activity: None });
    }

    fn name_of_period(desk: &Desk, session: SessionId) -> Option<String> {
        desk.plan().name_of(desk.plan().sessions.get(session)?.period?)
    }

    #[test]
    fn whoever_works_in_a_period_that_is_removed_works_in_that_of_today_then() {
        let mut desk = Desk::with_plan();
        let (anna, bert) = (desk.log_in("anna"), desk.user("bert"));
        let lock = desk.lock(anna, Action::Periods);
        desk.done_in(anna, &period("1", &json!({ "to": "2027-01-31" }), lock));
        desk.done_in(anna, &period("2", &json!({ "from": "2027-02-01", "to": "2027-07-31" }), lock));
        desk.release(anna, lock);
        let lost = desk.log_in("bert");
        turns_to_period_2(&mut desk, lost);
        let plan = Some(PLAN.parse().unwrap());
        let end = EndSession { plan: plan.clone(), session: lost, reason: SessionEnd::ContactLost };
        desk.done_as(Who::System, None, &end);
        turns_to_period_2(&mut desk, anna);
        let lock = desk.lock(anna, Action::Periods);
        let remove = RemoveRecord {
            plan: PLAN.parse().unwrap(),
            target: Target::Named(Kind::Periods, "2".to_owned()),
            period: None,
            precondition: Precondition::Present,
            lock: Some(lock),
            shape: Ok(()),
        };
        let events = desk.done_in(anna, &remove);
        let types: Vec<&str> = events.iter().map(Event::r#type).collect();
        assert_eq!(types, ["SessionChanged", "RecordRemoved"]);
        assert_eq!(name_of_period(&desk, anna).as_deref(), Some("1"));
        desk.release(anna, lock);
        // And so does he who comes back to it.
        let (mode, period, client, replaces) = (None, None, None, None);
        let back = LogIn { plan, session: lost, mode, period, client, resumed: true, replaces };
        desk.done_as(bert, None, &back);
        assert_eq!(name_of_period(&desk, lost).as_deref(), Some("1"));
    }
}
