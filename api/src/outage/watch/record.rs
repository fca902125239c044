//! What a node that watches puts on record.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::{Actor, CommandId, Event, Meta, Site, Who};
use eventstore::{Append, Expected, NewEvent, Write};
use tokio::time::timeout;
use uuid::Uuid;

use super::STEP_WITHIN;
use crate::desk::{Answer, Desk, Extra, Failure, Request};

/// Carries a command of the service itself out, within bounds; answers the last position that it wrote.
pub(super) async fn tell(
    desk: &Arc<Desk>,
    command: impl Command + Send + Sync + 'static,
) -> Result<i64, Failure> {
    let done = desk.execute(Request::of(Who::System), command, Extra::default(), |_, _| Answer::empty(204));
    timeout(STEP_WITHIN, done).await.unwrap_or(Err(Failure::Unavailable)).map(|done| done.position.number)
}

/// Writes the counts of refused log-ins whose minute is over; with nothing all of them. What cannot be written waits.
pub(super) async fn write_refused(desk: &Desk, over_at: Option<DateTime<Utc>>) {
    let refused = desk.standing.refused.take(&desk.terms.contact.node, over_at);
    if refused.is_empty() {
        return;
    }
    let mut append = Append::new(Meta::new(CommandId(Uuid::now_v7()), Actor::System));
    let event = |refused: &domain::LoginsRefused| {
        let event = Event::from(refused.clone());
        NewEvent { r#type: event.r#type(), subject: None, data: event.encode() }
    };
    append.writes.push(Write {
        stream: Site::stream().refused(),
        expected: Expected::Any,
        events: refused.iter().map(event).collect(),
    });
    let written = timeout(STEP_WITHIN, desk.ledger.append(append)).await;
    if !matches!(written, Ok(Ok(_))) {
        // One that was written all the same is counted twice, which is better than not at all.
        desk.standing.refused.put_back(refused);
    }
}
