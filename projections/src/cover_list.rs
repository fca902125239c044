//! What there is to cover on a day: its substitutions, and the hours that are still open with who could take them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::{Kind, PlanId, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::{Page, asked, record_names, sort_key};
use crate::day::{Absence, Days};
use crate::record::{RecordFilter, RecordView, records, records_on};

mod open;

use open::{Lacks, Open, open_hours};

/// The most teachers or rooms that are named for one open hour.
const FREE_MAX: usize = 500;

/// A page of what there is to cover: first substitutions, then open hours.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverList {
    /// Substitutions of the day, by number.
    pub substitutions: Vec<RecordView>,
    /// `{date, hour, week, lesson, n, of, absence, teacher, classes, subject, room, substitution, free, free_rooms}`, by hour
    /// and lesson.
    pub open: Vec<Map<String, Json>>,
    /// What the next page comes after; nothing at the end.
    pub next: Option<String>,
}

/// Hour, lesson, hour of the lesson, what it lacks, whose absence, substitution.
type OpenPlace = (i32, String, i32, String, String, String);

/// The last thing on a page.
#[derive(Serialize, Deserialize)]
enum Cursor {
    Substitution(String),
    Open(OpenPlace),
}

/// What there is to cover on a date. Whoever asks must be allowed to know who is absent.
pub async fn cover_list(
    pool: &PgPool,
    plan: &PlanId,
    date: NaiveDate,
    moment: Moment,
    page: &Page,
) -> Result<CoverList, sqlx::Error> {
    let after = page.after.as_deref().and_then(|after| serde_json::from_str::<Cursor>(after).ok());
    let next = |cursor: Cursor| Some(serde_json::to_string(&cursor).expect("numbers and texts"));
    let (mut substitutions, mut last) = (Vec::new(), None);
    if !matches!(after, Some(Cursor::Open(_))) {
        if let Some(Cursor::Substitution(name)) = &after {
            last = Some(name.clone());
        }
        let of_day = RecordFilter { date: Some(date), ..RecordFilter::default() };
        let page = Page { limit: page.limit, after: last.clone() };
        let found = records(pool, plan, Kind::Substitutions, &of_day, None, moment, &page).await?;
        if let Some(name) = found.next {
            let next = next(Cursor::Substitution(name));
            return Ok(CoverList { substitutions: found.items, open: Vec::new(), next });
        }
        let name = |view: &RecordView| view.json.get("id").and_then(Json::as_str).map(str::to_owned);
        last = found.items.last().and_then(name).or(last);
        substitutions = found.items;
    }
    let mut open = open_of_day(pool, plan, date, moment).await?;
    if let Some(Cursor::Open(after)) = after {
        open = open.split_off(&after);
        open.remove(&after);
    }
    let room = usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_sub(substitutions.len());
    let more = open.len() > room;
    let open: Vec<(OpenPlace, Map<String, Json>)> = open.into_iter().take(room).collect();
    let last = open.last().map(|(place, _)| Cursor::Open(place.clone())).or(last.map(Cursor::Substitution));
    let next = if more { last.and_then(next) } else { None };
    Ok(CoverList { substitutions, open: open.into_iter().map(|(_, item)| item).collect(), next })
}

struct Named {
    record_id: Uuid,
    name: String,
}

/// All teachers or rooms, by name.
async fn all_of(pool: &PgPool, plan: &PlanId, kind: Kind, moment: Moment) -> Result<Vec<Named>, sqlx::Error> {
    asked!(Named, moment, fetch_all(pool);
        r#"select r.record_id as "record_id!", coalesce(r.name, '') as "name!" "# @named "r" "$2" "$3" "''" " order by r.sort";
        plan.to_string(), kind.word())
}

async fn open_of_day(
    pool: &PgPool,
    plan: &PlanId,
    date: NaiveDate,
    moment: Moment,
) -> Result<BTreeMap<OpenPlace, Map<String, Json>>, sqlx::Error> {
    let records = records_on(pool, plan, Kind::Absences, Some(date), moment).await?;
    let absences: Vec<Absence> = records.iter().filter_map(Absence::of).collect();
    if absences.is_empty() {
        return Ok(BTreeMap::new());
    }
    let days = Days::one(pool, plan, date, moment).await?;
    let (open, taken) = open_hours(&days, date, &absences);
    if open.is_empty() {
        return Ok(BTreeMap::new());
    }
    let teachers = all_of(pool, plan, Kind::Teachers, moment).await?;
    let rooms = all_of(pool, plan, Kind::Rooms, moment).await?;
    let referred: BTreeSet<RecordId> = open.iter().flat_map(Open::references).map(RecordId).collect();
    let names = record_names(pool, &referred, moment).await?;
    // Who is free is the same for all that is open in an hour.
    let is_free = |id: Uuid, hour: i32| {
        !taken.contains(&(id, hour)) && !absences.iter().any(|it| it.of == id && it.holds((date, hour)))
    };
    let mut hours_of: HashMap<Uuid, usize> = HashMap::new();
    for (id, _) in &taken {
        *hours_of.entry(*id).or_default() += 1;
    }
    let free_teachers = |hour: i32| -> Vec<Json> {
        let free = teachers.iter().filter(|it| is_free(it.record_id, hour)).take(FREE_MAX);
        let hours = |id| hours_of.get(&id).copied().unwrap_or_default();
        free.map(|it| json!({"teacher": it.name, "hours": hours(it.record_id)})).collect()
    };
    let free_rooms = |hour: i32| -> Vec<&str> {
        let free = rooms.iter().filter(|it| is_free(it.record_id, hour)).take(FREE_MAX);
        free.map(|it| it.name.as_str()).collect()
    };
    let mut shown = BTreeMap::new();
    for it in &open {
        let mut item = described(it, date, &names);
        let free = if it.lacks == Lacks::Teacher { free_teachers(it.hour) } else { Vec::new() };
        item.insert("free".into(), free.into());
        if it.lacks == Lacks::Room {
            item.insert("free_rooms".into(), json!(free_rooms(it.hour)));
        }
        shown.insert(place(it, &item), item);
    }
    Ok(shown)
}

fn place(open: &Open, item: &Map<String, Json>) -> OpenPlace {
    let text = |name: &str| item.get(name).and_then(Json::as_str).unwrap_or_default();
    let lesson = item.get("lesson").and_then(Json::as_str);
    (
        open.hour,
        lesson.map(|lesson| sort_key(Kind::Lessons, Some(lesson))).unwrap_or_default(),
        open.n.unwrap_or_default(),
        open.lacks.word().to_owned(),
        format!("{} {}", text("teacher"), text("room")),
        sort_key(Kind::Substitutions, Some(text("substitution"))),
    )
}

fn described(open: &Open, date: NaiveDate, names: &HashMap<RecordId, String>) -> Map<String, Json> {
    let text = |id: Uuid| names.get(&RecordId(id)).cloned().unwrap_or_else(|| id.to_string());
    let name = |id: Option<Uuid>| id.map(|id| Json::from(text(id)));
    let mut classes: Vec<String> = open.classes.iter().map(|id| text(*id)).collect();
    classes.sort();
    let parts = [
        ("date", Some(json!(date))),
        ("hour", Some(json!(open.hour))),
        ("week", open.week.clone().map(Json::from)),
        ("lesson", name(open.lesson)),
        ("n", open.n.map(Json::from)),
        ("of", Some(json!(open.lacks.word()))),
        ("absence", name(Some(open.absence))),
        ("teacher", name(open.teacher)),
        ("classes", Some(json!(classes))),
        ("subject", name(open.subject)),
        ("room", name(open.room)),
        ("substitution", name(open.substitution)),
    ];
    parts.into_iter().filter_map(|(part, value)| Some((part.to_owned(), value?))).collect()
}
