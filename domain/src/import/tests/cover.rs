//! Holidays, reasons of absence, absences and substitutions out of files.

use super::*;

const REASONS: (&str, &str) = ("GPU012.TXT", "SICK;Krankheit;Z;K\n001;Fortbildung\n");
const ABSENCES: (&str, &str) = (
    "GPU013.TXT",
    "9;L;GAUSS;20261123;20261124;1;13;001;Seminar;\n10;K;5a;20261124;20261124;;;;Ausflug\n11;R;R1;20261124;20261125\n",
);
const SUBSTITUTIONS: (&str, &str) = (
    "GPU014.TXT",
    "12;20261123;2;9;7;GAUSS;NOETH;M;;;;R1;R2;;5a;SICK;take the books;0;5a;;201906191028; - \n\
     13;20261124;1;0;8;NOETH;;SP;;M;;R2;;;5a~5b;;;1;5b;C\n\
     14;20261124;2;9;0;GAUSS;NOETH;;;;;;;;;;;2;; S\n\
     15;20261123;1;9;7;GAUSS;;M;;;;;;;5a;;;8;5a;T\n\
     16;20261126;5;9;7;GAUSS;GAUSS;M;;;;;R2;;5a;;;65664;5a;F\n",
);
const HOLIDAYS: (&str, &str) =
    ("GPU018.TXT", "Herbst;Herbstferien;20261005;20261016;\nEinheit;Tag;20261003;20261003;F\n");

fn whole() -> Vec<(&'static str, &'static str)> {
    [school().as_slice(), &[REASONS, ABSENCES, SUBSTITUTIONS, HOLIDAYS]].concat()
}

fn shown(office: &Office, kind: Kind, name: &str) -> serde_json::Value {
    let plan = office.desk.plan();
    let record = plan.named(kind, name).unwrap_or_else(|| panic!("no {kind} {name}"));
    let mut json = plan.record_json(record, None);
    json.shift_remove("revision");
    serde_json::Value::Object(json)
}

#[test]
fn a_day_with_its_absences_and_substitutions_is_taken_in_and_a_second_time_nothing_happens() {
    let mut office = Office::new();
    let import = office.of(&whole());
    let report = office.outcome(&import).report;
    let created = |kind: Kind| report.counts[&kind].created;
    assert_eq!(
        [Kind::AbsenceReasons, Kind::Absences, Kind::Substitutions, Kind::Holidays].map(created),
        [2, 3, 5, 2]
    );
    assert_eq!(report.warnings, ["GPU013.TXT: the time grid is widened to 13 hours"]);
    office.done(&import);
    assert_eq!(
        shown(&office, Kind::Absences, "9"),
        json!({"id": "9", "of": "teacher", "name": "GAUSS", "from": "2026-11-23", "to": "2026-11-24", "first_hour": 1,
            "last_hour": 13, "reason": "001", "text": "Seminar"})
    );
    assert_eq!(shown(&office, Kind::Absences, "11")["of"], "room");
    assert_eq!(
        shown(&office, Kind::Substitutions, "12"),
        json!({"id": "12", "date": "2026-11-23", "hour": 2, "lesson": "7", "absence": "9", "kind": "cover",
            "absent_teacher": "GAUSS", "teacher": "NOETH", "subject": "M", "room": "R2", "classes": ["5a"],
            "cover_classes": ["5a"], "reason": "SICK", "text": "take the books"})
    );
    let cancelled = shown(&office, Kind::Substitutions, "13");
    assert_eq!((&cancelled["kind"], &cancelled["subject"]), (&json!("cancel"), &json!("M")));
    assert_eq!((&cancelled["classes"], cancelled.get("absence")), (&json!(["5a", "5b"]), None));
    assert_eq!(shown(&office, Kind::Substitutions, "14")["kind"], "supervision");
    let (away, here) = (shown(&office, Kind::Substitutions, "15"), shown(&office, Kind::Substitutions, "16"));
    assert_eq!((&away["kind"], away.get("to_date")), (&json!("move"), None));
    assert_eq!(
        (&here["kind"], &here["to_date"], &here["to_hour"]),
        (&json!("move"), &json!("2026-11-26"), &json!(5))
    );
    assert_eq!(shown(&office, Kind::Holidays, "Einheit")["public"], true);

    assert_eq!(office.done(&import), []);
    assert_eq!(office.done(&office.replacing(&whole())), []);
}

#[test]
fn what_a_file_lacks_goes_where_the_import_replaces() {
    let mut office = Office::new();
    office.done(&office.of(&whole()));
    let in_use = office.replacing(&[("GPU013.TXT", "10;K;5a;20261124;20261124;;;;Ausflug\n")]);
    assert_eq!(office.faults(&in_use), [("GPU013.TXT".to_owned(), 1, 0)], "substitutions refer to absence 9");
    let fewer = office.replacing(&[
        ("GPU013.TXT", "10;K;5a;20261124;20261124;;;;Ausflug\n"),
        ("GPU014.TXT", "13;20261124;1;0;8;NOETH;;SP;;;;;;;5a;;;0;5b;\n"),
        ("GPU018.TXT", "Einheit;Tag;20261003;20261003;\n"),
    ]);
    let counts = office.outcome(&fewer).report.counts;
    assert_eq!(
        [Kind::Absences, Kind::Substitutions, Kind::Holidays].map(|kind| counts[&kind].removed),
        [2, 4, 1]
    );
    office.done(&fewer);
    assert_eq!(shown(&office, Kind::Substitutions, "13")["kind"], "cover");
    assert_eq!(shown(&office, Kind::Holidays, "Einheit").get("public"), None);
}

#[test]
fn what_does_not_fit_is_told_with_line_and_column() {
    let mut office = Office::new();
    let files = [
        school().as_slice(),
        &[
            ("GPU013.TXT", "1;X;GAUSS;20261123;20261124\n2;L;NOBODY;20261123;20261122;;;NONE\n3;L;GAUSS;20080908;20080908\n4;L;GAUSS;20261123\n5;L;GAUSS;20261123;20261123;5;4\n"),
            ("GPU014.TXT", "1;20261123;1;77;99;GAUSS\n2;20300101;1\n3;2026-11-23;x\n"),
            ("GPU018.TXT", "Sommer;;20270720;20270830\nFrüher;;20091224;20100106;X\n"),
        ],
    ]
    .concat();
    let import = office.of(&files);
    let of = |file: &str, line, column| (format!("{file}.TXT"), line, column);
    let expected = [
        of("GPU013", 1, 2),
        of("GPU013", 2, 3),
        of("GPU013", 2, 5),
        of("GPU013", 2, 8),
        of("GPU013", 3, 5),
        of("GPU013", 4, 5),
        of("GPU013", 5, 7),
        of("GPU014", 1, 4),
        of("GPU014", 1, 5),
        of("GPU014", 2, 2),
        of("GPU014", 3, 2),
        of("GPU014", 3, 3),
        of("GPU018", 2, 4),
        of("GPU018", 2, 5),
    ];
    let mut told = office.faults(&import);
    told.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn unknown_reasons_and_people_become_records_but_no_lesson_and_no_absence_does() {
    let mut office = Office::new();
    let files = [
        school().as_slice(),
        &[
            ("GPU013.TXT", "1;L;NEW;20261123;20261124;;;WHY\n"),
            ("GPU014.TXT", "1;20261123;1;77;7;NEW;OTHER;M;;;;;;;5a~9z;WHY;;0\n"),
        ],
    ]
    .concat();
    let creating = ImportFiles { create_missing: true, ..office.of(&files) };
    let report = office.outcome(&creating).report;
    assert_eq!(report.warnings, ["GPU014.TXT line 1: absence 77 is not known and is left out"]);
    office.done(&creating);
    assert_eq!(shown(&office, Kind::Substitutions, "1")["classes"], json!(["5a", "9z"]));
    assert_eq!(shown(&office, Kind::Absences, "1")["reason"], "WHY");
    assert_eq!(office.done(&creating), []);
    let lesson = office.of(&[("GPU014.TXT", "1;20261123;1;0;99\n")]);
    let creating = ImportFiles { create_missing: true, ..lesson };
    assert_eq!(office.faults(&creating), [("GPU014.TXT".to_owned(), 1, 5)]);
}

#[test]
fn a_department_takes_in_the_absences_and_substitutions_of_its_own() {
    let mut office = Office::new();
    office.done(&office.of(&school()));
    let release = EndLock { plan: office.of(&[]).plan, lock: office.lock, reason: LockEnd::Released };
    office.desk.done_in(office.session, &release);
    office.lock = office.desk.lock(office.session, Action::DepartmentImport);
    // The 5a is of the department, and lessons 7 and 8 are its own; GAUSS and NOETH are of none.
    let files = [
        ("GPU013.TXT", "9;L;GAUSS;20261123;20261124\n10;K;5a;20261124;20261124\n"),
        (
            "GPU014.TXT",
            "1;20261123;1;0;7;GAUSS\n2;20261123;1;0;0;GAUSS;NOETH;;;;;;;;5b\n3;20261123;1;0;0;;;;;;;;;;5a\n",
        ),
        HOLIDAYS,
        ("GPU012.TXT", "NEW;New\n"),
    ];
    let import = ImportFiles { department: Some("SPR".to_owned()), ..office.replacing(&files) };
    let counts = office.outcome(&import).report.counts;
    let created: Vec<(&str, u64)> = counts.iter().map(|(kind, count)| (kind.word(), count.created)).collect();
    assert_eq!(created, [("holidays", 0), ("absence-reasons", 0), ("absences", 1), ("substitutions", 2)]);
    office.done(&import);
    assert_eq!(office.done(&import), []);
}
