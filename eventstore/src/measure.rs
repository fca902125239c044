//! What is counted of the ledger. Names and meanings are listed where they are told to Prometheus (`api/src/http/metrics/known.rs`).

use std::time::Duration;

use crate::sheaf::Sheaf;

/// Appends by what became of them.
pub(crate) fn appends(outcome: &'static str, count: u64) {
    metrics::counter!("daybook_ledger_appends_total", "outcome" => outcome).increment(count);
}

/// A batch that was written.
pub(crate) fn batch(sheaf: &Sheaf, took: Duration) {
    let stood = sheaf.judged.iter().filter(|judged| judged.stands).count();
    appends("written", stood as u64);
    appends("conflict", (sheaf.judged.len() - stood) as u64);
    metrics::counter!("daybook_ledger_events_total").increment(sheaf.events() as u64);
    metrics::histogram!("daybook_ledger_batch_appends").record(sheaf.judged.len() as f64);
    metrics::histogram!("daybook_ledger_batch_events").record(sheaf.events() as f64);
    metrics::histogram!("daybook_ledger_commit_seconds").record(took);
}

/// A commit of which it is not known whether it happened.
pub(crate) fn lost() {
    metrics::counter!("daybook_ledger_commits_lost_total").increment(1);
}
