//! Who comes and goes, what they lock, and what is refused to them.

use domain::{
    Action, ChangeRefused, Event, FieldChange, LockDenied, LockEnd, LockEnded, LockGranted, LockId, Mode,
    Obstacle, SessionChanged, SessionEnd, SessionEnded, SessionId, SessionStarted, Who, Winner,
};

use super::founding::CLASSES;
use super::{Session, Years, worded};

impl Years {
    pub(super) fn log_in(&mut self, at: usize) {
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

    pub(super) fn log_out(&mut self, at: usize) {
        let place = self.dice.place(self.plans[at].sessions.len());
        let session = self.plans[at].sessions.swap_remove(place);
        let mut events: Vec<Event> = Vec::new();
        if let Some(lock) = self.plans[at].lock.take() {
            events.push(LockEnded { lock, reason: LockEnd::SessionEnded }.into());
        }
        events.push(SessionEnded { session: session.id, reason: SessionEnd::LoggedOut }.into());
        self.in_plan(at, Some(session), &events);
    }

    pub(super) fn look_at_something_else(&mut self, at: usize) {
        let session = self.somebody(at);
        let activity = Some(format!("class C{}", self.dice.below(CLASSES)));
        let event = SessionChanged { session: session.id, mode: None, period: None, activity };
        self.in_plan(at, Some(session), &[event.into()]);
    }

    /// Locks come and go.
    pub(super) fn lock(&mut self, at: usize) {
        let by = self.somebody(at);
        if let Some(lock) = self.plans[at].lock.take() {
            return self.in_plan(at, Some(by), &[LockEnded { lock, reason: LockEnd::Released }.into()]);
        }
        let (lock, periods) = (LockId(self.uuid()), Some(vec![self.plans[at].period]));
        self.plans[at].lock = Some(lock);
        let granted = LockGranted { lock, session: by.id, action: Action::Optimise, periods };
        self.in_plan(at, Some(by), &[granted.into()]);
    }

    pub(super) fn be_refused(&mut self, at: usize) {
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

    pub(super) fn be_denied(&mut self, at: usize) {
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
}
