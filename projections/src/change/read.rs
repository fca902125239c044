//! Changes at some positions: from their own rows, or from their events in the ledger.

use std::collections::{HashMap, HashSet};

use eventstore::events_at;
use sqlx::PgConnection;

use super::before::Befores;
use super::row::ChangeRow;
use super::then::NamesThen;
use super::{presence, record};
use crate::Happened;
use crate::decode::{decode, readable};

/// What becomes of an event that this build cannot read.
#[derive(Clone, Copy, PartialEq)]
enum Unreadable {
    Fails,
    LeftOut,
}

/// The changes at these positions, in their order. Where the feed shows nothing there is none.
pub(super) async fn rows_at(
    connection: &mut PgConnection,
    positions: &[i64],
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    read(connection, positions, Unreadable::Fails).await
}

/// What the changes at these positions are about, as it was called then. Of what this build cannot read nothing is known.
pub(crate) async fn subjects_at(
    connection: &mut PgConnection,
    positions: &[i64],
) -> Result<HashMap<i64, String>, sqlx::Error> {
    let rows = read(connection, positions, Unreadable::LeftOut).await?;
    Ok(rows.into_iter().map(|row| (row.position, row.subject)).collect())
}

async fn read(
    connection: &mut PgConnection,
    positions: &[i64],
    unreadable: Unreadable,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    let mut rows = told_at(connection, positions).await?;
    let told: HashSet<i64> = rows.iter().map(|row| row.position).collect();
    let left: Vec<i64> = positions.iter().copied().filter(|position| !told.contains(position)).collect();
    if left.is_empty() {
        return Ok(rows);
    }
    let (recorded, epoch) = (events_at(&mut *connection, &left).await?, epoch(connection).await?);
    let events = if unreadable == Unreadable::LeftOut {
        readable(recorded, epoch)
    } else {
        let decoded = decode(recorded, epoch).await;
        match decoded.trouble() {
            Some(trouble) => return Err(sqlx::Error::Decode(trouble.into())),
            None => decoded.events,
        }
    };
    // What only asks for subjects is not told from what.
    let befores = match unreadable {
        Unreadable::Fails => Befores::load(connection, &events).await?,
        Unreadable::LeftOut => Befores::default(),
    };
    let names = NamesThen::load(connection, &events, &befores).await?;
    let told = |happened: &Happened| {
        let names = names.at(happened.append_end);
        record::told(happened, &names).or_else(|| presence::told(happened, &names, befores.of(happened)))
    };
    rows.extend(events.iter().filter_map(told));
    rows.sort_unstable_by_key(|row| row.position);
    Ok(rows)
}

/// The epoch that positions are told with.
async fn epoch(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select epoch from head").fetch_one(connection).await
}

async fn told_at(connection: &mut PgConnection, positions: &[i64]) -> Result<Vec<ChangeRow>, sqlx::Error> {
    sqlx::query_as!(
        ChangeRow,
        "select plan, position, append_end, epoch, at, type, kind, subject_id, subject, who, session_id, mode, period,
            revision, changes, more, cause, request
        from change_told where position = any ($1) order by position",
        positions,
    )
    .fetch_all(connection)
    .await
}
