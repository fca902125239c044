//! What is known of sessions and locks while events come: they tell what became of one, people are told from what.

use domain::{Event, Mode, RecordId};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

use crate::Happened;

/// A row of `change_about`.
pub(super) struct AboutRow {
    pub subject_id: Uuid,
    pub position: i64,
    pub known: Known,
}

/// What is known of a session, a lock or an import from a position on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// Where it began; 0 when it is over, or nobody knows.
    pub began: i64,
    /// Of a session, where it is not what it was when that began.
    pub mode: Option<Mode>,
    pub period: Option<RecordId>,
    pub activity: Option<String>,
}

impl AboutRow {
    /// Where it began, as it is stored: nothing of what began here.
    pub fn began(&self) -> Option<i64> {
        (self.known.began != self.position).then_some(self.known.began)
    }
}

/// Those that a batch is about; or, for whoever takes in everything, all that are not over.
#[derive(Default)]
pub(super) struct About(HashMap<Uuid, Known>);

impl About {
    /// Reads what a batch goes on with.
    pub async fn load(connection: &mut PgConnection, batch: &[Happened]) -> Result<Self, sqlx::Error> {
        let asked = batch.iter().filter_map(|happened| Some((continued(&happened.event)?, i64::MAX)));
        let found = known_before(connection, asked.unzip()).await?;
        Ok(Self(found.into_iter().map(|(id, _, known)| (id, known)).collect()))
    }

    /// The row of an event that has one.
    pub fn take_in(&mut self, happened: &Happened) -> Option<AboutRow> {
        happened.plan.as_ref()?;
        let position = happened.position;
        let begun = Known { began: position, ..Known::default() };
        let (subject_id, known) = match &happened.event {
            Event::SessionStarted(e) => (e.session.0, begun),
            Event::SessionChanged(e) => {
                let mut known = self.0.remove(&e.session.0).unwrap_or_default();
                known.mode = e.mode.or(known.mode);
                known.period = e.period.or(known.period);
                if let Some(activity) = &e.activity {
                    known.activity = Some(activity.clone()).filter(|activity| !activity.is_empty());
                }
                (e.session.0, known)
            }
            Event::SessionEnded(e) => (e.session.0, Known::default()),
            Event::LockGranted(e) => (e.lock.0, begun),
            Event::LockEnded(e) => (e.lock.0, Known::default()),
            // Nothing ever becomes of it.
            Event::ImportDone(e) => return Some(AboutRow { subject_id: e.import.0, position, known: begun }),
            _ => return None,
        };
        if known == Known::default() {
            self.0.remove(&subject_id);
        } else {
            self.0.insert(subject_id, known.clone());
        }
        Some(AboutRow { subject_id, position, known })
    }
}

/// The session or lock that an event goes on with.
pub(super) fn continued(event: &Event) -> Option<Uuid> {
    match event {
        Event::SessionChanged(e) => Some(e.session.0),
        Event::SessionEnded(e) => Some(e.session.0),
        Event::LockEnded(e) => Some(e.lock.0),
        _ => None,
    }
}

/// What was known of each of these before a position; answers with both.
pub(super) async fn known_before(
    connection: &mut PgConnection,
    (ids, positions): (Vec<Uuid>, Vec<i64>),
) -> Result<Vec<(Uuid, i64, Known)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select w.id as "id!", w.position as "position!", coalesce(b.began, b.position) as "began!", b.mode, b.period_id, b.activity
        from unnest($1::uuid[], $2::bigint[]) as w (id, position)
        cross join lateral (select * from change_about where subject_id = w.id and position < w.position
            order by position desc limit 1) b"#,
        &ids,
        &positions,
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let known = Known {
            began: row.began,
            mode: row.mode.and_then(|mode| mode.parse().ok()),
            period: row.period_id.map(RecordId),
            activity: row.activity,
        };
        (row.id, row.position, known)
    });
    Ok(known.collect())
}

/// Writes new rows.
pub(super) async fn insert(connection: &mut PgConnection, rows: &[AboutRow]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into change_about (subject_id, position, began, mode, period_id, activity)
        select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[])",
        &rows.iter().map(|row| row.subject_id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        &rows.iter().map(AboutRow::began).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.known.mode.map(Mode::word)).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.known.period.map(|period| period.0)).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.known.activity.as_deref()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
