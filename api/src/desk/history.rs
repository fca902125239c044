//! What happened to a record since a revision, read from the ledger for the one who came too late.

use domain::command::PastChange;
use domain::{Actor, Event, FieldChange, Position, RecordId, TokenId, UserId, Who};
use eventstore::Recorded;

use super::{Desk, Failure};

/// The most changes that a loser is told of; of more, the newest.
const CHANGES_MAX: u64 = 1_000;

impl Desk {
    /// The changes of a record after a revision up to another, oldest first.
    pub(super) async fn history(
        &self,
        record: RecordId,
        after_revision: u64,
        to_revision: u64,
    ) -> Result<Vec<PastChange>, Failure> {
        let count = to_revision.saturating_sub(after_revision).clamp(1, CHANGES_MAX) as i64;
        // Every revision is one event about the record, so it is known how many of the newest are beyond, where it has gone on since.
        let newest = self.newest_revision(record).await?;
        let beyond = i64::try_from(newest.saturating_sub(to_revision)).unwrap_or(i64::MAX);
        let first = sqlx::query_scalar!(
            "select min(position) from (
                select position from event where subject = $1 order by position desc limit $2 offset $3) those",
            record.0,
            count,
            beyond,
        )
        .fetch_one(self.ledger.pool())
        .await?;
        let Some(first) = first else { return Ok(Vec::new()) };
        // What has come since the newest was looked at is read too: then the decision sees that it must be made anew.
        let most = if beyond > 0 { count } else { i64::MAX };
        let events = self.ledger.read_subject(record.0, first - 1, most).await?;
        let mut history = Vec::with_capacity(events.len());
        for recorded in events {
            history.extend(self.past_change(&recorded)?.filter(|past| past.revision > after_revision));
        }
        Ok(history)
    }

    /// The revision of the newest event about a record; 0 where there is none.
    async fn newest_revision(&self, record: RecordId) -> Result<u64, Failure> {
        let position = sqlx::query_scalar!(
            "select position from event where subject = $1 order by position desc limit 1",
            record.0,
        )
        .fetch_optional(self.ledger.pool())
        .await?;
        let Some(position) = position else { return Ok(0) };
        let events = self.ledger.read_subject(record.0, position - 1, 1).await?;
        let Some(recorded) = events.first() else { return Ok(0) };
        Ok(self.past_change(recorded)?.map_or(0, |past| past.revision))
    }

    fn past_change(&self, recorded: &Recorded) -> Result<Option<PastChange>, Failure> {
        let event = Event::decode(&recorded.r#type, &recorded.data).map_err(Failure::internal)?;
        let (revision, changes) = match event {
            Event::RecordCreated(e) => {
                let change = |(field, value)| FieldChange { field, from: None, to: Some(value) };
                (e.revision, e.fields.into_iter().map(change).collect())
            }
            Event::RecordChanged(e) => (e.revision, e.changes),
            Event::RecordRemoved(e) => {
                let change = |(field, value)| FieldChange { field, from: Some(value), to: None };
                (e.revision, e.fields.into_iter().map(change).collect())
            }
            Event::NoticePosted(_) => (1, Vec::new()),
            Event::NoticeChanged(e) => (e.revision, e.changes),
            Event::NoticeWithdrawn(e) => (e.revision, Vec::new()),
            _ => return Ok(None),
        };
        let Some(record) = recorded.subject.map(RecordId) else { return Ok(None) };
        Ok(Some(PastChange {
            record,
            revision,
            who: who_of(recorded.meta.actor),
            at: recorded.recorded_at,
            position: Position { epoch: self.epoch(), number: recorded.position },
            changes,
        }))
    }
}

/// The rules' word for an actor of the ledger.
pub fn who_of(actor: Actor) -> Who {
    match actor {
        Actor::User(id) => Who::User(UserId(id)),
        Actor::Token(id) => Who::Token(TokenId(id)),
        Actor::Operator => Who::Operator,
        Actor::System => Who::System,
    }
}

/// The ledger's word for who asks.
pub fn actor_of(who: Who) -> Actor {
    match who {
        Who::User(id) => Actor::User(id.0),
        Who::Token(id) => Actor::Token(id.0),
        Who::Operator => Actor::Operator,
        Who::System => Actor::System,
    }
}
