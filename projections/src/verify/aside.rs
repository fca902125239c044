//! States that were written aside, compared with a fold of their streams from the beginning.

use domain::{At, Event, Stamp, StreamName, snapshot};
use eventstore::Ledger;

use super::Finding;

/// Events that are read at once.
const PAGE: i64 = 5_000;

/// A snapshot that is to be compared.
struct Aside {
    stream: String,
    version: i64,
    state: Vec<u8>,
}

/// What is wrong with the snapshots that this build would read.
///
/// One that fails its digest is never read, whatever it holds; here it is found all the same, and so is one whose digest is right.
pub(super) async fn check(ledger: &Ledger) -> Result<Vec<Finding>, sqlx::Error> {
    let epoch = ledger.head().await?.epoch;
    let mut findings = Vec::new();
    let (mut stream, mut version) = (String::new(), 0);
    // One at a time: they are as large as the states.
    while let Some(aside) = next(ledger, epoch, &stream, version).await? {
        if !is_right(ledger, epoch, &aside).await? {
            let mut finding = Finding::of("snapshot", None, "is not what its events lead to".to_owned());
            finding.row = Some(format!("{} at version {}", aside.stream, aside.version));
            findings.push(finding);
        }
        (stream, version) = (aside.stream, aside.version);
    }
    Ok(findings)
}

async fn next(ledger: &Ledger, epoch: i64, stream: &str, version: i64) -> Result<Option<Aside>, sqlx::Error> {
    sqlx::query_as!(
        Aside,
        "select stream, version, state from snapshot
        where (stream, version) > ($1, $2) and epoch = $3 and maker = $4 order by stream, version limit 1",
        stream,
        version,
        epoch,
        snapshot::MAKER,
    )
    .fetch_optional(ledger.pool())
    .await
}

async fn is_right(ledger: &Ledger, epoch: i64, aside: &Aside) -> Result<bool, sqlx::Error> {
    let stream = StreamName::new(aside.stream.clone());
    let Some(Ok(mut state)) = snapshot::of_stream(&stream, None) else { return Ok(false) };
    let mut version = 0;
    while version < aside.version {
        let events = ledger.read_stream(&stream, version, PAGE.min(aside.version - version)).await?;
        let Some(last) = events.last() else { return Ok(false) };
        version = last.version;
        for recorded in events {
            // All events have just been read once.
            let Ok(event) = Event::decode(&recorded.r#type, &recorded.data) else { return Ok(false) };
            let stamp = Stamp { position: recorded.position, at: recorded.recorded_at };
            state.take_in(&event, &At { version: recorded.version, epoch, stamp: Some(stamp) });
        }
    }
    Ok(state.bytes() == aside.state)
}
