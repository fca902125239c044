//! The states that a command is decided on.

use domain::command::{Command, Office, Stream};
use domain::{Accounts, Event, Plan, PlanId, School, Sessions, Site};
use eventstore::Fate;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use super::cell::{Cell, Folded, Outcome};
use super::{Desk, Failure};

/// The states that a command is decided on, each as locked as it has to be, always in this order, so that nobody waits in a circle.
///
/// Plans come first, several of them in the order of their names, then the school, then what concerns everybody.
pub struct Held {
    pub plan: Option<OwnedRwLockWriteGuard<Folded<Plan>>>,
    /// Other plans of the school that the decision looks at.
    beside: Vec<(PlanId, Guard<Plan>)>,
    pub school: Option<Guard<School>>,
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
            school: self.school.as_ref().map(|school| &school.folded().tip),
            plans_beside: self.beside.iter().map(|(_, plan)| &plan.folded().tip).collect(),
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
        let beside = self.beside.iter().filter_map(|(_, plan)| plan.folded().rests_on());
        let school = self.school.iter().filter_map(|school| school.folded().rests_on());
        plan.into_iter().chain(beside).chain(school).chain(others.into_iter().flatten()).collect()
    }

    /// Takes them, with everything that others have written.
    pub async fn take(desk: &Desk, command: &impl Command) -> Result<Held, Failure> {
        let ledger = &desk.ledger;
        let writes = command.plan().is_none();
        loop {
            // Which other plans there are to look at stands in the school, which is taken after them: when another plan has been
            // made meanwhile, they are taken anew.
            let wanted = beside(desk, command).await?;
            let (plan, beside) = plans(desk, command, &wanted).await?;
            let school = match command.school() {
                Some(school) => Some(Guard::Write(desk.school_cell(school).write(ledger).await?)),
                None => None,
            };
            if school.as_ref().is_some_and(|school| command.plans_beside(&school.folded().tip) != wanted) {
                continue;
            }
            return Ok(Held {
                plan,
                beside,
                school,
                sessions: guard(&desk.sessions, ledger, writes).await?,
                accounts: guard(&desk.accounts, ledger, writes).await?,
                site: guard(&desk.site, ledger, writes).await?,
            });
        }
    }

    /// Takes them while the head of the ledger is locked: exactly what is committed.
    pub async fn take_alone(
        desk: &Desk,
        command: &impl Command,
        alone: &mut eventstore::Alone,
    ) -> Result<Held, Failure> {
        loop {
            let wanted = beside(desk, command).await?;
            let mut plan = None;
            let mut beside = Vec::with_capacity(wanted.len());
            for id in in_order(command, &wanted) {
                let guard = desk.plan_cell(id).write_alone(&desk.ledger, alone).await?;
                if Some(id) == command.scope() {
                    plan = Some(guard);
                } else {
                    beside.push((id.clone(), Guard::Write(guard)));
                }
            }
            let school = match command.school() {
                Some(school) => {
                    Some(Guard::Write(desk.school_cell(school).write_alone(&desk.ledger, alone).await?))
                }
                None => None,
            };
            if school.as_ref().is_some_and(|school| command.plans_beside(&school.folded().tip) != wanted) {
                continue;
            }
            return Ok(Held {
                plan,
                beside,
                school,
                sessions: Guard::Write(desk.sessions.write_alone(&desk.ledger, alone).await?),
                accounts: Guard::Write(desk.accounts.write_alone(&desk.ledger, alone).await?),
                site: Guard::Write(desk.site.write_alone(&desk.ledger, alone).await?),
            });
        }
    }

    /// Every stream that the decision could look at, with the version that it saw.
    pub fn looked_at(&self, desk: &Desk, command: &impl Command) -> Vec<(domain::StreamName, i64)> {
        let mut looked_at = Vec::with_capacity(4);
        if let (Some(plan), Some(folded)) = (command.scope(), &self.plan) {
            looked_at.push((plan.stream(), folded.tip_version));
        }
        looked_at
            .extend(self.beside.iter().map(|(plan, folded)| (plan.stream(), folded.folded().tip_version)));
        if let (Some(number), Some(school)) = (command.school(), &self.school) {
            looked_at.push((School::stream(number), school.folded().tip_version));
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
                let name = command.scope().map_or_else(|| "plan".into(), PlanId::stream);
                (name, version)
            }
            Stream::Sessions => (desk.sessions.stream().clone(), self.sessions.folded().tip_version),
            Stream::Accounts => (desk.accounts.stream().clone(), self.accounts.folded().tip_version),
            Stream::Site => (desk.site.stream().clone(), self.site.folded().tip_version),
            Stream::School => {
                let version = self.school.as_ref().map_or(0, |school| school.folded().tip_version);
                (command.school().map_or_else(|| "school".into(), School::stream), version)
            }
            // Nobody decides on it, so it has no version that could have moved.
            Stream::Messages => (domain::StreamName::from("messages"), 0),
            Stream::Audit => (domain::StreamName::from("audit"), 0),
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

/// The other plans that a command looks at, as the school stands just now. They are folded before anything is held.
async fn beside(desk: &Desk, command: &impl Command) -> Result<Vec<PlanId>, Failure> {
    let Some(number) = command.school() else { return Ok(Vec::new()) };
    let wanted = {
        let school = desk.school_cell(number).read(&desk.ledger).await?;
        command.plans_beside(&school.tip)
    };
    for plan in &wanted {
        drop(desk.plan_cell(plan).read(&desk.ledger).await?);
    }
    Ok(wanted)
}

/// The command's own plan and those beside it, in the one order in which everybody takes them.
fn in_order<'a>(command: &'a impl Command, beside: &'a [PlanId]) -> Vec<&'a PlanId> {
    let mut all: Vec<&PlanId> = command.scope().into_iter().chain(beside).collect();
    all.sort_unstable();
    all.dedup();
    all
}

type Plans = (Option<OwnedRwLockWriteGuard<Folded<Plan>>>, Vec<(PlanId, Guard<Plan>)>);

async fn plans(desk: &Desk, command: &impl Command, wanted: &[PlanId]) -> Result<Plans, Failure> {
    let mut own = None;
    let mut beside = Vec::with_capacity(wanted.len());
    for plan in in_order(command, wanted) {
        let cell = desk.plan_cell(plan);
        if Some(plan) == command.scope() {
            own = Some(cell.write(&desk.ledger).await?);
        } else {
            beside.push((plan.clone(), Guard::Look(cell.read(&desk.ledger).await?)));
        }
    }
    Ok((own, beside))
}
