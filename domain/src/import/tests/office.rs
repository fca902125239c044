//! A desk with a plan, a session and the lock that an import needs.

use std::sync::Arc;

use super::super::*;
use crate::command::testing::{Desk, PLAN};
use crate::{HourOf, LockId, Row, SessionId, Value};

/// A plan with somebody in it who may import.
pub struct Office {
    pub desk: Desk,
    pub session: SessionId,
    pub lock: LockId,
}

pub type Files<'a> = &'a [(&'a str, &'a str)];

impl Office {
    pub fn new() -> Office {
        let mut desk = Desk::with_plan();
        let session = desk.log_in("anna");
        let lock = desk.lock(session, Action::DataImport);
        Office { desk, session, lock }
    }

    pub fn import(&self, files: GpuFiles) -> ImportFiles {
        ImportFiles {
            plan: PLAN.parse().unwrap(),
            import: ImportId(Uuid::from_u128(1)),
            files: Arc::new(files),
            mode: ImportMode::Merge,
            lessons: LessonSource::File,
            create_missing: false,
            period: None,
            department: None,
            lock: Some(self.lock),
            report: ReportSlot::default(),
        }
    }

    pub fn of(&self, files: Files<'_>) -> ImportFiles {
        let files: Vec<_> =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        self.import(crate::gpu::read(&files))
    }

    pub fn replacing(&self, files: Files<'_>) -> ImportFiles {
        ImportFiles { mode: ImportMode::Replace, ..self.of(files) }
    }

    pub fn done(&mut self, import: &ImportFiles) -> Vec<Event> {
        self.desk.done_in(self.session, import)
    }

    /// The places of the faults: file, line, column.
    pub fn faults(&mut self, import: &ImportFiles) -> Vec<(String, u64, u64)> {
        let refusal = self.desk.refused_in(self.session, import);
        assert_eq!(refusal.code, RefusalCode::ImportFaults);
        let place = |error: &serde_json::Value| {
            (
                error["file"].as_str().unwrap().to_owned(),
                error["line"].as_u64().unwrap(),
                error["column"].as_u64().unwrap(),
            )
        };
        refusal.members["errors"].as_array().unwrap().iter().map(place).collect()
    }

    pub fn outcome(&self, import: &ImportFiles) -> ImportOutcome {
        self.try_outcome(import).unwrap()
    }

    pub fn try_outcome(&self, import: &ImportFiles) -> Result<ImportOutcome, Faults> {
        let mut last = 1_u128 << 100;
        let mut new_id = || {
            last += 1;
            Uuid::from_u128(last)
        };
        import.work_out(self.desk.plan(), self.period(), &mut new_id)
    }

    pub fn period(&self) -> RecordId {
        self.desk.plan().named(Kind::Periods, "1").unwrap().id
    }

    pub fn text(&self, kind: Kind, name: &str, field: &str) -> Option<String> {
        self.desk.plan().named(kind, name).unwrap().fields.get(field).and_then(Value::text).map(str::to_owned)
    }

    /// Where the hours of a lesson stand: number, day, hour.
    pub fn hours(&self, lesson: &str) -> Vec<(u32, i64, i64)> {
        let plan = self.desk.plan();
        let lesson = plan.named(Kind::Lessons, lesson).unwrap().id;
        let hour = |record: &Arc<crate::Record>| {
            (
                record.hour_of.unwrap().n,
                record.number("day", None).unwrap(),
                record.number("hour", None).unwrap(),
            )
        };
        plan.placements(lesson, self.period()).map(hour).collect()
    }

    /// The rows of all placements as names: lesson, class, teacher, subject, room, day, hour.
    pub fn timetable(&self) -> Vec<String> {
        let plan = self.desk.plan();
        let mut all = Vec::new();
        for placement in plan.records().filter(|record| record.kind == Kind::Placements) {
            let HourOf { lesson, period, .. } = placement.hour_of.unwrap();
            let rows = match placement.fields.get("rows") {
                Some(Value::Rows(rows)) => rows.to_vec(),
                _ => plan.lesson_rows(lesson, period),
            };
            for Row { class, teacher, subject, room } in rows {
                let names = [Some(lesson), class, teacher, subject, room]
                    .map(|id| id.map(|id| plan.name_of(id).unwrap()).unwrap_or_default());
                let number = |field| placement.number(field, None).unwrap();
                all.push(format!("{};{};{}", names.join(";"), number("day"), number("hour")));
            }
        }
        all.sort();
        all
    }
}
