//! Real schools, where their files are at hand, and the project's own sample school.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::*;

fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        println!("skipped: {} is not there", data.display());
        return None;
    }
    Some(data)
}

/// The GPU files of a folder whose names begin with `prefix`.
fn read(folder: &Path, prefix: &str) -> GpuFiles {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    crate::gpu::read(&files)
}

/// GPU001 as [`Office::timetable`] tells it.
pub fn timetable_of(files: &GpuFiles) -> Vec<String> {
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    let mut rows: Vec<String> = files
        .timetable
        .iter()
        .flat_map(|table| &table.rows)
        .map(|row| {
            let names = [&row.class, &row.teacher, &row.subject, &row.room].map(text);
            format!("{};{};{};{}", row.number, names.join(";"), row.day, row.hour)
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn the_derived_schools_come_in_as_their_facts_say() {
    let Some(data) = data() else { return };
    for set in ["gpu-fi-wp-06", "gpu-au-te-99", "gpu-fi-pb-98"] {
        let facts = std::fs::read_to_string(data.join(set).join("facts.json")).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
        let mut office = Office::new();
        let import = office.import(read(&data.join(set), "GPU"));
        let counts = office.outcome(&import).report.counts;
        for kind in [Kind::Classes, Kind::Teachers, Kind::Rooms, Kind::Subjects, Kind::Lessons] {
            assert_eq!(facts[kind.word()], counts[&kind].created, "{set} {kind}");
        }
        let begun = std::time::Instant::now();
        let events = office.done(&import);
        println!("{set}: {} events in {:?}", events.len(), begun.elapsed());
        assert_eq!(office.timetable(), timetable_of(&import.files), "{set}");
        assert_eq!(office.timetable().len(), facts["timetable_rows"].as_u64().unwrap() as usize);
        assert_eq!(office.done(&import), [], "{set} a second time");
        let replacing = ImportFiles { mode: ImportMode::Replace, ..import };
        assert_eq!(office.done(&replacing), [], "{set} a third time, replacing");
    }
}

#[test]
fn the_ministrys_pair_is_refused_row_by_row_unless_lessons_come_from_the_timetable() {
    let Some(data) = data() else { return };
    let mut office = Office::new();
    let pair = office.import(read(&data.join("untis-gpu"), "svws_"));
    assert!(!office.faults(&pair).is_empty());
    let creating = ImportFiles { create_missing: true, ..pair };
    let faults = office.faults(&creating);
    assert_eq!(faults.len(), 856, "each row whose number GPU002 does not have");
    assert!(faults.iter().all(|(file, _, column)| file == "svws_GPU001.txt" && *column == 1));

    let import = ImportFiles { lessons: LessonSource::Timetable, ..creating };
    let counts = office.outcome(&import).report.counts;
    assert_eq!((counts[&Kind::Lessons].created, counts[&Kind::Classes].created), (856, 8));
    assert_eq!(counts[&Kind::Teachers].created, 70);
    office.done(&import);
    assert_eq!(office.timetable(), timetable_of(&import.files));
    assert_eq!(office.done(&import), []);
}

#[test]
fn the_format_samples_name_what_they_lack() {
    let Some(data) = data() else { return };
    let mut office = Office::new();
    let mut files = read(&data.join("untis-gpu"), "enbrea_");
    // Their absences, substitutions and holidays are of three other school years.
    for (master, table) in crate::gpu::MASTERS.iter().zip(&mut files.masters) {
        if matches!(master.number, 13 | 14 | 18) {
            *table = None;
        }
    }
    let ignored = files.ignored.len();
    let import = office.import(files);
    let mut by_file: HashMap<String, u32> = HashMap::new();
    for (file, ..) in office.faults(&import) {
        *by_file.entry(file).or_default() += 1;
    }
    println!("{by_file:?}, {ignored} ignored");
    let creating = ImportFiles { create_missing: true, ..import };
    let unknown_lessons =
        vec![("enbrea_GPU001.txt".to_owned(), 1, 1), ("enbrea_GPU001.txt".to_owned(), 2, 1)];
    assert_eq!(office.faults(&creating), unknown_lessons);
    let import = ImportFiles { lessons: LessonSource::Timetable, ..creating };
    office.done(&import);
    assert_eq!(office.timetable().len(), 2);
    assert_eq!(office.done(&import), []);
}

#[test]
fn the_format_samples_of_cover_come_in_where_their_lessons_are() {
    let Some(data) = data() else { return };
    let mut office = Office::new();
    let lessons = ("GPU002.TXT".to_owned(), b"124;1\n269;1\n3922;1\n".to_vec());
    let sample = |number: &str| {
        let name = format!("enbrea_GPU{number}.txt");
        let text = std::fs::read_to_string(data.join("untis-gpu").join(&name)).unwrap();
        // As if they were of this school year.
        let text = text
            .replace("2008", "2026")
            .replace("2009", "2026")
            .replace("2010", "2027")
            .replace("2019", "2026");
        (name, text.into_bytes())
    };
    let files = [lessons, sample("012"), sample("013"), sample("014"), sample("018")];
    let import = ImportFiles { create_missing: true, ..office.import(crate::gpu::read(&files)) };
    let counts = office.outcome(&import).report.counts;
    let created = [Kind::AbsenceReasons, Kind::Absences, Kind::Substitutions, Kind::Holidays];
    assert_eq!(created.map(|kind| counts[&kind].created), [3, 1, 3, 2]);
    office.done(&import);
    let plan = office.desk.plan();
    let kinds: Vec<&str> = ["12", "13", "14"]
        .iter()
        .map(|name| plan.named(Kind::Substitutions, name).unwrap().fields["kind"].text().unwrap())
        .collect();
    assert_eq!(kinds, ["supervision", "cover", "supervision"]);
    assert_eq!(office.done(&import), []);
}

#[test]
fn the_sample_school_has_exactly_two_collisions_and_some_unplaced_hours() {
    let mut office = Office::new();
    let import = office.import(read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/gpu"), "GPU"));
    assert_eq!(office.outcome(&import).report.warnings, Vec::<String>::new());
    office.done(&import);
    let rows = office.timetable();
    assert_eq!(rows, timetable_of(&import.files));
    let mut meetings: HashMap<(usize, &str, &str, &str), Vec<&str>> = HashMap::new();
    for row in &rows {
        let cells: Vec<&str> = row.split(';').collect();
        for part in [1, 2, 4] {
            let lessons = meetings.entry((part, cells[part], cells[5], cells[6])).or_default();
            if !lessons.contains(&cells[0]) {
                lessons.push(cells[0]);
            }
        }
    }
    let mut collisions: Vec<usize> =
        meetings.iter().filter(|(_, lessons)| lessons.len() > 1).map(|(meeting, _)| meeting.0).collect();
    collisions.sort_unstable();
    assert_eq!(collisions, [2, 4], "one of a teacher, one of a room");
    let hours: i64 =
        office.desk.plan().records_of(Kind::Lessons).filter_map(|l| l.number("hours_per_week", None)).sum();
    let placed = office.desk.plan().records().filter(|record| record.kind == Kind::Placements).count();
    assert_eq!(hours - i64::try_from(placed).unwrap(), 6);
}
