//! From text to rows of cells: which separator a file uses, quotes, line ends.
//!
//! Written by hand instead of with the `csv` crate: faults must name the line under all three line ends, an unclosed
//! quote must be told instead of swallowing the rest of the file, and blanks around bare values go while those inside
//! quotes stay.

use std::borrow::Cow;

/// Bytes that one row may have; also how far an unclosed quote is followed, so that reading stays linear.
const ROW_BYTES_MAX: usize = 64 * 1024;

/// Bytes at the start of a file that are looked at to find its separator.
const SAMPLE_BYTES: usize = 256 * 1024;

/// One field of a row, without its quotes and with the blanks around bare values gone.
pub(super) type Cell<'t> = Cow<'t, str>;

/// Why a row could not be split.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    pub line: u32,
    pub column: u32,
    pub detail: &'static str,
}

/// The separator of a file: `,`, `;` or tab, whichever splits most of its lines; among those that split equally many
/// the one with more columns, then the one that comes first in more lines.
pub(super) fn separator(text: &str) -> u8 {
    const CANDIDATES: [u8; 3] = *b"\t;,";
    if let Some(first) = after_first_field(text).filter(|byte| CANDIDATES.contains(byte)) {
        return first;
    }
    let end = text.len().min(SAMPLE_BYTES);
    // [separator][how many of it in a line] counts lines; more than the longest real row are all the same.
    let mut lines_by_count = [[0_u32; 128]; 3];
    let mut first_in = [0_u32; 3];
    for line in text.as_bytes()[..end].split(|&byte| byte == b'\n' || byte == b'\r') {
        let mut quoted = false;
        let mut counts = [0_usize; 3];
        let mut first = None;
        for &byte in line {
            if byte == b'"' {
                quoted = !quoted;
            } else if !quoted && let Some(which) = CANDIDATES.iter().position(|&candidate| candidate == byte)
            {
                counts[which] += 1;
                first.get_or_insert(which);
            }
        }
        if let Some(first) = first {
            first_in[first] += 1;
        }
        for (which, count) in counts.into_iter().enumerate() {
            lines_by_count[which][count.min(127)] += u32::from(!line.is_empty());
        }
    }
    let best = (0..CANDIDATES.len()).max_by_key(|&which| {
        let lines: u32 = lines_by_count[which].iter().sum();
        let split = lines - lines_by_count[which][0];
        (split, median(&lines_by_count[which], lines), first_in[which], CANDIDATES.len() - which)
    });
    CANDIDATES[best.expect("there are three candidates")]
}

/// What stands behind the first field, when that is in quotes: it parts the fields, whatever stands in texts of several lines.
fn after_first_field(text: &str) -> Option<u8> {
    let bytes = text.strip_prefix('"')?.as_bytes();
    let bytes = &bytes[..bytes.len().min(ROW_BYTES_MAX)];
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|byte| *byte == b'"')?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            byte => return byte.copied(),
        }
    }
}

/// The count that half of the lines reach.
fn median(lines_by_count: &[u32; 128], lines: u32) -> usize {
    let mut seen = 0;
    lines_by_count
        .iter()
        .position(|&n| {
            seen += n;
            seen * 2 >= lines
        })
        .unwrap_or(0)
}

/// The rows of a text.
pub(super) struct Rows<'t> {
    text: &'t str,
    separator: u8,
    at: usize,
    line: u32,
}

impl<'t> Rows<'t> {
    /// Reads `text`, whose fields are parted by `separator`.
    pub fn new(text: &'t str, separator: u8) -> Self {
        Rows { text, separator, at: 0, line: 1 }
    }

    /// Puts the fields of the next row that holds anything into `cells` and answers its line; `None` at the end.
    /// After a bad row reading goes on at the line below the one where that row began.
    pub fn next(&mut self, cells: &mut Vec<Cell<'t>>) -> Option<Result<u32, BadRow>> {
        while self.at < self.text.len() {
            let (start, line) = (self.at, self.line);
            cells.clear();
            if let Err(bad) = self.row(cells, start) {
                (self.at, self.line) = (start, line);
                self.skip_line();
                return Some(Err(bad));
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                return Some(Ok(line));
            }
        }
        None
    }

    fn row(&mut self, cells: &mut Vec<Cell<'t>>, start: usize) -> Result<(), BadRow> {
        let bytes = self.text.as_bytes();
        loop {
            while self.is_blank(self.at) {
                self.at += 1;
            }
            let text = if bytes.get(self.at) == Some(&b'"') {
                self.quoted(cells.len(), start)?
            } else {
                let from = self.at;
                while self.at < bytes.len() && !self.ends_field(bytes[self.at]) {
                    self.at += 1;
                }
                Cow::Borrowed(self.text[from..self.at].trim())
            };
            cells.push(text);
            if self.at - start > ROW_BYTES_MAX {
                return Err(BadRow { line: self.line, column: 0, detail: "the row is longer than 64 KiB" });
            }
            if bytes.get(self.at) != Some(&self.separator) {
                self.line_end();
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// A field in quotes; a doubled quote stands for one.
    fn quoted(&mut self, cells_before: usize, start: usize) -> Result<Cell<'t>, BadRow> {
        let bad = |line, detail| {
            let column = u32::try_from(cells_before + 1).unwrap_or(u32::MAX);
            Err(BadRow { line, column, detail })
        };
        let first_line = self.line;
        let bytes = self.text.as_bytes();
        self.at += 1;
        let mut from = self.at;
        let mut parts: Option<String> = None;
        loop {
            match bytes.get(self.at) {
                None => return bad(first_line, "the quote is never closed"),
                Some(_) if self.at - start > ROW_BYTES_MAX => {
                    return bad(first_line, "the quote is not closed within 64 KiB");
                }
                Some(b'"') if bytes.get(self.at + 1) == Some(&b'"') => {
                    parts.get_or_insert_default().push_str(&self.text[from..=self.at]);
                    self.at += 2;
                    from = self.at;
                }
                Some(b'"') => break,
                Some(b'\r' | b'\n') => self.line_end(),
                Some(_) => self.at += 1,
            }
        }
        let rest = &self.text[from..self.at];
        self.at += 1;
        while self.is_blank(self.at) {
            self.at += 1;
        }
        if bytes.get(self.at).is_some_and(|&byte| !self.ends_field(byte)) {
            return bad(first_line, "text goes on after the closing quote; a quote inside is written twice");
        }
        Ok(match parts {
            None => Cow::Borrowed(rest),
            Some(parts) => Cow::Owned(parts + rest),
        })
    }

    fn is_blank(&self, at: usize) -> bool {
        let byte = self.text.as_bytes().get(at);
        byte == Some(&b' ') || byte == Some(&b'\t') && self.separator != b'\t'
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.separator || byte == b'\n' || byte == b'\r'
    }

    /// Steps over CR, LF or CRLF, where one stands.
    fn line_end(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let length = if rest.starts_with(b"\r\n") { 2 } else { usize::from(!rest.is_empty()) };
        self.at += length;
        self.line = self.line.saturating_add(u32::from(length > 0));
    }

    fn skip_line(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
        self.line_end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut rows = Rows::new(text, separator(text));
        let mut cells = Vec::new();
        let mut all = Vec::new();
        while let Some(row) = rows.next(&mut cells) {
            let texts = cells.iter().map(ToString::to_string).collect();
            all.push((row.expect("a good row"), texts));
        }
        all
    }

    fn bad_rows(text: &str) -> Vec<BadRow> {
        let mut rows = Rows::new(text, separator(text));
        let mut cells = Vec::new();
        std::iter::from_fn(|| rows.next(&mut cells)).filter_map(Result::err).collect()
    }

    #[test]
    fn all_three_separators_are_found() {
        for (text, found) in [
            ("1;2,5;3\n2;2,5;3\n", b';'),
            ("1,\"a;b;c;d\",3\n", b','),
            ("1\tBio; Chemie, Physik\t3\n", b'\t'),
            ("\"Müller, Anna\";;;x\n", b';'),
            ("Müller, Anna;;;x\nSchmidt, Jo;;;y\n", b';'),
            ("FR;Französisch, Spanisch\n", b';'),
            ("FR,Französisch; Spanisch\n", b','),
        ] {
            assert_eq!(separator(text), found, "{text}");
        }
    }

    #[test]
    fn lines_may_end_in_any_way_and_empty_ones_count_but_hold_nothing() {
        let rows = split("a;b\r\n\r\nc;d\re;f\n;;\n\n\"g\";h");
        let lines: Vec<u32> = rows.iter().map(|row| row.0).collect();
        assert_eq!(lines, [1, 3, 4, 7]);
        assert_eq!(rows[3].1, ["g", "h"]);
    }

    #[test]
    fn blanks_around_bare_values_go_and_those_in_quotes_stay() {
        let rows = split("  5 a ; \" S\" ;\"a \"\"b\"\"\";\n");
        assert_eq!(rows[0].1, ["5 a", " S", "a \"b\"", ""]);
    }

    #[test]
    fn a_quoted_text_may_hold_separators_and_line_ends() {
        let rows = split("1;\"a;b\r\nc\";d\n2;e;f\n");
        assert_eq!(rows[0].1, ["1", "a;b\r\nc", "d"]);
        assert_eq!(rows[1].0, 3);
    }

    #[test]
    fn an_unclosed_quote_is_told_and_the_next_line_is_read() {
        let text = "1;\"a;b\n2;\"c\";d\n3;\"e\n4;f\n";
        let bad: Vec<(u32, u32)> = bad_rows(text).iter().map(|bad| (bad.line, bad.column)).collect();
        assert_eq!(bad, [(1, 2), (3, 2)]);
    }

    #[test]
    fn an_absurdly_long_row_is_told() {
        let text = format!("1;{};x\n2;b;c\n", "y".repeat(ROW_BYTES_MAX + 1));
        assert_eq!(bad_rows(&text).len(), 1);
    }
}
