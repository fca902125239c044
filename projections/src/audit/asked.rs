//! A page of the audit.
//!
//! For every condition the places of a block are read, laid over one another, and what is left is read in the ledger. From block to
//! block more of them are taken at once, so that what is frequent is found in a few rows and what is rare in a few questions. Two
//! conditions that hold often but never together cost what their rows cost, which is a few milliseconds for millions of events; beyond
//! that a page ends early and says where to go on.

use std::collections::HashMap;

use domain::Who;
use sqlx::{PgConnection, PgPool};

use super::places::{BLOCK, Bits, Key, Places, block_of};
use super::read::{Found, events_at, events_between, with_records};
use super::{AuditEvent, AuditWanted, Bearer};

/// How many blocks are asked for at once: so many first, then twice as many each time, at most so many.
const BLOCKS_AT_ONCE: (i64, i64) = (2, 512);
/// How many blocks one page looks at; 8 million positions.
const BLOCKS_MAX: i64 = 2_048;
/// How many events are read from the ledger at once.
const EVENTS_AT_ONCE: usize = 1_000;

/// Some of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// In the order that was asked for.
    pub events: Vec<AuditEvent>,
    /// The position to go on behind, in that order; nothing at the end. A page that has looked at very many positions may end
    /// before it is full.
    pub next: Option<i64>,
}

/// The position up to which the audit is complete; nothing when it has stopped.
pub async fn reached(pool: &PgPool) -> Result<Option<i64>, sqlx::Error> {
    // The names of records are read from the feed, if that goes on.
    let marks = sqlx::query!(
        r#"select min(position) as "position!", bool_and(state = 'live' or projection <> 'audit') as "live!" from checkpoint
        where projection = 'audit' or (projection = 'change' and state = 'live') having count(*) > 0"#
    )
    .fetch_optional(pool)
    .await?;
    Ok(marks.filter(|marks| marks.live).map(|marks| marks.position))
}

/// What fits, in order. `upto` must not be beyond [`reached`].
pub async fn audit_page(pool: &PgPool, wanted: &AuditWanted) -> Result<AuditPage, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let conditions = conditions(wanted);
    let mut range = Range { after: wanted.after.max(0), upto: wanted.upto };
    for sources in &conditions {
        let after = sources.iter().map(|source| source.after).min().unwrap_or(i64::MAX);
        let upto = sources.iter().map(|source| source.upto).max().unwrap_or(0);
        range = Range { after: range.after.max(after), upto: range.upto.min(upto) };
    }
    // One too many tells whether there is more.
    let enough = wanted.limit.max(1) + 1;
    let mut events: Vec<Found> = Vec::new();
    let (mut blocks, mut looked) = (BLOCKS_AT_ONCE.0, 0);
    let mut next = None;
    while !range.is_empty() && events.len() < enough {
        let missing = (enough - events.len()).min(EVENTS_AT_ONCE);
        if conditions.is_empty() {
            let part = range.take(i64::try_from(missing).unwrap_or(i64::MAX), wanted.newest_first);
            let found = events_between(&mut connection, part.after, part.upto, wanted.newest_first).await?;
            events.extend(found);
            continue;
        }
        if looked >= BLOCKS_MAX {
            next = Some(if wanted.newest_first { range.upto + 1 } else { range.after });
            break;
        }
        let part = range.take_blocks(blocks, wanted.newest_first);
        let places = places(&mut connection, &conditions, part, wanted.newest_first).await?;
        let mut rest = places.as_slice();
        while !rest.is_empty() && events.len() < enough {
            let count = rest.len().min(EVENTS_AT_ONCE).min(enough - events.len());
            let (some, later) = rest.split_at(count);
            let found = events_at(&mut connection, some, wanted.newest_first).await?;
            events.extend(found.into_iter().filter(|event| fits(event, wanted)));
            rest = later;
        }
        looked += blocks;
        blocks = (blocks * 2).min(BLOCKS_AT_ONCE.1);
    }
    if events.len() >= enough {
        events.truncate(wanted.limit.max(1));
        next = events.last().map(|event| event.event.position);
    }
    let events = with_records(&mut connection, events).await?;
    Ok(AuditPage { events, next })
}

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

/// All of them must be met.
fn conditions(wanted: &AuditWanted) -> Vec<Vec<Source>> {
    let plan = wanted.plan.as_ref().map(|plan| vec![Source::everywhere(Key::plan(&plan.to_string()))]);
    let of_type = wanted.r#type.as_deref().map(|name| vec![Source::everywhere(Key::event_type(name))]);
    let request = wanted.request.as_deref().map(|request| vec![Source::everywhere(Key::request(request))]);
    let records = wanted.records.as_deref().map(|records| Source::of(records, Key::record));
    let actors = wanted.actors.as_deref().map(|actors| Source::of(actors, Key::actor));
    [request, records, actors, of_type, plan].into_iter().flatten().collect()
}

/// Whether an event is what is wanted. What was found by a hash may be something else.
fn fits(found: &Found, wanted: &AuditWanted) -> bool {
    let event = &found.event;
    let holds = |bearer: (i64, i64)| bearer.0 < event.position && event.position <= bearer.1;
    let is_plan = wanted.plan.as_ref().is_none_or(|plan| event.plan.as_deref() == Some(&*plan.to_string()));
    let is_type = wanted.r#type.as_ref().is_none_or(|name| *name == event.r#type);
    let is_request = wanted.request.as_ref().is_none_or(|it| event.meta.request_id.as_ref() == Some(it));
    let is_record = wanted.records.as_ref().is_none_or(|records| {
        records.iter().any(|it| found.record == Some(it.id) && holds((it.after, it.upto)))
    });
    let who: Who = event.who();
    let is_actor = wanted
        .actors
        .as_ref()
        .is_none_or(|actors| actors.iter().any(|it| it.id == who && holds((it.after, it.upto))));
    is_plan && is_type && is_request && is_record && is_actor
}

/// Positions after one and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    after: i64,
    upto: i64,
}

impl Range {
    fn is_empty(self) -> bool {
        self.after >= self.upto
    }

    /// Cuts off the first so many positions, from the end that comes first.
    fn take(&mut self, count: i64, newest_first: bool) -> Range {
        let whole = *self;
        if newest_first {
            self.upto = whole.upto.saturating_sub(count).max(whole.after);
            Range { after: self.upto, upto: whole.upto }
        } else {
            self.after = whole.after.saturating_add(count).min(whole.upto);
            Range { after: whole.after, upto: self.after }
        }
    }

    /// Cuts off the first so many blocks.
    fn take_blocks(&mut self, blocks: i64, newest_first: bool) -> Range {
        let count = if newest_first {
            let first = (self.upto / BLOCK + 1 - blocks) * BLOCK;
            self.upto - first + 1
        } else {
            let last = ((self.after + 1) / BLOCK + blocks) * BLOCK - 1;
            last - self.after
        };
        self.take(count, newest_first)
    }
}

/// The positions in a range at which all conditions are met, in order.
async fn places(
    connection: &mut PgConnection,
    conditions: &[Vec<Source>],
    range: Range,
    newest_first: bool,
) -> Result<Vec<i64>, sqlx::Error> {
    let words: Vec<i64> = conditions.iter().flatten().map(|source| source.key.word).collect();
    let (first, last) = (block_of(range.after + 1), block_of(range.upto));
    let rows = sqlx::query!(
        "select word, block, places from audit where word = any ($1) and block between $2 and $3",
        &words,
        first,
        last,
    )
    .fetch_all(connection)
    .await?;
    let mut blocks: HashMap<i32, HashMap<i64, Places>> = HashMap::new();
    for row in rows {
        let places = Places::read(&row.places).map_err(|broken| sqlx::Error::Decode(broken.into()))?;
        blocks.entry(row.block).or_default().insert(row.word, places);
    }
    let mut order: Vec<i32> = blocks.keys().copied().collect();
    order.sort_unstable();
    let mut positions = Vec::new();
    for block in order {
        let words = &blocks[&block];
        let mut met = Bits::between(block, range.after, range.upto);
        for sources in conditions {
            met =
                met.and(&sources.iter().fold(Bits::NONE, |any, source| any.or(&here(words, block, source))));
        }
        positions.extend(met.positions(block));
    }
    if newest_first {
        positions.reverse();
    }
    Ok(positions)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_into_whole_blocks_from_either_end() {
        let cut = |mut range: Range, newest_first: bool| {
            let (mut parts, mut blocks) = (Vec::new(), 1);
            while !range.is_empty() {
                let part = range.take_blocks(blocks, newest_first);
                parts.push((part.after, part.upto));
                blocks *= 2;
            }
            parts
        };
        let range = Range { after: 10, upto: 20_000 };
        assert_eq!(cut(range, false), [(10, 4_095), (4_095, 12_287), (12_287, 20_000)]);
        assert_eq!(cut(range, true), [(16_383, 20_000), (8_191, 16_383), (10, 8_191)]);
        assert_eq!(cut(Range { after: 5, upto: 5 }, true), []);
        let mut open = Range { after: i64::MAX - 5, upto: i64::MAX };
        open.take(100, false);
        assert!(open.is_empty());
    }
}
