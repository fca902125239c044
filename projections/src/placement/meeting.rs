//! Who meets where: the rows of placements and the couplings of lessons, as sets that are true together.

use std::collections::BTreeMap;

use domain::{RecordId, Row};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

use crate::copy::CopyRows;

/// Whose set it is: a placement or lesson, and the period; nil where it holds in every one.
pub(super) type Key = (Uuid, Uuid);

/// A set of rows that is true from a position on.
struct True {
    plan: Arc<str>,
    rows: Vec<Row>,
    from: i64,
}

/// A set of rows, and until when it was true.
pub(super) struct Set(Key, True, Option<i64>);

impl Set {
    /// The rows on their way into an empty table; the columns as [`super::filled`] names them.
    pub fn copied(&self, to: &mut CopyRows) {
        let Set((owner, period), set, until) = self;
        for (ordinal, row) in (0_i32..).zip(&set.rows) {
            let [class, teacher, subject, room] =
                [row.class, row.teacher, row.subject, row.room].map(|id| id.map(|RecordId(id)| id));
            to.row([
                owner,
                &set.plan.as_ref(),
                period,
                &ordinal,
                &class,
                &teacher,
                &subject,
                &room,
                &set.from,
                until,
            ]);
        }
    }
}

/// The sets that a batch begins and ends.
#[derive(Default)]
pub(super) struct Meetings {
    open: BTreeMap<Key, True>,
    /// Sets that began and ended within the batch.
    past: Vec<Set>,
    /// Sets of the table that end, and where.
    closed: BTreeMap<Key, i64>,
    /// Owners of which everything ends that is in the table.
    closed_owners: BTreeMap<Uuid, i64>,
}

impl Meetings {
    /// The set of an owner that is new.
    pub fn begin(&mut self, plan: Arc<str>, owner: Uuid, rows: Vec<Row>, from: i64) {
        if !rows.is_empty() {
            self.open.insert((owner, Uuid::nil()), True { plan, rows, from });
        }
    }

    /// Another set, or none, in the place of what was true.
    pub fn put(&mut self, plan: Arc<str>, key: Key, rows: Vec<Row>, from: i64) {
        self.end(key, from);
        // What the table has ends with the first change in the batch, whatever comes after.
        self.closed.entry(key).or_insert(from);
        if !rows.is_empty() {
            self.open.insert(key, True { plan, rows, from });
        }
    }

    /// Everything of an owner that is gone.
    pub fn end_all(&mut self, owner: Uuid, to: i64) {
        let keys: Vec<Key> =
            self.open.range((owner, Uuid::nil())..=(owner, Uuid::max())).map(|(key, _)| *key).collect();
        for key in keys {
            self.end(key, to);
        }
        self.closed_owners.insert(owner, to);
    }

    fn end(&mut self, key: Key, to: i64) {
        if let Some(set) = self.open.remove(&key)
            && set.from < to
        {
            self.past.push(Set(key, set, Some(to)));
        }
    }

    /// The sets that ended since the last call. For whoever keeps all sets that are true here, and writes none before it ends.
    pub fn take_past(&mut self) -> Vec<Set> {
        self.closed.clear();
        self.closed_owners.clear();
        std::mem::take(&mut self.past)
    }

    /// The sets that are true now.
    pub fn open(self) -> Vec<Set> {
        self.open.into_iter().map(|(key, set)| Set(key, set, None)).collect()
    }

    pub async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if !self.closed.is_empty() {
            sqlx::query!(
                "update meeting set valid_to = e.position
                from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as e (owner_id, period_id, position)
                where meeting.owner_id = e.owner_id and meeting.period_id = e.period_id and meeting.valid_to is null",
                &self.closed.keys().map(|key| key.0).collect::<Vec<_>>(),
                &self.closed.keys().map(|key| key.1).collect::<Vec<_>>(),
                &self.closed.values().copied().collect::<Vec<_>>(),
            )
            .execute(&mut *connection)
            .await?;
        }
        if !self.closed_owners.is_empty() {
            sqlx::query!(
                "update meeting set valid_to = e.position
                from unnest($1::uuid[], $2::bigint[]) as e (owner_id, position)
                where meeting.owner_id = e.owner_id and meeting.valid_to is null",
                &self.closed_owners.keys().copied().collect::<Vec<_>>(),
                &self.closed_owners.values().copied().collect::<Vec<_>>(),
            )
            .execute(&mut *connection)
            .await?;
        }
        let open = self.open.into_iter().map(|(key, set)| Set(key, set, None));
        insert(connection, self.past.into_iter().chain(open)).await
    }
}

async fn insert(connection: &mut PgConnection, sets: impl Iterator<Item = Set>) -> Result<(), sqlx::Error> {
    let (mut plan, mut owner, mut period, mut ordinal, mut from, mut to) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    let mut who: [Vec<Option<Uuid>>; 4] = Default::default();
    for Set((owner_id, period_id), set, end) in sets {
        for (index, row) in (0_i32..).zip(set.rows) {
            plan.push(Arc::clone(&set.plan));
            owner.push(owner_id);
            period.push(period_id);
            ordinal.push(index);
            from.push(set.from);
            to.push(end);
            for (column, id) in who.iter_mut().zip([row.class, row.teacher, row.subject, row.room]) {
                column.push(id.map(|RecordId(id)| id));
            }
        }
    }
    if owner.is_empty() {
        return Ok(());
    }
    let [class, teacher, subject, room] = who;
    sqlx::query!(
        "insert into meeting (owner_id, period_id, ordinal, class_id, teacher_id, subject_id, room_id, valid_from, valid_to,
            plan)
        select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[],
            $8::bigint[], $9::bigint[], $10::text[])",
        &owner,
        &period,
        &ordinal,
        &class as _,
        &teacher as _,
        &subject as _,
        &room as _,
        &from,
        &to as _,
        &plan.iter().map(AsRef::as_ref).collect::<Vec<&str>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
