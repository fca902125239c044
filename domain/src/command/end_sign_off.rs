//! The time that a sign-off gives is over: its sessions end, or the plan is no longer kept shut.

use super::end_session::events;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{PlanId, ReservationEnd, ReservationEnded, SessionEnd, SignOffId};

/// Ends what a sign-off gave time for. That the time has really passed is a condition of the append, judged by the database's clock.
#[derive(Debug, Clone)]
pub struct EndSignOff {
    /// The plan.
    pub plan: PlanId,
    /// The announcement.
    pub sign_off: SignOffId,
    /// What is over.
    pub over: Over,
}

/// What is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The grace: everybody who is still there has to go.
    Grace,
    /// The time for which the plan was kept shut.
    Reservation,
}

impl Over {
    /// The word by which its deadline is known.
    pub fn word(self) -> &'static str {
        match self {
            Over::Grace => "grace",
            Over::Reservation => "reservation",
        }
    }
}

impl Command for EndSignOff {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        Some(&self.plan)
    }

    fn decide(&self, office: &Office<'_>, _ask: &mut Ask<'_>) -> Decision {
        let plan = office.plan()?;
        let Some(sign_off) = plan.sign_offs.get(self.sign_off) else { return Ok(Vec::new()) };
        Ok(match self.over {
            Over::Grace => {
                let reason = SessionEnd::SignedOff { by: sign_off.by, message: sign_off.message.clone() };
                sign_off
                    .leaving
                    .iter()
                    .flat_map(|leaver| events(plan, leaver.session, reason.clone()))
                    .collect()
            }
            Over::Reservation if sign_off.reservation.is_some() => {
                let ended = ReservationEnded { sign_off: sign_off.id, reason: ReservationEnd::TimeOver };
                vec![(Stream::Plan, ended.into())]
            }
            Over::Reservation => Vec::new(),
        })
    }
}
