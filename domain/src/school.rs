//! The state of a school: its plans, its licence, and the lock that keeps all its plans shut.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::record::by_table;
use crate::{
    At, Event, FieldName, Fields, Fold, LICENCE, LicenceChanged, PlanId, SchoolShut, Stamp, StreamName,
    Value, Who,
};

/// How many changes of a licence are remembered, for the one who comes too late.
const CHANGES_MAX: usize = 50;

/// What a school is allowed to use, and until when. It belongs to no plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Licence {
    /// Counts the changes; 1 before the first one.
    pub revision: u64,
    /// The epoch of the last change; with the revision the value of the `ETag`.
    pub epoch: i64,
    /// The fields of [`LICENCE`]; what is absent is unset.
    #[serde(deserialize_with = "fields_aside")]
    pub fields: Fields,
    /// Who changed it last; before the first change, who made the first plan.
    pub changed_by: Option<Who>,
    /// Where and when; nothing while that is not committed.
    pub changed: Option<Stamp>,
    /// The last changes, oldest first.
    changes: VecDeque<LicenceChanged>,
}

fn fields_aside<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
    let fields = BTreeMap::<FieldName, Value>::deserialize(deserializer)?;
    by_table(LICENCE, fields).map_err(serde::de::Error::custom)
}

impl Licence {
    /// What a field was at a revision, as far as that is remembered.
    pub fn value_at(&self, field: &str, revision: u64) -> Option<&Value> {
        let since = self.changes.iter().filter(|change| change.revision > revision);
        match since.flat_map(|change| &change.changes).find(|change| change.field == field) {
            Some(change) => change.from.as_ref(),
            None => self.fields.get(field),
        }
    }
}

/// What concerns all plans of a school.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct School {
    plans: BTreeSet<PlanId>,
    licence: Licence,
    shut: Option<SchoolShut>,
}

impl School {
    /// The stream of a school.
    pub fn stream(number: &str) -> StreamName {
        StreamName::new(format!("school/{number}"))
    }

    /// The number of the school whose stream this is.
    pub fn of_stream(stream: &str) -> Option<&str> {
        stream.strip_prefix("school/").filter(|number| !number.contains('/'))
    }

    /// Its plans, in order.
    pub fn plans(&self) -> impl Iterator<Item = &PlanId> {
        self.plans.iter()
    }

    /// Whether it has a plan.
    pub fn has(&self, plan: &PlanId) -> bool {
        self.plans.contains(plan)
    }

    /// Its licence.
    pub fn licence(&self) -> &Licence {
        &self.licence
    }

    /// The lock of the licence that was granted last, unless somebody has found that it is over.
    ///
    /// Whether it is still held stands in its plan: a lock ends there, with its session, by release or without renewal, and none of
    /// these has to know of the school.
    pub fn shut(&self) -> Option<&SchoolShut> {
        self.shut.as_ref()
    }
}

impl Fold for School {
    fn evolve(&mut self, event: &Event, at: &At) {
        match event {
            Event::SchoolPlanAdded(e) => {
                self.plans.insert(e.plan.clone());
                if self.licence.revision == 0 {
                    self.licence.revision = 1;
                    self.licence.epoch = at.epoch;
                    self.licence.changed_by = Some(e.who);
                    self.licence.changed = at.stamp;
                }
            }
            Event::LicenceChanged(e) => {
                for change in &e.changes {
                    let Some(field) = LICENCE.iter().find(|field| field.name == change.field) else {
                        continue;
                    };
                    match &change.to {
                        Some(value) => self.licence.fields.insert(field.name, value.open().clone()),
                        None => self.licence.fields.remove(field.name),
                    };
                }
                self.licence.revision = e.revision;
                self.licence.epoch = at.epoch;
                self.licence.changed_by = Some(e.who);
                self.licence.changed = at.stamp;
                self.licence.changes.push_back(e.clone());
                if self.licence.changes.len() > CHANGES_MAX {
                    self.licence.changes.pop_front();
                }
            }
            Event::SchoolShut(e) => self.shut = Some(e.clone()),
            Event::SchoolOpened(e) => self.shut = self.shut.take().filter(|shut| shut.lock != e.lock),
            _ => {}
        }
    }

    fn settle(&mut self, event: &Event, stamp: &Stamp) {
        let revision = match event {
            Event::SchoolPlanAdded(_) => 1,
            Event::LicenceChanged(e) => e.revision,
            _ => return,
        };
        if self.licence.revision == revision && self.licence.changed.is_none() {
            self.licence.changed = Some(*stamp);
        }
    }
}
