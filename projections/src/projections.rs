//! The read models of one node: followed, asked, waited for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventstore::{Ledger, PoolSettings};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::follower::Follower;
use crate::projection::Projection;
use crate::reading::Reading;

/// How often a waiter looks whether another node has done the work.
const LOOK_FIRST: Duration = Duration::from_millis(10);
/// And how often at the most after that, so that many who wait ask little.
const LOOK_EVERY: Duration = Duration::from_millis(160);

/// Whether a projection takes events in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectionState {
    /// It does.
    Live,
    /// It failed, and waits for the next start of the service or for a rebuild.
    Stopped,
}

/// How far a projection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The last position in its rows, without the epoch.
    pub position: i64,
    /// Whether it goes on.
    pub state: ProjectionState,
    /// Why it stopped.
    pub cause: Option<String>,
    /// How far it has come beside, where it is being made anew.
    pub rebuilding: Option<Rebuilding>,
}

/// How far a projection has come that is being made anew beside the one that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilding {
    /// The last position that has been folded.
    pub position: i64,
    /// The end of the ledger when that was told.
    pub head: i64,
}

impl ProjectionStatus {
    /// Its state in one word: `live`, `stopped`, or `rebuilding` when it is being made anew, whatever it was before.
    pub fn word(&self) -> &'static str {
        match (self.state, self.rebuilding) {
            (_, Some(_)) => "rebuilding",
            (ProjectionState::Live, None) => "live",
            (ProjectionState::Stopped, None) => "stopped",
        }
    }

    /// Why it stopped, and how far it has come beside; nothing for one that simply follows.
    pub fn words(&self) -> Option<String> {
        let beside =
            self.rebuilding.map(|it| format!("being rebuilt beside, at {} of {}", it.position, it.head));
        match (&self.cause, beside) {
            (Some(cause), Some(beside)) => Some(format!("{cause}; {beside}")),
            (cause, beside) => cause.clone().or(beside),
        }
    }
}

/// The read models are not as far as was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the read models are at position {reached}, not yet at {wanted}")]
pub struct Behind {
    /// Where they are.
    pub reached: i64,
    /// Where they should be.
    pub wanted: i64,
}

/// The read models of one ledger, kept up by one task of this node. Cheap to clone.
#[derive(Clone)]
pub struct Projections {
    reading: Arc<Reading>,
    progress: Arc<Progress>,
    stop: Arc<watch::Sender<bool>>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What the follower tells the rest of the process.
pub(crate) struct Progress {
    statuses: watch::Sender<Vec<ProjectionStatus>>,
    reached: watch::Sender<i64>,
}

impl Progress {
    /// Where all live projections are.
    pub(crate) fn reached(&self) -> i64 {
        *self.reached.borrow()
    }

    /// Tells how far all have come.
    pub(crate) fn tell(&self, statuses: Vec<ProjectionStatus>) {
        let reached = reached(&statuses);
        self.statuses.send_replace(statuses);
        self.reached.send_if_modified(|known| {
            let moved = *known < reached;
            *known = reached.max(*known);
            moved
        });
    }
}

/// Where all live projections are; where the stopped ones are when none is live.
fn reached(statuses: &[ProjectionStatus]) -> i64 {
    let live = statuses.iter().filter(|status| status.state == ProjectionState::Live);
    live.map(|status| status.position)
        .min()
        .or_else(|| statuses.iter().map(|status| status.position).min())
        .unwrap_or(0)
}

impl Projections {
    /// Starts to follow the ledger. `settings` lead to the generation of the read models first and the ledger second.
    pub fn start(ledger: Ledger, settings: PoolSettings, all: Vec<Box<dyn Projection>>) -> Self {
        // Everything here is found by an index. Left to its estimates, the planner reads the whole of a table that was small when
        // the plan was made: measured at a million rows, three seconds for a batch that takes some milliseconds.
        let settings = PoolSettings { sequential_scans: false, ..settings };
        let reading = Arc::new(Reading::new(settings.clone()));
        let begin = |name| {
            let state = ProjectionState::Live;
            ProjectionStatus { name, position: 0, state, cause: None, rebuilding: None }
        };
        let progress = Arc::new(Progress {
            statuses: watch::Sender::new(all.iter().map(|projection| begin(projection.name())).collect()),
            reached: watch::Sender::new(0),
        });
        let (stop, stopping) = watch::channel(false);
        let follower =
            Follower::new(ledger, settings, Arc::clone(&reading), all, Arc::clone(&progress), stopping);
        let task = tokio::spawn(follower.run());
        Self { reading, progress, stop: Arc::new(stop), task: Arc::new(Mutex::new(Some(task))) }
    }

    /// The pool for questions. When the read models have been rebuilt, its connections read the new ones.
    pub fn pool(&self) -> &PgPool {
        self.reading.pool()
    }

    /// The position that all live projections have reached, as far as this node knows.
    pub fn position(&self) -> i64 {
        *self.progress.reached.borrow()
    }

    /// How far each has come, as far as this node knows.
    pub fn status(&self) -> Vec<ProjectionStatus> {
        self.progress.statuses.borrow().clone()
    }

    /// Moves whenever all live projections have come further.
    pub fn advanced(&self) -> watch::Receiver<i64> {
        self.progress.reached.subscribe()
    }

    /// Waits until all live projections have reached a position, whoever does the work.
    pub async fn wait_for(&self, position: i64, at_most: Duration) -> Result<(), Behind> {
        self.wait_for_named(&[], position, at_most).await
    }

    /// Waits until these projections have reached a position; without names all live ones. One that has stopped never will.
    pub async fn wait_for_named(
        &self,
        names: &[&str],
        position: i64,
        at_most: Duration,
    ) -> Result<(), Behind> {
        let deadline = Instant::now() + at_most;
        let mut statuses = self.progress.statuses.subscribe();
        let mut look = LOOK_FIRST;
        loop {
            let behind = Behind { reached: 0, wanted: position };
            match judge(&statuses.borrow_and_update(), names, position) {
                Judged::Reached => return Ok(()),
                Judged::Never(reached) => return Err(Behind { reached, ..behind }),
                Judged::NotYet(reached) => {
                    if Instant::now() >= deadline {
                        return Err(Behind { reached, ..behind });
                    }
                }
            }
            let slice = look.min(deadline.saturating_duration_since(Instant::now()));
            if timeout(slice, statuses.changed()).await.is_ok() {
                continue;
            }
            // The question may itself be held up; the wait is bounded all the same.
            look = LOOK_EVERY.min(look * 2);
            let left = LOOK_FIRST.max(deadline.saturating_duration_since(Instant::now()));
            if timeout(left, self.reached_elsewhere(names, position)).await.unwrap_or(false) {
                return Ok(());
            }
        }
    }

    /// Whether the checkpoints, which other nodes move too, say so. A database that is away says nothing.
    async fn reached_elsewhere(&self, names: &[&str], position: i64) -> bool {
        let wanted: Vec<&str> = if names.is_empty() {
            self.progress.statuses.borrow().iter().map(|status| status.name).collect()
        } else {
            names.to_vec()
        };
        // A projection without a checkpoint has not begun yet, and one that stopped holds nobody up who did not name it.
        let asked = sqlx::query_scalar!(
            r#"select count(*) = cardinality($2::text[]) and count(*) filter (where state = 'live') > 0
                and coalesce(bool_and(position >= $1) filter (where state = 'live' or $3), false) as "reached!"
            from checkpoint where projection = any ($2)"#,
            position,
            &wanted as _,
            !names.is_empty(),
        )
        .fetch_one(self.pool());
        asked.await.unwrap_or(false)
    }

    /// Stops to follow after the batch that is being taken in, and closes the pool.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().expect("nobody panics while holding it").take();
        if let Some(task) = task {
            // It has ended by itself when it cannot be waited for.
            let _ = task.await;
        }
        self.pool().close().await;
    }
}

enum Judged {
    Reached,
    NotYet(i64),
    Never(i64),
}

fn judge(statuses: &[ProjectionStatus], names: &[&str], position: i64) -> Judged {
    let mut least = i64::MAX;
    let mut any_live = false;
    for status in statuses.iter().filter(|status| names.is_empty() || names.contains(&status.name)) {
        match status.state {
            ProjectionState::Live => {
                any_live = true;
                least = least.min(status.position);
            }
            ProjectionState::Stopped if names.is_empty() || status.position >= position => {}
            ProjectionState::Stopped => return Judged::Never(status.position),
        }
    }
    if least >= position && (any_live || !names.is_empty()) {
        Judged::Reached
    } else if any_live {
        Judged::NotYet(least)
    } else {
        Judged::Never(reached(statuses))
    }
}
