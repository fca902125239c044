//! What is asked for beside editing: sign-offs, optimisations, batches, plans, the licence, notices, messages, outages; and restarts.

use domain::command::announce_outage::AnnounceOutage;
use domain::command::batch::{Batch, BatchChange, BatchReport, BatchWrite};
use domain::command::change_licence::ChangeLicence;
use domain::command::change_notice::ChangeNotice;
use domain::command::change_plan::ChangePlan;
use domain::command::change_session::ChangeSession;
use domain::command::create_plan::{CreatePlan, Origin, TakeOver};
use domain::command::end_outage::EndOutage;
use domain::command::end_session::EndSession;
use domain::command::end_sign_off::{EndSignOff, Over};
use domain::command::give_up_optimisation::GiveUpOptimisation;
use domain::command::post_notice::PostNotice;
use domain::command::remove_record::RemoveRecord;
use domain::command::report_contact::{Loss, ReportContact};
use domain::command::request_lock::RequestLock;
use domain::command::send_message::{Addressees, SendMessage};
use domain::command::sign_off::{SignOffSessions, Whom};
use domain::command::start_node::StartNode;
use domain::command::take_optimisation::{OptimisedHour, TakeOptimisation};
use domain::command::withdraw_notice::WithdrawNotice;
use domain::command::write_record::WriteRecord;
use domain::command::{Command, Precondition};
use domain::{
    Action, Kind, LICENCE, Lock, LockId, Mode, NoticeContent, NoticeId, OutageId, PlanCondition, PlanId,
    Refusal, SessionEnd, SessionId, SignOffId, Who, read_fields, read_fields_of,
};
use serde_json::{Value as Json, json};

use crate::asked::{carried, editing, present};
use crate::desk::{Desk, moment, plan_id};
use crate::what::{Based, What};

/// One thing that is asked for. Numbers choose among what is there.
#[derive(Debug, Clone)]
pub enum Beside {
    /// Somebody who may, if he is there, signs off the others or one of them.
    SignOff { which: usize, others: bool, grace_seconds: u32, lock: Option<Action> },
    /// Everybody else in the school logs out, and one who may, if he is there, asks for a lock.
    Alone { which: usize, action: Action },
    /// Whoever was the last to be signed off, or to leave, calls once more.
    Late,
    /// A time that a sign-off gave is over.
    TimePasses { sign_off: usize, over: Over },
    /// The one who optimises brings his result, as lesson, number, day and hour.
    Optimised { hours: Vec<(&'static str, u32, i64, i64)> },
    /// Somebody gives up an optimisation, his own or not.
    GiveUp { which: usize, own: bool },
    /// Several changes, all or nothing.
    Batch { which: usize, changes: Vec<(What, Based, bool)>, carries: Option<usize> },
    /// A plan is opened, closed, called something else.
    ChangePlan { person: usize, state: Option<PlanCondition>, title: Option<&'static str>, based: Based },
    /// A new plan, from the one that is worked on or from nothing; the holder of the lock for it, or anybody, makes it.
    NewPlan { plan: usize, how: Option<TakeOver>, by_holder: bool, which: usize },
    /// What the school may use.
    Licence { which: usize, by_holder: bool, number: usize, based: Based },
    /// An outage is announced, or what is announced changes.
    Announce { person: usize, prevent_logins: bool, begin: bool, text: usize },
    /// It is ended by hand.
    EndOutage { person: usize },
    /// Contact is lost, back, or was away in between.
    Contact { lost: bool, back: bool },
    /// A node starts, which knows nothing but the ledger.
    Start { first: bool, with_contact: bool },
    /// A notice goes up.
    Post { person: usize, text: usize },
    /// It is changed, or taken down.
    Notice { person: usize, which: usize, text: usize, withdraw: bool, ago: u64 },
    /// A message to everybody in the plan.
    Message { person: usize },
}

impl Beside {
    /// Asks for it; the refusal, if it is one.
    pub fn ask(&self, desk: &mut Desk) -> Option<Refusal> {
        match self {
            Beside::SignOff { which, others, grace_seconds, lock } => {
                sign_off(desk, *which, *others, *grace_seconds, *lock)
            }
            Beside::Late => late(desk),
            Beside::Alone { which, action } => alone(desk, *which, *action),
            Beside::TimePasses { sign_off, over } => {
                let sign_off = desk.sign_offs.get(*sign_off).copied()?;
                let command = EndSignOff { plan: desk.here(), sign_off, over: *over };
                desk.ask(Who::System, None, &command).err()
            }
            Beside::Optimised { hours } => {
                let (who, session, lock) = holder(desk, |lock| lock.action.is_optimisation())?;
                let placements = Ok(hours.iter().map(optimised).collect());
                let command = TakeOptimisation { plan: desk.here(), optimisation: lock, placements };
                desk.ask(who, Some(session), &command).err()
            }
            Beside::GiveUp { which, own } => {
                let (holder, session, optimisation) = holder(desk, |lock| lock.action.is_optimisation())?;
                let (who, session) =
                    if *own { (holder, session) } else { present(desk, *which).unwrap_or((holder, session)) };
                let command = GiveUpOptimisation { plan: desk.here(), optimisation };
                desk.ask(who, Some(session), &command).err()
            }
            Beside::Batch { which, changes, carries } => {
                let (who, session) = editing(desk, *which)?;
                let changes = changes.iter().map(|change| batched(desk, change, *carries)).collect();
                let command =
                    Batch { plan: desk.here(), changes: Ok(changes), report: BatchReport::default() };
                desk.ask(who, Some(session), &command).err()
            }
            Beside::ChangePlan { person, state, title, based } => {
                let command = ChangePlan {
                    plan: desk.here(),
                    title: title.map(str::to_owned),
                    state: *state,
                    precondition: counted(*based, desk.plan().revision().1),
                };
                as_person(desk, *person, &command)
            }
            Beside::NewPlan { plan, how, by_holder, which } => {
                let held = holder(desk, |lock| lock.action == Action::NewSchoolYear).filter(|_| *by_holder);
                let (who, session) = match held {
                    Some((who, session, _)) => (who, session),
                    None => present(desk, *which)?,
                };
                let lock = held.map(|(_, _, lock)| lock);
                let origin = how.map(|how| Origin { plan: desk.here(), how, lock });
                let command = CreatePlan { origin, ..CreatePlan::empty(plan_id(*plan), None) };
                desk.ask(who, Some(session), &command).err()
            }
            Beside::Licence { which, by_holder, number, based } => {
                let held = holder(desk, |lock| lock.action == Action::Licence).filter(|_| *by_holder);
                let (who, session) = match held {
                    Some((who, session, _)) => (who, session),
                    None => present(desk, *which)?,
                };
                let Json::Object(object) = json!({ "number": number.to_string() }) else { unreachable!() };
                let command = ChangeLicence {
                    school: desk.here().school.clone(),
                    plan: Some(desk.here()),
                    body: read_fields_of(LICENCE, "a licence has", &object)
                        .map_err(|faults| Refusal::invalid(&faults)),
                    precondition: counted(*based, desk.now.school.licence().revision),
                    lock: held.map(|(_, _, lock)| lock),
                };
                desk.ask(who, Some(session), &command).err()
            }
            Beside::Message { person } => {
                let command = SendMessage { to: Addressees::Plan(desk.here()), text: "Look out.".to_owned() };
                as_person(desk, *person, &command)
            }
            Beside::Announce { .. }
            | Beside::EndOutage { .. }
            | Beside::Contact { .. }
            | Beside::Start { .. }
            | Beside::Post { .. }
            | Beside::Notice { .. } => self.ask_of_site(desk),
        }
    }

    fn ask_of_site(&self, desk: &mut Desk) -> Option<Refusal> {
        let at = moment(desk.log.len());
        let loss = || Loss { contacts: vec!["tcp://primus:7000".to_owned()], at };
        match self {
            Beside::Announce { person, prevent_logins, begin, text } => {
                let command = AnnounceOutage {
                    outage: OutageId(desk.id()),
                    message: format!("message {text}"),
                    prevent_logins: *prevent_logins,
                    until: None,
                    begin: *begin,
                };
                as_person(desk, *person, &command)
            }
            Beside::EndOutage { person } => as_person(desk, *person, &EndOutage),
            Beside::Contact { lost, back } => {
                let command = ReportContact { lost: lost.then(loss), back: back.then_some(at) };
                desk.ask(Who::System, None, &command).err()
            }
            Beside::Start { first, with_contact } => {
                desk.restart();
                let (node, version) = ("alpha".to_owned(), "1".to_owned());
                let lost = if *with_contact { Vec::new() } else { loss().contacts };
                let command = StartNode { node, version, first: *first, lost };
                desk.ask(Who::System, None, &command).err()
            }
            Beside::Post { person, text } => {
                let notice = NoticeId(desk.id());
                desk.notices.insert(0, notice);
                let content = NoticeContent {
                    title: "Notice".to_owned(),
                    text: format!("text {text}"),
                    public: true,
                    important: false,
                    show_from: None,
                    hide_from: None,
                };
                as_person(desk, *person, &PostNotice { notice, content })
            }
            Beside::Notice { person, which, text, withdraw, ago } => {
                let notice = desk.notices.get(*which).copied()?;
                let now = desk.now.site.notices().get(notice).map_or(1, |notice| notice.revision);
                let precondition = counted(Based::Revision(*ago), now);
                if *withdraw {
                    return as_person(desk, *person, &WithdrawNotice { notice, precondition });
                }
                let command = ChangeNotice {
                    notice,
                    title: None,
                    text: Some(format!("text {text}")),
                    public: None,
                    important: None,
                    show_from: None,
                    hide_from: None,
                    precondition,
                };
                as_person(desk, *person, &command)
            }
            _ => unreachable!("the others are not asked of the site"),
        }
    }
}

/// An administrator who is there, else somebody else.
fn chief(desk: &Desk, which: usize) -> Option<(Who, SessionId)> {
    let (first, last) = (Who::User(desk.people[0]), Who::User(*desk.people.last()?));
    let chief = desk
        .plan()
        .sessions
        .iter()
        .find(|it| (it.who == first || it.who == last) && it.mode == Mode::Timetable);
    chief.map(|it| (it.who, it.id)).or_else(|| present(desk, which))
}

fn late(desk: &mut Desk) -> Option<Refusal> {
    let here = desk.here();
    let last = desk.places.left(&here)?;
    let who = desk.plan().sessions.ended(last)?.session.who;
    let activity = Some("late".to_owned());
    let refused =
        desk.ask(who, Some(last), &ChangeSession { plan: Some(here), mode: None, period: None, activity });
    Some(refused.expect_err("who has left does nothing any more"))
}

fn alone(desk: &mut Desk, which: usize, action: Action) -> Option<Refusal> {
    let (who, session) = chief(desk, which)?;
    let plans: Vec<PlanId> = desk.now.plans.keys().cloned().collect();
    for plan in plans {
        let sessions = &desk.now.plans[&plan].sessions;
        let others: Vec<_> =
            sessions.iter().filter(|it| it.id != session).map(|it| (it.who, it.id)).collect();
        for (who, session) in others {
            let command = EndSession { plan: Some(plan.clone()), session, reason: SessionEnd::LoggedOut };
            if let Err(refused) = desk.ask(who, Some(session), &command) {
                return Some(refused);
            }
        }
    }
    let lock = LockId(desk.id());
    desk.locks.insert(0, lock);
    let periods = (action == Action::OptimiseMany).then(|| vec!["1".to_owned(), "2".to_owned()]);
    let command = RequestLock { plan: desk.here(), lock, action, periods };
    desk.ask(who, Some(session), &command).err()
}

fn sign_off(
    desk: &mut Desk,
    which: usize,
    others: bool,
    grace_seconds: u32,
    lock: Option<Action>,
) -> Option<Refusal> {
    let (who, session) = chief(desk, which)?;
    let whom = match present(desk, which) {
        Some((_, one)) if !others => Whom::Sessions(vec![one]),
        _ => Whom::Others,
    };
    let sign_off = SignOffId(desk.id());
    desk.sign_offs.insert(0, sign_off);
    let message = "We import.".to_owned();
    let command = SignOffSessions { plan: desk.here(), sign_off, whom, message, grace_seconds, lock };
    desk.ask(who, Some(session), &command).err()
}

/// Without a session, as a program or from the site: who may, may.
fn as_person(desk: &mut Desk, person: usize, command: &impl Command) -> Option<Refusal> {
    let who = Who::User(desk.people[person]);
    desk.ask(who, None, command).err()
}

/// Who holds such a lock in the plan that is worked on.
fn holder(desk: &Desk, is_it: impl Fn(&Lock) -> bool) -> Option<(Who, SessionId, LockId)> {
    let lock = desk.plan().locks().find(|lock| is_it(lock))?;
    Some((desk.plan().holder(lock)?.who, lock.session, lock.id))
}

fn optimised((lesson, n, day, hour): &(&'static str, u32, i64, i64)) -> OptimisedHour {
    let Json::Object(object) = json!({ "day": day, "hour": hour }) else { unreachable!() };
    let fields = read_fields(Kind::Placements, &object).unwrap();
    OptimisedHour { lesson: (*lesson).to_owned(), n: *n, period: "1".to_owned(), fields, room: None }
}

fn batched(desk: &Desk, (what, based, remove): &(What, Based, bool), carries: Option<usize>) -> BatchChange {
    let (target, how, body) = what.body();
    let (precondition, lock, path) = (based.of(desk, &target), carried(desk, carries), target.path());
    let plan = desk.here();
    if *remove {
        let remove = RemoveRecord { plan, target, period: None, precondition, lock, shape: Ok(()) };
        return BatchChange { verb: "DELETE".to_owned(), path, what: BatchWrite::Remove(Box::new(remove)) };
    }
    let Json::Object(object) = body else { unreachable!("bodies are objects") };
    let body = read_fields(target.kind(), &object).map_err(|faults| Refusal::invalid(&faults));
    let (room, period, disjoint) = (None, None, false);
    let write = WriteRecord { plan, target, how, body, room, period, precondition, lock, disjoint };
    BatchChange { verb: "PUT".to_owned(), path, what: BatchWrite::Write(Box::new(write)) }
}

/// On which of the revisions that something had.
fn counted(based: Based, now: u64) -> Precondition {
    match based {
        Based::Present => Precondition::Present,
        Based::Absent => Precondition::None,
        Based::Revision(ago) => Precondition::Revisions(vec![(1, now.saturating_sub(ago).max(1))]),
    }
}
