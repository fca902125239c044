//! Tables for people to read.

use serde_json::{Value as Json, json};

use super::{note, say, say_json};

/// Answers with a list: as JSON, or as a table with a row for each item. For people `none` says what to do when there is nothing.
pub fn say_items<const N: usize>(
    items: &[Json],
    json: bool,
    headings: [&str; N],
    row: impl Fn(&Json) -> [String; N],
    none: &str,
) {
    if json {
        say_json(&json!({ "items": items }));
    } else if items.is_empty() {
        note(none);
    } else {
        let rows: Vec<[String; N]> = items.iter().map(row).collect();
        say(table(headings, &rows));
    }
}

/// A member of an item that is a text.
pub fn word(item: &Json, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// Rows under headings, each column as wide as its widest cell.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["anna".to_owned(), "planners".to_owned()], ["Bärbel Ö".to_owned(), "x".to_owned()]];
        assert_eq!(
            super::table(["NAME", "GROUP"], &rows),
            "NAME      GROUP\nanna      planners\nBärbel Ö  x"
        );
    }
}
