//! How events change a plan.

use std::sync::Arc;

use serde_json::json;

use super::{LOCKS_ENDED_MAX, Lock, Plan};
use crate::{At, Event, Fold, LockEnd, LockId, Record, RecordId, Stamp, Who};

impl Fold for Plan {
    fn weight(&self) -> usize {
        1 + self.records.len()
    }

    fn evolve(&mut self, event: &Event, at: &At) {
        match event {
            Event::PlanCreated(e) => {
                self.id = Some(e.plan.clone());
                self.title.clone_from(&e.title);
                self.revision = 1;
                self.epoch = at.epoch;
                self.follow_trail(None, at);
            }
            Event::PlanChanged(e) => {
                if let Some(title) = &e.title {
                    self.title.clone_from(title);
                }
                self.condition = e.state.unwrap_or(self.condition);
                self.revision = e.revision;
                self.epoch = at.epoch;
                self.follow_trail(e.by, at);
            }
            Event::RecordCreated(e) => self.keep(Record::made(e, at.epoch)),
            Event::RecordChanged(e) => self.change(e, at.epoch),
            Event::RecordRemoved(e) => self.drop_record(e.record, e.revision),
            Event::LockGranted(e) => {
                let lock = Lock {
                    id: e.lock,
                    session: e.session,
                    action: e.action,
                    periods: e.periods.clone(),
                    granted: at.stamp,
                };
                self.locks.insert(e.lock, lock);
            }
            Event::LockEnded(e) => self.end_lock(e.lock, e.reason),
            _ => {
                self.sessions.evolve(event, at);
                self.sign_offs.evolve(event, at);
            }
        }
    }

    fn settle(&mut self, event: &Event, stamp: &Stamp) {
        if let Event::LockGranted(e) = event {
            if let Some(lock) = self.locks.get_mut(&e.lock) {
                lock.granted = Some(*stamp);
            }
        } else {
            match event {
                Event::PlanCreated(_) => self.trail.settle(1, stamp),
                Event::PlanChanged(e) => self.trail.settle(e.revision, stamp),
                _ => {}
            }
            self.sessions.settle(event, stamp);
            self.sign_offs.settle(event, stamp);
        }
    }
}

impl Plan {
    fn follow_trail(&mut self, by: Option<Who>, at: &At) {
        let fields = json!({ "title": self.title, "state": self.condition });
        self.trail.push(self.revision, by, at.stamp, fields);
    }

    fn keep(&mut self, record: Record) {
        match (record.name(), record.hour_of) {
            (Some(name), _) => {
                self.names.entry(record.kind).or_default().insert(name.to_owned(), record.id);
                self.gone.remove(&(record.kind, name.to_owned()));
            }
            (None, Some(hour)) => {
                self.hours.insert(hour, record.id);
                self.hours_gone.remove(&hour);
            }
            (None, None) => {
                self.singletons.insert(record.kind, record.id);
            }
        }
        self.records.insert(record.id, Arc::new(record));
    }

    fn drop_record(&mut self, id: RecordId, revision: u64) {
        let Some(record) = self.records.remove(&id) else { return };
        if let Some(name) = record.name() {
            self.names.entry(record.kind).or_default().remove(name);
            self.gone.insert((record.kind, name.to_owned()), (id, revision));
        }
        if let Some(hour) = record.hour_of {
            self.hours.remove(&hour);
            self.hours_gone.insert(hour, revision);
        }
    }

    fn change(&mut self, e: &crate::RecordChanged, epoch: i64) {
        let Some(record) = self.records.get_mut(&e.record) else { return };
        let record = Arc::make_mut(record);
        let name_before = record.name().map(str::to_owned);
        record.change(e, epoch);
        let name_after = record.name().map(str::to_owned);
        if let (Some(before), Some(after)) = (name_before, name_after)
            && before != after
        {
            let names = self.names.entry(e.kind).or_default();
            names.remove(&before);
            names.insert(after.clone(), e.record);
            // Whoever takes the old name next goes on counting from here, so that no revision of that name comes twice.
            self.gone.insert((e.kind, before), (e.record, e.revision));
            self.gone.remove(&(e.kind, after));
        }
    }

    fn end_lock(&mut self, id: LockId, reason: LockEnd) {
        if let Some(lock) = self.locks.remove(&id) {
            self.locks_ended.push_back((lock, reason));
            if self.locks_ended.len() > LOCKS_ENDED_MAX {
                self.locks_ended.pop_front();
            }
        }
    }
}
