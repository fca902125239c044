//! Everything that can be asked for, one file each: the command, its rule, its tests.
//!
//! A command is decided against an [`Office`]: the states of the streams that it may look at. What it answers is events, or a
//! [`Refusal`]. No events means "already so". Time and new ids come in with [`Ask`]; nothing here has a clock or rolls dice.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    Accounts, Ended, Event, FieldChange, LockId, Mode, Plan, PlanId, Position, Refusal, RefusalCode, Right,
    School, Session, SessionId, Sessions, Site, Who,
};

pub mod add_group;
pub mod add_user;
pub mod announce_outage;
pub mod batch;
pub mod block;
pub mod change_group;
pub mod change_licence;
pub mod change_notice;
pub mod change_password;
pub mod change_plan;
pub mod change_session;
pub mod change_user;
pub mod create_plan;
pub mod editable;
pub mod end_lock;
pub mod end_outage;
pub mod end_session;
pub mod end_sign_off;
pub mod found;
pub mod give_up_optimisation;
pub mod issue_token;
pub mod log_in;
pub mod post_notice;
pub mod read_audit;
pub mod read_message;
pub mod remove_group;
pub mod remove_record;
pub mod report_contact;
pub mod request_lock;
pub mod revoke_token;
pub mod send_message;
pub mod sign_off;
pub mod stale;
mod stale_whole;
pub mod start_node;
pub mod take_optimisation;
pub mod undo;
mod way_in;
pub mod withdraw_notice;
pub mod write_record;

/// The states that a command is decided against.
#[derive(Clone)]
pub struct Office<'a> {
    /// The plan it is about, if it is about one. Empty when there is no such plan.
    pub plan: Option<&'a Plan>,
    /// The school, where the command says that it looks at it.
    pub school: Option<&'a School>,
    /// The other plans that the command says it looks at, each once.
    pub plans_beside: Vec<&'a Plan>,
    /// Users, groups, tokens.
    pub accounts: &'a Accounts,
    /// What concerns everybody.
    pub site: &'a Site,
    /// Sessions that are in no plan.
    pub sessions: &'a Sessions,
}

/// Who asks, and what a decision may not find out by itself.
pub struct Ask<'a> {
    /// Who.
    pub who: Who,
    /// In which session; a program may ask without one.
    pub session: Option<SessionId>,
    /// The database's clock, as near as the node knows it. It decides nothing that must be safe.
    pub now: DateTime<Utc>,
    /// The date at the site.
    pub today: NaiveDate,
    /// A new id with every call.
    pub new_id: &'a mut dyn FnMut() -> Uuid,
    /// What happened to records since the revisions that changes are based on, when a decision asked for it: one record after the
    /// other, oldest first.
    pub history: Option<&'a [PastChange]>,
}

/// A change of a record that has been written.
#[derive(Debug, Clone)]
pub struct PastChange {
    /// The record.
    pub record: crate::RecordId,
    /// The revision it led to.
    pub revision: u64,
    /// Who did it.
    pub who: Who,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub position: Position,
    /// The fields, with the values before and after; a creation has no values before.
    pub changes: Vec<FieldChange>,
}

/// The stream that an event of a decision goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// That of the plan.
    Plan,
    /// Sessions that are in no plan.
    Sessions,
    /// Users, groups, tokens.
    Accounts,
    /// What concerns everybody.
    Site,
    /// That of the school.
    School,
    /// Messages. No decision reads it, so that a message never stands in anybody's way.
    Messages,
    /// Who looked at the audit. No decision reads it either.
    Audit,
}

impl Stream {
    /// Whether no decision reads it: then it has no version that could have moved.
    pub fn is_unread(self) -> bool {
        matches!(self, Stream::Messages | Stream::Audit)
    }
}

/// What a command leads to.
pub type Decision = Result<Vec<(Stream, Event)>, Obstruction>;

/// Why a command does not lead to events.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstruction {
    /// It is refused.
    Refused(Box<Refusal>),
    /// It cannot be decided before the changes of this record after this revision are known: decide again with
    /// [`Ask::history`].
    NeedsHistory {
        /// The record.
        record: crate::RecordId,
        /// Changes after this revision,
        after_revision: u64,
        /// up to this one.
        to_revision: u64,
    },
}

impl From<Refusal> for Obstruction {
    fn from(refusal: Refusal) -> Self {
        Obstruction::Refused(Box::new(refusal))
    }
}

/// The right that a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// One right.
    Right(Right),
    /// One of several; which one exactly depends on what is changed and is checked when that is known.
    AnyOf(&'static [Right]),
    /// No right: it concerns only oneself, or there is no account yet (logging in).
    Nothing,
}

/// Something that can be asked for.
pub trait Command {
    /// The right that it takes. There is no default: every command says it.
    fn needs(&self) -> Needs;

    /// The plan it is about, if it is about one.
    fn plan(&self) -> Option<&PlanId>;

    /// The plan whose stream it reads and may write; another one than [`Command::plan`] only where the plan need not be there yet.
    fn scope(&self) -> Option<&PlanId> {
        self.plan()
    }

    /// Whether the decision rests on the state of the site too, so that it falls when that moves on meanwhile. Commands about no plan
    /// look at everything; of those about a plan only the log-in does, because of the gate.
    fn looks_at_site(&self) -> bool {
        self.plan().is_none()
    }

    /// The number of the school whose stream it reads and may write, if it looks at one.
    fn school(&self) -> Option<&str> {
        None
    }

    /// The other plans that it looks at, as the school stands.
    fn plans_beside(&self, _school: &School) -> Vec<PlanId> {
        Vec::new()
    }

    /// The plan beside whose stream its refusals are recorded.
    fn recorded_in(&self) -> Option<&PlanId> {
        self.scope()
    }

    /// What it leads to. Rights are checked already; who asks and in which session is known to be true.
    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision;
}

impl Office<'_> {
    /// The plan, which must be there.
    pub fn plan(&self) -> Result<&Plan, Refusal> {
        self.plan.filter(|plan| plan.id().is_some()).ok_or_else(Refusal::not_found)
    }

    /// The school that the command has said it looks at.
    pub fn school(&self) -> Result<&School, Refusal> {
        self.school.ok_or_else(Refusal::not_found)
    }

    /// One of the other plans that the command has said it looks at, if it is there.
    pub fn plan_beside(&self, id: &PlanId) -> Option<&Plan> {
        self.plans_beside.iter().copied().find(|plan| plan.id() == Some(id))
    }

    /// Checks that the session is there, the plan is there and one's own, and the right is there: 401, 404, 403 in this order.
    pub fn admit(&self, command: &(impl Command + ?Sized), ask: &Ask<'_>) -> Result<(), Refusal> {
        // A session of another plan is not seen from here; whose it is and that it is there was checked at the door.
        if let Some(ended) = ask.session.and_then(|session| self.ended_session(session)) {
            return Err(end_session::ended_refusal(ended, self.accounts));
        }
        if !self.accounts.is_welcome(ask.who, ask.now) {
            return Err(Refusal::bare(RefusalCode::NotLoggedIn));
        }
        if let Some(plan) = command.plan() {
            self.plan()?;
            if !self.accounts.may_enter(ask.who, plan) {
                return Err(Refusal::not_permitted("plan"));
            }
        }
        self.check_needs(command.needs(), ask.who)
    }

    /// Checks a right.
    pub fn check_needs(&self, needs: Needs, who: Who) -> Result<(), Refusal> {
        match needs {
            Needs::Nothing => Ok(()),
            Needs::Right(right) if self.accounts.may(who, right) => Ok(()),
            Needs::Right(right) => Err(Refusal::not_permitted(right.word())),
            Needs::AnyOf(rights) if rights.iter().any(|right| self.accounts.may(who, *right)) => Ok(()),
            Needs::AnyOf(rights) => {
                Err(Refusal::not_permitted(rights.first().map_or("", |right| right.word())))
            }
        }
    }

    /// A session of the plan or of the site, or why it is no more.
    pub fn check_session(&self, id: SessionId) -> Result<&Session, Refusal> {
        if let Some(session) = self.all_sessions().find_map(|sessions| sessions.get(id)) {
            return Ok(session);
        }
        Err(match self.ended_session(id) {
            Some(ended) => end_session::ended_refusal(ended, self.accounts),
            None => Refusal::bare(RefusalCode::NotLoggedIn),
        })
    }

    fn all_sessions(&self) -> impl Iterator<Item = &Sessions> {
        let of_plan = self.plan.map(|plan| &plan.sessions);
        of_plan.into_iter().chain(std::iter::once(self.sessions))
    }

    fn ended_session(&self, id: SessionId) -> Option<&Ended> {
        self.all_sessions().find_map(|sessions| sessions.ended(id))
    }

    /// The session in which the plan is written; a site session or a program without a session has none.
    pub fn own_session(&self, ask: &Ask<'_>) -> Result<&Session, Refusal> {
        let plan = self.plan()?;
        ask.session.and_then(|id| plan.sessions.get(id)).ok_or_else(|| Refusal::not_permitted("plan"))
    }

    /// The session in which planning data is written: not one that only reads, and not in a plan that is only read.
    pub fn writing_session(&self, ask: &Ask<'_>) -> Result<&Session, Refusal> {
        let session = self.own_session(ask)?;
        if session.mode == Mode::Read || self.plan()?.condition() != crate::PlanCondition::Open {
            return Err(Refusal::not_permitted("mode"));
        }
        Ok(session)
    }
}

/// What a change names so that it is known on what it was based: the values of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing is said.
    None,
    /// `If-None-Match: *`: it must not be there.
    Absent,
    /// `If-Match: *`: it must be there.
    Present,
    /// `If-Match` with revisions, each with its epoch.
    Revisions(Vec<(i64, u64)>),
}

/// The lock that a change carries.
pub type CarriedLock = Option<LockId>;

#[cfg(test)]
mod matrix;
#[cfg(test)]
pub(crate) mod testing;
