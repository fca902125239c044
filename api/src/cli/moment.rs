//! A moment as an option takes it.

use chrono::{DateTime, Utc};

/// Reads RFC 3339, or says how a moment is written.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let moment = DateTime::parse_from_rfc3339(text);
    moment.map(|it| it.to_utc()).map_err(|_| "a moment is written 2026-11-28T14:00:00Z".to_owned())
}
