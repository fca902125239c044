//! Rows with `valid_from` and `valid_to`, while a batch is taken in: each thing has at most one row that is true.

use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// Where and when rows begin or cease to be true: the end of an append, and its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub position: i64,
    pub at: DateTime<Utc>,
}

/// One row of one thing.
#[derive(Debug, Clone)]
pub(crate) struct Version<R> {
    pub id: Uuid,
    pub row: R,
    pub from: Edge,
    pub to: Option<Edge>,
}

/// The rows that a batch reads and makes.
pub(crate) struct Versions<R> {
    open: HashMap<Uuid, (Version<R>, Stored)>,
    /// Rows of the table that ceased to be true.
    closed: Vec<(Uuid, Edge)>,
    /// Rows that began and ceased to be true within the batch.
    past: Vec<Version<R>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stored {
    InTable,
    New,
}

impl<R> Versions<R> {
    pub fn new() -> Self {
        Self { open: HashMap::new(), closed: Vec::new(), past: Vec::new() }
    }

    /// Takes in a row that is true in the table.
    pub fn load(&mut self, id: Uuid, row: R, from: Edge) {
        self.open.insert(id, (Version { id, row, from, to: None }, Stored::InTable));
    }

    /// The row that is true now.
    pub fn get(&self, id: Uuid) -> Option<&R> {
        self.open.get(&id).map(|(version, _)| &version.row)
    }

    /// From there on this is true. Within one append the last row counts: nobody sees what was between.
    pub fn put(&mut self, id: Uuid, row: R, from: Edge) {
        self.end(id, from);
        self.open.insert(id, (Version { id, row, from, to: None }, Stored::New));
    }

    /// From there on nothing is true of it. What began in the same append has never been.
    pub fn end(&mut self, id: Uuid, to: Edge) {
        match self.open.remove(&id) {
            Some((_, Stored::InTable)) => self.closed.push((id, to)),
            Some((version, Stored::New)) if version.from.position < to.position => {
                self.past.push(Version { to: Some(to), ..version });
            }
            _ => {}
        }
    }

    /// The rows that ceased to be true since the last call. For whoever keeps all rows that are true here, and writes none of them
    /// before it ends.
    pub fn take_past(&mut self) -> Vec<Version<R>> {
        std::mem::take(&mut self.past)
    }

    /// What is to be written: the rows of the table that end, then the new ones.
    pub fn finish(self) -> (Vec<(Uuid, Edge)>, Vec<Version<R>>) {
        let new = self.open.into_values().filter(|(_, stored)| *stored == Stored::New);
        let mut new: Vec<Version<R>> = new.map(|(version, _)| version).collect();
        // Neighbours in the indexes come one after the other.
        new.sort_unstable_by_key(|version| version.id);
        let mut rows = self.past;
        rows.append(&mut new);
        (self.closed, rows)
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
