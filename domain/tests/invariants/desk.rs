//! Decides and folds, as the service does; everything is written to bytes and read back before it is folded.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::command::add_user::{AddUser, Person};
use domain::command::create_plan::CreatePlan;
use domain::command::end_session::EndSession;
use domain::command::found::FoundLedger;
use domain::command::log_in::LogIn;
use domain::command::request_lock::RequestLock;
use domain::command::write_record::{How, Target, WriteRecord};
use domain::command::{Ask, Command, Obstruction, Office, PastChange, Precondition, Stream};
use domain::{
    Action, Event, FieldChange, Kind, LockId, NoticeId, Plan, PlanId, Position, RecordId, Refusal,
    RefusalCode, SessionEnd, SessionId, SignOffId, Stamp, UserId, Who, read_fields,
};
use serde_json::json;
use uuid::Uuid;

use crate::folded::{AtOnce, Entry, Folded, FromLedger};
use crate::holds;
use crate::places::Places;

/// The people, by the groups they are in.
pub const PEOPLE: [(&str, &str); 6] = [
    ("admin", "administrators"),
    ("anna", "planners"),
    ("bert", "planners"),
    ("clara", "cover-planners"),
    ("curt", "cover-planners"),
    ("dora", "administrators"),
];

/// The plans that there are from the start, and those that may come to be; all of one school.
const PLANS: [&str; 4] =
    ["100234~2026-2027~1", "100234~2026-2027~2", "100234~2026-2027~3", "100234~2027-2028~1"];

#[derive(Default)]
pub struct Desk {
    /// The states as the service has them.
    pub now: Folded,
    /// The states as the ledger tells them.
    pub again: Folded,
    pub log: Vec<Entry>,
    /// Where in the log something is found.
    pub places: Places,
    pub people: Vec<UserId>,
    /// Every lock that was ever asked for, the last one first.
    pub locks: Vec<LockId>,
    /// Every sign-off that was ever asked for, the last one first.
    pub sign_offs: Vec<SignOffId>,
    /// Every notice that was ever posted, the last one first.
    pub notices: Vec<NoticeId>,
    /// Sessions that lost contact, the last one first.
    pub lost: Vec<SessionId>,
    /// By how many seconds the clock of the node that asks is wrong.
    pub wrong_by: i64,
    /// By how many days its date is another one.
    pub days: i64,
    here: usize,
    last_id: u128,
}

pub fn moment(count: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + i64::try_from(count).unwrap(), 0).unwrap()
}

/// The id of one of the plans.
pub fn plan_id(which: usize) -> PlanId {
    PLANS[which].parse().unwrap()
}

impl Desk {
    /// Two plans and six people.
    pub fn furnished() -> Desk {
        let mut desk = Desk::default();
        desk.ask(Who::System, None, &FoundLedger).unwrap();
        for plan in 0..2 {
            desk.ask(Who::Operator, None, &CreatePlan::empty(plan_id(plan), None)).unwrap();
        }
        for (name, group) in PEOPLE {
            let user = UserId(desk.id());
            let person = Person {
                name: name.to_owned(),
                group: group.to_owned(),
                full_name: None,
                email: None,
                language: None,
            };
            desk.ask(Who::Operator, None, &AddUser { user, person }).unwrap();
            desk.people.push(user);
        }
        desk.split_the_year();
        desk
    }

    /// The first plan gets a second period, for the second half of the year.
    fn split_the_year(&mut self) {
        let (who, plan) = (Who::User(self.people[0]), self.here());
        let (session, lock) = (SessionId(self.id()), LockId(self.id()));
        let (mode, period, client) = (None, None, None);
        let log_in =
            LogIn { plan: Some(plan.clone()), session, mode, period, client, resumed: false, replaces: None };
        self.ask(who, None, &log_in).unwrap();
        let request = RequestLock { plan: plan.clone(), lock, action: Action::Periods, periods: None };
        self.ask(who, Some(session), &request).unwrap();
        for (name, precondition, body) in [
            ("1", Precondition::Present, json!({ "to": "2027-01-31" })),
            ("2", Precondition::Absent, json!({ "from": "2027-02-01", "to": "2027-07-31" })),
        ] {
            let write = WriteRecord {
                plan: plan.clone(),
                target: Target::Named(Kind::Periods, name.to_owned()),
                how: if name == "1" { How::Patch } else { How::Put },
                body: Ok(read_fields(Kind::Periods, body.as_object().unwrap()).unwrap()),
                room: None,
                period: None,
                precondition,
                lock: Some(lock),
                disjoint: false,
            };
            self.ask(who, Some(session), &write).unwrap();
        }
        let end = EndSession { plan: Some(plan), session, reason: SessionEnd::LoggedOut };
        self.ask(who, Some(session), &end).unwrap();
    }

    /// From now on everything concerns this plan, or the first one while there is no such plan.
    pub fn turn_to(&mut self, which: usize) {
        self.here = if self.now.plans.contains_key(&plan_id(which)) { which } else { 0 };
    }

    /// The plan that everything concerns.
    pub fn here(&self) -> PlanId {
        plan_id(self.here)
    }

    /// The state of that plan.
    pub fn plan(&self) -> &Plan {
        &self.now.plans[&self.here()]
    }

    /// The date at the site, as the node knows it.
    pub fn today(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap() + TimeDelta::days(self.days)
    }

    /// Everything is forgotten, and known again from the ledger: what has been folded from it, event by event, without a restart.
    pub fn restart(&mut self) {
        self.now = self.again.clone();
    }

    pub fn id(&mut self) -> Uuid {
        self.last_id += 1;
        Uuid::from_u128(self.last_id)
    }

    pub fn ask(
        &mut self,
        who: Who,
        session: Option<SessionId>,
        command: &impl Command,
    ) -> Result<usize, Refusal> {
        let mut history: Option<Vec<PastChange>> = None;
        loop {
            let mut next = self.last_id;
            let mut new_id = || {
                next += 1;
                Uuid::from_u128(next)
            };
            let (nothing, scope) = (Plan::default(), command.scope());
            let beside = command.school().map(|_| command.plans_beside(&self.now.school)).unwrap_or_default();
            let office = Office {
                plan: scope.map(|plan| self.now.plans.get(plan).unwrap_or(&nothing)),
                school: command.school().map(|_| &self.now.school),
                plans_beside: beside.iter().filter_map(|plan| self.now.plans.get(plan)).collect(),
                accounts: &self.now.accounts,
                site: &self.now.site,
                sessions: &self.now.sessions,
            };
            let mut ask = Ask {
                who,
                session,
                now: moment(self.log.len()) + TimeDelta::seconds(self.wrong_by),
                today: self.today(),
                new_id: &mut new_id,
                history: history.as_deref(),
            };
            let admitted = office.admit(command, &ask).map_err(Obstruction::from);
            let decided = admitted.and_then(|()| command.decide(&office, &mut ask));
            self.last_id = next;
            match decided {
                Ok(events) => {
                    let count = events.len();
                    for (stream, event) in events {
                        self.fold(stream, scope.filter(|_| stream == Stream::Plan), &event, who);
                    }
                    return Ok(count);
                }
                Err(Obstruction::Refused(refusal)) => {
                    check_recorded(&refusal);
                    return Err(*refusal);
                }
                Err(Obstruction::NeedsHistory { record, after_revision, to_revision }) => {
                    assert!(history.is_none(), "the history was enough the first time");
                    let known = self.history(record, after_revision);
                    assert!(known.iter().any(|past| past.revision == to_revision));
                    history = Some(known);
                }
            }
        }
    }

    fn history(&self, record: RecordId, after_revision: u64) -> Vec<PastChange> {
        let changes = self.places.of(record).filter_map(|place| past_change(&self.log[place], record));
        changes.filter(|past| past.revision > after_revision).collect()
    }

    fn fold(&mut self, stream: Stream, plan: Option<&PlanId>, event: &Event, who: Who) {
        let position = i64::try_from(self.log.len()).unwrap() + 1;
        let stamp = Stamp { position, at: moment(self.log.len()) };
        let entry = Entry { stream, plan: plan.cloned(), event: read_back(event), who, stamp };
        holds::check_event(self, &entry);
        self.now.fold(&entry, &AtOnce);
        self.again.fold(&entry, &FromLedger);
        self.places.note(self.log.len(), &entry);
        self.log.push(entry);
    }
}

/// What an event has changed of a record or a notice.
fn past_change(entry: &Entry, record: RecordId) -> Option<PastChange> {
    let (revision, changes) = match &entry.event {
        Event::RecordChanged(e) if e.record == record => (e.revision, e.changes.clone()),
        Event::RecordCreated(e) if e.record == record => {
            let set = |(field, value): (&domain::FieldName, &domain::Value)| FieldChange {
                field: field.clone(),
                from: None,
                to: Some(value.clone()),
            };
            (e.revision, e.fields.iter().map(set).collect())
        }
        Event::RecordRemoved(e) if e.record == record => (e.revision, Vec::new()),
        Event::NoticePosted(e) if e.notice.0 == record.0 => (1, Vec::new()),
        Event::NoticeChanged(e) if e.notice.0 == record.0 => (e.revision, e.changes.clone()),
        Event::NoticeWithdrawn(e) if e.notice.0 == record.0 => (e.revision, Vec::new()),
        _ => return None,
    };
    let position = Position { epoch: 1, number: entry.stamp.position };
    Some(PastChange { record, revision, who: entry.who, at: entry.stamp.at, position, changes })
}

/// The event that comes of its own bytes, which must be the same one with the same bytes.
pub fn read_back(event: &Event) -> Event {
    let bytes = event.encode();
    let read = Event::decode(event.r#type(), &bytes).unwrap();
    assert_eq!(&read, event);
    assert_eq!(read.encode(), bytes);
    read
}

/// What is refused for a reason of the office is itself recorded.
fn check_recorded(refusal: &Refusal) {
    use RefusalCode::{Blocked, LockEnded, LockMissing, LockRefused, NotAlone, Stale};
    let of_the_office =
        matches!(refusal.code, Blocked | LockEnded | LockMissing | LockRefused | NotAlone | Stale);
    assert!(!of_the_office || refusal.event.is_some(), "{refusal:?}");
    if let Some(event) = &refusal.event {
        assert!(matches!(**event, Event::ChangeRefused(_) | Event::LockDenied(_)), "{event:?}");
        read_back(event);
    }
}
