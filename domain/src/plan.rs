//! The state of a plan: its records, who is there, and the locks.

mod fold;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::{
    Action, Coupling, HourOf, Kind, LockEnd, LockId, PlanCondition, PlanId, Record, RecordId, Row, Session,
    SessionId, Sessions, SignOffs, Stamp, Trail, Value, snapshot,
};

/// How many ended locks are remembered, so that a late use of one is told that it has ended.
const LOCKS_ENDED_MAX: usize = 1_000;

/// The right of one session to a critical action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Which it is.
    pub id: LockId,
    /// Who holds it.
    pub session: SessionId,
    /// What for.
    pub action: Action,
    /// For which periods; none for the whole plan.
    pub periods: Option<Vec<RecordId>>,
    /// Where and when it was granted; nothing while that is not committed. The position is its fencing token.
    pub granted: Option<Stamp>,
}

/// Everything that a decision about one plan has to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    id: Option<PlanId>,
    title: String,
    condition: PlanCondition,
    trail: Trail,
    revision: u64,
    epoch: i64,
    #[serde(with = "snapshot::pairs")]
    records: HashMap<RecordId, Arc<Record>>,
    #[serde(with = "snapshot::pairs_of_pairs")]
    names: HashMap<Kind, HashMap<String, RecordId>>,
    #[serde(with = "snapshot::pairs")]
    hours: BTreeMap<HourOf, RecordId>,
    #[serde(with = "snapshot::pairs")]
    singletons: HashMap<Kind, RecordId>,
    /// Where revisions count on when a name or an hour is used again.
    #[serde(with = "snapshot::pairs")]
    gone: HashMap<(Kind, String), (RecordId, u64)>,
    #[serde(with = "snapshot::pairs")]
    hours_gone: HashMap<HourOf, u64>,
    /// Who is in the plan.
    pub sessions: Sessions,
    /// Who has been told to leave, and for whom the plan is kept shut.
    pub sign_offs: SignOffs,
    locks: BTreeMap<LockId, Lock>,
    locks_ended: VecDeque<(Lock, LockEnd)>,
}

impl Plan {
    /// Which plan it is; nothing when there is none yet.
    pub fn id(&self) -> Option<&PlanId> {
        self.id.as_ref()
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What may be done with it.
    pub fn condition(&self) -> PlanCondition {
        self.condition
    }

    /// What title and state were before.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Counts the changes of the plan's own data, with the epoch of the last one.
    pub fn revision(&self) -> (i64, u64) {
        (self.epoch, self.revision)
    }

    /// A record.
    pub fn record(&self, id: RecordId) -> Option<&Arc<Record>> {
        self.records.get(&id)
    }

    /// A record by kind and name.
    pub fn named(&self, kind: Kind, name: &str) -> Option<&Arc<Record>> {
        self.records.get(self.names.get(&kind)?.get(name)?)
    }

    /// The one record of a kind that has no names.
    pub fn singleton(&self, kind: Kind) -> Option<&Arc<Record>> {
        self.records.get(self.singletons.get(&kind)?)
    }

    /// The placement of an hour of a lesson.
    pub fn placement(&self, hour_of: &HourOf) -> Option<&Arc<Record>> {
        self.records.get(self.hours.get(hour_of)?)
    }

    /// The placements of a lesson in a period, by their number.
    pub fn placements(&self, lesson: RecordId, period: RecordId) -> impl Iterator<Item = &Arc<Record>> {
        let from = HourOf { lesson, period, n: 0 };
        let to = HourOf { lesson, period, n: u32::MAX };
        self.hours.range(from..=to).filter_map(|(_, id)| self.records.get(id))
    }

    /// Every record, in no order.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.values()
    }

    /// All records of a kind that has names, in no order.
    pub fn records_of(&self, kind: Kind) -> impl Iterator<Item = &Arc<Record>> {
        self.names.get(&kind).into_iter().flat_map(HashMap::values).filter_map(|id| self.records.get(id))
    }

    /// The highest revision that this name of a record has ever had; 0 when it is new.
    pub fn last_revision(&self, kind: Kind, name: &str) -> u64 {
        self.gone(kind, name).map_or(0, |(_, revision)| revision)
    }

    /// The record that last had this name and is gone or called otherwise, with its revision then.
    pub fn gone(&self, kind: Kind, name: &str) -> Option<(RecordId, u64)> {
        self.gone.get(&(kind, name.to_owned())).copied()
    }

    /// The same of a placement.
    pub fn last_revision_of_hour(&self, hour_of: &HourOf) -> u64 {
        self.hours_gone.get(hour_of).copied().unwrap_or(0)
    }

    /// What a record is called where people read it: its name; `lesson/n` for a placement; the word of its kind for a singleton.
    pub fn name_of(&self, id: RecordId) -> Option<String> {
        let record = self.records.get(&id)?;
        Some(match (record.name(), record.hour_of) {
            (Some(name), _) => name.to_owned(),
            (None, Some(hour)) => format!("{}/{}", self.name_of(hour.lesson)?, hour.n),
            (None, None) => record.kind.word().to_owned(),
        })
    }

    /// The subject of changes and history: `teachers/GAUSS`, `lessons/12/placements/3`, `time-grid`.
    pub fn subject_of(&self, record: &Record) -> String {
        match (record.name(), record.hour_of) {
            (Some(name), _) => format!("{}/{name}", record.kind),
            (None, Some(hour)) => {
                let lesson = self.name_of(hour.lesson).unwrap_or_else(|| hour.lesson.to_string());
                format!("lessons/{lesson}/placements/{}", hour.n)
            }
            (None, None) => record.kind.word().to_owned(),
        }
    }

    /// A record as the API shows it, without who changed it last: `{id, revision, …fields…}`.
    pub fn record_json(&self, record: &Record, period: Option<RecordId>) -> Map<String, Json> {
        let mut object = Map::new();
        if let Some(hour) = record.hour_of {
            object.insert("id".into(), hour.n.to_string().into());
            object.insert("revision".into(), record.revision.into());
            object.insert("lesson".into(), self.name_of(hour.lesson).into());
            object.insert("n".into(), hour.n.into());
            object.insert("period".into(), self.name_of(hour.period).into());
        } else {
            object.insert("id".into(), record.name().unwrap_or(record.kind.word()).into());
            object.insert("revision".into(), record.revision.into());
        }
        object.extend(record.fields_json(period, |id| self.name_of(id)));
        object
    }

    /// Who meets where, by the couplings of a lesson, when an hour of it is placed in a period.
    pub fn lesson_rows(&self, lesson: RecordId, period: RecordId) -> Vec<Row> {
        match self.record(lesson).and_then(|lesson| lesson.value("couplings", Some(period))) {
            Some(Value::Couplings(couplings)) => couplings.iter().map(Coupling::row).collect(),
            _ => Vec::new(),
        }
    }

    /// A period's first and last day.
    pub fn period_dates(&self, id: RecordId) -> Option<(NaiveDate, NaiveDate)> {
        let record = self.records.get(&id).filter(|record| record.kind == Kind::Periods)?;
        match (record.fields.get("from")?.open(), record.fields.get("to")?.open()) {
            (Value::Date(from), Value::Date(to)) => Some((*from, *to)),
            _ => None,
        }
    }

    /// The period of a day: the shortest one that holds it, else the first there is.
    pub fn period_of(&self, today: NaiveDate) -> Option<RecordId> {
        self.period_beside(today, None)
    }

    /// The same of the periods beside one that goes.
    pub fn period_beside(&self, today: NaiveDate, going: Option<RecordId>) -> Option<RecordId> {
        let dated = |record: &Arc<Record>| self.period_dates(record.id).map(|dates| (dates, record.id));
        let staying = self.records_of(Kind::Periods).filter(|record| Some(record.id) != going);
        let all: Vec<_> = staying.filter_map(dated).collect();
        let holding = all.iter().filter(|((from, to), _)| (*from..=*to).contains(&today));
        holding
            .min_by_key(|((from, to), id)| (*to - *from, *from, *id))
            .or_else(|| all.iter().min_by_key(|((from, _), id)| (*from, *id)))
            .map(|(_, id)| *id)
    }

    /// The locks that are held.
    pub fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.locks.values()
    }

    /// A lock that is held.
    pub fn lock(&self, id: LockId) -> Option<&Lock> {
        self.locks.get(&id)
    }

    /// A lock that is held no more, as long as it is remembered.
    pub fn lock_ended(&self, id: LockId) -> Option<&(Lock, LockEnd)> {
        self.locks_ended.iter().rev().find(|(lock, _)| lock.id == id)
    }

    /// The session that holds a lock.
    pub fn holder(&self, lock: &Lock) -> Option<&Session> {
        self.sessions.get(lock.session)
    }
}

impl Lock {
    /// When it was granted; nothing while that is not committed.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.granted.map(|stamp| stamp.at)
    }

    /// Whether it covers a period; a change without one touches all.
    pub fn covers(&self, period: Option<RecordId>) -> bool {
        match (&self.periods, period) {
            (None, _) | (_, None) => true,
            (Some(periods), Some(period)) => periods.contains(&period),
        }
    }
}
