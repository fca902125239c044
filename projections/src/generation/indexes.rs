//! Indexes of tables that are filled at once: made when all rows are there, which takes a fraction of the time.

use sqlx::PgConnection;

use super::make::{quoted, run};

/// Takes the indexes and keys of tables away and keeps the server from tidying them up meanwhile; answers the statements that make them
/// again. Names are looked up by the search path.
///
/// Indexes of what is true now, or of rows that came to a name, stay: few of the rows are among them, and looking at each of those
/// as it comes costs less than walking through the whole table for each of these indexes later.
pub(crate) async fn indexes_set_aside(
    connection: &mut PgConnection,
    tables: &[&str],
) -> Result<Vec<String>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select
            case when c.oid is null then 'drop index ' || i.indexrelid::regclass
                else format('alter table %s drop constraint %I', i.indrelid::regclass, c.conname) end as "aside!",
            case when c.oid is null then pg_get_indexdef(i.indexrelid)
                else format('alter table %s add constraint %I %s', i.indrelid::regclass, c.conname,
                    pg_get_constraintdef(c.oid)) end as "again!"
        from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x')
        where i.indrelid in (select to_regclass(name)::oid from unnest($1::text[]) as t (name))
            and coalesce(pg_get_expr(i.indpred, i.indrelid), '') not in ('(valid_to IS NULL)', 'named')
        order by i.indexrelid"#,
        tables as _,
    )
    .fetch_all(&mut *connection)
    .await?;
    for table in tables {
        run(connection, format!("alter table {} set (autovacuum_enabled = false)", quoted(table))).await?;
    }
    let mut again = Vec::with_capacity(found.len());
    for index in found {
        run(connection, index.aside).await?;
        again.push(index.again);
    }
    Ok(again)
}

/// Tells the planner what is in a table that has been filled; from here on the server tidies it up again.
pub(crate) async fn analyze(connection: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let table = quoted(table);
    run(connection, format!("alter table {table} reset (autovacuum_enabled)")).await?;
    run(connection, format!("analyze {table}")).await
}
