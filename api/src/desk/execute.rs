//! The way of one command: admitted, decided, folded, written, answered.

use std::sync::{Arc, PoisonError};

use domain::command::{Ask, Command, Obstruction, Office, PastChange, Stream};
use domain::{
    Accounts, CommandId, Event, Meta, Plan, Position, Refusal, SessionId, Sessions, Site, Stamp, Who,
};
use eventstore::{
    Append, AppendError, Appended, CredentialChange, Due, Expected, Fate, NewEvent, StoredCommand, Write,
};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use uuid::Uuid;

use super::answer::{Answer, Answered};
use super::cell::{Cell, Committed, Folded, Outcome};
use super::history::actor_of;
use super::{Desk, Failure};

/// After so many conflicts a command is decided alone.
const CONFLICTS_MAX: u32 = 3;

/// Who asks, under which names, and whether he may ask again.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who.
    pub who: Who,
    /// In which session.
    pub session: Option<SessionId>,
    /// The command's id when it comes from an Idempotency-Key, with the digest of the request.
    pub keyed: Option<(CommandId, [u8; 32])>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Request {
    /// Of the operator of the host or of the service itself.
    pub fn of(who: Who) -> Request {
        Request { who, session: None, keyed: None, request_id: None, traceparent: None }
    }

    /// The same in a session.
    pub fn in_session(self, session: SessionId) -> Request {
        Request { session: Some(session), ..self }
    }
}

/// What is written in the transaction of a command's events, and under which condition of time.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// Hashes that come or go.
    pub credentials: Vec<CredentialChange>,
    /// Sessions and locks that begin.
    pub contacts: Vec<Uuid>,
    /// Deadlines that must have passed, by the database's clock.
    pub due: Vec<Due>,
    /// What is noted as the cause beside the events.
    pub cause: Option<String>,
    /// Whether the answer holds a secret and is not stored under the key.
    pub secret: bool,
}

/// Makes the answer from the state after the decision and its events.
pub type Render = Arc<dyn Fn(&Office<'_>, &[(Stream, Event)]) -> Answer + Send + Sync>;

/// The states that a command is decided on, each as locked as it has to be, always in this order, so that nobody waits in a circle.
struct Held {
    plan: Option<OwnedRwLockWriteGuard<Folded<Plan>>>,
    sessions: Guard<Sessions>,
    accounts: Guard<Accounts>,
    site: Guard<Site>,
}

enum Guard<S: domain::Fold> {
    Look(OwnedRwLockReadGuard<Folded<S>>),
    Write(OwnedRwLockWriteGuard<Folded<S>>),
}

impl<S: domain::Fold> Guard<S> {
    fn folded(&self) -> &Folded<S> {
        match self {
            Guard::Look(folded) => folded,
            Guard::Write(folded) => folded,
        }
    }

    fn decide(&mut self, events: Vec<Event>, epoch: i64, fate: Fate) -> Option<Outcome> {
        match self {
            Guard::Write(folded) => Some(folded.decide(events, epoch, fate)),
            Guard::Look(_) => None,
        }
    }
}

impl Held {
    fn office(&self) -> Office<'_> {
        Office {
            plan: self.plan.as_ref().map(|plan| &plan.tip),
            accounts: &self.accounts.folded().tip,
            site: &self.site.folded().tip,
            sessions: &self.sessions.folded().tip,
        }
    }
}

impl Held {
    /// The appends on their way whose events the decision sees.
    fn rests_on(&self) -> Vec<Fate> {
        let plan = self.plan.as_ref().and_then(|plan| plan.rests_on());
        let others = [
            self.sessions.folded().rests_on(),
            self.accounts.folded().rests_on(),
            self.site.folded().rests_on(),
        ];
        plan.into_iter().chain(others.into_iter().flatten()).collect()
    }
}

/// One attempt that has been written or has still to be decided anew.
enum Attempt {
    Done(Box<Answered>),
    Again,
    History(domain::RecordId, u64, u64),
}

impl Desk {
    /// Carries a command out. Goes on to its end when the caller goes away.
    pub async fn execute<C>(
        self: &Arc<Desk>,
        request: Request,
        command: C,
        extra: Extra,
        render: impl Fn(&Office<'_>, &[(Stream, Event)]) -> Answer + Send + Sync + 'static,
    ) -> Result<Answered, Failure>
    where
        C: Command + Send + Sync + 'static,
    {
        let run =
            Run { desk: self.clone(), request, command: Arc::new(command), extra, render: Arc::new(render) };
        tokio::spawn(run.run_whole()).await.unwrap_or_else(|error| Err(Failure::Internal(error.to_string())))
    }
}

struct Run<C> {
    desk: Arc<Desk>,
    request: Request,
    command: Arc<C>,
    extra: Extra,
    render: Render,
}

impl<C: Command + Send + Sync + 'static> Run<C> {
    async fn run_whole(self) -> Result<Answered, Failure> {
        let Some((id, digest)) = self.request.keyed else { return self.attempts().await };
        // A second request under the same key waits for the first one's answer.
        let turn =
            self.desk.running.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
        let answered = {
            let _turn = turn.lock().await;
            match self.stored(id, digest).await {
                Ok(Some(answered)) => Ok(answered),
                Ok(None) => self.attempts().await,
                Err(failure) => Err(failure),
            }
        };
        drop(turn);
        let mut running = self.desk.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.get(&id).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            running.remove(&id);
        }
        answered
    }

    /// The answer of an earlier request under the same key. Rights are checked before it is given.
    async fn stored(&self, id: CommandId, digest: [u8; 32]) -> Result<Option<Answered>, Failure> {
        let Some(stored) = self.desk.ledger.command(id).await? else { return Ok(None) };
        let held = self.hold().await?;
        let mut new_id = Uuid::now_v7;
        held.office().admit(&*self.command, &self.ask(&mut new_id, None))?;
        drop(held);
        self.replay(stored, digest).map(Some)
    }

    fn replay(&self, stored: StoredCommand, digest: [u8; 32]) -> Result<Answered, Failure> {
        if stored.request_digest.is_some_and(|before| before != digest) {
            return Err(Failure::KeyReused);
        }
        let position = self.desk.position(stored.position);
        let kept = stored.answer.ok_or(Failure::KeyReused)?;
        let answer: Answer = serde_json::from_slice(&kept).map_err(Failure::internal)?;
        Ok(Answered { answer: answer.stamped(position, stored.recorded_at), position, replayed: true })
    }

    async fn attempts(&self) -> Result<Answered, Failure> {
        let mut history = None;
        let mut conflicts = 0;
        loop {
            let attempt = if conflicts < CONFLICTS_MAX {
                self.attempt(history.as_deref()).await?
            } else {
                self.attempt_alone(history.as_deref()).await?
            };
            match attempt {
                Attempt::Done(answered) => return Ok(*answered),
                Attempt::Again => conflicts += 1,
                Attempt::History(record, after, to) => {
                    history = Some(self.desk.history(record, after, to).await?);
                }
            }
        }
    }

    async fn attempt(&self, history: Option<&[PastChange]>) -> Result<Attempt, Failure> {
        let mut held = self.hold().await?;
        let decided = self.decide(&mut held, history)?;
        // Everything is queued while the states are held, so that the order of appends is the order of decisions.
        let append = decided.append;
        let pending = self.desk.ledger.enqueue(append);
        drop(held);
        let result = match pending {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        };
        self.conclude(result, &decided.outcomes, decided.leads_to)
    }

    async fn attempt_alone(&self, history: Option<&[PastChange]>) -> Result<Attempt, Failure> {
        let run = Run {
            desk: self.desk.clone(),
            request: self.request.clone(),
            command: self.command.clone(),
            extra: self.extra.clone(),
            render: self.render.clone(),
        };
        let history = history.map(<[PastChange]>::to_vec);
        let ledger = self.desk.ledger.clone();
        let alone = ledger.alone(move |mut alone| async move {
            let mut held = run.hold_alone(&mut alone).await?;
            let decided = run.decide(&mut held, history.as_deref())?;
            drop(held);
            let result = alone.append(decided.append).await;
            run.conclude(result, &decided.outcomes, decided.leads_to)
        });
        alone.await?
    }

    /// What became of the append: told to the states, and to the caller.
    fn conclude(
        &self,
        result: Result<Appended, AppendError>,
        outcomes: &[(Outcome, i64)],
        leads_to: LeadsTo,
    ) -> Result<Attempt, Failure> {
        for (outcome, offset) in outcomes {
            let committed = match &result {
                Ok(done) => {
                    let stamp = Stamp { position: done.first + offset, at: done.recorded_at };
                    Committed::Yes(stamp, done.epoch)
                }
                Err(_) => Committed::No,
            };
            outcome.tell(committed);
        }
        match result {
            Ok(done) => match leads_to {
                LeadsTo::Answer(answer) => Ok(Attempt::Done(Box::new(answered(*answer, &done)))),
                LeadsTo::Refusal(refusal) => Err(Failure::Refused(refusal)),
                LeadsTo::History(record, after, to) => Ok(Attempt::History(record, after, to)),
            },
            Err(AppendError::Conflict) => Ok(Attempt::Again),
            Err(AppendError::NotDue) => Ok(Attempt::Done(Box::new(not_due(&self.desk)))),
            Err(AppendError::Known(stored)) => match self.request.keyed {
                Some((_, digest)) => {
                    self.replay(stored, digest).map(|answered| Attempt::Done(Box::new(answered)))
                }
                None => Err(Failure::Internal("the id of a new command is known already".to_owned())),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn ask<'a>(&self, new_id: &'a mut dyn FnMut() -> Uuid, history: Option<&'a [PastChange]>) -> Ask<'a> {
        Ask {
            who: self.request.who,
            session: self.request.session,
            now: self.desk.now(),
            today: self.desk.today(),
            new_id,
            history,
        }
    }

    async fn hold(&self) -> Result<Held, Failure> {
        let desk = &self.desk;
        let ledger = &desk.ledger;
        let plan = match self.command.scope() {
            Some(plan) => Some(desk.plan_cell(plan).write(ledger).await?),
            None => None,
        };
        let writes = self.command.plan().is_none();
        Ok(Held {
            plan,
            sessions: guard(&desk.sessions, ledger, writes).await?,
            accounts: guard(&desk.accounts, ledger, writes).await?,
            site: guard(&desk.site, ledger, writes).await?,
        })
    }

    async fn hold_alone(&self, alone: &mut eventstore::Alone) -> Result<Held, Failure> {
        let desk = &self.desk;
        let plan = match self.command.scope() {
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

    fn decide(&self, held: &mut Held, history: Option<&[PastChange]>) -> Result<Decided, Failure> {
        let mut new_id = Uuid::now_v7;
        let office = held.office();
        let mut ask = self.ask(&mut new_id, history);
        let decided = match office.admit(&*self.command, &ask) {
            Ok(()) => self.command.decide(&office, &mut ask),
            Err(refusal) => Err(refusal.into()),
        };
        let id = self.request.keyed.map_or_else(|| CommandId(Uuid::now_v7()), |(id, _)| id);
        let mut append = Append::new(self.meta(id, &office));
        if let Some((_, digest)) = self.request.keyed {
            append.keyed = true;
            append.request_digest = Some(digest);
        }
        append.looked_at = self.looked_at(held);
        append.rests_on = held.rests_on();
        match decided {
            Ok(events) => Ok(self.written(held, append, &events)),
            Err(Obstruction::Refused(refusal)) => self.refused(append, refusal),
            Err(Obstruction::NeedsHistory { record, after_revision, to_revision }) => {
                // Written under no key: it only waits until what the decision saw is committed, and can be read.
                append.keyed = false;
                append.command_id = CommandId(Uuid::now_v7());
                let leads_to = LeadsTo::History(record, after_revision, to_revision);
                Ok(Decided { append, outcomes: Vec::new(), leads_to })
            }
        }
    }

    fn meta(&self, id: CommandId, office: &Office<'_>) -> Meta {
        let mut meta = Meta::new(id, actor_of(self.request.who));
        meta.session = self.request.session.map(|session| session.0);
        meta.mode = self
            .request
            .session
            .and_then(|session| office.plan?.sessions.get(session))
            .map(|session| session.mode.word().to_owned());
        meta.cause.clone_from(&self.extra.cause);
        meta.request_id.clone_from(&self.request.request_id);
        meta.traceparent.clone_from(&self.request.traceparent);
        meta
    }

    /// Every stream that the decision could look at, with the version that it saw.
    fn looked_at(&self, held: &Held) -> Vec<(domain::StreamName, i64)> {
        let mut looked_at = Vec::with_capacity(4);
        if let (Some(plan), Some(folded)) = (self.command.scope(), &held.plan) {
            looked_at.push((plan.stream(), folded.tip_version));
        }
        looked_at.push((self.desk.accounts.stream().clone(), held.accounts.folded().tip_version));
        if self.command.plan().is_none() {
            looked_at.push((self.desk.sessions.stream().clone(), held.sessions.folded().tip_version));
            looked_at.push((self.desk.site.stream().clone(), held.site.folded().tip_version));
        }
        looked_at
    }

    fn written(&self, held: &mut Held, mut append: Append, events: &[(Stream, Event)]) -> Decided {
        let epoch = self.desk.epoch();
        let mut outcomes = Vec::new();
        let mut offset = 0;
        for stream in [Stream::Plan, Stream::Sessions, Stream::Accounts, Stream::Site] {
            let own: Vec<Event> =
                events.iter().filter(|(to, _)| *to == stream).map(|(_, event)| event.clone()).collect();
            if own.is_empty() {
                continue;
            }
            let (name, version) = self.stream(held, stream);
            append.looked_at.retain(|(looked, _)| *looked != name);
            let count = own.len() as i64;
            append.writes.push(Write {
                stream: name,
                expected: Expected::Exactly(version),
                events: own.iter().map(new_event).collect(),
            });
            let fate = append.fate.clone();
            let outcome = match stream {
                Stream::Plan => held.plan.as_mut().map(|plan| plan.decide(own, epoch, fate)),
                Stream::Sessions => held.sessions.decide(own, epoch, fate),
                Stream::Accounts => held.accounts.decide(own, epoch, fate),
                Stream::Site => held.site.decide(own, epoch, fate),
            };
            outcomes.extend(outcome.map(|outcome| (outcome, offset)));
            offset += count;
        }
        let answer = (self.render)(&held.office(), events);
        if !events.is_empty() {
            append.credentials.clone_from(&self.extra.credentials);
            append.contacts.clone_from(&self.extra.contacts);
            append.due.clone_from(&self.extra.due);
        }
        if append.keyed && !self.extra.secret {
            append.answer = serde_json::to_vec(&answer).ok();
        }
        Decided { append, outcomes, leads_to: LeadsTo::Answer(Box::new(answer)) }
    }

    fn stream(&self, held: &Held, stream: Stream) -> (domain::StreamName, i64) {
        match stream {
            Stream::Plan => {
                let version = held.plan.as_ref().map_or(0, |plan| plan.tip_version);
                let name = self.command.scope().map_or_else(|| "plan".into(), domain::PlanId::stream);
                (name, version)
            }
            Stream::Sessions => (self.desk.sessions.stream().clone(), held.sessions.folded().tip_version),
            Stream::Accounts => (self.desk.accounts.stream().clone(), held.accounts.folded().tip_version),
            Stream::Site => (self.desk.site.stream().clone(), held.site.folded().tip_version),
        }
    }

    /// A refusal for a reason of the office is written before it is told, and so is one that a retry has to get again.
    fn refused(&self, mut append: Append, refusal: Box<Refusal>) -> Result<Decided, Failure> {
        let is_kept = append.keyed && refusal.code.is_kept();
        if refusal.event.is_none() && !is_kept {
            // It leaves nothing, but it may rest on what is not committed or has long changed on another node; so it is judged too.
            append.keyed = false;
            append.request_digest = None;
            append.command_id = CommandId(Uuid::now_v7());
            return Ok(Decided { append, outcomes: Vec::new(), leads_to: LeadsTo::Refusal(refusal) });
        }
        if let Some(event) = &refusal.event {
            let stream =
                self.command.scope().map_or_else(|| self.desk.site.stream().clone(), domain::PlanId::stream);
            append.writes.push(Write {
                stream: stream.refused(),
                expected: Expected::Any,
                events: vec![new_event(event)],
            });
        }
        if is_kept {
            append.answer = serde_json::to_vec(&Answer::refused((&*refusal).into())).ok();
        }
        Ok(Decided { append, outcomes: Vec::new(), leads_to: LeadsTo::Refusal(refusal) })
    }
}

async fn guard<S: domain::Fold>(
    cell: &Cell<S>,
    ledger: &eventstore::Ledger,
    writes: bool,
) -> Result<Guard<S>, Failure> {
    Ok(if writes { Guard::Write(cell.write(ledger).await?) } else { Guard::Look(cell.read(ledger).await?) })
}

struct Decided {
    append: Append,
    outcomes: Vec<(Outcome, i64)>,
    leads_to: LeadsTo,
}

enum LeadsTo {
    Answer(Box<Answer>),
    Refusal(Box<Refusal>),
    History(domain::RecordId, u64, u64),
}

fn new_event(event: &Event) -> NewEvent {
    NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() }
}

fn answered(answer: Answer, done: &Appended) -> Answered {
    let position = Position { epoch: done.epoch, number: done.last };
    Answered { answer: answer.stamped(position, done.recorded_at), position, replayed: false }
}

/// A deadline has not passed after all: nothing is done, which is what the caller, a sweep, wants to know.
fn not_due(desk: &Desk) -> Answered {
    Answered { answer: Answer::empty(204), position: desk.position(0), replayed: false }
}
