//! Reading very many events: the server sends them as it has them, and they are taken apart elsewhere, on any thread.

use chrono::{DateTime, Utc};
use domain::StreamName;
use futures::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::recorded::Recorded;

/// What a stream of rows in PostgreSQL's binary format begins with: signature, flags, length of the rest of the header.
const HEADER: usize = 19;
/// The microseconds from 1970 to 2000, where PostgreSQL's times begin.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Reads the ledger up to a position, through a connection of its own.
pub struct BulkReader {
    connection: PgConnection,
    after: i64,
    upto: i64,
}

impl BulkReader {
    pub(crate) async fn new(ledger: &Ledger, after: i64, upto: i64) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: ledger.settings.connect_one().await?, after, upto })
    }

    /// The position up to which everything has been handed out.
    pub fn position(&self) -> i64 {
        self.after
    }

    /// The events of the next so many positions; nothing at the end. They may end within an append: the next ones go on there.
    pub async fn next(&mut self, count: i64) -> Result<Option<Bulk>, sqlx::Error> {
        if self.after >= self.upto {
            return Ok(None);
        }
        let last = self.upto.min(self.after.saturating_add(count.max(1)));
        // Two numbers, and no parameters: COPY takes none.
        let copy = format!(
            "copy (select position, append_end, stream, version, type, subject, recorded_at, meta, data from event
            where position > {} and position <= {last} order by position) to stdout (format binary)",
            self.after
        );
        let mut bytes = Vec::new();
        let mut parts = self.connection.copy_out_raw(&copy).await?;
        while let Some(part) = parts.try_next().await? {
            bytes.extend_from_slice(&part);
        }
        drop(parts);
        self.after = last;
        Ok(Some(Bulk { bytes }))
    }
}

/// Events as the server sent them.
pub struct Bulk {
    bytes: Vec<u8>,
}

impl Bulk {
    /// Takes them apart: as many as can be read, and what is wrong with the next one. Takes a microsecond or two for each, so not
    /// for a thread that others wait for.
    pub fn take_apart(self) -> (Vec<Recorded>, Option<Unreadable>) {
        let mut rest = Rest(self.bytes.get(HEADER..).unwrap_or_default());
        let mut events = Vec::new();
        // The trailer has -1 in the place of the number of columns.
        while rest.number::<2>().map(i16::from_be_bytes).is_some_and(|columns| columns > 0) {
            match rest.event() {
                Ok(event) => events.push(event),
                Err(unreadable) => return (events, Some(unreadable)),
            }
        }
        (events, None)
    }
}

/// An event whose frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands, as far as that can be told.
    pub position: Option<i64>,
    /// What is wrong.
    pub cause: String,
}

/// The bytes that have not been read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*number)
    }

    /// A column; null is nothing too.
    fn column(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(i32::from_be_bytes(self.number()?)).ok()?;
        let (column, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(column)
    }

    fn whole_number(&mut self) -> Option<i64> {
        self.column()?.try_into().ok().map(i64::from_be_bytes)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.column()?.to_vec()).ok()
    }

    fn event(&mut self) -> Result<Recorded, Unreadable> {
        let position = self.whole_number();
        let unreadable = |cause: &str| Unreadable { position, cause: cause.to_owned() };
        let append_end = self.whole_number().ok_or_else(|| unreadable("append_end"))?;
        let stream = self.text().ok_or_else(|| unreadable("stream"))?;
        let version = self.whole_number().ok_or_else(|| unreadable("version"))?;
        let r#type = self.text().ok_or_else(|| unreadable("type"))?;
        let subject = self.column().and_then(|bytes| Uuid::from_slice(bytes).ok());
        let recorded_at = self.time().ok_or_else(|| unreadable("recorded_at"))?;
        let meta = self.column().ok_or_else(|| unreadable("meta"))?;
        let meta = serde_json::from_slice(meta).map_err(|error| unreadable(&error.to_string()))?;
        let data = self.column().ok_or_else(|| unreadable("data"))?.to_vec();
        Ok(Recorded {
            position: position.ok_or_else(|| unreadable("position"))?,
            append_end,
            stream: StreamName::new(stream),
            version,
            r#type,
            subject,
            recorded_at,
            meta,
            data,
        })
    }

    fn time(&mut self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.whole_number()?.checked_add(EPOCH_MICROS)?)
    }
}
