//! What must hold when everything is taken back: references lead somewhere, and dates, hours and periods fit.

use serde_json::json;
use std::collections::BTreeSet;

use super::{Done, Undoing, Work};
use crate::command::remove_record::USED_BY_MAX;
use crate::command::write_record::{check_placement, check_standing};
use crate::{FieldFault, Record, RecordId, Refusal, RefusalCode};

impl Work<'_> {
    /// 422 where a record would not fit, 409 `in-use` where one that goes is still referred to; with the change that leads to it.
    pub(super) fn check<'u>(&self, undoing: &'u Undoing) -> Result<(), (Refusal, Option<&'u Done>)> {
        for (id, at) in &self.touched {
            let done = &undoing.changes[*at];
            if let Some(record) = self.scratch.record(*id) {
                self.check_record(record, done).map_err(|refusal| (refusal, Some(done)))?;
            }
        }
        self.check_use().map_err(|(refusal, at)| (refusal, undoing.changes.get(at)))
    }

    fn check_record(&self, record: &Record, done: &Done) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        let mut lost = false;
        record.references(|id| lost |= self.scratch.record(id).is_none());
        if lost {
            faults.push(FieldFault::new("", "it refers to a record that is there no more"));
        }
        check_standing(&self.scratch, record, &mut faults);
        if let Some(hour_of) = record.hour_of {
            let mut of_hour = Vec::new();
            check_placement(&self.scratch, hour_of, &record.fields, &mut of_hour);
            // Imports take in more placements than hours per week.
            of_hour.retain(|fault| !(done.is_of_import() && fault.pointer == "/n"));
            faults.extend(of_hour);
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(&faults)) }
    }

    /// What is gone now is referred to by nobody.
    fn check_use(&self) -> Result<(), (Refusal, usize)> {
        let gone =
            |id: RecordId| self.removed_by.get(&id).filter(|_| self.scratch.record(id).is_none()).copied();
        if self.removed_by.is_empty() {
            return Ok(());
        }
        let mut first: Option<usize> = None;
        let mut users = BTreeSet::new();
        for record in self.scratch.records() {
            let mut refers = None;
            record.references(|id| refers = refers.max(gone(id)));
            if let Some(at) = refers {
                first = Some(first.map_or(at, |first| first.min(at)));
                users.insert(self.scratch.subject_of(record));
            }
        }
        let Some(at) = first else { return Ok(()) };
        let used_by: Vec<_> =
            users.into_iter().take(USED_BY_MAX).map(|record| json!({ "record": record })).collect();
        Err((Refusal::with(RefusalCode::InUse, json!({ "used_by": used_by })), at))
    }
}
