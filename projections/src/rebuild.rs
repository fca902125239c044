//! Making read models anew while the old ones go on answering.
//!
//! A new generation is made beside the current one: what is rebuilt is folded from the beginning of the ledger, the rest is copied at
//! one moment. When it has caught up, one transaction makes it the current one; nodes see that, turn to it, and when nobody reads
//! the old one any more it is dropped. Whoever makes a generation holds a lock while he lives; what a dead one left is begun anew.

use std::sync::Arc;
use std::time::Duration;

use eventstore::{Ledger, PoolSettings};
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

use crate::decode::decode;
use crate::feed::Feed;
use crate::follower::{EVENTS_AT_ONCE, least, take};
use crate::pace::Pace;
use crate::progress::{Counted, FoldProgress, Phase};
use crate::projection::Projection;

mod keeper;
mod load;
mod priority;
mod threads;

use keeper::Keeper;
use load::Load;
use threads::Threads;

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(500);
/// With no more events than these to come, the new generation takes over; nodes read the rest before they turn to it.
const NEAR_ENOUGH: usize = 200;
/// How long a rebuild waits for the last one to turn away from the old generation.
const LEFT_WITHIN: Duration = Duration::from_secs(30);

/// How a rebuild goes about.
#[derive(Debug, Clone)]
pub struct RebuildTerms {
    /// The way to the database as the owner of the ledger.
    pub owner: PgConnectOptions,
    /// The schema of the ledger.
    pub ledger_schema: String,
    /// Goes on at full speed even though somebody works on the read models, who then waits longer for his answers.
    pub full_speed: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuilt {
    /// The schema of the new generation.
    pub generation: String,
    /// What was folded anew.
    pub projections: Vec<String>,
    /// How many events were read.
    pub events: i64,
    /// How long it took until the new tables were read; dropping the old ones, when nobody reads them any more, comes after.
    pub took: Duration,
    /// Whether the old generation is gone; else somebody still reads it, and the next start or rebuild drops it.
    pub old_dropped: bool,
}

/// Why nothing was rebuilt. What was there goes on as before.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such projection.
    #[error("there is no projection {name}; there are {}", known.join(", "))]
    Unknown {
        /// What was named.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// Somebody else is at it.
    #[error("the read models are being rebuilt already")]
    Busy,
    /// The login may not make a schema.
    #[error("the login {0} does not own the ledger and may make no tables")]
    NotOwner(String),
    /// Another build has set up its own read models.
    #[error("the current read models belong to another version of Daybook")]
    OtherBuild,
    /// A projection cannot take an event in.
    #[error("{projection} cannot be rebuilt: {cause}")]
    Fault {
        /// Which.
        projection: String,
        /// Why, with the position.
        cause: String,
    },
    /// An event cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Makes these projections anew from the ledger; without names all of them.
pub async fn rebuild(
    ledger: &Ledger,
    terms: &RebuildTerms,
    all: Vec<Box<dyn Projection>>,
    named: &[String],
    tell: &(dyn Fn(FoldProgress) + Send + Sync),
) -> Result<Rebuilt, RebuildError> {
    let began = Instant::now();
    let chosen = choose(&all, named)?;
    let names: Vec<String> = chosen.iter().map(|index| all[*index].name().to_owned()).collect();
    let mut keeper = Keeper::begin(terms, &names).await?;
    let head = ledger.head().await?;
    let counted = Arc::new(Counted::new(head.position, chosen.len()));
    let gently = !terms.full_speed && keeper.is_current_read().await?;
    let load = Arc::new(Load {
        ledger: ledger.clone(),
        terms: terms.clone(),
        all: Arc::new(all),
        chosen,
        generation: keeper.name.clone(),
        current: keeper.current.clone(),
        head,
        pace: Arc::new(if gently { Pace::gentle() } else { Pace::full() }),
        counted: Arc::clone(&counted),
    });
    let made = make(ledger, &load, &mut keeper, &counted, tell).await;
    let events = match made {
        Ok(events) => events,
        Err(error) => {
            keeper.abandon().await;
            return Err(error);
        }
    };
    let took = began.elapsed();
    counted.enter(Phase::Dropping);
    tell(counted.progress());
    let old_dropped = keeper.drop_old(LEFT_WITHIN).await?;
    let generation = keeper.name.clone();
    keeper.close().await;
    Ok(Rebuilt { generation, projections: names, events, took, old_dropped })
}

fn choose(all: &[Box<dyn Projection>], named: &[String]) -> Result<Vec<usize>, RebuildError> {
    let known = || all.iter().map(|projection| projection.name().to_owned()).collect();
    for name in named {
        if !all.iter().any(|projection| projection.name() == name) {
            return Err(RebuildError::Unknown { name: name.clone(), known: known() });
        }
    }
    let wanted = |index: &usize| named.is_empty() || named.iter().any(|name| name == all[*index].name());
    Ok((0..all.len()).filter(wanted).collect())
}

/// Folds, catches up and lets the new generation take over; answers how many events were read.
async fn make(
    ledger: &Ledger,
    load: &Arc<Load>,
    keeper: &mut Keeper,
    counted: &Counted,
    tell: &(dyn Fn(FoldProgress) + Send + Sync),
) -> Result<i64, RebuildError> {
    let threads = Threads::begin(load.pace.is_gentle()).map_err(sqlx::Error::Io)?;
    let run = Arc::clone(load);
    let mut loading = threads.spawn(async move { run.run().await });
    let mut head = load.head.position;
    let events = loop {
        tokio::select! {
            loaded = &mut loading => break loaded.map_err(panicked)??,
            () = tokio::time::sleep(TOLD_EVERY) => {
                let now = ledger.head().await?.position;
                load.pace.others_work(now > head);
                head = now;
                counted.head(now);
                let progress = counted.progress();
                keeper.tell(&progress).await?;
                tell(progress);
            }
        }
    };
    counted.enter(Phase::CatchingUp);
    let caught_up = catch_up(ledger, load, keeper, counted, tell).await?;
    keeper.take_over().await?;
    Ok(events + caught_up)
}

/// Takes in what has happened meanwhile, as a node does. Gently as long as that is faster than what comes in.
async fn catch_up(
    ledger: &Ledger,
    load: &Load,
    keeper: &mut Keeper,
    counted: &Counted,
    tell: &(dyn Fn(FoldProgress) + Send + Sync),
) -> Result<i64, RebuildError> {
    let epoch = load.head.epoch;
    let (mut gently, mut behind_before) = (load.lowers_backends(), i64::MAX);
    let mut feed = begin_feed(load, gently).await?;
    let (mut events, mut told) = (0, Instant::now());
    loop {
        for index in &load.chosen {
            let mark = &feed.marks[*index];
            if !mark.live {
                let cause = mark.cause.clone().unwrap_or_default();
                return Err(RebuildError::Fault { projection: load.all[*index].name().to_owned(), cause });
            }
        }
        let after = least(&feed.marks).unwrap_or_default();
        if gently {
            let behind = ledger.head().await?.position - after;
            if behind >= behind_before {
                feed.close().await?;
                gently = false;
                feed = begin_feed(load, gently).await?;
            }
            behind_before = behind;
        }
        let batch = ledger.read_all(after, EVENTS_AT_ONCE).await?;
        let count = batch.events.len();
        take(&mut feed, decode(batch.events, epoch).await).await?;
        events += i64::try_from(count).unwrap_or_default();
        counted.all_at(least(&feed.marks).unwrap_or_default());
        if count < NEAR_ENOUGH {
            break;
        }
        if told.elapsed() >= TOLD_EVERY {
            counted.head(ledger.head().await?.position);
            keeper.tell(&counted.progress()).await?;
            tell(counted.progress());
            told = Instant::now();
        }
    }
    feed.close().await?;
    Ok(events)
}

/// Takes what has happened into the new generation, in a session of the server that gives way to others or does not.
async fn begin_feed(load: &Load, gently: bool) -> Result<Feed, RebuildError> {
    let mut settings = load.ledger.settings().clone();
    settings.search_path = vec![load.generation.clone(), load.terms.ledger_schema.clone()];
    let mut connection = patient(settings).connect_one().await?;
    // The transaction that changes over waits for its disk, and so for all that was written before it.
    sqlx::raw_sql("set synchronous_commit = off").execute(&mut connection).await?;
    if gently {
        priority::lower_backend(priority::backend_of(&mut connection).await?);
    }
    let mut feed = Feed::new(connection, Arc::clone(&load.all));
    feed.begin().await?;
    Ok(feed)
}

fn panicked(error: tokio::task::JoinError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error))
}

/// A batch may take longer than a request.
fn patient(settings: PoolSettings) -> PoolSettings {
    PoolSettings {
        idle_in_transaction_timeout: Duration::from_secs(60),
        statement_timeout: Duration::from_secs(600),
        lock_timeout: Duration::from_secs(60),
        sequential_scans: false,
        ..settings
    }
}
