//! What the files of an export are made of: records and placements as they stood at one moment.

use std::collections::{BTreeSet, HashMap};

use domain::export::{ExportedFile, file, in_order, timetable_file};
use domain::gpu::write::kind_of;
use domain::{Kind, PlanId, Record, RecordId};
use sqlx::PgPool;

use crate::Moment;
use crate::asked::{record_id, record_names};
use crate::placement::placements_in;
use crate::record::records_on;

/// One file of a plan; `period` names the one whose placements GPU001 holds. Nothing when there is no such file or period.
///
/// One kind of records is in memory at a time; whoever asks for several files asks for one after the other, at one moment.
pub async fn exported(
    pool: &PgPool,
    plan: &PlanId,
    number: u16,
    period: &str,
    moment: Moment,
) -> Result<Option<ExportedFile>, sqlx::Error> {
    if number == 1 {
        return timetable(pool, plan, period, moment).await;
    }
    let Some(kind) = kind_of(number) else { return Ok(None) };
    let records = records_on(pool, plan, kind, None, moment).await?;
    let names = names(pool, &records, moment).await?;
    let mut sorted: Vec<&Record> = records.iter().collect();
    in_order(kind, &mut sorted);
    Ok(Some(file(number, &sorted, &|id| names.get(&id).cloned())))
}

async fn timetable(
    pool: &PgPool,
    plan: &PlanId,
    period: &str,
    moment: Moment,
) -> Result<Option<ExportedFile>, sqlx::Error> {
    let Some(period) = record_id(pool, plan, Kind::Periods, period, moment).await? else { return Ok(None) };
    let lessons = records_on(pool, plan, Kind::Lessons, None, moment).await?;
    let placements = placements_in(pool, plan, period, moment).await?;
    let mut names = names(pool, &lessons, moment).await?;
    names.extend(self::names(pool, &placements, moment).await?);
    let mut sorted: Vec<&Record> = lessons.iter().collect();
    in_order(Kind::Lessons, &mut sorted);
    let mut by_lesson: HashMap<RecordId, Vec<&Record>> = HashMap::new();
    for placement in &placements {
        let lesson = placement.hour_of.map(|hour| hour.lesson);
        by_lesson.entry(lesson.unwrap_or(placement.id)).or_default().push(placement);
    }
    Ok(Some(timetable_file(&sorted, &by_lesson, period, &|id| names.get(&id).cloned())))
}

/// What the records that these refer to were called.
async fn names(
    pool: &PgPool,
    records: &[Record],
    moment: Moment,
) -> Result<HashMap<RecordId, String>, sqlx::Error> {
    let mut referred = BTreeSet::new();
    for record in records {
        record.references(|id| {
            referred.insert(id);
        });
    }
    record_names(pool, &referred, moment).await
}
