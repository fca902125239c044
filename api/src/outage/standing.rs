//! What a node knows about the site without asking anybody: message, gate, contact.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Contact, Outage, OutageState, Outages};
use serde_json::{Value as Json, json};
use tokio::sync::{Notify, watch};

use super::RefusedLogins;
use crate::http::{Code, Problem};

/// After this who was refused because contact is lost may ask again, in seconds.
const COME_AGAIN_LOST: u32 = 2;
/// The same where somebody began the outage by hand.
const COME_AGAIN_BY_HAND: u32 = 30;

/// What this node knows; kept up by [`watch`](super::watch), read by whoever answers.
pub struct Standing {
    known: RwLock<Arc<Known>>,
    gone: watch::Sender<bool>,
    /// Counts what has changed but for the figures.
    moves: watch::Sender<u64>,
    trouble: Notify,
    /// Log-ins refused here.
    pub refused: RefusedLogins,
}

/// The state of the site as this node sees it.
#[derive(Debug, Clone)]
pub struct Known {
    /// As the ledger has it, at the last look.
    pub outages: Outages,
    /// What the author of the message is called.
    pub by: Option<String>,
    /// Since when the ledger does not answer this node.
    pub ledger_lost: Option<DateTime<Utc>>,
    /// Since when this node has no contact with the partners; the site has some as long as another node has.
    pub cut_off: Option<DateTime<Utc>>,
    /// When the node was started: contact that was never lost is ok since then.
    pub started_at: DateTime<Utc>,
    /// When contact was last asked for.
    pub last_probe_at: Option<DateTime<Utc>>,
    /// How many people and programs are logged in, at the last look.
    pub users: i64,
    /// How many log-ins the gate of the present outage has refused, at the last look, without those that wait to be written.
    pub refused_logins: i64,
    /// Whether other nodes live.
    pub has_others: bool,
}

impl Standing {
    /// Of a node that has just been started.
    pub fn new(started_at: DateTime<Utc>) -> Standing {
        Standing {
            known: RwLock::new(Arc::new(Known::new(started_at))),
            gone: watch::Sender::new(false),
            moves: watch::Sender::new(0),
            trouble: Notify::new(),
            refused: RefusedLogins::default(),
        }
    }

    /// What is known now.
    pub fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in something new.
    pub fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Known::clone(&known);
        change(&mut next);
        let is_gone = next.ledger_lost.is_some();
        let moves = !next.tells_the_same(&known);
        *known = Arc::new(next);
        drop(known);
        if moves {
            self.moves.send_modify(|moves| *moves += 1);
        }
        self.gone.send_if_modified(|gone| std::mem::replace(gone, is_gone) != is_gone);
    }

    /// Moves whenever there is something else to tell of the outage than before.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }

    /// Whether the ledger does not answer this node.
    pub fn is_ledger_gone(&self) -> bool {
        *self.gone.borrow()
    }

    /// Waits until the ledger has been gone for so long at a stretch.
    pub async fn gone_for(&self, long: Duration) {
        let mut gone = self.gone.subscribe();
        loop {
            if gone.wait_for(|gone| *gone).await.is_err() {
                return std::future::pending().await;
            }
            let back = tokio::time::timeout(long, gone.wait_for(|gone| !*gone)).await;
            if back.is_err() {
                return;
            }
        }
    }

    /// Somebody has met a ledger that does not answer: it is asked at once, not only when the next probe is due.
    pub fn note_trouble(&self) {
        self.trouble.notify_one();
    }

    /// Waits for that.
    pub async fn trouble(&self) {
        self.trouble.notified().await;
    }

    /// Log-ins that the gate of the present outage has refused.
    pub fn refused_logins(&self) -> i64 {
        let known = self.known();
        let waiting = known.outages.current().map_or(0, |outage| self.refused.waiting(outage.id));
        known.refused_logins.saturating_add(i64::try_from(waiting).unwrap_or(i64::MAX))
    }

    /// The outage as the API shows it.
    pub fn json(&self) -> Json {
        self.known().json(self.refused_logins())
    }
}

impl Known {
    /// Nothing yet but since when.
    pub fn new(started_at: DateTime<Utc>) -> Known {
        Known {
            outages: Outages::default(),
            by: None,
            ledger_lost: None,
            cut_off: None,
            started_at,
            last_probe_at: None,
            users: 0,
            refused_logins: 0,
            has_others: false,
        }
    }

    /// Whether people would be told the same of the outage, but for figures.
    fn tells_the_same(&self, other: &Known) -> bool {
        self.outages == other.outages
            && self.by == other.by
            && self.ledger_lost == other.ledger_lost
            && self.cut_off == other.cut_off
    }

    /// In one word, as it is for whoever asks this node.
    pub fn state(&self) -> OutageState {
        let state = self.outages.state();
        if !self.is_alone_down() || state.is_down() {
            return state;
        }
        if self.outage().is_some_and(|outage| outage.message.is_some()) {
            OutageState::DownAnnounced
        } else {
            OutageState::DownUnannounced
        }
    }

    /// Whether it is this node that serves nobody, whatever the ledger says.
    fn is_alone_down(&self) -> bool {
        self.ledger_lost.is_some() || self.cut_off.is_some()
    }

    fn outage(&self) -> Option<&Outage> {
        self.outages.current()
    }

    /// Whether this node serves nobody and others do.
    pub fn is_cut_off_alone(&self) -> bool {
        self.cut_off.is_some() && !self.outages.is_contact_lost()
    }

    /// Since when nobody is served.
    pub fn down_since(&self) -> Option<DateTime<Utc>> {
        let begun = self.outage().and_then(|outage| outage.down_at);
        begun.or(self.ledger_lost).or(self.cut_off)
    }

    /// 503 `outage`, or `gate-closed` while only the gate is closed.
    pub fn problem(&self) -> Problem {
        let message = self.outage().and_then(|outage| outage.message.as_deref());
        let until = self.outage().and_then(|outage| outage.until);
        if self.state() == OutageState::Gated {
            return Problem::new(Code::GateClosed).with("message", message).with("until", until);
        }
        let is_lost = self.is_alone_down() || self.outages.is_contact_lost();
        Problem::new(Code::Outage)
            .with("message", message)
            .with("since", self.down_since())
            .with("until", until)
            .retry_after(if is_lost { COME_AGAIN_LOST } else { COME_AGAIN_BY_HAND })
    }

    /// The outage as the API shows it.
    pub fn json(&self, refused_logins: i64) -> Json {
        let outage = self.outage();
        let state = self.state();
        json!({
            "state": state.word(),
            "message": outage.and_then(|outage| outage.message.as_deref()),
            "prevent_logins": outage.is_some_and(|outage| outage.prevent_logins),
            "until": outage.and_then(|outage| outage.until),
            "by": self.by,
            "announced_at": outage.and_then(|outage| outage.announced_at),
            "gated_at": outage.and_then(|outage| outage.gated_at),
            "down_at": if state.is_down() { self.down_since() } else { None },
            "contact": self.contact(),
            "users": self.users,
            "refused_logins": refused_logins,
        })
    }

    /// The link to ledger and partners: `{state, since, last_probe_at}`.
    pub fn contact(&self) -> Json {
        let lost = match (self.outages.contact(), self.ledger_lost.or(self.cut_off)) {
            (Contact::Lost { since, .. }, _) => Some(*since),
            (Contact::Ok, lost) => lost,
        };
        let since = lost.or(self.outages.contact_since()).unwrap_or(self.started_at);
        let state = if lost.is_some() { "lost" } else { "ok" };
        json!({ "state": state, "since": since, "last_probe_at": self.last_probe_at })
    }
}
