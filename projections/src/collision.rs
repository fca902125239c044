//! Double bookings: reported, never refused.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::{Kind, PlanId, RecordId};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::{Page, Paged, asked, record_id, record_names, sort_key, those_then};

mod dated;

/// Where and when something is in several lessons, with the weeks of their placements.
struct Clash {
    period_id: Uuid,
    day: i32,
    hour: i32,
    kind: String,
    target_id: Uuid,
    lesson_ids: Vec<Uuid>,
    weeks: Vec<String>,
}

/// Something that is in several lessons at once, in one week or in all.
struct Collision {
    period: Option<Uuid>,
    day: i32,
    hour: i32,
    kind: String,
    target: Uuid,
    /// Empty for all weeks.
    week: String,
    lessons: BTreeSet<Uuid>,
    /// On one date only, and because of which substitution.
    date: Option<NaiveDate>,
    substitution: Option<Uuid>,
}

/// By what collisions are ordered, and the cursor: period, day, hour, kind, name, week, date.
type Place = (String, i32, i32, String, String, String, String);

/// Which collisions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollisionsOf<'a> {
    /// Of the timetable in all periods, and of every date on which a substitution takes part in one.
    All,
    /// The same in one period, by its name.
    Period(&'a str),
    /// Of one date as it really is.
    Date(NaiveDate),
}

/// Classes, teachers and rooms that are in two lessons at once, by period, day, hour, kind, name, week, date.
///
/// An hour without a week meets the hours of every week, and one of a week only those of the same week; so there is one
/// collision for what meets every week, and one for each week in which more meets. What a substitution takes part in has a date
/// and names it: who covers and is in another lesson as well, a room that is wanted twice, a class in what was moved and in
/// what stands there. Who is covered or cancelled is in no collision. Nothing when there is no such period.
pub async fn collisions(
    pool: &PgPool,
    plan: &PlanId,
    of: CollisionsOf<'_>,
    moment: Moment,
    page: &Page,
) -> Result<Paged<Map<String, Json>>, sqlx::Error> {
    let mut wanted = None;
    if let CollisionsOf::Period(name) = of {
        wanted = record_id(pool, plan, Kind::Periods, name, moment).await?;
        if wanted.is_none() {
            return Ok(Paged::nothing());
        }
    }
    let collisions = if let CollisionsOf::Date(date) = of {
        dated::of_date(pool, plan, date, moment).await?
    } else {
        let mut all = dated::of_substitutions(pool, plan, wanted.map(|period| period.0), moment).await?;
        all.extend(clashes(pool, plan, wanted, moment).await?.iter().flat_map(of_timetable));
        all
    };
    let mut referred = BTreeSet::new();
    for it in &collisions {
        referred.extend([Some(it.target), it.period, it.substitution].into_iter().flatten().map(RecordId));
        referred.extend(it.lessons.iter().copied().map(RecordId));
    }
    let names = record_names(pool, &referred, moment).await?;
    let name = |id: Uuid| names.get(&RecordId(id)).cloned().unwrap_or_else(|| id.to_string());
    let mut found: BTreeMap<Place, (Vec<String>, Option<String>)> = BTreeMap::new();
    for it in collisions {
        let mut lessons: Vec<String> = it.lessons.into_iter().map(name).collect();
        lessons.sort_by_key(|lesson| sort_key(Kind::Lessons, Some(lesson)));
        let period = it.period.map(name).unwrap_or_default();
        let date = it.date.map(|date| date.to_string()).unwrap_or_default();
        let place = (period, it.day, it.hour, it.kind, name(it.target), it.week, date);
        found.insert(place, (lessons, it.substitution.map(name)));
    }
    // What clashes is little, however large the plan is; so it is cut here.
    let after = page.after.as_deref().and_then(|after| serde_json::from_str::<Place>(after).ok());
    let rest: Vec<_> =
        found.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|after| place > after)).collect();
    let cut = page.cut(rest, |(place, _)| serde_json::to_string(place).expect("numbers and texts"));
    Ok(cut.map(|(place, (lessons, substitution))| shown(place, &lessons, substitution)))
}

fn of_timetable(clash: &Clash) -> Vec<Collision> {
    let met = clash.lesson_ids.iter().copied().zip(clash.weeks.iter().map(String::as_str));
    let each = weeks(met).into_iter().map(|(week, lessons)| Collision {
        period: Some(clash.period_id),
        day: clash.day,
        hour: clash.hour,
        kind: clash.kind.clone(),
        target: clash.target_id,
        week: week.to_owned(),
        lessons,
        date: None,
        substitution: None,
    });
    each.collect()
}

fn shown(place: Place, lessons: &[String], substitution: Option<String>) -> Map<String, Json> {
    let (period, day, hour, kind, name, week, date) = place;
    let unless_empty = |text: String| (!text.is_empty()).then_some(Json::from(text));
    let parts = [
        ("kind", Some(json!(kind))),
        ("name", Some(json!(name))),
        ("period", unless_empty(period)),
        ("day", Some(json!(day))),
        ("hour", Some(json!(hour))),
        ("week", unless_empty(week)),
        ("lessons", Some(json!(lessons))),
        ("date", unless_empty(date)),
        ("substitution", substitution.map(Json::from)),
    ];
    parts.into_iter().filter_map(|(part, value)| Some((part.to_owned(), value?))).collect()
}

async fn clashes(
    pool: &PgPool,
    plan: &PlanId,
    period: Option<RecordId>,
    moment: Moment,
) -> Result<Vec<Clash>, sqlx::Error> {
    let lessons = those_then(pool, plan, Kind::Lessons, moment).await?;
    let periods = those_then(pool, plan, Kind::Periods, moment).await?;
    asked!(Clash, moment, fetch_all(pool);
        r#"select p.period_id as "period_id!", p.day as "day!", p.hour as "hour!", k.kind as "kind!", k.target_id as "target_id!",
            array_agg(p.lesson_id) as "lesson_ids!", array_agg(coalesce(p.week, '')) as "weeks!"
        from "# @hours "p" "$4::uuid[]" "$5::uuid[]" @met "m" "p" "
        cross join lateral (values ('class', m.class_id), ('teacher', m.teacher_id), ('room', m.room_id))
            as k (kind, target_id)
        where p.plan = $2 and ($3::uuid is null or p.period_id = $3) and p.day is not null and p.hour is not null
            and k.target_id is not null and " @"p" @now " and $4::uuid[] is null and $5::uuid[] is null" "
        group by p.period_id, p.day, p.hour, k.kind, k.target_id
        having count(distinct p.lesson_id) > 1";
        plan.to_string(), period.map(|period| period.0), lessons.as_deref(), periods.as_deref())
}

/// The lessons that meet: those of every week together, and for each week those that meet only in it, with the former.
fn weeks<'a>(met: impl Iterator<Item = (Uuid, &'a str)>) -> Vec<(&'a str, BTreeSet<Uuid>)> {
    let mut by_week: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for (lesson, week) in met {
        by_week.entry(week).or_default().insert(lesson);
    }
    let always = by_week.remove("").unwrap_or_default();
    let mut found = Vec::new();
    for (week, lessons) in by_week {
        let all: BTreeSet<Uuid> = lessons.union(&always).copied().collect();
        if all.len() > 1 && all != always {
            found.push((week, all));
        }
    }
    if always.len() > 1 {
        found.push(("", always));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lessons: &[(u128, &'static str)]) -> Vec<(String, Vec<u128>)> {
        weeks(lessons.iter().map(|(id, week)| (Uuid::from_u128(*id), *week)))
            .into_iter()
            .map(|(week, lessons)| (week.to_owned(), lessons.iter().map(Uuid::as_u128).collect()))
            .collect()
    }

    #[test]
    fn hours_of_different_weeks_do_not_meet() {
        assert_eq!(found(&[(1, "A"), (2, "B")]), []);
        assert_eq!(found(&[(1, "A"), (2, "A")]), [("A".to_owned(), vec![1, 2])]);
    }

    #[test]
    fn an_hour_without_a_week_meets_every_week() {
        assert_eq!(found(&[(1, ""), (2, "B")]), [("B".to_owned(), vec![1, 2])]);
        assert_eq!(found(&[(1, ""), (2, "")]), [(String::new(), vec![1, 2])]);
        let both = [("A".to_owned(), vec![1, 2, 3]), (String::new(), vec![1, 2])];
        assert_eq!(found(&[(1, ""), (2, ""), (3, "A")]), both);
    }
}
