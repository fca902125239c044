//! Rows with `valid_from` and `valid_to`, while a batch is taken in: each thing has at most one row that is true.

use chrono::{DateTime, Utc};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use uuid::Uuid;

use crate::copy::CopyRows;
use crate::fill::EmptyTables;

/// Where and when rows begin or cease to be true: the end of an append, and its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub position: i64,
    pub at: DateTime<Utc>,
}

/// One row of one thing, which is known by its id.
#[derive(Debug, Clone)]
pub(crate) struct Version<R, K = Uuid> {
    pub id: K,
    pub row: R,
    pub from: Edge,
    pub to: Option<Edge>,
}

/// Rows of a table that cease to be true, and where.
pub(crate) type Ended<K = Uuid> = Vec<(K, Edge)>;

/// Where rows go that ceased to be true: they wait for the end of a batch, or are on their way into an empty table.
pub(crate) trait Past<R, K = Uuid> {
    /// Writes down a row that is about to be changed.
    fn note(&mut self, version: &Version<R, K>);

    /// Takes over a row that is needed no more.
    fn take(&mut self, version: Version<R, K>) {
        self.note(&version);
    }
}

impl<R: Clone, K: Clone> Past<R, K> for Vec<Version<R, K>> {
    fn note(&mut self, version: &Version<R, K>) {
        self.push(version.clone());
    }

    fn take(&mut self, version: Version<R, K>) {
        self.push(version);
    }
}

/// The rows that a batch reads and makes; or, for whoever writes into empty tables, all that are true.
pub(crate) struct Versions<R, K = Uuid, P = Vec<Version<R, K>>> {
    open: HashMap<K, (Version<R, K>, Stored)>,
    /// Rows of the table that ceased to be true.
    closed: Ended<K>,
    /// Rows that began here and ceased to be true.
    past: P,
}

#[derive(Clone, Copy, PartialEq)]
enum Stored {
    InTable,
    New,
}

impl<R, K: Clone + Eq + Hash, P: Past<R, K>> Versions<R, K, P> {
    /// Rows that ceased to be true go there.
    pub fn with_past(past: P) -> Self {
        Self { open: HashMap::new(), closed: Vec::new(), past }
    }

    /// Takes in a row that is true in the table.
    pub fn load(&mut self, id: K, row: R, from: Edge) {
        self.open.insert(id.clone(), (Version { id, row, from, to: None }, Stored::InTable));
    }

    /// The row that is true now.
    pub fn get(&self, id: impl Borrow<K>) -> Option<&R> {
        self.open.get(id.borrow()).map(|(version, _)| &version.row)
    }

    /// From there on this is true. Within one append the last row counts: nobody sees what was between.
    pub fn put(&mut self, id: K, row: R, from: Edge) {
        self.end(id.clone(), from);
        self.open.insert(id.clone(), (Version { id, row, from, to: None }, Stored::New));
    }

    /// The row that is true, to be changed from there on; what it was is written down before.
    pub fn change(&mut self, id: K, from: Edge) -> Option<&mut R> {
        let (version, stored) = self.open.get_mut(&id)?;
        if *stored == Stored::InTable {
            self.closed.push((id, from));
            *stored = Stored::New;
        } else if version.from.position < from.position {
            version.to = Some(from);
            self.past.note(version);
            version.to = None;
        }
        version.from = from;
        Some(&mut version.row)
    }

    /// From there on nothing is true of it. What began in the same append has never been.
    pub fn end(&mut self, id: K, to: Edge) {
        match self.open.remove(&id) {
            Some((_, Stored::InTable)) => self.closed.push((id, to)),
            Some((version, Stored::New)) if version.from.position < to.position => {
                self.past.take(Version { to: Some(to), ..version });
            }
            _ => {}
        }
    }
}

impl<R, K: Ord, P> Versions<R, K, P> {
    /// The rows of the table that end, what is kept of those that began here and are over, and those that are true.
    fn parts(self) -> (Ended<K>, P, Vec<Version<R, K>>) {
        let new = self.open.into_values().filter(|(_, stored)| *stored == Stored::New);
        let mut new: Vec<Version<R, K>> = new.map(|(version, _)| version).collect();
        // Neighbours in the indexes come one after the other.
        new.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        (self.closed, self.past, new)
    }
}

impl<R: Clone, K: Clone + Eq + Hash + Ord> Versions<R, K> {
    pub fn new() -> Self {
        Self::with_past(Vec::new())
    }

    /// The rows that ceased to be true since the last call. For whoever keeps all rows that are true here, and writes none of them
    /// before it ends.
    pub fn take_past(&mut self) -> Vec<Version<R, K>> {
        std::mem::take(&mut self.past)
    }

    /// What is to be written: the rows of the table that end, then the new ones.
    pub fn finish(self) -> (Ended<K>, Vec<Version<R, K>>) {
        let (closed, mut rows, mut new) = self.parts();
        rows.append(&mut new);
        (closed, rows)
    }
}

impl<R, K: Ord> Versions<R, K, CopyRows>
where
    CopyRows: Past<R, K>,
{
    /// Sends the rows that ceased to be true, if they are many.
    pub async fn send_many(&mut self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        self.past.send_many(tables).await
    }

    /// Sends all rows that are left.
    pub async fn send_all(self, tables: &mut EmptyTables) -> Result<(), sqlx::Error> {
        let (_, mut copy, rows) = self.parts();
        for version in &rows {
            copy.note(version);
            copy.send_many(tables).await?;
        }
        copy.send(tables).await
    }
}

/// Ends rows that were true: `end_rows!(connection, "table", "column of the id", ended)`, where `ended` gives ids and edges.
macro_rules! end_rows {
    ($connection:expr, $table:literal, $id:literal, $ended:expr) => {{
        let (ids, ends): (Vec<Uuid>, Vec<i64>) = $ended.into_iter().map(|(id, to)| (id, to.position)).unzip();
        if ids.is_empty() {
            Ok(())
        } else {
            sqlx::query!(
                "update "
                    + $table
                    + " t set valid_to = e.position
                from unnest($1::uuid[], $2::bigint[]) as e (id, position)
                where t."
                    + $id
                    + " = e.id and t.valid_to is null",
                &ids,
                &ends,
            )
            .execute(&mut *$connection)
            .await
            .map(|_| ())
        }
    }};
}
pub(crate) use end_rows;

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(position: i64) -> Edge {
        Edge { position, at: DateTime::from_timestamp_nanos(position) }
    }

    #[test]
    fn a_row_of_the_table_ends_where_the_next_one_begins() {
        let id = Uuid::from_u128(1);
        let mut versions = Versions::new();
        versions.load(id, "a", edge(1));
        versions.put(id, "b", edge(5));
        versions.put(id, "c", edge(7));
        let (closed, new) = versions.finish();
        assert_eq!(closed, [(id, edge(5))]);
        let spans: Vec<_> =
            new.iter().map(|it| (it.row, it.from.position, it.to.map(|to| to.position))).collect();
        assert_eq!(spans, [("b", 5, Some(7)), ("c", 7, None)]);
    }

    #[test]
    fn a_row_that_is_changed_is_written_down_as_it_was() {
        let (known, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut versions = Versions::new();
        versions.load(known, 1, edge(1));
        versions.put(new, 2, edge(5));
        for (id, position) in [(known, 5), (known, 7), (new, 5), (new, 8), (new, 8)] {
            *versions.change(id, edge(position)).expect("there") += 10;
        }
        assert!(versions.change(Uuid::nil(), edge(9)).is_none());
        let (closed, rows) = versions.finish();
        assert_eq!(closed, [(known, edge(5))]);
        let spans: Vec<_> =
            rows.iter().map(|it| (it.row, it.from.position, it.to.map(|to| to.position))).collect();
        assert_eq!(spans, [(11, 5, Some(7)), (12, 5, Some(8)), (21, 7, None), (32, 8, None)]);
    }

    #[test]
    fn what_begins_and_ends_within_one_append_leaves_no_row() {
        let id = Uuid::from_u128(1);
        let mut versions = Versions::new();
        versions.put(id, "a", edge(5));
        versions.put(id, "b", edge(5));
        versions.end(id, edge(5));
        let (closed, new) = versions.finish();
        assert!(closed.is_empty() && new.is_empty());
    }
}
