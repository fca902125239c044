//! From the bytes of the ledger to events: once for all projections.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Event, PlanId, StreamName};
use eventstore::{Bulk, Framed, Recorded};

use crate::Happened;

/// Decoding more than this many events would keep a thread of the runtime from its other work for too long.
const DECODED_INLINE_MAX: usize = 200;

/// Events up to the first append that this build cannot read.
pub(crate) struct Decoded {
    pub events: Vec<Happened>,
    /// Where it is, and why.
    pub unreadable: Option<(i64, String)>,
    /// The end of the append that it belongs to.
    torn: Option<i64>,
}

impl Decoded {
    /// What is said of an event that cannot be read.
    pub fn trouble(&self) -> Option<String> {
        self.unreadable.as_ref().map(trouble)
    }
}

/// What is said of an event that cannot be read.
pub(crate) fn trouble((position, cause): &(i64, String)) -> String {
    format!("the event at position {position} cannot be read: {cause}")
}

pub(crate) async fn decode(events: Vec<Recorded>, epoch: i64) -> Decoded {
    if events.len() <= DECODED_INLINE_MAX {
        return decode_all(events, epoch);
    }
    tokio::task::spawn_blocking(move || decode_all(events, epoch)).await.expect("reading JSON does not panic")
}

/// Whole appends only.
fn decode_all(recorded: Vec<Recorded>, epoch: i64) -> Decoded {
    let mut decoded = decode_each(recorded, epoch);
    if let Some(torn) = decoded.torn {
        decoded.events.retain(|event| event.append_end < torn);
    }
    decoded
}

/// Every event up to the first that cannot be read.
fn decode_each(recorded: Vec<Recorded>, epoch: i64) -> Decoded {
    let mut events: Vec<Happened> = Vec::with_capacity(recorded.len());
    let mut streams = Streams::default();
    for recorded in recorded {
        let (position, append_end) = (recorded.position, recorded.append_end);
        match decode_one(recorded, epoch, &mut streams) {
            Ok(happened) => events.push(happened),
            Err(cause) => {
                return Decoded { events, unreadable: Some((position, cause)), torn: Some(append_end) };
            }
        }
    }
    Decoded { events, unreadable: None, torn: None }
}

/// The events among some that this build can read.
pub(crate) fn readable(recorded: Vec<Recorded>, epoch: i64) -> Vec<Happened> {
    let mut streams = Streams::default();
    recorded.into_iter().filter_map(|one| decode_one(one, epoch, &mut streams).ok()).collect()
}

fn decode_one(recorded: Recorded, epoch: i64, streams: &mut Streams) -> Result<Happened, String> {
    let event = Event::decode(&recorded.r#type, &recorded.data).map_err(|error| error.to_string())?;
    let (_, plan) = streams.known(recorded.stream.as_str());
    Ok(Happened {
        position: recorded.position,
        append_end: recorded.append_end,
        epoch,
        stream: recorded.stream,
        plan,
        version: recorded.version,
        at: recorded.recorded_at,
        meta: recorded.meta,
        event,
    })
}

/// The streams that events were in, each named once: there are few, and very many events.
#[derive(Default)]
struct Streams {
    known: HashMap<StreamName, Option<Arc<str>>>,
    last: Option<(StreamName, Option<Arc<str>>)>,
}

impl Streams {
    /// The name, and the plan that it is of.
    fn known(&mut self, stream: &str) -> (StreamName, Option<Arc<str>>) {
        if let Some(last) = self.last.as_ref().filter(|last| last.0.as_str() == stream) {
            return last.clone();
        }
        let found = match self.known.get_key_value(stream) {
            Some((name, plan)) => (name.clone(), plan.clone()),
            None => {
                let plan = PlanId::of_stream(stream).map(|plan| plan.to_string().into());
                let name = StreamName::from(stream);
                self.known.insert(name.clone(), plan.clone());
                (name, plan)
            }
        };
        self.last.insert(found).clone()
    }
}

/// Events that were read in bulk, decoded on a thread of their own: as they stand in the ledger, for whoever looks at that, and what
/// they mean, up to the first one that this build cannot read.
pub(crate) struct Parted<L> {
    /// What was looked at.
    pub looked: L,
    pub events: Vec<Happened>,
    pub unreadable: Option<(i64, String)>,
    /// Whether not even its frame can be read, and so nothing behind it.
    pub torn: bool,
}

/// Takes apart and decodes what was read in bulk; `look` sees the events as they stand in the ledger.
pub(crate) async fn part<L: Send + 'static>(
    bulk: Bulk,
    epoch: i64,
    look: impl FnOnce(&[Recorded]) -> L + Send + 'static,
) -> Parted<L> {
    let parted = tokio::task::spawn_blocking(move || {
        let (recorded, torn) = bulk.take_apart();
        let looked = look(&recorded);
        let after = recorded.last().map_or(0, |event| event.position);
        let decoded = decode_each(recorded, epoch);
        let place = torn.map(|torn| (torn.position.unwrap_or(after + 1), torn.cause));
        let torn = place.is_some();
        Parted { looked, events: decoded.events, unreadable: decoded.unreadable.or(place), torn }
    });
    parted.await.expect("reading bytes does not panic")
}

/// Decodes what was read in bulk and nobody looks at otherwise.
pub(crate) async fn unpack(bulk: Bulk, epoch: i64) -> Decoded {
    let unpacked = tokio::task::spawn_blocking(move || {
        let mut events: Vec<Happened> = Vec::with_capacity(bulk.positions());
        let mut streams = Streams::default();
        for framed in bulk.frames() {
            let happened =
                framed.map_err(|unreadable| (unreadable.position, unreadable.cause)).and_then(|framed| {
                    happened(&framed, epoch, &mut streams).map_err(|cause| (Some(framed.position), cause))
                });
            match happened {
                Ok(happened) => events.push(happened),
                Err((position, cause)) => {
                    let next = events.last().map_or(1, |last| last.position + 1);
                    let unreadable = Some((position.unwrap_or(next), cause));
                    return Decoded { events, unreadable, torn: None };
                }
            }
        }
        Decoded { events, unreadable: None, torn: None }
    });
    unpacked.await.expect("reading bytes does not panic")
}

fn happened(framed: &Framed<'_>, epoch: i64, streams: &mut Streams) -> Result<Happened, String> {
    let (stream, plan) = streams.known(framed.stream);
    Ok(Happened {
        position: framed.position,
        append_end: framed.append_end,
        epoch,
        stream,
        plan,
        version: framed.version,
        at: framed.recorded_at,
        meta: framed.meta().map_err(|unreadable| unreadable.cause)?,
        event: Event::decode(framed.r#type, framed.data).map_err(|error| error.to_string())?,
    })
}

/// Keeps what is not yet a whole append until the rest of it comes.
#[derive(Default)]
pub(crate) struct Whole {
    waiting: Vec<Happened>,
}

impl Whole {
    /// The appends that are whole now.
    pub fn with(&mut self, events: Vec<Happened>) -> Vec<Happened> {
        let mut all = std::mem::take(&mut self.waiting);
        if all.is_empty() {
            all = events;
        } else {
            all.extend(events);
        }
        let whole =
            all.iter().rposition(|event| event.position == event.append_end).map_or(0, |last| last + 1);
        self.waiting = all.split_off(whole);
        all
    }
}
