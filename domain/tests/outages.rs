//! Whatever happens to outages, in whatever order: message, gate and contact are what the office's table says.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use chrono::{DateTime, NaiveDate, Utc};
use domain::command::announce_outage::AnnounceOutage;
use domain::command::end_outage::EndOutage;
use domain::command::log_in::LogIn;
use domain::command::report_contact::{Loss, ReportContact};
use domain::command::start_node::StartNode;
use domain::command::{Ask, Command, Obstruction, Office};
use domain::*;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    Announce { prevent_logins: bool, begin: bool, text: u8 },
    End,
    Lost,
    Back,
    LedgerWasAway,
    Start { first: bool, with_contact: bool },
    LogIn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<bool>(), prop::bool::weighted(0.2), 0..2_u8)
            .prop_map(|(prevent_logins, begin, text)| Step::Announce { prevent_logins, begin, text }),
        Just(Step::End),
        Just(Step::Lost),
        Just(Step::Back),
        Just(Step::LedgerWasAway),
        (any::<bool>(), any::<bool>()).prop_map(|(first, with_contact)| Step::Start { first, with_contact }),
        Just(Step::LogIn),
    ]
}

/// The site by the words of the rules: message x gate x contact, and whether it was begun by hand.
#[derive(Debug, Clone, Default)]
struct Model {
    message: bool,
    gate_closed: bool,
    lost: bool,
    by_hand: bool,
}

impl Model {
    fn state(&self) -> OutageState {
        match (self.lost || self.by_hand, self.message, self.gate_closed) {
            (true, true, _) => OutageState::DownAnnounced,
            (true, false, _) => OutageState::DownUnannounced,
            (false, true, true) => OutageState::Gated,
            (false, true, false) => OutageState::Announced,
            (false, false, _) => OutageState::Open,
        }
    }

    fn end(&mut self) {
        *self = Model { lost: self.lost, ..Model::default() };
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Announce { prevent_logins, begin, .. } => {
                // An outage that has begun is not undone by an announcement that does not begin it.
                (self.message, self.gate_closed) = (true, *prevent_logins);
                self.by_hand |= *begin;
            }
            Step::End => self.end(),
            Step::Lost => self.lost = true,
            Step::Back if self.lost => *self = Model::default(),
            Step::LedgerWasAway => *self = Model::default(),
            Step::Start { first: true, with_contact } => {
                *self = Model { lost: !with_contact, ..Model::default() }
            }
            Step::Back | Step::Start { .. } | Step::LogIn => {}
        }
    }
}

#[derive(Default)]
struct Folded {
    site: Site,
    accounts: Accounts,
    sessions: Sessions,
    log: Vec<Event>,
    ids: u128,
}

impl Folded {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + self.log.len() as i64, 0).unwrap()
    }

    fn decide(&mut self, who: Who, command: &impl Command) -> Result<Vec<Event>, Refusal> {
        let now = self.now();
        let office = Office {
            plan: None,
            school: None,
            plans_beside: Vec::new(),
            accounts: &self.accounts,
            site: &self.site,
            sessions: &self.sessions,
        };
        let mut new_id = || {
            self.ids += 1;
            Uuid::from_u128(self.ids)
        };
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut ask = Ask { who, session: None, now, today, new_id: &mut new_id, history: None };
        match command.decide(&office, &mut ask) {
            Ok(events) => Ok(events.into_iter().map(|(_, event)| event).collect()),
            Err(Obstruction::Refused(refusal)) => Err(*refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn stamp(position: usize) -> Stamp {
        let at = DateTime::from_timestamp(1_795_000_000 + position as i64, 0).unwrap();
        Stamp { position: position as i64 + 1, at }
    }

    /// Folds as the service does: first without knowing when it will be recorded, then settled.
    fn fold(&mut self, events: Vec<Event>) {
        let first = self.log.len();
        for event in &events {
            self.site.evolve(event, &At { version: 0, epoch: 1, stamp: None });
        }
        for (index, event) in events.iter().enumerate() {
            self.site.settle(event, &Self::stamp(first + index));
        }
        self.log.extend(events);
    }

    fn ask(&mut self, step: &Step) -> Result<(), Refusal> {
        let at = self.now();
        let loss = Loss { contacts: vec!["tcp://primus:7000".into()], at };
        let events = match step {
            Step::Announce { prevent_logins, begin, text } => {
                self.ids += 1;
                let command = AnnounceOutage {
                    outage: OutageId(Uuid::from_u128(self.ids)),
                    message: format!("message {text}"),
                    prevent_logins: *prevent_logins,
                    until: None,
                    begin: *begin,
                };
                self.decide(Who::Operator, &command)
            }
            Step::End => self.decide(Who::Operator, &EndOutage),
            Step::Lost => self.decide(Who::System, &ReportContact { lost: Some(loss), back: None }),
            Step::Back => self.decide(Who::System, &ReportContact { lost: None, back: Some(at) }),
            Step::LedgerWasAway => {
                self.decide(Who::System, &ReportContact { lost: Some(loss), back: Some(at) })
            }
            Step::Start { first, with_contact } => {
                let lost = if *with_contact { Vec::new() } else { loss.contacts };
                let (node, version) = ("alpha".to_owned(), "1".to_owned());
                self.decide(Who::System, &StartNode { node, version, first: *first, lost })
            }
            Step::LogIn => {
                self.ids += 1;
                let session = SessionId(Uuid::from_u128(self.ids));
                let (mode, period, client, plan) = (None, None, None, None);
                let command = LogIn { plan, session, mode, period, client, resumed: false, replaces: None };
                self.decide(Who::Operator, &command).map(|_| Vec::new())
            }
        }?;
        self.fold(events);
        Ok(())
    }
}

/// Every outage on record begins before it ends, ends once, and a new one begins only when the one before is over.
fn check_record(log: &[Event]) {
    let mut open: Option<OutageId> = None;
    for event in log {
        match event {
            Event::OutageAnnounced(e) => assert_eq!(*open.get_or_insert(e.outage), e.outage),
            Event::OutageBegun(e) => assert_eq!(*open.get_or_insert(e.outage), e.outage),
            Event::OutageChanged(e) => assert_eq!(open, Some(e.outage)),
            Event::OutageEnded(e) => assert_eq!(open.take(), Some(e.outage)),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("DAYBOOK_SOAK").is_some() { 20_000 } else { 500 },
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_order_keeps_to_the_table(steps in vec(step(), 1..60)) {
        let (mut site, mut model) = (Folded::default(), Model::default());
        for step in &steps {
            let refused = site.ask(step);
            model.take(step);
            let outages = site.site.outages();
            prop_assert_eq!(outages.state(), model.state(), "after {:?} of {:?}", step, steps);
            prop_assert_eq!(outages.is_contact_lost(), model.lost);
            prop_assert_eq!(outages.current().is_none(), model.state() == OutageState::Open);
            if let Some(outage) = outages.current() {
                prop_assert_eq!(outage.is_down, outage.down_at.is_some());
                prop_assert_eq!(outage.prevent_logins, outage.gated_at.is_some());
                prop_assert_eq!(outage.message.is_some(), outage.announced_at.is_some());
            }
            match (step, refused) {
                (Step::LogIn, Ok(())) => prop_assert!(model.state().lets_in()),
                (Step::LogIn, Err(refusal)) => prop_assert_eq!(
                    refusal.code,
                    if model.state().is_down() { RefusalCode::Outage } else { RefusalCode::GateClosed }
                ),
                (_, refused) => prop_assert!(refused.is_ok()),
            }
        }
        check_record(&site.log);
        let mut again = Site::default();
        for (index, event) in site.log.iter().enumerate() {
            let stamp = Some(Folded::stamp(index));
            again.evolve(event, &At { version: 0, epoch: 1, stamp });
        }
        prop_assert_eq!(again.outages(), site.site.outages());
    }
}
