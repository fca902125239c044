//! Deciding while nobody else writes.

use std::future::Future;

use domain::StreamName;

use crate::append::{Append, AppendError, Appended};
use crate::ledger::Ledger;
use crate::recorded::{Head, Recorded};

/// The ledger while its head is locked: what is read here stays true until the append.
pub struct Alone {
    head: Head,
}

impl Alone {
    /// Where the ledger ends now; nobody can move it.
    pub fn head(&self) -> Head {
        self.head
    }

    /// As `Ledger::read_stream`.
    pub async fn read_stream(
        &mut self,
        _stream: &StreamName,
        _after_version: i64,
        _limit: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        todo!()
    }

    /// Writes the decision and lets go of the head. Judged as every append is. Dropped without this call, nothing is
    /// written.
    pub async fn append(self, _append: Append) -> Result<Appended, AppendError> {
        todo!()
    }
}

pub(crate) async fn run<T, F, R>(_ledger: &Ledger, _step: F) -> Result<T, AppendError>
where
    F: FnOnce(Alone) -> R + Send + 'static,
    R: Future<Output = T> + Send,
    T: Send + 'static,
{
    todo!()
}
