//! What the ledger knows about one message: whom it is for, and whether somebody has read it.

use domain::message::reading;
use domain::{Event, Told, Who};

use super::{Desk, Failure};

impl Desk {
    /// Whom the event at a position tells something, if it does, and whether this one has read it. What stands in the ledger never
    /// changes, so a command may rest on it; and that it was read once is never undone.
    pub async fn told(&self, position: i64, reader: Who) -> Result<(Option<Told>, bool), Failure> {
        let found = sqlx::query!("select type, data from event where position = $1", position)
            .fetch_optional(self.ledger.pool())
            .await?;
        let Some(found) = found else { return Ok((None, false)) };
        let event = Event::decode(&found.r#type, &found.data).map_err(Failure::internal)?;
        let is_read = sqlx::query_scalar!(
            r#"select exists (select 1 from event where subject = $1 and type = 'MessageRead') as "is_read!""#,
            reading(position, reader),
        )
        .fetch_one(self.ledger.pool())
        .await?;
        Ok((Told::by(&event), is_read))
    }
}
