//! Reading very many events: the server sends them as it has them, and they are taken apart elsewhere, on any thread.

use chrono::{DateTime, Utc};
use domain::{Meta, StreamName};
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
    /// How many bytes the events were that were read last; the next ones will be about as many.
    bytes: usize,
}

impl BulkReader {
    pub(crate) async fn new(ledger: &Ledger, after: i64, upto: i64) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: ledger.settings.connect_one().await?, after, upto, bytes: 0 })
    }

    /// The number of the server's process that reads for it.
    pub async fn backend(&mut self) -> Result<i32, sqlx::Error> {
        sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(&mut self.connection).await
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
        let mut bytes = Vec::with_capacity(self.bytes + self.bytes / 8);
        let mut parts = self.connection.copy_out_raw(&copy).await?;
        while let Some(part) = parts.try_next().await? {
            bytes.extend_from_slice(&part);
        }
        drop(parts);
        let positions = usize::try_from(last - self.after).unwrap_or_default();
        self.after = last;
        self.bytes = bytes.len();
        Ok(Some(Bulk { bytes, positions }))
    }
}

/// Events as the server sent them.
pub struct Bulk {
    bytes: Vec<u8>,
    positions: usize,
}

impl Bulk {
    /// How many positions were asked for; there are as many events, if none is missing.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// Takes them apart: as many as can be read, and what is wrong with the next one. Takes a microsecond or two for each, so not
    /// for a thread that others wait for.
    pub fn take_apart(self) -> (Vec<Recorded>, Option<Unreadable>) {
        let mut events = Vec::with_capacity(self.positions);
        for framed in self.frames() {
            match framed.and_then(|framed| framed.recorded()) {
                Ok(event) => events.push(event),
                Err(unreadable) => return (events, Some(unreadable)),
            }
        }
        (events, None)
    }

    /// The same without a copy of their bytes; nothing comes after one whose frame cannot be read.
    pub fn frames(&self) -> impl Iterator<Item = Result<Framed<'_>, Unreadable>> {
        let mut rest = Some(Rest(self.bytes.get(HEADER..).unwrap_or_default()));
        std::iter::from_fn(move || {
            let bytes = rest.as_mut()?;
            // The trailer has -1 in the place of the number of columns.
            if bytes.number::<2>().map(i16::from_be_bytes).is_none_or(|columns| columns <= 0) {
                return None;
            }
            let framed = bytes.event();
            if framed.is_err() {
                rest = None;
            }
            Some(framed)
        })
    }
}

/// An event among the bytes that the server sent.
#[derive(Debug, Clone, Copy)]
pub struct Framed<'a> {
    /// Gapless from 1.
    pub position: i64,
    /// The last position of its append.
    pub append_end: i64,
    /// The name of its stream.
    pub stream: &'a str,
    /// Counts the events of the stream from 1.
    pub version: i64,
    /// The stored name of its type.
    pub r#type: &'a str,
    /// What it is about.
    pub subject: Option<Uuid>,
    /// By the database's clock.
    pub recorded_at: DateTime<Utc>,
    /// JSON bytes of what is noted beside it.
    meta: &'a [u8],
    /// JSON bytes as they were written.
    pub data: &'a [u8],
}

impl Framed<'_> {
    /// What is noted beside it.
    pub fn meta(&self) -> Result<Meta, Unreadable> {
        let unreadable =
            |error: serde_json::Error| Unreadable { position: Some(self.position), cause: error.to_string() };
        serde_json::from_slice(self.meta).map_err(unreadable)
    }

    fn recorded(&self) -> Result<Recorded, Unreadable> {
        Ok(Recorded {
            position: self.position,
            append_end: self.append_end,
            stream: StreamName::from(self.stream),
            version: self.version,
            r#type: self.r#type.to_owned(),
            subject: self.subject,
            recorded_at: self.recorded_at,
            meta: self.meta()?,
            data: self.data.to_vec(),
        })
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

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.column()?).ok()
    }

    fn event(&mut self) -> Result<Framed<'a>, Unreadable> {
        let position = self.whole_number();
        let unreadable = |cause: &str| Unreadable { position, cause: cause.to_owned() };
        let append_end = self.whole_number().ok_or_else(|| unreadable("append_end"))?;
        let stream = self.text().ok_or_else(|| unreadable("stream"))?;
        let version = self.whole_number().ok_or_else(|| unreadable("version"))?;
        let r#type = self.text().ok_or_else(|| unreadable("type"))?;
        let subject = self.column().and_then(|bytes| Uuid::from_slice(bytes).ok());
        let recorded_at = self.time().ok_or_else(|| unreadable("recorded_at"))?;
        let meta = self.column().ok_or_else(|| unreadable("meta"))?;
        let data = self.column().ok_or_else(|| unreadable("data"))?;
        Ok(Framed {
            position: position.ok_or_else(|| unreadable("position"))?,
            append_end,
            stream,
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
