//! Where commands are decided: the folded states of the streams in use, and the way of a command through them to the ledger.
//!
//! Commands on one plan are decided one after the other, each on what the one before it decided, committed or not ([`cell`]). The
//! ledger judges every append by the versions that its decision saw; when one has moved, the command is decided anew, and after
//! three times alone, under the lock of the ledger's head ([`execute`]). So a plan is as fast as its decisions, not as its commits,
//! and nothing that is answered rests on anything but the ledger.

pub mod answer;
pub mod caller;
mod cell;
mod clock;
mod contact;
mod execute;
mod failure;
mod front;
mod held;
mod history;
mod messages;
mod past;
mod request;
mod shelf;
mod site;
pub mod snapshots;
mod sweep;
mod tail;
mod undoing;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::command::CarriedLock;
use domain::{Accounts, CommandId, Plan, PlanId, Position, School, Sessions, Site};
use eventstore::{CredentialRow, Ledger};
use moka::sync::Cache;
use projections::Projections;

pub use answer::{Answer, Answered};
pub use caller::Caller;
pub use failure::Failure;
pub use front::{Front, Shown};
pub use request::{Extra, Request};
pub use undoing::{Named, cause as undo_cause};

use cell::Cell;
use clock::Clock;
use contact::Contacts;
use shelf::{Bounds, Shelf};

use crate::outage::{ContactTerms, Standing};

/// The plans that are held in memory. A record takes about a kilobyte.
const PLANS_OPEN: Bounds = Bounds { count: 256, weight: 1_000_000, unused: Duration::from_mins(15) };
/// The same of schools.
const SCHOOLS_OPEN: Bounds = Bounds { count: 1_024, weight: usize::MAX, unused: Duration::from_mins(15) };

/// The times and zones that the site has set.
#[derive(Debug, Clone)]
pub struct Terms {
    /// A session that is not heard of for this long ends.
    pub session_idle: Duration,
    /// A session older than this ends.
    pub session_age: Duration,
    /// A lock that is not renewed for this long ends.
    pub lock_lease: Duration,
    /// The site's time zone, in which days begin.
    pub zone: Tz,
    /// How contact with ledger and partners is watched.
    pub contact: ContactTerms,
    /// Whether this process serves, and ends what is over its deadline. Commands of the host do not: they may have been told other terms.
    pub ends_sessions: bool,
    /// A state is written aside when its newest snapshot leaves more than so many events to be read; more of a large one.
    pub snapshot_every: i64,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            session_idle: Duration::from_secs(60),
            session_age: Duration::from_hours(12),
            lock_lease: Duration::from_secs(60),
            zone: Tz::Europe__Berlin,
            contact: ContactTerms::default(),
            ends_sessions: true,
            snapshot_every: 5_000,
        }
    }
}

/// Decides commands and answers who somebody is.
pub struct Desk {
    /// The ledger.
    pub ledger: Ledger,
    /// The read models, for candidates of expiry; no decision reads them.
    pub projections: Projections,
    /// The terms of the site.
    pub terms: Terms,
    /// What this node knows about the site without asking anybody.
    pub standing: Standing,
    learning: tokio::sync::Mutex<()>,
    plans: Shelf<PlanId, Plan>,
    schools: Shelf<String, School>,
    accounts: Cell<Accounts>,
    past_accounts: past::PastAccounts,
    site: Cell<Site>,
    sessions: Cell<Sessions>,
    /// What is shown to whoever comes, in memory.
    pub front: Front,
    epoch: AtomicI64,
    opened_at: i64,
    /// The position up to which this node has heard of everything that moves a state.
    heard: AtomicI64,
    clock: Clock,
    contacts: Contacts,
    /// Hashes of tokens and whose they are. What a token leads to never changes; whether it is still good is asked of the states.
    credentials: Cache<[u8; 32], CredentialRow>,
    /// Keys whose command is being carried out.
    running: Mutex<HashMap<CommandId, Arc<tokio::sync::Mutex<()>>>>,
}

/// Where users, groups, tokens and, where it matters, sessions stand; to be compared, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    accounts: (u64, i64),
    sessions: (u64, i64),
}

impl Desk {
    /// Opens the desk on a ledger. Its tasks end when `stop` is cancelled.
    pub async fn open(
        ledger: Ledger,
        projections: Projections,
        terms: Terms,
        stop: tokio_util::sync::CancellationToken,
    ) -> Result<Arc<Desk>, Failure> {
        let head = ledger.head().await?;
        let clock = Clock::read(&ledger).await?;
        let desk = Arc::new(Desk {
            standing: Standing::new(clock.now()),
            learning: tokio::sync::Mutex::default(),
            accounts: Cell::new(Accounts::stream()),
            past_accounts: past::PastAccounts::default(),
            site: Cell::new(Site::stream()),
            sessions: Cell::new(Sessions::stream()),
            plans: Shelf::new(PLANS_OPEN),
            schools: Shelf::new(SCHOOLS_OPEN),
            front: Front::default(),
            epoch: AtomicI64::new(head.epoch),
            opened_at: head.position,
            heard: AtomicI64::new(head.position),
            clock,
            contacts: Contacts::new(&terms),
            credentials: Cache::new(100_000),
            running: Mutex::default(),
            ledger,
            projections,
            terms,
        });
        tokio::spawn(tail::follow(desk.clone(), head.position, stop.clone()));
        tokio::spawn(contact::flush(desk.clone(), stop.clone()));
        if desk.terms.ends_sessions {
            tokio::spawn(sweep::run(desk.clone(), stop));
        }
        Ok(desk)
    }

    /// The present epoch.
    pub fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Where the ledger ended when the desk was opened: the read models must have come so far before anybody is served.
    pub fn opened_at(&self) -> i64 {
        self.opened_at
    }

    /// A position as it leaves the house.
    pub fn position(&self, number: i64) -> Position {
        Position { epoch: self.epoch(), number }
    }

    /// The database's clock, as near as this node knows it.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The date at the site.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.terms.zone).date_naive()
    }

    /// A session or a lock has been heard of; written soon.
    pub fn note_contact(&self, contact: uuid::Uuid) {
        self.contacts.note(contact);
    }

    /// A protected write that is done renews its lock.
    pub fn renew(&self, lock: CarriedLock, written: &Result<Answered, Failure>) {
        if let (Some(lock), Ok(_)) = (lock, written) {
            self.note_contact(lock.0);
        }
    }

    /// How often a session has to be heard of so that its contact is never older than it may be.
    pub fn contact_every(&self) -> Duration {
        self.contacts.every()
    }

    /// Where the states stand that say what a caller may who follows a plan: as long as they are the same, so is the answer, but for
    /// a session of that very plan. Such a plan moves with every change, and the end of the session is one of the things that
    /// followers are told.
    pub fn marks(&self, caller: &Caller, followed: &PlanId) -> Marks {
        let sessions = match (caller.session, &caller.plan) {
            (None, _) => (0, 0),
            (Some(_), None) => self.sessions.mark(),
            (Some(_), Some(plan)) if plan == followed => (0, 0),
            (Some(_), Some(plan)) => self.plan_cell(plan).mark(),
        };
        Marks { accounts: self.accounts.mark(), sessions }
    }

    /// Users, groups and tokens as they are in the ledger, for as long as one needs them.
    pub async fn accounts(&self) -> Result<Arc<Accounts>, Failure> {
        Ok(self.accounts.read(&self.ledger).await?.kept())
    }

    /// Looks at users, groups and tokens.
    pub async fn with_accounts<T>(&self, look: impl FnOnce(&Accounts) -> T) -> Result<T, Failure> {
        Ok(look(&self.accounts.read(&self.ledger).await?.tip))
    }

    /// Looks at a plan, which is empty when there is no such plan.
    pub async fn with_plan<T>(&self, plan: &PlanId, look: impl FnOnce(&Plan) -> T) -> Result<T, Failure> {
        let cell = self.plan_cell(plan);
        let folded = cell.read(&self.ledger).await?;
        Ok(look(&folded.tip))
    }

    /// Looks at a school, which has no plans when there is no such school. What another node wrote a moment ago is read first.
    pub async fn with_school<T>(&self, number: &str, look: impl FnOnce(&School) -> T) -> Result<T, Failure> {
        let cell = self.school_cell(number);
        cell.refresh(&self.ledger).await?;
        let folded = cell.read(&self.ledger).await?;
        Ok(look(&folded.tip))
    }

    /// Looks at a plan as it is known to be in the ledger. What is on its way may fail, such as the end of a lock that has just been
    /// renewed: whoever is told at once that something is over is told from here.
    pub async fn with_committed_plan<T>(
        &self,
        plan: &PlanId,
        look: impl FnOnce(&Plan, &Accounts) -> T,
    ) -> Result<T, Failure> {
        // In the order in which commands take them.
        let cell = self.plan_cell(plan);
        let folded = cell.read(&self.ledger).await?;
        let accounts = self.accounts.read(&self.ledger).await?;
        Ok(look(folded.committed(), &accounts.tip))
    }

    /// Reads what others have written of a plan since, whether or not there is a sign of it.
    pub async fn refresh_plan(&self, plan: &PlanId) -> Result<(), Failure> {
        self.plan_cell(plan).refresh(&self.ledger).await
    }

    fn plan_cell(&self, plan: &PlanId) -> Arc<Cell<Plan>> {
        self.plans.cell(plan, || plan.stream())
    }

    fn school_cell(&self, number: &str) -> Arc<Cell<School>> {
        self.schools.cell(&number.to_owned(), || School::stream(number))
    }

    /// How many plans and schools are in memory.
    pub fn states_open(&self) -> (usize, usize) {
        (self.plans.count(), self.schools.count())
    }

    /// Tells the states that a version of their stream is in the ledger.
    fn note_seen(&self, stream: &str, version: i64) {
        for (name, cell) in [
            (self.accounts.stream(), &self.accounts as &dyn Seen),
            (self.site.stream(), &self.site),
            (self.sessions.stream(), &self.sessions),
        ] {
            if name.as_str() == stream {
                return cell.note(version);
            }
        }
        if stream.ends_with("/refused") {
            return;
        }
        if let Some(school) = School::of_stream(stream) {
            self.schools.note_seen(&school.to_owned(), version);
        } else if let Some(plan) = PlanId::of_stream(stream) {
            self.plans.note_seen(&plan, version);
        }
    }
}

/// A state of whatever type that can be told of a version.
trait Seen {
    fn note(&self, version: i64);
}

impl<S: domain::Fold> Seen for Cell<S> {
    fn note(&self, version: i64) {
        self.note_seen(version);
    }
}
