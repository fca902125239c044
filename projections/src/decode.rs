//! From the bytes of the ledger to events: once for all projections.

use std::collections::HashMap;

use domain::{Event, PlanId};
use eventstore::Recorded;

use crate::Happened;

/// Decoding more than this many events would keep a thread of the runtime from its other work for too long.
const DECODED_INLINE_MAX: usize = 200;

/// Events up to the first append that this build cannot read.
pub(crate) struct Decoded {
    pub events: Vec<Happened>,
    /// Where it is, and why.
    pub unreadable: Option<(i64, String)>,
}

impl Decoded {
    /// What is said of an event that cannot be read.
    pub fn trouble(&self) -> Option<String> {
        let (position, cause) = self.unreadable.as_ref()?;
        Some(format!("the event at position {position} cannot be read: {cause}"))
    }
}

pub(crate) async fn decode(events: Vec<Recorded>, epoch: i64) -> Decoded {
    if events.len() <= DECODED_INLINE_MAX {
        return decode_all(events, epoch);
    }
    tokio::task::spawn_blocking(move || decode_all(events, epoch)).await.expect("reading JSON does not panic")
}

fn decode_all(recorded: Vec<Recorded>, epoch: i64) -> Decoded {
    let mut events: Vec<Happened> = Vec::with_capacity(recorded.len());
    let mut plans: HashMap<String, Option<PlanId>> = HashMap::new();
    for recorded in recorded {
        let event = match Event::decode(&recorded.r#type, &recorded.data) {
            Ok(event) => event,
            Err(error) => {
                events.retain(|event| event.append_end < recorded.append_end);
                return Decoded { events, unreadable: Some((recorded.position, error.to_string())) };
            }
        };
        let stream = recorded.stream.as_str();
        let plan = match plans.get(stream) {
            Some(plan) => plan.clone(),
            None => plans.entry(stream.to_owned()).or_insert_with(|| PlanId::of_stream(stream)).clone(),
        };
        events.push(Happened {
            position: recorded.position,
            append_end: recorded.append_end,
            epoch,
            stream: recorded.stream,
            plan,
            version: recorded.version,
            at: recorded.recorded_at,
            meta: recorded.meta,
            event,
        });
    }
    Decoded { events, unreadable: None }
}
