//! Records that a file of their kind does not list, where the import replaces.

use std::collections::{HashMap, HashSet};

use super::draft::{Draft, Place};
use crate::command::remove_record::removed;
use crate::{Kind, Record, RecordId, RecordRemoved};

/// Who still refers to a record is told so many times.
const USERS_MAX: usize = 3;

impl Draft<'_> {
    /// The removals, users before what they use; a record that others go on referring to is a fault of the file that
    /// lacks it.
    pub fn removals(&mut self) -> Vec<RecordRemoved> {
        if !self.replaces() {
            return Vec::new();
        }
        let mut gone: Vec<&Record> =
            self.plan.records().map(AsRef::as_ref).filter(|r| self.is_lacked(r)).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        gone.sort_by_key(|record| (std::cmp::Reverse(record.kind), record.hour_of, record.name()));
        let ids: HashSet<RecordId> = gone.iter().map(|record| record.id).collect();
        let used = self.users_of(&ids);
        for record in &gone {
            if let (Some(users), Some(file)) = (used.get(&record.id), self.file_of(record.kind)) {
                let record = self.plan.subject_of(record);
                let detail = format!(
                    "{record} is not listed and would be removed, but {} refers to it",
                    users.join(", ")
                );
                self.fault(Place { file, line: 1, column: 0 }, detail);
            }
        }
        gone.into_iter().map(|record| removed(record, Some(self.import.import))).collect()
    }

    fn is_lacked(&self, record: &Record) -> bool {
        // Only the placements of one period stand in a file.
        let elsewhere = record.hour_of.is_some_and(|hour| hour.period != self.period);
        record.kind != Kind::Periods && !elsewhere && self.goes(record)
    }

    /// Who will go on referring to one of `ids`, by name.
    fn users_of(&self, ids: &HashSet<RecordId>) -> HashMap<RecordId, Vec<String>> {
        let mut used: HashMap<RecordId, Vec<String>> = HashMap::new();
        for record in self.plan.records().filter(|record| !ids.contains(&record.id)) {
            let mut note = |id: RecordId| {
                if ids.contains(&id) {
                    let users = used.entry(id).or_default();
                    let user = self.plan.subject_of(record);
                    if users.len() < USERS_MAX && users.last() != Some(&user) {
                        users.push(user);
                    }
                }
            };
            match self.touched(record.id) {
                None => record.references(note),
                Some(wanted) => {
                    let after = Record { fields: wanted.after.clone(), ..record.as_ref().clone() };
                    after.references(&mut note);
                }
            }
        }
        used
    }
}
