//! Times that were given, and whether anybody attends to them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::StreamName;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::append::{Append, Deadline, DeadlineName};
use crate::contact::interval;

/// A time that is over; only the append that ends what was given decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedDeadline {
    /// What it is about.
    pub subject: Uuid,
    /// What happens then.
    pub kind: String,
    /// Where.
    pub stream: StreamName,
}

pub(crate) async fn attend(pool: &PgPool, away_after: Duration) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select ledger_attend($1) as "now!""#, interval(away_after)).fetch_one(pool).await
}

pub(crate) async fn passed(pool: &PgPool, limit: i64) -> Result<Vec<PassedDeadline>, sqlx::Error> {
    sqlx::query!(
        "select subject, kind, stream from deadline where passes_at <= statement_timestamp() order by passes_at limit $1",
        limit,
    )
    .map(|row| PassedDeadline { subject: row.subject, kind: row.kind, stream: row.stream.into() })
    .fetch_all(pool)
    .await
}

pub(crate) async fn has_passed(pool: &PgPool, name: DeadlineName) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from deadline
            where subject = $1 and kind = $2 and passes_at <= clock_timestamp()) as "passed!""#,
        name.subject,
        name.kind,
    )
    .fetch_one(pool)
    .await
}

/// Which of these have passed, while the head is locked.
pub(crate) async fn judge(
    connection: &mut PgConnection,
    names: &[DeadlineName],
) -> Result<Vec<bool>, sqlx::Error> {
    let (subjects, kinds) = columns(names.iter().copied());
    sqlx::query_scalar!(
        r#"select coalesce(d.passes_at <= clock_timestamp() and a.at > clock_timestamp() - interval '5 s', false)
            as "passed!"
        from unnest($1::uuid[], $2::text[]) with ordinality as n (subject, kind, n)
        cross join attended a
        left join deadline d using (subject, kind)
        order by n.n"#,
        &subjects,
        &kinds as _,
    )
    .fetch_all(connection)
    .await
}

/// Writes the times that begin with these appends, and takes away those that end with them.
pub(crate) async fn change(connection: &mut PgConnection, appends: &[&Append]) -> Result<(), sqlx::Error> {
    let (subjects, kinds) = columns(appends.iter().flat_map(|append| append.passed.iter().copied()));
    if !subjects.is_empty() {
        sqlx::query!(
            "delete from deadline where (subject, kind) in (select * from unnest($1::uuid[], $2::text[]))",
            &subjects,
            &kinds as _,
        )
        .execute(&mut *connection)
        .await?;
    }
    let begun: Vec<&Deadline> = appends.iter().flat_map(|append| &append.deadlines).collect();
    if begun.is_empty() {
        return Ok(());
    }
    let (subjects, kinds) =
        columns(begun.iter().map(|it| DeadlineName { subject: it.subject, kind: it.kind }));
    sqlx::query!(
        "insert into deadline (subject, kind, stream, passes_at)
        select subject, kind, stream, clock_timestamp() + wait
        from unnest($1::uuid[], $2::text[], $3::text[], $4::interval[]) as b (subject, kind, stream, wait)
        on conflict (subject, kind) do update set stream = excluded.stream, passes_at = excluded.passes_at",
        &subjects,
        &kinds as _,
        &begun.iter().map(|it| it.stream.as_str()).collect::<Vec<_>>() as _,
        &begun.iter().map(|it| interval(it.wait)).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await
    .map(|_| ())
}

fn columns(names: impl Iterator<Item = DeadlineName>) -> (Vec<Uuid>, Vec<&'static str>) {
    names.map(|name| (name.subject, name.kind)).unzip()
}
