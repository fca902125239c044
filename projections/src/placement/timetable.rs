//! The timetable of a class, a teacher, a room, or of everybody.

use domain::{Kind, PlanId, RecordId};
use serde_json::{Map, Value as Json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::{Page, Paged, asked, record_id, those_then};

/// Whose timetable, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimetableOf {
    /// Everybody's.
    All,
    /// Of a class.
    Class(String),
    /// Of a teacher.
    Teacher(String),
    /// Of a room.
    Room(String),
}

impl TimetableOf {
    /// The kind and name of whose it is; nothing for everybody's.
    pub(crate) fn named(&self) -> Option<(Kind, &str)> {
        match self {
            Self::All => None,
            Self::Class(name) => Some((Kind::Classes, name)),
            Self::Teacher(name) => Some((Kind::Teachers, name)),
            Self::Room(name) => Some((Kind::Rooms, name)),
        }
    }
}

struct Item {
    day: i32,
    hour: i32,
    week: Option<String>,
    lesson: String,
    sort: String,
    n: i32,
    ordinal: i32,
    class: Option<String>,
    teacher: Option<String>,
    subject: Option<String>,
    room: Option<String>,
}

/// A row of a timetable, as a cursor: behind which the next page goes on.
type Cursor = (i32, i32, String, String, String, i32, i32);

/// The timetable of these placements, with one more condition on them.
macro_rules! timetable_items {
    ($pool:expr, $moment:expr, [$($placements:tt)*] [$($condition:tt)*]; $($argument:expr),*) => {
        asked!(Item, $moment, fetch_all($pool);
            r#"select p.day as "day!", p.hour as "hour!", p.week, l.name as "lesson!", l.sort as "sort!", p.n as "n!",
                coalesce(m.ordinal, 0) as "ordinal!", c.name as "class?", t.name as "teacher?", s.name as "subject?",
                r.name as "room?"
            from "# $($placements)* @join "l" "record" "l.record_id = p.lesson_id" @met "m" "p"
            @left "c" "record" "c.record_id = m.class_id" @left "t" "record" "t.record_id = m.teacher_id"
            @left "s" "record" "s.record_id = m.subject_id" @left "r" "record" "r.record_id = m.room_id" "
            where p.plan = $2 and p.period_id = $3 and p.day is not null and p.hour is not null and " @"p" "
                and ($4::text is null or coalesce(p.week, '') in ('', $4::text))
                and ($5::uuid is null or $5::uuid in (m.class_id, m.teacher_id, m.room_id))
                and (p.day, p.hour, l.sort, coalesce(c.name, ''), coalesce(t.name, ''), p.n, coalesce(m.ordinal, 0))
                    > ($6::int, $7::int, $8::text, $9::text, $10::text, $11::int, $12::int)"
            $($condition)* "
            order by p.day, p.hour, l.sort, coalesce(c.name, ''), coalesce(t.name, ''), p.n, coalesce(m.ordinal, 0)
            limit $13";
            $($argument),*)
    };
}

/// Who meets whom when in a period: one item for every row of every placement, by day, hour, lesson (those that are called by
/// numbers by those), class, teacher. A placement without rows of its own has those of its lesson's couplings, the period's
/// own ones where it has some; one of a lesson without couplings shows in everybody's timetable only.
///
/// `week` asks for one week: what has that week, and what has none. Nothing when a name is not there.
pub async fn timetable(
    pool: &PgPool,
    plan: &PlanId,
    of: &TimetableOf,
    period: &str,
    week: Option<&str>,
    moment: Moment,
    page: &Page,
) -> Result<Paged<Map<String, Json>>, sqlx::Error> {
    let Some(period_id) = record_id(pool, plan, Kind::Periods, period, moment).await? else {
        return Ok(Paged::nothing());
    };
    let mut wanted = None;
    if let Some((kind, name)) = of.named() {
        let Some(id) = record_id(pool, plan, kind, name, moment).await? else { return Ok(Paged::nothing()) };
        wanted = Some((kind, id));
    }
    // Of now the owners of meetings, of then lessons; nothing for everybody's timetable of now.
    let among = match (moment, wanted) {
        (Moment::Now, None) => None,
        (Moment::Now, Some((kind, id))) => Some(owners(pool, kind, id).await?),
        (Moment::AsOf(position), Some((kind, id))) => Some(lessons_then(pool, kind, id, position).await?),
        (Moment::AsOf(_), None) => those_then(pool, plan, Kind::Lessons, moment).await?,
    };
    let after = page.after.as_deref().and_then(|after| serde_json::from_str::<Cursor>(after).ok());
    let (day, hour, lesson, class, teacher, n, ordinal) = after.unwrap_or_default();
    let (plan, wanted, most) = (plan.to_string(), wanted.map(|(_, id)| id.0), page.fetch());
    // Two texts: only the one that always has something to look among can use the index of that.
    let items = if let Some(among) = &among {
        timetable_items!(pool, moment,
            [@hours "p" "$14::uuid[]" "array[$3::uuid]"] [@now " and p.meeting_of = any ($14::uuid[])"];
            plan, period_id.0, week, wanted, day, hour, lesson, class, teacher, n, ordinal, most, among)?
    } else {
        timetable_items!(pool, moment, ["placement p"] [];
            plan, period_id.0, week, wanted, day, hour, lesson, class, teacher, n, ordinal, most)?
    };
    Ok(page.cut(items, cursor).map(|item| json(item, period)))
}

/// The lessons and placements that somebody or something has a part in.
async fn owners(pool: &PgPool, kind: Kind, id: RecordId) -> Result<Vec<Uuid>, sqlx::Error> {
    macro_rules! owners_where {
        ($where:literal) => {
            sqlx::query_scalar!(
                "select distinct owner_id from meeting where valid_to is null and " + $where,
                id.0
            )
            .fetch_all(pool)
            .await
        };
    }
    match kind {
        Kind::Classes => owners_where!("class_id = $1"),
        Kind::Teachers => owners_where!("teacher_id = $1"),
        _ => owners_where!("room_id = $1"),
    }
}

/// The lessons in whose hours somebody or something had a part.
async fn lessons_then(
    pool: &PgPool,
    kind: Kind,
    id: RecordId,
    position: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    macro_rules! lessons_where {
        ($part:literal) => {
            sqlx::query_scalar!(
                r#"select distinct coalesce((select p.lesson_id from placement p where p.placement_id = o.owner_id limit 1),
                    o.owner_id) as "lesson_id!"
                from (select owner_id from meeting where valid_to is null and valid_from <= $2 and "#
                    + $part
                    + " = $1 union select owner_id from meeting where valid_to > $2 and valid_from <= $2 and "
                    + $part
                    + " = $1) o",
                id.0,
                position,
            )
            .fetch_all(pool)
            .await
        };
    }
    match kind {
        Kind::Classes => lessons_where!("class_id"),
        Kind::Teachers => lessons_where!("teacher_id"),
        _ => lessons_where!("room_id"),
    }
}

fn cursor(item: &Item) -> String {
    let part = |name: &Option<String>| name.clone().unwrap_or_default();
    let cursor: Cursor = (
        item.day,
        item.hour,
        item.sort.clone(),
        part(&item.class),
        part(&item.teacher),
        item.n,
        item.ordinal,
    );
    serde_json::to_string(&cursor).expect("numbers and texts")
}

fn json(item: Item, period: &str) -> Map<String, Json> {
    let parts = [
        ("period", Some(Json::from(period))),
        ("day", Some(item.day.into())),
        ("hour", Some(item.hour.into())),
        ("week", item.week.map(Json::from)),
        ("lesson", Some(item.lesson.into())),
        ("n", Some(item.n.into())),
        ("class", item.class.map(Json::from)),
        ("teacher", item.teacher.map(Json::from)),
        ("subject", item.subject.map(Json::from)),
        ("room", item.room.map(Json::from)),
    ];
    parts.into_iter().filter_map(|(part, value)| Some((part.to_owned(), value?))).collect()
}
