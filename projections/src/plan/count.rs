//! How many records there are of each kind, then and now: a row for every append that changes a number, so that nobody counts the
//! records of a plan, which are many, with all that they have ever been.

use std::collections::{BTreeMap, HashMap};

use domain::Event;
use sqlx::{PgConnection, PgPool};

use crate::asked::asked;
use crate::{Happened, Moment, ProjectionError};

/// A plan and a kind.
type Key = (String, &'static str);
/// By how much a number goes up or down, by the ends of appends.
type Steps = BTreeMap<Key, BTreeMap<i64, i64>>;

/// So many there were from one position on until another one.
struct Counted {
    from: i64,
    count: i64,
    to: Option<i64>,
}

/// Counts on from what the table has.
pub(super) async fn apply(connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
    let steps = steps(batch)?;
    if steps.is_empty() {
        return Ok(());
    }
    let before = now(connection, &steps).await?;
    let mut ended: Vec<(&Key, i64)> = Vec::new();
    let mut rows: Vec<(&Key, Counted)> = Vec::new();
    for (key, steps) in &steps {
        let known = before.get(key).copied();
        let mut count = known.unwrap_or_default();
        let mut counted: Vec<Counted> = Vec::new();
        for (from, step) in steps.iter().filter(|(_, step)| **step != 0) {
            count += step;
            if let Some(last) = counted.last_mut() {
                last.to = Some(*from);
            }
            counted.push(Counted { from: *from, count, to: None });
        }
        if let (Some(_), Some(first)) = (known, counted.first()) {
            ended.push((key, first.from));
        }
        rows.extend(counted.into_iter().map(|counted| (key, counted)));
    }
    write(connection, &ended, &rows).await?;
    Ok(())
}

fn steps(batch: &[Happened]) -> Result<Steps, ProjectionError> {
    let mut steps = Steps::new();
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
        let of = steps.entry((plan.to_string(), kind.word())).or_default();
        *of.entry(happened.append_end).or_default() += step;
    }
    Ok(steps)
}

/// How many there are of these.
async fn now(connection: &mut PgConnection, steps: &Steps) -> Result<HashMap<Key, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.ordinal as "ordinal!", c.count from unnest($1::text[], $2::text[]) with ordinality as k (plan, kind, ordinal)
        join plan_count c on c.plan = k.plan and c.kind = k.kind and c.valid_to is null"#,
        &steps.keys().map(|key| key.0.as_str()).collect::<Vec<_>>() as _,
        &steps.keys().map(|key| key.1).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    let keys: Vec<&Key> = steps.keys().collect();
    let key = |ordinal: i64| usize::try_from(ordinal - 1).ok().and_then(|index| keys.get(index));
    Ok(rows.into_iter().filter_map(|row| Some((Key::clone(key(row.ordinal)?), row.count))).collect())
}

async fn write(
    connection: &mut PgConnection,
    ended: &[(&Key, i64)],
    rows: &[(&Key, Counted)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update plan_count c set valid_to = e.position from unnest($1::text[], $2::text[], $3::bigint[]) as e (plan, kind, position)
        where c.plan = e.plan and c.kind = e.kind and c.valid_to is null",
        &ended.iter().map(|(key, _)| key.0.as_str()).collect::<Vec<_>>() as _,
        &ended.iter().map(|(key, _)| key.1).collect::<Vec<_>>() as _,
        &ended.iter().map(|(_, position)| *position).collect::<Vec<_>>(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into plan_count (plan, kind, count, valid_from, valid_to)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])",
        &rows.iter().map(|(key, _)| key.0.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|(key, _)| key.1).collect::<Vec<_>>() as _,
        &rows.iter().map(|(_, row)| row.count).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.from).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.to).collect::<Vec<_>>() as _,
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
