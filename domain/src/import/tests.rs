//! Given a plan, when files are imported, then these events. The real schools are in [`real`].

mod cover;
mod law;
pub mod office;
mod real;

use super::*;
use crate::command::end_lock::EndLock;
use crate::{At, Fold, LockEnd, RecordChanged, Value};
use office::{Files, Office};

const MASTERS: Files = &[
    ("GPU003.TXT", "5a;Klasse 5a;;R1;;;;;;;;;;5;SPR\n5b;Klasse 5b\n"),
    ("GPU004.TXT", "GAUSS;Gauß;;P1\nNOETH;Noether\n"),
    ("GPU005.TXT", "R1;Raum 1;R2\nR2;Raum 2\n"),
    ("GPU006.TXT", "M;Mathematik\nSP;Sport\n"),
    ("GPU007.TXT", "SPR;Sprachen\n"),
];
const LESSONS: (&str, &str) =
    ("GPU002.TXT", "7;2;;;5a;GAUSS;M;R1\n8;1;;;5a;GAUSS;SP\n8;1;;;5b;NOETH;SP;R2\n");
const TIMETABLE: (&str, &str) =
    ("GPU001.TXT", "7;5a;GAUSS;M;R1;1;1\n7;5a;GAUSS;M;R2;1;2\n8;5a;GAUSS;SP;;2;1\n8;5b;NOETH;SP;R2;2;1\n");

fn school() -> Vec<(&'static str, &'static str)> {
    [MASTERS, &[LESSONS, TIMETABLE]].concat()
}

#[test]
fn a_school_is_taken_in_and_a_second_time_nothing_happens() {
    let mut office = Office::new();
    let import = office.of(&school());
    let counts = office.outcome(&import).report.counts;
    let created: Vec<(&str, u64)> = counts.iter().map(|(kind, count)| (kind.word(), count.created)).collect();
    assert_eq!(
        created,
        [
            ("departments", 1),
            ("rooms", 2),
            ("subjects", 2),
            ("teachers", 2),
            ("classes", 2),
            ("lessons", 2),
            ("placements", 3)
        ]
    );
    let events = office.done(&import);
    assert_eq!(events.len(), 14 + 1);
    assert!(matches!(events.last(), Some(Event::ImportDone(done)) if done.counts == counts));
    assert_eq!(office.text(Kind::Classes, "5a", "grade_level").as_deref(), Some("5"));
    assert_eq!(office.hours("7"), [(1, 1, 1), (2, 1, 2)]);
    let rows: Vec<&str> = TIMETABLE.1.lines().collect();
    assert_eq!(office.timetable(), rows);

    assert_eq!(office.done(&import), []);
    let again = office.outcome(&import);
    assert!(again.report.counts.values().all(|count| count.created + count.changed + count.removed == 0));
    let replacing = office.replacing(&school());
    assert_eq!(office.done(&replacing), []);
}

#[test]
fn only_placements_that_differ_from_the_couplings_have_rows_of_their_own() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let own: Vec<bool> = office
        .desk
        .plan()
        .placements(office.desk.plan().named(Kind::Lessons, "7").unwrap().id, office.period())
        .map(|placement| placement.fields.contains_key("rows"))
        .collect();
    assert_eq!(own, [false, true]);
}

#[test]
fn names_of_persons_are_marked_as_personal() {
    let mut office = Office::new();
    let import = office.of(&school());
    let events = office.done(&import);
    let teacher = events.iter().find_map(|event| match event {
        Event::RecordCreated(e) if e.kind == Kind::Teachers => Some(e),
        _ => None,
    });
    let teacher = teacher.unwrap();
    for field in ["id", "long_name", "personnel_no"] {
        assert!(
            matches!(&teacher.fields[field], Value::Personal(personal) if personal.of == teacher.record.0),
            "{field}"
        );
    }
}

#[test]
fn merge_leaves_what_is_empty_and_replace_unsets_it() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let merge = office.of(&[("GPU003.TXT", "5a;Die 5a\n")]);
    let changed = office.done(&merge);
    assert_eq!(changed.len(), 2, "one class and the import");
    assert_eq!(office.text(Kind::Classes, "5a", "long_name").as_deref(), Some("Die 5a"));
    assert_eq!(office.text(Kind::Classes, "5a", "grade_level").as_deref(), Some("5"));

    let replace = office.replacing(&[("GPU003.TXT", "5a;Die 5a\n5b\n")]);
    office.done(&replace);
    assert_eq!(office.text(Kind::Classes, "5a", "grade_level"), None);
    assert_eq!(office.text(Kind::Classes, "5b", "long_name"), None);
}

#[test]
fn replace_removes_what_the_file_lacks_unless_something_refers_to_it() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let in_use = office.replacing(&[("GPU004.TXT", "NOETH;Noether\n")]);
    assert_eq!(office.faults(&in_use), [("GPU004.TXT".to_owned(), 1, 0)]);
    let named = office.replacing(&[("GPU004.TXT", "NOETH;Noether\n"), LESSONS]);
    let of = |file: &str, line, column| (file.to_owned(), line, column);
    // A placement with rows of its own names GAUSS too, and GPU001 is not given.
    assert_eq!(
        office.faults(&named),
        [of("GPU004.TXT", 1, 0), of("GPU002.TXT", 1, 6), of("GPU002.TXT", 2, 6)]
    );

    let fewer = office.replacing(&[
        ("GPU002.TXT", "7;2;;;5a;NOETH;M;R1\n"),
        ("GPU001.TXT", "7;5a;NOETH;M;R1;1;1\n"),
        ("GPU004.TXT", "NOETH;Noether\n"),
    ]);
    let removed: Vec<&str> = office
        .done(&fewer)
        .iter()
        .filter_map(|event| match event {
            Event::RecordRemoved(e) => Some(e.kind.word()),
            _ => None,
        })
        .collect();
    assert_eq!(removed, ["placements", "placements", "lessons", "teachers"]);
    assert_eq!(office.timetable(), ["7;5a;NOETH;M;R1;1;1"]);
}

#[test]
fn unknown_names_are_faults_or_become_records() {
    let mut office = Office::new();
    let files = [("GPU002.TXT", "7;2;;;5a;GAUSS;M;R1\n"), ("GPU001.TXT", "7;5a;;M;;1;1\n9;5a;;;;1;1\n")];
    let import = office.of(&files);
    let of = |line, column| ("GPU002.TXT".to_owned(), line, column);
    let timetable = |line, column| ("GPU001.TXT".to_owned(), line, column);
    assert_eq!(
        office.faults(&import),
        [
            of(1, 5),
            of(1, 6),
            of(1, 7),
            of(1, 8),
            timetable(1, 2),
            timetable(1, 4),
            timetable(2, 1),
            timetable(2, 2)
        ]
    );
    let creating = ImportFiles { create_missing: true, ..import };
    assert_eq!(office.faults(&creating), [timetable(2, 1)], "a lesson is no name");
    let creating = ImportFiles { create_missing: true, ..office.of(&files[..1]) };
    let counts = office.outcome(&creating).report.counts;
    assert_eq!((counts[&Kind::Classes].created, counts[&Kind::Rooms].created), (1, 1));
    office.done(&creating);
    let replacing = ImportFiles { mode: ImportMode::Replace, ..creating };
    assert_eq!(office.done(&replacing), []);
}

#[test]
fn what_a_file_lacks_but_others_name_stays_where_unknown_names_may_become_records() {
    let mut office = Office::new();
    let files = [("GPU002.TXT", "7;2;;;5a;GAUSS;M;R1\n"), ("GPU003.TXT", "5b\n")];
    let import = ImportFiles { create_missing: true, ..office.replacing(&files) };
    office.done(&import);
    assert_eq!(office.done(&import), []);
}

#[test]
fn placements_keep_take_and_move_their_numbers() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let moved = office.of(&[("GPU001.TXT", "7;5a;GAUSS;M;R1;1;2\n7;5a;GAUSS;M;R1;5;5\n")]);
    office.done(&moved);
    assert_eq!(office.hours("7"), [(1, 5, 5), (2, 1, 2)], "number 2 stands where the file has it; 1 moves");
    let more =
        office.of(&[("GPU001.TXT", "7;5a;GAUSS;M;R1;1;2\n7;5a;GAUSS;M;R1;5;5\n7;5a;GAUSS;M;R1;4;4\n")]);
    assert!(
        office.outcome(&more).report.warnings.iter().any(|w| w.contains("2 hours per week and 3 placed"))
    );
    office.done(&more);
    assert_eq!(office.hours("7"), [(1, 5, 5), (2, 1, 2), (3, 4, 4)]);
    assert_eq!(office.done(&more), []);
}

#[test]
fn fewer_hours_than_are_placed_is_a_warning() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let fewer = office.of(&[("GPU002.TXT", "7;1;;;5a;GAUSS;M;R1\n")]);
    office.done(&fewer);
    let report = fewer.report.lock().unwrap().clone().unwrap();
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert_eq!(office.hours("7").len(), 2);
}

#[test]
fn a_free_number_is_taken_before_anything_moves() {
    let mut office = Office::new();
    let import = office.of(&[MASTERS, &[LESSONS, ("GPU001.TXT", "7;5a;GAUSS;M;R1;1;1\n")]].concat());
    office.done(&import);
    let other = office.of(&[("GPU001.TXT", "7;5a;GAUSS;M;R1;3;3\n")]);
    office.done(&other);
    assert_eq!(office.hours("7"), [(1, 1, 1), (2, 3, 3)]);
    let replacing = office.replacing(&[("GPU001.TXT", "7;5a;GAUSS;M;R1;4;4\n")]);
    office.done(&replacing);
    assert_eq!(office.hours("7"), [(1, 4, 4)]);
}

#[test]
fn days_and_hours_beyond_the_time_grid_widen_it() {
    let mut office = Office::new();
    let files = [MASTERS, &[LESSONS, ("GPU001.TXT", "7;5a;GAUSS;M;R1;7;14\n")]].concat();
    let import = office.of(&files);
    assert_eq!(office.outcome(&import).report.warnings.len(), 2);
    let events = office.done(&import);
    assert!(matches!(&events[0], Event::RecordChanged(e) if e.kind == Kind::TimeGrid));
    let grid = office.desk.plan().singleton(Kind::TimeGrid).unwrap();
    assert_eq!(grid.fields["days"], Value::Days(vec![1, 2, 3, 4, 5, 7]));
    assert!(matches!(&grid.fields["hours"], Value::Hours(hours) if hours.len() == 14));
    assert_eq!(office.done(&import), []);
}

#[test]
fn lessons_can_be_made_from_the_timetable() {
    let mut office = Office::new();
    let files = [MASTERS, &[TIMETABLE, ("GPU002.TXT", "99;2;;;5a;GAUSS;M;R1\n")]].concat();
    let import = ImportFiles { lessons: LessonSource::Timetable, ..office.of(&files) };
    let outcome = office.outcome(&import);
    assert_eq!((outcome.report.counts[&Kind::Lessons].created, outcome.report.ignored.len()), (2, 1));
    office.done(&import);
    let lesson = office.desk.plan().named(Kind::Lessons, "7").unwrap();
    assert_eq!(lesson.number("hours_per_week", None), Some(2));
    assert_eq!(office.timetable(), TIMETABLE.1.lines().collect::<Vec<_>>());
    assert_eq!(office.done(&import), []);
}

#[test]
fn a_name_that_stands_twice_must_say_the_same() {
    let mut office = Office::new();
    let same = office.of(&[("GPU007.TXT", "SPR;Sprachen\nSPR;Sprachen;\n")]);
    assert_eq!(office.outcome(&same).report.counts[&Kind::Departments].created, 1);
    let other = office.of(&[("GPU007.TXT", "SPR;Sprachen\nSPR;Sport\nSPR\n")]);
    assert_eq!(office.faults(&other), [("GPU007.TXT".to_owned(), 2, 2), ("GPU007.TXT".to_owned(), 3, 2)]);
}

#[test]
fn faults_of_reading_and_of_meaning_are_told_together() {
    let mut office = Office::new();
    let import = office.of(&[
        ("GPU003.TXT", "5a;;;R9;;;;;;;;;;;;;;;;20261301\n5b;;;;;;;;;;;;;;;;;;;20260801;20260701\n"),
        ("GPU002.TXT", "7;x\n"),
    ]);
    let of = |file: &str, line, column| (file.to_owned(), line, column);
    assert_eq!(
        office.faults(&import),
        [of("GPU003.TXT", 1, 4), of("GPU003.TXT", 1, 20), of("GPU003.TXT", 2, 21), of("GPU002.TXT", 1, 2)]
    );
}

#[test]
fn an_import_needs_its_lock_and_a_dry_run_does_not() {
    let mut office = Office::new();
    let without = ImportFiles { lock: None, ..office.of(MASTERS) };
    assert_eq!(office.desk.refused_in(office.session, &without).code, RefusalCode::LockMissing);
    assert_eq!(office.outcome(&without).report.counts[&Kind::Classes].created, 2);
}

#[test]
fn values_of_one_period_stay_as_they_are() {
    let mut office = Office::new();
    let import = office.of(&school());
    office.done(&import);
    let (plan, period) = (office.desk.plan().clone(), office.period());
    let lesson = plan.named(Kind::Lessons, "7").unwrap();
    let own = RecordChanged {
        record: lesson.id,
        kind: Kind::Lessons,
        revision: 2,
        period: Some(period),
        changes: vec![crate::FieldChange {
            field: "hours_per_week".into(),
            from: None,
            to: Some(Value::Number(5)),
        }],
        import: None,
    };
    let mut plan = plan.clone();
    plan.evolve(&own.into(), &At { version: 99, epoch: 1, stamp: None });
    let more = office.of(&[("GPU001.TXT", "7;5a;GAUSS;M;R1;5;5\n")]);
    let mut last = 1_u128 << 100;
    let mut new_id = || {
        last += 1;
        Uuid::from_u128(last)
    };
    let outcome = more.work_out(&plan, period, &mut new_id).unwrap();
    let hour = outcome.events.iter().find_map(|event| match event {
        Event::RecordCreated(e) => e.hour_of,
        _ => None,
    });
    assert_eq!(hour.map(|hour| hour.n), Some(3), "in this period the lesson has five hours");
}

#[test]
fn a_department_takes_in_only_its_own_and_removes_only_its_own() {
    let mut office = Office::new();
    let all = office.of(&school());
    office.done(&all);
    let release = EndLock { plan: all.plan.clone(), lock: office.lock, reason: LockEnd::Released };
    office.desk.done_in(office.session, &release);
    office.lock = office.desk.lock(office.session, Action::DepartmentImport);
    let files = [
        ("GPU003.TXT", "5a;Die 5a;;;;;;;;;;;;;SPR\n5b;Die 5b\n"),
        ("GPU002.TXT", "7;2;;;5a;GAUSS;M;R1\n7;2;;;5b;;M\n"),
        ("GPU001.TXT", "7;5a;GAUSS;M;R1;3;3\n"),
    ];
    let wrong_lock = office.replacing(&files);
    assert_eq!(office.desk.refused_in(office.session, &wrong_lock).code, RefusalCode::LockMissing);
    let unknown = ImportFiles { department: Some("SPO".to_owned()), ..office.replacing(&files) };
    assert_eq!(office.desk.refused_in(office.session, &unknown).code, RefusalCode::Invalid);
    let import = ImportFiles { department: Some("SPR".to_owned()), ..office.of(&files) };
    office.done(&import);
    assert_eq!(office.text(Kind::Classes, "5a", "long_name").as_deref(), Some("Die 5a"));
    assert_eq!(office.text(Kind::Classes, "5b", "long_name").as_deref(), Some("Klasse 5b"));
    let import = ImportFiles { department: Some("SPR".to_owned()), ..office.replacing(&files) };
    office.done(&import);
    // Lesson 8 is coupled with the 5a, which is of this department, and GPU002 lacks it.
    assert_eq!(office.timetable(), ["7;5a;GAUSS;M;R1;3;3"]);
    assert_eq!(office.done(&import), []);
}
