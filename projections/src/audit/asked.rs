//! A page of the audit.
//!
//! What is about records is found by those, in their order, and what else must hold of it is looked up in the sets of their blocks.
//! Without a record the places of a block are read for every condition and laid over one another. What is left is read in the ledger.
//! From step to step more is taken at once, so that what is frequent is found in a few rows and what is rare in a few questions. Two
//! conditions that hold often but never together cost what their rows cost, which is a few milliseconds for millions of events; beyond
//! that a page ends early and says where to go on.

use domain::Who;
use sqlx::{PgConnection, PgPool};

use super::about::about;
use super::conditions::Conditions;
use super::range::Range;
use super::read::{Found, found_at, found_between, with_records};
use super::{AuditEvent, AuditWanted};

/// How many blocks are asked for at once: so many first, then twice as many each time, at most so many.
const BLOCKS_AT_ONCE: (i64, i64) = (2, 512);
/// How many blocks one page looks at; 8 million positions.
const BLOCKS_MAX: i64 = 2_048;
/// How many events about records are looked at at once: so many first, then twice as many each time, at most so many.
const ABOUT_AT_ONCE: (i64, i64) = (512, 4_096);
/// How many events about records one page looks at.
const ABOUT_MAX: i64 = 40_000;
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
    // One too many tells whether there is more.
    let enough = wanted.limit.max(1) + 1;
    let mut events: Vec<Found> = Vec::new();
    let mut search = Search::new(wanted);
    let mut next = None;
    while !search.range.is_empty() && events.len() < enough {
        if search.has_looked_enough() {
            let range = search.range;
            next = Some(if wanted.newest_first { range.upto + 1 } else { range.after });
            break;
        }
        if search.is_for_everything() {
            let count = (enough - events.len()).min(EVENTS_AT_ONCE);
            let part = search.range.take(i64::try_from(count).unwrap_or(i64::MAX), wanted.newest_first);
            events.extend(found_between(&mut connection, part, wanted.newest_first).await?);
            continue;
        }
        let positions = search.step(&mut connection).await?;
        let mut rest = positions.as_slice();
        while !rest.is_empty() && events.len() < enough {
            let count = rest.len().min(EVENTS_AT_ONCE).min(enough - events.len());
            let (some, later) = rest.split_at(count);
            let found = found_at(&mut connection, some, wanted.newest_first).await?;
            events.extend(found.into_iter().filter(|event| fits(event, wanted)));
            rest = later;
        }
    }
    if events.len() >= enough {
        events.truncate(wanted.limit.max(1));
        next = events.last().map(|event| event.event.position);
    }
    let events = with_records(&mut connection, events).await?;
    Ok(AuditPage { events, next })
}

/// The way through the ledger, from the end that comes first.
struct Search<'a> {
    wanted: &'a AuditWanted,
    conditions: Conditions,
    /// What has not been looked at.
    range: Range,
    /// How much is looked at in the next step, in blocks or events, and how much at the most.
    at_once: (i64, i64),
    /// How much may be looked at yet.
    left: i64,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a AuditWanted) -> Self {
        let conditions = Conditions::of(wanted);
        let mut range = conditions.narrow(Range { after: wanted.after.max(0), upto: wanted.upto });
        if let Some(records) = &wanted.records {
            let after = records.iter().map(|record| record.after).min().unwrap_or(i64::MAX);
            let upto = records.iter().map(|record| record.upto).max().unwrap_or(0);
            range = range.within(after, upto);
        }
        let (at_once, left) = match wanted.records {
            Some(_) => (ABOUT_AT_ONCE, ABOUT_MAX),
            None => (BLOCKS_AT_ONCE, BLOCKS_MAX),
        };
        Self { wanted, conditions, range, at_once, left }
    }

    fn has_looked_enough(&self) -> bool {
        self.left <= 0
    }

    fn is_for_everything(&self) -> bool {
        self.wanted.records.is_none() && self.conditions.are_none()
    }

    /// The next positions at which what is wanted may stand, in order.
    async fn step(&mut self, connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
        let newest_first = self.wanted.newest_first;
        let Some(records) = &self.wanted.records else {
            let blocks = self.looked();
            let part = self.range.take_blocks(blocks, newest_first);
            return self.conditions.met_in(connection, part, newest_first).await;
        };
        let count = self.looked();
        let found = about(connection, records, self.range, count, newest_first).await?;
        // Of fewer than that there are no more.
        let is_all = i64::try_from(found.len()).is_ok_and(|found| found < count);
        match found.last().filter(|_| !is_all) {
            Some(last) => self.range.go_behind(*last, newest_first),
            None => self.range.upto = self.range.after,
        }
        self.conditions.met_at(connection, found).await
    }

    /// How much is looked at in this step; in the next one it is more.
    fn looked(&mut self) -> i64 {
        let (count, most) = self.at_once;
        self.at_once.0 = (count * 2).min(most);
        self.left -= count;
        count
    }
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
