//! The fields of one row, read as what their column says they are. A field that cannot be read is told as a fault and
//! counts as empty.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Faults;
use super::split::Cell;
use crate::input::decimal;
use crate::kind::ROWS_MAX;
use crate::name::{name_fault, normalised};

/// One row with the place it stands at.
pub(super) struct Cells<'a, 't> {
    pub file: &'a str,
    pub line: u32,
    pub cells: &'a [Cell<'t>],
    pub faults: &'a mut Faults,
}

impl Cells<'_, '_> {
    /// Tells a fault in the field `column`.
    pub fn fault(&mut self, column: u32, detail: impl std::fmt::Display) {
        self.faults.push(self.file, self.line, column, detail);
    }

    fn raw(&self, column: u32) -> Option<&str> {
        let cell = self.cells.get(column as usize - 1)?;
        (!cell.chars().all(|c| c.is_whitespace() && !c.is_control())).then_some(cell)
    }

    /// The name of a record, in NFC.
    pub fn name(&mut self, column: u32) -> Option<String> {
        let name = normalised(self.raw(column)?);
        if let Some(fault) = name_fault(&name) {
            self.fault(column, fault);
            return None;
        }
        Some(name)
    }

    /// Names of records with `~` between them, each once.
    pub fn names(&mut self, column: u32) -> Option<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for part in self.raw(column)?.split('~').map(|part| normalised(part.trim())) {
            if part.is_empty() || names.contains(&part) {
                continue;
            }
            if let Some(fault) = name_fault(&part) {
                self.fault(column, fault);
                return None;
            }
            names.push(part);
        }
        if names.len() > ROWS_MAX {
            self.fault(column, format_args!("the list has more than {ROWS_MAX} names"));
            return None;
        }
        (!names.is_empty()).then_some(names)
    }

    /// What a letter, in whatever case, stands for.
    pub fn letter<'w>(&mut self, column: u32, letters: &[(&str, &'w str)]) -> Option<&'w str> {
        let text = self.raw(column)?.trim();
        let word =
            letters.iter().find(|(letter, _)| letter.eq_ignore_ascii_case(text)).map(|(_, word)| *word);
        if word.is_none() {
            let known: Vec<&str> = letters.iter().map(|(letter, _)| *letter).collect();
            let detail = format!("{:?} is none of the letters {}", shortened(text), known.join(", "));
            self.fault(column, detail);
        }
        word
    }

    /// The name that the row is about; a row without one says nothing.
    pub fn own_name(&mut self) -> Option<String> {
        if self.raw(1).is_none() {
            self.fault(1, "the name is missing");
        }
        self.name(1)
    }

    /// A text of at most `length_max` characters, in NFC, without blanks at its ends; line ends may stand in it.
    pub fn text(&mut self, column: u32, length_max: usize) -> Option<String> {
        let text = normalised(self.raw(column)?.trim());
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fault(column, "the text has control characters");
            return None;
        }
        if text.chars().count() > length_max {
            self.fault(column, format_args!("the text has more than {length_max} characters"));
            return None;
        }
        Some(text)
    }

    /// A number from 0 to `most` with at most five decimals after `.` or `,`, in its one spelling.
    pub fn decimal(&mut self, column: u32, most: i64) -> Option<Arc<str>> {
        let text = self.raw(column)?.trim();
        let text = if text.contains('.') { Cow::Borrowed(text) } else { Cow::Owned(text.replace(',', ".")) };
        // `.5` is how some programs write a half.
        let number = if text.len() > 1 && text.starts_with('.') {
            decimal(&format!("0{text}"), most)
        } else {
            decimal(&text, most)
        };
        if number.is_none() {
            let detail = format!("{:?} is not a number from 0 to {most}", shortened(&text));
            self.fault(column, detail);
        }
        number
    }

    /// A whole number from `least` to `most`; `2.00000` is one too.
    pub fn whole(&mut self, column: u32, least: i64, most: i64) -> Option<i64> {
        let text = self.raw(column)?.trim();
        let number = decimal(&text.replace(',', "."), most).and_then(|text| text.parse().ok());
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            let detail = format!("{:?} is not a whole number from {least} to {most}", shortened(text));
            self.fault(column, detail);
        }
        number
    }

    /// Like [`Cells::whole`], for a field that must be filled; `missing` is what is said when it is not.
    pub fn needed(&mut self, column: u32, least: i64, most: i64, missing: &str) -> Option<u32> {
        if self.raw(column).is_none() {
            self.fault(column, missing);
        }
        self.whole(column, least, most).and_then(|number| u32::try_from(number).ok())
    }

    /// A date written `YYYYMMDD`; `0` stands for none.
    pub fn date(&mut self, column: u32) -> Option<NaiveDate> {
        let text = self.raw(column)?.trim();
        if text.bytes().all(|b| b == b'0') {
            return None;
        }
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        let date = digits.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten();
        if date.is_none() {
            let detail = format!("{:?} is not a date written YYYYMMDD", shortened(text));
            self.fault(column, detail);
        }
        date
    }
}

/// The beginning of a text, to be quoted in a fault.
fn shortened(text: &str) -> String {
    text.chars().take(30).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `read` makes of one field, and whether it found a fault.
    fn field<T>(text: &str, read: impl Fn(&mut Cells) -> Option<T>) -> (Option<T>, bool) {
        let mut faults = Faults::default();
        let cells = [Cow::Borrowed(text)];
        let value = read(&mut Cells { file: "GPU003.TXT", line: 7, cells: &cells, faults: &mut faults });
        assert!(faults.items.iter().all(|fault| (fault.line, fault.column) == (7, 1)));
        (value, !faults.is_empty())
    }

    #[test]
    fn decimals_take_a_point_or_a_comma_and_have_one_spelling() {
        for (text, decimal) in [("2,50", "2.5"), ("23.000", "23"), ("007", "7"), (".5", "0.5"), ("0,0", "0")]
        {
            assert_eq!(field(text, |cells| cells.decimal(1, 99)), (Some(decimal.into()), false));
        }
        for text in ["x", "1.2.3", "1,000.5", "-1", ".", "1e3", "100"] {
            assert_eq!(field(text, |cells| cells.decimal(1, 99)), (None, true), "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_no_decimals_and_bounds() {
        assert_eq!(field("2.00000", |cells| cells.whole(1, 0, 9)), (Some(2), false));
        assert_eq!(field("", |cells| cells.whole(1, 0, 9)), (None, false));
        for text in ["2.5", "-1", "10", "zwei"] {
            assert_eq!(field(text, |cells| cells.whole(1, 0, 9)), (None, true), "{text}");
        }
        assert_eq!(field("0", |cells| cells.needed(1, 1, 7, "the day is missing")), (None, true));
        assert_eq!(field("", |cells| cells.needed(1, 1, 7, "the day is missing")), (None, true));
    }

    #[test]
    fn dates_are_real_ones_and_zero_is_none() {
        assert_eq!(field("20280229", |cells| cells.date(1)), (NaiveDate::from_ymd_opt(2028, 2, 29), false));
        assert_eq!(field("0", |cells| cells.date(1)), (None, false));
        for text in ["20270229", "2027-01-01", "270101", "20271301"] {
            assert_eq!(field(text, |cells| cells.date(1)), (None, true), "{text}");
        }
    }

    #[test]
    fn names_are_normalised_and_checked() {
        assert_eq!(field("Scho\u{308}n", |cells| cells.name(1)), (Some("Schön".to_owned()), false));
        assert_eq!(field("  ", |cells| cells.name(1)), (None, false));
        assert_eq!(field("", |cells| cells.own_name().map(|name| name.len())), (None, true));
        for text in [" 5a", "5\ta", "5\na", &"x".repeat(51)] {
            assert_eq!(field(text, |cells| cells.name(1)), (None, true), "{text:?}");
        }
    }

    #[test]
    fn texts_may_span_lines_but_hold_no_other_control_characters() {
        assert_eq!(field(" a\nb ", |cells| cells.text(1, 2_000)), (Some("a\nb".to_owned()), false));
        assert_eq!(field("abc", |cells| cells.text(1, 2)), (None, true));
        assert_eq!(field("a\u{7}", |cells| cells.text(1, 2_000)), (None, true));
    }
}
