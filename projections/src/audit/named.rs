//! Who and what is meant by a name. Under its last name everything is found that somebody did or that concerns a record, also from
//! the time before it was called so; under an earlier name only what happened while it bore that.

use domain::{PlanId, TokenId, UserId, Who};
use sqlx::PgPool;
use uuid::Uuid;

use super::Bearer;

/// A name that was borne between two ends of appends.
struct Borne {
    id: Uuid,
    kind: String,
    valid_from: i64,
    valid_to: Option<i64>,
    is_last: bool,
}

/// Users and programs that are or were called so: `anna`, `token:NAME`, `operator`, `system`.
pub async fn bearers(pool: &PgPool, name: &str) -> Result<Vec<Bearer<Who>>, sqlx::Error> {
    let everywhere = |id| Bearer { id, after: 0, upto: i64::MAX };
    let mut found = match name {
        "operator" => vec![everywhere(Who::Operator)],
        "system" => vec![everywhere(Who::System)],
        _ => Vec::new(),
    };
    let borne = sqlx::query_as!(
        Borne,
        r#"select account_id as id, kind, valid_from, valid_to, valid_to is null as "is_last!" from account
        where name = $1 and kind = 'user' or name = $2 and kind = 'token' order by account_id, valid_from"#,
        name,
        name.strip_prefix("token:"),
    )
    .fetch_all(pool)
    .await?;
    for it in borne {
        let who = if it.kind == "token" { Who::Token(TokenId(it.id)) } else { Who::User(UserId(it.id)) };
        found.push(bearer(pool, &it, who).await?);
    }
    Ok(found)
}

/// Records of these plans that are or were called so: `teachers/GAUSS`, `lessons/7/placements/2`, `time-grid`.
pub async fn records_named(
    pool: &PgPool,
    plan: Option<&PlanId>,
    record: &str,
) -> Result<Vec<Bearer<Uuid>>, sqlx::Error> {
    let plans = match plan {
        Some(plan) => vec![plan.to_string()],
        None => sqlx::query_scalar!("select plan from plan where valid_to is null").fetch_all(pool).await?,
    };
    let (kind, name) = record.split_once('/').map_or((record, None), |(kind, name)| (kind, Some(name)));
    let hour = name.filter(|_| kind == "lessons").and_then(|name| name.rsplit_once("/placements/"));
    let hour = hour.and_then(|(lesson, n)| Some((lesson, n.parse::<i32>().ok()?)));
    let borne = match (hour, name) {
        (Some((lesson, n)), _) => hours(pool, &plans, lesson, n).await?,
        (None, Some(name)) => named(pool, &plans, kind, name).await?,
        (None, None) => singletons(pool, &plans, kind).await?,
    };
    let mut found = Vec::with_capacity(borne.len());
    for it in borne {
        found.push(bearer(pool, &it, it.id).await?);
    }
    Ok(found)
}

async fn named(pool: &PgPool, plans: &[String], kind: &str, name: &str) -> Result<Vec<Borne>, sqlx::Error> {
    sqlx::query_as!(
        Borne,
        r#"select n.record_id as id, n.kind, n.valid_from, n.valid_to, not exists (
                select from change_name later where later.record_id = n.record_id and later.valid_from > n.valid_from) as "is_last!"
        from change_name n where n.plan = any ($1) and n.kind = $2 and n.name = $3 order by n.record_id, n.valid_from"#,
        plans,
        kind,
        name,
    )
    .fetch_all(pool)
    .await
}

async fn singletons(pool: &PgPool, plans: &[String], kind: &str) -> Result<Vec<Borne>, sqlx::Error> {
    sqlx::query_as!(
        Borne,
        r#"select record_id as id, kind, valid_from, valid_to, true as "is_last!" from change_name
        where plan = any ($1) and kind = $2 and name is null and lesson_id is null order by record_id, valid_from"#,
        plans,
        kind,
    )
    .fetch_all(pool)
    .await
}

/// An hour is called after its lesson.
async fn hours(pool: &PgPool, plans: &[String], lesson: &str, n: i32) -> Result<Vec<Borne>, sqlx::Error> {
    sqlx::query_as!(
        Borne,
        r#"select p.record_id as id, p.kind, l.valid_from, l.valid_to, not exists (
                select from change_name later where later.record_id = l.record_id and later.valid_from > l.valid_from) as "is_last!"
        from change_name l join change_name p on p.lesson_id = l.record_id and p.n = $3
        where l.plan = any ($1) and l.kind = 'lessons' and l.name = $2 order by p.record_id, l.valid_from"#,
        plans,
        lesson,
        n,
    )
    .fetch_all(pool)
    .await
}

async fn bearer<I>(pool: &PgPool, borne: &Borne, id: I) -> Result<Bearer<I>, sqlx::Error> {
    if borne.is_last {
        return Ok(Bearer { id, after: 0, upto: i64::MAX });
    }
    // The append that gave it the name belongs to that name.
    let after = before_append(pool, borne.valid_from).await?;
    let upto = match borne.valid_to {
        Some(end) => before_append(pool, end).await?,
        None => i64::MAX,
    };
    Ok(Bearer { id, after, upto })
}

/// The last position before the append with this end. Appends are whole, so it is found in a few steps.
async fn before_append(pool: &PgPool, end: i64) -> Result<i64, sqlx::Error> {
    // `before` does not belong to it, `within` does.
    let (mut before, mut within) = ((end - APPEND_EVENTS_MAX).max(0), end);
    while within - before > 1 {
        let middle = before + (within - before) / 2;
        let found = sqlx::query_scalar!("select append_end from event where position = $1", middle)
            .fetch_optional(pool)
            .await?;
        if found == Some(end) {
            within = middle;
        } else {
            before = middle;
        }
    }
    Ok(before)
}

/// The most events that one append may hold.
const APPEND_EVENTS_MAX: i64 = 100_000;
