//! What records were called when an append was done.

use domain::{Event, HourOf, RecordId};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

use super::names::{Name, Naming, Stored, mentioned};
use crate::Happened;

/// Of which records the name is asked for, at the ends of which appends.
type Asked = BTreeMap<Uuid, BTreeSet<i64>>;

/// The names that some events mention, each from some position on.
#[derive(Default)]
pub(super) struct NamesThen(HashMap<Uuid, BTreeMap<i64, Name>>);

impl NamesThen {
    /// Reads what changes of records mention, at the end of their appends.
    pub async fn load(connection: &mut PgConnection, events: &[Happened]) -> Result<Self, sqlx::Error> {
        let mut names = Self::default();
        let mut asked = Asked::new();
        for happened in events {
            mentioned(&happened.event, &mut |id| {
                asked.entry(id.0).or_default().insert(happened.append_end);
            });
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

    /// What was called otherwise at none of the moments asked for takes one look into the table; the rest a look for each moment.
    async fn read(&mut self, connection: &mut PgConnection, asked: &Asked) -> Result<(), sqlx::Error> {
        let last = |ends: &BTreeSet<i64>| ends.last().copied();
        let looks = asked.iter().filter_map(|(id, ends)| Some((*id, last(ends)?)));
        self.look(connection, looks.unzip()).await?;
        let earlier = asked.iter().flat_map(|(id, ends)| {
            let known = self.0.get(id).and_then(|versions| versions.keys().next().copied());
            let before = known.map_or(0, |from| from - 1);
            ends.range(..=before).map(|end| (*id, *end))
        });
        let looks = earlier.unzip();
        self.look(connection, looks).await
    }

    async fn look(
        &mut self,
        connection: &mut PgConnection,
        (ids, ends): (Vec<Uuid>, Vec<i64>),
    ) -> Result<(), sqlx::Error> {
        if ids.is_empty() {
            return Ok(());
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
        for row in stored {
            let (id, from) = (row.record_id, row.valid_from);
            let Some(name) = row.named() else { continue };
            self.0.entry(id).or_default().insert(from, name);
        }
        Ok(())
    }

    /// What came and went in one append was never called anything in the table; its event knows.
    fn made(&mut self, events: &[Happened]) {
        for happened in events {
            let (Event::RecordCreated(e), Some(plan)) = (&happened.event, &happened.plan) else { continue };
            let versions = self.0.entry(e.record.0).or_default();
            if versions.is_empty() {
                versions.insert(happened.append_end, Name::given(e, &Arc::clone(plan)));
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
