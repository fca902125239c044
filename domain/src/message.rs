//! Who is told something by an event: what people send, and what the service itself has to tell somebody (RULES.md, 1.4 and 3.7).
//!
//! A message is known by the position of its event, so that nothing has to be written twice: whoever shows messages and whoever
//! judges that one has been read ask here.

use uuid::Uuid;

use crate::{Event, Who};

/// Of which kind a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageKind {
    /// From somebody.
    User,
    /// Something of the reader's was refused.
    Refused,
    /// The reader is signed off.
    SignOff,
    /// An outage is announced, or its announcement has changed.
    Outage,
}

impl MessageKind {
    /// All of them.
    pub const ALL: [MessageKind; 4] =
        [MessageKind::User, MessageKind::Refused, MessageKind::SignOff, MessageKind::Outage];

    /// The word in JSON and in rows.
    pub fn word(self) -> &'static str {
        match self {
            MessageKind::User => "user",
            MessageKind::Refused => "refused",
            MessageKind::SignOff => "sign-off",
            MessageKind::Outage => "outage",
        }
    }
}

/// Whom an event tells something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Who gets it.
    pub to: Recipients,
}

/// Who gets a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// These; each once.
    These(Vec<Who>),
    /// Everybody who is logged in when it is recorded.
    WhoIsLoggedIn,
}

impl Told {
    /// Whom an event tells something, if it does.
    pub fn by(event: &Event) -> Option<Told> {
        let these = |kind, to: Vec<Who>| Some(Told { kind, to: Recipients::These(people(to)) });
        match event {
            Event::MessageSent(e) => these(MessageKind::User, e.to.clone()),
            Event::ChangeRefused(e) => these(MessageKind::Refused, vec![e.who]),
            Event::LockDenied(e) => these(MessageKind::Refused, vec![e.who]),
            Event::SignOffAnnounced(e) => {
                these(MessageKind::SignOff, e.sessions.iter().map(|leaver| leaver.who).collect())
            }
            Event::OutageAnnounced(_) | Event::OutageChanged(_) => {
                Some(Told { kind: MessageKind::Outage, to: Recipients::WhoIsLoggedIn })
            }
            _ => None,
        }
    }

    /// Whether somebody is among those who get it. An outage concerns everybody.
    pub fn is_for(&self, who: Who) -> bool {
        match &self.to {
            Recipients::These(all) => all.contains(&who),
            Recipients::WhoIsLoggedIn => true,
        }
    }
}

/// The host's operator and the service read no messages.
fn people(mut to: Vec<Who>) -> Vec<Who> {
    to.retain(|who| matches!(who, Who::User(_) | Who::Token(_)));
    to.sort_unstable();
    to.dedup();
    to
}

/// What a `MessageRead` is about, for the index of the ledger: one message, read by one person or program.
pub fn reading(message: i64, by: Who) -> Uuid {
    let reader = match by {
        Who::User(id) => id.0,
        Who::Token(id) => id.0,
        Who::Operator | Who::System => Uuid::nil(),
    };
    // A position fills so few bits that this is never the id of anything else, whose first bits are a time or random.
    Uuid::from_u64_pair(message.unsigned_abs(), reader.as_u64_pair().1)
}
