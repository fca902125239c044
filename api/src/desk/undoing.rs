//! What is to be taken back, read from the ledger for whoever asks for it.

use std::collections::{BTreeMap, HashMap};

use domain::command::undo::{Done, DoneWhat, Undoing, Was};
use domain::{Event, FieldFault, ImportId, PlanId, Refusal};
use eventstore::Recorded;
use uuid::Uuid;

use super::{Desk, Failure};

/// What a request wants to have taken back.
#[derive(Debug, Clone)]
pub enum Named {
    /// The changes at these positions of the present epoch, each once.
    Positions(Vec<i64>),
    /// Everything that an import did.
    Import(Uuid),
}

impl Desk {
    /// The changes that are named, newest first; what is none of this plan is refused, each with its place.
    pub async fn undoing(&self, plan: &PlanId, named: &Named) -> Result<Result<Undoing, Refusal>, Failure> {
        let (recorded, indexes, import) = match named {
            Named::Positions(positions) => {
                let indexes: BTreeMap<i64, usize> = positions.iter().copied().zip(0..).collect();
                (self.ledger.read_at(positions).await?, indexes, None)
            }
            Named::Import(id) => match self.read_import(plan, *id).await? {
                Some(recorded) => (recorded, BTreeMap::new(), Some(ImportId(*id))),
                None => return Ok(Err(Refusal::fault("/import", "the plan has no import of this id"))),
            },
        };
        // As much as an import may have done is read aside, so that the other requests of this thread go on.
        let stream = plan.stream();
        let sorted = tokio::task::spawn_blocking(move || Sorted::of(&stream, recorded, &indexes));
        let sorted = sorted.await.map_err(Failure::internal)??;
        let known = |number: &i64| sorted.events.contains_key(number) || sorted.faults.contains_key(number);
        let mut faults = Vec::new();
        if let Named::Positions(positions) = named {
            for (index, number) in positions.iter().enumerate() {
                let detail = match sorted.faults.get(number) {
                    Some(fault) => *fault,
                    None if known(number) => continue,
                    None => "nothing has this position yet",
                };
                faults.push(FieldFault::new(format!("/positions/{index}"), detail));
            }
        }
        if !faults.is_empty() {
            return Ok(Err(Refusal::invalid(&faults)));
        }
        let mut was = self.removed(&sorted).await?;
        let mut changes = Vec::with_capacity(sorted.events.len());
        for (number, (index, event)) in sorted.events.into_iter().rev() {
            let what = match event {
                Event::RecordCreated(e) => DoneWhat::Created(e),
                Event::RecordChanged(e) => DoneWhat::Changed(e),
                Event::RecordRemoved(e) => {
                    let record = was.removed_at(number);
                    let record = record.ok_or_else(|| {
                        Failure::Internal(format!("the record removed at {number} was never made"))
                    })?;
                    let (revision, by_import) = (e.revision, e.import.is_some());
                    DoneWhat::Removed { was: Box::new(record), revision, by_import }
                }
                _ => continue,
            };
            changes.push(Done { index, position: self.position(number), what });
        }
        Ok(Ok(Undoing { changes: changes.into(), import }))
    }

    /// What an import did. Where it stands is looked up among the imports; what it is stands in the ledger.
    async fn read_import(&self, plan: &PlanId, id: Uuid) -> Result<Option<Vec<Recorded>>, Failure> {
        let Some(row) = projections::import::import(self.projections.pool(), plan, id).await? else {
            return Ok(None);
        };
        let recorded = self.ledger.read_append(row.position).await?;
        let is_it = |last: &Recorded| match Event::decode(&last.r#type, &last.data) {
            Ok(Event::ImportDone(e)) => e.import.0 == id && last.stream == plan.stream(),
            _ => false,
        };
        Ok(recorded.last().is_some_and(is_it).then_some(recorded))
    }

    /// What the records that are gone had been.
    async fn removed(&self, sorted: &Sorted) -> Result<Was, Failure> {
        let gone: HashMap<i64, Uuid> = sorted
            .events
            .iter()
            .filter_map(|(number, (_, event))| match event {
                Event::RecordRemoved(e) => Some((*number, e.record.0)),
                _ => None,
            })
            .collect();
        let mut was = Was::wanting(gone.keys().copied());
        let Some(upto) = gone.keys().max() else { return Ok(was) };
        let mut subjects: Vec<Uuid> = gone.values().copied().collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut unreadable = None;
        let take = |recorded: Recorded| match Event::decode(&recorded.r#type, &recorded.data) {
            Ok(event) => was.take(recorded.position, &event),
            Err(error) => unreadable = Some(error),
        };
        self.ledger.read_subjects(&subjects, *upto, take).await?;
        match unreadable {
            None => Ok(was),
            Some(error) => Err(Failure::internal(error)),
        }
    }
}

/// Events by what can be done with them.
struct Sorted {
    /// Changes of records by their positions, with their places in the request.
    events: BTreeMap<i64, (Option<usize>, Event)>,
    /// What is wrong with the others.
    faults: BTreeMap<i64, &'static str>,
}

impl Sorted {
    fn of(
        stream: &domain::StreamName,
        recorded: Vec<Recorded>,
        indexes: &BTreeMap<i64, usize>,
    ) -> Result<Sorted, Failure> {
        let mut sorted = Sorted { events: BTreeMap::new(), faults: BTreeMap::new() };
        for it in recorded {
            if it.stream != *stream {
                sorted.faults.insert(it.position, "no record of this plan was changed at this position");
                continue;
            }
            let event = Event::decode(&it.r#type, &it.data).map_err(Failure::internal)?;
            match event {
                Event::RecordCreated(_) | Event::RecordChanged(_) | Event::RecordRemoved(_) => {
                    sorted.events.insert(it.position, (indexes.get(&it.position).copied(), event));
                }
                Event::ImportDone(_) => {
                    let detail = "an import is taken back as a whole: send its id as import";
                    sorted.faults.insert(it.position, detail);
                }
                _ => {
                    let detail = "no record of this plan was changed at this position";
                    sorted.faults.insert(it.position, detail);
                }
            }
        }
        Ok(sorted)
    }
}

/// What is noted as the cause of new changes: what they take back.
pub fn cause(undoing: &Undoing) -> String {
    if let Some(import) = undoing.import {
        return format!("undo:import:{import}");
    }
    let mut positions: Vec<(i64, i64)> = Vec::new();
    let epoch = undoing.changes.first().map_or(0, |done| done.position.epoch);
    for number in undoing.changes.iter().rev().map(|done| done.position.number) {
        match positions.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => positions.push((number, number)),
        }
    }
    let more = positions.len().saturating_sub(RANGES_MAX);
    let range = |(first, last): &(i64, i64)| match first == last {
        true => format!("{epoch}.{first}"),
        false => format!("{epoch}.{first}-{epoch}.{last}"),
    };
    let mut text = positions.iter().take(RANGES_MAX).map(range).collect::<Vec<_>>().join(",");
    if more > 0 {
        text.push_str(",…");
    }
    format!("undo:{text}")
}

/// As many ranges of positions stand in a cause, which is kept with every new event.
const RANGES_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use domain::{Kind, Position, RecordId, RecordRemoved};

    fn undoing(positions: &[i64]) -> Undoing {
        let done = |number: &i64| {
            let event = RecordRemoved {
                record: RecordId(Uuid::nil()),
                kind: Kind::Rooms,
                revision: 1,
                fields: BTreeMap::new(),
                import: None,
            };
            let was = Box::new(domain::Record {
                id: event.record,
                kind: event.kind,
                hour_of: None,
                revision: 0,
                epoch: 1,
                fields: domain::Fields::new(),
                by_period: BTreeMap::new(),
            });
            let what = DoneWhat::Removed { was, revision: 1, by_import: false };
            Done { index: None, position: Position { epoch: 1, number: *number }, what }
        };
        let changes: Arc<[Done]> = positions.iter().map(done).collect();
        Undoing { changes, import: None }
    }

    #[test]
    fn a_cause_names_positions_and_ranges_of_them_up_to_a_bound() {
        assert_eq!(cause(&undoing(&[9])), "undo:1.9");
        assert_eq!(cause(&undoing(&[9, 8, 7, 4, 2, 1])), "undo:1.1-1.2,1.4,1.7-1.9");
        let many: Vec<i64> = (1..=1_000).rev().map(|n| n * 2).collect();
        let text = cause(&undoing(&many));
        assert!(text.ends_with("1.40,…") && text.len() < 200, "{text}");
        let whole = Undoing { import: Some(ImportId(Uuid::nil())), ..undoing(&[1]) };
        assert_eq!(cause(&whole), format!("undo:import:{}", Uuid::nil()));
    }
}
