//! A node's own line to the ledger: by it the others know that it lives, and whether it has contact with the partners.
//!
//! Both are advisory locks of the line's session, so that they end with it however it ends. They are shared by all nodes; who can
//! take one alone knows that no other node has it. A third lock tells with which start of a node the line began.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;

use crate::pool::PoolSettings;

/// The classes of the two locks; the other half of the key is made from the name of the ledger's schema.
const ALIVE: i32 = 0x0da1_0001;
const IN_CONTACT: i32 = 0x0da1_0002;

/// How long making the line may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long of that the former line's server process may take to end.
const FORMER_ENDS_WITHIN: Duration = Duration::from_millis(500);

/// A server process, also after its number has been given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Backend {
    pid: i32,
    started_at: DateTime<Utc>,
}

/// Whose the server process of a line was, so that the next line can end it: a server that has not noticed yet that the line is
/// broken would hold the dead line's locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Former(Backend);

/// A node's line to the ledger.
pub struct Presence {
    connection: PgConnection,
    key: i32,
    starts_key: i32,
    backend: Backend,
    first: bool,
}

impl Presence {
    /// Makes the line, ending the former one where the server still holds it.
    pub async fn connect(
        settings: &PoolSettings,
        schema: &str,
        former: Option<Former>,
    ) -> Result<Presence, sqlx::Error> {
        let connecting = Presence::connect_patiently(settings, schema, former);
        timeout(CONNECT_TIMEOUT, connecting)
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    async fn connect_patiently(
        settings: &PoolSettings,
        schema: &str,
        former: Option<Former>,
    ) -> Result<Presence, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&settings.connect).await?;
        // As the login itself, before it takes the lesser role: that one may not end sessions of the login, nor see when they began.
        if let Some(Former(former)) = former {
            // Waited for: a process that is told to end holds its locks until it has, and would pass for another node.
            let ended = sqlx::query_scalar!(
                r#"select pg_terminate_backend(pid, $3) as "ended!" from pg_stat_activity
                where pid = $1 and backend_start = $2"#,
                former.pid,
                former.started_at,
                i64::try_from(FORMER_ENDS_WITHIN.as_millis()).unwrap_or(i64::MAX),
            )
            .fetch_optional(&mut connection)
            .await?;
            if ended == Some(false) {
                return Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
            }
        }
        let own = sqlx::query!(
            r#"select pid as "pid!", backend_start as "started_at!" from pg_stat_activity where pid = pg_backend_pid()"#
        )
        .fetch_one(&mut connection)
        .await?;
        settings.prepare(&mut connection).await?;
        let backend = Backend { pid: own.pid, started_at: own.started_at };
        let (key, starts_key) = (key(schema), starts_key(schema));
        Ok(Presence { connection, key, starts_key, backend, first: false })
    }

    /// What the next line has to know of this one.
    pub fn former(&self) -> Former {
        Former(self.backend)
    }

    /// Whether the ledger answers.
    pub async fn probe(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query_scalar!("select 1").fetch_one(&mut self.connection).await.map(|_| ())
    }

    /// Counts as a living node from here on. `true`: no other node lives, and none begins to before [`Presence::settle`].
    pub async fn come_alive(&mut self) -> Result<bool, sqlx::Error> {
        self.first =
            sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "taken!""#, ALIVE, self.key)
                .fetch_one(&mut self.connection)
                .await?;
        sqlx::query!("select pg_advisory_lock_shared($1, $2)", ALIVE, self.key)
            .execute(&mut self.connection)
            .await?;
        Ok(self.first)
    }

    /// Lets other nodes begin.
    pub async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if self.first {
            sqlx::query!("select pg_advisory_unlock($1, $2)", ALIVE, self.key)
                .fetch_optional(&mut self.connection)
                .await?;
            self.first = false;
        }
        Ok(())
    }

    /// Tells everybody with which start of a node this one lives: a position of the ledger.
    pub async fn show_start(&mut self, start: i64) -> Result<(), sqlx::Error> {
        sqlx::query!("select pg_advisory_lock_shared($1, $2)", self.starts_key, start_mark(start))
            .execute(&mut self.connection)
            .await
            .map(|_| ())
    }

    /// Whether other nodes live.
    pub async fn has_others(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select count(*) > 1 as "others!" from pg_locks
            where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
                and classid::bigint = $1 and objid::bigint = $2 and mode = 'ShareLock' and granted"#,
            i64::from(ALIVE),
            i64::from(self.key),
        )
        .fetch_one(&mut self.connection)
        .await
    }

    /// Tells the others that this node has contact.
    pub async fn hold_contact(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query!("select pg_advisory_lock_shared($1, $2)", IN_CONTACT, self.key)
            .execute(&mut self.connection)
            .await
            .map(|_| ())
    }

    /// Tells the others that this node has none any more.
    pub async fn let_contact_go(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query!("select pg_advisory_unlock_shared($1, $2)", IN_CONTACT, self.key)
            .fetch_optional(&mut self.connection)
            .await
            .map(|_| ())
    }

    /// Whether no living node has contact; to be asked by one that has none itself. Two that ask at the same moment may both be told
    /// `false`.
    pub async fn nobody_has_contact(&mut self) -> Result<bool, sqlx::Error> {
        let taken =
            sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "taken!""#, IN_CONTACT, self.key)
                .fetch_one(&mut self.connection)
                .await?;
        if taken {
            sqlx::query!("select pg_advisory_unlock($1, $2)", IN_CONTACT, self.key)
                .fetch_optional(&mut self.connection)
                .await?;
        }
        Ok(taken)
    }

    /// Ends the line, and with it this node for the others.
    pub async fn close(self) {
        // A line that is broken already has ended too.
        let _ = self.connection.close().await;
    }
}

/// The most living nodes that are told.
const LIVING_MAX: i64 = 1_000;

/// The marks ([`start_mark`]) of the starts with which the living nodes of a ledger live.
pub async fn living_starts(pool: &PgPool, schema: &str) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select distinct objid::bigint::int as "mark!" from pg_locks
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
            and classid::bigint = $1 and objsubid = 2 and mode = 'ShareLock' and granted
        limit $2"#,
        i64::from(starts_key(schema)),
        LIVING_MAX,
    )
    .fetch_all(pool)
    .await
}

/// What a lock can say of the position of a start: its last 31 bits, which among the last starts mean one.
pub fn start_mark(start: i64) -> i32 {
    i32::try_from(start & i64::from(i32::MAX)).unwrap_or_default()
}

fn starts_key(schema: &str) -> i32 {
    key(&format!("starts of {schema}"))
}

/// FNV-1a of the schema's name, without the sign, so that it reads the same in `pg_locks`.
fn key(schema: &str) -> i32 {
    let hash =
        schema.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i32::try_from(hash >> 1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{key, start_mark};

    #[test]
    fn starts_are_told_apart_in_a_ledger_of_any_length() {
        assert_eq!(start_mark(4711), 4711);
        assert_eq!(start_mark((1 << 31) + 7), 7);
        assert_ne!(start_mark(1 << 40), start_mark((1 << 40) + 1));
    }

    #[test]
    fn ledgers_in_one_database_have_locks_of_their_own() {
        assert_ne!(key("daybook"), key("daybook_2"));
        assert_eq!(key("daybook"), key("daybook"));
        assert_ne!(super::starts_key("daybook"), key("daybook"));
    }
}
