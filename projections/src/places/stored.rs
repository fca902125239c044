//! Places in a table: read, and added to.

use super::blocks::Places;

/// What lies in a row.
pub(crate) fn read_places(bytes: &[u8]) -> Result<Places, sqlx::Error> {
    Places::read(bytes).map_err(|broken| sqlx::Error::Decode(broken.into()))
}

/// Makes the events of a batch findable by their keys: `add_places!(connection, "table", batch, keys of an event)`.
///
/// Only the block that the batch begins in can have places already.
macro_rules! add_places {
    ($connection:expr, $table:literal, $batch:expr, $keys:expr) => {
        async {
            let batch: &[$crate::Happened] = $batch;
            let Some(first) = batch.first() else { return Ok::<(), sqlx::Error>(()) };
            let mut blocks = $crate::places::Blocks::default();
            let block = $crate::places::block_of(first.position);
            let begun = batch.iter().take_while(|it| $crate::places::block_of(it.position) == block);
            let words: std::collections::BTreeSet<i64> = begun.flat_map($keys).map(|key| key.word).collect();
            let rows = sqlx::query!(
                "select word, places from " + $table + " where word = any ($1) and block = $2",
                &words.into_iter().collect::<Vec<_>>(),
                block,
            )
            .fetch_all(&mut *$connection)
            .await?;
            for row in rows {
                blocks.load(block, row.word, $crate::places::read_places(&row.places)?);
            }
            for happened in batch {
                blocks.add(happened.position, $keys(happened));
            }
            let rows: Vec<_> = blocks.rows().collect();
            sqlx::query!(
                "insert into "
                    + $table
                    + " (word, block, places) select * from unnest($1::bigint[], $2::integer[], $3::bytea[])
                    on conflict (word, block) do update set places = excluded.places",
                &rows.iter().map(|(_, word, _)| *word).collect::<Vec<_>>(),
                &rows.iter().map(|(block, _, _)| *block).collect::<Vec<_>>(),
                &rows.iter().map(|(_, _, places)| places.bytes()).collect::<Vec<_>>(),
            )
            .execute(&mut *$connection)
            .await
            .map(|_| ())
        }
    };
}
pub(crate) use add_places;
