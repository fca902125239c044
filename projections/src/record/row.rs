//! Rows of the table `record`: read, written.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Fields, Kind, Record, RecordId, Value};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

use super::RecordRow;
use crate::asked::sort_key;
use crate::copy::{CopyRows, Day, Json, Jsonb, Small};
use crate::versions::{Edge, Version};
use crate::who::{who_named, who_text};

/// The columns of the table, as far as a record is made of them.
pub(super) struct Columns {
    pub record_id: Uuid,
    pub plan: String,
    pub kind: String,
    pub revision: i64,
    pub epoch: i64,
    pub fields: String,
    pub by_period: Option<String>,
    pub who: String,
    pub changed_at: DateTime<Utc>,
    pub changed_position: i64,
    pub valid_from: i64,
}

impl TryFrom<Columns> for RecordRow {
    type Error = sqlx::Error;

    fn try_from(columns: Columns) -> Result<Self, Self::Error> {
        let kind: Kind = columns.kind.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let by_period = match &columns.by_period {
            None => BTreeMap::new(),
            Some(text) => read::<BTreeMap<RecordId, BTreeMap<String, Value>>>(text)?
                .into_iter()
                .map(|(period, fields)| (period, known(kind, fields)))
                .collect(),
        };
        let record = Record {
            id: RecordId(columns.record_id),
            kind,
            hour_of: None,
            revision: u64::try_from(columns.revision).unwrap_or_default(),
            epoch: columns.epoch,
            fields: known(kind, read(&columns.fields)?),
            by_period,
        };
        Ok(RecordRow {
            plan: columns.plan.into(),
            record,
            who: who_named(&columns.who),
            at: columns.changed_at,
            position: columns.changed_position,
            named_at: 0,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn known(kind: Kind, fields: BTreeMap<String, Value>) -> Fields {
    fields.into_iter().filter_map(|(name, value)| Some((kind.field(&name)?.name, value))).collect()
}

/// The rows that are true now, each with the position from which on.
pub(super) async fn load(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, RecordRow, i64)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Columns,
        r#"select record_id, plan, kind, revision, epoch, fields, by_period::text as by_period, who,
            changed_at, changed_position, valid_from
        from record where record_id = any ($1) and valid_to is null"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|columns| {
            let (id, from) = (columns.record_id, columns.valid_from);
            Ok((id, columns.try_into()?, from))
        })
        .collect()
}

/// The columns of new rows, one array each.
#[derive(Default)]
struct Arrays {
    record_id: Vec<Uuid>,
    plan: Vec<Arc<str>>,
    kind: Vec<&'static str>,
    name: Vec<Option<String>>,
    sort: Vec<String>,
    named: Vec<bool>,
    search: Vec<String>,
    revision: Vec<i64>,
    epoch: Vec<i64>,
    fields: Vec<String>,
    by_period: Vec<Option<String>>,
    hours_per_week: Vec<Option<i64>>,
    reference: Vec<String>,
    day_from: Vec<Option<NaiveDate>>,
    day_to: Vec<Option<NaiveDate>>,
    who: Vec<String>,
    changed_at: Vec<DateTime<Utc>>,
    changed_position: Vec<i64>,
    valid_from: Vec<i64>,
    valid_to: Vec<Option<i64>>,
}

/// Name and long name, for whoever looks for a part of them.
fn search(record: &Record) -> Small<'_> {
    let long_name = record.fields.get("long_name").and_then(Value::text).unwrap_or_default();
    Small(record.name().unwrap_or_default(), long_name)
}

fn by_period(record: &Record) -> Option<String> {
    (!record.by_period.is_empty())
        .then(|| serde_json::to_string(&record.by_period).expect("periods are written as text"))
}

/// The hours of a lesson, as far as all periods share them.
fn hours_per_week(record: &Record) -> Option<i64> {
    if record.kind == Kind::Lessons { record.number("hours_per_week", None) } else { None }
}

impl Arrays {
    fn push(&mut self, version: &Version<RecordRow>) {
        let RecordRow { plan, record, who, at, position, named_at } = &version.row;
        self.record_id.push(version.id);
        self.plan.push(Arc::clone(plan));
        self.kind.push(record.kind.word());
        self.name.push(record.name().map(str::to_owned));
        self.sort.push(sort_key(record.kind, record.name()));
        self.named.push(*named_at == version.from.position);
        self.search.push(search(record).text());
        self.revision.push(i64::try_from(record.revision).unwrap_or(i64::MAX));
        self.epoch.push(record.epoch);
        self.fields.push(serde_json::to_string(&record.fields).expect("values have text keys"));
        self.by_period.push(by_period(record));
        self.hours_per_week.push(hours_per_week(record));
        self.reference.push(references(record));
        let (day_from, day_to) = days(record);
        self.day_from.push(day_from);
        self.day_to.push(day_to);
        self.who.push(who_text(*who));
        self.changed_at.push(*at);
        self.changed_position.push(*position);
        self.valid_from.push(version.from.position);
        self.valid_to.push(version.to.map(|to| to.position));
    }
}

/// The days on which a record holds; open on a side where it names none.
fn days(record: &Record) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let (mut from, mut to, mut date, mut to_date) = (None, None, None, None);
    // In one walk: most records have no dates, and every row of them is asked.
    for (name, value) in &record.fields {
        let Value::Date(day) = value.open() else { continue };
        match *name {
            "from" => from = Some(*day),
            "to" => to = Some(*day),
            "date" => date = Some(*day),
            "to_date" => to_date = Some(*day),
            _ => {}
        }
    }
    if record.kind == Kind::Substitutions {
        let other = to_date.or(date);
        return (date.min(other), date.max(other));
    }
    (from, to)
}

fn referred(record: &Record) -> Vec<Uuid> {
    let mut all: Vec<Uuid> = Vec::new();
    record.references(|id| all.push(id.0));
    all.sort_unstable();
    all.dedup();
    all
}

/// As PostgreSQL writes an array, because `unnest` takes no arrays of arrays of different lengths.
fn references(record: &Record) -> String {
    let all = referred(record);
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("{{{}}}", all.join(","))
}

/// Ends rows of the table, then adds the new ones.
pub(super) async fn write(
    connection: &mut PgConnection,
    closed: &[(Uuid, Edge)],
    new: &[Version<RecordRow>],
) -> Result<(), sqlx::Error> {
    if !closed.is_empty() {
        sqlx::query!(
            "update record set valid_to = e.position from unnest($1::uuid[], $2::bigint[]) as e (record_id, position)
            where record.record_id = e.record_id and record.valid_to is null",
            &closed.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            &closed.iter().map(|(_, edge)| edge.position).collect::<Vec<_>>(),
        )
        .execute(&mut *connection)
        .await?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let mut rows = Arrays::default();
    for version in new {
        rows.push(version);
    }
    sqlx::query!(
        "insert into record (record_id, plan, kind, name, sort, named, search, revision, epoch, fields, by_period,
            hours_per_week, reference, day_from, day_to, who, changed_at, changed_position, valid_from, valid_to)
        select r.record_id, r.plan, r.kind, r.name, r.sort, r.named, r.search, r.revision, r.epoch, r.fields,
            r.by_period::jsonb, r.hours_per_week, r.reference::uuid[], coalesce(r.day_from, '-infinity'),
            coalesce(r.day_to, 'infinity'), r.who, r.changed_at, r.changed_position, r.valid_from, r.valid_to
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[],
            $16::bigint[], $17::date[], $18::date[], $19::boolean[], $20::bigint[])
            as r (record_id, plan, kind, name, sort, search, revision, epoch, fields, by_period, reference, who,
                changed_at, changed_position, valid_from, valid_to, day_from, day_to, named,
                hours_per_week)",
        &rows.record_id,
        &rows.plan.iter().map(AsRef::as_ref).collect::<Vec<&str>>() as _,
        &rows.kind as _,
        &rows.name as _,
        &rows.sort,
        &rows.search,
        &rows.revision,
        &rows.epoch,
        &rows.fields,
        &rows.by_period as _,
        &rows.reference,
        &rows.who,
        &rows.changed_at,
        &rows.changed_position,
        &rows.valid_from,
        &rows.valid_to as _,
        &rows.day_from as _,
        &rows.day_to as _,
        &rows.named,
        &rows.hours_per_week as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// The same row, on its way into an empty table; the columns as [`super::filled`] names them.
pub(super) fn copied(rows: &mut CopyRows, version: &Version<RecordRow>) {
    let RecordRow { plan, record, who, at, position, named_at } = &version.row;
    let (day_from, day_to) = days(record);
    rows.row([
        &version.id,
        &plan.as_ref(),
        &record.kind.word(),
        &record.name(),
        &sort_key(record.kind, record.name()),
        &(*named_at == version.from.position),
        &search(record),
        &i64::try_from(record.revision).unwrap_or(i64::MAX),
        &record.epoch,
        &Json(&record.fields),
        &by_period(record).map(Jsonb),
        &hours_per_week(record),
        &referred(record),
        &day_from.map_or(Day::BeforeAll, Day::On),
        &day_to.map_or(Day::AfterAll, Day::On),
        who,
        at,
        position,
        &version.from.position,
        &version.to.map(|to| to.position),
    ]);
}
