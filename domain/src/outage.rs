//! The outage that there is: message, gate, contact. Part of the state of the site.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{At, Event, OutageId, Refusal, RefusalCode, Stamp, Who};

/// An outage that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outage {
    /// Which it is.
    pub id: OutageId,
    /// What people read; nothing when nobody announced it.
    pub message: Option<String>,
    /// Whether the gate is closed.
    pub prevent_logins: bool,
    /// When it is expected to be over; only told.
    pub until: Option<DateTime<Utc>>,
    /// Who announced or last changed it.
    pub by: Option<Who>,
    /// When it was announced; nothing while that is not committed, and where nobody announced it.
    pub announced_at: Option<DateTime<Utc>>,
    /// When the gate closed: from then on it concerns those who come.
    pub gated_at: Option<DateTime<Utc>>,
    /// Whether it has begun for those who are in.
    pub is_down: bool,
    /// When it did.
    pub down_at: Option<DateTime<Utc>>,
}

/// Contact with the ledger and the partners, of the site as a whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Contact {
    /// There is contact, or nobody has ever reported that there is none.
    #[default]
    Ok,
    /// No living node has it.
    Lost {
        /// With whom.
        contacts: Vec<String>,
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// Message, gate and contact in one word, as the API says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutageState {
    /// No message, and contact.
    Open,
    /// A message, and the gate is open.
    Announced,
    /// A message, and the gate is closed.
    Gated,
    /// A message, and contact is lost or it was begun by hand.
    DownAnnounced,
    /// No message, and contact is lost.
    DownUnannounced,
}

impl OutageState {
    /// Every state there is.
    pub const ALL: [OutageState; 5] = [
        OutageState::Open,
        OutageState::Announced,
        OutageState::Gated,
        OutageState::DownAnnounced,
        OutageState::DownUnannounced,
    ];

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            OutageState::Open => "open",
            OutageState::Announced => "announced",
            OutageState::Gated => "gated",
            OutageState::DownAnnounced => "down-announced",
            OutageState::DownUnannounced => "down-unannounced",
        }
    }

    /// Whether nobody is served.
    pub fn is_down(self) -> bool {
        matches!(self, OutageState::DownAnnounced | OutageState::DownUnannounced)
    }

    /// Whether whoever comes may log in.
    pub fn lets_in(self) -> bool {
        matches!(self, OutageState::Open | OutageState::Announced)
    }
}

/// What the site knows about outages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outages {
    current: Option<Outage>,
    contact: Contact,
    contact_since: Option<DateTime<Utc>>,
}

impl Outages {
    /// What was known of outages at some moment, as it is on record.
    pub fn recorded(
        current: Option<Outage>,
        contact: Contact,
        contact_since: Option<DateTime<Utc>>,
    ) -> Outages {
        Outages { current, contact, contact_since }
    }

    /// The outage that there is.
    pub fn current(&self) -> Option<&Outage> {
        self.current.as_ref()
    }

    /// Whether there is contact.
    pub fn contact(&self) -> &Contact {
        &self.contact
    }

    /// Since when contact is as it is; nothing when it was never lost.
    pub fn contact_since(&self) -> Option<DateTime<Utc>> {
        self.contact_since
    }

    /// Whether contact is lost.
    pub fn is_contact_lost(&self) -> bool {
        self.contact != Contact::Ok
    }

    /// In one word.
    pub fn state(&self) -> OutageState {
        match &self.current {
            None if self.is_contact_lost() => OutageState::DownUnannounced,
            None => OutageState::Open,
            Some(outage) if outage.is_down && outage.message.is_some() => OutageState::DownAnnounced,
            Some(outage) if outage.is_down => OutageState::DownUnannounced,
            Some(outage) if outage.prevent_logins => OutageState::Gated,
            Some(_) => OutageState::Announced,
        }
    }

    /// Whether somebody new may come in: 503 `gate-closed`, or `outage` while nobody is served at all.
    pub fn check_gate(&self) -> Result<(), Refusal> {
        let state = self.state();
        if state.lets_in() { Ok(()) } else { Err(self.refusal()) }
    }

    /// What is told to whoever is not served or not let in.
    pub fn refusal(&self) -> Refusal {
        let outage = self.current.as_ref();
        let message = outage.and_then(|outage| outage.message.clone());
        let until = outage.and_then(|outage| outage.until);
        if self.state() == OutageState::Gated {
            return Refusal::with(RefusalCode::GateClosed, json!({ "message": message, "until": until }));
        }
        let since = outage.and_then(|outage| outage.down_at);
        Refusal::with(RefusalCode::Outage, json!({ "message": message, "since": since, "until": until }))
    }

    fn say(&mut self, id: OutageId, said: Said<'_>, at: Option<DateTime<Utc>>) {
        let outage = self.current.get_or_insert_with(|| Outage::new(id));
        outage.message = Some(said.message.to_owned());
        outage.until = said.until;
        outage.by = Some(said.by);
        if said.prevent_logins != outage.prevent_logins {
            outage.gated_at = at.filter(|_| said.prevent_logins);
        }
        outage.prevent_logins = said.prevent_logins;
    }

    pub(crate) fn evolve(&mut self, event: &Event, at: &At) {
        let stamped = at.stamp.map(|stamp| stamp.at);
        match event {
            Event::OutageAnnounced(e) => {
                let (message, prevent_logins, until, by) = (&e.message, e.prevent_logins, e.until, e.by);
                self.say(e.outage, Said { message, prevent_logins, until, by }, stamped);
                if let Some(outage) = &mut self.current {
                    outage.announced_at = stamped;
                }
            }
            Event::OutageChanged(e) => {
                let (message, prevent_logins, until, by) = (&e.message, e.prevent_logins, e.until, e.by);
                self.say(e.outage, Said { message, prevent_logins, until, by }, stamped);
            }
            Event::OutageBegun(e) => {
                let outage = self.current.get_or_insert_with(|| Outage::new(e.outage));
                outage.is_down = true;
                outage.down_at = e.at.or(stamped);
            }
            Event::OutageEnded(_) => self.current = None,
            Event::ContactLost(e) => {
                self.contact = Contact::Lost { contacts: e.contacts.clone(), since: e.at };
                self.contact_since = Some(e.at);
            }
            Event::ContactBack(e) => {
                self.contact = Contact::Ok;
                self.contact_since = Some(e.at);
            }
            _ => {}
        }
    }

    pub(crate) fn settle(&mut self, event: &Event, stamp: &Stamp) {
        let Some(outage) = &mut self.current else { return };
        match event {
            Event::OutageAnnounced(e) if e.outage == outage.id => {
                outage.announced_at = Some(stamp.at);
                if e.prevent_logins && outage.prevent_logins {
                    outage.gated_at.get_or_insert(stamp.at);
                }
            }
            Event::OutageChanged(e) if e.outage == outage.id && e.prevent_logins && outage.prevent_logins => {
                outage.gated_at.get_or_insert(stamp.at);
            }
            Event::OutageBegun(e) if e.outage == outage.id => {
                outage.down_at.get_or_insert(stamp.at);
            }
            _ => {}
        }
    }
}

/// What an announcement says.
#[derive(Clone, Copy)]
struct Said<'a> {
    message: &'a str,
    prevent_logins: bool,
    until: Option<DateTime<Utc>>,
    by: Who,
}

impl Outage {
    fn new(id: OutageId) -> Outage {
        Outage {
            id,
            message: None,
            prevent_logins: false,
            until: None,
            by: None,
            announced_at: None,
            gated_at: None,
            is_down: false,
            down_at: None,
        }
    }
}
