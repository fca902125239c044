//! An outage is announced, its announcement changed, or it is begun by hand for everybody.

use chrono::{DateTime, Utc};

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    FieldFault, Outage, OutageAnnounced, OutageBegun, OutageChanged, OutageId, PlanId, Refusal, Right,
};

/// The most characters of a message.
pub const OUTAGE_MESSAGE_LENGTH_MAX: usize = 2_000;

/// Announces an outage, or changes what the present one says.
#[derive(Debug, Clone)]
pub struct AnnounceOutage {
    /// The id of a new one.
    pub outage: OutageId,
    /// What people read.
    pub message: String,
    /// Whether the gate closes.
    pub prevent_logins: bool,
    /// When it is expected to be over; only told.
    pub until: Option<DateTime<Utc>>,
    /// Whether it begins for everybody now. One that has begun is not undone by leaving this out.
    pub begin: bool,
}

impl Command for AnnounceOutage {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Maintenance)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        if let Some(fault) = message_fault(&self.message) {
            return Err(Refusal::invalid(&[fault]).into());
        }
        let current = office.site.outages().current();
        let outage = current.map_or(self.outage, |current| current.id);
        let (message, prevent_logins, until, by) =
            (self.message.clone(), self.prevent_logins, self.until, ask.who);
        let mut events = Vec::new();
        match current {
            Some(current) if current.message.is_some() && self.is_said_by(current) => {}
            Some(current) if current.message.is_some() => {
                let changed = OutageChanged { outage, message, prevent_logins, until, by };
                events.push((Stream::Site, changed.into()));
            }
            _ => {
                let announced = OutageAnnounced { outage, message, prevent_logins, until, by };
                events.push((Stream::Site, announced.into()));
            }
        }
        if self.begin && !current.is_some_and(|current| current.is_down) {
            events.push((Stream::Site, OutageBegun { outage, by, at: None }.into()));
        }
        Ok(events)
    }
}

impl AnnounceOutage {
    fn is_said_by(&self, current: &Outage) -> bool {
        current.message.as_ref() == Some(&self.message)
            && current.prevent_logins == self.prevent_logins
            && current.until == self.until
    }
}

fn message_fault(message: &str) -> Option<FieldFault> {
    let fault = |detail: String| Some(FieldFault::new("/message", detail));
    if message.trim().is_empty() {
        return fault("say what people shall read".to_owned());
    }
    if message.chars().count() > OUTAGE_MESSAGE_LENGTH_MAX {
        return fault(format!("a message has at most {OUTAGE_MESSAGE_LENGTH_MAX} characters"));
    }
    if message.chars().any(|c| c.is_control() && c != '\n') {
        return fault("a message has no control characters but line ends".to_owned());
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::testing::Desk;
    use crate::{Event, OutageState, RefusalCode, Who};

    pub fn announcement(prevent_logins: bool) -> AnnounceOutage {
        AnnounceOutage {
            outage: OutageId(uuid::Uuid::from_u128(77)),
            message: "At noon the service rests.".to_owned(),
            prevent_logins,
            until: None,
            begin: false,
        }
    }

    #[test]
    fn an_announced_outage_is_changed_not_announced_again() {
        let mut desk = Desk::with_plan();
        let events = desk.done_as(Who::Operator, None, &announcement(false));
        assert!(matches!(&events[..], [Event::OutageAnnounced(_)]), "{events:?}");
        assert_eq!(desk.site().outages().state(), OutageState::Announced);
        assert!(desk.done_as(Who::Operator, None, &announcement(false)).is_empty(), "it says so already");
        let later = AnnounceOutage { message: "At two.".to_owned(), ..announcement(true) };
        let events = desk.done_as(Who::Operator, None, &later);
        assert!(matches!(&events[..], [Event::OutageChanged(_)]), "{events:?}");
        let outage = desk.site().outages().current().unwrap();
        assert!(outage.announced_at < outage.gated_at);
    }

    #[test]
    fn begun_by_hand_it_is_down_for_everybody_and_stays_so() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &AnnounceOutage { begin: true, ..announcement(false) });
        assert_eq!(desk.site().outages().state(), OutageState::DownAnnounced);
        assert_eq!(desk.refused_log_in("anna").code, RefusalCode::Outage);
        desk.done_as(Who::Operator, None, &announcement(true));
        assert_eq!(desk.site().outages().state(), OutageState::DownAnnounced);
    }

    #[test]
    fn a_message_says_something_and_not_too_much() {
        let mut desk = Desk::with_plan();
        for message in [" ".to_owned(), "x".repeat(2_001), "a\u{7}".to_owned()] {
            let refusal = desk.refused(&AnnounceOutage { message, ..announcement(false) });
            assert_eq!(refusal.members["errors"][0]["pointer"], "/message");
        }
    }

    #[test]
    fn announcing_takes_the_right_of_maintenance() {
        let mut desk = Desk::with_plan();
        let anna = desk.user("anna");
        let refusal = desk.try_as(anna, None, &announcement(false)).unwrap_err();
        assert_eq!(refusal.members["right"], "maintenance");
    }
}
