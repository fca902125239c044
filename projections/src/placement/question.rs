//! What is asked about single placements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Fields, Kind, PlanId, Record, RecordId, Row, Value};
use serde_json::{Map, Value as Json};
use sqlx::PgPool;
use uuid::Uuid;

use super::PlacementRow;
use super::row::Columns;
use crate::Moment;
use crate::account::who_names;
use crate::asked::{Page, Paged, asked, changed_json, record_id, record_names, those_then};
use crate::who::who_text;

/// A placement, as it stood at the moment that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacementView {
    /// Which it is.
    pub id: RecordId,
    /// Counts its changes.
    pub revision: i64,
    /// The epoch of the last change; with the revision the value of its `ETag`.
    pub epoch: i64,
    /// `{id, revision, lesson, n, period, …fields…, changed: {by, at, position}}`.
    pub json: Map<String, Json>,
}

/// A row of its own.
struct OwnRow {
    owner_id: Uuid,
    class_id: Option<Uuid>,
    teacher_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    room_id: Option<Uuid>,
}

impl OwnRow {
    fn parts(&self) -> [(&'static str, Option<Uuid>); 4] {
        [
            ("class", self.class_id),
            ("teacher", self.teacher_id),
            ("subject", self.subject_id),
            ("room", self.room_id),
        ]
    }
}

/// One hour of a lesson in a period; nothing when it was not placed, or when there was no such lesson or period.
pub async fn placement(
    pool: &PgPool,
    plan: &PlanId,
    lesson: &str,
    period: &str,
    n: u32,
    moment: Moment,
) -> Result<Option<PlacementView>, sqlx::Error> {
    let before = i64::from(n) - 1;
    let page = Page { limit: 1, after: Some(before.to_string()) };
    let found = placements(pool, plan, lesson, period, moment, &page).await?;
    let n = n.to_string();
    Ok(found.and_then(|found| {
        found.items.into_iter().find(|view| view.json.get("id").and_then(Json::as_str) == Some(n.as_str()))
    }))
}

/// The hours of a lesson that are placed in a period, by number; nothing when there was no such lesson or period.
pub async fn placements(
    pool: &PgPool,
    plan: &PlanId,
    lesson: &str,
    period: &str,
    moment: Moment,
    page: &Page,
) -> Result<Option<Paged<PlacementView>>, sqlx::Error> {
    let Some(lesson) = record_id(pool, plan, Kind::Lessons, lesson, moment).await? else { return Ok(None) };
    let Some(period) = record_id(pool, plan, Kind::Periods, period, moment).await? else { return Ok(None) };
    let after: i32 = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let rows = asked!(Columns, moment, fetch_all(pool);
        "select p.placement_id, p.plan, p.lesson_id, p.period_id, p.n, p.day, p.hour, p.week, p.length, p.meeting_of,
            p.revision, p.epoch, p.who, p.changed_at, p.changed_position, p.valid_from
        from" @hours "p" "array[$2::uuid]" "array[$3::uuid]" "where p.lesson_id = $2 and p.period_id = $3 and p.n > $4
            and " @"p" " order by p.n limit $5";
        lesson.0, period.0, after, page.fetch())?;
    let rows = page.cut(rows, |row| row.n.to_string());
    let items = views(pool, rows.items, moment).await?;
    Ok(Some(Paged { items, next: rows.next }))
}

/// The rows that those of these hours have that do not meet as their lessons do.
async fn own_rows(pool: &PgPool, rows: &[Columns], moment: Moment) -> Result<Vec<OwnRow>, sqlx::Error> {
    let with_own: Vec<Uuid> =
        rows.iter().filter(|row| row.meeting_of == row.placement_id).map(|row| row.placement_id).collect();
    if with_own.is_empty() {
        return Ok(Vec::new());
    }
    asked!(OwnRow, moment, fetch_all(pool);
        "select m.owner_id, m.class_id, m.teacher_id, m.subject_id, m.room_id from "
            @now "meeting m where m.plan = $3 and m.owner_id = any ($2) and m.valid_to is null and $1::bigint is null"
            // The rows of an hour are a set that is true together: of then only the set of then is read.
            @then "unnest($2::uuid[]) k (owner_id) cross join lateral (select o.valid_from, o.valid_to from meeting o
                where o.owner_id = k.owner_id and o.period_id = '00000000-0000-0000-0000-000000000000' and o.ordinal = 0
                    and o.valid_from <= $1::bigint order by o.valid_from desc limit 1) met
            join meeting m on m.plan = $3 and m.owner_id = k.owner_id and m.valid_from = met.valid_from
            where met.valid_to is null or met.valid_to > $1::bigint"
        " order by m.owner_id, m.ordinal";
        &with_own, &rows[0].plan)
}

/// What these hours of lessons were, as the rules hold them.
pub(crate) async fn placements_by_id(
    pool: &PgPool,
    ids: &[Uuid],
    moment: Moment,
) -> Result<Vec<Record>, sqlx::Error> {
    let rows = asked!(Columns, moment, fetch_all(pool);
        "select p.placement_id, p.plan, p.lesson_id, p.period_id, p.n, p.day, p.hour, p.week, p.length, p.meeting_of,
            p.revision, p.epoch, p.who, p.changed_at, p.changed_position, p.valid_from
        " @ids "p" "placement" "placement_id" "$2"; ids)?;
    records(pool, rows, moment).await
}

/// All hours that are placed in a period, as the rules hold them, in no order.
pub(crate) async fn placements_in(
    pool: &PgPool,
    plan: &PlanId,
    period: RecordId,
    moment: Moment,
) -> Result<Vec<Record>, sqlx::Error> {
    let lessons = those_then(pool, plan, Kind::Lessons, moment).await?;
    let rows = asked!(Columns, moment, fetch_all(pool);
        "select p.placement_id, p.plan, p.lesson_id, p.period_id, p.n, p.day, p.hour, p.week, p.length, p.meeting_of,
            p.revision, p.epoch, p.who, p.changed_at, p.changed_position, p.valid_from
        from" @hours "p" "$4::uuid[]" "array[$3::uuid]" "where p.plan = $2 and p.period_id = $3 and " @"p"
            @now " and $4::uuid[] is null";
        plan.to_string(), period.0, lessons.as_deref())?;
    records(pool, rows, moment).await
}

/// Hours of lessons as the rules hold them.
async fn records(pool: &PgPool, rows: Vec<Columns>, moment: Moment) -> Result<Vec<Record>, sqlx::Error> {
    let of = |part: Option<Uuid>| part.map(RecordId);
    let mut own: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for it in own_rows(pool, &rows, moment).await? {
        let row = Row {
            class: of(it.class_id),
            teacher: of(it.teacher_id),
            subject: of(it.subject_id),
            room: of(it.room_id),
        };
        own.entry(it.owner_id).or_default().push(row);
    }
    let mut record = |row: Columns| {
        let id = RecordId(row.placement_id);
        let (row, mut fields) = (PlacementRow::from(row), Fields::new());
        let number = |number: Option<i32>| number.map(|it| Value::Number(it.into()));
        fields.extend(number(row.day).map(|day| ("day", day)));
        fields.extend(number(row.hour).map(|hour| ("hour", hour)));
        fields.extend(row.week.as_deref().map(|week| ("week", Value::Text(week.into()))));
        fields.extend(number(row.length).map(|length| ("length", length)));
        if row.own_rows {
            let rows = own.remove(&id.0).unwrap_or_default();
            fields.insert("rows", Value::Rows(rows.into()));
        }
        let (revision, epoch) = (u64::try_from(row.revision).unwrap_or_default(), row.epoch);
        Record {
            id,
            kind: Kind::Placements,
            hour_of: Some(row.hour_of),
            revision,
            epoch,
            fields,
            by_period: BTreeMap::new(),
        }
    };
    Ok(rows.into_iter().map(&mut record).collect())
}

async fn views(pool: &PgPool, rows: Vec<Columns>, moment: Moment) -> Result<Vec<PlacementView>, sqlx::Error> {
    let own = own_rows(pool, &rows, moment).await?;
    let mut referred: BTreeSet<RecordId> =
        rows.iter().flat_map(|row| [row.lesson_id, row.period_id]).map(RecordId).collect();
    for row in &own {
        referred.extend(row.parts().into_iter().filter_map(|(_, id)| id).map(RecordId));
    }
    let names = record_names(pool, &referred, moment).await?;
    let people = who_names(pool, rows.iter().map(|row| row.who.as_str()), moment).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = RecordId(row.placement_id);
            view(id, &row.into(), &own, &names, &people)
        })
        .collect())
}

fn view(
    id: RecordId,
    row: &PlacementRow,
    own: &[OwnRow],
    names: &HashMap<RecordId, String>,
    people: &HashMap<String, String>,
) -> PlacementView {
    let name = |id: RecordId| Json::from(names.get(&id).cloned().unwrap_or_else(|| id.to_string()));
    let mut json = Map::new();
    json.insert("id".into(), row.hour_of.n.to_string().into());
    json.insert("revision".into(), row.revision.into());
    json.insert("lesson".into(), name(row.hour_of.lesson));
    json.insert("n".into(), row.hour_of.n.into());
    json.insert("period".into(), name(row.hour_of.period));
    let number = |number: Option<i32>| number.map(Json::from);
    let fields = [
        ("day", number(row.day)),
        ("hour", number(row.hour)),
        ("week", row.week.as_deref().map(Json::from)),
        ("length", number(row.length)),
    ];
    for (field, value) in fields {
        if let Some(value) = value {
            json.insert(field.into(), value);
        }
    }
    if row.own_rows {
        let rows = own.iter().filter(|own| own.owner_id == id.0).map(|own| {
            own.parts()
                .into_iter()
                .filter_map(|(part, id)| Some((part.to_owned(), name(RecordId(id?)))))
                .collect()
        });
        json.insert("rows".into(), Json::Array(rows.map(Json::Object).collect()));
    }
    let by = people.get(&who_text(row.who)).map_or("", String::as_str);
    json.insert("changed".into(), changed_json(by, row.at, row.epoch, row.position));
    PlacementView { id, revision: row.revision, epoch: row.epoch, json }
}
