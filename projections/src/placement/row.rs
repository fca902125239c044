//! Rows of the table `placement`: read, written.

use chrono::{DateTime, Utc};
use domain::{HourOf, RecordId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::PlacementRow;
use crate::copy::CopyRows;
use crate::versions::{Edge, Version};
use crate::who::{who_named, who_text};

/// The columns of the table.
pub(super) struct Columns {
    pub placement_id: Uuid,
    pub plan: String,
    pub lesson_id: Uuid,
    pub period_id: Uuid,
    pub n: i32,
    pub day: Option<i32>,
    pub hour: Option<i32>,
    pub week: Option<String>,
    pub length: Option<i32>,
    pub meeting_of: Uuid,
    pub revision: i64,
    pub epoch: i64,
    pub who: String,
    pub changed_at: DateTime<Utc>,
    pub changed_position: i64,
    pub valid_from: i64,
}

impl From<Columns> for PlacementRow {
    fn from(columns: Columns) -> Self {
        Self {
            plan: columns.plan.into(),
            hour_of: HourOf {
                lesson: RecordId(columns.lesson_id),
                period: RecordId(columns.period_id),
                n: u32::try_from(columns.n).unwrap_or_default(),
            },
            day: columns.day,
            hour: columns.hour,
            week: columns.week.map(Into::into),
            length: columns.length,
            own_rows: columns.meeting_of == columns.placement_id,
            revision: columns.revision,
            epoch: columns.epoch,
            who: who_named(&columns.who),
            at: columns.changed_at,
            position: columns.changed_position,
        }
    }
}

/// The rows that are true now, each with the position from which on.
pub(super) async fn load(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, PlacementRow, i64)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Columns,
        "select placement_id, plan, lesson_id, period_id, n, day, hour, week, length, meeting_of, revision, epoch, who,
            changed_at, changed_position, valid_from
        from placement where placement_id = any ($1) and valid_to is null",
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.placement_id, row.valid_from, row))
        .map(|(id, from, row)| (id, row.into(), from))
        .collect())
}

fn meeting_of(version: &Version<PlacementRow>) -> Uuid {
    if version.row.own_rows { version.id } else { version.row.hour_of.lesson.0 }
}

/// A row on its way into an empty table; the columns as [`super::filled`] names them.
pub(super) fn copied(rows: &mut CopyRows, version: &Version<PlacementRow>) {
    let row = &version.row;
    rows.row([
        &version.id,
        &row.plan.as_ref(),
        &row.hour_of.lesson.0,
        &row.hour_of.period.0,
        &i32::try_from(row.hour_of.n).unwrap_or(i32::MAX),
        &row.day,
        &row.hour,
        &row.week.as_deref(),
        &row.length,
        &meeting_of(version),
        &row.revision,
        &row.epoch,
        &row.who,
        &row.at,
        &row.position,
        &version.from.position,
        &version.to.map(|to| to.position),
    ]);
}

/// Ends rows of the table, then adds the new ones.
pub(super) async fn write(
    connection: &mut PgConnection,
    closed: &[(Uuid, Edge)],
    new: &[Version<PlacementRow>],
) -> Result<(), sqlx::Error> {
    if !closed.is_empty() {
        sqlx::query!(
            "update placement set valid_to = e.position
            from unnest($1::uuid[], $2::bigint[]) as e (placement_id, position)
            where placement.placement_id = e.placement_id and placement.valid_to is null",
            &closed.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            &closed.iter().map(|(_, edge)| edge.position).collect::<Vec<_>>(),
        )
        .execute(&mut *connection)
        .await?;
    }
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into placement (placement_id, plan, lesson_id, period_id, n, day, hour, week, length, meeting_of,
            revision, epoch, who, changed_at, changed_position, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::int[],
            $8::text[], $9::int[], $10::uuid[], $11::bigint[], $12::bigint[], $13::text[], $14::timestamptz[],
            $15::bigint[], $16::bigint[], $17::bigint[])",
        &new.iter().map(|it| it.id).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.plan.as_ref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.hour_of.lesson.0).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.hour_of.period.0).collect::<Vec<_>>(),
        &new.iter().map(|it| i32::try_from(it.row.hour_of.n).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.day).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.hour).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.week.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.length).collect::<Vec<_>>() as _,
        &new.iter().map(meeting_of).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.revision).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.epoch).collect::<Vec<_>>(),
        &new.iter().map(|it| who_text(it.row.who)).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.at).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
