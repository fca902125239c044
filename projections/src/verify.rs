//! Proving that ledger and read models are right, while people work on them.
//!
//! The ledger is read from its beginning: positions, appends, versions, times, commands. At the same time everything is folded a
//! second time, each projection into temporary tables that only its own connection sees. Then each read model is compared with that
//! fold in one snapshot, at the very position that the snapshot says it has come to. States that were written aside are compared with
//! a fold of their streams. Nothing is written that outlives the connections.

use std::sync::Arc;
use std::time::Duration;

use eventstore::{Ledger, PoolSettings};
use sqlx::Connection;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::decode::{Whole, part};
use crate::generation::{digest, is_read};
use crate::progress::{Counted, FoldProgress, Phase};
use crate::projection::{Happened, Projection};

mod aside;
mod compare;
mod second;
mod sound;

use second::Second;
use sound::{Ends, Sound};

/// About how many events are read at once.
const EVENTS_AT_ONCE: i64 = 5_000;
/// How many batches wait for each projection.
const BATCHES_WAITING: usize = 2;
/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(500);
/// After a batch as long as it took is left to others, at most this long.
const LEFT_TO_OTHERS_MAX: Duration = Duration::from_millis(500);

/// How a verification goes about.
#[derive(Debug, Clone)]
pub struct VerifyTerms {
    /// How the service connects.
    pub settings: PoolSettings,
    /// Goes on at full speed even though somebody works on the read models.
    pub full_speed: bool,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `ledger`, or the name of the projection.
    pub of: String,
    /// The row: its table and key.
    pub row: Option<String>,
    /// Where.
    pub position: Option<i64>,
    /// What is wrong.
    pub detail: String,
}

impl Finding {
    pub(crate) fn of(of: &str, position: impl Into<Option<i64>>, detail: String) -> Self {
        Self { of: of.to_owned(), row: None, position: position.into(), detail }
    }
}

/// A read model that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub projection: String,
    /// The position of the comparison.
    pub position: i64,
    /// How many rows it has.
    pub rows: i64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The end of the ledger, up to which it was read.
    pub head: i64,
    /// The read models that were compared, in their order.
    pub compared: Vec<Compared>,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
    /// How long it took.
    pub took: Duration,
}

/// Why nothing could be proved.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The read models of another build.
    #[error("the current read models belong to another version of Daybook")]
    OtherBuild,
    /// The role may not make temporary tables.
    #[error("the second fold needs temporary tables, which {role} may not make in this database")]
    NoTemporary {
        /// Whose right is missing.
        role: &'static str,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

type Handed = Arc<Vec<Happened>>;

/// Reads the whole ledger and compares all read models with a second fold of it.
pub async fn verify(
    ledger: &Ledger,
    terms: &VerifyTerms,
    all: Vec<Box<dyn Projection>>,
    tell: &(dyn Fn(FoldProgress) + Send + Sync),
) -> Result<Verified, VerifyError> {
    let began = Instant::now();
    let mut asking = ledger.settings().connect_one().await?;
    let generation = sqlx::query_scalar!(
        "select schema_name from generation where state = 'current' and digest = $1",
        digest(),
    )
    .fetch_optional(&mut asking)
    .await?
    .ok_or(VerifyError::OtherBuild)?;
    let gently = !terms.full_speed && is_read(&mut asking, &generation).await?;
    asking.close().await?;

    let all = Arc::new(all);
    let counted = Arc::new(Counted::new(ledger.head().await?.position, all.len()));
    // Told when everything is read: up to where, or that a second fold is impossible.
    let (end, ended) = watch::channel(None);
    let (mut tasks, mut to) = (JoinSet::new(), Vec::new());
    for index in 0..all.len() {
        let second = Second::begin(&terms.settings, &generation, &all, index).await?;
        let (sender, receiver) = mpsc::channel(BATCHES_WAITING);
        to.push(Some(sender));
        let (ledger, counted) = (ledger.clone(), Arc::clone(&counted));
        tasks.spawn(second.run(ledger, receiver, ended.clone(), counted));
    }
    let mut reading = std::pin::pin!(read(ledger, gently, to, &counted));
    let mut findings = loop {
        tokio::select! {
            read = &mut reading => break read?,
            () = tokio::time::sleep(TOLD_EVERY) => tell(counted.progress()),
        }
    };
    let head = counted.progress().head;
    end.send_replace(Some(findings.folded));
    counted.enter(Phase::Comparing);
    let mut compared = Vec::new();
    loop {
        let done = tokio::select! {
            done = tasks.join_next() => done,
            () = tokio::time::sleep(TOLD_EVERY) => {
                tell(counted.progress());
                continue;
            }
        };
        let Some(done) = done else { break };
        let (index, outcome) =
            done.map_err(|panicked| sqlx::Error::Io(std::io::Error::other(panicked)))??;
        findings.all.extend(outcome.findings);
        compared.extend(outcome.compared.map(|it| (index, it)));
    }
    compared.sort_by_key(|(index, _)| *index);
    if findings.folded {
        findings.all.extend(aside::check(ledger).await?);
    }
    Ok(Verified {
        head,
        compared: compared.into_iter().map(|(_, it)| it).collect(),
        findings: findings.all,
        took: began.elapsed(),
    })
}

/// What reading the ledger found.
struct Read {
    all: Vec<Finding>,
    /// Whether everything could be handed on.
    folded: bool,
}

/// Reads the ledger from its beginning, looks at it, and hands it to all.
async fn read(
    ledger: &Ledger,
    gently: bool,
    mut to: Vec<Option<mpsc::Sender<Handed>>>,
    counted: &Counted,
) -> Result<Read, VerifyError> {
    let head = ledger.head().await?;
    let mut reader = ledger.read_bulk(0, head.position).await?;
    let (mut sound, mut whole, mut folded) = (Sound::default(), Whole::default(), true);
    counted.head(head.position);
    loop {
        let began = Instant::now();
        let Some(bulk) = reader.next(EVENTS_AT_ONCE).await? else { break };
        let decoded = part(bulk, head.epoch, move |events| {
            sound.take(events);
            (sound, Ends::of(events))
        })
        .await;
        let ends;
        (sound, ends) = decoded.looked;
        sound.commands(ledger, &ends).await?;
        if let Some((position, cause)) = &decoded.unreadable
            && (folded || decoded.torn)
        {
            let rest = if decoded.torn { "; nothing behind it was read" } else { "" };
            let detail = format!("the event cannot be read: {cause}{rest}");
            sound.note(Finding::of("ledger", *position, detail));
            folded = false;
        }
        if decoded.torn {
            break;
        }
        if !folded {
            continue;
        }
        let handed: Handed = Arc::new(whole.with(decoded.events));
        for projection in &mut to {
            // One that fails says why itself; the others go on.
            if let Some(sender) = projection
                && sender.send(Arc::clone(&handed)).await.is_err()
            {
                *projection = None;
            }
        }
        if gently {
            tokio::time::sleep(began.elapsed().min(LEFT_TO_OTHERS_MAX)).await;
        }
    }
    Ok(Read { all: sound.finish(), folded })
}
