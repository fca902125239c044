//! Reads the Untis GPU text files 001 to 007, 010, 012 to 014 and 018 (RULES.md, section 7): bytes and a file name in, typed rows
//! with their line numbers out, or faults that name file, line, column and reason.
//!
//! Reading is pure and goes over each byte a constant number of times. Nothing here knows a plan: whether a name
//! exists is decided by the import.

mod cell;
mod columns;
mod rows;
mod split;
mod substitution;
mod text;
pub mod write;

use std::fmt;

use serde::Serialize;

use cell::Cells;
use columns::columns_of;
pub use columns::{LESSON_COLUMNS, MASTERS, Master};
pub use rows::{Filled, LessonRow, RecordRow, TimetableRow};

use crate::kind::Kind;

/// Faults that are told one by one; the rest is only counted.
pub const FAULTS_MAX: usize = 1_000;

/// Rows that one file may hold: several times the events that one append may hold.
pub const ROWS_MAX: usize = 250_000;

/// What is wrong at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the file as it was handed in.
    pub file: String,
    /// Line of the file, from 1; a row that spans lines is named by its first one.
    pub line: u32,
    /// Number of the field, from 1; 0 means the whole row.
    pub column: u32,
    /// The reason, in words.
    pub detail: String,
}

/// Faults in the order in which they were found; at most [`FAULTS_MAX`] are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The ones that are told.
    pub items: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Faults {
    /// Keeps a fault, or counts it when enough are kept already.
    pub fn push(&mut self, file: &str, line: u32, column: u32, detail: impl fmt::Display) {
        if self.items.len() < FAULTS_MAX {
            self.items.push(Fault { file: file.to_owned(), line, column, detail: detail.to_string() });
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// The rows of one file with the name under which they were handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<R> {
    /// Name of the file, for faults found later.
    pub file: String,
    /// Its rows, in the order of the file.
    pub rows: Vec<R>,
}

/// How many rows a file held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRows {
    /// Name of the file.
    pub file: String,
    /// Rows read, empty lines not counted.
    pub rows: usize,
}

/// Everything that was read; a table that is `None` was not among the files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GpuFiles {
    /// GPU001.
    pub timetable: Option<Table<TimetableRow>>,
    /// GPU002.
    pub lessons: Option<Table<LessonRow>>,
    /// GPU003 to GPU007, GPU010, GPU012 to GPU014 and GPU018, in that order.
    pub masters: [Option<Table<RecordRow>>; MASTERS.len()],
    /// Files that hold something else, by name.
    pub ignored: Vec<String>,
    /// The files that were read, in the order given.
    pub files: Vec<FileRows>,
    /// What is wrong in them.
    pub faults: Faults,
    /// What is odd but readable.
    pub warnings: Vec<String>,
}

/// Reads files given as (name, bytes). Which file it is says the `GPUnnn` in its name, in any case.
///
/// All faults of all files are collected; a row with a faulty field is kept without that field, so that what depends
/// on the row can be checked too.
pub fn read(files: &[(String, Vec<u8>)]) -> GpuFiles {
    let mut all = GpuFiles::default();
    for (name, bytes) in files {
        let number = number(name);
        match number {
            Some(1) => all.read_into(|all| &mut all.timetable, name, bytes, TimetableRow::read),
            Some(2) => {
                let columns = columns_of(Kind::Lessons, LESSON_COLUMNS);
                all.read_into(|all| &mut all.lessons, name, bytes, |cells| LessonRow::read(cells, &columns));
            }
            _ => match MASTERS.iter().position(|master| Some(master.number) == number) {
                Some(at) => {
                    let columns = columns_of(MASTERS[at].kind, MASTERS[at].columns);
                    all.read_into(
                        |all| &mut all.masters[at],
                        name,
                        bytes,
                        |cells| RecordRow::read(cells, &MASTERS[at], &columns),
                    );
                }
                None => all.ignored.push(name.clone()),
            },
        }
    }
    if all.files.is_empty() && all.faults.is_empty() {
        let name = files.first().map_or("", |(name, _)| name);
        all.faults.push(
            name,
            1,
            0,
            "no file is one of GPU001 to GPU007, GPU010, GPU012 to GPU014 and GPU018; the number stands in the name",
        );
    }
    all
}

/// The three digits after `GPU` in a file name, folders left out.
fn number(name: &str) -> Option<u16> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name).as_bytes();
    base.windows(6).enumerate().find_map(|(at, window)| {
        let digits = &window[3..];
        let ends = !base.get(at + 6).is_some_and(u8::is_ascii_digit);
        let fits = window[..3].eq_ignore_ascii_case(b"GPU") && digits.iter().all(u8::is_ascii_digit) && ends;
        fits.then(|| digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    })
}

impl GpuFiles {
    /// The table of a kind whose rows are one record each, when its file was given.
    pub fn master(&self, kind: Kind) -> Option<&Table<RecordRow>> {
        let at = MASTERS.iter().position(|master| master.kind == kind)?;
        self.masters[at].as_ref()
    }

    /// Reads the rows of one file with `row` into the table that `place` names.
    fn read_into<R>(
        &mut self,
        place: impl Fn(&mut GpuFiles) -> &mut Option<Table<R>>,
        file: &str,
        bytes: &[u8],
        row: impl Fn(&mut Cells) -> Option<R>,
    ) {
        if let Some(first) = place(self) {
            let detail = format!("{} was given as the same table already", first.file);
            self.faults.push(file, 1, 0, detail);
            return;
        }
        let rows = match text::decode(bytes) {
            Ok(text) => read_rows(file, &text, row, &mut self.faults),
            Err(no_text) => {
                self.faults.push(file, no_text.line, 0, no_text.detail);
                Vec::new()
            }
        };
        if rows.is_empty() && self.faults.is_empty() {
            self.warnings.push(format!("{file} holds no rows"));
        }
        self.files.push(FileRows { file: file.to_owned(), rows: rows.len() });
        *place(self) = Some(Table { file: file.to_owned(), rows });
    }
}

fn read_rows<R>(
    file: &str,
    text: &str,
    row: impl Fn(&mut Cells) -> Option<R>,
    faults: &mut Faults,
) -> Vec<R> {
    let mut lines = split::Rows::new(text, split::separator(text));
    let mut cells = Vec::new();
    let mut rows = Vec::new();
    let (mut seen, mut unsplit) = (0, 0);
    while let Some(line) = lines.next(&mut cells) {
        seen += 1;
        match line {
            Ok(line) if seen > ROWS_MAX => {
                faults.push(file, line, 0, format_args!("the file has more than {ROWS_MAX} rows"));
                break;
            }
            Ok(line) => rows.extend(row(&mut Cells { file, line, cells: &cells, faults })),
            Err(bad) => {
                faults.push(file, bad.line, bad.column, bad.detail);
                unsplit += 1;
                // Each of them may have been followed through 64 KiB: enough of them are enough.
                if unsplit == FAULTS_MAX {
                    break;
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests;
