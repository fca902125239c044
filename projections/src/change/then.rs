//! What records were called when an append was done.

use domain::{Event, HourOf, RecordId};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

use super::before::Befores;
use super::names::{Name, Naming, Stored, mentioned};
use crate::Happened;

/// Of which records the name is asked for, at the ends of which appends.
type Asked = BTreeMap<Uuid, BTreeSet<i64>>;

/// The names that some events mention, each from some position on.
#[derive(Default)]
pub(super) struct NamesThen(HashMap<Uuid, BTreeMap<i64, Name>>);

impl NamesThen {
    /// Reads what events mention, and what was before them, at the end of their appends.
    pub async fn load(
        connection: &mut PgConnection,
        events: &[Happened],
        befores: &Befores,
    ) -> Result<Self, sqlx::Error> {
        let mut names = Self::default();
        let mut asked = Asked::new();
        for happened in events {
            let mut ask = |id: RecordId| {
                asked.entry(id.0).or_default().insert(happened.append_end);
            };
            mentioned(&happened.event, &mut ask);
            befores.mentioned(happened, &mut ask);
        }
        names.read(connection, &asked).await?;
        names.made(events);
        // Hours are called after their lesson, and told with their period.
        let mut more = Asked::new();
        for (id, ends) in &asked {
            let hours =
                names.0.get(id).into_iter().flat_map(BTreeMap::values).filter_map(|name| name.hour_of);
            for HourOf { lesson, period, .. } in hours {
                for id in [lesson.0, period.0] {
                    more.entry(id).or_default().extend(ends);
                }
            }
        }
        more.retain(|id, ends| asked.get(id).is_none_or(|known| !ends.is_subset(known)));
        names.read(connection, &more).await?;
        Ok(names)
    }

    /// What was called the same at all of the moments asked for takes one look into the table, else those before its last name one each.
    async fn read(&mut self, connection: &mut PgConnection, asked: &Asked) -> Result<(), sqlx::Error> {
        let last = asked.iter().filter_map(|(id, ends)| Some((*id, *ends.last()?)));
        let found = self.look(connection, last.unzip()).await?;
        // Only what this look has found tells from where on: of what was read for other moments there may be names between.
        let earlier = found.iter().flat_map(|(id, from)| {
            let ends = asked.get(id).into_iter().flat_map(|ends| ends.range(..*from));
            ends.map(|end| (*id, *end))
        });
        self.look(connection, earlier.unzip()).await?;
        Ok(())
    }

    /// What each was called at the end of an append; answers from where on.
    async fn look(
        &mut self,
        connection: &mut PgConnection,
        (ids, ends): (Vec<Uuid>, Vec<i64>),
    ) -> Result<Vec<(Uuid, i64)>, sqlx::Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let stored = sqlx::query_as!(
            Stored,
            "select n.record_id, n.plan, n.kind, n.name, n.lesson_id, n.period_id, n.n, n.valid_from, n.valid_to
            from unnest($1::uuid[], $2::bigint[]) as w (id, upto)
            cross join lateral (select * from change_name where record_id = w.id and valid_from <= w.upto
                order by valid_from desc limit 1) n",
            &ids,
            &ends,
        )
        .fetch_all(connection)
        .await?;
        let found = stored.iter().map(|row| (row.record_id, row.valid_from)).collect();
        for row in stored {
            let (id, from) = (row.record_id, row.valid_from);
            let Some(name) = row.named() else { continue };
            self.0.entry(id).or_default().insert(from, name);
        }
        Ok(found)
    }

    /// What came and went in one append was never called anything in the table; its event knows.
    fn made(&mut self, events: &[Happened]) {
        for happened in events {
            let (Event::RecordCreated(e), Some(plan)) = (&happened.event, &happened.plan) else { continue };
            let versions = self.0.entry(e.record.0).or_default();
            if versions.is_empty() {
                versions.insert(happened.append_end, Name::given(e, plan));
            }
        }
    }

    /// The names at the end of an append.
    pub fn at(&self, append_end: i64) -> NamesAt<'_> {
        NamesAt { names: self, append_end }
    }
}

/// What records were called at the end of an append; of those that are gone, what they were called last.
pub(super) struct NamesAt<'a> {
    names: &'a NamesThen,
    append_end: i64,
}

impl Naming for NamesAt<'_> {
    fn get(&self, id: RecordId) -> Option<&Name> {
        let versions = self.names.0.get(&id.0)?;
        versions.range(..=self.append_end).next_back().map(|(_, name)| name)
    }
}
