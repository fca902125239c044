//! The one who makes a generation: he holds the lock, keeps the note of it, and lets it take over.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use super::{RebuildError, RebuildTerms};
use crate::generation::{
    alone, digest, drop_half_made, drop_old, drop_schema, generations, is_read, make, stay_in,
};
use crate::progress::FoldProgress;

/// How often it is tried to drop what somebody still reads.
const TRIED_EVERY: Duration = Duration::from_millis(100);

/// How long it may take until a lock is free that nobody means to keep.
const FREE_WITHIN: Duration = Duration::from_secs(2);

/// Its lock goes with the connection, so with the process.
pub(super) struct Keeper {
    connection: PgConnection,
    ledger_schema: String,
    number: i64,
    /// The schema that is being made.
    pub name: String,
    /// The schema that is read meanwhile.
    pub current: String,
}

impl Keeper {
    /// Takes the lock, does away with what a dead one left, and makes a generation with empty tables.
    pub async fn begin(terms: &RebuildTerms, names: &[String]) -> Result<Self, RebuildError> {
        let mut connection = PgConnection::connect_with(&terms.owner).await?;
        let schema = &terms.ledger_schema;
        stay_in(&mut connection, &[schema]).await?;
        sqlx::raw_sql("set lock_timeout = '60s'").execute(&mut connection).await?;
        let login = sqlx::query!(
            r#"select current_user::text as "name!", pg_has_role(current_user, nspowner, 'usage') as "owns!"
            from pg_namespace where nspname = $1"#,
            schema,
        )
        .fetch_one(&mut connection)
        .await?;
        if !login.owns {
            return Err(RebuildError::NotOwner(login.name));
        }
        if !take_lock(&mut connection, schema).await? {
            return Err(RebuildError::Busy);
        }
        let mut transaction = connection.begin().await?;
        alone(&mut transaction, schema).await?;
        for left in drop_half_made(&mut transaction).await? {
            tracing::info!(schema = left, "dropped a generation that was never finished");
        }
        let current = generations(&mut transaction).await?.current.ok_or(RebuildError::OtherBuild)?;
        let (number, name) = make(&mut transaction, schema, &digest(), "building", Some(names)).await?;
        transaction.commit().await?;
        Ok(Self { connection, ledger_schema: schema.clone(), number, name, current })
    }

    /// Whether anybody reads the current generation.
    pub async fn is_current_read(&mut self) -> Result<bool, RebuildError> {
        Ok(is_read(&mut self.connection, &self.current).await?)
    }

    /// Notes how far it is, for everybody who asks.
    pub async fn tell(&mut self, progress: &FoldProgress) -> Result<(), RebuildError> {
        sqlx::query!(
            "update generation set position = $2, head = $3, told_at = clock_timestamp() where generation_id = $1",
            self.number,
            progress.position,
            progress.head,
        )
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// From the end of this transaction on the new generation is the current one.
    pub async fn take_over(&mut self) -> Result<(), RebuildError> {
        let mut transaction = self.connection.begin().await?;
        alone(&mut transaction, &self.ledger_schema).await?;
        if generations(&mut transaction).await?.current.as_ref() != Some(&self.current) {
            return Err(RebuildError::OtherBuild);
        }
        sqlx::query!("update generation set state = 'old' where state = 'current'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "update generation set state = 'current', projections = null where generation_id = $1",
            self.number
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives the lock back.
    pub async fn close(self) {
        // The server does it by itself when this goes wrong.
        let _ = self.connection.close().await;
    }

    /// Drops what was begun. When that fails too, the next rebuild does it.
    pub async fn abandon(mut self) {
        if let Err(error) = drop_schema(&mut self.connection, &self.name).await {
            tracing::warn!(%error, "the half-made generation could not be dropped; the next rebuild does it");
        }
    }

    /// Drops old generations as soon as nobody reads them; says whether all are gone.
    pub async fn drop_old(&mut self, within: Duration) -> Result<bool, RebuildError> {
        let deadline = Instant::now() + within;
        loop {
            let old = sqlx::query_scalar!("select schema_name from generation where state = 'old'")
                .fetch_all(&mut self.connection)
                .await?;
            let mut left = false;
            for name in old {
                left |= !drop_old(&mut self.connection, &self.name, &name).await?;
            }
            if !left || Instant::now() >= deadline {
                return Ok(!left);
            }
            tokio::time::sleep(TRIED_EVERY).await;
        }
    }
}

/// Whoever starts looks for what a dead one left and holds the lock meanwhile, for a moment; and the server may notice only now that
/// the last one is gone.
async fn take_lock(connection: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    let deadline = Instant::now() + FREE_WITHIN;
    loop {
        let free = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock(hashtextextended('daybook rebuild ' || $1, 0)) as "free!""#,
            schema,
        )
        .fetch_one(&mut *connection)
        .await?;
        if free || Instant::now() >= deadline {
            return Ok(free);
        }
        tokio::time::sleep(TRIED_EVERY).await;
    }
}
