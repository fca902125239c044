//! Years of work in several plans, as the appends that they come in: what long ledgers are made of. The same every time.

use std::collections::VecDeque;

use domain::{
    Actor, CommandId, Event, FieldChange, Kind, LockId, Meta, Personal, PlanId, RecordChanged, RecordId,
    SessionId, StreamName, UserId, Value,
};
use eventstore::{Append, Expected, NewEvent, Write};
use uuid::Uuid;

use super::dice::Dice;

mod edits;
mod founding;
mod people;

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
