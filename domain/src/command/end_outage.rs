//! Somebody ends an outage.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{Contact, OutageBegun, OutageEnd, OutageEnded, OutageId, PlanId, Right, Who};

/// Ends the outage that there is: message and gate vanish. Without contact it goes on as one that nobody announced.
#[derive(Debug, Clone, Copy)]
pub struct EndOutage;

impl Command for EndOutage {
    fn needs(&self) -> Needs {
        Needs::Right(Right::Maintenance)
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let outages = office.site.outages();
        let Some(outage) = outages.current() else { return Ok(Vec::new()) };
        let lost_since = match outages.contact() {
            Contact::Ok => None,
            // No message, no gate: there is nothing that could be ended but the loss of contact itself.
            Contact::Lost { .. } if outage.message.is_none() => return Ok(Vec::new()),
            Contact::Lost { since, .. } => Some(*since),
        };
        let reason = OutageEnd::Administrator;
        let ended = OutageEnded { outage: outage.id, reason, by: Some(ask.who), at: None };
        let mut events = vec![(Stream::Site, ended.into())];
        if lost_since.is_some() {
            let outage = OutageId((ask.new_id)());
            events.push((Stream::Site, OutageBegun { outage, by: Who::System, at: lost_since }.into()));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OutageState;
    use crate::command::announce_outage::tests::announcement;
    use crate::command::report_contact::tests::{back, lost};
    use crate::command::testing::Desk;

    #[test]
    fn ended_with_contact_everything_is_open() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &announcement(true));
        desk.done_as(Who::Operator, None, &EndOutage);
        assert_eq!(desk.site().outages().state(), OutageState::Open);
        assert!(desk.done_as(Who::Operator, None, &EndOutage).is_empty());
    }

    #[test]
    fn ended_without_contact_it_goes_on_unannounced() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &announcement(true));
        desk.done(&lost());
        assert_eq!(desk.site().outages().state(), OutageState::DownAnnounced);
        desk.done_as(Who::Operator, None, &EndOutage);
        assert_eq!(desk.site().outages().state(), OutageState::DownUnannounced);
        assert!(desk.done_as(Who::Operator, None, &EndOutage).is_empty(), "contact is not got back by order");
        desk.done(&back());
        assert_eq!(desk.site().outages().state(), OutageState::Open);
    }
}
