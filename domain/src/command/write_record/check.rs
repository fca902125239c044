//! What must be true of a record besides the forms of its fields.

use super::dated::Dated;
use crate::command::write_record::{Target, WriteRecord};
use crate::{
    Field, FieldFault, Fields, Form, HourOf, Kind, Plan, Record, RecordId, Refusal, RefusalCode, Value, whom,
};
use serde_json::json;
use std::borrow::Cow;

impl WriteRecord {
    /// Everything that is answered with 422 after the record's own state allowed the change, and 409 `exists`.
    pub(super) fn check_rules(
        &self,
        plan: &Plan,
        there: Option<&std::sync::Arc<Record>>,
        hour_of: Option<HourOf>,
        period: Option<RecordId>,
        after: &Fields,
        mut faults: Vec<FieldFault>,
    ) -> Result<(), Refusal> {
        let kind = self.target.kind();
        if period.is_some() && after.contains_key("id") {
            faults.push(FieldFault::new("/id", "a name holds in all periods"));
        }
        let there_now = there.map(AsRef::as_ref);
        for after in each_period(there_now, period, after) {
            Dated { plan, kind, there: there_now, after: &after }.check(&mut faults);
            if !faults.is_empty() {
                break;
            }
        }
        if let Some(hour_of) = hour_of {
            check_placement(plan, hour_of, after, &mut faults);
        }
        if !faults.is_empty() {
            return Err(Refusal::invalid(&faults));
        }
        let name = after.get("id").and_then(Value::text);
        if let Some(name) = name
            && let Some(other) = plan.named(kind, name)
            && there.is_none_or(|there| there.id != other.id)
        {
            let members = json!({ "record": plan.subject_of(other) });
            return Err(Refusal::with(RefusalCode::Exists, members));
        }
        Ok(())
    }
}

/// The fields as they are to hold: plan-wide and, where the record has values for periods, in each of those; for a change of one
/// period only there.
fn each_period<'a>(
    there: Option<&'a Record>,
    period: Option<RecordId>,
    after: &'a Fields,
) -> Vec<Cow<'a, Fields>> {
    let over = |below: &Fields, above: &Fields| {
        let mut fields = below.clone();
        fields.extend(above.iter().map(|(name, value)| (*name, value.clone())));
        Cow::Owned(fields)
    };
    match (there, period) {
        (Some(record), Some(_)) => vec![over(&record.fields, after)],
        (Some(record), None) => {
            let own = record.by_period.values().map(|own| over(after, own));
            std::iter::once(Cow::Borrowed(after)).chain(own).collect()
        }
        (None, _) => vec![Cow::Borrowed(after)],
    }
}

/// What is wrong with a record that is to stand as it once stood already: only what hangs on other records can be, and what several
/// changes make of it together.
pub(in crate::command) fn check_standing(plan: &Plan, record: &Record, faults: &mut Vec<FieldFault>) {
    // Which days a period shares with others hangs on those: it is judged as if it were new.
    let bare = Record { fields: Fields::new(), ..record.clone() };
    let there = if record.kind == Kind::Periods { &bare } else { record };
    for after in each_period(Some(record), None, &record.fields) {
        let kind = record.kind;
        Dated { plan, kind, there: Some(there), after: &after }.check(faults);
        Dated { plan, kind, there: None, after: &after }.check_grid(faults);
        if !faults.is_empty() {
            break;
        }
    }
}

/// The references of a value by id; what the plan does not know is a fault.
///
/// `after` are the fields beside it as they are to be: one of them may say what kind of record is meant.
pub(in crate::command) fn resolve(
    plan: &Plan,
    field: &Field,
    value: &Value<String>,
    after: &Fields,
) -> Result<Value, Vec<FieldFault>> {
    let kind = match field.form {
        Form::Reference(kind) | Form::References(kind) => Some(kind),
        Form::ReferenceOf(other) => after.get(other).and_then(Value::text).and_then(whom),
        _ => None,
    };
    let mut faults = Vec::new();
    let resolved: Result<Value, std::convert::Infallible> = value.map(kind, &mut |kind, name, below| {
        let found = kind.and_then(|kind| plan.named(kind, name));
        if found.is_none() {
            let what = kind.map_or("record", singular);
            faults.push(FieldFault::new(
                format!("/{}{below}", field.name),
                format!("the plan has no {what} {name:?}"),
            ));
        }
        Ok(found.map_or(RecordId(uuid::Uuid::nil()), |record| record.id))
    });
    match resolved {
        Ok(value) if faults.is_empty() => Ok(value),
        _ => Err(faults),
    }
}

fn singular(kind: Kind) -> &'static str {
    match kind {
        Kind::Classes => "class",
        kind => kind.word().trim_end_matches('s'),
    }
}

/// The period of that name, or 422.
pub(super) fn period_named(plan: &Plan, name: &str) -> Result<RecordId, Refusal> {
    plan.named(Kind::Periods, name)
        .map(|period| period.id)
        .ok_or_else(|| Refusal::fault("/query/period", format!("the plan has no period {name:?}")))
}

/// The first number above all names that are numbers.
pub(super) fn next_number(plan: &Plan, kind: Kind) -> String {
    let highest =
        plan.records_of(kind).filter_map(|record| record.name()?.parse::<u64>().ok()).max().unwrap_or(0);
    (highest + 1).to_string()
}

pub(in crate::command) fn check_placement(
    plan: &Plan,
    hour_of: HourOf,
    after: &Fields,
    faults: &mut Vec<FieldFault>,
) {
    let lesson = plan.record(hour_of.lesson);
    let hours = lesson.and_then(|lesson| lesson.number("hours_per_week", Some(hour_of.period))).unwrap_or(0);
    if hour_of.n == 0 || i64::from(hour_of.n) > hours {
        let detail = format!("the lesson has {hours} hours a week; n counts them from 1");
        faults.push(FieldFault::new("/n", detail));
    }
    for field in ["day", "hour"] {
        if !after.contains_key(field) {
            faults.push(FieldFault::new(format!("/{field}"), "a placement has a day and an hour"));
        }
    }
    let Some(grid) = plan.singleton(Kind::TimeGrid) else { return };
    if let (Some(day), Some(Value::Days(days))) =
        (after.get("day").and_then(Value::number), grid.fields.get("days"))
        && !days.iter().any(|it| i64::from(*it) == day)
    {
        faults.push(FieldFault::new("/day", format!("the time grid has no day {day}")));
    }
    if let (Some(hour), Some(Value::Hours(hours))) =
        (after.get("hour").and_then(Value::number), grid.fields.get("hours"))
        && !hours.iter().any(|it| i64::from(it.hour) == hour)
    {
        faults.push(FieldFault::new("/hour", format!("the time grid has no hour {hour}")));
    }
}

impl Target {
    /// How the target is called in a path below the plan.
    pub fn path(&self) -> String {
        match self {
            Target::Named(kind, name) => format!("{kind}/{name}"),
            Target::New(kind) | Target::Singleton(kind) => kind.word().to_owned(),
            Target::Hour { lesson, n } => format!("lessons/{lesson}/placements/{n}"),
        }
    }
}
