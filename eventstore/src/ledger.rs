//! The ledger as the rest of the program sees it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{CommandId, StreamName};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use uuid::Uuid;

use crate::alone::{self, Alone};
use crate::append::{Append, AppendError, Appended, DeadlineName, StoredCommand};
use crate::bulk::BulkReader;
use crate::committer::{self, Committer};
use crate::credential::CredentialRow;
use crate::deadline::PassedDeadline;
use crate::migrate::{MigrateError, migrate};
use crate::pool::{OpenError, PoolSettings, check_role, service_pool};
use crate::queue::{PendingAppend, Unanswered};
use crate::recorded::{Batch, Head, Recorded};
use crate::snapshot::{Snapshot, SnapshotOf};
use crate::subscription::{Follower, Subscription};
use crate::{contact, credential, deadline, read, snapshot};

/// One ledger: everything that ever happened, in one order. Cheap to clone; all clones share one committer.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) pool: PgPool,
    pub(crate) settings: Arc<PoolSettings>,
    pub(crate) committer: Committer,
    pub(crate) follower: Follower,
    pub(crate) turn: alone::Turn,
}

impl Ledger {
    /// Brings the ledger in `schema` up to date, as its owner. Doing it twice does nothing.
    pub async fn migrate(owner: &PgConnectOptions, schema: &str) -> Result<(), MigrateError> {
        migrate(owner, schema).await
    }

    /// Whether this login may bring the schema up to date: it owns it, or there is none yet. One that only serves may not, and has
    /// to find it up to date.
    pub async fn may_migrate(login: &PgConnectOptions, schema: &str) -> Result<bool, sqlx::Error> {
        crate::migrate::may_migrate(login, schema).await
    }

    /// Opens a migrated ledger as the role `daybook_service` and starts its committer. Refuses a role that could
    /// rewrite it.
    pub async fn open(settings: PoolSettings) -> Result<Self, OpenError> {
        check_role(&settings).await?;
        let settings = PoolSettings { sequential_scans: false, ..settings };
        let pool = service_pool(&settings);
        let settings = Arc::new(settings);
        let committer = committer::start(&settings);
        let follower = Follower::new(pool.clone(), committer.committed());
        Ok(Self { pool, settings, committer, follower, turn: alone::Turn::default() })
    }

    /// The pool for reading, with the ledger's search path and role.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The settings of its connections. For questions to other tables take the ones it was opened with, or set
    /// `sequential_scans`.
    pub fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// Hands an append to the committer. Appends are judged in the order of these calls. Dropping what is returned
    /// cancels nothing.
    pub fn enqueue(&self, append: Append) -> Result<PendingAppend, AppendError> {
        self.committer.enqueue(append)
    }

    /// Hands an append to the committer and waits for the outcome.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.enqueue(append)?.await
    }

    /// Runs a step under the lock of the head, so that nobody else writes between what it reads and what it appends.
    /// For a command that has met three conflicts. The step runs in a task of its own and must be quick: the server
    /// ends the transaction after a second of doing nothing.
    pub async fn alone<T, F, R>(&self, step: F) -> Result<T, AppendError>
    where
        F: FnOnce(Alone) -> R + Send + 'static,
        R: Future<Output = T> + Send,
        T: Send + 'static,
    {
        alone::run(self, step).await
    }

    /// The events of a stream with a version above `after_version`, at most `limit`, in order.
    pub async fn read_stream(
        &self,
        stream: &StreamName,
        after_version: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        read::stream(&self.pool, stream, after_version, limit).await
    }

    /// The appends after a position: about `limit` events, never ending inside an append. One that is larger than
    /// `limit` is read whole.
    pub async fn read_all(&self, after: i64, limit: i64) -> Result<Batch, sqlx::Error> {
        read::all(&self.pool, after, limit).await
    }

    /// All events between two positions, for whoever reads very many of them. Everything up to the second one must be there.
    pub async fn read_bulk(&self, after: i64, upto: i64) -> Result<BulkReader, sqlx::Error> {
        BulkReader::new(self, after, upto).await
    }

    /// The events about a subject after a position, at most `limit`, in order.
    pub async fn read_subject(
        &self,
        subject: Uuid,
        after_position: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        read::subject(&self.pool, subject, after_position, limit).await
    }

    /// All events about these subjects up to a position, each subject's in order, one after the other: as many as there are.
    pub async fn read_subjects(
        &self,
        subjects: &[Uuid],
        upto: i64,
        each: impl FnMut(Recorded),
    ) -> Result<(), sqlx::Error> {
        read::subjects(&self.pool, subjects, upto, each).await
    }

    /// The events at these positions, in order; what is not there yet is left out.
    pub async fn read_at(&self, positions: &[i64]) -> Result<Vec<Recorded>, sqlx::Error> {
        read::events_at(&self.pool, positions).await
    }

    /// The events of the append that ends at a position; nothing when none does.
    pub async fn read_append(&self, end: i64) -> Result<Vec<Recorded>, sqlx::Error> {
        read::append(&self.pool, end).await
    }

    /// Where the ledger ends.
    pub async fn head(&self) -> Result<Head, sqlx::Error> {
        read::head(&self.pool).await
    }

    /// The newest snapshot of a stream that is what it says, and how many newer ones were not and have been thrown away.
    pub async fn snapshot(&self, of: SnapshotOf<'_>) -> Result<(Option<Snapshot>, u64), sqlx::Error> {
        snapshot::newest(&self.pool, of).await
    }

    /// The version of the newest snapshot, good or not, and how many bytes it has; (0, 0) when there is none.
    pub async fn snapshot_size(&self, of: SnapshotOf<'_>) -> Result<(i64, i64), sqlx::Error> {
        snapshot::newest_size(&self.pool, of).await
    }

    /// Writes aside what a stream had come to with the event of a version, and throws older snapshots away. Whether it was written:
    /// not when the epoch is another one by now or there is no such event.
    pub async fn write_snapshot(
        &self,
        of: SnapshotOf<'_>,
        version: i64,
        state: Vec<u8>,
    ) -> Result<bool, sqlx::Error> {
        snapshot::write(&self.pool, of, version, state).await
    }

    /// Throws away a snapshot that nobody can use.
    pub async fn drop_snapshot(&self, id: i64) -> Result<(), sqlx::Error> {
        snapshot::drop(&self.pool, id).await
    }

    /// Streams of which another maker has left snapshots, at most `limit`, in the order of their names.
    pub async fn snapshots_of_others(&self, maker: &str, limit: i64) -> Result<Vec<StreamName>, sqlx::Error> {
        snapshot::of_others(&self.pool, maker, limit).await
    }

    /// Whether a command has happened.
    pub async fn command(&self, command_id: CommandId) -> Result<Option<StoredCommand>, sqlx::Error> {
        read::command(&self.pool, command_id).await
    }

    /// Takes away the stored answers that are older; returns how many. The rows stay, so that a key that comes back
    /// later is known for ever (`Known` with no answer) and is never run a second time. 48 hours are kept as a rule.
    pub async fn prune_answers(&self, older_than: Duration) -> Result<u64, sqlx::Error> {
        read::prune_answers(&self.pool, older_than).await
    }

    /// Everything after a position, as it comes; whole appends, none skipped, none twice.
    pub fn subscribe(&self, after: i64) -> Subscription {
        Subscription::new(self.clone(), after)
    }

    /// The last position that this process has committed; 0 before its first.
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committer.committed()
    }

    /// Where the ledger ends as far as this process has heard, without asking; 0 before it has heard anything.
    pub fn known_end(&self) -> i64 {
        self.follower.known_end()
    }

    /// What waits for the committer.
    pub fn unanswered(&self) -> Unanswered {
        self.committer.unanswered()
    }

    /// Whether the ledger answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query_scalar!("select 1").fetch_one(&self.pool).await.map(|_| ())
    }

    /// These contacts have been heard of now, by the database's clock. Unknown ones begin.
    pub async fn touch_contacts(&self, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
        contact::touch(&self.pool, contacts).await
    }

    /// This node attends to deadlines now; to be called before every search for what is over. When no node has for longer
    /// than `away_after`, because the service or the ledger was away, everything that waits is put off by that time. Answers
    /// the database's clock.
    pub async fn attend(&self, away_after: Duration) -> Result<DateTime<Utc>, sqlx::Error> {
        deadline::attend(&self.pool, away_after).await
    }

    /// Deadlines that are over, the oldest first. Only an append with `passed` decides, and takes them away.
    pub async fn passed_deadlines(&self, limit: i64) -> Result<Vec<PassedDeadline>, sqlx::Error> {
        deadline::passed(&self.pool, limit).await
    }

    /// Whether this one is over, as a hint.
    pub async fn has_passed(&self, name: DeadlineName) -> Result<bool, sqlx::Error> {
        deadline::has_passed(&self.pool, name).await
    }

    /// When these were last heard of; unknown ones are left out.
    pub async fn contacts(&self, contacts: &[Uuid]) -> Result<Vec<(Uuid, DateTime<Utc>)>, sqlx::Error> {
        contact::seen(&self.pool, contacts).await
    }

    /// Forgets contacts of sessions and locks that have ended.
    pub async fn drop_contacts(&self, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
        contact::drop(&self.pool, contacts).await
    }

    /// Contacts not heard of for `idle`, the longest silent first. Only a candidate's append with `due` decides.
    pub async fn due_contacts(&self, idle: Duration, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
        contact::due(&self.pool, idle, limit).await
    }

    /// Whose a session or API token is.
    pub async fn credential_by_hash(&self, hash: &[u8]) -> Result<Option<CredentialRow>, sqlx::Error> {
        credential::by_hash(&self.pool, hash).await
    }

    /// A user's password hash.
    pub async fn password_of(&self, owner: Uuid) -> Result<Option<String>, sqlx::Error> {
        credential::password_of(&self.pool, owner).await
    }
}
