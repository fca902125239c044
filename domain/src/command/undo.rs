//! Taking back changes that were written: new changes, by the ordinary rules, all or nothing.
//!
//! What is taken back is handed in as it stands in the ledger, newest first, and each change is judged on the plan as those before
//! leave it, so that one can build on another. A field is set back only while it still says what the change said; what has been
//! taken back already is left alone. Whether all references lead somewhere, and what depends on other records, is judged at the end:
//! an import makes and removes records that refer to one another in any order.

use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::block::check_lock;
use super::{Ask, CarriedLock, Command, Decision, Needs, Obstruction, Office, Stream};
use crate::{
    Action, At, Event, Fold, ImportCount, ImportId, Kind, Plan, PlanId, Position, Record, RecordChanged,
    RecordCreated, RecordId, Refusal, RefusalCode, Right, Session,
};

mod rules;
mod step;
mod was;

pub use was::Was;

/// The most positions of one request.
pub const POSITIONS_MAX: usize = 1_000;

/// Takes back changes of a plan.
#[derive(Debug, Clone)]
pub struct Undo {
    /// The plan.
    pub plan: PlanId,
    /// What is taken back, or what is wrong with the request.
    pub what: Result<Undoing, Refusal>,
    /// The lock that it carries.
    pub lock: CarriedLock,
    /// Where the decision leaves what became of it.
    pub report: UndoReport,
}

/// Changes that are to be taken back.
#[derive(Debug, Clone)]
pub struct Undoing {
    /// The changes, newest first, each once.
    pub changes: Arc<[Done]>,
    /// The import whose changes they are, when it was named as a whole.
    pub import: Option<ImportId>,
}

/// A change that was written.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its place among the positions of the request; nothing for one of an import.
    pub index: Option<usize>,
    /// Where it stands.
    pub position: Position,
    /// What it did.
    pub what: DoneWhat,
}

/// What a change did.
#[derive(Debug, Clone)]
pub enum DoneWhat {
    /// It made a record.
    Created(RecordCreated),
    /// It changed a record.
    Changed(RecordChanged),
    /// It removed a record.
    Removed {
        /// The record as it was.
        was: Box<Record>,
        /// The revision that it ended with.
        revision: u64,
        /// Whether an import removed it.
        by_import: bool,
    },
}

/// What became of the records, by kind: there again, changed, so already, removed.
pub type UndoCounts = BTreeMap<Kind, ImportCount>;

/// Where the last decision leaves what became of the records, for the answer.
pub type UndoReport = Arc<Mutex<UndoCounts>>;

impl Done {
    /// The record that it is about.
    pub fn record(&self) -> RecordId {
        match &self.what {
            DoneWhat::Created(e) => e.record,
            DoneWhat::Changed(e) => e.record,
            DoneWhat::Removed { was, .. } => was.id,
        }
    }

    /// The kind of that record.
    pub fn kind(&self) -> Kind {
        match &self.what {
            DoneWhat::Created(e) => e.kind,
            DoneWhat::Changed(e) => e.kind,
            DoneWhat::Removed { was, .. } => was.kind,
        }
    }

    /// Whether an import did it.
    pub fn is_of_import(&self) -> bool {
        match &self.what {
            DoneWhat::Created(e) => e.import.is_some(),
            DoneWhat::Changed(e) => e.import.is_some(),
            DoneWhat::Removed { by_import, .. } => *by_import,
        }
    }
}

impl Command for Undo {
    fn needs(&self) -> Needs {
        Needs::AnyOf(&[Right::Data, Right::Timetable, Right::Cover, Right::Settings, Right::Import])
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let undoing = self.what.as_ref().map_err(Clone::clone)?;
        let base = office.plan()?;
        let under_import = self.is_under_import(base, session, undoing)?;
        let mut work = Work::new(base, self.lock, under_import);
        for done in &*undoing.changes {
            if let Err(obstruction) = work.take_back(office, ask, done) {
                self.check_lock_would_do(office, ask, undoing, &obstruction)?;
                return Err(named(obstruction, base, Some(done), undoing.import));
            }
        }
        work.check(undoing).map_err(|(refusal, done)| named(refusal.into(), base, done, undoing.import))?;
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = work.counts;
        Ok(work.events)
    }
}

impl Undo {
    /// Whether it carries the lock of an import: then what imports did is taken back as an import is made, by the right to import and
    /// by nothing else, because nobody else is in the plan. Without that lock each change takes its own right, mode and lock.
    fn is_under_import(&self, plan: &Plan, session: &Session, undoing: &Undoing) -> Result<bool, Refusal> {
        let imports = [Action::DataImport, Action::DepartmentImport];
        if undoing.import.is_some() && self.lock.is_some_and(|lock| plan.lock(lock).is_none()) {
            check_lock(plan, session, self.lock, &imports)?;
        }
        let carried = self.lock.and_then(|lock| plan.lock(lock));
        Ok(carried.is_some_and(|lock| lock.session == session.id && imports.contains(&lock.action)))
    }
}

impl Undo {
    /// Who may import is told of the lock that takes a whole import back, in place of what its single changes would take.
    fn check_lock_would_do(
        &self,
        office: &Office<'_>,
        ask: &Ask<'_>,
        undoing: &Undoing,
        obstruction: &Obstruction,
    ) -> Result<(), Refusal> {
        let Obstruction::Refused(refusal) = obstruction else { return Ok(()) };
        let helps = matches!(refusal.code, RefusalCode::NotPermitted | RefusalCode::LockMissing);
        if !helps || undoing.import.is_none() || !office.accounts.may(ask.who, Right::Import) {
            return Ok(());
        }
        check_lock(office.plan()?, office.own_session(ask)?, self.lock, &[Action::DataImport]).map(|_| ())
    }
}

/// A taking back that is being worked out.
struct Work<'a> {
    base: &'a Plan,
    /// The plan as the changes so far leave it.
    scratch: Plan,
    lock: CarriedLock,
    under_import: bool,
    events: Vec<(Stream, Event)>,
    counts: UndoCounts,
    /// The records that were touched, each with the change that was the first to do it, in that order.
    touched: Vec<(RecordId, usize)>,
    known: HashSet<RecordId>,
    /// The change that led to the removal of a record.
    removed_by: HashMap<RecordId, usize>,
    /// The number of changes looked at.
    at: usize,
}

impl<'a> Work<'a> {
    fn new(base: &'a Plan, lock: CarriedLock, under_import: bool) -> Work<'a> {
        Work {
            base,
            scratch: base.clone(),
            lock,
            under_import,
            events: Vec::new(),
            counts: UndoCounts::new(),
            touched: Vec::new(),
            known: HashSet::new(),
            removed_by: HashMap::new(),
            at: 0,
        }
    }

    /// Judges one change and takes in what takes it back.
    fn take_back(&mut self, office: &Office<'_>, ask: &mut Ask<'_>, done: &Done) -> Result<(), Obstruction> {
        let events = self.decide(office, ask, done)?;
        let count = self.counts.entry(done.kind()).or_default();
        match (events.is_empty(), &done.what) {
            (true, _) => count.unchanged += 1,
            (false, DoneWhat::Created(_)) => count.removed += 1,
            (false, DoneWhat::Changed(_)) => count.changed += 1,
            (false, DoneWhat::Removed { .. }) => count.created += 1,
        }
        if !events.is_empty() && self.known.insert(done.record()) {
            self.touched.push((done.record(), self.at));
        }
        for event in events {
            if matches!(event, Event::RecordRemoved(_)) {
                self.removed_by.insert(done.record(), self.at);
            }
            // Nobody knows the epoch of a revision that is not written yet.
            self.scratch.evolve(&event, &At { version: 0, epoch: 0, stamp: None });
            self.events.push((Stream::Plan, event));
        }
        self.at += 1;
        Ok(())
    }
}

/// The refusal as that of the request: it says which change could not be taken back, and its pointers lead there.
fn named(
    obstruction: Obstruction,
    plan: &Plan,
    done: Option<&Done>,
    import: Option<ImportId>,
) -> Obstruction {
    let Obstruction::Refused(mut refusal) = obstruction else { return obstruction };
    let pointer = match done.and_then(|done| done.index) {
        Some(index) => format!("/positions/{index}"),
        None if import.is_some() => "/import".to_owned(),
        None => String::new(),
    };
    if let Some(done) = done {
        let record = plan.record(done.record()).map(|record| plan.subject_of(record));
        let failed = json!({ "index": done.index, "position": done.position.to_string(), "record": record });
        refusal.members.insert("failed".into(), failed);
    }
    let errors = refusal.members.get_mut("errors").and_then(|errors| errors.as_array_mut());
    for error in errors.into_iter().flatten() {
        error["pointer"] = pointer.clone().into();
    }
    Obstruction::Refused(refusal)
}

#[cfg(test)]
mod tests;
