//! The gathered commit: one task per process takes what arrived while the last batch was being committed.

mod flight;
mod landing;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::StreamName;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use sqlx::PgConnection;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use self::flight::{Landed, fly, fly_locked};
use crate::append::{Append, AppendError};
use crate::judge::Versions;
use crate::locked::Locked;
use crate::pool::PoolSettings;
use crate::queue::{Member, PendingAppend, Unanswered, Waiting};
use crate::sheaf::{Sheaf, Stand};
use crate::trouble::Trouble;

/// Bounds of one batch; an append that is larger goes alone.
// More in one call is slower: 1,024 writers got 86,000 a second with 2,048, 109,000 with 256 (means of four alternating runs of
// 3 s, `append_rate`, 2 cores, 2026-11-21). With one batch on its way at a time it was 102,000.
const BATCH_APPENDS_MAX: usize = 256;
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

    pub(crate) fn unanswered(&self) -> Unanswered {
        self.waiting.unanswered()
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

struct Committing {
    settings: Arc<PoolSettings>,
    queue: mpsc::UnboundedReceiver<Member>,
    closed: bool,
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
            let row = sqlx::query!(
                r#"select epoch as "epoch!", position as "position!", meta as "meta!", array(
                    select coalesce((select max(version) from event where event.stream = s.name), 0)
                    from unnest($1::text[]) with ordinality as s (name, n) order by n) as "versions!"
                from ledger_end()"#,
                &missing.iter().map(StreamName::as_str).collect::<Vec<_>>() as _,
            )
            .fetch_one(&mut *connection)
            .await?;
            let stand = Stand { epoch: row.epoch, position: row.position, meta: row.meta };
            if self.expected.as_ref() != Some(&stand) {
                self.versions.forget();
                self.expected = Some(stand);
            }
            for (name, version) in missing.into_iter().zip(row.versions) {
                self.versions.learn(name, version);
            }
            if self.is_looked_up(count) {
                return Ok(true);
            }
        }
        Ok(false)
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
