//! Years of work in several plans, as the appends that they come in: what long ledgers are made of. The same every time.

use std::collections::VecDeque;

use domain::{
    Action, Actor, ChangeRefused, CommandId, Coupling, Event, FieldChange, HourOf, ImportCount, ImportDone,
    ImportFile, ImportId, Kind, LockDenied, LockEnd, LockEnded, LockGranted, LockId, Meta, Mode, Obstacle,
    Personal, PlanCreated, PlanId, RecordChanged, RecordCreated, RecordId, RecordRemoved, SchoolPlanAdded,
    SessionChanged, SessionEnd, SessionEnded, SessionId, SessionStarted, StreamName, UserId, Value, Who,
    Winner,
};
use eventstore::{Append, Expected, NewEvent, Write};
use uuid::Uuid;

use super::dice::Dice;

/// What a plan has at its beginning.
const TEACHERS: u64 = 80;
const CLASSES: u64 = 40;
const ROOMS: u64 = 70;
const SUBJECTS: u64 = 40;
const STUDENTS: u64 = 900;
const LESSONS: u64 = 500;
const HOURS_A_LESSON: u32 = 3;

/// How many are logged in to a plan at a time, as a rule.
const SESSIONS: usize = 8;

/// Work that never ends.
pub struct Years {
    dice: Dice,
    users: Vec<UserId>,
    plans: Vec<Working>,
    /// What has been done and not yet been taken.
    done: VecDeque<Append>,
}

/// A plan that is worked on.
struct Working {
    plan: PlanId,
    period: RecordId,
    /// Teachers, classes, rooms, subjects, lessons.
    things: Vec<Thing>,
    students: Vec<Thing>,
    hours: Vec<Hour>,
    sessions: Vec<Session>,
    lock: Option<LockId>,
    /// How many students there have been.
    named: u64,
}

struct Thing {
    id: RecordId,
    kind: Kind,
    name: String,
    revision: u64,
    /// The revisions that wrote its fields last; 0 where nobody has.
    written: [u64; 3],
}

/// A placed hour.
struct Hour {
    id: RecordId,
    revision: u64,
    day: i64,
    hour: i64,
}

#[derive(Clone, Copy)]
struct Session {
    id: SessionId,
    user: UserId,
}

impl Thing {
    /// What its fields say that were written with a revision.
    fn text(&self, revision: u64) -> Value {
        worded(self.kind, self.id, format!("{} as it is after {revision} changes", self.name))
    }
}

impl Years {
    /// Work of these users in plans of schools of their own, whose numbers begin at 200001.
    pub fn new(plans: u32, users: Vec<UserId>) -> Self {
        let mut years = Self { dice: Dice::new(4), users, plans: Vec::new(), done: VecDeque::new() };
        for number in 0..plans {
            years.found(plan(number));
        }
        years
    }

    /// The next append.
    pub fn next(&mut self) -> Append {
        loop {
            if let Some(append) = self.done.pop_front() {
                return append;
            }
            self.work();
        }
    }

    fn uuid(&mut self) -> Uuid {
        self.dice.uuid()
    }

    fn record(&mut self) -> RecordId {
        RecordId(self.uuid())
    }

    /// Somebody does something somewhere; the first plans are worked on more than the last.
    fn work(&mut self) {
        let some = self.dice.below(self.plans.len() as u64);
        let at = usize::try_from(self.dice.below(some + 1)).expect("a plan's number is small");
        if self.plans[at].sessions.len() < SESSIONS / 2 {
            return self.log_in(at);
        }
        match self.dice.below(1000) {
            0..600 => self.reword(at),
            600..770 => self.move_hour(at),
            770..830 => self.enrol(at),
            830..860 => self.leave(at),
            860..900 if self.plans[at].sessions.len() < SESSIONS * 2 => self.log_in(at),
            860..940 => self.log_out(at),
            940..955 => self.look_at_something_else(at),
            955..980 => self.lock(at),
            980..993 => self.be_refused(at),
            993..998 => self.be_denied(at),
            _ => self.import(at),
        }
    }

    /// One append of one session of a plan, or of the operator where nobody is in.
    fn append(&mut self, stream: StreamName, by: Option<Session>, events: &[Event]) {
        let command = CommandId(self.uuid());
        let mut meta = Meta::new(command, by.map_or(Actor::Operator, |session| Actor::User(session.user.0)));
        if let Some(session) = by {
            meta.session = Some(session.id.0);
            meta.mode = Some("timetable".to_owned());
            meta.request_id = Some(self.uuid().to_string());
        }
        let mut append = Append::new(meta);
        let new = |event: &Event| NewEvent {
            r#type: event.r#type(),
            subject: event.subject(),
            data: event.encode(),
        };
        let events = events.iter().map(new).collect();
        append.writes.push(Write { stream, expected: Expected::Any, events });
        self.done.push_back(append);
    }

    fn in_plan(&mut self, at: usize, by: Option<Session>, events: &[Event]) {
        let stream = self.plans[at].plan.stream();
        self.append(stream, by, events);
    }

    fn somebody(&mut self, at: usize) -> Session {
        let place = self.dice.place(self.plans[at].sessions.len());
        self.plans[at].sessions[place]
    }

    /// A plan with what was imported at its beginning.
    fn found(&mut self, plan: PlanId) {
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

    fn some_hour(&mut self) -> (i64, i64) {
        (1 + i64::from(self.dice.small(5)), 1 + i64::from(self.dice.small(10)))
    }

    fn imported(&mut self, file: &str, rows: u64) -> Event {
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

    /// The commonest of all: somebody writes another text into a field.
    fn reword(&mut self, at: usize) {
        let by = self.somebody(at);
        let event = self.reworded(at);
        self.in_plan(at, Some(by), &[event]);
    }

    fn reworded(&mut self, at: usize) -> Event {
        let working = &self.plans[at];
        let (students, things) = (working.students.len(), working.things.len());
        let place = self.dice.place(students / 4 + things);
        let which = self.dice.place(3);
        let working = &mut self.plans[at];
        let thing = if place < things {
            &mut working.things[place]
        } else {
            &mut working.students[(place - things) * 4]
        };
        thing.revision += 1;
        let field = match which {
            0 => "text",
            1 if thing.kind == Kind::Lessons => "line_text",
            1 => "long_name",
            _ => "description",
        };
        let before = std::mem::replace(&mut thing.written[which], thing.revision);
        let from = (before > 0).then(|| thing.text(before));
        let changes = vec![FieldChange { field: field.into(), from, to: Some(thing.text(thing.revision)) }];
        changed(thing.id, thing.kind, thing.revision, changes)
    }

    fn move_hour(&mut self, at: usize) {
        let by = self.somebody(at);
        let event = self.moved(at);
        self.in_plan(at, Some(by), &[event]);
    }

    fn moved(&mut self, at: usize) -> Event {
        let place = self.dice.place(self.plans[at].hours.len());
        let (day, when) = self.some_hour();
        let hour = &mut self.plans[at].hours[place];
        let change = |field: &'static str, from: i64, to: i64| FieldChange {
            field: field.into(),
            from: Some(Value::Number(from)),
            to: Some(Value::Number(to)),
        };
        let changes = vec![change("day", hour.day, day), change("hour", hour.hour, when)];
        (hour.day, hour.hour, hour.revision) = (day, when, hour.revision + 1);
        changed(hour.id, Kind::Placements, hour.revision, changes)
    }

    fn new_student(&mut self, at: usize) -> Event {
        let (id, n) = (self.record(), self.plans[at].named);
        let name = format!("N{n}");
        let student = Thing { id, kind: Kind::Students, name, revision: 1, written: [0, 1, 0] };
        let event = self.created(Kind::Students, id, &student.name, None, &[("long_name", student.text(1))]);
        let working = &mut self.plans[at];
        working.named += 1;
        working.students.push(student);
        event
    }

    fn enrol(&mut self, at: usize) {
        let (by, event) = (self.somebody(at), self.new_student(at));
        self.in_plan(at, Some(by), &[event]);
    }

    fn leave(&mut self, at: usize) {
        if self.plans[at].students.len() < 100 {
            return;
        }
        let (by, place) = (self.somebody(at), self.dice.place(self.plans[at].students.len()));
        let student = self.plans[at].students.swap_remove(place);
        let fields = [("id".into(), worded(Kind::Students, student.id, student.name))].into();
        let event = RecordRemoved {
            record: student.id,
            kind: Kind::Students,
            revision: student.revision + 1,
            fields,
            import: None,
        };
        self.in_plan(at, Some(by), &[event.into()]);
    }

    fn log_in(&mut self, at: usize) {
        let user = self.users[self.dice.place(self.users.len())];
        let session = Session { id: SessionId(self.uuid()), user };
        let started = SessionStarted {
            session: session.id,
            who: Who::User(user),
            mode: Mode::Timetable,
            period: Some(self.plans[at].period),
            client: Some("Mozilla/5.0 (X11; Linux x86_64; rv:143.0)".to_owned()),
            resumed: false,
        };
        self.plans[at].sessions.push(session);
        self.in_plan(at, Some(session), &[started.into()]);
    }

    fn log_out(&mut self, at: usize) {
        let place = self.dice.place(self.plans[at].sessions.len());
        let session = self.plans[at].sessions.swap_remove(place);
        let mut events: Vec<Event> = Vec::new();
        if let Some(lock) = self.plans[at].lock.take() {
            events.push(LockEnded { lock, reason: LockEnd::SessionEnded }.into());
        }
        events.push(SessionEnded { session: session.id, reason: SessionEnd::LoggedOut }.into());
        self.in_plan(at, Some(session), &events);
    }

    fn look_at_something_else(&mut self, at: usize) {
        let session = self.somebody(at);
        let activity = Some(format!("class C{}", self.dice.below(CLASSES)));
        let event = SessionChanged { session: session.id, mode: None, period: None, activity };
        self.in_plan(at, Some(session), &[event.into()]);
    }

    /// Locks come and go.
    fn lock(&mut self, at: usize) {
        let by = self.somebody(at);
        if let Some(lock) = self.plans[at].lock.take() {
            return self.in_plan(at, Some(by), &[LockEnded { lock, reason: LockEnd::Released }.into()]);
        }
        let (lock, periods) = (LockId(self.uuid()), Some(vec![self.plans[at].period]));
        self.plans[at].lock = Some(lock);
        let granted = LockGranted { lock, session: by.id, action: Action::Optimise, periods };
        self.in_plan(at, Some(by), &[granted.into()]);
    }

    fn be_refused(&mut self, at: usize) {
        let (by, winner) = (self.somebody(at), self.somebody(at));
        let place = self.dice.place(self.plans[at].things.len());
        let thing = &self.plans[at].things[place];
        let wanted = worded(thing.kind, thing.id, format!("{} as somebody else wanted it", thing.name));
        let refused = ChangeRefused {
            who: Who::User(by.user),
            session: Some(by.id),
            code: "stale".to_owned(),
            rule: None,
            record: Some(thing.id),
            kind: Some(thing.kind),
            notice: None,
            class: Some(domain::Class::Text),
            action: None,
            changes: vec![FieldChange { field: "text".into(), from: None, to: Some(wanted) }],
            winner: Some(Winner {
                who: Who::User(winner.user),
                at: "2026-11-22T10:00:00Z".parse().expect("a time"),
                position: 1,
            }),
            obstacles: Vec::new(),
        };
        let stream = self.plans[at].plan.stream().refused();
        self.append(stream, Some(by), &[refused.into()]);
    }

    fn be_denied(&mut self, at: usize) {
        let (by, other) = (self.somebody(at), self.somebody(at));
        let denied = LockDenied {
            who: Who::User(by.user),
            session: Some(by.id),
            action: Action::DataImport,
            periods: None,
            code: "not-alone".to_owned(),
            obstacles: vec![Obstacle { session: other.id, who: Who::User(other.user), lock: None }],
        };
        let stream = self.plans[at].plan.stream().refused();
        self.append(stream, Some(by), &[denied.into()]);
    }

    /// Some hundred changes in one append.
    fn import(&mut self, at: usize) {
        let (by, rows) = (self.somebody(at), 20 + self.dice.below(180));
        let mut events = Vec::new();
        for _ in 0..rows {
            let event = if self.dice.below(2) == 0 { self.moved(at) } else { self.reworded(at) };
            events.push(event);
        }
        events.push(self.imported("GPU001.TXT", rows));
        self.in_plan(at, Some(by), &events);
    }
}

/// Name of one of the plans.
pub fn plan(number: u32) -> PlanId {
    format!("{}~2026-2027~1", 200_001 + number).parse().expect("a plan")
}

fn changed(record: RecordId, kind: Kind, revision: u64, changes: Vec<FieldChange>) -> Event {
    RecordChanged { record, kind, revision, period: None, changes, import: None }.into()
}

/// A text; what is said about a person is marked so.
fn worded(kind: Kind, of: RecordId, text: String) -> Value {
    let text = Value::Text(text.into());
    match kind {
        Kind::Teachers | Kind::Students => Value::Personal(Personal { of: of.0, open: Box::new(text) }),
        _ => text,
    }
}

fn date(text: &str) -> Value {
    Value::Date(text.parse().expect("a date"))
}
