//! The import of Untis GPU files (RULES.md, section 7): what the rows of the files change in a plan, as the same record
//! events that editing leads to, all or nothing.
//!
//! The files state names; the import gives new records their ids first, so that records of the same files can refer to
//! each other in any order, then says of every record what its fields are to be, and at last compares that with
//! what they are. What is the same leaves no event, so a repeated import leaves none at all.

mod cover;
mod department;
mod draft;
mod lessons;
mod masters;
mod placements;
mod removals;
mod time_grid;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::command::block::check_lock;
use crate::command::{Ask, CarriedLock, Command, Decision, Needs, Office, Stream};
use crate::gpu::{Faults, FileRows, GpuFiles};
use crate::{
    Action, Event, ImportCount, ImportDone, ImportFile, ImportId, Kind, Plan, PlanId, RecordId, Refusal,
    RefusalCode, Right,
};
use draft::Draft;

/// Events that one import may lead to; the ledger takes no longer append.
pub const EVENTS_MAX: usize = 100_000;

/// What an empty field of a file means, and what a record that a file lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// An empty field leaves what there is; so does a missing record.
    #[default]
    Merge,
    /// An empty field unsets; records of a given file's kind that it lacks are removed.
    Replace,
}

/// Where the lessons come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LessonSource {
    /// GPU002, or the plan where it is not given.
    #[default]
    File,
    /// The rows of GPU001: for schools whose two files do not fit together.
    Timetable,
}

/// Takes in the rows of files.
#[derive(Debug, Clone)]
pub struct ImportFiles {
    /// The plan.
    pub plan: PlanId,
    /// The id that the import will have.
    pub import: ImportId,
    /// The files, as [`crate::gpu::read`] read them.
    pub files: Arc<GpuFiles>,
    /// What empty fields and missing records mean.
    pub mode: ImportMode,
    /// Where the lessons come from.
    pub lessons: LessonSource,
    /// Whether unknown names become records.
    pub create_missing: bool,
    /// Name of the period whose placements GPU001 holds; else the session's.
    pub period: Option<String>,
    /// Name of the department that alone is taken in: its records, and none of the others'.
    pub department: Option<String>,
    /// The lock that the import carries.
    pub lock: CarriedLock,
    /// Where the decision leaves its report.
    pub report: ReportSlot,
}

/// What an import leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportOutcome {
    /// The record events, in an order in which nothing is removed before what refers to it.
    pub events: Vec<Event>,
    /// What its answer tells.
    pub report: ImportReport,
}

/// What the answer to an import tells, under the names of the API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportReport {
    /// The files with their rows.
    pub files: Vec<FileRows>,
    /// How many records of each kind it touches.
    pub counts: BTreeMap<Kind, ImportCount>,
    /// What is odd.
    pub warnings: Vec<String>,
    /// Files that were not used.
    pub ignored: Vec<String>,
}

/// Where the last decision leaves its report. Warnings quote names, which belong in no event, and an import that changes
/// nothing has no event at all; whoever answers takes the report from here.
pub type ReportSlot = Arc<Mutex<Option<ImportReport>>>;

impl Command for ImportFiles {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Import)
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let session = office.writing_session(ask)?;
        let plan = office.plan()?;
        check_lock(plan, session, self.lock, &[self.action()])?;
        let ImportOutcome { events, report } = self.preview(office, ask)?;
        let done = (!events.is_empty()).then(|| self.done(&report).into());
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        Ok(events.into_iter().chain(done).map(|event| (Stream::Plan, event)).collect())
    }
}

impl ImportFiles {
    /// The action whose lock it carries.
    pub fn action(&self) -> Action {
        if self.department.is_some() { Action::DepartmentImport } else { Action::DataImport }
    }

    /// What the import would do to the plan as it is, without a lock (`dry_run`). Faults are a refusal.
    pub fn preview(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Result<ImportOutcome, Refusal> {
        let plan = office.plan()?;
        let period = match &self.period {
            Some(name) => plan.named(Kind::Periods, name).map(|period| period.id),
            None => ask.session.and_then(|id| plan.sessions.get(id)).and_then(|session| session.period),
        };
        let period = match (period, &self.period) {
            (Some(period), _) => period,
            (None, Some(name)) => {
                return Err(Refusal::fault("/period", format!("the plan has no period {name:?}")));
            }
            (None, None) => plan.period_of(ask.today).ok_or_else(Refusal::not_found)?,
        };
        if let Some(name) = &self.department
            && !department::is_known(name, &self.files, plan)
        {
            let detail = format!("neither the files nor the plan have a department {name:?}");
            return Err(Refusal::fault("/department", detail));
        }
        self.work_out(plan, period, ask.new_id).map_err(|faults| refused(&faults))
    }

    /// What the import does to a plan; `period` is the one whose placements GPU001 holds.
    pub fn work_out(
        &self,
        plan: &Plan,
        period: RecordId,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<ImportOutcome, Faults> {
        let files = match &self.department {
            Some(name) => Cow::Owned(department::only(name, &self.files, plan)),
            None => Cow::Borrowed(&*self.files),
        };
        let mut draft = Draft::new(self, &files, plan, period, new_id);
        draft.declare_masters();
        draft.fill_masters();
        let lessons = draft.draft_lessons();
        draft.draft_placements(&lessons);
        draft.fill_cover(&lessons);
        draft.widen_time_grid();
        draft.finish()
    }

    /// The event that says what the import was.
    fn done(&self, report: &ImportReport) -> ImportDone {
        let file = |file: &FileRows| ImportFile { file: file.file.clone(), rows: file.rows as u64 };
        ImportDone {
            import: self.import,
            files: report.files.iter().map(file).collect(),
            counts: report.counts.clone(),
            warnings: report.warnings.len() as u64,
        }
    }
}

/// `import-faults`: 422, and nothing is stored.
fn refused(faults: &Faults) -> Refusal {
    let errors: Vec<_> = faults
        .items
        .iter()
        .map(|fault| {
            json!({ "file": fault.file, "line": fault.line, "column": fault.column, "detail": fault.detail })
        })
        .collect();
    Refusal::with(RefusalCode::ImportFaults, json!({ "errors": errors, "more": faults.more }))
}

#[cfg(test)]
pub(crate) mod tests;
