//! The gathered commit: one task per process takes what arrived while the last batch was being committed.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::StreamName;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use sqlx::{PgConnection, Row};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::append::{Append, AppendError};
use crate::judge::Versions;
use crate::locked::{Locked, resolve};
use crate::pool::PoolSettings;
use crate::queue::{Member, PendingAppend, Waiting};
use crate::sheaf::{Judged, Sheaf, Stand, call};
use crate::trouble::Trouble;

/// Bounds of one batch; an append that is larger goes alone.
const BATCH_APPENDS_MAX: usize = 2_048;
const BATCH_EVENTS_MAX: usize = 8_192;
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Batches on their way at a time. The second is judged on top of the first and waits in the server for the head.
const FLIGHT_MAX: usize = 2;
/// How many appends must wait before a batch sets out behind another one. Fewer are better off waiting to share one
/// commit: two small batches cost two flushes of the log, one after the other.
const SECOND_APPENDS_MIN: usize = 128;
/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause before a ledger that did not answer is tried again.
const AWAY_PAUSE: Duration = Duration::from_millis(100);

/// The way to the committer of this process.
#[derive(Clone)]
pub(crate) struct Committer {
    queue: mpsc::UnboundedSender<Member>,
    waiting: Arc<Waiting>,
    committed: Arc<watch::Sender<i64>>,
}

impl Committer {
    pub(crate) fn committed(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// Something has been committed beside the committer.
    pub(crate) fn note_committed(&self, position: i64) {
        note(&self.committed, position);
    }

    /// Lets an append in that is not for the queue.
    pub(crate) fn admit(&self, append: Append) -> Result<(Member, PendingAppend), AppendError> {
        self.waiting.admit(append)
    }

    pub(crate) fn enqueue(&self, append: Append) -> Result<PendingAppend, AppendError> {
        let (member, pending) = self.waiting.admit(append)?;
        self.queue.send(member).map_err(|_| AppendError::Unavailable)?;
        Ok(pending)
    }
}

/// Starts the committer. It ends when nobody can reach it any more and everything has been answered.
pub(crate) fn start(settings: &Arc<PoolSettings>) -> Committer {
    let (sender, queue) = mpsc::unbounded_channel();
    let waiting = Arc::new(Waiting::default());
    let committed = Arc::new(watch::Sender::new(0));
    let committing = Committing {
        settings: settings.clone(),
        queue,
        closed: false,
        waiting: waiting.clone(),
        committed: committed.clone(),
        held: VecDeque::new(),
        ids: HashSet::new(),
        versions: Versions::default(),
        expected: None,
        seen: None,
        lock_next: false,
        singly: 0,
        connections: Vec::new(),
        flight: FuturesOrdered::new(),
        exclusive: false,
    };
    tokio::spawn(committing.run());
    Committer { queue: sender, waiting, committed }
}

fn note(committed: &watch::Sender<i64>, position: i64) {
    committed.send_if_modified(|at| {
        let further = position > *at;
        *at = (*at).max(position);
        further
    });
}

/// A batch that has come back.
struct Landed {
    /// `None` when it is no longer fit for use.
    connection: Option<PgConnection>,
    cargo: Cargo,
    /// The time that was recorded; `None` when nothing was written because somebody else has been there.
    result: Result<Option<DateTime<Utc>>, Trouble>,
    took: Duration,
}

enum Cargo {
    Sheaf(Sheaf),
    Locked(Locked),
}

impl Cargo {
    /// Everybody aboard, in order, as somebody whose outcome is not known.
    fn in_doubt(self) -> Vec<Member> {
        match self {
            Self::Sheaf(sheaf) => sheaf.judged.into_iter().map(Judged::in_doubt).collect(),
            Self::Locked(locked) => {
                let judged = locked.sheaf.map(|sheaf| sheaf.judged).unwrap_or_default();
                judged.into_iter().map(Judged::in_doubt).chain(locked.members).collect()
            }
        }
    }

    /// Everybody aboard, in order; certainly not written.
    fn not_written(self) -> Vec<Member> {
        match self {
            Self::Sheaf(sheaf) => sheaf.judged.into_iter().map(|judged| judged.member).collect(),
            Self::Locked(locked) => {
                let judged = locked.sheaf.map(|sheaf| sheaf.judged).unwrap_or_default();
                judged.into_iter().map(|judged| judged.member).chain(locked.members).collect()
            }
        }
    }
}

struct Committing {
    settings: Arc<PoolSettings>,
    queue: mpsc::UnboundedReceiver<Member>,
    closed: bool,
    waiting: Arc<Waiting>,
    committed: Arc<watch::Sender<i64>>,
    /// Taken from the queue, to be judged next, in order.
    held: VecDeque<Member>,
    /// The commands on their way.
    ids: HashSet<Uuid>,
    /// True on top of `expected`.
    versions: Versions,
    /// Where the head is when everything on its way has arrived; `None`: has to be looked up.
    expected: Option<Stand>,
    /// Where this process itself left the head.
    seen: Option<Stand>,
    /// Somebody else writes too: the head is locked before judging.
    lock_next: bool,
    /// How many appends are tried one by one, because one of them spoiled a batch.
    singly: usize,
    connections: Vec<PgConnection>,
    flight: FuturesOrdered<BoxFuture<'static, Landed>>,
    /// What is on its way is judged under the lock: nothing can be judged on top of it.
    exclusive: bool,
}

impl Committing {
    async fn run(mut self) {
        loop {
            while self.depart().await {}
            if self.closed && self.flight.is_empty() && self.held.is_empty() {
                return;
            }
            let wanted = if self.flight.is_empty() { 1 } else { SECOND_APPENDS_MIN };
            let gathers = !self.closed && !self.exclusive && self.held.len() < wanted;
            tokio::select! {
                biased;
                Some(landed) = self.flight.next(), if !self.flight.is_empty() => self.land(landed).await,
                member = self.queue.recv(), if gathers && self.flight.len() < FLIGHT_MAX => match member {
                    Some(member) => self.held.push_back(member),
                    None => self.closed = true,
                },
            }
        }
    }

    /// Sends the next batch on its way, if there is one and it may go now.
    async fn depart(&mut self) -> bool {
        if self.exclusive || self.flight.len() >= FLIGHT_MAX {
            return false;
        }
        if !self.flight.is_empty() && self.held.len() + self.queue.len() < SECOND_APPENDS_MIN {
            return false;
        }
        let count = self.next_count();
        if count == 0 {
            return false;
        }
        let locked = self.lock_next || self.held.range(..count).any(Member::has_extras);
        let ready = !locked && self.is_looked_up(count);
        if !self.flight.is_empty() && !ready {
            return false;
        }
        let Some(mut connection) = self.connection().await else { return true };
        if !locked && !ready {
            self.versions.forget_when_many();
            match self.look_up(&mut connection, count).await {
                Ok(true) => {}
                Ok(false) => self.lock_next = true,
                Err(error) => match Trouble::of(error) {
                    // One of them names what cannot be a stream; which one is found out one by one.
                    Trouble::Lasting(_) => self.lock_next = true,
                    trouble => {
                        tracing::warn!(%trouble, "looking up streams failed");
                        self.pause().await;
                        return true;
                    }
                },
            }
        }
        let members: Vec<Member> = self.held.drain(..count).collect();
        self.ids.extend(members.iter().map(|member| member.append.command_id.0));
        self.singly = self.singly.saturating_sub(1);
        if locked || self.lock_next {
            self.exclusive = true;
            self.flight.push_back(Box::pin(fly_locked(connection, Locked::new(members))));
        } else {
            let mut sheaf = Sheaf::new(self.expected.take().expect("looked up"));
            for member in members {
                sheaf.judge(member, &mut self.versions);
            }
            self.expected = Some(sheaf.next());
            self.flight.push_back(Box::pin(fly(connection, sheaf)));
        }
        true
    }

    /// How many of those that wait make the next batch. Two appends under one id never travel together: the second
    /// asks what became of the first.
    fn next_count(&mut self) -> usize {
        while self.held.len() < BATCH_APPENDS_MAX {
            let Ok(member) = self.queue.try_recv() else { break };
            self.held.push_back(member);
        }
        let appends_max = if self.singly > 0 { 1 } else { BATCH_APPENDS_MAX };
        let (mut events, mut bytes) = (0, 0);
        let mut ids = HashSet::with_capacity(self.held.len());
        for (index, member) in self.held.iter_mut().enumerate().take(appends_max) {
            events += member.append.events();
            bytes += member.weight();
            if index > 0 && (events > BATCH_EVENTS_MAX || bytes > BATCH_BYTES_MAX) {
                return index;
            }
            let id = member.append.command_id.0;
            if self.ids.contains(&id) || !ids.insert(id) {
                member.asked = true;
                return index;
            }
        }
        self.held.len().min(appends_max)
    }

    fn is_looked_up(&self, count: usize) -> bool {
        self.expected.is_some()
            && self.held.range(..count).all(|member| self.versions.missing(&member.append).next().is_none())
    }

    /// Learns where the head and the streams of the next batch are, all in one snapshot. `false`: somebody else
    /// writes so busily that they cannot be learned without the lock.
    async fn look_up(&mut self, connection: &mut PgConnection, count: usize) -> Result<bool, sqlx::Error> {
        for _ in 0..2 {
            let missing: HashSet<_> = self
                .held
                .range(..count)
                .flat_map(|member| self.versions.missing(&member.append))
                .cloned()
                .collect();
            let missing: Vec<_> = missing.into_iter().collect();
            let row = sqlx::query(
                "select epoch, position, meta, array(
                    select coalesce((select max(version) from event where event.stream = s.name), 0)
                    from unnest($1::text[]) with ordinality as s (name, n) order by n)
                from ledger_end()",
            )
            .bind(missing.iter().map(StreamName::as_str).collect::<Vec<_>>())
            .fetch_one(&mut *connection)
            .await?;
            let stand = Stand { epoch: row.try_get(0)?, position: row.try_get(1)?, meta: row.try_get(2)? };
            if self.expected.as_ref() != Some(&stand) {
                self.versions.forget();
                self.expected = Some(stand);
            }
            for (name, version) in missing.into_iter().zip(row.try_get::<Vec<i64>, _>(3)?) {
                self.versions.learn(name, version);
            }
            if self.is_looked_up(count) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn land(&mut self, landed: Landed) {
        if matches!(landed.result, Ok(Some(_))) {
            self.land_done(landed);
            return;
        }
        // What was judged on top of it is judged anew: it cannot have been written, because the head did not get
        // where it was expected. Unless this one was written and only its answer is lost.
        let mut all = vec![landed];
        while let Some(later) = self.flight.next().await {
            all.push(later);
        }
        self.versions.forget();
        self.expected = None;
        self.exclusive = false;
        self.ids.clear();
        let mut back = Vec::new();
        for landed in all {
            self.land_otherwise(landed, &mut back).await;
        }
        for member in back.into_iter().rev() {
            self.held.push_front(member);
        }
    }

    fn land_done(&mut self, landed: Landed) {
        let Landed { connection, cargo, result: Ok(Some(recorded_at)), took } = landed else {
            return;
        };
        self.connections.extend(connection);
        let sheaf = match cargo {
            Cargo::Sheaf(sheaf) => sheaf,
            Cargo::Locked(locked) => {
                let Some(sheaf) = locked.sheaf else { return };
                // Once nobody else has written between two of our own batches, the quick way is good again.
                self.lock_next = self.seen.as_ref() != Some(&sheaf.on);
                self.versions = locked.versions;
                self.expected = Some(sheaf.next());
                self.exclusive = false;
                sheaf
            }
        };
        self.seen = Some(sheaf.next());
        note(&self.committed, sheaf.last);
        measure(&sheaf, took, self.waiting.appends());
        if self.flight.is_empty() {
            self.ids.clear();
        }
        for judged in sheaf.judged {
            self.ids.remove(&judged.member.append.command_id.0);
            judged.answer(sheaf.on.epoch, recorded_at);
        }
    }

    async fn land_otherwise(&mut self, landed: Landed, back: &mut Vec<Member>) {
        let Landed { connection, cargo, result, took } = landed;
        match result {
            Ok(Some(at)) => {
                self.land_done(Landed { connection, cargo, result: Ok(Some(at)), took });
                self.expected = None;
                self.versions.forget();
            }
            // Under the lock those that have happened before are found and answered, and the others judged beside them.
            Ok(None) => {
                self.connections.extend(connection);
                self.lock_next = true;
                back.extend(cargo.not_written());
            }
            Err(Trouble::Lost(error)) => {
                tracing::warn!(%error, "the answer of a commit is lost");
                self.resolve(cargo.in_doubt(), back).await;
            }
            Err(Trouble::Passing(error)) => {
                tracing::warn!(%error, "a batch was not written");
                back.extend(cargo.not_written());
                sleep(AWAY_PAUSE).await;
                *back = give_up_late(std::mem::take(back));
            }
            Err(Trouble::Lasting(error)) => {
                let mut members = cargo.not_written();
                if members.len() == 1 {
                    tracing::error!(%error, "an append cannot be written");
                    members.remove(0).answer(Err(AppendError::Failed(error.to_string())));
                } else {
                    // One of them spoils it for the others.
                    tracing::warn!(%error, "a batch is tried one by one");
                    self.singly += members.len();
                    members.iter_mut().for_each(|member| member.asked = true);
                    back.extend(members);
                }
            }
        }
    }

    /// Finds out which have been written.
    async fn resolve(&mut self, mut members: Vec<Member>, back: &mut Vec<Member>) {
        self.connections.clear();
        loop {
            let asked = members.iter().map(|member| member.append.command_id.0).collect();
            let epoch = self.seen.as_ref().map_or(1, |seen| seen.epoch);
            if let Some(mut connection) = connect(&self.settings).await {
                match resolve(&mut connection, asked).await {
                    Ok(mut known) => {
                        for mut member in members {
                            if let Some(command) = known.remove(&member.append.command_id.0) {
                                note(&self.committed, command.position);
                                member.settle(command, epoch);
                            } else {
                                member.predicted = None;
                                back.push(member);
                            }
                        }
                        self.connections.push(connection);
                        return;
                    }
                    Err(error) => tracing::warn!(%error, "finding out about a lost answer failed"),
                }
            }
            members = give_up_late(members);
            if members.is_empty() {
                return;
            }
            self.pause().await;
        }
    }

    /// A connection that is free, or a new one; `None` after a pause when the ledger does not answer.
    async fn connection(&mut self) -> Option<PgConnection> {
        if let Some(connection) = self.connections.pop() {
            return Some(connection);
        }
        let connection = connect(&self.settings).await;
        if connection.is_none() {
            self.pause().await;
        }
        connection
    }

    /// Waits a little for a ledger that is away, and tells those who have waited long enough.
    async fn pause(&mut self) {
        sleep(AWAY_PAUSE).await;
        while let Ok(member) = self.queue.try_recv() {
            self.held.push_back(member);
        }
        let held = std::mem::take(&mut self.held);
        self.held = give_up_late(held.into()).into();
    }
}

async fn connect(settings: &PoolSettings) -> Option<PgConnection> {
    match timeout(CONNECT_TIMEOUT, settings.connect_one()).await {
        Ok(Ok(connection)) => Some(connection),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the ledger does not answer");
            None
        }
        Err(_) => {
            tracing::warn!("the ledger does not answer in time");
            None
        }
    }
}

/// Answers those who have waited long enough for a ledger that is away; returns the others.
fn give_up_late(members: Vec<Member>) -> Vec<Member> {
    let now = Instant::now();
    let (late, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.deadline <= now);
    for member in late {
        member.answer(Err(AppendError::Unavailable));
    }
    others
}

/// More than any batch takes on a ledger that is well; what hangs longer is looked after on another connection.
fn flight_limit(events: usize) -> Duration {
    Duration::from_secs(10) + Duration::from_millis(u64::try_from(events).unwrap_or(u64::MAX))
}

async fn fly(mut connection: PgConnection, sheaf: Sheaf) -> Landed {
    let start = Instant::now();
    let result = timeout(flight_limit(sheaf.events()), call(&mut connection, &sheaf, true)).await;
    let result = result.map_or_else(|_| Err(Trouble::timed_out()), |result| result.map_err(Trouble::of));
    let connection = result.is_ok().then_some(connection);
    Landed { connection, cargo: Cargo::Sheaf(sheaf), result, took: start.elapsed() }
}

async fn fly_locked(mut connection: PgConnection, mut locked: Locked) -> Landed {
    let start = Instant::now();
    let events = locked.members.iter().map(|member| member.append.events()).sum();
    let result = timeout(flight_limit(events), locked.run(&mut connection)).await;
    let result = result.unwrap_or_else(|_| Err(Trouble::timed_out()));
    // Dropping a connection ends its transaction.
    let connection = result.is_ok().then_some(connection);
    Landed { connection, cargo: Cargo::Locked(locked), result, took: start.elapsed() }
}

fn measure(sheaf: &Sheaf, took: Duration, waiting: usize) {
    let stood = sheaf.judged.iter().filter(|judged| judged.stands).count();
    metrics::counter!("ledger_appends_total").increment(stood as u64);
    metrics::counter!("ledger_events_total").increment(sheaf.events() as u64);
    metrics::counter!("ledger_conflicts_total").increment((sheaf.judged.len() - stood) as u64);
    metrics::histogram!("ledger_batch_appends").record(sheaf.judged.len() as f64);
    metrics::histogram!("ledger_commit_seconds").record(took);
    metrics::gauge!("ledger_appends_waiting").set(waiting as f64);
}
