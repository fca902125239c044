//! The nodes tell that contact is lost, and that it is back.

use chrono::{DateTime, Utc};

use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{ContactBack, ContactLost, OutageBegun, OutageEnd, OutageEnded, OutageId, PlanId, Who};

/// What a node has found out for the whole site. A ledger that was away itself is reported when it is back, both moments at once.
#[derive(Debug, Clone)]
pub struct ReportContact {
    /// That no living node has contact any more.
    pub lost: Option<Loss>,
    /// That there is contact again, and since when.
    pub back: Option<DateTime<Utc>>,
}

/// Contact that is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// With whom: `ledger`, or the address of a partner.
    pub contacts: Vec<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl Command for ReportContact {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        None
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let outages = office.site.outages();
        let (mut current, mut is_lost) =
            (outages.current().map(|outage| (outage.id, outage.is_down)), outages.is_contact_lost());
        let mut events = Vec::new();
        if let Some(loss) = self.lost.as_ref().filter(|_| !is_lost) {
            is_lost = true;
            let lost = ContactLost { contacts: loss.contacts.clone(), at: loss.at };
            events.push((Stream::Site, lost.into()));
            if !current.is_some_and(|(_, is_down)| is_down) {
                let outage = current.map_or_else(|| OutageId((ask.new_id)()), |(outage, _)| outage);
                current = Some((outage, true));
                let begun = OutageBegun { outage, by: Who::System, at: Some(loss.at) };
                events.push((Stream::Site, begun.into()));
            }
        }
        if let Some(at) = self.back.filter(|_| is_lost) {
            events.push((Stream::Site, ContactBack { at }.into()));
            if let Some((outage, _)) = current {
                let reason = OutageEnd::ContactBack;
                events.push((Stream::Site, OutageEnded { outage, reason, by: None, at: Some(at) }.into()));
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::announce_outage::tests::announcement;
    use crate::command::testing::Desk;
    use crate::{Event, OutageState};

    fn moment(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    pub fn lost() -> ReportContact {
        let loss = Loss { contacts: vec!["tcp://primus:7000".to_owned()], at: moment(3) };
        ReportContact { lost: Some(loss), back: None }
    }

    pub fn back() -> ReportContact {
        ReportContact { lost: None, back: Some(moment(9)) }
    }

    #[test]
    fn an_announced_outage_begins_when_contact_is_lost_and_ends_when_it_is_back() {
        let mut desk = Desk::with_plan();
        desk.done_as(Who::Operator, None, &announcement(true));
        let events = desk.done(&lost());
        assert!(matches!(&events[..], [Event::ContactLost(_), Event::OutageBegun(_)]), "{events:?}");
        assert_eq!(desk.site().outages().current().unwrap().down_at, Some(moment(3)));
        assert!(desk.done(&lost()).is_empty(), "another node has seen the same");
        desk.done(&back());
        assert_eq!(desk.site().outages().state(), OutageState::Open);
        assert!(desk.done(&back()).is_empty());
    }

    #[test]
    fn a_ledger_that_was_away_leaves_a_whole_outage_on_record() {
        let mut desk = Desk::with_plan();
        let events = desk.done(&ReportContact { lost: lost().lost, back: Some(moment(9)) });
        let types: Vec<_> = events.iter().map(Event::r#type).collect();
        assert_eq!(types, ["ContactLost", "OutageBegun", "ContactBack", "OutageEnded"]);
        assert_eq!(desk.site().outages().state(), OutageState::Open);
    }
}
