//! Where the changes stand that a question leaves, and the changes themselves.

use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;

use super::Wanted;
use super::called::{Called, records_called};
use super::read::rows_at;
use super::row::ChangeRow;
use crate::places::{Bits, Key, block_of, read_places};

/// The most changes that are read with one statement.
const CHANGES_AT_ONCE: i64 = 1_000;
/// With how many blocks a search begins; twice as many each time that they were not enough.
const BLOCKS_AT_FIRST: i64 = 4;
/// The most blocks that are read with one statement.
const BLOCKS_AT_ONCE: i64 = 1_024;

/// What a filter leaves.
pub(super) enum Filter<'a> {
    All,
    Kind(&'a str),
    /// These records, but of those that are not called so any more only what happened under this very name.
    Records(Called, &'a str),
}

impl<'a> Filter<'a> {
    /// That of a question; a name means those who have borne it up to a position.
    pub async fn of(
        pool: &PgPool,
        plan: &str,
        wanted: Wanted<'a>,
        upto: i64,
    ) -> Result<Filter<'a>, sqlx::Error> {
        Ok(match (wanted.record, wanted.kind) {
            (Some(record), _) => {
                Filter::Records(records_called(pool, plan, record, None, upto).await?, record)
            }
            (None, Some(kind)) => Filter::Kind(kind),
            (None, None) => Filter::All,
        })
    }

    /// The first changes of a plan that it leaves after a position and up to another one, at most `limit`.
    pub async fn read(
        &self,
        pool: &PgPool,
        plan: &str,
        mut after: i64,
        upto: i64,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        let mut rows: Vec<ChangeRow> = Vec::new();
        loop {
            let missing = limit.saturating_sub(counted(&rows));
            let count = missing.min(CHANGES_AT_ONCE);
            let positions = match self {
                _ if count <= 0 => return Ok(rows),
                Filter::All => of_word(&mut connection, Key::feed(plan), after, upto, count).await?,
                Filter::Kind(kind) => {
                    of_word(&mut connection, Key::feed_of(plan, kind), after, upto, count).await?
                }
                Filter::Records(called, _) => {
                    let (from, to) = called.ends();
                    about!("", &called.ever, &from, &to, after, upto, count)
                        .fetch_all(&mut *connection)
                        .await?
                }
            };
            after = positions.last().copied().unwrap_or(upto);
            let found = rows_at(&mut connection, &positions).await?;
            rows.extend(found.into_iter().filter(|row| row.plan == plan && self.leaves(row)));
            if counted(&positions) < count {
                return Ok(rows);
            }
        }
    }

    fn leaves(&self, row: &ChangeRow) -> bool {
        match self {
            Filter::All | Filter::Kind(_) => true,
            Filter::Records(called, subject) => called.tells(row, subject),
        }
    }
}

impl Called {
    fn tells(&self, row: &ChangeRow, subject: &str) -> bool {
        row.subject == subject || row.subject_id.is_some_and(|id| self.now.contains(&id))
    }

    /// Where what is found of each of them begins and ends.
    fn ends(&self) -> (Vec<i64>, Vec<i64>) {
        self.within.iter().copied().unzip()
    }

    /// What happened to these records in a plan before a position, newest first, at most `limit`.
    pub(super) async fn past(
        &self,
        pool: &PgPool,
        plan: &str,
        subject: &str,
        mut upto: i64,
        limit: i64,
    ) -> Result<Vec<ChangeRow>, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        let (from, to) = self.ends();
        let mut rows: Vec<ChangeRow> = Vec::new();
        loop {
            let count = limit.saturating_sub(counted(&rows)).min(CHANGES_AT_ONCE);
            if count <= 0 {
                return Ok(rows);
            }
            let positions =
                about!(" desc", &self.ever, &from, &to, 0, upto, count).fetch_all(&mut *connection).await?;
            upto = positions.last().map_or(0, |oldest| oldest - 1);
            let mut found = rows_at(&mut connection, &positions).await?;
            found.retain(|row| row.plan == plan && self.tells(row, subject));
            rows.extend(found.into_iter().rev());
            if counted(&positions) < count {
                return Ok(rows);
            }
        }
    }
}

fn counted<T>(all: &[T]) -> i64 {
    i64::try_from(all.len()).unwrap_or(i64::MAX)
}

/// Where something about these records, `$1`, each within its stretch, `$2` and `$3`, stands after a position, `$4`, and up to another one,
/// `$5`: at most `$6`. What changed records the ledger finds by its own index; what was refused stands in a stream of its own and is
/// about nobody there, nor are log-ins and locks.
macro_rules! about {
    ($order:literal, $($argument:expr),+) => {
        sqlx::query_scalar!(
            r#"select distinct p.position as "position!" from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as r (id, after, upto)
            cross join lateral (
                (select position from event where subject = r.id and position > greatest(r.after, $4) and position <= least(r.upto, $5)
                    order by position"# + $order + " limit $6)
                union all
                (select position from change_told where subject_id = r.id and position > greatest(r.after, $4)
                    and position <= least(r.upto, $5) order by position" + $order + " limit $6)
                union all
                (select position from change_about where subject_id = r.id and position > greatest(r.after, $4)
                    and position <= least(r.upto, $5) order by position" + $order + " limit $6)) p
            order by p.position" + $order + " limit $6",
            $($argument),+
        )
    };
}
use about;

/// The first positions of a word after one position and up to another, at most `count`.
pub(crate) async fn of_word(
    connection: &mut PgConnection,
    key: Key,
    after: i64,
    upto: i64,
    count: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut positions, mut at_once) = (Vec::new(), BLOCKS_AT_FIRST);
    let mut block = block_of(after.saturating_add(1));
    while positions.len() < wanted {
        let rows = sqlx::query!(
            "select block, places from change where word = $1 and block between $2 and $3 order by block limit $4",
            key.word,
            block,
            block_of(upto),
            at_once,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            if positions.len() >= wanted {
                break;
            }
            let within = Bits::between(row.block, after, upto);
            let places = read_places(&row.places)?.bits(None);
            positions.extend(places.and(&within).positions(row.block));
        }
        match rows.last() {
            Some(last) if counted(&rows) == at_once => block = last.block + 1,
            _ => break,
        }
        at_once = (at_once * 2).min(BLOCKS_AT_ONCE);
    }
    positions.truncate(wanted);
    Ok(positions)
}

/// All changes of several plans after a position and up to another one, in order.
pub(super) async fn of_plans(
    pool: &PgPool,
    plans: &[String],
    after: i64,
    upto: i64,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let words: Vec<i64> = plans.iter().map(|plan| Key::feed(plan).word).collect();
    let found = sqlx::query!(
        "select block, places from change where word = any ($1) and block between $2 and $3",
        &words,
        block_of(after.saturating_add(1)),
        block_of(upto),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut blocks: BTreeMap<i32, Bits> = BTreeMap::new();
    for row in found {
        let places = read_places(&row.places)?.bits(None);
        let all = blocks.entry(row.block).or_insert(Bits::NONE);
        *all = all.or(&places);
    }
    let within = |(block, bits): (&i32, &Bits)| {
        bits.and(&Bits::between(*block, after, upto)).positions(*block).collect::<Vec<_>>()
    };
    let positions: Vec<i64> = blocks.iter().flat_map(within).collect();
    let mut rows = Vec::with_capacity(positions.len());
    let at_once = usize::try_from(CHANGES_AT_ONCE).unwrap_or(usize::MAX);
    for some in positions.chunks(at_once) {
        rows.extend(rows_at(&mut connection, some).await?);
    }
    Ok(rows)
}
