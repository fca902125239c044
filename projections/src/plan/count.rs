//! How many records there are of each kind, then and now: a row for every append that changes a number, so that nobody counts the
//! records of a plan, which are many, with all that they have ever been.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use domain::Event;
use sqlx::{PgConnection, PgPool};

use crate::asked::asked;
use crate::versions::{Edge, Past, Version, Versions};
use crate::{Happened, Moment, ProjectionError};

/// A plan and a kind.
pub(super) type Key = (Arc<str>, &'static str);
/// By how much a number goes up or down, by the ends of appends.
type Steps = BTreeMap<i64, i64>;

/// Counts on from what the table has.
pub(super) async fn apply(connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
    let steps = steps(batch)?;
    if steps.is_empty() {
        return Ok(());
    }
    let mut counts = now(connection, &steps).await?;
    for (key, steps) in &steps {
        take(&mut counts, key, steps);
    }
    Ok(write(connection, counts).await?)
}

/// What a batch does to which number.
pub(super) fn steps(batch: &[Happened]) -> Result<BTreeMap<Key, Steps>, ProjectionError> {
    let mut all: BTreeMap<Key, Steps> = BTreeMap::new();
    for happened in batch {
        let (kind, step) = match &happened.event {
            Event::RecordCreated(e) => (e.kind, 1),
            Event::RecordRemoved(e) => (e.kind, -1),
            _ => continue,
        };
        if kind.is_singleton() {
            continue;
        }
        let Some(plan) = &happened.plan else {
            let cause = "a record of no plan".to_owned();
            return Err(ProjectionError::Unfit { position: happened.position, cause });
        };
        let steps = all.entry((Arc::clone(plan), kind.word())).or_default();
        *steps.entry(happened.append_end).or_default() += step;
    }
    Ok(all)
}

/// Counts on; an append that takes away as many as it makes leaves the row that is there.
pub(super) fn take<P: Past<i64, Key>>(counts: &mut Versions<i64, Key, P>, key: &Key, steps: &Steps) {
    for (from, step) in steps.iter().filter(|(_, step)| **step != 0) {
        let edge = Edge { position: *from, at: DateTime::UNIX_EPOCH };
        match counts.change(key.clone(), edge) {
            Some(count) => *count += step,
            None => counts.put(key.clone(), *step, edge),
        }
    }
}

/// How many there are of these.
async fn now(
    connection: &mut PgConnection,
    steps: &BTreeMap<Key, Steps>,
) -> Result<Versions<i64, Key>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.ordinal as "ordinal!", c.count, c.valid_from
        from unnest($1::text[], $2::text[]) with ordinality as k (plan, kind, ordinal)
        join plan_count c on c.plan = k.plan and c.kind = k.kind and c.valid_to is null"#,
        &steps.keys().map(|key| key.0.as_ref()).collect::<Vec<&str>>() as _,
        &steps.keys().map(|key| key.1).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    let keys: Vec<&Key> = steps.keys().collect();
    let mut counts = Versions::new();
    for row in rows {
        let key = usize::try_from(row.ordinal - 1).ok().and_then(|index| keys.get(index));
        let edge = Edge { position: row.valid_from, at: DateTime::UNIX_EPOCH };
        if let Some(key) = key {
            counts.load(Key::clone(key), row.count, edge);
        }
    }
    Ok(counts)
}

async fn write(connection: &mut PgConnection, counts: Versions<i64, Key>) -> Result<(), sqlx::Error> {
    let (ended, rows): (_, Vec<Version<i64, Key>>) = counts.finish();
    sqlx::query!(
        "update plan_count c set valid_to = e.position from unnest($1::text[], $2::text[], $3::bigint[]) as e (plan, kind, position)
        where c.plan = e.plan and c.kind = e.kind and c.valid_to is null",
        &ended.iter().map(|((plan, _), _)| plan.as_ref()).collect::<Vec<&str>>() as _,
        &ended.iter().map(|((_, kind), _)| *kind).collect::<Vec<_>>() as _,
        &ended.iter().map(|(_, to)| to.position).collect::<Vec<_>>(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into plan_count (plan, kind, count, valid_from, valid_to)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])",
        &rows.iter().map(|it| it.id.0.as_ref()).collect::<Vec<&str>>() as _,
        &rows.iter().map(|it| it.id.1).collect::<Vec<_>>() as _,
        &rows.iter().map(|it| it.row).collect::<Vec<_>>(),
        &rows.iter().map(|it| it.from.position).collect::<Vec<_>>(),
        &rows.iter().map(|it| it.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// How many records of a kind a plan has.
pub(super) struct Count {
    pub plan: String,
    pub kind: String,
    pub count: i64,
}

/// The numbers of these plans; a kind of which there never was a record is left out.
pub(super) async fn counts(
    pool: &PgPool,
    plans: &[String],
    kinds: &[&str],
    moment: Moment,
) -> Result<Vec<Count>, sqlx::Error> {
    asked!(Count, moment, fetch_all(pool);
        r#"select p.plan as "plan!", k.kind as "kind!", c.count from unnest($2::text[]) p (plan) cross join unnest($3::text[]) k (kind)
        "# @join "c" "plan_count" "c.plan = p.plan and c.kind = k.kind";
        plans, kinds as _)
}
