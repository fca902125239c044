//! Deciding while nobody else writes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::StreamName;
use sqlx::PgConnection;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument;

use crate::append::{Append, AppendError, Appended};
use crate::ledger::Ledger;
use crate::locked::{Locked, lock, resolve};
use crate::queue::Member;
use crate::read;
use crate::recorded::{Head, Recorded};
use crate::sheaf::Stand;
use crate::trouble::Trouble;
use crate::{measure, trace};

/// How long a step waits for those of the same process that were there before it.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// Whose turn it is, and a connection to be used again. Only one can hold the head in any case; more connections that
/// wait for it would only take them away from others.
pub(crate) type Turn = Arc<Mutex<Option<PgConnection>>>;

/// The ledger while its head is locked: what is read here stays true until the append.
pub struct Alone {
    ledger: Ledger,
    connection: PgConnection,
    turn: OwnedMutexGuard<Option<PgConnection>>,
    on: Stand,
    head: Head,
}

impl Alone {
    /// Where the ledger ends now; nobody can move it.
    pub fn head(&self) -> Head {
        self.head
    }

    /// As `Ledger::read_stream`.
    pub async fn read_stream(
        &mut self,
        stream: &StreamName,
        after_version: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        read::stream(&mut self.connection, stream, after_version, limit).await
    }

    /// Writes the decision and lets go of the head. Judged as every append is. Dropped without this call, nothing is
    /// written.
    pub async fn append(mut self, mut append: Append) -> Result<Appended, AppendError> {
        // The committer judges beside this, so nobody may rest on it before it is written.
        let fate = std::mem::take(&mut append.fate);
        let committer = self.ledger.committer.clone();
        let (member, pending) = committer.admit(append)?;
        let mut locked = Locked::new(vec![member]);
        let span = trace::commit_of(locked.members.iter());
        let began = Instant::now();
        let outcome = locked.write(&mut self.connection, self.on).instrument(span).await;
        let epoch = self.head.epoch;
        // The head is free, or the server frees it, before anything else is asked.
        if matches!(outcome, Ok(Some(_))) {
            *self.turn = Some(self.connection);
        } else {
            drop(self.connection);
        }
        drop(self.turn);
        match (&outcome, &locked.sheaf) {
            (Ok(Some(_)), Some(sheaf)) => measure::batch(sheaf, began.elapsed()),
            (Err(Trouble::Lost(_)), _) => measure::lost(),
            _ => {}
        }
        let judged = locked.sheaf.into_iter().flat_map(|sheaf| sheaf.judged);
        match outcome {
            Ok(Some(recorded_at)) => judged.for_each(|judged| {
                committer.note_committed(judged.last);
                judged.answer(epoch, recorded_at);
            }),
            Ok(None) => unreachable!("the head is locked and nothing was asked of the call"),
            Err(Trouble::Lost(_)) => {
                for judged in judged {
                    find_out(&self.ledger, judged.in_doubt(), epoch).await;
                }
                locked.members.into_iter().for_each(|member| member.answer(Err(AppendError::Unavailable)));
            }
            Err(Trouble::Passing(_)) => {
                judged.for_each(|judged| judged.member.answer(Err(AppendError::Unavailable)));
                locked.members.into_iter().for_each(|member| member.answer(Err(AppendError::Unavailable)));
            }
            Err(Trouble::Lasting(error)) => {
                let failed = || Err(AppendError::Failed(error.to_string()));
                judged.for_each(|judged| judged.member.answer(failed()));
                locked.members.into_iter().for_each(|member| member.answer(failed()));
            }
        }
        let outcome = pending.await;
        fate.decide(outcome.is_ok());
        outcome
    }
}

/// Asks what became of an append whose answer was lost, for as long as it is patient. One that is not there was not
/// written, and is decided anew.
async fn find_out(ledger: &Ledger, member: Member, epoch: i64) {
    while Instant::now() < member.deadline {
        let asked = vec![member.append.command_id.0];
        let found = async {
            let mut connection = ledger.settings.connect_one().await?;
            resolve(&mut connection, asked).await
        };
        if let Ok(Ok(mut known)) = timeout_at(member.deadline, found).await {
            return match known.remove(&member.append.command_id.0) {
                Some(command) => member.settle(command, epoch),
                None => member.answer(Err(AppendError::Conflict)),
            };
        }
        sleep(Duration::from_millis(100)).await;
    }
    member.answer(Err(AppendError::Unavailable));
}

pub(crate) async fn run<T, F, R>(ledger: &Ledger, step: F) -> Result<T, AppendError>
where
    F: FnOnce(Alone) -> R + Send + 'static,
    R: Future<Output = T> + Send,
    T: Send + 'static,
{
    let ledger = ledger.clone();
    // A caller that goes away does not leave the head locked: the task goes on to its end.
    let stepping = async move {
        let turn =
            timeout(TURN_WITHIN, ledger.turn.clone().lock_owned()).await.map_err(|_| AppendError::Busy)?;
        let alone = begin(ledger, turn).await.map_err(|error| match Trouble::of(error) {
            Trouble::Lasting(error) => AppendError::Failed(error.to_string()),
            Trouble::Lost(_) | Trouble::Passing(_) => AppendError::Unavailable,
        })?;
        Ok(step(alone).await)
    };
    tokio::spawn(stepping.in_current_span())
        .await
        .unwrap_or_else(|error| Err(AppendError::Failed(error.to_string())))
}

async fn begin(
    ledger: Ledger,
    mut turn: OwnedMutexGuard<Option<PgConnection>>,
) -> Result<Alone, sqlx::Error> {
    // The connection of the last one may have gone meanwhile.
    if let Some(mut connection) = turn.take()
        && let Ok((on, head)) = lock(&mut connection).await
    {
        return Ok(Alone { ledger, connection, turn, on, head });
    }
    let mut connection = ledger.settings.connect_one().await?;
    let (on, head) = lock(&mut connection).await?;
    Ok(Alone { ledger, connection, turn, on, head })
}
