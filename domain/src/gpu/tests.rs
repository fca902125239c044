use std::path::Path;

use super::*;
use crate::value::Value;

fn read_one(name: &str, bytes: &[u8]) -> GpuFiles {
    read(&[(name.to_owned(), bytes.to_vec())])
}

fn places(faults: &Faults) -> Vec<(u32, u32)> {
    faults.items.iter().map(|fault| (fault.line, fault.column)).collect()
}

#[test]
fn the_number_in_the_name_says_which_file_it_is() {
    for (name, found) in [
        ("svws_GPU001.txt", Some(1)),
        ("GPU010.TXT", Some(10)),
        ("C:\\GPU002\\gpu003", Some(3)),
        ("a/Gpu014 (2).csv", Some(14)),
        ("GPU0011.TXT", None),
        ("GPU01.TXT", None),
        ("students.csv", None),
    ] {
        assert_eq!(number(name), found, "{name}");
    }
}

#[test]
fn a_timetable_reads_the_same_in_every_dialect() {
    let plain = "7;5a;GAUSS;M;R 1;1;2;;\n7;5b;GAUß;M;;1;3;45;A\n";
    let first = read_one("GPU001.TXT", plain.as_bytes());
    assert!(first.faults.is_empty(), "{:?}", first.faults);
    let rows = first.timetable.unwrap().rows;
    assert_eq!(rows[1].teacher.as_deref(), Some("GAUß"));
    assert_eq!(
        (rows[1].day, rows[1].hour, rows[1].length, rows[1].week.as_deref()),
        (1, 3, Some(45), Some("A"))
    );
    assert_eq!((rows[0].room.as_deref(), rows[1].room.as_deref(), rows[0].length), (Some("R 1"), None, None));

    let quoted = "7;\"5a\";\"GAUSS\";\"M\";\"R 1\";1;2\r7;\"5b\";\"GAUß\";\"M\";;1;3;45;\"A\"";
    let mut latin = Vec::new();
    latin.extend(plain.chars().map(|c| c as u8));
    let dialects: [Vec<u8>; 6] = [
        plain.replace(';', ",").into_bytes(),
        plain.replace(';', "\t").into_bytes(),
        plain.replace('\n', "\r\n").into_bytes(),
        [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
        quoted.as_bytes().to_vec(),
        latin,
    ];
    for bytes in dialects {
        let read = read_one("GPU001.TXT", &bytes);
        assert_eq!(read.timetable.unwrap().rows, rows, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn every_column_of_every_file_finds_its_field() {
    for master in &MASTERS {
        assert_eq!(columns_of(master.kind, master.columns).len(), master.columns.len());
    }
    let teacher = "\"BraFe\",\"Braun\",\"5\",,,\"mn\",,,10,,3,,,,23.000,6.86570,\"Maler\",\"1000\",,,\"1p\",,,,,,,\
                   \"1.00000\",\"Ferdinand\",,\"2\",,,0,,,,,,,,,,,\r\n";
    let read = read_one("enbrea_GPU004.txt", teacher.as_bytes());
    let row = &read.master(Kind::Teachers).unwrap().rows[0];
    let filled: Vec<(u32, &str, Value<String>)> =
        row.filled.iter().map(|f| (f.column, f.field.name, f.value.clone())).collect();
    assert_eq!(
        filled,
        [
            (2, "long_name", Value::Text("Braun".into())),
            (9, "hours_per_day_max", Value::Number(10)),
            (15, "week_target", Value::Decimal("23".into())),
            (17, "department", Value::Reference("Maler".into())),
            (29, "first_name", Value::Text("Ferdinand".into())),
        ]
    );
}

#[test]
fn every_fault_of_every_file_is_told_with_its_place() {
    let timetable = "x;5a;G;M;R;1;2;;\n7;5a;G;M;R;8;;;\n\n7;5a; \"\"G;M;R;1;1;x\n";
    let classes = ";name missing\n5a;;;;;;;;;;;;;;;;;;;20270230;\n5b;\"open\n";
    let read = read(&[
        ("GPU001.TXT".to_owned(), timetable.as_bytes().to_vec()),
        ("GPU003.TXT".to_owned(), classes.as_bytes().to_vec()),
        ("GPU005.TXT".to_owned(), b"a;b\nc;d\0".to_vec()),
        ("b_GPU003.TXT".to_owned(), b"5c;\n".to_vec()),
        ("GPU019.TXT".to_owned(), b"x".to_vec()),
    ]);
    let expected = [
        ("GPU001.TXT", 1, 1),
        ("GPU001.TXT", 2, 6),
        ("GPU001.TXT", 2, 7),
        ("GPU001.TXT", 4, 3),
        ("GPU003.TXT", 1, 1),
        ("GPU003.TXT", 2, 20),
        ("GPU003.TXT", 3, 2),
        ("GPU005.TXT", 2, 0),
        ("b_GPU003.TXT", 1, 0),
    ];
    let faults: Vec<(&str, u32, u32)> =
        read.faults.items.iter().map(|fault| (fault.file.as_str(), fault.line, fault.column)).collect();
    assert_eq!(faults, expected);
    assert_eq!(read.ignored, ["GPU019.TXT"]);
}

#[test]
fn faults_beyond_the_first_thousand_are_counted() {
    let read = read_one("GPU003.TXT", ";x\n".repeat(1_500).as_bytes());
    assert_eq!((read.faults.items.len(), read.faults.more), (1_000, 500));
}

#[test]
fn a_file_with_far_too_many_rows_is_not_read_to_its_end() {
    let read = read_one("GPU007.TXT", "a\n".repeat(ROWS_MAX + 1).as_bytes());
    assert_eq!(places(&read.faults), [(250_001, 0)]);
    let faulty = read_one("GPU001.TXT", "a\n".repeat(ROWS_MAX * 4).as_bytes());
    assert!(faulty.faults.more < 4 * 250_000, "faulty rows count too");
}

#[test]
fn one_column_files_and_missing_columns_are_fine() {
    let read = read_one("GPU007.TXT", b"MINT\nSport\n");
    assert_eq!(read.master(Kind::Departments).unwrap().rows.len(), 2);
    let read = read_one("GPU002.TXT", b"1;2\n");
    assert_eq!(read.lessons.unwrap().rows[0].hours_per_week, Some(2));
}

#[test]
fn an_upload_without_any_known_file_is_a_fault_and_an_empty_file_a_warning() {
    let unknown = read_one("students.csv", b"a;b");
    assert_eq!((places(&unknown.faults), unknown.ignored.len()), (vec![(1, 0)], 1));
    let empty = read_one("GPU003.TXT", b"\r\n\r\n");
    assert!(empty.faults.is_empty());
    assert_eq!((empty.warnings.len(), empty.master(Kind::Classes).unwrap().rows.len()), (1, 0));
}

#[test]
fn unclosed_quotes_on_every_line_are_read_in_linear_time() {
    let read = read_one("GPU007.TXT", "\"\"\"\n".repeat(1_000_000).as_bytes());
    assert_eq!(read.faults.items.len(), FAULTS_MAX);
}

#[test]
fn real_schools_are_read_as_their_facts_say() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        println!("skipped: {} is not there", data.display());
        return;
    }
    for set in ["gpu-fi-wp-06", "gpu-au-te-99", "gpu-fi-pb-98"] {
        let facts = std::fs::read_to_string(data.join(set).join("facts.json")).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
        let files: Vec<(String, Vec<u8>)> = (1..=6)
            .map(|number| format!("GPU00{number}.TXT"))
            .map(|name| (name.clone(), std::fs::read(data.join(set).join(name)).unwrap()))
            .collect();
        let read = read(&files);
        assert!(read.faults.is_empty(), "{set}: {:?}", read.faults.items.first());
        for kind in [Kind::Classes, Kind::Teachers, Kind::Rooms, Kind::Subjects] {
            assert_eq!(facts[kind.word()], read.master(kind).unwrap().rows.len(), "{set} {kind}");
        }
        assert_eq!(facts["lesson_rows"], read.lessons.unwrap().rows.len(), "{set}");
        assert_eq!(facts["timetable_rows"], read.timetable.unwrap().rows.len(), "{set}");
    }
    for entry in std::fs::read_dir(data.join("untis-gpu")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let read = read_one(name, &std::fs::read(&path).unwrap());
        let ours = read.ignored.is_empty();
        assert!(read.faults.is_empty() || !ours, "{name}: {:?}", read.faults);
    }
}

#[test]
fn texts_of_several_lines_do_not_hide_the_separator() {
    let lines = "one, two, three, four\n".repeat(50);
    let read = read(&[("GPU005.TXT".to_owned(), format!("\"R1\";\"{lines}\"\r\n").into_bytes())]);
    assert!(read.faults.is_empty(), "{:?}", read.faults);
    let rooms = &read.master(Kind::Rooms).unwrap().rows;
    assert_eq!((rooms.len(), rooms[0].name.as_str()), (1, "R1"));
}
