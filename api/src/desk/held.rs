//! The states that a command is decided on.

use domain::command::{Command, Office, Stream};
use domain::{Accounts, Event, Plan, Sessions, Site};
use eventstore::Fate;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use super::cell::{Cell, Folded, Outcome};
use super::{Desk, Failure};

/// The states that a command is decided on, each as locked as it has to be, always in this order, so that nobody waits in a circle.
pub struct Held {
    pub plan: Option<OwnedRwLockWriteGuard<Folded<Plan>>>,
    pub sessions: Guard<Sessions>,
    pub accounts: Guard<Accounts>,
    pub site: Guard<Site>,
}

/// A state as it is held: to be looked at, or to be decided on.
pub enum Guard<S: domain::Fold> {
    /// Others look at it too.
    Look(OwnedRwLockReadGuard<Folded<S>>),
    /// Nobody else has it.
    Write(OwnedRwLockWriteGuard<Folded<S>>),
}

impl<S: domain::Fold> Guard<S> {
    /// The state.
    pub fn folded(&self) -> &Folded<S> {
        match self {
            Guard::Look(folded) => folded,
            Guard::Write(folded) => folded,
        }
    }

    /// Takes in what has just been decided; nothing is decided on a state that is only looked at.
    pub fn decide(&mut self, events: Vec<Event>, epoch: i64, fate: Fate) -> Option<Outcome> {
        match self {
            Guard::Write(folded) => Some(folded.decide(events, epoch, fate)),
            Guard::Look(_) => None,
        }
    }
}

impl Held {
    /// What a decision looks at.
    pub fn office(&self) -> Office<'_> {
        Office {
            plan: self.plan.as_ref().map(|plan| &plan.tip),
            accounts: &self.accounts.folded().tip,
            site: &self.site.folded().tip,
            sessions: &self.sessions.folded().tip,
        }
    }

    /// The appends on their way whose events the decision sees.
    pub fn rests_on(&self) -> Vec<Fate> {
        let plan = self.plan.as_ref().and_then(|plan| plan.rests_on());
        let others = [
            self.sessions.folded().rests_on(),
            self.accounts.folded().rests_on(),
            self.site.folded().rests_on(),
        ];
        plan.into_iter().chain(others.into_iter().flatten()).collect()
    }

    /// Takes them, with everything that others have written.
    pub async fn take(desk: &Desk, command: &impl Command) -> Result<Held, Failure> {
        let ledger = &desk.ledger;
        let plan = match command.scope() {
            Some(plan) => Some(desk.plan_cell(plan).write(ledger).await?),
            None => None,
        };
        let writes = command.plan().is_none();
        Ok(Held {
            plan,
            sessions: guard(&desk.sessions, ledger, writes).await?,
            accounts: guard(&desk.accounts, ledger, writes).await?,
            site: guard(&desk.site, ledger, writes).await?,
        })
    }

    /// Takes them while the head of the ledger is locked: exactly what is committed.
    pub async fn take_alone(
        desk: &Desk,
        command: &impl Command,
        alone: &mut eventstore::Alone,
    ) -> Result<Held, Failure> {
        let plan = match command.scope() {
            Some(plan) => Some(desk.plan_cell(plan).write_alone(alone).await?),
            None => None,
        };
        Ok(Held {
            plan,
            sessions: Guard::Write(desk.sessions.write_alone(alone).await?),
            accounts: Guard::Write(desk.accounts.write_alone(alone).await?),
            site: Guard::Write(desk.site.write_alone(alone).await?),
        })
    }

    /// Every stream that the decision could look at, with the version that it saw.
    pub fn looked_at(&self, desk: &Desk, command: &impl Command) -> Vec<(domain::StreamName, i64)> {
        let mut looked_at = Vec::with_capacity(4);
        if let (Some(plan), Some(folded)) = (command.scope(), &self.plan) {
            looked_at.push((plan.stream(), folded.tip_version));
        }
        looked_at.push((desk.accounts.stream().clone(), self.accounts.folded().tip_version));
        if command.plan().is_none() {
            looked_at.push((desk.sessions.stream().clone(), self.sessions.folded().tip_version));
        }
        if command.looks_at_site() {
            looked_at.push((desk.site.stream().clone(), self.site.folded().tip_version));
        }
        looked_at
    }

    /// A stream by name, with the version that the next decision builds on.
    pub fn stream(&self, desk: &Desk, command: &impl Command, stream: Stream) -> (domain::StreamName, i64) {
        match stream {
            Stream::Plan => {
                let version = self.plan.as_ref().map_or(0, |plan| plan.tip_version);
                let name = command.scope().map_or_else(|| "plan".into(), domain::PlanId::stream);
                (name, version)
            }
            Stream::Sessions => (desk.sessions.stream().clone(), self.sessions.folded().tip_version),
            Stream::Accounts => (desk.accounts.stream().clone(), self.accounts.folded().tip_version),
            Stream::Site => (desk.site.stream().clone(), self.site.folded().tip_version),
        }
    }
}

async fn guard<S: domain::Fold>(
    cell: &Cell<S>,
    ledger: &eventstore::Ledger,
    writes: bool,
) -> Result<Guard<S>, Failure> {
    Ok(if writes { Guard::Write(cell.write(ledger).await?) } else { Guard::Look(cell.read(ledger).await?) })
}
