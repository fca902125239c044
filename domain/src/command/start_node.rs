//! A node of the service starts. When it is the first one, the outage that there was is over.

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{
    ContactBack, ContactLost, Event, NodeStarted, OutageBegun, OutageEnd, OutageEnded, OutageId, PlanId, Who,
};

/// Puts the start of a node on record.
#[derive(Debug, Clone)]
pub struct StartNode {
    /// Its name.
    pub node: String,
    /// What it runs.
    pub version: String,
    /// Whether no other node lives: only then its start ends an outage, and what it sees of contact holds for the site.
    pub first: bool,
    /// The contacts that do not answer it.
    pub lost: Vec<String>,
}

impl Command for StartNode {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let (node, version) = (self.node.clone(), self.version.clone());
        let mut events: Vec<Event> = vec![NodeStarted { node, version, date: Some(ask.today) }.into()];
        if self.first {
            let outages = office.site.outages();
            if let Some(outage) = outages.current() {
                let reason = OutageEnd::Restart;
                events.push(OutageEnded { outage: outage.id, reason, by: None, at: None }.into());
            }
            if self.lost.is_empty() && outages.is_contact_lost() {
                events.push(ContactBack { at: ask.now }.into());
            }
            if !self.lost.is_empty() {
                if !outages.is_contact_lost() {
                    events.push(ContactLost { contacts: self.lost.clone(), at: ask.now }.into());
                }
                let outage = OutageId((ask.new_id)());
                events.push(OutageBegun { outage, by: Who::System, at: None }.into());
            }
        }
        Ok(events.into_iter().map(|event| (Stream::Site, event)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OutageState;
    use crate::command::announce_outage::tests::announcement;
    use crate::command::report_contact::tests::{back, lost};
    use crate::command::testing::Desk;

    fn start(first: bool, lost: &[&str]) -> StartNode {
        let lost = lost.iter().map(|it| (*it).to_owned()).collect();
        StartNode { node: "alpha".to_owned(), version: "0.1.0".to_owned(), first, lost }
    }

    #[test]
    fn only_the_start_of_the_first_node_ends_an_outage() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &announcement(true));
        desk.done(&start(false, &[]));
        assert_eq!(desk.site().outages().state(), OutageState::Gated);
        let events = desk.done(&start(true, &[]));
        assert!(matches!(&events[1], Event::OutageEnded(e) if e.reason == OutageEnd::Restart), "{events:?}");
        assert_eq!(desk.site().outages().state(), OutageState::Open);
    }

    #[test]
    fn started_without_contact_it_is_down_and_unannounced() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &announcement(true));
        desk.done(&lost());
        desk.done(&start(true, &["tcp://primus:7000"]));
        assert_eq!(desk.site().outages().state(), OutageState::DownUnannounced);
        desk.done(&back());
        assert_eq!(desk.site().outages().state(), OutageState::Open);
    }

    #[test]
    fn started_with_contact_what_was_lost_is_back() {
        let mut desk = Desk::with_plan();
        desk.done(&lost());
        desk.done(&start(true, &[]));
        assert_eq!(desk.site().outages().state(), OutageState::Open);
    }
}
