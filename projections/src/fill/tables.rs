//! The way into tables that were empty when it began.

use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::pace::Pace;

/// How many pieces wait to be sent while the server takes one in. With those that are being made and sent, three lie in memory.
const WAITING: usize = 1;

/// How many bytes of rows the server takes in with one statement. With half a megabyte a rebuild takes a tenth longer.
const BYTES_AT_ONCE: usize = 8 * 1024 * 1024;
/// The same while somebody works on the read models: statements are short, and so is what he waits for.
const BYTES_AT_ONCE_GENTLY: usize = 256 * 1024;

/// How many bytes are in one message: they are copied on either side, and more would not stay in the caches of the processors.
const MESSAGE_BYTES: usize = 64 * 1024;

/// The way into tables that were empty when it began. The server takes one piece in while the next one is made.
pub struct EmptyTables {
    /// Nothing when it has come to its end.
    to: Option<mpsc::Sender<Piece>>,
    sent: mpsc::Receiver<Vec<u8>>,
    pace: Arc<Pace>,
    writer: JoinHandle<Result<PgConnection, sqlx::Error>>,
}

/// Rows of a table, as `COPY` takes them.
struct Piece {
    /// Up to its options.
    statement: &'static str,
    bytes: Vec<u8>,
}

impl EmptyTables {
    /// Begins. `at_once`: all of it is one transaction, which has begun and which no other one has to see come to an end; rows are
    /// written as if they had been there for ever, and nobody has to mark them or tidy up after them later. What is written waits
    /// for its turn.
    pub(super) fn begin(connection: PgConnection, at_once: bool, pace: Arc<Pace>) -> Self {
        let (to, pieces) = mpsc::channel(WAITING);
        let (back, sent) = mpsc::channel(WAITING + 2);
        let writer = tokio::spawn(write(connection, at_once, Arc::clone(&pace), pieces, back));
        Self { to: Some(to), sent, pace, writer }
    }

    /// How many bytes are worth a statement.
    pub(crate) fn bytes_at_once(&self) -> usize {
        if self.pace.is_slow() { BYTES_AT_ONCE_GENTLY } else { BYTES_AT_ONCE }
    }

    /// Sends rows on their way; answers a place for the next ones, which may hold what was in it before. An error may be that of an
    /// earlier piece.
    pub(crate) async fn send(
        &mut self,
        statement: &'static str,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, sqlx::Error> {
        let sent = match &self.to {
            Some(to) => to.send(Piece { statement, bytes }).await.is_ok(),
            None => false,
        };
        if sent { Ok(self.sent.try_recv().unwrap_or_default()) } else { Err(self.failed().await) }
    }

    /// Waits until everything is written, and gives the connection back.
    pub(super) async fn end(mut self) -> Result<PgConnection, sqlx::Error> {
        self.to = None;
        (&mut self.writer).await.unwrap_or_else(|error| Err(gone(error)))
    }

    /// Why nothing can be sent any more.
    async fn failed(&mut self) -> sqlx::Error {
        if self.to.take().is_none() {
            return gone("its rows could not be written before");
        }
        match (&mut self.writer).await {
            Ok(Err(error)) => error,
            Ok(Ok(_)) => gone("it takes no rows any more"),
            Err(error) => gone(error),
        }
    }
}

impl Drop for EmptyTables {
    fn drop(&mut self) {
        self.writer.abort();
    }
}

fn gone(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(cause))
}

/// Sends pieces to the server, one after the other, and what they lay in back.
async fn write(
    mut connection: PgConnection,
    at_once: bool,
    pace: Arc<Pace>,
    mut pieces: mpsc::Receiver<Piece>,
    back: mpsc::Sender<Vec<u8>>,
) -> Result<PgConnection, sqlx::Error> {
    let options = if at_once { "(format binary, freeze)" } else { "(format binary)" };
    while let Some(Piece { statement, bytes }) = pieces.recv().await {
        let turn = pace.turn().await;
        let mut copy = connection.copy_in_raw(&format!("{statement} {options}")).await?;
        for some in bytes.chunks(MESSAGE_BYTES) {
            copy.send(some).await?;
        }
        copy.finish().await?;
        turn.end().await;
        // Nobody has to take it.
        let _ = back.try_send(bytes);
    }
    Ok(connection)
}
