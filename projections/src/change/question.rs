//! What is asked of the feed: what happened in a plan, and what to a record.

use domain::PlanId;
use serde_json::Value as Json;
use sqlx::PgPool;

use super::called::{Called, records_called};
use super::row::{ChangeRow, select_change};
use super::{Feed, NameOf, Past, Wanted, kind_of_subject};

/// What a filter leaves.
pub(super) enum Filter<'a> {
    All,
    Kind(&'a str),
    /// These records, but of those that are not called so any more only what happened under this very name.
    Records(Called, &'a str),
}

impl<'a> Filter<'a> {
    /// That of a question; a name means those who have borne it up to a position.
    pub async fn of(
        pool: &PgPool,
        plan: &str,
        wanted: Wanted<'a>,
        upto: i64,
    ) -> Result<Filter<'a>, sqlx::Error> {
        Ok(match (wanted.record, wanted.kind) {
            (Some(record), _) => {
                Filter::Records(records_called(pool, plan, record, None, upto).await?, record)
            }
            (None, Some(kind)) => Filter::Kind(kind),
            (None, None) => Filter::All,
        })
    }
}

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
    let mut rows = read(pool, &plan, wanted.after, upto, &filter, limit + 1).await?;
    let full = usize::try_from(limit).is_ok_and(|limit| rows.len() > limit);
    if full {
        let cut = rows.pop().map_or(0, |one_too_many| one_too_many.append_end);
        rows.retain(|row| row.append_end < cut);
        match rows.last() {
            Some(last) => next = last.append_end,
            // The first append alone is larger than the limit.
            None => {
                rows = read(pool, &plan, wanted.after, cut, &filter, i64::MAX).await?;
                next = cut;
            }
        }
    }
    // A record filter goes before the kind in the index, so the kind is looked at here.
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
    let Called { ever, now } = records_called(pool, &plan, record, period, upto).await?;
    if ever.is_empty() {
        return Ok(None);
    }
    let mut rows = select_change!(
        "subject_id = any ($4) and (subject_id = any ($5) or subject = $6) order by position desc limit $7",
        plan,
        0,
        before.saturating_sub(1).min(upto),
        &ever,
        &now,
        record,
        limit
    )
    .fetch_all(pool)
    .await?;
    for row in &mut rows {
        row.hide_sensitive(absences);
    }
    let shown = rows.iter().filter(|row| absences || !row.is_sensitive());
    Ok(Some(shown.map(|row| (row.position, row.history_item(name_of))).collect()))
}

pub(super) async fn read(
    pool: &PgPool,
    plan: &str,
    after: i64,
    upto: i64,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<ChangeRow>, sqlx::Error> {
    match filter {
        Filter::All => {
            select_change!("true order by position limit $4", plan, after, upto, limit).fetch_all(pool).await
        }
        Filter::Kind(kind) => {
            select_change!("kind = $5 order by position limit $4", plan, after, upto, limit, kind)
                .fetch_all(pool)
                .await
        }
        Filter::Records(Called { ever, now }, subject) => select_change!(
            "subject_id = any ($5) and (subject_id = any ($6) or subject = $7) order by position limit $4",
            plan,
            after,
            upto,
            limit,
            ever,
            now,
            subject
        )
        .fetch_all(pool)
        .await,
    }
}
