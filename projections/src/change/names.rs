//! What records are called, kept by the feed for itself so that it waits for no other read model.
//!
//! Who takes events in knows what is called so now ([`Names`]); who reads them later asks what it was called then
//! ([`super::then::NamesThen`]).

use domain::{Event, FieldChange, HourOf, Kind, RecordChanged, RecordCreated, RecordId, Value};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

use super::taken_in::ROWS_AT_ONCE;
use crate::Happened;
use crate::versions::{Edge, Version, Versions, end_rows};

/// What one record of a plan is called.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub plan: Arc<str>,
    pub kind: Kind,
    /// A placement and a singleton have none.
    pub name: Option<String>,
    pub hour_of: Option<HourOf>,
}

/// Whoever knows what records are called.
pub(super) trait Naming {
    /// What is known of the name of a record, also of one that is gone.
    fn get(&self, id: RecordId) -> Option<&Name>;

    /// What people call it.
    fn called(&self, id: RecordId) -> Option<String> {
        let name = self.get(id)?;
        Some(match (&name.name, name.hour_of) {
            (Some(name), _) => name.clone(),
            (None, Some(hour)) => format!("{}/{}", self.called_or_id(hour.lesson), hour.n),
            (None, None) => name.kind.word().to_owned(),
        })
    }

    /// What people call it, else its id.
    fn called_or_id(&self, id: RecordId) -> String {
        self.called(id).unwrap_or_else(|| id.to_string())
    }

    /// `teachers/GAUSS`, `lessons/12/placements/3`, `time-grid`.
    fn subject(&self, name: &Name) -> String {
        match (&name.name, name.hour_of) {
            (Some(called), _) => format!("{}/{called}", name.kind),
            (None, Some(hour)) => format!("lessons/{}/placements/{}", self.called_or_id(hour.lesson), hour.n),
            (None, None) => name.kind.word().to_owned(),
        }
    }
}

/// What people call the periods of a lock; null for the whole plan.
pub(super) fn periods_json(periods: Option<&[RecordId]>, names: &impl Naming) -> Json {
    periods.map(|periods| periods.iter().map(|id| names.called_or_id(*id)).collect::<Vec<_>>()).into()
}

impl Name {
    /// The name that a record comes with.
    pub fn given(e: &RecordCreated, plan: &Arc<str>) -> Self {
        let name = e.fields.get("id").and_then(Value::text).map(str::to_owned);
        Self { plan: Arc::clone(plan), kind: e.kind, name, hour_of: e.hour_of }
    }
}

/// The name that a record is given by a change of it.
fn new_name(e: &RecordChanged) -> Option<&str> {
    let renamed = e.changes.iter().find(|change| e.period.is_none() && change.field == "id")?;
    renamed.to.as_ref()?.text()
}

/// The names that a batch needs, as of the event that is being taken in.
pub(super) struct Names {
    rows: Versions<Name>,
    /// The last names of what is there no more: who comes too late with a change of it is told so.
    gone: HashMap<Uuid, Name>,
}

/// A row of `change_name`.
pub(super) struct Stored {
    pub record_id: Uuid,
    pub plan: String,
    pub kind: String,
    pub name: Option<String>,
    pub lesson_id: Option<Uuid>,
    pub period_id: Option<Uuid>,
    pub n: Option<i32>,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

impl Stored {
    /// The name that it tells.
    pub fn named(self) -> Option<Name> {
        let hour_of = match (self.lesson_id, self.period_id, self.n) {
            (Some(lesson), Some(period), Some(n)) => {
                Some(HourOf { lesson: RecordId(lesson), period: RecordId(period), n: u32::try_from(n).ok()? })
            }
            _ => None,
        };
        Some(Name { plan: self.plan.into(), kind: self.kind.parse().ok()?, name: self.name, hour_of })
    }
}

impl Names {
    /// None yet: for whoever keeps all of them from the beginning.
    pub fn none() -> Names {
        Names { rows: Versions::new(), gone: HashMap::new() }
    }

    /// Reads what the batch refers to: in one statement, and in a second one where placements are changed, because those are
    /// called after their lesson.
    pub async fn load(connection: &mut PgConnection, batch: &[Happened]) -> Result<Names, sqlx::Error> {
        let mut names = Names::none();
        let Some(first) = batch.first() else { return Ok(names) };
        let mut wanted = BTreeSet::new();
        let mut made = BTreeSet::new();
        for happened in batch {
            needed(&happened.event, &mut |id| {
                wanted.insert(id.0);
            });
            if let Event::RecordCreated(e) = &happened.event {
                made.insert(e.record.0);
            }
        }
        let wanted: Vec<Uuid> = wanted.difference(&made).copied().collect();
        let hours = names.read(connection, &wanted, first).await?;
        let of_hours: BTreeSet<Uuid> =
            hours.into_iter().flat_map(|hour| [hour.lesson.0, hour.period.0]).collect();
        let more: Vec<Uuid> =
            of_hours.into_iter().filter(|id| !made.contains(id) && names.find(*id).is_none()).collect();
        names.read(connection, &more, first).await?;
        Ok(names)
    }

    /// Answers which hours of lessons were among them.
    async fn read(
        &mut self,
        connection: &mut PgConnection,
        ids: &[Uuid],
        first: &Happened,
    ) -> Result<Vec<HourOf>, sqlx::Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let stored = sqlx::query_as!(
            Stored,
            "select distinct on (record_id) record_id, plan, kind, name, lesson_id, period_id, n, valid_from, valid_to
            from change_name where record_id = any ($1) order by record_id, valid_from desc",
            ids,
        )
        .fetch_all(connection)
        .await?;
        let mut hours = Vec::new();
        for row in stored {
            let (id, there) = (row.record_id, row.valid_to.is_none());
            let from = Edge { position: row.valid_from, at: first.at };
            let Some(name) = row.named() else { continue };
            hours.extend(name.hour_of);
            if there {
                self.rows.load(id, name, from);
            } else {
                self.gone.insert(id, name);
            }
        }
        Ok(hours)
    }

    fn find(&self, id: Uuid) -> Option<&Name> {
        self.rows.get(id).or_else(|| self.gone.get(&id))
    }

    /// What is called otherwise from an event on.
    pub fn take_in(&mut self, happened: &Happened) {
        let Some(plan) = &happened.plan else { return };
        let edge = Edge { position: happened.append_end, at: happened.at };
        match &happened.event {
            Event::RecordCreated(e) => self.rows.put(e.record.0, Name::given(e, plan), edge),
            Event::RecordChanged(e) => {
                if let (Some(name), Some(known)) = (new_name(e), self.find(e.record.0)) {
                    let name = Name { name: Some(name.to_owned()), ..known.clone() };
                    self.rows.put(e.record.0, name, edge);
                }
            }
            Event::RecordRemoved(e) => {
                if let Some(name) = self.rows.get(e.record.0) {
                    self.gone.insert(e.record.0, name.clone());
                }
                self.rows.end(e.record.0, edge);
            }
            _ => {}
        }
    }

    /// What was called otherwise since the last call; see [`Versions::take_past`].
    pub fn take_past(&mut self) -> Vec<Version<Name>> {
        self.rows.take_past()
    }

    /// What is called so now.
    pub fn now(self) -> Vec<Version<Name>> {
        self.rows.finish().1
    }

    /// Writes what is called otherwise now.
    pub async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let (closed, new) = self.rows.finish();
        end_rows!(connection, "change_name", "record_id", closed)?;
        for some in new.chunks(ROWS_AT_ONCE) {
            insert(connection, some).await?;
        }
        Ok(())
    }
}

impl Naming for Names {
    fn get(&self, id: RecordId) -> Option<&Name> {
        self.find(id.0)
    }
}

async fn insert(connection: &mut PgConnection, new: &[Version<Name>]) -> Result<(), sqlx::Error> {
    let hour = |it: &Version<Name>| it.row.hour_of;
    sqlx::query!(
        "insert into change_name (record_id, plan, kind, name, lesson_id, period_id, n, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::integer[],
            $8::bigint[], $9::bigint[])",
        &new.iter().map(|it| it.id).collect::<Vec<_>>(),
        &new.iter().map(|it| it.row.plan.as_ref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.kind.word()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.row.name.as_deref()).collect::<Vec<_>>() as _,
        &new.iter().map(|it| hour(it).map(|hour| hour.lesson.0)).collect::<Vec<_>>() as _,
        &new.iter().map(|it| hour(it).map(|hour| hour.period.0)).collect::<Vec<_>>() as _,
        &new.iter().map(|it| hour(it).and_then(|hour| i32::try_from(hour.n).ok())).collect::<Vec<_>>() as _,
        &new.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &new.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Every record whose name has to be known while an event is taken in; some come several times.
fn needed(event: &Event, each: &mut impl FnMut(RecordId)) {
    match event {
        // Who comes too late with a change of an hour is told so by the name of its lesson, also in the batch that brings the hour.
        Event::RecordCreated(e) => {
            e.hour_of.into_iter().flat_map(|hour| [hour.lesson, hour.period]).for_each(each);
        }
        Event::RecordChanged(e) if new_name(e).is_some() => each(e.record),
        Event::RecordRemoved(e) => each(e.record),
        Event::ChangeRefused(e) => {
            e.record.into_iter().for_each(&mut *each);
            of_changes(&e.changes, each);
        }
        Event::LockDenied(e) => e.periods.iter().flatten().copied().for_each(each),
        _ => {}
    }
}

/// Every record that an event mentions, that of which it tells among them; some come several times.
pub(super) fn mentioned(event: &Event, each: &mut impl FnMut(RecordId)) {
    match event {
        Event::RecordCreated(e) => {
            each(e.record);
            e.fields.values().for_each(|value| refers(value, each));
        }
        Event::RecordChanged(e) => {
            each(e.record);
            e.period.into_iter().for_each(&mut *each);
            of_changes(&e.changes, each);
        }
        Event::RecordRemoved(e) => {
            each(e.record);
            e.fields.values().for_each(|value| refers(value, each));
        }
        Event::SessionStarted(e) => e.period.into_iter().for_each(each),
        Event::SessionChanged(e) => e.period.into_iter().for_each(each),
        Event::LockGranted(e) => e.periods.iter().flatten().copied().for_each(each),
        _ => {}
    }
}

fn of_changes(changes: &[FieldChange], each: &mut impl FnMut(RecordId)) {
    for value in changes.iter().flat_map(|change| [&change.from, &change.to]).flatten() {
        refers(value, each);
    }
}

fn refers(value: &Value, each: &mut impl FnMut(RecordId)) {
    value.references(each);
}
