//! Live changes: whoever follows a plan is told what happens in it, as it happens.
//!
//! One task of the node ([`reader`]) reads what has happened in all plans that somebody follows, writes each change out once and puts
//! it into the plan's ring ([`ring`]); every follower ([`Follower`]) takes from there the bytes that all share, and leaves out what he
//! did not ask for. So the database is asked as often for five hundred followers as for one.
//!
//! Everything goes by positions. A page holds all that happened in a plan after one position and up to another, and the pages of a
//! ring follow one upon the other. A follower knows the position up to which he was told everything. Where the ring reaches back to
//! it, he takes what is after it; where it does not (he begins in the past, or the ring has moved on) he reads the next stretch
//! himself, from the same table and up to what the read model has reached. Both ways move him from one position to a later one past
//! nothing and over nothing twice, so he may change from one to the other at any time.

mod asked;
mod heard;
mod interest;
mod page;
mod reader;
mod ring;
mod stream;
mod text;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::{PlanId, Who};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};

use crate::app::App;
use crate::http::{Code, Problem};
use ring::Ring;

pub use asked::ask;
pub use interest::Interest;
pub use stream::{Begin, Follower};

/// Seconds after which somebody may have gone.
const COME_AGAIN_AFTER: u32 = 5;
/// How many followers read the past at once; the others wait for their turn, so that other readers find a connection.
const READING_AT_ONCE: usize = 3;
/// What the rings of all plans hold, in bytes.
const RINGS_BYTES_MAX: usize = 64 << 20;
/// What the ring of one plan holds.
const RING_BYTES_MAX: usize = 8 << 20;
/// How long the ring of a plan is kept up that nobody follows: who comes back finds there what he missed.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// How many may follow at a node.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// The most streams of all together; each holds a connection.
    pub of_node: usize,
    /// The most streams of one person or program.
    pub of_one: usize,
}

impl Default for StreamLimits {
    fn default() -> StreamLimits {
        StreamLimits { of_node: 2_048, of_one: 1_024 }
    }
}

/// All who follow at this node, and what they follow.
pub struct Followers {
    limits: StreamLimits,
    all: Mutex<All>,
    /// Somebody follows a plan that nobody followed.
    came: Notify,
    turns: Semaphore,
}

#[derive(Default)]
struct All {
    plans: HashMap<PlanId, Arc<Followed>>,
    mailboxes: HashMap<Who, Mailbox>,
    streams: usize,
    /// Whether the reader runs.
    is_read: bool,
}

/// Tells the streams of one person or program that there is a message.
struct Mailbox {
    streams: usize,
    newest: watch::Sender<i64>,
}

/// A plan that somebody follows, or did a moment ago.
struct Followed {
    plan: PlanId,
    ring: RwLock<Ring>,
    /// Something new is in the ring.
    moved: watch::Sender<()>,
    streams: AtomicUsize,
    /// Since when nobody follows.
    left_at: Mutex<Option<Instant>>,
}

/// The place of one follower among all; given back when it is dropped.
struct Place {
    followers: Arc<Followers>,
    followed: Arc<Followed>,
    who: Who,
    mail: watch::Receiver<i64>,
}

impl Followers {
    /// Nobody follows yet.
    pub fn new(limits: StreamLimits) -> Followers {
        let turns = Semaphore::new(READING_AT_ONCE);
        Followers { limits, all: Mutex::default(), came: Notify::new(), turns }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more follows a plan: 429 when he has too many streams, 503 `busy` when the node has.
    fn join(self: &Arc<Self>, app: &App, plan: &PlanId, who: Who) -> Result<Place, Problem> {
        let mut all = self.all();
        if all.streams >= self.limits.of_node {
            return Err(Problem::new(Code::Busy).retry_after(COME_AGAIN_AFTER));
        }
        let mailbox =
            all.mailboxes.entry(who).or_insert_with(|| Mailbox { streams: 0, newest: watch::Sender::new(0) });
        if mailbox.streams >= self.limits.of_one {
            return Err(Problem::new(Code::TooMany).retry_after(COME_AGAIN_AFTER));
        }
        mailbox.streams += 1;
        let mail = mailbox.newest.subscribe();
        all.streams += 1;
        metrics::gauge!("daybook_followers").set(all.streams as f64);
        let followed = all.plans.entry(plan.clone()).or_insert_with(|| Arc::new(Followed::new(plan)));
        followed.streams.fetch_add(1, Ordering::Relaxed);
        let followed = followed.clone();
        drop(all);
        self.keep_read(app);
        self.came.notify_one();
        Ok(Place { followers: self.clone(), followed, who, mail })
    }

    /// Starts the reader where it does not run.
    fn keep_read(&self, app: &App) {
        let mut all = self.all();
        if !all.is_read && !app.shutdown.has_begun() {
            all.is_read = true;
            tokio::spawn(reader::run(app.clone()));
        }
    }

    /// The plans that are followed; those that nobody has followed for a while are forgotten first.
    fn followed(&self) -> Vec<Arc<Followed>> {
        let mut all = self.all();
        all.plans.retain(|_, followed| followed.is_kept());
        all.plans.values().cloned().collect()
    }

    /// Whether there is nothing left to read. Asked under the lock under which others join, so that the reader either sees who has come
    /// or is known to have gone.
    fn is_done_reading(&self) -> bool {
        let mut all = self.all();
        all.is_read = !all.plans.is_empty();
        !all.is_read
    }

    /// Waits for one's turn at reading the past.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.turns.acquire().await.ok()
    }

    /// How many follow.
    fn count(&self) -> usize {
        self.all().streams
    }

    /// There is a message for somebody, or for everybody.
    fn tell_of_message(&self, position: i64, who: Option<Who>) {
        let all = self.all();
        let concerned = all.mailboxes.iter().filter(|(owner, _)| who.is_none_or(|who| who == **owner));
        for (_, mailbox) in concerned {
            mailbox.newest.send_replace(position);
        }
    }
}

impl Followed {
    fn new(plan: &PlanId) -> Followed {
        Followed {
            plan: plan.clone(),
            ring: RwLock::default(),
            moved: watch::Sender::new(()),
            streams: AtomicUsize::new(0),
            left_at: Mutex::default(),
        }
    }

    fn is_kept(&self) -> bool {
        let left_at = *self.left_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.streams.load(Ordering::Relaxed) > 0 || left_at.is_none_or(|left_at| left_at.elapsed() < KEPT_FOR)
    }

    /// Looks at the ring.
    fn with_ring<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts something into the ring.
    fn change_ring(&self, change: impl FnOnce(&mut Ring)) {
        change(&mut self.ring.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.followers.all();
        all.streams -= 1;
        metrics::gauge!("daybook_followers").set(all.streams as f64);
        if let Some(mailbox) = all.mailboxes.get_mut(&self.who) {
            mailbox.streams -= 1;
            if mailbox.streams == 0 {
                all.mailboxes.remove(&self.who);
            }
        }
        *self.followed.left_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // Under the lock of all, like its counterpart: a plan that somebody just joins is not forgotten.
        self.followed.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
