//! Several changes of a plan, all or nothing.
//!
//! Each is decided by its own rule on the plan as the changes before it leave it, so two hours can be swapped, and a record can be
//! referred to that an earlier change makes. A change names the revision that its record had before the batch, also when an earlier
//! change has changed it: the client cannot know a later one.

use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::remove_record::RemoveRecord;
use super::write_record::WriteRecord;
use super::{Ask, Command, Decision, Needs, Obstruction, Office, Precondition, Stream};
use crate::{At, Event, Fold, HourOf, Kind, Plan, PlanId, Record, RecordId, Refusal, RefusalCode, Right};

/// The most changes of one batch.
pub const CHANGES_MAX: usize = 1_000;

/// Makes several changes.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The plan.
    pub plan: PlanId,
    /// The changes, or what is wrong with the body.
    pub changes: Result<Vec<BatchChange>, Refusal>,
    /// Where the decision leaves what became of each.
    pub report: BatchReport,
}

/// One of the changes.
#[derive(Debug, Clone)]
pub struct BatchChange {
    /// The verb, as it was written.
    pub verb: String,
    /// The path, as it was written.
    pub path: String,
    /// What it does.
    pub what: BatchWrite,
}

/// What one of the changes does.
#[derive(Debug, Clone)]
pub enum BatchWrite {
    /// Makes or changes a record.
    Write(Box<WriteRecord>),
    /// Removes a record.
    Remove(Box<RemoveRecord>),
}

/// What became of one of the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchDone {
    /// The record was made.
    Created(RecordId),
    /// It was changed.
    Changed(RecordId),
    /// It was so already.
    Unchanged(RecordId),
    /// It was removed.
    Removed,
}

/// Where the last decision leaves what became of each change, for the answer.
pub type BatchReport = Arc<Mutex<Vec<BatchDone>>>;

impl Command for Batch {
    fn needs(&self) -> Needs {
        Needs::AnyOf(&[Right::Data, Right::Timetable, Right::Cover, Right::Settings])
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        office.writing_session(ask)?;
        let changes = self.changes.as_ref().map_err(Clone::clone)?;
        let base = office.plan()?;
        let mut scratch = base.clone();
        let mut touched: HashSet<RecordId> = HashSet::new();
        let mut all = Vec::new();
        let mut report = Vec::with_capacity(changes.len());
        for (index, change) in changes.iter().enumerate() {
            let decided = change.decide(office, base, &scratch, &touched, ask);
            let events = decided.map_err(|obstruction| in_batch(obstruction, index, change))?;
            // The session as the changes before leave it: one of them may have removed its period.
            let own = ask.session.and_then(|id| scratch.sessions.get(id)).and_then(|session| session.period);
            report.push(change.done(&events, &scratch, own));
            for (_, event) in &events {
                touched.extend(event.subject().map(RecordId));
                // Nobody knows the epoch of a revision that is not written yet; nobody can name it either.
                scratch.evolve(event, &At { version: 0, epoch: 0, stamp: None });
            }
            all.extend(events);
        }
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
        Ok(all)
    }
}

impl BatchChange {
    fn decide(
        &self,
        office: &Office<'_>,
        base: &Plan,
        scratch: &Plan,
        touched: &HashSet<RecordId>,
        ask: &mut Ask<'_>,
    ) -> Decision {
        let so_far = Office { plan: Some(scratch), ..office.clone() };
        let decided = self.decide_on(&so_far, base, touched, ask);
        let Err(Obstruction::NeedsHistory { record, .. }) = decided else { return decided };
        if !touched.contains(&record) {
            return decided;
        }
        // It was stale before the batch already, or it cannot know what it is based on.
        if base.record(record).is_some()
            && let Err(stale) = self.decide_on(office, base, &HashSet::new(), ask)
        {
            return Err(stale);
        }
        if *self.precondition() == Precondition::Absent {
            return Err(Refusal::bare(RefusalCode::Exists).into());
        }
        let detail =
            "an earlier change of the batch has made this record: write * for whatever its revision is";
        Err(Refusal::fault("/if_match", detail).into())
    }

    fn decide_on(
        &self,
        office: &Office<'_>,
        base: &Plan,
        touched: &HashSet<RecordId>,
        ask: &mut Ask<'_>,
    ) -> Decision {
        let there = office.plan()?;
        let period = office.own_session(ask)?.period;
        let record = self.record(there, period).filter(|record| touched.contains(&record.id));
        // Whoever names the revision from before the batch knows what the batch does to the record.
        let before = record.and_then(|record| base.record(record.id)).map(|it| (it.epoch, it.revision));
        let known = |it: &Precondition| match (it, before) {
            (Precondition::Revisions(named), Some(before)) if named.contains(&before) => {
                Precondition::Present
            }
            (given, _) => given.clone(),
        };
        match &self.what {
            BatchWrite::Write(write) => {
                office.check_needs(write.needs(), ask.who)?;
                let precondition = known(&write.precondition);
                if precondition == write.precondition {
                    return write.decide(office, ask);
                }
                WriteRecord { precondition, ..(**write).clone() }.decide(office, ask)
            }
            BatchWrite::Remove(remove) => {
                office.check_needs(remove.needs(), ask.who)?;
                let precondition = known(&remove.precondition);
                RemoveRecord { precondition, ..(**remove).clone() }.decide(office, ask)
            }
        }
    }

    fn precondition(&self) -> &Precondition {
        match &self.what {
            BatchWrite::Write(write) => &write.precondition,
            BatchWrite::Remove(remove) => &remove.precondition,
        }
    }

    /// The record that it is about, if it is there.
    fn record<'a>(&self, plan: &'a Plan, own_period: Option<RecordId>) -> Option<&'a Arc<Record>> {
        use super::write_record::Target;
        let (target, period) = match &self.what {
            BatchWrite::Write(write) => (&write.target, &write.period),
            BatchWrite::Remove(remove) => (&remove.target, &remove.period),
        };
        match target {
            Target::Named(kind, name) => plan.named(*kind, name),
            Target::Singleton(kind) => plan.singleton(*kind),
            Target::New(_) => None,
            Target::Hour { lesson, n } => {
                let lesson = plan.named(Kind::Lessons, lesson)?.id;
                let period = match period {
                    Some(name) => plan.named(Kind::Periods, name)?.id,
                    None => own_period?,
                };
                plan.placement(&HourOf { lesson, period, n: *n })
            }
        }
    }

    fn done(&self, events: &[(Stream, Event)], before: &Plan, own_period: Option<RecordId>) -> BatchDone {
        if matches!(self.what, BatchWrite::Remove(_)) {
            return BatchDone::Removed;
        }
        let made = events.iter().find_map(|(_, event)| match event {
            Event::RecordCreated(e) => Some(BatchDone::Created(e.record)),
            Event::RecordChanged(e) => Some(BatchDone::Changed(e.record)),
            _ => None,
        });
        made.unwrap_or_else(|| {
            let there = self.record(before, own_period).map(|record| record.id);
            BatchDone::Unchanged(there.unwrap_or(RecordId(uuid::Uuid::nil())))
        })
    }
}

/// The refusal of one change as that of the batch: it names the change, and its pointers begin there.
fn in_batch(obstruction: Obstruction, index: usize, change: &BatchChange) -> Obstruction {
    let Obstruction::Refused(mut refusal) = obstruction else { return obstruction };
    let failed = json!({ "index": index, "verb": change.verb, "path": change.path });
    refusal.members.insert("failed".into(), failed);
    for error in
        refusal.members.get_mut("errors").and_then(|errors| errors.as_array_mut()).into_iter().flatten()
    {
        let Some(pointer) = error["pointer"].as_str() else { continue };
        let place = match pointer {
            "/if_match" => format!("/changes/{index}/if_match"),
            below if below.starts_with("/query") || below.starts_with("/path") => {
                format!("/changes/{index}/path")
            }
            below => format!("/changes/{index}/body{below}"),
        };
        error["pointer"] = place.into();
    }
    Obstruction::Refused(refusal)
}

#[cfg(test)]
mod tests;
