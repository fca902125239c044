//! Given, when, then: a ledger of one plan in memory, for the tests of rules.

use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::create_plan::CreatePlan;
use super::end_lock::EndLock;
use super::end_session::EndSession;
use super::found::FoundLedger;
use super::log_in::LogIn;
use super::request_lock::RequestLock;
use super::undo::{Done, DoneWhat, Undoing, Was};
use super::{Ask, Command, Obstruction, Office, PastChange, Stream};
use crate::{
    Accounts, Action, At, Event, FieldChange, Fold, LockEnd, LockId, Plan, PlanId, Position, Refusal, School,
    SessionEnd, SessionId, Sessions, Site, Stamp, UserAdded, UserId, Who,
};

/// The plan of the tests.
pub const PLAN: &str = "100234~2026-2027~1";

/// Decides and folds, as the service does, one command after the other.
#[derive(Default)]
pub struct Desk {
    plans: BTreeMap<PlanId, Plan>,
    school: School,
    accounts: Accounts,
    site: Site,
    sessions: Sessions,
    log: Vec<(Event, Who, Stamp)>,
    last_id: u128,
}

impl Desk {
    /// A plan with the users anna and bert (planners), clara and curt (cover planners), victor (viewer), adam and eve
    /// (administrators).
    pub fn with_plan() -> Desk {
        let mut desk = Desk::default();
        desk.done_as(Who::System, None, &FoundLedger);
        desk.done_as(Who::Operator, None, &CreatePlan::empty(PLAN.parse().unwrap(), None));
        let groups = [
            ("anna", "planners"),
            ("bert", "planners"),
            ("clara", "cover-planners"),
            ("curt", "cover-planners"),
            ("victor", "viewers"),
            ("adam", "administrators"),
            ("eve", "administrators"),
        ];
        for (name, group) in groups {
            let user = UserId(desk.id());
            let group = desk.accounts.group_named(group).unwrap().id;
            let name = crate::Personal { of: user.0, open: name.to_owned() };
            desk.fold(
                Stream::Accounts,
                UserAdded { user, name, group, full_name: None, email: None, language: None }.into(),
                Who::System,
            );
        }
        desk
    }

    pub fn plan(&self) -> &Plan {
        &self.plans[&the_plan()]
    }

    /// One of several plans.
    pub fn plan_called(&self, plan: &str) -> &Plan {
        &self.plans[&plan.parse().unwrap()]
    }

    pub fn school(&self) -> &School {
        &self.school
    }

    /// One more plan.
    pub fn add_plan(&mut self, plan: &str) {
        self.done_as(Who::Operator, None, &CreatePlan::empty(plan.parse().unwrap(), None));
    }

    /// Gives back every lock of a session.
    pub fn release_all(&mut self, session: SessionId) {
        let own: Vec<LockId> =
            self.plan().locks().filter(|lock| lock.session == session).map(|lock| lock.id).collect();
        for lock in own {
            self.done_in(session, &EndLock { plan: the_plan(), lock, reason: LockEnd::Released });
        }
    }

    /// Asks the states something on behalf of somebody.
    pub fn look_in<T>(
        &self,
        name: &str,
        session: SessionId,
        look: impl FnOnce(&Office<'_>, &Ask<'_>) -> T,
    ) -> T {
        let office = Office {
            plan: self.plans.get(&the_plan()),
            school: None,
            plans_beside: Vec::new(),
            accounts: &self.accounts,
            site: &self.site,
            sessions: &self.sessions,
        };
        let ask = Ask {
            who: self.user(name),
            session: Some(session),
            now: moment(self.log.len()),
            today: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
            new_id: &mut Uuid::nil,
            history: None,
        };
        look(&office, &ask)
    }

    fn owner(&self, session: SessionId) -> Who {
        self.plans.values().find_map(|plan| plan.sessions.get(session)).unwrap().who
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// A new id.
    pub fn id(&mut self) -> Uuid {
        self.last_id += 1;
        Uuid::from_u128(self.last_id)
    }

    pub fn user(&self, name: &str) -> Who {
        Who::User(self.accounts.user_named(name).unwrap().id)
    }

    pub fn log_in(&mut self, name: &str) -> SessionId {
        self.log_in_with(name, None)
    }

    pub fn log_in_with(&mut self, name: &str, mode: Option<crate::Mode>) -> SessionId {
        let session = SessionId(self.id());
        let who = self.user(name);
        self.done_as(who, None, &log_in(session, mode));
        session
    }

    pub fn refused_log_in(&mut self, name: &str) -> Refusal {
        self.refused_log_in_with(name, None)
    }

    pub fn refused_log_in_with(&mut self, name: &str, mode: Option<crate::Mode>) -> Refusal {
        let session = SessionId(self.id());
        let who = self.user(name);
        self.try_as(who, None, &log_in(session, mode)).unwrap_err()
    }

    /// Logs in to another plan than that of the tests.
    pub fn try_log_in_to(&mut self, plan: &str, name: &str) -> Result<SessionId, Refusal> {
        let session = SessionId(self.id());
        let who = self.user(name);
        let command = LogIn { plan: Some(plan.parse().unwrap()), ..log_in(session, None) };
        self.try_as(who, None, &command).map(|_| session)
    }

    pub fn lock(&mut self, session: SessionId, action: Action) -> LockId {
        let lock = LockId(self.id());
        self.done_in(session, &request(lock, action));
        lock
    }

    pub fn lock_periods(&mut self, session: SessionId, action: Action, periods: &[&str]) -> LockId {
        let lock = LockId(self.id());
        let periods = Some(periods.iter().map(|name| (*name).to_owned()).collect());
        self.done_in(session, &RequestLock { periods, ..request(lock, action) });
        lock
    }

    pub fn release(&mut self, session: SessionId, lock: LockId) {
        let plan = PLAN.parse().unwrap();
        self.done_in(session, &EndLock { plan, lock, reason: LockEnd::Released });
    }

    pub fn log_out(&mut self, session: SessionId) {
        let plan = Some(PLAN.parse().unwrap());
        self.done_in(session, &EndSession { plan, session, reason: SessionEnd::LoggedOut });
    }

    pub fn refused_lock(&mut self, session: SessionId, action: Action) -> Refusal {
        let lock = LockId(self.id());
        self.refused_in(session, &request(lock, action))
    }

    pub fn done(&mut self, command: &impl Command) -> Vec<Event> {
        self.done_as(Who::System, None, command)
    }

    pub fn done_in(&mut self, session: SessionId, command: &impl Command) -> Vec<Event> {
        let who = self.owner(session);
        self.done_as(who, Some(session), command)
    }

    pub fn done_as(&mut self, who: Who, session: Option<SessionId>, command: &impl Command) -> Vec<Event> {
        self.try_as(who, session, command).unwrap()
    }

    pub fn refused(&mut self, command: &impl Command) -> Refusal {
        self.try_as(Who::Operator, None, command).unwrap_err()
    }

    pub fn refused_in(&mut self, session: SessionId, command: &impl Command) -> Refusal {
        let who = self.owner(session);
        self.try_as(who, Some(session), command).unwrap_err()
    }

    /// Decides, with the history that a decision asks for, and folds what it leads to.
    pub fn try_as(
        &mut self,
        who: Who,
        session: Option<SessionId>,
        command: &impl Command,
    ) -> Result<Vec<Event>, Refusal> {
        let mut history: Option<Vec<PastChange>> = None;
        loop {
            let mut next = self.last_id;
            let mut new_id = || {
                next += 1;
                Uuid::from_u128(next)
            };
            let scope = command.scope().cloned().unwrap_or_else(the_plan);
            let empty = Plan::default();
            let beside = command.plans_beside(&self.school);
            let office = Office {
                plan: Some(self.plans.get(&scope).unwrap_or(&empty)),
                school: command.school().map(|_| &self.school),
                plans_beside: beside.iter().filter_map(|plan| self.plans.get(plan)).collect(),
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
            let decided = office
                .admit(command, &ask)
                .map_err(Obstruction::from)
                .and_then(|()| command.decide(&office, &mut ask));
            self.last_id = next;
            match decided {
                Ok(events) => {
                    for (stream, event) in events.clone() {
                        self.fold_in(&scope, stream, event, who);
                    }
                    return Ok(events.into_iter().map(|(_, event)| event).collect());
                }
                Err(Obstruction::Refused(refusal)) => return Err(*refusal),
                Err(Obstruction::NeedsHistory { record, after_revision, .. }) => {
                    let known = history.get_or_insert_default();
                    assert!(
                        known.iter().all(|past| past.record != record),
                        "the history was enough the first time"
                    );
                    known.extend(self.history(record, after_revision));
                }
            }
        }
    }

    /// The position of the newest event.
    pub fn position(&self) -> i64 {
        self.log.len() as i64
    }

    /// The kind of the record that was made at a position.
    pub fn made_at(&self, position: i64) -> Option<crate::Kind> {
        match &self.log[usize::try_from(position).unwrap() - 1].0 {
            Event::RecordCreated(e) => Some(e.kind),
            _ => None,
        }
    }

    /// What was done at these positions, as it is handed to whoever takes it back.
    pub fn undoing(&self, positions: &[i64]) -> Undoing {
        let event = |position: i64| &self.log[usize::try_from(position).unwrap() - 1].0;
        let mut was = Was::wanting(positions.iter().copied());
        (1..).zip(&self.log).for_each(|(position, (event, ..))| was.take(position, event));
        let mut changes: Vec<Done> = Vec::new();
        for (index, number) in positions.iter().copied().enumerate() {
            let what = match event(number).clone() {
                Event::RecordCreated(e) => DoneWhat::Created(e),
                Event::RecordChanged(e) => DoneWhat::Changed(e),
                Event::RecordRemoved(e) => DoneWhat::Removed {
                    was: Box::new(was.removed_at(number).unwrap()),
                    revision: e.revision,
                    by_import: e.import.is_some(),
                },
                other => panic!("{other:?} is no change of a record"),
            };
            changes.push(Done { index: Some(index), position: Position { epoch: 1, number }, what });
        }
        changes.sort_by_key(|done| std::cmp::Reverse(done.position.number));
        Undoing { changes: changes.into(), import: None }
    }

    fn history(&self, record: crate::RecordId, after_revision: u64) -> Vec<PastChange> {
        let change = |(event, who, stamp): &(Event, Who, Stamp)| {
            let (revision, changes) = match event {
                Event::RecordChanged(e) if e.record == record => (e.revision, e.changes.clone()),
                Event::RecordCreated(e) if e.record == record => (
                    e.revision,
                    e.fields
                        .iter()
                        .map(|(field, value)| FieldChange {
                            field: field.clone(),
                            from: None,
                            to: Some(value.clone()),
                        })
                        .collect(),
                ),
                Event::RecordRemoved(e) if e.record == record => (
                    e.revision,
                    e.fields
                        .iter()
                        .map(|(field, value)| FieldChange {
                            field: field.clone(),
                            from: Some(value.clone()),
                            to: None,
                        })
                        .collect(),
                ),
                Event::NoticePosted(e) if e.notice.0 == record.0 => (1, Vec::new()),
                Event::NoticeChanged(e) if e.notice.0 == record.0 => (e.revision, e.changes.clone()),
                Event::NoticeWithdrawn(e) if e.notice.0 == record.0 => (e.revision, Vec::new()),
                _ => return None,
            };
            let position = Position { epoch: 1, number: stamp.position };
            Some(PastChange { record, revision, who: *who, at: stamp.at, position, changes })
        };
        self.log.iter().filter_map(change).filter(|past| past.revision > after_revision).collect()
    }

    fn fold(&mut self, stream: Stream, event: Event, who: Who) {
        self.fold_in(&the_plan(), stream, event, who);
    }

    fn fold_in(&mut self, plan: &PlanId, stream: Stream, event: Event, who: Who) {
        let position = self.log.len() as i64 + 1;
        let stamp = Stamp { position, at: moment(self.log.len()) };
        let at = At { version: position, epoch: 1, stamp: Some(stamp) };
        match stream {
            Stream::Plan => self.plans.entry(plan.clone()).or_default().evolve(&event, &at),
            Stream::School => self.school.evolve(&event, &at),
            Stream::Sessions => self.sessions.evolve(&event, &at),
            Stream::Accounts => self.accounts.evolve(&event, &at),
            Stream::Site => self.site.evolve(&event, &at),
            Stream::Messages | Stream::Audit => {}
        }
        self.log.push((event, who, stamp));
    }
}

fn the_plan() -> PlanId {
    PLAN.parse().unwrap()
}

fn moment(count: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + count as i64, 0).unwrap()
}

fn log_in(session: SessionId, mode: Option<crate::Mode>) -> LogIn {
    LogIn {
        plan: Some(PLAN.parse().unwrap()),
        session,
        mode,
        period: None,
        client: None,
        resumed: false,
        replaces: None,
    }
}

fn request(lock: LockId, action: Action) -> RequestLock {
    let periods = action.is_optimisation().then(|| vec!["1".to_owned()]);
    RequestLock { plan: PLAN.parse().unwrap(), lock, action, periods }
}
