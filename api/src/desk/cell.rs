//! The folded state of one stream, kept in memory and extended by what is appended.
//!
//! It is a cache: that a decision made on it holds is judged by the ledger, which knows the version that the decision saw. Two
//! states are kept: `tip` with everything decided here, also what is not yet committed, so that the next command need not wait for
//! a commit; and `committed`, to go back to when a commit fails.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use domain::{At, Event, Fold, Stamp, StreamName};
use eventstore::{Alone, Fate, Ledger, Recorded};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::{Failure, snapshots};

mod outcome;

pub use outcome::{Committed, Outcome};

/// How many events are read at a time when a state is folded from the ledger.
pub(super) const PAGE: i64 = 5_000;

/// One stream's state.
pub struct Cell<S> {
    stream: StreamName,
    folded: Arc<RwLock<Folded<S>>>,
    /// The highest version that is known to be in the ledger, whoever wrote it.
    seen: AtomicI64,
    /// The version of the newest snapshot that this process knows of.
    aside: AtomicI64,
    /// How often the state has moved here.
    moves: Arc<AtomicU64>,
}

/// The states themselves, behind the lock.
pub struct Folded<S> {
    /// Shared with those who keep it; copied when it moves on while somebody does.
    committed: Arc<S>,
    committed_version: i64,
    /// Everything decided here so far.
    pub tip: S,
    /// The version that the next decision builds on.
    pub tip_version: i64,
    pending: VecDeque<Pending>,
    /// One of those that are pending, not only the first, has failed: the tip holds what never happened.
    failed: Arc<AtomicBool>,
    /// Nothing has been read yet, or an append failed: the ledger is read before the next decision.
    must_read: bool,
    moves: Arc<AtomicU64>,
}

struct Pending {
    version_before: i64,
    events: Vec<Event>,
    fate: Fate,
    outcome: Outcome,
}

impl<S: Fold> Cell<S> {
    /// A state that is read at its first use.
    pub fn new(stream: StreamName) -> Cell<S> {
        let folded = Folded {
            committed: Arc::default(),
            committed_version: 0,
            tip: S::default(),
            tip_version: 0,
            pending: VecDeque::new(),
            failed: Arc::default(),
            must_read: true,
            moves: Arc::default(),
        };
        Cell {
            moves: folded.moves.clone(),
            stream,
            folded: Arc::new(RwLock::new(folded)),
            seen: AtomicI64::new(0),
            aside: AtomicI64::new(0),
        }
    }

    /// The stream.
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// Somebody has seen this version in the ledger.
    pub fn note_seen(&self, version: i64) {
        self.seen.fetch_max(version, Ordering::Relaxed);
    }

    /// Moves whenever the state does, here or, as far as this node has heard, elsewhere.
    pub fn mark(&self) -> (u64, i64) {
        (self.moves.load(Ordering::Acquire), self.seen.load(Ordering::Relaxed))
    }

    /// The state, to be decided on; nobody else decides meanwhile.
    pub async fn write(&self, ledger: &Ledger) -> Result<OwnedRwLockWriteGuard<Folded<S>>, Failure> {
        let mut folded = self.folded.clone().write_owned().await;
        folded.take_outcomes();
        if folded.must_read || self.seen.load(Ordering::Relaxed) > folded.tip_version {
            self.catch_up(&mut folded, ledger).await?;
        }
        Ok(folded)
    }

    /// The state, to be looked at.
    pub async fn read(&self, ledger: &Ledger) -> Result<OwnedRwLockReadGuard<Folded<S>>, Failure> {
        let folded = self.folded.clone().read_owned().await;
        let fresh = !folded.must_read
            && !folded.failed.load(Ordering::Acquire)
            && self.seen.load(Ordering::Relaxed) <= folded.tip_version
            && folded.pending.front().is_none_or(|pending| pending.outcome.get().is_none());
        if fresh {
            return Ok(folded);
        }
        drop(folded);
        Ok(OwnedRwLockWriteGuard::downgrade(self.write(ledger).await?))
    }

    /// Reads what others have written since, whether or not there is a sign of it.
    pub async fn refresh(&self, ledger: &Ledger) -> Result<(), Failure> {
        let mut folded = self.write(ledger).await?;
        // What is newer may be our own, on its way. It is read all the same: another node's may be among it, and whoever asks for a
        // session or an account that is not known here has to be told the truth. It costs those on their way nothing.
        let newer =
            ledger.read_stream(&self.stream, folded.committed_version, 1).await.map_err(Failure::database)?;
        if newer.is_empty() { Ok(()) } else { self.catch_up(&mut folded, ledger).await }
    }

    /// The state while the head of the ledger is locked: exactly what is committed.
    pub async fn write_alone(
        &self,
        ledger: &Ledger,
        alone: &mut Alone,
    ) -> Result<OwnedRwLockWriteGuard<Folded<S>>, Failure> {
        let mut folded = self.folded.clone().write_owned().await;
        folded.take_outcomes();
        folded.go_back();
        self.open(&mut folded, ledger, alone.head().epoch).await;
        loop {
            let after = folded.committed_version;
            let events = alone.read_stream(&self.stream, after, PAGE).await.map_err(Failure::database)?;
            if events.is_empty() {
                break;
            }
            folded.take_in(events, alone.head().epoch)?;
        }
        folded.tip = S::clone(&folded.committed);
        folded.tip_version = folded.committed_version;
        folded.must_read = false;
        folded.moves.fetch_add(1, Ordering::Release);
        Ok(folded)
    }

    /// The highest version that is known to be in the ledger.
    pub fn seen(&self) -> i64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// How many events the newest snapshot that is known of leaves to be read.
    pub fn since_snapshot(&self) -> i64 {
        self.seen() - self.aside.load(Ordering::Relaxed)
    }

    /// There is a snapshot of this version.
    pub fn note_snapshot(&self, version: i64) {
        self.aside.fetch_max(version, Ordering::Relaxed);
    }

    /// About how many things the state holds; nothing while somebody is at it.
    pub fn weight(&self) -> usize {
        self.folded.try_read().map_or(0, |folded| folded.committed.weight())
    }

    /// Reads on from what is committed. What is pending is decided anew by whoever waits for it, when it turns out to conflict.
    async fn catch_up(&self, folded: &mut Folded<S>, ledger: &Ledger) -> Result<(), Failure> {
        folded.go_back();
        let epoch = ledger.head().await.map_err(Failure::database)?.epoch;
        self.open(folded, ledger, epoch).await;
        loop {
            let events = ledger
                .read_stream(&self.stream, folded.committed_version, PAGE)
                .await
                .map_err(Failure::database)?;
            let all = (events.len() as i64) < PAGE;
            folded.take_in(events, epoch)?;
            if all {
                break;
            }
        }
        folded.tip = S::clone(&folded.committed);
        folded.tip_version = folded.committed_version;
        folded.must_read = false;
        folded.moves.fetch_add(1, Ordering::Release);
        self.note_seen(folded.committed_version);
        Ok(())
    }

    /// Begins with the newest snapshot, if nothing has been read yet. Without one everything is read.
    async fn open(&self, folded: &mut Folded<S>, ledger: &Ledger, epoch: i64) {
        if folded.committed_version > 0 {
            return;
        }
        if let Some((state, version)) = snapshots::newest(ledger, &self.stream, epoch).await {
            folded.committed = Arc::new(state);
            folded.committed_version = version;
            self.note_snapshot(version);
        }
    }

    /// Whether nothing is waiting for a commit, so that the state can be forgotten.
    pub fn is_idle(&self) -> bool {
        self.folded.try_read().is_ok_and(|folded| folded.pending.is_empty())
    }
}

impl<S: Fold> Folded<S> {
    /// What is known to be in the ledger, without what is on its way and may never be.
    pub fn committed(&self) -> &S {
        &self.committed
    }

    /// The same, to be kept while it moves on.
    pub fn kept(&self) -> Arc<S> {
        self.committed.clone()
    }

    /// Takes in what has just been decided, before it is committed.
    pub fn decide(&mut self, events: Vec<Event>, epoch: i64, fate: Fate) -> Outcome {
        let outcome = Outcome::telling(&self.failed);
        let version_before = self.tip_version;
        for event in &events {
            self.tip_version += 1;
            self.tip.evolve(event, &At { version: self.tip_version, epoch, stamp: None });
        }
        self.moves.fetch_add(1, Ordering::Release);
        self.pending.push_back(Pending { version_before, events, fate, outcome: outcome.clone() });
        outcome
    }

    /// The append that the tip ends with, if it is not known to be written: what is decided now stands only with it. The ones
    /// before it are what that one rests on in turn.
    pub fn rests_on(&self) -> Option<Fate> {
        self.pending.back().map(|pending| pending.fate.clone())
    }

    fn take_outcomes(&mut self) {
        if self.failed.load(Ordering::Acquire) {
            return self.go_back();
        }
        while let Some(outcome) = self.pending.front().and_then(|pending| pending.outcome.get()) {
            let Some(pending) = self.pending.pop_front() else { return };
            match outcome {
                Committed::Yes(first, epoch) if pending.version_before == self.committed_version => {
                    for (event, index) in pending.events.iter().zip(0..) {
                        let stamp = Stamp { position: first.position + index, ..first };
                        self.committed_version += 1;
                        let at = At { version: self.committed_version, epoch, stamp: Some(stamp) };
                        Arc::make_mut(&mut self.committed).evolve(event, &at);
                        self.tip.settle(event, &stamp);
                    }
                }
                // Something before it went wrong, or it did itself: what is true stands in the ledger.
                Committed::Yes(..) | Committed::No => {
                    self.go_back();
                    return;
                }
            }
        }
    }

    fn go_back(&mut self) {
        self.pending.clear();
        // Those that were pending tell nobody any more.
        self.failed = Arc::default();
        self.must_read = true;
    }

    fn take_in(&mut self, events: Vec<Recorded>, epoch: i64) -> Result<(), Failure> {
        metrics::counter!("daybook_state_events_read_total").increment(events.len() as u64);
        for recorded in events {
            let (event, at) = read_event(&recorded, epoch)?;
            Arc::make_mut(&mut self.committed).evolve(&event, &at);
            self.committed_version = recorded.version;
        }
        Ok(())
    }
}

/// An event as the ledger has it, and where it stands.
pub(super) fn read_event(recorded: &Recorded, epoch: i64) -> Result<(Event, At), Failure> {
    let event = Event::decode(&recorded.r#type, &recorded.data).map_err(Failure::internal)?;
    let stamp = Stamp { position: recorded.position, at: recorded.recorded_at };
    Ok((event, At { version: recorded.version, epoch, stamp: Some(stamp) }))
}
