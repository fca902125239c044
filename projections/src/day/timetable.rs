//! The timetable of a date.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{Kind, PlanId, RecordId};
use serde_json::{Map, Value as Json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{DayRow, Days, Meets, weekday};
use crate::Moment;
use crate::asked::{Page, Paged, record_id, record_names, sort_key};
use crate::placement::TimetableOf;

/// A row of a day, as a cursor: behind which the next page goes on. Hour, lesson, class, teacher, hour of the lesson, row of
/// the placement, what happened to it and by what.
type Cursor = (i32, String, String, String, i32, i32, String, String);

/// Who meets whom when on a date, with the substitutions of that date applied: as [`crate::placement::timetable`], in the
/// period of the date and with `mark` and `substitution` where one did something. Whoever or whatever is asked for has a part in
/// what happens or would have had one: an absent teacher sees who covers his hour, and who covers it sees it too.
///
/// On a holiday no lesson takes place, and none outside its own dates or those of its class. The week of a date is known to
/// nobody: placements of every week are there, each with its `week`. Nothing when a name is not there.
pub async fn timetable_of_day(
    pool: &PgPool,
    plan: &PlanId,
    of: &TimetableOf,
    date: NaiveDate,
    moment: Moment,
    page: &Page,
) -> Result<Paged<Map<String, Json>>, sqlx::Error> {
    let mut wanted = None;
    if let Some((kind, name)) = of.named() {
        wanted = record_id(pool, plan, kind, name, moment).await?;
        if wanted.is_none() {
            return Ok(Paged::nothing());
        }
    }
    let days = Days::one(pool, plan, date, moment).await?;
    let mut rows = Vec::new();
    for hour in days.hours_of(date) {
        let of_hour = days.rows((date, hour)).into_iter();
        rows.extend(of_hour.filter(|row| wanted.is_none_or(|id| row.concerns(id.0))).map(|row| (hour, row)));
    }
    let referred: BTreeSet<RecordId> =
        rows.iter().flat_map(|(_, row)| references(row)).map(RecordId).collect();
    let names = record_names(pool, &referred, moment).await?;
    let name = |id: Option<Uuid>| {
        Some(names.get(&RecordId(id?)).cloned().unwrap_or_else(|| id.unwrap_or_default().to_string()))
    };
    let mut items: Vec<(Cursor, Map<String, Json>)> = rows
        .into_iter()
        .map(|(hour, row)| {
            let Meets { lesson, class, teacher, subject, room, .. } = row.meets;
            let [lesson, class, teacher, subject, room] = [lesson, class, teacher, subject, room].map(&name);
            let mark = row.mark.map(|(mark, _)| mark.word().to_owned());
            let by = name(row.mark.map(|(_, by)| by));
            let cursor = (
                hour,
                lesson.as_deref().map(|lesson| sort_key(Kind::Lessons, Some(lesson))).unwrap_or_default(),
                class.clone().unwrap_or_default(),
                teacher.clone().unwrap_or_default(),
                row.meets.n.unwrap_or_default(),
                row.meets.ordinal,
                mark.clone().unwrap_or_default(),
                by.as_deref().map(|by| sort_key(Kind::Substitutions, Some(by))).unwrap_or_default(),
            );
            let parts = [
                ("period", days.period_of(date).map(|(_, name)| Json::from(name))),
                ("day", Some(weekday(date).into())),
                ("hour", Some(hour.into())),
                ("week", row.meets.week.map(Json::from)),
                ("lesson", lesson.map(Json::from)),
                ("n", row.meets.n.map(Json::from)),
                ("class", class.map(Json::from)),
                ("teacher", teacher.map(Json::from)),
                ("subject", subject.map(Json::from)),
                ("room", room.map(Json::from)),
                ("mark", mark.map(Json::from)),
                ("substitution", by.map(Json::from)),
            ];
            (cursor, parts.into_iter().filter_map(|(part, value)| Some((part.to_owned(), value?))).collect())
        })
        .collect();
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    let after = page.after.as_deref().and_then(|after| serde_json::from_str::<Cursor>(after).ok());
    items.retain(|(cursor, _)| after.as_ref().is_none_or(|after| cursor > after));
    let cut = page.cut(items, |(cursor, _)| serde_json::to_string(cursor).expect("numbers and texts"));
    Ok(cut.map(|(_, item)| item))
}

/// Every record that the item of a row names.
fn references(row: &DayRow) -> impl Iterator<Item = Uuid> + use<> {
    let Meets { lesson, class, teacher, subject, room, .. } = row.meets;
    [lesson, class, teacher, subject, room, row.mark.map(|(_, by)| by)].into_iter().flatten()
}
