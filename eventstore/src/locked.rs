//! Judging and writing while the head is locked: slower than the one call, and always makes progress.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::StreamName;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::append::{AppendError, StoredCommand};
use crate::contact::interval;
use crate::judge::{Versions, streams};
use crate::queue::Member;
use crate::recorded::Head;
use crate::sheaf::{Sheaf, Stand, call};
use crate::trouble::Trouble;
use crate::{credential, deadline};

/// What is written under the lock. It outlives an attempt that fails, so that nobody is lost.
pub(crate) struct Locked {
    /// Not judged yet.
    pub(crate) members: Vec<Member>,
    /// Judged; `None` until the head is locked.
    pub(crate) sheaf: Option<Sheaf>,
    /// True when the transaction is committed.
    pub(crate) versions: Versions,
}

impl Locked {
    pub(crate) fn new(members: Vec<Member>) -> Self {
        Self { members, sheaf: None, versions: Versions::default() }
    }

    /// Begins a transaction, judges, writes, commits.
    pub(crate) async fn run(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<Option<DateTime<Utc>>, Trouble> {
        let (on, _) = lock(connection).await.map_err(Trouble::of)?;
        self.write(connection, on).await
    }

    /// The same in a transaction that holds the head already.
    pub(crate) async fn write(
        &mut self,
        connection: &mut PgConnection,
        on: Stand,
    ) -> Result<Option<DateTime<Utc>>, Trouble> {
        let written = self.write_uncommitted(connection, on).await.map_err(Trouble::of)?;
        // Whatever answers a commit but yes: it has to be found out.
        sqlx::raw_sql("commit").execute(connection).await.map_err(Trouble::Lost)?;
        Ok(written)
    }

    async fn write_uncommitted(
        &mut self,
        connection: &mut PgConnection,
        on: Stand,
    ) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
        self.settle_known(connection, on.epoch).await?;
        self.settle_not_due(connection).await?;
        self.settle_not_passed(connection).await?;
        self.look_up(connection).await?;
        let mut sheaf = Sheaf::new(on);
        for member in std::mem::take(&mut self.members) {
            sheaf.judge(member, &mut self.versions);
        }
        let sheaf = self.sheaf.insert(sheaf);
        let called = call(connection, sheaf, false).await?;
        for append in sheaf.appends() {
            credential::change(connection, &append.credentials).await?;
        }
        let mut begun: Vec<Uuid> =
            sheaf.appends().flat_map(|append| append.contacts.iter().copied()).collect();
        deadline::change(connection, &sheaf.appends().collect::<Vec<_>>()).await?;
        if !begun.is_empty() {
            begun.sort_unstable();
            begun.dedup();
            sqlx::query!(
                "insert into contact (contact_id, seen_at)
                select contact_id, clock_timestamp() from unnest($1::uuid[]) as c (contact_id)
                on conflict (contact_id) do update set seen_at = greatest(contact.seen_at, excluded.seen_at)",
                &begun,
            )
            .execute(connection)
            .await?;
        }
        Ok(called)
    }

    /// What has happened before is answered at once: that stays true whatever becomes of this transaction.
    async fn settle_known(&mut self, connection: &mut PgConnection, epoch: i64) -> Result<(), sqlx::Error> {
        let asked: Vec<Uuid> = self
            .members
            .iter()
            .filter(|member| member.asks())
            .map(|member| member.append.command_id.0)
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let found = sqlx::query_as!(
            Found,
            "select command_id, position, recorded_at, request_digest, answer from command
            where command_id = any ($1)",
            &asked,
        )
        .fetch_all(connection)
        .await?;
        let mut known = commands(found);
        for member in std::mem::take(&mut self.members) {
            match known.remove(&member.append.command_id.0) {
                Some(command) if member.asks() => member.settle(command, epoch),
                _ => self.members.push(member),
            }
        }
        Ok(())
    }

    /// Answers those whose deadlines have not passed.
    async fn settle_not_passed(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let names: Vec<_> =
            self.members.iter().flat_map(|member| member.append.passed.iter().copied()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let mut passed = deadline::judge(connection, &names).await?.into_iter();
        for member in std::mem::take(&mut self.members) {
            let count = member.append.passed.len();
            let all = passed.by_ref().take(count).filter(|passed| *passed).count() == count;
            if all { self.members.push(member) } else { member.answer(Err(AppendError::NotDue)) }
        }
        Ok(())
    }

    /// Answers those whose contact has been heard of in time, or was not because nobody attended to the ledger. Locking
    /// the rows waits for one that is being heard of at this moment.
    async fn settle_not_due(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let dues: Vec<_> = self.members.iter().flat_map(|member| &member.append.due).collect();
        if dues.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<Uuid> = dues.iter().map(|due| due.contact).collect();
        ids.sort_unstable();
        ids.dedup();
        sqlx::query!("select from contact where contact_id = any ($1) order by contact_id for update", &ids)
            .execute(&mut *connection)
            .await?;
        let silent = sqlx::query_scalar!(
            r#"select coalesce(c.seen_at <= clock_timestamp() - d.idle, false)
                and a.at >= clock_timestamp() - least(d.idle / 2, interval '5 s') as "silent!"
            from unnest($1::uuid[], $2::interval[]) with ordinality as d (contact_id, idle, n)
            cross join attended a
            left join contact c using (contact_id)
            order by d.n"#,
            &dues.iter().map(|due| due.contact).collect::<Vec<_>>(),
            &dues.iter().map(|due| interval(due.idle)).collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        let mut silent = silent.into_iter();
        for member in std::mem::take(&mut self.members) {
            let dues = member.append.due.len();
            let all = silent.by_ref().take(dues).filter(|silent| *silent).count() == dues;
            if all { self.members.push(member) } else { member.answer(Err(AppendError::NotDue)) }
        }
        Ok(())
    }

    async fn look_up(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut names: Vec<_> =
            self.members.iter().flat_map(|member| streams(&member.append)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        let versions = sqlx::query_scalar!(
            r#"select coalesce((select max(version) from event where event.stream = s.name), 0) as "version!"
            from unnest($1::text[]) with ordinality as s (name, n) order by n"#,
            &names.iter().map(StreamName::as_str).collect::<Vec<_>>() as _,
        )
        .fetch_all(connection)
        .await?;
        for (name, version) in names.into_iter().zip(versions) {
            self.versions.learn(name, version);
        }
        Ok(())
    }
}

/// Begins a transaction and locks the head; nobody else writes until it ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<(Stand, Head), sqlx::Error> {
    sqlx::raw_sql("begin").execute(&mut *connection).await?;
    let row = sqlx::query!(
        r#"select epoch as "epoch!", position as "position!", meta as "meta!", recorded_at as "recorded_at!"
        from ledger_lock()"#
    )
    .fetch_one(connection)
    .await?;
    let stand = Stand { epoch: row.epoch, position: row.position, meta: row.meta };
    Ok((stand, Head { epoch: row.epoch, position: row.position, recorded_at: row.recorded_at }))
}

/// What became of commands, once whoever was writing them has come to an end.
pub(crate) async fn resolve(
    connection: &mut PgConnection,
    asked: Vec<Uuid>,
) -> Result<HashMap<Uuid, StoredCommand>, sqlx::Error> {
    sqlx::query_as!(
        Found,
        r#"select command_id as "command_id!", position as "position!", recorded_at as "recorded_at!",
            request_digest, answer
        from ledger_resolve($1)"#,
        &asked,
    )
    .fetch_all(connection)
    .await
    .map(commands)
}

/// A command that has happened.
struct Found {
    command_id: Uuid,
    position: i64,
    recorded_at: DateTime<Utc>,
    request_digest: Option<Vec<u8>>,
    answer: Option<Vec<u8>>,
}

fn commands(found: Vec<Found>) -> HashMap<Uuid, StoredCommand> {
    let stored = |it: Found| StoredCommand {
        position: it.position,
        recorded_at: it.recorded_at,
        request_digest: it.request_digest,
        answer: it.answer,
    };
    found.into_iter().map(|it| (it.command_id, stored(it))).collect()
}
