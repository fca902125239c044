//! Rows on their way into an empty table: COPY in PostgreSQL's binary format, which neither side has to parse.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::fill::EmptyTables;

/// What every stream of rows begins with: signature, flags, length of the rest of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in the place of a row's number of columns.
const TRAILER: i16 = -1;
/// The seconds from 1970 to 2000, where PostgreSQL's times begin.
const EPOCH_SECONDS: i64 = 946_684_800;
/// The type `uuid` in PostgreSQL's catalogue, which is the same everywhere.
const UUID_TYPE: i32 = 2950;

/// How many rows are sent at once: more would only take memory.
pub(crate) const ROWS_AT_ONCE: usize = 20_000;

/// Rows of one table. The columns of a row come in the order of the statement, each as [`Column`] of its type.
pub(crate) struct CopyRows {
    /// Up to its options.
    statement: &'static str,
    bytes: Vec<u8>,
    rows: usize,
}

impl CopyRows {
    /// `copy … from stdin`.
    pub fn new(statement: &'static str) -> Self {
        Self { statement, bytes: HEADER.to_vec(), rows: 0 }
    }

    pub fn row<const N: usize>(&mut self, columns: [&dyn Column; N]) {
        let count = i16::try_from(N).expect("a table has few columns");
        self.bytes.extend(count.to_be_bytes());
        for column in columns {
            column.put(&mut self.bytes);
        }
        self.rows += 1;
    }

    /// Sends the rows, and is empty again.
    pub async fn send(&mut self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        if self.rows == 0 {
            return Ok(());
        }
        self.bytes.extend(TRAILER.to_be_bytes());
        let options = if tables.at_once { "(format binary, freeze)" } else { "(format binary)" };
        let statement = format!("{} {options}", self.statement);
        let turn = tables.pace.turn().await;
        let mut copy = tables.connection.copy_in_raw(&statement).await?;
        copy.send(self.bytes.as_slice()).await?;
        copy.finish().await?;
        turn.end().await;
        self.bytes.truncate(HEADER.len());
        self.rows = 0;
        Ok(())
    }
}

/// A value that is written as its type has it. A column of another type than the value's is refused by the server or, worse, read
/// as something else; that the rows are those that [`crate::Projection::apply`] makes is tested.
pub(crate) trait Column: Sync {
    fn put(&self, bytes: &mut Vec<u8>);
}

fn sized(bytes: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).expect("a value is shorter than the batch that holds it");
    bytes.extend(length.to_be_bytes());
    bytes.extend(value);
}

impl Column for Uuid {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

impl Column for i64 {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &self.to_be_bytes());
    }
}

impl Column for bool {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &[u8::from(*self)]);
    }
}

impl Column for i32 {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &self.to_be_bytes());
    }
}

impl Column for &str {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

impl Column for String {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

/// A value of the type `bytea`.
impl Column for Vec<u8> {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self);
    }
}

impl Column for DateTime<Utc> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (self.timestamp_micros() - EPOCH_SECONDS * 1_000_000).put(bytes);
    }
}

impl<T: Column> Column for Option<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(bytes),
            None => bytes.extend((-1_i32).to_be_bytes()),
        }
    }
}

/// A date, or one of the two that lie before and after all others.
pub(crate) enum Day {
    On(NaiveDate),
    BeforeAll,
    AfterAll,
}

impl Column for Day {
    fn put(&self, bytes: &mut Vec<u8>) {
        let days = match self {
            Self::On(date) => i32::try_from(EPOCH_SECONDS / 86_400)
                .map(|to_2000| date.to_epoch_days() - to_2000)
                .expect("the years between 1970 and 2000 have few days"),
            Self::BeforeAll => i32::MIN,
            Self::AfterAll => i32::MAX,
        };
        days.put(bytes);
    }
}

/// A value of the type `jsonb`, as text.
pub(crate) struct Jsonb(pub String);

impl Column for Jsonb {
    fn put(&self, bytes: &mut Vec<u8>) {
        let length =
            i32::try_from(self.0.len() + 1).expect("a value is shorter than the batch that holds it");
        bytes.extend(length.to_be_bytes());
        // The version of the format.
        bytes.push(1);
        bytes.extend(self.0.as_bytes());
    }
}

impl Column for Vec<Uuid> {
    fn put(&self, bytes: &mut Vec<u8>) {
        let count = i32::try_from(self.len()).expect("a list is shorter than the batch that holds it");
        // Without elements it has no dimension; else one, from 1 on.
        let header: &[i32] = if count == 0 { &[0, 0, UUID_TYPE] } else { &[1, 0, UUID_TYPE, count, 1] };
        let length = header.len() * 4 + self.len() * 20;
        bytes.extend(i32::try_from(length).expect("as above").to_be_bytes());
        bytes.extend(header.iter().flat_map(|part| part.to_be_bytes()));
        for id in self {
            id.put(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(column: &dyn Column) -> Vec<u8> {
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        bytes
    }

    #[test]
    fn values_are_written_with_their_lengths() {
        assert_eq!(put(&7_i64), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(put(&"ü"), [0, 0, 0, 2, 0xc3, 0xbc]);
        assert_eq!(put(&None::<i64>), [255, 255, 255, 255]);
        assert_eq!(put(&Jsonb("{}".to_owned())), [0, 0, 0, 3, 1, b'{', b'}']);
        assert_eq!(put(&DateTime::from_timestamp(EPOCH_SECONDS, 0)), put(&0_i64));
        assert_eq!(put(&Vec::<Uuid>::new()).len(), 4 + 12);
        assert_eq!(put(&vec![Uuid::nil()]).len(), 4 + 20 + 20);
    }

    #[test]
    fn every_column_of_a_table_that_is_filled_is_named() {
        let filled = [
            ("record", include_str!("record/filled.rs")),
            ("placement", include_str!("placement/filled.rs")),
            ("change", include_str!("change/filled.rs")),
            ("audit", include_str!("audit/filled.rs")),
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
