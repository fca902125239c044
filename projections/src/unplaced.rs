//! Hours of lessons that have no place yet.

use domain::{Kind, PlanId};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;

use crate::Moment;
use crate::asked::{Page, Paged, asked, record_id, those_then};

struct Item {
    lesson: String,
    sort: String,
    period: String,
    missing: i64,
}

/// The lessons that have fewer placements in a period than hours per week (the period's own number where it has one), by
/// lesson and period; of one period or of all. Nothing when there is no such period.
pub async fn unplaced(
    pool: &PgPool,
    plan: &PlanId,
    period: Option<&str>,
    moment: Moment,
    page: &Page,
) -> Result<Paged<Map<String, Json>>, sqlx::Error> {
    let mut wanted = None;
    if let Some(name) = period {
        wanted = record_id(pool, plan, Kind::Periods, name, moment).await?;
        if wanted.is_none() {
            return Ok(Paged::nothing());
        }
    }
    let after = page.after.as_deref().and_then(|after| serde_json::from_str::<(String, String)>(after).ok());
    let (after_lesson, after_period) = after.unwrap_or_default();
    let lessons = those_then(pool, plan, Kind::Lessons, moment).await?;
    let periods = those_then(pool, plan, Kind::Periods, moment).await?;
    let items = asked!(Item, moment, fetch_all(pool);
        r#"select l.name as "lesson!", l.sort as "sort!", q.name as "period!", w.hours - coalesce(h.placed, 0) as "missing!"
        from "# @now " record l cross join record q "
            @then "(select r.* from unnest($7::uuid[]) k (id) cross join lateral (select r.* from record r
                where r.record_id = k.id and r.valid_from <= $1::bigint order by r.valid_from desc limit 1) r) l
            cross join (select r.* from unnest($8::uuid[]) k (id) cross join lateral (select r.* from record r
                where r.record_id = k.id and r.valid_from <= $1::bigint order by r.valid_from desc limit 1) r) q" "
        cross join lateral (select coalesce(
            (l.by_period -> q.record_id::text -> 'hours_per_week' ->> 'number')::bigint,
            l.hours_per_week, 0) as hours) w
        left join (select p.lesson_id, p.period_id, count(*) as placed from " @hours "p" "$7::uuid[]" "$8::uuid[]" "
            where p.plan = $2 and ($3::uuid is null or p.period_id = $3) and " @"p" "
            group by p.lesson_id, p.period_id) h on h.lesson_id = l.record_id and h.period_id = q.record_id
        where l.plan = $2 and l.kind = 'lessons' and " @"l" "
            and q.plan = $2 and q.kind = 'periods' and ($3::uuid is null or q.record_id = $3) and " @"q" "
            and w.hours > coalesce(h.placed, 0) and (l.sort, q.name) > ($4::text, $5::text)"
            @now " and $7::uuid[] is null and $8::uuid[] is null" "
        order by l.sort, q.name limit $6";
        plan.to_string(), wanted.map(|period| period.0), after_lesson, after_period, page.fetch(), lessons.as_deref(), periods.as_deref())?;
    let cut = page.cut(items, |item| serde_json::to_string(&(&item.sort, &item.period)).expect("texts"));
    Ok(cut.map(|item| {
        let parts = [
            ("lesson", json!(item.lesson)),
            ("period", json!(item.period)),
            ("missing", json!(item.missing)),
        ];
        parts.into_iter().map(|(part, value)| (part.to_owned(), value)).collect()
    }))
}
