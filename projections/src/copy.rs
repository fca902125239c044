//! Rows on their way into an empty table: COPY in PostgreSQL's binary format, which neither side has to parse.

use crate::fill::EmptyTables;

mod column;

pub(crate) use column::{Column, Day, Json, Jsonb, Small};

/// What every stream of rows begins with: signature, flags, length of the rest of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in the place of a row's number of columns.
const TRAILER: i16 = -1;

/// Rows of one table. The columns of a row come in the order of the statement, each as [`Column`] of its type.
pub(crate) struct CopyRows {
    /// Up to its options.
    statement: &'static str,
    bytes: Vec<u8>,
}

impl CopyRows {
    /// `copy … from stdin`.
    pub fn new(statement: &'static str) -> Self {
        Self { statement, bytes: HEADER.to_vec() }
    }

    pub fn row<const N: usize>(&mut self, columns: [&dyn Column; N]) {
        let count = i16::try_from(N).expect("a table has few columns");
        self.bytes.extend(count.to_be_bytes());
        for column in columns {
            column.put(&mut self.bytes);
        }
    }

    /// Sends the rows if they are as many as are sent at once.
    pub async fn send_many(&mut self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        if self.bytes.len() < tables.bytes_at_once() { Ok(()) } else { self.send(tables).await }
    }

    /// Sends the rows on their way, and is empty again.
    pub async fn send(&mut self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        if self.bytes.len() == HEADER.len() {
            return Ok(());
        }
        self.bytes.extend(TRAILER.to_be_bytes());
        self.bytes = tables.send(self.statement, std::mem::take(&mut self.bytes)).await?;
        self.bytes.clear();
        self.bytes.extend(HEADER);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_column_of_a_table_that_is_filled_is_named() {
        let filled = [
            ("record", include_str!("record/filled.rs")),
            ("placement", include_str!("placement/filled.rs")),
            ("change", include_str!("change/filled.rs")),
            ("audit", include_str!("audit/filled.rs")),
            ("plan", include_str!("plan/filled.rs")),
            ("session", include_str!("session/filled.rs")),
            ("lock", include_str!("lock/filled.rs")),
        ];
        for (projection, source) in filled {
            let sql: String = crate::generation::definitions_of(projection).collect();
            for statement in source.split("\"copy ").skip(1) {
                let (table, rest) = statement.split_once(" (").expect("a list of columns");
                let (columns, _) = rest.split_once(')').expect("the end of the list");
                let mut named: Vec<&str> = columns.split(',').map(str::trim).collect();
                let begin = format!("create table {table} (\n");
                let (_, body) = sql.split_once(&begin).expect("its definition");
                let (body, _) = body.split_once("\n)").expect("the end of it");
                let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("--"));
                let first = lines.filter_map(|line| line.split(' ').next());
                let mut defined: Vec<&str> = first.filter(|word| *word != "primary").collect();
                named.sort_unstable();
                defined.sort_unstable();
                assert_eq!(named, defined, "{table}");
            }
        }
    }
}
