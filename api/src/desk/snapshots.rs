//! Snapshots of states: read when a state is opened, written in the background.
//!
//! What is written comes from the ledger alone: the snapshot before it and the events since, read again, never what is in memory here.
//! So neither a tip that is not committed nor a fault of this process can get into it, nobody who decides waits for it, and any
//! node may do it. Nothing rests on it: without snapshots, or when writing them fails, states are folded from the beginning.

use std::sync::Arc;
use std::time::Duration;

use domain::snapshot::SnapshotUnreadable;
use domain::{Fold, StreamName, snapshot};
use eventstore::{Ledger, SnapshotOf};
use tokio_util::sync::CancellationToken;

use super::cell::{Cell, PAGE, read_event};
use super::{Desk, Failure};

/// How often it is looked which states have grown.
const EVERY: Duration = Duration::from_secs(1);
/// After something went wrong.
const PAUSE: Duration = Duration::from_secs(30);
/// How long the service waits for it when it stops.
const AT_STOP: Duration = Duration::from_secs(3);
/// When the service stops, fewer events than usual are worth it: this part of them.
const AT_STOP_PART: i64 = 10;
/// A large state is written less often: for each so many bytes as seldom once more, up to so many times.
const BYTES_STEP: i64 = 2 << 20;
const SELDOM_MAX: i64 = 20;
/// A larger one is not written: PostgreSQL takes no value of a gigabyte.
const BYTES_MAX: usize = 512 << 20;
/// The most streams of another build's snapshots that are written anew at a start.
const OF_OTHERS_MAX: i64 = 10_000;

/// The state of a stream as its newest good snapshot has it, with its version. Nothing when there is none, or none can be had.
pub(super) async fn newest<S: Fold>(ledger: &Ledger, stream: &StreamName, epoch: i64) -> Option<(S, i64)> {
    newest_as(ledger, stream, epoch, |bytes| snapshot::read(bytes)).await
}

async fn newest_as<T: Send + 'static>(
    ledger: &Ledger,
    stream: &StreamName,
    epoch: i64,
    read: impl Fn(&[u8]) -> Result<T, SnapshotUnreadable> + Clone + Send + 'static,
) -> Option<(T, i64)> {
    loop {
        let (found, refused) = match ledger.snapshot(of(stream, epoch)).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%stream, %error, "no snapshot can be read; the stream is read from its beginning");
                return None;
            }
        };
        if refused > 0 {
            tracing::warn!(%stream, refused, "snapshots that are not what they say were thrown away");
            count("refused", refused);
        }
        let found = found?;
        // Reading a large one takes longer than the other tasks of this thread should wait.
        let read = read.clone();
        match tokio::task::spawn_blocking(move || read(&found.state)).await {
            Ok(Ok(state)) => {
                count("read", 1);
                return Some((state, found.version));
            }
            Ok(Err(error)) => tracing::warn!(%stream, %error, "a snapshot is thrown away"),
            Err(error) => tracing::warn!(%stream, %error, "a snapshot is thrown away"),
        }
        count("refused", 1);
        if let Err(error) = ledger.drop_snapshot(found.id).await {
            tracing::warn!(%stream, %error, "a snapshot that cannot be read is still there");
            return None;
        }
    }
}

/// Writes snapshots until `stop`, and then once more what the next start would be glad of.
pub async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let mut wait = match of_others(&desk, &stop).await {
        Ok(()) => EVERY,
        Err(failure) => pause(&failure),
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
        desk.plans.tidy();
        desk.schools.tidy();
        // One that is under way when the service stops is broken off: half a snapshot is never written.
        wait = tokio::select! {
            () = stop.cancelled() => break,
            written = grown(&desk, desk.terms.snapshot_every) => match written {
                Ok(()) => EVERY,
                Err(failure) => pause(&failure),
            },
        };
    }
    let last = grown(&desk, (desk.terms.snapshot_every / AT_STOP_PART).max(1));
    match tokio::time::timeout(AT_STOP, last).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => tracing::debug!(?failure, "no snapshots at the stop"),
        Err(_) => tracing::debug!("no time for all snapshots at the stop"),
    }
}

fn pause(failure: &Failure) -> Duration {
    count("failed", 1);
    tracing::warn!(?failure, "snapshots are not written for now; long plans open slower until they are");
    PAUSE
}

/// Those of another build cannot be read by this one: it makes its own, before anybody has to wait for the whole stream.
async fn of_others(desk: &Desk, stop: &CancellationToken) -> Result<(), Failure> {
    for stream in desk.ledger.snapshots_of_others(snapshot::MAKER, OF_OTHERS_MAX).await? {
        tokio::select! {
            () = stop.cancelled() => break,
            written = write(&desk.ledger, &stream) => {
                passes_over(&stream, written)?;
            }
        }
    }
    Ok(())
}

/// Writes aside every open state whose newest snapshot leaves so many events to be read.
async fn grown(desk: &Desk, events: i64) -> Result<(), Failure> {
    one(desk, &desk.accounts, events).await?;
    one(desk, &desk.site, events).await?;
    one(desk, &desk.sessions, events).await?;
    for cell in desk.schools.grown(events) {
        one(desk, &cell, events).await?;
    }
    for cell in desk.plans.grown(events) {
        one(desk, &cell, events).await?;
    }
    Ok(())
}

async fn one<S: Fold>(desk: &Desk, cell: &Cell<S>, events: i64) -> Result<(), Failure> {
    if cell.since_snapshot() < events {
        return Ok(());
    }
    // Another node may have written one, or it is a large one.
    let epoch = desk.ledger.head().await?.epoch;
    let (version, bytes) = desk.ledger.snapshot_size(of(cell.stream(), epoch)).await?;
    let least = events * (1 + bytes / BYTES_STEP).min(SELDOM_MAX);
    if cell.seen() - version < least {
        // Asked again when there are so many.
        cell.note_snapshot(version + least - events);
    } else {
        let written = passes_over(cell.stream(), write(&desk.ledger, cell.stream()).await)?;
        cell.note_snapshot(written.unwrap_or(cell.seen()));
    }
    Ok(())
}

/// One stream of which nothing can be written, such as one with an event of a newer build, does not keep the others from it. It is
/// tried again when it has grown by as much once more. A ledger that cannot be reached is another matter.
fn passes_over(stream: &StreamName, written: Result<i64, Failure>) -> Result<Option<i64>, Failure> {
    match written {
        Err(Failure::Internal(cause)) => {
            tracing::warn!(%stream, cause, "no snapshot can be written of this stream");
            count("failed", 1);
            Ok(None)
        }
        written => written.map(Some),
    }
}

/// Writes a snapshot of a stream as it is now; its version.
async fn write(ledger: &Ledger, stream: &StreamName) -> Result<i64, Failure> {
    let Some(Ok(empty)) = snapshot::of_stream(stream, None) else {
        tracing::debug!(%stream, "this build folds nothing from it");
        return Ok(0);
    };
    let epoch = ledger.head().await?.epoch;
    let name = stream.clone();
    let read = move |bytes: &[u8]| snapshot::of_stream(&name, Some(bytes)).transpose();
    let before = newest_as(ledger, stream, epoch, read).await;
    let (mut state, mut version) = match before {
        Some((Some(state), version)) => (state, version),
        _ => (empty, 0),
    };
    let before = version;
    loop {
        let page = ledger.read_stream(stream, version, PAGE).await?;
        let all = (page.len() as i64) < PAGE;
        for recorded in page {
            let (event, at) = read_event(&recorded, epoch)?;
            state.take_in(&event, &at);
            version = recorded.version;
        }
        if all {
            break;
        }
    }
    if version == before {
        return Ok(version);
    }
    let bytes = tokio::task::spawn_blocking(move || state.bytes()).await.map_err(Failure::internal)?;
    let length = bytes.len();
    if length > BYTES_MAX {
        tracing::warn!(%stream, length, "too large for a snapshot; it is folded from its beginning");
    } else if ledger.write_snapshot(of(stream, epoch), version, bytes).await? {
        count("written", 1);
        tracing::debug!(%stream, version, length, "a snapshot");
    }
    Ok(version)
}

fn of<'a>(stream: &'a StreamName, epoch: i64) -> SnapshotOf<'a> {
    SnapshotOf { stream, epoch, maker: snapshot::MAKER }
}

fn count(what: &'static str, by: u64) {
    metrics::counter!("daybook_snapshots_total", "what" => what).increment(by);
}
