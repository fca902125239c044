//! The whole answer as a file, while it is read: a page of the audit is in memory at a time, and a few of them wait to be sent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use domain::AuditForm;
use projections::audit::AuditEvent;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::Walk;
use super::shown::{Shown, headings};
use crate::desk::{Desk, Failure};
use crate::http::Shutdown;

/// How many files are written at once; who comes then is told to come again.
pub const EXPORTS_MAX: usize = 4;
/// How many parts wait for a slow reader.
const PARTS_WAITING: usize = 2;
/// A reader that takes nothing for so long is cut off.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

enum Part {
    Bytes(Bytes),
    /// Everything has been sent. A body that ends without it was cut off, and the reader is told so.
    End,
}

/// What it takes to write a file.
pub struct Export {
    /// Names.
    pub desk: Arc<Desk>,
    /// What is in it.
    pub walk: Walk,
    /// Which form it has.
    pub form: AuditForm,
    /// Whether the reader may be told who is absent and why.
    pub absences: bool,
    /// When the service stops, it ends.
    pub shutdown: Shutdown,
    /// One of the places for files.
    pub place: OwnedSemaphorePermit,
}

impl Export {
    /// The file. A reader that goes away ends it; when something fails, the body breaks off and does not look complete.
    pub fn body(self) -> Body {
        let (to, from) = mpsc::channel(PARTS_WAITING);
        tokio::spawn(async move {
            let shutdown = self.shutdown.clone();
            tokio::select! {
                written = self.write(&to) => {
                    if let Err(failure) = written {
                        tracing::error!(?failure, "an export of the audit was cut off");
                    }
                }
                () = shutdown.begun() => {}
                () = to.closed() => {}
            }
        });
        let parts = futures::stream::unfold(Some(from), async |from| {
            let mut from: mpsc::Receiver<Part> = from?;
            match from.recv().await {
                Some(Part::Bytes(bytes)) => Some((Ok(bytes), Some(from))),
                Some(Part::End) => None,
                None => Some((Err(io::Error::other("cut off")), None)),
            }
        });
        Body::from_stream(parts)
    }

    async fn write(mut self, to: &mpsc::Sender<Part>) -> Result<(), Failure> {
        if self.form == AuditForm::Csv && !send(to, Part::Bytes(headings().into())).await {
            return Ok(());
        }
        while let Some(page) = self.walk.next().await? {
            if page.events.is_empty() {
                continue;
            }
            let text = self.text(&page.events).await?;
            if !send(to, Part::Bytes(text.into())).await {
                return Ok(());
            }
        }
        send(to, Part::End).await;
        drop(self.place);
        Ok(())
    }

    async fn text(&self, events: &[AuditEvent]) -> Result<String, Failure> {
        let accounts = self.desk.accounts().await?;
        let shown = Shown { accounts: &accounts, epoch: self.desk.epoch(), absences: self.absences };
        let one = |event| if self.form == AuditForm::Csv { shown.row(event) } else { shown.line(event) };
        Ok(events.iter().map(one).collect())
    }
}

/// Whether it was taken in time.
async fn send(to: &mpsc::Sender<Part>, part: Part) -> bool {
    tokio::time::timeout(TAKEN_WITHIN, to.send(part)).await.is_ok_and(|sent| sent.is_ok())
}
