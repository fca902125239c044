//! The values of a record as an event holds them, and what differs between two states of it.

use crate::{
    Field, FieldChange, FieldFault, FieldName, Fields, HourOf, Kind, Personal, Plan, RecordId, Row, Value,
};

/// A value as an event holds it: marked when it is about a person.
pub fn sealed(field: &Field, record: RecordId, value: Value) -> Value {
    let of_person = field.personal;
    if of_person { Value::Personal(Personal { of: record.0, open: Box::new(value) }) } else { value }
}

/// What differs between two sets of fields, in the order of the table of fields, as an event holds it.
pub fn differences(
    kind: Kind,
    record: RecordId,
    before: Option<&Fields>,
    after: &Fields,
) -> Vec<FieldChange> {
    kind.fields()
        .iter()
        .filter_map(|field| {
            let from = before.and_then(|before| before.get(field.name));
            let to = after.get(field.name);
            (from != to).then(|| FieldChange {
                field: FieldName::Borrowed(field.name),
                from: from.map(|value| sealed(field, record, value.clone())),
                to: to.map(|value| sealed(field, record, value.clone())),
            })
        })
        .collect()
}

pub(super) fn same_but_rooms(from: Option<&Value>, to: Option<&Value>) -> bool {
    let (Some(Value::Rows(from)), Some(Value::Rows(to))) = (from, to) else { return false };
    let without = |row: &Row| Row { room: None, ..row.clone() };
    from.len() == to.len() && from.iter().zip(to.iter()).all(|(a, b)| without(a) == without(b))
}

/// Sets the room in all rows of a placement; one that has no rows of its own gets those of the lesson's couplings.
pub(crate) fn set_room(
    plan: &Plan,
    hour_of: HourOf,
    after: &mut Fields,
    room: Option<&str>,
    faults: &mut Vec<FieldFault>,
) {
    let room = match room.map(|name| plan.named(Kind::Rooms, name).ok_or(name)) {
        None => None,
        Some(Ok(room)) => Some(room.id),
        Some(Err(name)) => {
            faults.push(FieldFault::new("/room", format!("the plan has no room {name:?}")));
            return;
        }
    };
    let rows = match after.get("rows") {
        Some(Value::Rows(rows)) => rows.to_vec(),
        _ => plan.lesson_rows(hour_of.lesson, hour_of.period),
    };
    let rows: Vec<Row> = rows.into_iter().map(|row| Row { room, ..row }).collect();
    if !rows.is_empty() {
        after.insert("rows", Value::Rows(rows.into()));
    }
}
