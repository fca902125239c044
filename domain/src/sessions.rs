//! Who is logged in: sessions of a plan, and those of the site in the stream `sessions`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::{At, Event, Fold, Mode, RecordId, SessionEnd, SessionId, Stamp, StreamName, Who, snapshot};

/// How many ended sessions are remembered, so that a late call of one learns why it ended.
const ENDED_MAX: usize = 1_000;

/// One log-in, until it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Which it is.
    pub id: SessionId,
    /// Who.
    pub who: Who,
    /// What for.
    pub mode: Mode,
    /// The period worked on; none in a site session.
    pub period: Option<RecordId>,
    /// What the person does, in his words.
    pub activity: Option<String>,
    /// The program, as it names itself.
    pub client: Option<String>,
    /// When it began; nothing while that is not committed.
    pub since: Option<DateTime<Utc>>,
}

/// Those who are there, and why the last ones are not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    present: BTreeMap<SessionId, Session>,
    #[serde(with = "snapshot::pairs")]
    ended: HashMap<SessionId, Ended>,
    ended_order: VecDeque<SessionId>,
}

/// A session that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// What it was.
    pub session: Session,
    /// Why it ended.
    pub reason: SessionEnd,
    /// When; nothing while that is not committed.
    pub at: Option<DateTime<Utc>>,
}

impl Sessions {
    /// The stream of the sessions that are in no plan.
    pub fn stream() -> StreamName {
        StreamName::from("sessions")
    }

    /// A session that is there.
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.present.get(&id)
    }

    /// Everybody who is there, in the order of their ids, which is the order of their log-ins.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.present.values()
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Why a session is no more there, as long as it is remembered.
    pub fn ended(&self, id: SessionId) -> Option<&Ended> {
        self.ended.get(&id)
    }

    fn end(&mut self, id: SessionId, reason: SessionEnd, at: Option<DateTime<Utc>>) {
        let Some(session) = self.present.remove(&id) else { return };
        if self.ended.insert(id, Ended { session, reason, at }).is_none() {
            self.ended_order.push_back(id);
        }
        if self.ended_order.len() > ENDED_MAX
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }
}

impl Fold for Sessions {
    fn evolve(&mut self, event: &Event, at: &At) {
        let moment = at.stamp.map(|stamp| stamp.at);
        match event {
            Event::SessionStarted(e) => {
                // Whoever comes back is as old as he was: coming back makes nobody younger.
                let began = self.ended.remove(&e.session).and_then(|ended| ended.session.since);
                self.ended_order.retain(|id| *id != e.session);
                let session = Session {
                    id: e.session,
                    who: e.who,
                    mode: e.mode,
                    period: e.period,
                    activity: None,
                    client: e.client.clone(),
                    since: began.filter(|_| e.resumed).or(moment),
                };
                self.present.insert(e.session, session);
            }
            Event::SessionChanged(e) => {
                if let Some(session) = self.present.get_mut(&e.session) {
                    session.mode = e.mode.unwrap_or(session.mode);
                    session.period = e.period.or(session.period);
                    if let Some(activity) = &e.activity {
                        session.activity = (!activity.is_empty()).then(|| activity.clone());
                    }
                }
            }
            Event::SessionEnded(e) => self.end(e.session, e.reason.clone(), moment),
            _ => {}
        }
    }

    fn settle(&mut self, event: &Event, stamp: &Stamp) {
        match event {
            Event::SessionStarted(e) => {
                if let Some(session) = self.present.get_mut(&e.session) {
                    session.since.get_or_insert(stamp.at);
                }
            }
            Event::SessionEnded(e) => {
                if let Some(ended) = self.ended.get_mut(&e.session) {
                    ended.at = Some(stamp.at);
                }
            }
            _ => {}
        }
    }
}
