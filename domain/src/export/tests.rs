use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::path::Path;
use uuid::Uuid;

use super::*;
use crate::command::Precondition;
use crate::command::remove_record::RemoveRecord;
use crate::command::testing::{Desk, PLAN};
use crate::command::write_record::{How, Target, WriteRecord};
use crate::import::tests::office::Office;
use crate::import::{ImportFiles, ImportMode};
use crate::{Event, Mode, Refusal, SessionId};

fn exported(plan: &Plan) -> Vec<ExportedFile> {
    files(plan, plan.named(Kind::Periods, "1").unwrap().id, &FILES)
}

fn read(files: &[ExportedFile]) -> crate::gpu::GpuFiles {
    let files: Vec<_> = files.iter().map(|it| (it.name.clone(), it.text.as_bytes().to_vec())).collect();
    crate::gpu::read(&files)
}

/// What importing files changes in a plan.
fn imported(plan: &Plan, files: &[ExportedFile], mode: ImportMode) -> Vec<Event> {
    let import = ImportFiles { mode, ..Office::new().import(read(files)) };
    let mut last = 1_u128 << 100;
    let mut new_id = || {
        last += 1;
        Uuid::from_u128(last)
    };
    let outcome = import.work_out(plan, plan.named(Kind::Periods, "1").unwrap().id, &mut new_id);
    outcome.unwrap_or_else(|faults| panic!("{faults:?}\n{files:#?}")).events
}

/// The laws of an export: it is imported again without a change, and into an empty plan so that it is exported again in the same bytes.
fn check_laws(plan: &Plan) {
    let files = exported(plan);
    for mode in [ImportMode::Merge, ImportMode::Replace] {
        assert_eq!(imported(plan, &files, mode), [], "{mode:?} {files:#?}");
    }
    let mut empty = Office::new();
    let import = empty.import(read(&files));
    empty.done(&import);
    for (again, file) in exported(empty.desk.plan()).iter().zip(&files) {
        assert_eq!(again.text, file.text, "{}", file.name);
    }
    assert!(files.iter().all(|file| file.left_out.is_empty()));
}

/// The GPU files of a folder.
fn folder(folder: &Path) -> crate::gpu::GpuFiles {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name.starts_with("GPU"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    crate::gpu::read(&files)
}

#[test]
fn the_sample_school_and_real_ones_are_imported_again_without_a_change() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("../../shared/data");
    let real = ["gpu-fi-wp-06", "gpu-au-te-99", "gpu-fi-pb-98"].map(|set| data.join(set));
    for school in std::iter::once(root.join("../demo/gpu")).chain(real) {
        if !school.exists() {
            println!("skipped: {} is not there", school.display());
            continue;
        }
        let mut office = Office::new();
        let import = office.import(folder(&school));
        assert!(!office.done(&import).is_empty());
        check_laws(office.desk.plan());
    }
}

#[test]
fn files_are_named_by_their_numbers() {
    for (name, number) in
        [("GPU001", Some(1)), ("gpu018", Some(18)), ("GPU008", None), ("GPU1", None), ("001", None)]
    {
        assert_eq!(number_named(name), number, "{name}");
    }
    assert!(FILES.iter().all(|number| number_named(&format!("GPU{number:03}")) == Some(*number)));
}

#[test]
fn every_field_has_a_column_or_is_listed_as_one_that_has_none() {
    use crate::gpu::write::FIELDS_WITHOUT_COLUMN;
    use crate::gpu::{LESSON_COLUMNS, MASTERS};
    for number in FILES.into_iter().filter(|number| *number > 1) {
        let kind = kind_of(number).unwrap();
        let columns: Vec<&str> = match MASTERS.iter().find(|master| master.number == number) {
            Some(master) => master.columns.iter().map(|(_, field)| *field).collect(),
            None => LESSON_COLUMNS
                .iter()
                .map(|(_, field)| *field)
                .chain(["hours_per_week", "couplings"])
                .collect(),
        };
        for field in kind.fields().iter().filter(|field| field.name != "id") {
            let bits = kind == Kind::Substitutions && field.name == "kind";
            let listed = FIELDS_WITHOUT_COLUMN.contains(&(kind, field.name));
            assert_eq!(columns.contains(&field.name) || bits, !listed, "{kind} {}", field.name);
        }
    }
}

/// Somebody who may do everything, in a plan of his own.
struct Adam {
    desk: Desk,
    session: SessionId,
}

impl Adam {
    fn new() -> Adam {
        let mut desk = Desk::with_plan();
        let session = desk.log_in_with("adam", Some(Mode::Cover));
        Adam { desk, session }
    }

    fn put(&mut self, target: Target, fields: &Json) -> Result<Vec<Event>, Refusal> {
        let body = crate::read_fields(target.kind(), fields.as_object().unwrap());
        let write = WriteRecord {
            plan: PLAN.parse().unwrap(),
            target,
            how: How::Put,
            body: body.map_err(|faults| Refusal::invalid(&faults)),
            room: None,
            period: None,
            precondition: Precondition::Absent,
            lock: None,
            disjoint: false,
        };
        self.desk.try_as(self.desk.user("adam"), Some(self.session), &write)
    }

    fn named(&mut self, kind: Kind, name: &str, fields: &Json) -> Result<Vec<Event>, Refusal> {
        self.put(Target::Named(kind, name.to_owned()), fields)
    }
}

#[test]
fn a_move_keeps_its_place_and_a_list_its_names_when_their_rows_come_again() {
    let mut adam = Adam::new();
    for class in ["5a", "a~b"] {
        adam.named(Kind::Classes, class, &json!({})).unwrap();
    }
    adam.named(Kind::Lessons, "7", &json!({ "hours_per_week": 1 })).unwrap();
    let moved = json!({
        "date": "2026-11-23", "hour": 1, "kind": "move", "lesson": "7", "to_date": "2026-11-24", "to_hour": 2,
        "classes": ["5a", "a~b"], "text": " next day " });
    adam.named(Kind::Substitutions, "1", &moved).unwrap();
    let files = exported(adam.desk.plan());
    assert_eq!(files[10].text, "\"1\";20261123;1;;\"7\";;;;;;;;;;;;\"next day\";8\r\n");
    for mode in [ImportMode::Merge, ImportMode::Replace] {
        assert_eq!(imported(adam.desk.plan(), &files, mode), []);
    }
    // Moved from another place, nothing is known of where it is now.
    let other = ExportedFile { text: files[10].text.replace("20261123", "20261125"), ..files[10].clone() };
    let events = imported(adam.desk.plan(), &[other], ImportMode::Merge);
    let [Event::RecordChanged(changed)] = &events[..] else { panic!("{events:?}") };
    let fields: Vec<&str> = changed.changes.iter().map(|change| change.field.as_ref()).collect();
    assert_eq!(fields, ["date", "to_date", "to_hour"]);
}

#[test]
fn what_files_call_by_numbers_and_is_called_otherwise_is_left_out_and_told() {
    let mut adam = Adam::new();
    adam.named(Kind::Lessons, "Chor", &json!({ "hours_per_week": 1 })).unwrap();
    adam.put(Target::Hour { lesson: "Chor".to_owned(), n: 1 }, &json!({ "day": 1, "hour": 1 })).unwrap();
    let files = exported(adam.desk.plan());
    assert_eq!((files[0].text.as_str(), &files[0].left_out), ("", &vec!["lessons/Chor".to_owned()]));
    assert_eq!(files[1].left_out, ["lessons/Chor"]);
    assert_eq!(imported(adam.desk.plan(), &files, ImportMode::Merge), []);
    let remove = RemoveRecord {
        plan: PLAN.parse().unwrap(),
        target: Target::Hour { lesson: "Chor".to_owned(), n: 1 },
        period: None,
        precondition: Precondition::Present,
        lock: None,
        shape: Ok(()),
    };
    adam.desk.try_as(adam.desk.user("adam"), Some(adam.session), &remove).unwrap();
    assert!(exported(adam.desk.plan())[0].left_out.is_empty());
}

const NAMES: &[&str] = &["GAUSS", "a\"b", "x;y", "p~q", "Ä ö,", "0", "2.T1 + L", "'"];
const TEXTS: &[&str] = &["", " ", "\n", " a ", "line\nbreak;,;\r\n\"", "\"q\"", "~;\t", "e\u{301}", "x"];

fn text() -> impl Strategy<Value = Json> {
    prop::sample::select(TEXTS).prop_map(Json::from)
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(NAMES)
}

/// A record of master data, with values of whatever sort.
fn master() -> impl Strategy<Value = (Kind, &'static str, Json)> {
    let kinds = [
        Kind::Rooms,
        Kind::Teachers,
        Kind::Subjects,
        Kind::Classes,
        Kind::Departments,
        Kind::Students,
        Kind::AbsenceReasons,
    ];
    let values = (text(), text(), 0..9_i64, name(), name());
    (prop::sample::select(kinds.to_vec()), name(), values).prop_map(|(kind, own, (one, two, number, first, second))| {
        let fields = match kind {
            Kind::Rooms => json!({ "long_name": one, "text": two, "weight": number, "alternative_room": first }),
            Kind::Teachers => json!({ "title": one, "email": two, "week_target": number as f64 / 4.0, "home_room": first,
                "department": second }),
            Kind::Subjects => json!({ "alias": one, "subject_group": two, "home_room": first }),
            Kind::Classes => json!({ "long_name": one, "description": two, "students": number, "class_teacher": first,
                "from": "2026-08-01" }),
            Kind::Students => json!({ "first_name": one, "text": two, "class": first, "birth_date": "2014-02-28" }),
            _ => json!({ "long_name": one, "text": two }),
        };
        (kind, own, fields)
    })
}

fn part() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(name())
}

fn without_nulls(mut object: Json) -> Json {
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}

fn row() -> impl Strategy<Value = Json> {
    (part(), part(), part(), part()).prop_map(|(class, teacher, subject, room)| {
        without_nulls(json!({ "class": class, "teacher": teacher, "subject": subject, "room": room }))
    })
}

fn lesson() -> impl Strategy<Value = (u32, Json)> {
    let coupling =
        (row(), prop::option::of(0..4_u32), prop::option::of(text())).prop_map(|(mut row, hours, group)| {
            let more = without_nulls(json!({ "hours_per_week": hours, "student_group": group }));
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        });
    (1..4_u32, prop::option::of(3..5_u32), vec(coupling, 0..4), text(), text()).prop_map(
        |(number, hours, couplings, one, two)| {
            let fields =
                json!({ "hours_per_week": hours, "couplings": couplings, "text": one, "line_text": two });
            (number, without_nulls(fields))
        },
    )
}

fn hour() -> impl Strategy<Value = (u32, u32, Json)> {
    let rows = prop::option::of(vec(row(), 0..3));
    (1..4_u32, 1..5_u32, 1..3_u32, 1..3_u32, prop::option::of(text()), rows).prop_map(
        |(lesson, n, day, hour, week, rows)| {
            (
                lesson,
                n,
                without_nulls(json!({ "day": day, "hour": hour, "week": week, "length": 45, "rows": rows })),
            )
        },
    )
}

fn substitution() -> impl Strategy<Value = (u32, Json)> {
    let kind = prop::sample::select(crate::SUBSTITUTION_KINDS);
    (1..4_u32, kind, 1..3_u32, prop::option::of(1..4_u32), vec(name(), 0..3), part(), text()).prop_map(
        |(number, kind, hour, lesson, mut classes, teacher, text)| {
            classes.sort_unstable();
            classes.dedup();
            let to = (kind == "move").then_some("2026-11-24");
            let fields = json!({
                "date": "2026-11-23", "hour": hour, "kind": kind, "lesson": lesson.map(|it| it.to_string()),
                "classes": classes, "teacher": teacher, "text": text, "to_date": to, "to_hour": to.map(|_| 1) });
            (number, without_nulls(fields))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_stands_in_a_plan_is_imported_again_without_a_change(
        masters in vec(master(), 0..25),
        lessons in vec(lesson(), 0..4),
        hours in vec(hour(), 0..10),
        substitutions in vec(substitution(), 0..4),
    ) {
        let mut adam = Adam::new();
        // What is refused is not there: names that are not known, numbers that come twice.
        for (kind, name, mut fields) in masters {
            if adam.named(kind, name, &fields).is_err() {
                fields.as_object_mut().unwrap().retain(|_, value| {
                    value.is_number() || !NAMES.iter().any(|name| value == name)
                });
                let _ = adam.named(kind, name, &fields);
            }
        }
        for (number, fields) in lessons {
            let _ = adam.named(Kind::Lessons, &number.to_string(), &fields);
        }
        for (lesson, n, fields) in hours {
            let _ = adam.put(Target::Hour { lesson: lesson.to_string(), n }, &fields);
        }
        for (number, fields) in substitutions {
            let _ = adam.named(Kind::Substitutions, &number.to_string(), &fields);
        }
        check_laws(adam.desk.plan());
    }
}
