//! The feed for those who follow it: each change written out once, for all who follow the plan.

use sqlx::PgPool;
use uuid::Uuid;

use super::called::Called;
use super::found::{Filter, of_plans};
use super::question::reached;
use super::row::ChangeRow;
use super::{NameOf, Wanted};
use domain::PlanId;

/// A change as followers are told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The plan that it happened in.
    pub plan: String,
    /// Its position, without the epoch.
    pub position: i64,
    /// The type that `CloudEvents` gives it: `daybook.record.changed`.
    pub r#type: String,
    /// The filter `kind` that leaves it: one of records, or `sessions`, `locks`, `imports`.
    pub kind: Option<String>,
    /// What it is about; one that was never there has no id.
    pub subject_id: Option<Uuid>,
    /// What that was called then.
    pub subject: String,
    /// Whether from here on something is called otherwise.
    pub renames: bool,
    /// As `CloudEvents` 1.0 has it, in one line.
    pub json: String,
    /// The same for those who may not read absences.
    pub without_absences: Without,
}

/// What those are told who may not read absences and their reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// All of it.
    Nothing,
    /// That it happened, but not everything of it.
    Some(String),
    /// Not even that.
    Everything,
}

impl Told {
    fn of(mut row: ChangeRow, name_of: NameOf<'_>) -> Told {
        let event = row.cloud_event(name_of);
        let changes = event["data"]["changes"].as_array();
        let renames = changes.is_some_and(|all| all.iter().any(|change| change["field"] == "id"));
        let without_absences = if row.is_sensitive() {
            Without::Everything
        } else if row.kind().is_some_and(|kind| kind.sensitive_fields().count() > 0) {
            row.hide_sensitive(false);
            Without::Some(row.cloud_event(name_of).to_string())
        } else {
            Without::Nothing
        };
        Told {
            position: row.position,
            r#type: format!("daybook.{}", row.r#type),
            plan: row.plan,
            kind: row.kind,
            subject_id: row.subject_id,
            subject: row.subject,
            renames,
            json: event.to_string(),
            without_absences,
        }
    }
}

/// How far the read models are that followers are told from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The changes.
    pub changes: i64,
    /// The messages.
    pub messages: i64,
}

/// How far changes and messages are.
pub async fn reached_for_followers(pool: &PgPool) -> Result<Reached, sqlx::Error> {
    sqlx::query_as!(
        Reached,
        r#"select coalesce(max(position) filter (where projection = 'change'), 0) as "changes!",
            coalesce(max(position) filter (where projection = 'message'), 0) as "messages!"
        from checkpoint where projection in ('change', 'message')"#,
    )
    .fetch_one(pool)
    .await
}

/// What happened in several plans after a position and up to another one that the read model has reached, in order.
pub async fn stretch_of_plans(
    pool: &PgPool,
    plans: &[String],
    after: i64,
    upto: i64,
    name_of: NameOf<'_>,
) -> Result<Vec<Told>, sqlx::Error> {
    let rows = of_plans(pool, plans, after, upto).await?;
    Ok(rows.into_iter().map(|row| Told::of(row, name_of)).collect())
}

/// Some of what happened in a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// What a filter leaves, in order.
    pub told: Vec<Told>,
    /// Up to where that is everything.
    pub upto: i64,
    /// Whether an append ends there, and the read model has no more.
    pub is_whole: bool,
    /// Which records the filter `record` means, as of now.
    pub called: Called,
}

/// What a filter leaves of what happened in a plan after a position: at most `limit` changes, also from within an append.
pub async fn stretch(
    pool: &PgPool,
    plan: &PlanId,
    wanted: Wanted<'_>,
    name_of: NameOf<'_>,
) -> Result<Stretch, sqlx::Error> {
    let plan = plan.to_string();
    // Asked before the rows are: all rows up to there are committed with it.
    let upto = wanted.upto.min(reached(pool).await?);
    let filter = Filter::of(pool, &plan, wanted, i64::MAX).await?;
    let rows = filter.read(pool, &plan, wanted.after, upto, wanted.limit).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= wanted.limit);
    let end = match rows.last() {
        Some(last) if is_full => last.position,
        _ => wanted.after.max(upto),
    };
    let told = rows.into_iter().map(|row| Told::of(row, name_of)).collect();
    let called = if let Filter::Records(called, _) = filter { called } else { Called::default() };
    Ok(Stretch { told, upto: end, is_whole: !is_full, called })
}
