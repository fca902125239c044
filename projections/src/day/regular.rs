//! Rows of the regular timetable.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{Kind, PlanId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::{asked, those_then};

/// Period, day of the week, hour.
pub(crate) type Cell = (Uuid, i32, i32);

/// Who meets whom where in which hour of a lesson.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meets {
    /// The lesson; none for a duty outside lessons.
    pub lesson: Option<Uuid>,
    /// Which hour of the lesson.
    pub n: Option<i32>,
    /// The week that the placement is for; none for every week.
    pub week: Option<String>,
    /// Which row of the placement.
    pub ordinal: i32,
    pub class: Option<Uuid>,
    pub teacher: Option<Uuid>,
    pub subject: Option<Uuid>,
    pub room: Option<Uuid>,
}

/// A row of a placement, and the dates on which both its lesson and its class are there.
pub(super) struct Regular {
    pub cell: Cell,
    pub meets: Meets,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Regular {
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| to >= date)
    }
}

struct Row {
    period_id: Uuid,
    day: i32,
    hour: i32,
    week: Option<String>,
    lesson_id: Uuid,
    n: i32,
    ordinal: i32,
    class_id: Option<Uuid>,
    teacher_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    room_id: Option<Uuid>,
    day_from: Option<NaiveDate>,
    day_to: Option<NaiveDate>,
}

impl From<Row> for Regular {
    fn from(row: Row) -> Self {
        let meets = Meets {
            lesson: Some(row.lesson_id),
            n: Some(row.n),
            week: row.week,
            ordinal: row.ordinal,
            class: row.class_id,
            teacher: row.teacher_id,
            subject: row.subject_id,
            room: row.room_id,
        };
        Self { cell: (row.period_id, row.day, row.hour), meets, from: row.day_from, to: row.day_to }
    }
}

/// The rows of the placements in these cells, hour 0 being every hour of the day. A lesson without couplings has one row that
/// names nobody.
pub(super) async fn regular(
    pool: &PgPool,
    plan: &PlanId,
    cells: &BTreeSet<Cell>,
    moment: Moment,
) -> Result<Vec<Regular>, sqlx::Error> {
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    let periods: Vec<Uuid> = cells.iter().map(|cell| cell.0).collect();
    let days: Vec<i32> = cells.iter().map(|cell| cell.1).collect();
    let hours: Vec<i32> = cells.iter().map(|cell| cell.2).collect();
    let lessons = those_then(pool, plan, Kind::Lessons, moment).await?;
    let rows = asked!(Row, moment, fetch_all(pool);
        r#"select p.period_id as "period_id!", p.day as "day!", p.hour as "hour!", p.week, p.lesson_id as "lesson_id!", p.n as "n!",
            coalesce(m.ordinal, 0) as "ordinal!", m.class_id as "class_id?", m.teacher_id as "teacher_id?",
            m.subject_id as "subject_id?", m.room_id as "room_id?",
            nullif(greatest(coalesce((l.by_period -> p.period_id::text -> 'from' ->> 'date')::date, l.day_from),
                coalesce((c.by_period -> p.period_id::text -> 'from' ->> 'date')::date, c.day_from)), '-infinity') as day_from,
            nullif(least(coalesce((l.by_period -> p.period_id::text -> 'to' ->> 'date')::date, l.day_to),
                coalesce((c.by_period -> p.period_id::text -> 'to' ->> 'date')::date, c.day_to)), 'infinity') as day_to
        from unnest($3::uuid[], $4::int[], $5::int[]) as w (period_id, day, hour)
        join "# @hours "p" "$6::uuid[]" "array(select distinct unnest($3::uuid[]))" "on p.plan = $2 and p.period_id = w.period_id
            and p.day = w.day and (w.hour = 0 or p.hour = w.hour) and p.hour is not null and " @"p"
            @now " and $6::uuid[] is null "
            @join "l" "record" "l.plan = $2 and l.kind = 'lessons' and l.record_id = p.lesson_id"
            @met "m" "p"
            @left "c" "record" "c.plan = $2 and c.kind = 'classes' and c.record_id = m.class_id";
        plan.to_string(), &periods, &days, &hours, lessons.as_deref())?;
    Ok(rows.into_iter().map(Regular::from).collect())
}
