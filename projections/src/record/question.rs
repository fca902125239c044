//! What is asked about records.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::{Kind, PlanId, Record, RecordId};
use serde_json::{Map, Value as Json};
use sqlx::PgPool;
use uuid::Uuid;

use super::RecordRow;
use super::row::Columns;
use crate::Moment;
use crate::account::who_names;
use crate::asked::{Page, Paged, asked, changed_json, record_id, record_ids, record_names, sort_key};
use crate::who::who_text;

/// A record, as it stood at the moment that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// Which it is.
    pub id: RecordId,
    /// Counts its changes.
    pub revision: i64,
    /// The epoch of the last change; with the revision the value of its `ETag`.
    pub epoch: i64,
    /// `{id, revision, …fields…, changed: {by, at, position}}`, with `period_fields` when a period was asked for.
    pub json: Map<String, Json>,
}

/// Which records of a kind are asked for; all that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// A part of the name or long name, in whatever case.
    pub q: Option<String>,
    /// The name of a class that they refer to.
    pub class: Option<String>,
    /// The name of a teacher.
    pub teacher: Option<String>,
    /// The name of a room.
    pub room: Option<String>,
    /// The name of a subject.
    pub subject: Option<String>,
    /// The name of a department.
    pub department: Option<String>,
    /// A day on which they hold: between `from` and `to`; a substitution, that it is from or to that day.
    pub date: Option<NaiveDate>,
}

impl RecordFilter {
    fn named(&self) -> Vec<(Kind, &str)> {
        [
            (Kind::Classes, &self.class),
            (Kind::Teachers, &self.teacher),
            (Kind::Rooms, &self.room),
            (Kind::Subjects, &self.subject),
            (Kind::Departments, &self.department),
        ]
        .into_iter()
        .filter_map(|(kind, name)| Some((kind, name.as_deref()?)))
        .collect()
    }
}

/// One record by its name, with the values of a period where it has some; nothing when there was none, or no such period.
pub async fn record(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    name: &str,
    period: Option<&str>,
    moment: Moment,
) -> Result<Option<RecordView>, sqlx::Error> {
    let Some(period) = period_asked(pool, plan, period, moment).await? else { return Ok(None) };
    one(pool, plan, kind, sort_key(kind, Some(name)), period, moment).await
}

/// The one record of a kind that has no names: time grid, school data.
pub async fn singleton(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    moment: Moment,
) -> Result<Option<RecordView>, sqlx::Error> {
    one(pool, plan, kind, sort_key(kind, None), None, moment).await
}

async fn one(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    sort: String,
    period: Option<RecordId>,
    moment: Moment,
) -> Result<Option<RecordView>, sqlx::Error> {
    let row = asked!(Columns, moment, fetch_optional(pool);
        r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
            r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
        "# @called "r" "$2" "$3" "$4";
        plan.to_string(), kind.word(), sort)?;
    Ok(views(pool, row.into_iter().collect(), period, moment).await?.pop())
}

/// The records of a kind, by name (lessons that are called by numbers by those); nothing when the filter or the period names
/// what is not there. `after` is the name of a record, whether it is still there or not.
pub async fn records(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    filter: &RecordFilter,
    period: Option<&str>,
    moment: Moment,
    page: &Page,
) -> Result<Paged<RecordView>, sqlx::Error> {
    let Some(period) = period_asked(pool, plan, period, moment).await? else { return Ok(Paged::nothing()) };
    let named = filter.named();
    let Some(targets) = record_ids(pool, plan, &named, moment).await? else { return Ok(Paged::nothing()) };
    // Two texts, because only the one that always has something to look for can use the index of references.
    let ids: Vec<Uuid> = targets.iter().map(|id| id.0).collect();
    let after = page.after.as_deref().map(|name| sort_key(kind, Some(name))).unwrap_or_default();
    let q = filter.q.as_ref().map(|q| q.to_lowercase());
    let rows = if let Some(date) = filter.date {
        asked!(Columns, moment, fetch_all(pool);
            r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
                r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
            "# @named "r" "$2" "$3" "$4" " and ($5::text is null or strpos(r.search, $5::text) > 0)
                and r.reference @> $7::uuid[] and r.day_from <= $8::date and r.day_to >= $8::date
                and (r.kind <> 'substitutions' or $8::date in (r.day_from, r.day_to))" @now " order by r.sort" " limit $6";
            plan.to_string(), kind.word(), after, q, page.fetch(), &ids, date)?
    } else if ids.is_empty() {
        asked!(Columns, moment, fetch_all(pool);
            r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
                r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
            "# @named "r" "$2" "$3" "$4" " and ($5::text is null or strpos(r.search, $5::text) > 0)" @now " order by r.sort"
            " limit $6";
            plan.to_string(), kind.word(), after, q, page.fetch())?
    } else {
        asked!(Columns, moment, fetch_all(pool);
            r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
                r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
            "# @named "r" "$2" "$3" "$4" " and ($5::text is null or strpos(r.search, $5::text) > 0)
                and r.reference @> $7::uuid[]" @now " order by r.sort" " limit $6";
            plan.to_string(), kind.word(), after, q, page.fetch(), &ids)?
    };
    let views = views(pool, rows, period, moment).await?;
    Ok(page.cut(views, |view| view.json.get("id").and_then(Json::as_str).unwrap_or_default().to_owned()))
}

/// All records of a kind that hold on a day, or all there are, in their order, as the rules hold them. A substitution holds on the
/// day that it is from and on the one that it is to.
pub(crate) async fn records_on(
    pool: &PgPool,
    plan: &PlanId,
    kind: Kind,
    day: Option<NaiveDate>,
    moment: Moment,
) -> Result<Vec<Record>, sqlx::Error> {
    let rows = if let Some(day) = day {
        asked!(Columns, moment, fetch_all(pool);
            r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
                r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
            "# @named "r" "$2" "$3" "''" " and r.day_from <= $4::date and r.day_to >= $4::date
                and (r.kind <> 'substitutions' or $4::date in (r.day_from, r.day_to)) order by r.sort";
            plan.to_string(), kind.word(), day)?
    } else {
        asked!(Columns, moment, fetch_all(pool);
            r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
                r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
            "# @named "r" "$2" "$3" "''" " order by r.sort";
            plan.to_string(), kind.word())?
    };
    rows.into_iter().map(|row| Ok(RecordRow::try_from(row)?.record)).collect()
}

/// What these records were, as the rules hold them.
pub(crate) async fn records_by_id(
    pool: &PgPool,
    ids: &[Uuid],
    moment: Moment,
) -> Result<Vec<Record>, sqlx::Error> {
    let rows = asked!(Columns, moment, fetch_all(pool);
        r#"select r.record_id, r.plan, r.kind, r.revision, r.epoch, r.fields as "fields!",
            r.by_period::text as by_period, r.who, r.changed_at, r.changed_position, r.valid_from
        "# @ids "r" "record" "record_id" "$2"; ids)?;
    rows.into_iter().map(|row| Ok(RecordRow::try_from(row)?.record)).collect()
}

/// The period that a question names; `None`: it names one that is not there.
async fn period_asked(
    pool: &PgPool,
    plan: &PlanId,
    period: Option<&str>,
    moment: Moment,
) -> Result<Option<Option<RecordId>>, sqlx::Error> {
    match period {
        None => Ok(Some(None)),
        Some(name) => Ok(record_id(pool, plan, Kind::Periods, name, moment).await?.map(Some)),
    }
}

async fn views(
    pool: &PgPool,
    rows: Vec<Columns>,
    period: Option<RecordId>,
    moment: Moment,
) -> Result<Vec<RecordView>, sqlx::Error> {
    let who: BTreeSet<String> = rows.iter().map(|row| row.who.clone()).collect();
    let rows: Vec<RecordRow> = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    let mut referred = BTreeSet::new();
    for row in &rows {
        row.record.references(|id| {
            referred.insert(id);
        });
    }
    let names = record_names(pool, &referred, moment).await?;
    let people = who_names(pool, who.iter().map(String::as_str), moment).await?;
    Ok(rows.iter().map(|row| view(row, period, &names, &people)).collect())
}

fn view(
    row: &RecordRow,
    period: Option<RecordId>,
    names: &HashMap<RecordId, String>,
    people: &HashMap<String, String>,
) -> RecordView {
    let record = &row.record;
    let mut json = Map::new();
    json.insert("id".into(), record.name().unwrap_or(record.kind.word()).into());
    json.insert("revision".into(), record.revision.into());
    json.extend(record.fields_json(period, |id| names.get(&id).cloned()));
    if let Some(period) = period {
        let own = record.by_period.get(&period);
        let all = record.kind.fields().iter().map(|field| field.name);
        let own: Vec<Json> =
            all.filter(|name| own.is_some_and(|own| own.contains_key(name))).map(Json::from).collect();
        json.insert("period_fields".into(), own.into());
    }
    let by = people.get(&who_text(row.who)).map_or("", String::as_str);
    json.insert("changed".into(), changed_json(by, row.at, record.epoch, row.position));
    RecordView {
        id: record.id,
        revision: i64::try_from(record.revision).unwrap_or(i64::MAX),
        epoch: record.epoch,
        json,
    }
}
