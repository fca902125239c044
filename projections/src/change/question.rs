//! What is asked of the feed: what happened in a plan, and what to a record.

use domain::PlanId;
use serde_json::Value as Json;
use sqlx::PgPool;

use super::called::records_called;
use super::found::Filter;
use super::row::ChangeRow;
use super::{Feed, NameOf, Past, Wanted, kind_of_subject};

/// The position up to which the feed is complete.
pub async fn reached(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select position from checkpoint where projection = 'change'")
        .fetch_optional(pool)
        .await
        .map(Option::unwrap_or_default)
}

/// What happened in a plan after a position. Never beyond what the read model has, so that whoever reads on skips nothing.
pub async fn changes(
    pool: &PgPool,
    plan: &PlanId,
    wanted: Wanted<'_>,
    name_of: NameOf<'_>,
) -> Result<Feed, sqlx::Error> {
    let plan = plan.to_string();
    // Asked before the rows are: all rows up to there are committed with it.
    let upto = wanted.upto.min(reached(pool).await?);
    let mut next = wanted.after.max(upto);
    if wanted.after >= upto {
        return Ok(Feed { items: Vec::new(), next });
    }
    let filter = Filter::of(pool, &plan, wanted, upto).await?;
    let limit = wanted.limit.max(1);
    // One too many tells whether there is more.
    let mut rows = filter.read(pool, &plan, wanted.after, upto, limit + 1).await?;
    let full = usize::try_from(limit).is_ok_and(|limit| rows.len() > limit);
    if full {
        let cut = rows.pop().map_or(0, |one_too_many| one_too_many.append_end);
        rows.retain(|row| row.append_end < cut);
        match rows.last() {
            Some(last) => next = last.append_end,
            // The first append alone is larger than the limit.
            None => {
                rows = filter.read(pool, &plan, wanted.after, cut, i64::MAX).await?;
                next = cut;
            }
        }
    }
    // Changes are found by one of both; of the other it is looked at here.
    let kind_too = |row: &&ChangeRow| match (wanted.record, wanted.kind) {
        (Some(_), Some(kind)) => kind_of_subject(&row.subject) == kind,
        _ => true,
    };
    for row in &mut rows {
        row.hide_sensitive(wanted.absences);
    }
    let shown = |row: &&ChangeRow| wanted.absences || !row.is_sensitive();
    let items = rows.iter().filter(kind_too).filter(shown).map(|row| row.cloud_event(name_of)).collect();
    Ok(Feed { items, next })
}

/// What happened to a record, newest first, with the refused changes between; each with its position. Nothing when no record was ever
/// called so. A record that is gone is found by its last name; of one that was renamed all is told under its newest name, and under
/// an earlier one only what happened while it was called so.
pub async fn history(
    pool: &PgPool,
    plan: &PlanId,
    wanted: Past<'_>,
    name_of: NameOf<'_>,
) -> Result<Option<Vec<(i64, Json)>>, sqlx::Error> {
    let plan = plan.to_string();
    let Past { record, period, upto, before, limit, absences } = wanted;
    let called = records_called(pool, &plan, record, period, upto).await?;
    if called.ever.is_empty() {
        return Ok(None);
    }
    let mut rows = called.past(pool, &plan, record, before.saturating_sub(1).min(upto), limit).await?;
    for row in &mut rows {
        row.hide_sensitive(absences);
    }
    let shown = rows.iter().filter(|row| absences || !row.is_sensitive());
    Ok(Some(shown.map(|row| (row.position, row.history_item(name_of))).collect()))
}
