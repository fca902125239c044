//! Contact of sessions and locks: no event, a small table by the database's clock, written together and not too often.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Desk, Terms};

/// Contact of one session or lock is written at most this often.
const WRITTEN_EVERY_MAX: Duration = Duration::from_secs(5);

/// Contacts that have not been written yet, and when each was written last.
pub struct Contacts {
    every: Duration,
    noted: Mutex<HashMap<Uuid, Noted>>,
}

struct Noted {
    written: Option<Instant>,
    heard_since: bool,
}

impl Contacts {
    pub fn new(terms: &Terms) -> Contacts {
        let shortest = terms.session_idle.min(terms.lock_lease);
        Contacts { every: WRITTEN_EVERY_MAX.min(shortest / 6), noted: Mutex::default() }
    }

    /// How often contact is worth being noted.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// How much later than the contact itself it may stand in the table: a deadline has to wait so much longer.
    pub fn slack(&self) -> Duration {
        self.every * 2
    }

    /// A session or a lock has just been heard of.
    pub fn note(&self, contact: Uuid) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.entry(contact).or_insert(Noted { written: None, heard_since: true }).heard_since = true;
    }

    fn take_due(&self) -> Vec<Uuid> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_old = |noted: &Noted| noted.written.is_none_or(|written| now - written >= self.every);
        let due = noted
            .iter()
            .filter(|(_, it)| it.heard_since && is_old(it))
            .map(|(contact, _)| *contact)
            .collect();
        // What was written long ago and not heard of since is forgotten: a new contact finds no trace and is written at once.
        noted.retain(|_, it| it.heard_since || !is_old(it));
        due
    }

    fn written(&self, contacts: &[Uuid]) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        for contact in contacts {
            noted.insert(*contact, Noted { written: Some(Instant::now()), heard_since: false });
        }
    }
}

/// Writes contacts until `stop`.
pub async fn flush(desk: Arc<Desk>, stop: CancellationToken) {
    let every = desk.contacts.every;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every / 2) => {}
        }
        write_due(&desk).await;
    }
}

/// Writes what is due now.
pub async fn write_due(desk: &Desk) {
    let due = desk.contacts.take_due();
    if !due.is_empty() && desk.ledger.touch_contacts(&due).await.is_ok() {
        desk.contacts.written(&due);
    }
}
