//! Collisions of one date: those that a substitution takes part in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::PlanId;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Collision, weeks};
use crate::Moment;
use crate::day::{DayRow, Days, Place, weekday};

/// All collisions of a date.
pub(super) async fn of_date(
    pool: &PgPool,
    plan: &PlanId,
    date: NaiveDate,
    moment: Moment,
) -> Result<Vec<Collision>, sqlx::Error> {
    let days = Days::one(pool, plan, date, moment).await?;
    Ok(days.hours_of(date).into_iter().flat_map(|hour| of_place(&days, (date, hour))).collect())
}

/// The collisions that substitutions take part in, in one period or in all.
pub(super) async fn of_substitutions(
    pool: &PgPool,
    plan: &PlanId,
    period: Option<Uuid>,
    moment: Moment,
) -> Result<Vec<Collision>, sqlx::Error> {
    let days = Days::substituted(pool, plan, moment).await?;
    let places: BTreeSet<Place> = days.substituted_places().collect();
    let all = places.into_iter().flat_map(|place| of_place(&days, place));
    let wanted = |it: &Collision| period.is_none() || it.period == period;
    Ok(all.filter(|it| it.substitution.is_some() && wanted(it)).collect())
}

/// Somebody or something in one row: what of (the lesson, or the substitution when there is none), in which week, by which
/// substitution.
struct Part {
    of: Uuid,
    is_lesson: bool,
    week: String,
    by: Option<Uuid>,
}

fn of_place(days: &Days, place: Place) -> Vec<Collision> {
    let mut parts: BTreeMap<(&'static str, Uuid), Vec<Part>> = BTreeMap::new();
    for row in days.rows(place).into_iter().filter(DayRow::takes_place) {
        let by = row.mark.map(|(_, by)| by);
        let Some(of) = row.meets.lesson.or(by) else { continue };
        let targets = [("class", row.meets.class), ("room", row.meets.room), ("teacher", row.meets.teacher)];
        for (kind, target) in targets {
            let Some(target) = target else { continue };
            let week = row.meets.week.clone().unwrap_or_default();
            let part = Part { of, is_lesson: row.meets.lesson.is_some(), week, by };
            parts.entry((kind, target)).or_default().push(part);
        }
    }
    let period = days.period_of(place.0).map(|(period, _)| period);
    let mut found = Vec::new();
    for ((kind, target), parts) in &parts {
        for (week, met) in weeks(parts.iter().map(|part| (part.of, part.week.as_str()))) {
            let then = |part: &&Part| met.contains(&part.of) && (part.week.is_empty() || part.week == week);
            let by = parts.iter().filter(then).filter_map(|part| part.by);
            found.push(Collision {
                period,
                day: weekday(place.0),
                hour: place.1,
                kind: (*kind).to_owned(),
                target: *target,
                week: week.to_owned(),
                lessons: parts.iter().filter(then).filter(|it| it.is_lesson).map(|it| it.of).collect(),
                date: Some(place.0),
                substitution: by.min_by_key(|by| days.order_of(*by)),
            });
        }
    }
    found
}
