//! A plan as Untis GPU files: what [`crate::import`] reads again without a change.
//!
//! The files hold the records of one plan and the placements of one period. What they have no room for is told: see
//! [`crate::gpu::write`].

use std::collections::{BTreeSet, HashMap};

use crate::gpu::write::{FILES, file_name, fits_file, kind_of, rows_of, timetable};
use crate::{Kind, Plan, Record, RecordId};

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// `GPU001.TXT`.
    pub name: String,
    /// Its rows, in UTF-8.
    pub text: String,
    /// Records of its kind that it has no room for, because files call them by numbers.
    pub left_out: Vec<String>,
}

/// As many records that a file has no room for are told by name.
pub const LEFT_OUT_MAX: usize = 1_000;

/// The number of a file by its name: `GPU001`, in any case.
fn number_named(name: &str) -> Option<u16> {
    let digits = name.get(..3).filter(|it| it.eq_ignore_ascii_case("GPU")).and_then(|_| name.get(3..))?;
    let number = (digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse::<u16>().ok())
        .flatten()?;
    FILES.contains(&number).then_some(number)
}

/// The numbers of some files by their names, once each and in order; else the name that no file has.
pub fn numbers_named<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<u16>, &'a str> {
    let numbers: BTreeSet<u16> =
        names.map(|name| number_named(name.trim()).ok_or(name)).collect::<Result<_, _>>()?;
    Ok(numbers.into_iter().collect())
}

/// The names of all files, to be told to whoever named another one: `GPU001, GPU002`.
pub fn names_of_files() -> String {
    FILES.map(|number| format!("GPU{number:03}")).join(", ")
}

/// Records of a kind in the order in which files have them: those that are called by numbers by these, the others by name.
pub fn in_order(kind: Kind, records: &mut [&Record]) {
    let by_number = matches!(kind, Kind::Lessons | Kind::Absences | Kind::Substitutions);
    records.sort_by_cached_key(|record| {
        let name = record.name().unwrap_or_default();
        let number = name.parse::<u64>().ok().filter(|_| by_number);
        (number.is_none(), number, name.to_owned())
    });
}

/// One file of records that are in their order.
pub fn file(number: u16, records: &[&Record], name_of: &dyn Fn(RecordId) -> Option<String>) -> ExportedFile {
    let text = rows_of(number, records, name_of);
    ExportedFile { name: file_name(number), text, left_out: left_out(records) }
}

/// GPU001 of lessons that are in their order.
pub fn timetable_file(
    lessons: &[&Record],
    placements: &HashMap<RecordId, Vec<&Record>>,
    period: RecordId,
    name_of: &dyn Fn(RecordId) -> Option<String>,
) -> ExportedFile {
    let text = timetable(lessons, placements, period, name_of);
    let placed: Vec<&Record> =
        lessons.iter().copied().filter(|lesson| placements.contains_key(&lesson.id)).collect();
    ExportedFile { name: file_name(1), text, left_out: left_out(&placed) }
}

fn left_out(records: &[&Record]) -> Vec<String> {
    let names = records.iter().filter_map(|record| Some((record.kind, record.name()?)));
    names
        .filter(|(kind, name)| !fits_file(*kind, name))
        .map(|(kind, name)| format!("{kind}/{name}"))
        .take(LEFT_OUT_MAX)
        .collect()
}

/// The files of these numbers of a plan in memory, with the placements of a period.
pub fn files(plan: &Plan, period: RecordId, numbers: &[u16]) -> Vec<ExportedFile> {
    let name_of = |id| plan.name_of(id);
    let of_kind = |kind: Kind| {
        let mut records: Vec<&Record> = plan.records_of(kind).map(AsRef::as_ref).collect();
        in_order(kind, &mut records);
        records
    };
    let one = |number: u16| {
        if number != 1 {
            let kind = kind_of(number)?;
            return Some(file(number, &of_kind(kind), &name_of));
        }
        let lessons = of_kind(Kind::Lessons);
        let of = |lesson: &&Record| {
            let placed: Vec<&Record> = plan.placements(lesson.id, period).map(AsRef::as_ref).collect();
            (!placed.is_empty()).then_some((lesson.id, placed))
        };
        let placements = lessons.iter().filter_map(of).collect();
        Some(timetable_file(&lessons, &placements, period, &name_of))
    };
    numbers.iter().filter_map(|number| one(*number)).collect()
}

#[cfg(test)]
mod tests;
