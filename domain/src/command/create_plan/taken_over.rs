//! What a new plan takes over from the one that it starts from. Every record gets an id of its own, and references follow.

use chrono::{Months, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

use crate::command::write_record::sealed;
use crate::{
    Event, Field, FieldChange, FieldName, Fields, HourOf, Kind, Plan, Record, RecordChanged, RecordCreated,
    RecordId, SchoolYear, Value,
};

/// The ids of the new records by those of the old ones.
type Ids = HashMap<RecordId, RecordId>;

/// Everything, with the values for single periods.
pub(super) fn copy(source: &Plan, new_id: &mut dyn FnMut() -> Uuid) -> Vec<Event> {
    let records = in_order(source, |_| true);
    let ids: Ids = records.iter().map(|record| (record.id, RecordId(new_id()))).collect();
    let mut events = Vec::with_capacity(records.len());
    for record in &records {
        events.push(made(record, &record.fields, &ids).into());
        let Some(id) = ids.get(&record.id).copied() else { continue };
        for (revision, (period, fields)) in (2..).zip(&record.by_period) {
            let changes = sealed_fields(record.kind, id, fields, &ids)
                .map(|(field, value)| FieldChange { field, from: None, to: Some(value) })
                .collect();
            let period = ids.get(period).copied();
            events.push(
                RecordChanged { record: id, kind: record.kind, revision, period, changes, import: None }
                    .into(),
            );
        }
    }
    events
}

/// What still holds in a later year.
pub(super) fn new_year(
    source: &Plan,
    year: SchoolYear,
    period: RecordCreated,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Vec<Event> {
    let begins = source.id().map_or_else(|| year.begins(), |old| old.year.begins());
    let later = u32::try_from(year.begins() - begins).unwrap_or(0);
    let last = last_period(source);
    let records = in_order(source, |record| match record.kind {
        Kind::Periods => false,
        Kind::Placements => record.hour_of.is_some_and(|hour| Some(hour.period) == last),
        // They are of days that are over.
        Kind::Holidays | Kind::Absences | Kind::Substitutions => false,
        _ => true,
    });
    let mut ids: Ids = records.iter().map(|record| (record.id, RecordId(new_id()))).collect();
    ids.extend(last.map(|last| (last, period.record)));
    let mut events = Vec::with_capacity(records.len() + 1);
    events.push(period.into());
    for record in records {
        let fields = fields_in(record, last, later);
        events.push(made(record, &fields, &ids).into());
    }
    events
}

/// The period that ends last; of several the one that begins last.
fn last_period(plan: &Plan) -> Option<RecordId> {
    let dated =
        plan.records_of(Kind::Periods).filter_map(|period| Some((plan.period_dates(period.id)?, period.id)));
    dated.max_by_key(|((from, to), id)| (*to, *from, *id)).map(|(_, id)| id)
}

/// The records in the order of their kinds and names, so that the same plan is always copied in the same way.
fn in_order(plan: &Plan, is_taken: impl Fn(&Record) -> bool) -> Vec<&Arc<Record>> {
    let mut records: Vec<&Arc<Record>> = plan.records().filter(|record| is_taken(record)).collect();
    records.sort_by(|a, b| {
        let key = |record: &Record| (record.kind, record.hour_of);
        key(a).cmp(&key(b)).then_with(|| a.name().cmp(&b.name()))
    });
    records
}

/// The values that hold in a period, first and last days so many years later.
fn fields_in(record: &Record, period: Option<RecordId>, later: u32) -> Fields {
    let dated = matches!(record.kind, Kind::Lessons | Kind::Classes);
    let shifted = |field: &Field, value: &Value| match value.open() {
        Value::Date(date) if dated && matches!(field.name, "from" | "to") => {
            Value::Date(years_later(*date, later))
        }
        value => value.clone(),
    };
    let fields = record.kind.fields().iter();
    fields.filter_map(|field| Some((field.name, shifted(field, record.value(field.name, period)?)))).collect()
}

/// The same day so many years later; of 29 February the day before where there is none.
fn years_later(date: NaiveDate, years: u32) -> NaiveDate {
    date.checked_add_months(Months::new(years.saturating_mul(12))).unwrap_or(date)
}

fn made(record: &Record, fields: &Fields, ids: &Ids) -> RecordCreated {
    let new = |id: RecordId| ids.get(&id).copied().unwrap_or(id);
    let id = new(record.id);
    let hour_of =
        record.hour_of.map(|hour| HourOf { lesson: new(hour.lesson), period: new(hour.period), n: hour.n });
    let fields = sealed_fields(record.kind, id, fields, ids).collect::<BTreeMap<_, _>>();
    RecordCreated { record: id, kind: record.kind, revision: 1, hour_of, fields, import: None }
}

/// Fields as an event holds them, with the new records in place of the old ones. What refers to a record that is not taken over is
/// left out.
fn sealed_fields<'a>(
    kind: Kind,
    id: RecordId,
    fields: &'a Fields,
    ids: &'a Ids,
) -> impl Iterator<Item = (FieldName, Value)> + 'a {
    let renewed = |value: &Value| value.map(None, &mut |_, old, _| ids.get(old).copied().ok_or(())).ok();
    fields.iter().filter_map(move |(name, value)| {
        let value = renewed(value.open())?;
        Some((FieldName::Borrowed(*name), sealed(kind.field(name)?, id, value)))
    })
}
