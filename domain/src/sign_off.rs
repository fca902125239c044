//! Who has been told to leave a plan, and for whom it is kept shut meanwhile.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{Action, At, Event, Leaver, Reservation, SessionId, SignOffId, Stamp, Who};

/// An announced sign-off, until everybody has gone and the plan is no longer kept shut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignOff {
    /// Which it is.
    pub id: SignOffId,
    /// Who signs off.
    pub by: Who,
    /// What he told them.
    pub message: String,
    /// The time that they were given.
    pub grace_seconds: u32,
    /// Those who are still there.
    pub leaving: Vec<Leaver>,
    /// For whom the plan is kept shut.
    pub reservation: Option<Reservation>,
    /// When it was announced; nothing while that is not committed.
    pub announced: Option<Stamp>,
}

/// All that are not over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignOffs(BTreeMap<SignOffId, SignOff>);

impl SignOffs {
    /// All that are not over, in the order in which they were announced.
    pub fn iter(&self) -> impl Iterator<Item = &SignOff> {
        self.0.values()
    }

    /// One that is not over.
    pub fn get(&self, id: SignOffId) -> Option<&SignOff> {
        self.0.get(&id)
    }

    /// Those that tell this session to leave.
    pub fn of(&self, session: SessionId) -> impl Iterator<Item = &SignOff> {
        self.iter().filter(move |it| it.leaving.iter().any(|leaver| leaver.session == session))
    }

    /// Those that keep the plan shut, and for whom.
    pub fn reservations(&self) -> impl Iterator<Item = (&SignOff, Reservation)> {
        self.iter().filter_map(|it| Some((it, it.reservation?)))
    }

    /// The one with which this session reserved the plan for this action.
    pub fn reserved(&self, session: SessionId, action: Action) -> Option<SignOffId> {
        self.reservations().find(|(_, it)| *it == Reservation { session, action }).map(|(it, _)| it.id)
    }

    pub(crate) fn evolve(&mut self, event: &Event, at: &At) {
        match event {
            Event::SignOffAnnounced(e) => {
                let sign_off = SignOff {
                    id: e.sign_off,
                    by: e.by,
                    message: e.message.clone(),
                    grace_seconds: e.grace_seconds,
                    leaving: e.sessions.clone(),
                    reservation: e.reservation,
                    announced: at.stamp,
                };
                self.0.insert(e.sign_off, sign_off);
            }
            Event::SessionEnded(e) => {
                for sign_off in self.0.values_mut() {
                    sign_off.leaving.retain(|leaver| leaver.session != e.session);
                }
            }
            Event::ReservationEnded(e) => {
                if let Some(sign_off) = self.0.get_mut(&e.sign_off) {
                    sign_off.reservation = None;
                }
            }
            _ => return,
        }
        self.0.retain(|_, it| !it.leaving.is_empty() || it.reservation.is_some());
    }

    pub(crate) fn settle(&mut self, event: &Event, stamp: &Stamp) {
        if let Event::SignOffAnnounced(e) = event
            && let Some(sign_off) = self.0.get_mut(&e.sign_off)
        {
            sign_off.announced = Some(*stamp);
        }
    }
}
