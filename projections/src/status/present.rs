//! How many are there, in a few numbers.

use sqlx::PgPool;

/// Sessions and locks of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Sessions in the mode `timetable`.
    pub timetable: i64,
    /// In the mode `cover`.
    pub cover: i64,
    /// In the mode `read`.
    pub read: i64,
    /// In no plan.
    pub site: i64,
    /// Locks that are held.
    pub locks: i64,
}

/// How many are there now.
pub async fn present(pool: &PgPool) -> Result<Present, sqlx::Error> {
    sqlx::query_as!(
        Present,
        r#"select count(*) filter (where plan is not null and mode = 'timetable') as "timetable!",
            count(*) filter (where plan is not null and mode = 'cover') as "cover!",
            count(*) filter (where plan is not null and mode = 'read') as "read!",
            count(*) filter (where plan is null) as "site!",
            (select count(*) from lock where valid_to is null) as "locks!"
        from session where valid_to is null"#,
    )
    .fetch_one(pool)
    .await
}
