//! The result of an optimisation: the hours of lessons in the periods that were optimised, all or nothing.
//!
//! An optimisation is its lock and has its id. While it runs nobody edits in its periods, its holder neither; the result comes through
//! the lock, and with it the lock ends: what is to be tried again is started again.

use std::collections::{BTreeMap, HashSet};

use super::write_record::{check_placement, differences, resolve, sealed, set_room};
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    Action, ChangeRefused, Event, FieldFault, FieldName, Fields, HourOf, Kind, Lock, LockEnd, LockEnded,
    LockId, OptimisationDone, Plan, PlanId, RecordChanged, RecordCreated, RecordId, Refusal, RefusalCode,
    Right, Session, Wanted,
};

/// The most placements of one result.
pub const PLACEMENTS_MAX: usize = 50_000;
/// The most faults that are told.
const FAULTS_MAX: usize = 1_000;

/// Takes the result of an optimisation.
#[derive(Debug, Clone)]
pub struct TakeOptimisation {
    /// The plan.
    pub plan: PlanId,
    /// The optimisation, which is its lock.
    pub optimisation: LockId,
    /// The hours, or what is wrong with the body. Hours that are not named stay where they are.
    pub placements: Result<Vec<OptimisedHour>, Refusal>,
}

/// Where an hour of a lesson is to be.
#[derive(Debug, Clone)]
pub struct OptimisedHour {
    /// The name of the lesson.
    pub lesson: String,
    /// From 1.
    pub n: u32,
    /// The name of the period.
    pub period: String,
    /// The fields of the placement; one that is not named stays as it is.
    pub fields: Vec<Wanted>,
    /// A room for all rows; `Some(None)` unsets it.
    pub room: Option<Option<String>>,
}

impl Command for TakeOptimisation {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Optimise)
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let plan = office.plan()?;
        check_own(plan, session.id, self.optimisation)?;
        let placements = self.placements.as_ref().map_err(Clone::clone)?;
        let lock = running(plan, session, self.optimisation)?;
        let mut faults = Vec::new();
        let mut named = HashSet::with_capacity(placements.len());
        let mut events = Vec::new();
        for (index, hour) in placements.iter().enumerate() {
            match hour.placed(plan, lock, &mut named, ask) {
                Ok(event) => events.extend(event.map(|event| (Stream::Plan, event))),
                Err(own) => faults.extend(own.into_iter().map(|fault| FieldFault {
                    pointer: format!("/placements/{index}{}", fault.pointer),
                    ..fault
                })),
            }
            if faults.len() >= FAULTS_MAX {
                faults.truncate(FAULTS_MAX);
                break;
            }
        }
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults).into());
        }
        let done = OptimisationDone { optimisation: self.optimisation, placed: placements.len() as u64 };
        events.push((Stream::Plan, done.into()));
        events.push((Stream::Plan, LockEnded { lock: self.optimisation, reason: LockEnd::Done }.into()));
        Ok(events)
    }
}

/// Checks that there is, or was, such an optimisation of this session: 404, 403.
pub(super) fn check_own(plan: &Plan, session: crate::SessionId, optimisation: LockId) -> Result<(), Refusal> {
    let ended = || plan.lock_ended(optimisation).map(|(lock, _)| lock);
    match plan.lock(optimisation).or_else(ended) {
        Some(lock) if !lock.action.is_optimisation() => Err(Refusal::not_found()),
        Some(lock) if lock.session == session => Ok(()),
        Some(_) => Err(Refusal::not_permitted("plan")),
        None => Err(Refusal::not_found()),
    }
}

/// The lock of an optimisation that is not over: else 409 `lock-ended`.
fn running<'a>(plan: &'a Plan, session: &Session, optimisation: LockId) -> Result<&'a Lock, Refusal> {
    plan.lock(optimisation).ok_or_else(|| {
        let action = plan.lock_ended(optimisation).map_or(Action::Optimise, |(lock, _)| lock.action);
        let mut event = ChangeRefused::new(session.who, Some(session.id), RefusalCode::LockEnded);
        event.action = Some(action);
        Refusal::lock(RefusalCode::LockEnded, action).recorded(event)
    })
}

impl OptimisedHour {
    /// The event that puts it there; none when it is there already.
    fn placed(
        &self,
        plan: &Plan,
        lock: &Lock,
        named: &mut HashSet<HourOf>,
        ask: &mut Ask<'_>,
    ) -> Result<Option<Event>, Vec<FieldFault>> {
        let hour_of = self.hour_of(plan, lock, named)?;
        let there = plan.placement(&hour_of);
        let before = there.map(|record| record.fields.clone());
        let mut faults = Vec::new();
        let after = self.after(plan, hour_of, before.as_ref(), &mut faults);
        check_placement(plan, hour_of, &after, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let kind = Kind::Placements;
        let Some(record) = there else {
            let id = RecordId((ask.new_id)());
            let fields: BTreeMap<FieldName, _> = after
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((FieldName::Borrowed(name), sealed(kind.field(name)?, id, value)))
                })
                .collect();
            let revision = plan.last_revision_of_hour(&hour_of) + 1;
            let created =
                RecordCreated { record: id, kind, revision, hour_of: Some(hour_of), fields, import: None };
            return Ok(Some(created.into()));
        };
        let changes = differences(kind, record.id, before.as_ref(), &after);
        let revision = record.revision + 1;
        let changed =
            RecordChanged { record: record.id, kind, revision, period: None, changes, import: None };
        Ok((!changed.changes.is_empty()).then(|| changed.into()))
    }

    fn hour_of(
        &self,
        plan: &Plan,
        lock: &Lock,
        named: &mut HashSet<HourOf>,
    ) -> Result<HourOf, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let lesson = plan.named(Kind::Lessons, &self.lesson);
        if lesson.is_none() {
            faults.push(FieldFault::new("/lesson", format!("the plan has no lesson {:?}", self.lesson)));
        }
        let period = plan.named(Kind::Periods, &self.period);
        match period {
            None => {
                faults.push(FieldFault::new("/period", format!("the plan has no period {:?}", self.period)));
            }
            Some(period) if !lock.covers(Some(period.id)) => {
                faults.push(FieldFault::new("/period", "this optimisation is not of that period"));
            }
            Some(_) => {}
        }
        let (Some(lesson), Some(period)) = (lesson, period) else { return Err(faults) };
        let hour_of = HourOf { lesson: lesson.id, period: period.id, n: self.n };
        if faults.is_empty() && !named.insert(hour_of) {
            faults.push(FieldFault::new("", "this hour of the lesson is placed twice"));
        }
        if faults.is_empty() { Ok(hour_of) } else { Err(faults) }
    }

    fn after(
        &self,
        plan: &Plan,
        hour_of: HourOf,
        before: Option<&Fields>,
        faults: &mut Vec<FieldFault>,
    ) -> Fields {
        let mut after = before.cloned().unwrap_or_default();
        for (field, value) in &self.fields {
            match value.as_ref().map(|value| resolve(plan, field, value, &after)) {
                None => {
                    after.remove(field.name);
                }
                Some(Ok(value)) => {
                    after.insert(field.name, value);
                }
                Some(Err(more)) => faults.extend(more),
            }
        }
        if let Some(room) = &self.room {
            set_room(plan, hour_of, &mut after, room.as_deref(), faults);
        }
        after
    }
}

#[cfg(test)]
mod tests;
