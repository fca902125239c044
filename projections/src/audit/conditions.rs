//! What must hold of an event, and where it does: sets of places, laid over one another in memory.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::range::Range;
use super::{AuditWanted, Bearer};
use crate::places::{Bits, Key, Places, block_of, read_places};

/// What a condition is met by: one of several.
struct Source {
    key: Key,
    after: i64,
    upto: i64,
}

impl Source {
    fn everywhere(key: Key) -> Source {
        Source { key, after: 0, upto: i64::MAX }
    }

    fn of<I: Copy>(bearers: &[Bearer<I>], key: impl Fn(I) -> Key) -> Vec<Source> {
        let source = |it: &Bearer<I>| Source { key: key(it.id), after: it.after, upto: it.upto };
        bearers.iter().map(source).collect()
    }
}

/// Conditions of which there are sets. All of them must be met, each by one of its sources.
pub(super) struct Conditions(Vec<Vec<Source>>);

impl Conditions {
    /// Those of a question. What is about records stands elsewhere, and all of it in the plan of the records.
    pub fn of(wanted: &AuditWanted) -> Conditions {
        let plan = wanted.plan.as_ref().filter(|_| wanted.records.is_none());
        let plan = plan.map(|plan| vec![Source::everywhere(Key::plan(&plan.to_string()))]);
        let of_type = wanted.r#type.as_deref().map(|name| vec![Source::everywhere(Key::event_type(name))]);
        let request =
            wanted.request.as_deref().map(|request| vec![Source::everywhere(Key::request(request))]);
        let actors = wanted.actors.as_deref().map(|actors| Source::of(actors, Key::actor));
        Conditions([request, actors, of_type, plan].into_iter().flatten().collect())
    }

    /// Whether nothing must be met.
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The part of a range outside which they cannot be met.
    pub fn narrow(&self, range: Range) -> Range {
        self.0.iter().fold(range, |range, sources| {
            let after = sources.iter().map(|source| source.after).min().unwrap_or(i64::MAX);
            let upto = sources.iter().map(|source| source.upto).max().unwrap_or(0);
            range.within(after, upto)
        })
    }

    fn words(&self) -> Vec<i64> {
        self.0.iter().flatten().map(|source| source.key.word).collect()
    }

    /// The positions in a range at which they are met, in the order that is asked for.
    pub async fn met_in(
        &self,
        connection: &mut PgConnection,
        range: Range,
        newest_first: bool,
    ) -> Result<Vec<i64>, sqlx::Error> {
        let rows = sqlx::query_as!(
            Row,
            "select word, block, places from audit where word = any ($1) and block between $2 and $3",
            &self.words(),
            block_of(range.after + 1),
            block_of(range.upto),
        )
        .fetch_all(connection)
        .await?;
        let blocks = by_block(rows)?;
        let mut order: Vec<i32> = blocks.keys().copied().collect();
        order.sort_unstable();
        let mut positions = Vec::new();
        for block in order {
            let all = Bits::between(block, range.after, range.upto);
            positions.extend(self.met(&blocks[&block], block, all).positions(block));
        }
        if newest_first {
            positions.reverse();
        }
        Ok(positions)
    }

    /// Those of some positions at which they are met, in their order.
    pub async fn met_at(
        &self,
        connection: &mut PgConnection,
        mut positions: Vec<i64>,
    ) -> Result<Vec<i64>, sqlx::Error> {
        if self.are_none() || positions.is_empty() {
            return Ok(positions);
        }
        let in_one = |one: &i64, other: &i64| block_of(*one) == block_of(*other);
        let parts = positions.chunk_by(in_one).map(|part| (block_of(part[0]), Bits::of(part)));
        let parts: BTreeMap<i32, Bits> = parts.collect();
        // The range keeps the index from being read for blocks that lie elsewhere.
        let rows = sqlx::query_as!(
            Row,
            "select word, block, places from audit where word = any ($1) and block between $2 and $3 and block = any ($4)",
            &self.words(),
            parts.keys().next().copied().unwrap_or(0),
            parts.keys().next_back().copied().unwrap_or(0),
            &parts.keys().copied().collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        let blocks = by_block(rows)?;
        let met = parts
            .into_iter()
            .filter_map(|(block, part)| Some((block, self.met(blocks.get(&block)?, block, part))));
        let met: HashMap<i32, Bits> = met.collect();
        positions.retain(|position| met.get(&block_of(*position)).is_some_and(|met| met.holds(*position)));
        Ok(positions)
    }

    /// Those of some places of a block at which they are met.
    fn met(&self, words: &HashMap<i64, Places>, block: i32, some: Bits) -> Bits {
        self.0.iter().fold(some, |met, sources| {
            met.and(&sources.iter().fold(Bits::NONE, |any, source| any.or(&here(words, block, source))))
        })
    }
}

struct Row {
    word: i64,
    block: i32,
    places: Vec<u8>,
}

fn by_block(rows: Vec<Row>) -> Result<HashMap<i32, HashMap<i64, Places>>, sqlx::Error> {
    let mut blocks: HashMap<i32, HashMap<i64, Places>> = HashMap::new();
    for row in rows {
        blocks.entry(row.block).or_default().insert(row.word, read_places(&row.places)?);
    }
    Ok(blocks)
}

/// Where in a block a source is.
fn here(words: &HashMap<i64, Places>, block: i32, source: &Source) -> Bits {
    let Some(places) = words.get(&source.key.word) else { return Bits::NONE };
    let all = places.bits(source.key.mark);
    if source.after <= 0 && source.upto == i64::MAX {
        return all;
    }
    all.and(&Bits::between(block, source.after, source.upto))
}
