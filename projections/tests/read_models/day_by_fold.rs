//! The day as it really is, by the rules' own fold: written down once more, slowly and without a database.

use chrono::{Datelike, NaiveDate};
use domain::calendar::date as date_of;
use domain::{Kind, Plan, Record, RecordId, Row, Value};

const NOBODY: Row = Row { class: None, teacher: None, subject: None, room: None };

/// A row with its lesson.
#[derive(Clone)]
struct Met {
    lesson: Option<RecordId>,
    row: Row,
}

#[derive(Clone)]
struct Line {
    before: Option<Met>,
    now: Met,
    mark: &'static str,
    by: String,
}

/// All rows of a date as `hour lesson class teacher room mark substitution`, sorted.
pub fn day_by_fold(fold: &Plan, date: NaiveDate) -> Vec<String> {
    let name = |id: Option<RecordId>| id.and_then(|id| fold.name_of(id)).unwrap_or_else(|| "-".into());
    let mut lines = Vec::new();
    for hour in 1..=4 {
        for Line { now, mark, by, .. } in hour_by_fold(fold, date, hour) {
            let Row { class, teacher, room, .. } = now.row;
            let [class, teacher, room] = [class, teacher, room].map(name);
            lines.push(format!("{hour} {} {class} {teacher} {room} {mark} {by}", name(now.lesson)));
        }
    }
    lines.sort();
    lines
}

fn number(record: &Record, field: &str) -> Option<i64> {
    record.fields.get(field).and_then(Value::number)
}

fn one(record: &Record, field: &str) -> Option<RecordId> {
    match record.fields.get(field)? {
        Value::Reference(id) => Some(*id),
        other => panic!("{other:?}"),
    }
}

fn many(record: &Record, field: &str) -> Vec<RecordId> {
    match record.fields.get(field) {
        Some(Value::References(ids)) => ids.clone(),
        _ => Vec::new(),
    }
}

fn kind(record: &Record) -> &str {
    record.fields["kind"].text().expect("a kind")
}

fn there_on(record: &Record, period: RecordId, date: NaiveDate) -> bool {
    let day = |field| match record.value(field, Some(period)) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    };
    day("from").is_none_or(|from| from <= date) && day("to").is_none_or(|to| date <= to)
}

fn standing(fold: &Plan, date: NaiveDate, hour: i64) -> Vec<Met> {
    let spans = |it: &Record| date_of(&it.fields, "from").zip(date_of(&it.fields, "to"));
    if fold.records_of(Kind::Holidays).filter_map(|it| spans(it)).any(|(from, to)| from <= date && date <= to)
    {
        return Vec::new();
    }
    let Some(period) = fold.period_holding(date) else { return Vec::new() };
    let mut all = Vec::new();
    for placement in fold.records().filter(|it| it.kind == Kind::Placements) {
        let hour_of = placement.hour_of.expect("a placement");
        let day = Some(i64::from(date.weekday().number_from_monday()));
        let lesson = fold.record(hour_of.lesson).expect("a lesson");
        if hour_of.period != period
            || number(placement, "day") != day
            || number(placement, "hour") != Some(hour)
            || !there_on(lesson, period, date)
        {
            continue;
        }
        let mut rows = match placement.fields.get("rows") {
            Some(Value::Rows(rows)) => rows.to_vec(),
            _ => fold.lesson_rows(hour_of.lesson, period),
        };
        if rows.is_empty() {
            rows.push(NOBODY);
        }
        rows.retain(|row| {
            row.class.is_none_or(|class| there_on(fold.record(class).expect("a class"), period, date))
        });
        all.extend(rows.into_iter().map(|row| Met { lesson: Some(hour_of.lesson), row }));
    }
    all
}

/// Whether it names something that it is about, and the row fits all of that.
fn fits(by: &Record, met: &Met) -> bool {
    let (lesson, absent, classes) = (one(by, "lesson"), one(by, "absent_teacher"), many(by, "classes"));
    let adds = matches!(kind(by), "supervision" | "special-duty" | "plus");
    if lesson.is_none() && absent.is_none() && (classes.is_empty() || adds) {
        return false;
    }
    (lesson.is_none() || lesson == met.lesson)
        && (absent.is_none() || absent == met.row.teacher)
        && (classes.is_empty() || met.row.class.is_some_and(|class| classes.contains(&class)))
}

fn hour_by_fold(fold: &Plan, date: NaiveDate, hour: i64) -> Vec<Line> {
    let mut all: Vec<&Record> = fold.records_of(Kind::Substitutions).map(AsRef::as_ref).collect();
    all.sort_by_key(|it| it.name().and_then(|name| name.parse::<u64>().ok()));
    let place = |it: &Record, day: &str, hour: &str| date_of(&it.fields, day).zip(number(it, hour));
    let mut lines: Vec<Line> = Vec::new();
    for met in standing(fold, date, hour) {
        lines.push(Line { before: Some(met.clone()), now: met, mark: "", by: String::new() });
    }
    for by in
        all.iter().filter(|it| kind(it) == "move" && place(it, "to_date", "to_hour") == Some((date, hour)))
    {
        let (from, at) = place(by, "date", "hour").expect("a place");
        if (from, at) == (date, hour) {
            continue;
        }
        for met in standing(fold, from, at).into_iter().filter(|met| fits(by, met)) {
            let mut now = met.clone();
            now.row.teacher = one(by, "teacher").or(now.row.teacher);
            now.row.room = one(by, "room").or(now.row.room);
            let by = by.name().expect("a name").to_owned();
            lines.push(Line { before: Some(met), now, mark: "moved-here", by });
        }
    }
    for by in all.into_iter().filter(|it| place(it, "date", "hour") == Some((date, hour))) {
        apply(&mut lines, by, place(by, "to_date", "to_hour") == Some((date, hour)));
    }
    lines
}

fn apply(lines: &mut Vec<Line>, by: &Record, came: bool) {
    let name = by.name().expect("a name").to_owned();
    let (does, teacher, room, others) =
        (kind(by), one(by, "teacher"), one(by, "room"), many(by, "cover_classes"));
    let changed = |row: &Row| Row {
        teacher: teacher.or(if one(by, "absent_teacher").is_some() { None } else { row.teacher }),
        room: room.or(row.room),
        ..row.clone()
    };
    let mut touched: Vec<Line> = Vec::new();
    let mut more: Vec<Line> = Vec::new();
    for line in lines.iter_mut() {
        let gone = ["cancelled", "moved-away"].contains(&line.mark);
        let arrived = line.mark == "moved-here";
        let Some(before) = line.before.clone() else { continue };
        let as_arrived =
            Met { row: Row { teacher: line.now.row.teacher, ..before.row.clone() }, ..before.clone() };
        if came
            || gone
            || does == "move" && arrived
            || !(fits(by, &before) || arrived && fits(by, &as_arrived))
        {
            continue;
        }
        let was = line.clone();
        match does {
            "cancel" | "release" => (line.mark, line.by) = ("cancelled", name.clone()),
            "move" => (line.mark, line.by) = ("moved-away", name.clone()),
            "room" => {
                line.now.row.room = room.or(line.now.row.room);
                if line.mark.is_empty() {
                    (line.mark, line.by) = ("room", name.clone());
                }
            }
            "plus" => {
                let now = Met { row: Row { teacher, ..changed(&line.now.row) }, lesson: line.now.lesson };
                if !touched.iter().any(|it: &Line| it.now.row.class == line.now.row.class) {
                    more.push(Line { before: None, now, mark: "covered", by: name.clone() });
                }
            }
            _ if line.now.row.class.is_some_and(|class| !others.is_empty() && !others.contains(&class)) => {
                (line.mark, line.by) = ("cancelled", name.clone());
            }
            _ if line.mark == "covered" && teacher.is_some() => {
                let mut second = line.clone();
                second.now.row = changed(&second.now.row);
                second.by = name.clone();
                more.push(second);
            }
            _ => {
                line.now.row = changed(&line.now.row);
                (line.mark, line.by) = ("covered", name.clone());
            }
        }
        touched.push(was);
    }
    lines.extend(more);
    let alone = one(by, "lesson").is_none()
        && one(by, "absent_teacher").is_none()
        && (["supervision", "special-duty", "plus"].contains(&does)
            || ["cover", "partial"].contains(&does) && many(by, "classes").is_empty());
    if came || touched.is_empty() && (alone || does == "special-duty") {
        let classes = if others.is_empty() { many(by, "classes") } else { others };
        let classes = if classes.is_empty() { vec![None] } else { classes.into_iter().map(Some).collect() };
        for class in classes {
            let teacher = teacher.or(if came { one(by, "absent_teacher") } else { None });
            let now = Met { lesson: one(by, "lesson"), row: Row { class, teacher, room, ..NOBODY } };
            let mark = if came { "moved-here" } else { "covered" };
            lines.push(Line { before: None, now, mark, by: name.clone() });
        }
        return;
    }
    if ["cover", "partial", "supervision", "special-duty"].contains(&does) && !touched.is_empty() {
        for class in
            others.into_iter().filter(|class| !touched.iter().any(|it| it.now.row.class == Some(*class)))
        {
            let first = &touched[0].now;
            let mut row = changed(&first.row);
            row.class = Some(class);
            lines.push(Line {
                before: None,
                now: Met { lesson: first.lesson, row },
                mark: "covered",
                by: name.clone(),
            });
        }
    }
}
