//! The import of one department: its classes, teachers and rooms, the students of its classes, and the lessons in which
//! one of its classes or teachers is coupled, with their placements; the absences of all those, and the substitutions of its
//! lessons, teachers and classes. Subjects, holidays and reasons of absence belong to no department.

use std::collections::HashSet;

use crate::gpu::{GpuFiles, MASTERS, RecordRow, Table};
use crate::{Coupling, Kind, Plan, Record, RecordId, Value};

/// Whether there is such a department, before or after.
pub(super) fn is_known(name: &str, files: &GpuFiles, plan: &Plan) -> bool {
    let listed =
        files.master(Kind::Departments).is_some_and(|table| table.rows.iter().any(|row| row.name == name));
    listed || plan.named(Kind::Departments, name).is_some()
}

/// The rows of the files that belong to a department. Faults are those of all rows.
pub(super) fn only(name: &str, files: &GpuFiles, plan: &Plan) -> GpuFiles {
    let mut own = files.clone();
    let classes = members(name, Kind::Classes, files, plan);
    let teachers = members(name, Kind::Teachers, files, plan);
    let rooms = members(name, Kind::Rooms, files, plan);
    let has = |names: &HashSet<String>, name: &Option<String>| {
        name.as_ref().is_some_and(|name| names.contains(name))
    };
    for (master, table) in MASTERS.iter().zip(&mut own.masters) {
        let Some(table) = table else { continue };
        match master.kind {
            Kind::Classes => table.rows.retain(|row| classes.contains(&row.name)),
            Kind::Teachers => table.rows.retain(|row| teachers.contains(&row.name)),
            Kind::Rooms => table.rows.retain(|row| rooms.contains(&row.name)),
            Kind::Departments => table.rows.retain(|row| row.name == name),
            Kind::Students => table.rows.retain(|row| {
                referred(row, "class")
                    .or_else(|| student_class(plan, row))
                    .is_some_and(|it| classes.contains(&it))
            }),
            Kind::Absences => table.rows.retain(|row| {
                let names = match text(row, "of") {
                    Some("teacher") => &teachers,
                    Some("class") => &classes,
                    _ => &rooms,
                };
                has(names, &referred(row, "name"))
            }),
            // Substitutions follow when the lessons are known.
            Kind::Substitutions => {}
            _ => table.rows.clear(),
        }
    }
    let mut lessons: HashSet<u32> = HashSet::new();
    for row in files.lessons.iter().flat_map(|table| &table.rows) {
        if has(&classes, &row.class) || has(&teachers, &row.teacher) {
            lessons.insert(row.number);
        }
    }
    for row in files.timetable.iter().flat_map(|table| &table.rows) {
        let in_plan =
            || plan.named(Kind::Lessons, &row.number.to_string()).is_some_and(|it| owns(plan, name, it));
        if has(&classes, &row.class) || has(&teachers, &row.teacher) || in_plan() {
            lessons.insert(row.number);
        }
    }
    let is_own = |row: &RecordRow| {
        let lesson = referred(row, "lesson").and_then(|number| number.parse().ok());
        let of_files = lesson.is_some_and(|number| lessons.contains(&number));
        let of_plan = || lesson.and_then(|number| plan.named(Kind::Lessons, &number.to_string()));
        of_files
            || of_plan().is_some_and(|lesson| owns(plan, name, lesson))
            || has(&teachers, &referred(row, "absent_teacher"))
            || referred_list(row, "classes").iter().any(|class| classes.contains(class))
    };
    for (master, table) in MASTERS.iter().zip(&mut own.masters) {
        if master.kind == Kind::Substitutions {
            retain(table, is_own);
        }
    }
    retain(&mut own.lessons, |row| lessons.contains(&row.number));
    retain(&mut own.timetable, |row| lessons.contains(&row.number));
    own
}

/// Whether a record of the plan belongs to a department.
pub(super) fn owns(plan: &Plan, name: &str, record: &Record) -> bool {
    let Some(department) = plan.named(Kind::Departments, name).map(|record| record.id) else { return false };
    let is_own = |id: RecordId| {
        plan.record(id).is_some_and(|record| reference(record, "department") == Some(department))
    };
    match record.kind {
        Kind::Departments => record.id == department,
        Kind::Students => reference(record, "class").is_some_and(is_own),
        Kind::Lessons => match record.fields.get("couplings") {
            Some(Value::Couplings(couplings)) => couplings
                .iter()
                .flat_map(|Coupling { class, teacher, .. }| [class, teacher])
                .flatten()
                .any(|id| is_own(*id)),
            _ => false,
        },
        Kind::Absences => reference(record, "name").is_some_and(is_own),
        Kind::Substitutions => {
            let lesson = reference(record, "lesson").and_then(|lesson| plan.record(lesson));
            let classes = match record.fields.get("classes") {
                Some(Value::References(classes)) => classes.as_slice(),
                _ => &[],
            };
            lesson.is_some_and(|lesson| owns(plan, name, lesson))
                || reference(record, "absent_teacher").is_some_and(is_own)
                || classes.iter().any(|class| is_own(*class))
        }
        Kind::Placements => {
            let lesson = record.hour_of.and_then(|hour| plan.record(hour.lesson));
            lesson.is_some_and(|lesson| owns(plan, name, lesson))
        }
        _ => is_own(record.id),
    }
}

/// The names of the classes, teachers or rooms of a department: as the files say, else as the plan does.
fn members(name: &str, kind: Kind, files: &GpuFiles, plan: &Plan) -> HashSet<String> {
    let owned = plan.records_of(kind).filter(|record| owns(plan, name, record));
    let mut members: HashSet<String> = owned.filter_map(|record| record.name().map(str::to_owned)).collect();
    for row in files.master(kind).into_iter().flat_map(|table| &table.rows) {
        match referred(row, "department") {
            Some(department) if department == name => {
                members.insert(row.name.clone());
            }
            Some(_) => {
                members.remove(&row.name);
            }
            None => {}
        }
    }
    members
}

/// What a field of a row refers to.
fn referred(row: &RecordRow, field: &str) -> Option<String> {
    row.filled.iter().find(|filled| filled.field.name == field).and_then(|filled| match &filled.value {
        Value::Reference(name) => Some(name.clone()),
        _ => None,
    })
}

/// The names in a list of a row.
fn referred_list<'a>(row: &'a RecordRow, field: &str) -> &'a [String] {
    row.filled.iter().find(|filled| filled.field.name == field).map_or(&[], |filled| match &filled.value {
        Value::References(names) => names,
        _ => &[],
    })
}

/// The text in a field of a row.
fn text<'a>(row: &'a RecordRow, field: &str) -> Option<&'a str> {
    row.filled.iter().find(|filled| filled.field.name == field).and_then(|filled| filled.value.text())
}

fn student_class(plan: &Plan, row: &RecordRow) -> Option<String> {
    plan.name_of(reference(plan.named(Kind::Students, &row.name)?, "class")?)
}

fn reference(record: &Record, field: &str) -> Option<RecordId> {
    match record.fields.get(field)? {
        Value::Reference(id) => Some(*id),
        _ => None,
    }
}

fn retain<R>(table: &mut Option<Table<R>>, keep: impl Fn(&R) -> bool) {
    if let Some(table) = table {
        table.rows.retain(keep);
    }
}
