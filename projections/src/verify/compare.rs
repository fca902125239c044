//! The rows of a read model against those of a second fold, which lie in temporary tables of the same names.

use serde_json::{Map, Value as Json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Finding;
use crate::generation::{quoted, run, tables_of};

/// How many rows there are, and what sums up over all of them.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Digest {
    rows: i64,
    one: String,
    other: String,
}

/// How many rows were compared, and the first difference of each table.
pub(super) async fn compare(
    snapshot: &mut PgConnection,
    generation: &str,
    projection: &str,
) -> Result<(i64, Vec<Finding>), sqlx::Error> {
    // All rows are read, so no index helps.
    run(snapshot, "set local enable_seqscan = on".to_owned()).await?;
    let (mut rows, mut findings) = (0, Vec::new());
    for table in tables_of(projection) {
        let live = format!("{}.{}", quoted(generation), quoted(table));
        let fresh = format!("pg_temp.{}", quoted(table));
        // A table that was broken by hand must not end the snapshot.
        let mut part = snapshot.begin().await?;
        match differs(&mut part, &live, &fresh).await {
            Ok((count, None)) => rows += count,
            Ok((count, Some(different))) => {
                rows += count;
                findings.push(different.finding(projection, table));
            }
            Err(sqlx::Error::Database(error)) => {
                let detail = format!("the table {table} cannot be compared: {error}");
                findings.push(Finding::of(projection, None, detail));
                part.rollback().await?;
                continue;
            }
            Err(error) => return Err(error),
        }
        part.commit().await?;
    }
    Ok((rows, findings))
}

/// The first of the rows that differ, as it is and as it should be.
struct Different {
    key: Vec<String>,
    here: Option<Map<String, Json>>,
    fresh: Option<Map<String, Json>>,
    count: i64,
}

async fn differs(
    snapshot: &mut PgConnection,
    live: &str,
    fresh: &str,
) -> Result<(i64, Option<Different>), sqlx::Error> {
    let here = digest(snapshot, live).await?;
    if here == digest(snapshot, fresh).await? {
        return Ok((here.rows, None));
    }
    let key: Vec<String> = sqlx::query_scalar!(
        r#"select a.attname::text as "name!" from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indrelid = to_regclass($1) and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)"#,
        fresh,
    )
    .fetch_all(&mut *snapshot)
    .await?;
    let same: Vec<String> = key.iter().map(|name| format!("l.r -> '{name}' = f.r -> '{name}'")).collect();
    let same = if same.is_empty() { "l.r = f.r".to_owned() } else { same.join(" and ") };
    let of = |one: &str, other: &str| {
        format!("select to_jsonb(t) as r from {one} t except all select to_jsonb(t) from {other} t")
    };
    // Not one of the checked queries: it names tables that are not known before.
    let sql = format!(
        "with l as ({}), f as ({})
        select l.r::text, f.r::text, count(*) over () from l full join f on {same}
        order by coalesce((coalesce(f.r, l.r) ->> 'valid_from')::bigint, (coalesce(f.r, l.r) ->> 'position')::bigint, 0)
        limit 1",
        of(live, fresh),
        of(fresh, live),
    );
    let first: Option<(Option<String>, Option<String>, i64)> =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_optional(snapshot).await?;
    let Some((live, fresh, count)) = first else { return Ok((here.rows, None)) };
    let read = |row: Option<String>| row.and_then(|row| serde_json::from_str(&row).ok());
    Ok((here.rows, Some(Different { key, here: read(live), fresh: read(fresh), count })))
}

/// Sums of two independent hashes over the rows, whatever their order: rows that are equal have equal texts.
async fn digest(snapshot: &mut PgConnection, table: &str) -> Result<Digest, sqlx::Error> {
    let sql = format!(
        "select count(*) as rows, coalesce(sum(hashtextextended(t::text, 1)), 0)::text as one,
            coalesce(sum(hashtextextended(t::text, 2)), 0)::text as other from {table} t"
    );
    sqlx::query_as(AssertSqlSafe(sql)).fetch_one(snapshot).await
}

impl Different {
    /// Names the row by its key and the columns that differ. Values are not told: they may be somebody's name.
    fn finding(&self, projection: &str, table: &str) -> Finding {
        let row = self.fresh.as_ref().or(self.here.as_ref());
        let value = |name: &str| row.and_then(|row| row.get(name)).cloned().unwrap_or_default();
        let told = |value: Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let key: Vec<String> = self.key.iter().map(|name| format!("{name} {}", told(value(name)))).collect();
        let what = match (&self.here, &self.fresh) {
            (Some(here), Some(fresh)) => {
                let names = here.keys().chain(fresh.keys().filter(|name| !here.contains_key(*name)));
                let other: Vec<&str> =
                    names.filter(|name| here.get(*name) != fresh.get(*name)).map(String::as_str).collect();
                format!("the row is not what the ledger makes it: {}", other.join(", "))
            }
            (None, _) => "the row is missing".to_owned(),
            (Some(_), None) => "the row is one too many".to_owned(),
        };
        let others = match self.count {
            ..=1 => String::new(),
            2 => "; another row differs too".to_owned(),
            count => format!("; {} other rows differ too", count - 1),
        };
        Finding {
            of: projection.to_owned(),
            row: Some(format!("{table} ({})", key.join(", "))),
            position: ["valid_from", "position"].iter().find_map(|name| value(name).as_i64()),
            detail: format!("{what}{others}"),
        }
    }
}
