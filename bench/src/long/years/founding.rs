//! A plan at its beginning: what it is founded with, and the import that fills it.

use domain::{
    Coupling, Event, HourOf, ImportCount, ImportDone, ImportFile, ImportId, Kind, PlanCreated, PlanId,
    RecordCreated, RecordId, SchoolPlanAdded, StreamName, Value, Who,
};

use super::{Hour, SESSIONS, Thing, Working, Years, date, worded};

/// What a plan has at its beginning.
const TEACHERS: u64 = 80;
pub(super) const CLASSES: u64 = 40;
const ROOMS: u64 = 70;
const SUBJECTS: u64 = 40;
const STUDENTS: u64 = 900;
const LESSONS: u64 = 500;
const HOURS_A_LESSON: u32 = 3;

impl Years {
    /// A plan with what was imported at its beginning.
    pub(super) fn found(&mut self, plan: PlanId) {
        let school = StreamName::new(format!("school/{}", plan.school));
        let who = Who::Operator;
        self.append(school, None, &[SchoolPlanAdded { plan: plan.clone(), who }.into()]);
        let period = self.record();
        let title = format!("School {}", plan.school);
        let created = PlanCreated { plan: plan.clone(), title, copy_of: None, new_year_of: None };
        let days = [("from", date("2026-08-01")), ("to", date("2027-07-31"))];
        let first = self.created(Kind::Periods, period, "1", None, &days);
        self.append(plan.stream(), None, &[created.into(), first]);
        let working = Working {
            plan,
            period,
            things: Vec::new(),
            students: Vec::new(),
            hours: Vec::new(),
            sessions: Vec::new(),
            lock: None,
            named: 0,
        };
        self.plans.push(working);
        let at = self.plans.len() - 1;
        self.first_import(at);
        for _ in 0..SESSIONS {
            self.log_in(at);
        }
    }

    fn first_import(&mut self, at: usize) {
        let mut events = Vec::new();
        let mut of_kind = |years: &mut Self, kind: Kind, letter: &str, count: u64| -> Vec<RecordId> {
            let mut ids = Vec::new();
            for n in 0..count {
                let (id, name) = (years.record(), format!("{letter}{n}"));
                let thing = Thing { id, kind, name, revision: 1, written: [0, 1, 0] };
                events.push(years.created(kind, id, &thing.name, None, &[("long_name", thing.text(1))]));
                years.plans[at].things.push(thing);
                ids.push(id);
            }
            ids
        };
        let teachers = of_kind(self, Kind::Teachers, "T", TEACHERS);
        let classes = of_kind(self, Kind::Classes, "C", CLASSES);
        let rooms = of_kind(self, Kind::Rooms, "R", ROOMS);
        let subjects = of_kind(self, Kind::Subjects, "S", SUBJECTS);
        for _ in 0..STUDENTS {
            let event = self.new_student(at);
            events.push(event);
        }
        for n in 0..LESSONS {
            let (id, name) = (self.record(), (n + 1).to_string());
            let any = |years: &mut Self, of: &[RecordId]| Some(of[years.dice.place(of.len())]);
            let coupling = Coupling {
                class: any(self, &classes),
                teacher: any(self, &teachers),
                subject: any(self, &subjects),
                room: any(self, &rooms),
                hours_per_week: None,
                student_group: None,
            };
            let fields = [
                ("hours_per_week", Value::Number(i64::from(HOURS_A_LESSON))),
                ("couplings", Value::Couplings(vec![coupling].into())),
            ];
            events.push(self.created(Kind::Lessons, id, &name, None, &fields));
            self.plans[at].things.push(Thing { id, kind: Kind::Lessons, name, revision: 1, written: [0; 3] });
            for n in 1..=HOURS_A_LESSON {
                let (hour, period) = (self.record(), self.plans[at].period);
                let (day, when) = self.some_hour();
                let fields = [("day", Value::Number(day)), ("hour", Value::Number(when))];
                let of = HourOf { lesson: id, period, n };
                events.push(self.created(Kind::Placements, hour, "", Some(of), &fields));
                self.plans[at].hours.push(Hour { id: hour, revision: 1, day, hour: when });
            }
        }
        events.push(self.imported("GPU002.TXT", LESSONS));
        self.in_plan(at, None, &events);
    }

    pub(super) fn some_hour(&mut self) -> (i64, i64) {
        (1 + i64::from(self.dice.small(5)), 1 + i64::from(self.dice.small(10)))
    }

    pub(super) fn imported(&mut self, file: &str, rows: u64) -> Event {
        let files = vec![ImportFile { file: file.to_owned(), rows }];
        let count = ImportCount { created: 0, changed: rows, unchanged: 0, removed: 0 };
        ImportDone {
            import: ImportId(self.uuid()),
            files,
            counts: [(Kind::Lessons, count)].into(),
            warnings: 0,
        }
        .into()
    }

    fn created(
        &mut self,
        kind: Kind,
        record: RecordId,
        name: &str,
        hour_of: Option<HourOf>,
        fields: &[(&'static str, Value)],
    ) -> Event {
        let mut all: std::collections::BTreeMap<_, _> =
            fields.iter().map(|(field, value)| ((*field).into(), value.clone())).collect();
        if hour_of.is_none() {
            all.insert("id".into(), worded(kind, record, name.to_owned()));
        }
        RecordCreated { record, kind, revision: 1, hour_of, fields: all, import: None }.into()
    }

    pub(super) fn new_student(&mut self, at: usize) -> Event {
        let (id, n) = (self.record(), self.plans[at].named);
        let name = format!("N{n}");
        let student = Thing { id, kind: Kind::Students, name, revision: 1, written: [0, 1, 0] };
        let event = self.created(Kind::Students, id, &student.name, None, &[("long_name", student.text(1))]);
        let working = &mut self.plans[at];
        working.named += 1;
        working.students.push(student);
        event
    }
}
