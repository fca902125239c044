//! Decides and folds, as the service does; everything is written to bytes and read back before it is folded.

use chrono::{DateTime, NaiveDate, Utc};
use domain::command::add_user::{AddUser, Person};
use domain::command::create_plan::CreatePlan;
use domain::command::found::FoundLedger;
use domain::command::{Ask, Command, Obstruction, Office, PastChange, Stream};
use domain::{
    Accounts, At, Event, FieldChange, Fold, LockId, Plan, PlanId, Position, RecordId, Refusal, RefusalCode,
    School, SessionId, Sessions, Site, Stamp, UserId, Who,
};
use uuid::Uuid;

/// The people, by the groups they are in.
pub const PEOPLE: [(&str, &str); 5] = [
    ("admin", "administrators"),
    ("anna", "planners"),
    ("bert", "planners"),
    ("clara", "cover-planners"),
    ("curt", "cover-planners"),
];

/// An event with where it went.
pub struct Entry {
    pub stream: Stream,
    pub event: Event,
    pub who: Who,
    pub stamp: Stamp,
}

#[derive(Default)]
pub struct Desk {
    pub plan: Plan,
    pub accounts: Accounts,
    pub site: Site,
    pub school: School,
    pub sessions: Sessions,
    pub log: Vec<Entry>,
    pub people: Vec<UserId>,
    /// Every lock that was ever asked for.
    pub locks: Vec<LockId>,
    /// Sessions that lost contact, the last one first.
    pub lost: Vec<SessionId>,
    last_id: u128,
}

pub fn the_plan() -> PlanId {
    "100234~2026-2027~1".parse().unwrap()
}

pub fn moment(count: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + i64::try_from(count).unwrap(), 0).unwrap()
}

impl Desk {
    pub fn with_plan() -> Desk {
        let mut desk = Desk::default();
        desk.ask(Who::System, None, &FoundLedger).unwrap();
        desk.ask(Who::Operator, None, &CreatePlan::empty(the_plan(), None)).unwrap();
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
        desk
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
            let office = Office {
                plan: Some(&self.plan),
                school: Some(&self.school),
                plans_beside: Vec::new(),
                accounts: &self.accounts,
                site: &self.site,
                sessions: &self.sessions,
            };
            let mut ask = Ask {
                who,
                session,
                now: moment(self.log.len()),
                today: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
                new_id: &mut new_id,
                history: history.as_deref(),
            };
            let admitted = office.admit(command, &ask).map_err(Obstruction::from);
            let decided = admitted.and_then(|()| command.decide(&office, &mut ask));
            self.last_id = next;
            match decided {
                Ok(events) => {
                    let count = events.len();
                    events.into_iter().for_each(|(stream, event)| self.fold(stream, &event, who));
                    return Ok(count);
                }
                Err(Obstruction::Refused(refusal)) => {
                    check_recorded(&refusal);
                    return Err(*refusal);
                }
                Err(Obstruction::NeedsHistory { record, after_revision, to_revision }) => {
                    assert!(history.is_none(), "the history was enough the first time");
                    let known = self.history(record, after_revision);
                    assert_eq!(known.last().map(|past| past.revision), Some(to_revision));
                    history = Some(known);
                }
            }
        }
    }

    fn history(&self, record: RecordId, after_revision: u64) -> Vec<PastChange> {
        let change = |entry: &Entry| {
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
                _ => return None,
            };
            let position = Position { epoch: 1, number: entry.stamp.position };
            Some(PastChange { record, revision, who: entry.who, at: entry.stamp.at, position, changes })
        };
        self.log.iter().filter_map(change).filter(|past| past.revision > after_revision).collect()
    }

    /// As the service does it: folded before it is committed, stamped afterwards.
    fn fold(&mut self, stream: Stream, event: &Event, who: Who) {
        let event = read_back(event);
        let position = i64::try_from(self.log.len()).unwrap() + 1;
        let stamp = Stamp { position, at: moment(self.log.len()) };
        let at = At { version: position, epoch: 1, stamp: None };
        match stream {
            Stream::Plan => fold(&mut self.plan, &event, &at, &stamp),
            Stream::Sessions => fold(&mut self.sessions, &event, &at, &stamp),
            Stream::Accounts => fold(&mut self.accounts, &event, &at, &stamp),
            Stream::Site => fold(&mut self.site, &event, &at, &stamp),
            Stream::School => fold(&mut self.school, &event, &at, &stamp),
            Stream::Messages => {}
        }
        self.log.push(Entry { stream, event, who, stamp });
    }
}

fn fold<S: Fold>(state: &mut S, event: &Event, at: &At, stamp: &Stamp) {
    state.evolve(event, at);
    state.settle(event, stamp);
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
        read_back(event);
    }
}
