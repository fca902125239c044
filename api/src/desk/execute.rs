//! The way of one command: admitted, decided, folded, written, answered.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use domain::command::{Ask, Command, Office, PastChange, Stream};
use domain::{CommandId, Event, Position, Stamp};
use eventstore::{AppendError, Appended, StoredCommand, trace};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use self::decide::LeadsTo;
use super::answer::{Answer, Answered};
use super::cell::{Committed, Outcome};
use super::held::Held;
use super::request::{Extra, Render, Request};
use super::{Desk, Failure};

mod decide;

/// After so many conflicts a command is decided alone.
const CONFLICTS_MAX: u32 = 3;

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
        let span = tracing::debug_span!(target: trace::TARGET, "command", otel.name = name_of::<C>(), outcome = Empty);
        tokio::spawn(run.run_whole().instrument(span))
            .await
            .unwrap_or_else(|error| Err(Failure::Internal(error.to_string())))
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
        let began = Instant::now();
        let answered = self.answered_once().await;
        let outcome = word(&answered);
        tracing::Span::current().record("outcome", outcome);
        metrics::counter!("daybook_commands_total", "command" => name_of::<C>(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("daybook_command_seconds").record(began.elapsed());
        answered
    }

    async fn answered_once(&self) -> Result<Answered, Failure> {
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
        let held = Held::take(&self.desk, &*self.command).await?;
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
        let mut history: Option<Vec<PastChange>> = None;
        let mut conflicts = 0;
        loop {
            let attempt = if conflicts < CONFLICTS_MAX {
                self.attempt(history.as_deref()).await?
            } else {
                metrics::counter!("daybook_commands_alone_total").increment(1);
                self.attempt_alone(history.as_deref()).await?
            };
            match attempt {
                Attempt::Done(answered) => return Ok(*answered),
                Attempt::Again => {
                    metrics::counter!("daybook_command_conflicts_total").increment(1);
                    conflicts += 1;
                }
                Attempt::History(record, after, to) => {
                    // A command that changes several records may ask for one after the other.
                    let known = history.get_or_insert_default();
                    known.retain(|past| past.record != record);
                    known.extend(self.desk.history(record, after, to).await?);
                }
            }
        }
    }

    async fn attempt(&self, history: Option<&[PastChange]>) -> Result<Attempt, Failure> {
        let mut held = Held::take(&self.desk, &*self.command).await?;
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
            let mut held = Held::take_alone(&run.desk, &*run.command, &mut alone).await?;
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
}

/// What a command is called where commands are counted and traced: `WriteRecord`.
fn name_of<C>() -> &'static str {
    let path = std::any::type_name::<C>();
    let plain = path.split_once('<').map_or(path, |(plain, _)| plain);
    plain.rsplit("::").next().unwrap_or(plain)
}

/// What became of a command, in one word.
fn word(answered: &Result<Answered, Failure>) -> &'static str {
    match answered {
        Ok(answered) if answered.replayed => "replayed",
        Ok(_) => "done",
        Err(Failure::Refused(_) | Failure::KeyReused | Failure::TooLarge) => "refused",
        Err(Failure::Unavailable) => "unavailable",
        Err(Failure::Busy) => "busy",
        Err(Failure::Internal(_)) => "failed",
    }
}

fn answered(answer: Answer, done: &Appended) -> Answered {
    let position = Position { epoch: done.epoch, number: done.last };
    Answered { answer: answer.stamped(position, done.recorded_at), position, replayed: false }
}

/// A deadline has not passed after all: nothing is done, which is what the caller, a sweep, wants to know.
fn not_due(desk: &Desk) -> Answered {
    Answered { answer: Answer::empty(204), position: desk.position(0), replayed: false }
}
