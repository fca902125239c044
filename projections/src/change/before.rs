//! What sessions and locks were before the events that a page tells.

use domain::{Event, LockGranted, Mode, RecordId, SessionStarted};
use eventstore::events_at;
use sqlx::PgConnection;
use std::collections::HashMap;

use super::about::{Known, continued, known_before};
use crate::Happened;
use crate::decode::readable;

/// What a session or a lock was before an event.
pub(super) struct Before {
    known: Known,
    /// How it began.
    began: Option<Event>,
}

impl Before {
    /// How the session began; nothing when nobody knows.
    pub fn started(&self) -> Option<&SessionStarted> {
        match &self.began {
            Some(Event::SessionStarted(e)) => Some(e),
            _ => None,
        }
    }

    /// How the lock was granted; nothing when nobody knows.
    pub fn granted(&self) -> Option<&LockGranted> {
        match &self.began {
            Some(Event::LockGranted(e)) => Some(e),
            _ => None,
        }
    }

    /// The mode of the session.
    pub fn mode(&self) -> Option<Mode> {
        self.known.mode.or(self.started().map(|e| e.mode))
    }

    /// The period that it worked on.
    pub fn period(&self) -> Option<RecordId> {
        self.known.period.or(self.started().and_then(|e| e.period))
    }

    /// What it did.
    pub fn activity(&self) -> Option<&str> {
        self.known.activity.as_deref()
    }
}

/// By the position of the event.
#[derive(Default)]
pub(super) struct Befores(HashMap<i64, Before>);

impl Befores {
    /// Reads what the sessions and locks were that some events go on with.
    pub async fn load(connection: &mut PgConnection, events: &[Happened]) -> Result<Self, sqlx::Error> {
        let asked =
            events.iter().filter_map(|happened| Some((continued(&happened.event)?, happened.position)));
        let found = known_before(connection, asked.unzip()).await?;
        if found.is_empty() {
            return Ok(Self::default());
        }
        let mut began: Vec<i64> = found.iter().map(|(_, _, known)| known.began).collect();
        began.sort_unstable();
        began.dedup();
        // Whatever this build cannot read of them, what came later can be told.
        let began = readable(events_at(connection, &began).await?, 0);
        let began: HashMap<i64, Event> = began.into_iter().map(|it| (it.position, it.event)).collect();
        let before = |known: Known| Before { began: began.get(&known.began).cloned(), known };
        Ok(Self(found.into_iter().map(|(_, position, known)| (position, before(known))).collect()))
    }

    /// What the session or lock of an event was before it.
    pub fn of(&self, happened: &Happened) -> Option<&Before> {
        self.0.get(&happened.position)
    }

    /// Every record that what was before an event mentions.
    pub fn mentioned(&self, happened: &Happened, each: &mut impl FnMut(RecordId)) {
        let Some(before) = self.of(happened) else { return };
        before.period().into_iter().for_each(&mut *each);
        before.granted().into_iter().filter_map(|e| e.periods.as_ref()).flatten().copied().for_each(each);
    }
}
