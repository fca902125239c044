//! Which records a subject means.

use sqlx::PgPool;
use uuid::Uuid;

/// The records that a name means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// All that were ever called so.
    pub ever: Vec<Uuid>,
    /// Those that are now, else those that were last: of them everything is told, of the others what they did under the name.
    pub now: Vec<Uuid>,
}

/// The records that were called so up to a position.
pub(super) async fn records_called(
    pool: &PgPool,
    plan: &str,
    subject: &str,
    period: Option<&str>,
    upto: i64,
) -> Result<Called, sqlx::Error> {
    let Some((kind, name)) = subject.split_once('/') else {
        let singletons = sqlx::query_as!(
            Named,
            "select record_id, case when valid_to <= $3 then valid_to end as valid_to from change_name
            where plan = $1 and kind = $2 and name is null and lesson_id is null and valid_from <= $3",
            plan,
            subject,
            upto,
        );
        return Ok(newest(&singletons.fetch_all(pool).await?));
    };
    if let ("sessions" | "locks" | "imports", Ok(id)) = (kind, name.parse()) {
        return Ok(Called { ever: vec![id], now: vec![id] });
    }
    let of_lesson = name.rsplit_once("/placements/").filter(|_| kind == "lessons");
    if let Some((lesson, n)) = of_lesson.and_then(|(lesson, n)| Some((lesson, n.parse::<i32>().ok()?))) {
        let hours = sqlx::query_as!(
            Named,
            "select p.record_id, case when p.valid_to <= $4 then p.valid_to end as valid_to from change_name l
            join change_name p on p.lesson_id = l.record_id and p.n = $3 and p.valid_from <= $4
            where l.plan = $1 and l.kind = 'lessons' and l.name = $2 and l.valid_from <= $4
                and ($5::text is null or p.period_id in (
                    select record_id from change_name where plan = $1 and kind = 'periods' and name = $5 and valid_from <= $4))",
            plan,
            lesson,
            n,
            upto,
            period,
        );
        return Ok(newest(&hours.fetch_all(pool).await?));
    }
    let named = sqlx::query_as!(
        Named,
        "select record_id, case when valid_to <= $4 then valid_to end as valid_to from change_name
        where plan = $1 and kind = $2 and name = $3 and valid_from <= $4",
        plan,
        kind,
        name,
        upto,
    );
    Ok(newest(&named.fetch_all(pool).await?))
}

/// A record that was called so until a position.
struct Named {
    record_id: Uuid,
    valid_to: Option<i64>,
}

fn newest(found: &[Named]) -> Called {
    let until = |it: &Named| it.valid_to.unwrap_or(i64::MAX);
    let newest = found.iter().map(until).max();
    let now = found.iter().filter(|it| Some(until(it)) == newest).map(|it| it.record_id).collect();
    Called { ever: found.iter().map(|it| it.record_id).collect(), now }
}
