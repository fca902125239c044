//! What holds for any files.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// GPU001 and GPU002 of a very small school, with whatever repetitions and contradictions.
fn files() -> impl Strategy<Value = (String, String)> {
    let name = |names: &'static [&'static str]| prop::sample::select(names);
    let who =
        (name(&["", "5a", "5b"]), name(&["", "G", "N"]), name(&["", "M", "SP"]), name(&["", "R1", "R2"]));
    let lesson = (1..4_u32, 0..4_u32, who.clone());
    let hour = (1..4_u32, who, 1..7_u32, 1..4_u32, name(&["", "A"]));
    (vec(lesson, 0..8), vec(hour, 0..10)).prop_map(|(lessons, hours)| {
        let lessons =
            lessons.iter().map(|(n, hours, (c, t, s, r))| format!("{n};{hours};;;{c};{t};{s};{r}\n"));
        let hours = hours
            .iter()
            .map(|(n, (c, t, s, r), day, hour, week)| format!("{n};{c};{t};{s};{r};{day};{hour};;{week}\n"));
        (lessons.collect(), hours.collect())
    })
}

fn import(
    office: &Office,
    (lessons, hours): &(String, String),
    mode: ImportMode,
    from: LessonSource,
) -> ImportFiles {
    let files: Files = &[("GPU002.TXT", lessons), ("GPU001.TXT", hours)];
    ImportFiles { mode, lessons: from, create_missing: true, ..office.of(files) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_repeated_import_changes_nothing_and_a_replacing_one_reads_back_as_it_stands(
        first in files(),
        second in files(),
        replace: bool,
        from_timetable: bool,
    ) {
        let mut office = Office::new();
        let before = import(&office, &first, ImportMode::Merge, LessonSource::Timetable);
        office.done(&before);
        let mode = if replace { ImportMode::Replace } else { ImportMode::Merge };
        let from = if from_timetable { LessonSource::Timetable } else { LessonSource::File };
        let import = import(&office, &second, mode, from);
        if office.try_outcome(&import).is_ok() {
            office.done(&import);
            prop_assert_eq!(office.done(&import), []);
            if replace {
                prop_assert_eq!(office.timetable(), real::timetable_of(&import.files));
            }
        }
    }
}
