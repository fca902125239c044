//! From JSON to values and back.

use chrono::NaiveDate;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

use crate::{Coupling, Field, FieldFault, Form, Hour, Kind, ROWS_MAX, Row, Value, name_fault};

/// What a request wants a field to be; `None` unsets it.
pub type Wanted = (&'static Field, Option<Value<String>>);

/// Reads the fields of a record of `kind` from a JSON object, without looking at any other record.
///
/// Unknown fields, wrong types and values out of bounds are faults, with JSON pointers. `null` unsets.
/// `room` of a placement is taken by the caller before.
pub fn read_fields(kind: Kind, object: &Map<String, Json>) -> Result<Vec<Wanted>, Vec<FieldFault>> {
    read_fields_of(kind.fields(), &format!("{kind} have no field of this name"), object)
}

/// The same of the fields of a table that belongs to no kind; `no_such_field` is the sentence that tells of an unknown one.
pub fn read_fields_of(
    fields: &'static [Field],
    no_such_field: &str,
    object: &Map<String, Json>,
) -> Result<Vec<Wanted>, Vec<FieldFault>> {
    let mut wanted = Vec::with_capacity(object.len());
    let mut faults = Vec::new();
    for (name, json) in object {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            faults.push(FieldFault::new(pointer, no_such_field));
            continue;
        };
        if json.is_null() {
            if field.form == Form::Name {
                faults.push(FieldFault::new(pointer, "a record has a name"));
            } else {
                wanted.push((field, None));
            }
            continue;
        }
        match read_value(field.form, json) {
            Ok(value) => wanted.push((field, value)),
            Err((below, detail)) => faults.push(FieldFault::new(format!("{pointer}{below}"), detail)),
        }
    }
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}

type Misread = (String, String);

fn misread<T>(detail: &str) -> Result<T, Misread> {
    Err((String::new(), detail.to_owned()))
}

/// Reads one value. `None` for one that says "unset" in another way (an empty list).
fn read_value(form: Form, json: &Json) -> Result<Option<Value<String>>, Misread> {
    Ok(Some(match form {
        Form::Name => Value::Text(read_name(json)?.into()),
        Form::Words(max) => Value::Text(read_words(json, max)?.into()),
        Form::Word(words) => match json.as_str().filter(|word| words.contains(word)) {
            Some(word) => Value::Text(word.into()),
            None => return misread(&format!("one of the words {} belongs here", words.join(", "))),
        },
        Form::Number(min, max) => match json.as_i64().filter(|n| (min..=max).contains(n)) {
            Some(number) => Value::Number(number),
            None => return misread(&format!("a whole number from {min} to {max} belongs here")),
        },
        Form::Decimal(max) => read_decimal(json, max)?,
        Form::Date => Value::Date(read_date(json)?),
        Form::Flag => match json.as_bool() {
            Some(flag) => Value::Flag(flag),
            None => return misread("true or false belongs here"),
        },
        Form::Reference(_) | Form::ReferenceOf(_) => Value::Reference(read_name(json)?),
        Form::References(_) => {
            let names = read_names(json)?;
            return Ok((!names.is_empty()).then_some(Value::References(names)));
        }
        Form::Couplings => {
            let list = read_list(json, read_part::<Coupling<String>>)?;
            for (index, coupling) in list.iter().enumerate() {
                let names = [&coupling.class, &coupling.teacher, &coupling.subject, &coupling.room];
                check_names(index, names)?;
                if coupling.student_group.as_deref().is_some_and(|g| words_fault(g, 100).is_some()) {
                    return Err((
                        format!("/{index}/student_group"),
                        "a text of at most 100 characters without control characters belongs here".into(),
                    ));
                }
            }
            return Ok((!list.is_empty()).then(|| Value::Couplings(list.into())));
        }
        Form::Rows => {
            let list = read_list(json, read_part::<Row<String>>)?;
            for (index, row) in list.iter().enumerate() {
                check_names(index, [&row.class, &row.teacher, &row.subject, &row.room])?;
            }
            return Ok((!list.is_empty()).then(|| Value::Rows(list.into())));
        }
        Form::Days => Value::Days(read_days(json)?),
        Form::Hours => Value::Hours(read_hours(json)?),
    }))
}

fn read_name(json: &Json) -> Result<String, Misread> {
    let Some(name) = json.as_str() else { return misread("a name, as a text, belongs here") };
    match name_fault(name) {
        None => Ok(name.to_owned()),
        Some(fault) => misread(fault),
    }
}

fn read_names(json: &Json) -> Result<Vec<String>, Misread> {
    let names = read_list(json, |item| read_name(item).map_err(|(_, detail)| detail))?;
    match (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        Some(twice) => Err((format!("/{twice}"), "each name once".to_owned())),
        None => Ok(names),
    }
}

fn words_fault(text: &str, max: usize) -> Option<String> {
    if text.chars().count() > max {
        return Some(format!("a text has at most {max} characters here"));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    text.chars().any(control).then(|| "a text has no control characters".to_owned())
}

fn read_words(json: &Json, max: usize) -> Result<&str, Misread> {
    let Some(text) = json.as_str() else { return misread("a text belongs here") };
    match words_fault(text, max) {
        None => Ok(text),
        Some(fault) => Err((String::new(), fault)),
    }
}

fn read_decimal(json: &Json, max: i64) -> Result<Value<String>, Misread> {
    let fault = || misread(&format!("a number from 0 to {max} with at most five decimals belongs here"));
    let Some(number) = json.as_number() else { return fault() };
    match decimal(&number.to_string(), max) {
        Some(text) => Ok(Value::Decimal(text)),
        None => fault(),
    }
}

/// A decimal number in its one spelling (`23.000` is `23`), or nothing when it is none between 0 and `max`.
pub fn decimal(text: &str, max: i64) -> Option<Arc<str>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || whole.len() > 9 || !digits(whole) || !digits(fraction) || fraction.len() > 5 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    if whole > max || (whole == max && !fraction.is_empty()) {
        return None;
    }
    Some(if fraction.is_empty() { whole.to_string().into() } else { format!("{whole}.{fraction}").into() })
}

fn read_date(json: &Json) -> Result<NaiveDate, Misread> {
    let date = json.as_str().filter(|text| text.len() == 10);
    match date.and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()) {
        Some(date) => Ok(date),
        None => misread("a date, written YYYY-MM-DD, belongs here"),
    }
}

fn read_list<T>(json: &Json, read: impl Fn(&Json) -> Result<T, String>) -> Result<Vec<T>, Misread> {
    let Some(items) = json.as_array() else { return misread("a list belongs here") };
    if items.len() > ROWS_MAX {
        return misread(&format!("a list has at most {ROWS_MAX} items here"));
    }
    items.iter().enumerate().map(|(index, item)| read(item).map_err(|d| (format!("/{index}"), d))).collect()
}

fn read_part<T: serde::de::DeserializeOwned>(json: &Json) -> Result<T, String> {
    T::deserialize(json).map_err(|error| error.to_string())
}

fn check_names(index: usize, names: [&Option<String>; 4]) -> Result<(), Misread> {
    for (part, name) in ["class", "teacher", "subject", "room"].into_iter().zip(names) {
        if let Some(fault) = name.as_deref().and_then(name_fault) {
            return Err((format!("/{index}/{part}"), fault.to_owned()));
        }
    }
    Ok(())
}

fn read_days(json: &Json) -> Result<Vec<u8>, Misread> {
    let days: Vec<u8> = read_list(json, |item| {
        let day = item.as_u64().and_then(|day| u8::try_from(day).ok());
        day.filter(|day| (1..=7).contains(day)).ok_or_else(|| "a day from 1 to 7 belongs here".to_owned())
    })?;
    if days.is_empty() || !days.is_sorted_by(|a, b| a < b) {
        return misread("at least one day, each once and in order, belongs here");
    }
    Ok(days)
}

fn read_hours(json: &Json) -> Result<Vec<Hour>, Misread> {
    let hours = read_list(json, read_part::<Hour>)?;
    if hours.is_empty() || hours.len() > 100 {
        return misread("1 to 100 hours belong here");
    }
    let mut last_end = None;
    for (index, hour) in hours.iter().enumerate() {
        if hour.hour as usize != index + 1 {
            return Err((format!("/{index}/hour"), "hours are numbered from 1 without gaps".into()));
        }
        let clock = [&hour.from, &hour.to].map(|time| time.as_deref().map(clock_minutes));
        if clock.contains(&Some(None)) {
            return Err((format!("/{index}"), "clock times are written HH:MM".into()));
        }
        if let [Some(Some(from)), Some(Some(to))] = clock
            && from >= to
        {
            return Err((format!("/{index}/to"), "an hour ends after it begins".into()));
        }
        let [from, to] = clock.map(Option::flatten);
        if from.or(to).is_some_and(|begins| last_end.is_some_and(|end| begins < end)) {
            return Err((format!("/{index}"), "an hour begins when the one before it has ended".into()));
        }
        last_end = to.or(from).or(last_end);
    }
    Ok(hours)
}

fn clock_minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str, max: u32| -> Option<u32> {
        if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        part.parse().ok().filter(|n| *n < max)
    };
    Some(two(hours, 24)? * 60 + two(minutes, 60)?)
}

/// The JSON of a value whose references are names.
pub fn value_json(value: &Value<String>) -> Json {
    match value.open() {
        Value::Text(text) => Json::from(text.as_ref()),
        Value::Number(number) => Json::from(*number),
        Value::Decimal(text) => {
            text.parse::<serde_json::Number>().map_or_else(|_| Json::from(text.as_ref()), Json::Number)
        }
        Value::Date(date) => Json::from(date.to_string()),
        Value::Flag(flag) => Json::from(*flag),
        Value::Reference(name) => Json::from(name.as_str()),
        Value::References(names) => Json::from(names.clone()),
        Value::Couplings(list) => serde_json::to_value(list.as_ref()).unwrap_or_default(),
        Value::Rows(list) => serde_json::to_value(list.as_ref()).unwrap_or_default(),
        Value::Days(days) => Json::from(days.clone()),
        Value::Hours(hours) => serde_json::to_value(hours).unwrap_or_default(),
        Value::Personal(_) => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: Kind, json: &Json) -> Result<Vec<Wanted>, Vec<FieldFault>> {
        read_fields(kind, json.as_object().unwrap())
    }

    #[test]
    fn every_fault_of_a_body_is_told_with_its_place() {
        let body = json!({"long_name": 5, "colour": "red", "week_target": -1, "department": " x"});
        let pointers: Vec<String> =
            read(Kind::Teachers, &body).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/long_name", "/colour", "/week_target", "/department"]);
    }

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(decimal("23.000", 100).as_deref(), Some("23"));
        assert_eq!(decimal("0.50", 100).as_deref(), Some("0.5"));
        assert_eq!(decimal("100.1", 100), None);
        assert_eq!(decimal("1e3", 100), None);
    }

    #[test]
    fn couplings_take_names_and_nothing_unknown() {
        let good = json!({"couplings": [{"class": "5a", "teacher": "GAUSS"}]});
        assert!(read(Kind::Lessons, &good).is_ok());
        let bad = json!({"couplings": [{"class": "5a"}, {"klass": "5b"}]});
        assert_eq!(read(Kind::Lessons, &bad).unwrap_err()[0].pointer, "/couplings/1");
    }

    #[test]
    fn hours_are_numbered_without_gaps() {
        let gap = json!({"hours": [{"hour": 1}, {"hour": 3}]});
        assert_eq!(read(Kind::TimeGrid, &gap).unwrap_err()[0].pointer, "/hours/1/hour");
    }
}
