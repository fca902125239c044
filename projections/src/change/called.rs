//! Which records a subject means.

use sqlx::PgPool;
use uuid::Uuid;

/// From the beginning of the ledger to its end.
const EVERYWHERE: (i64, i64) = (0, i64::MAX);
/// The most events that one append may hold.
const APPEND_EVENTS_MAX: i64 = eventstore::APPEND_EVENTS_MAX as i64;

/// The records that a name means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// All that were ever called so.
    pub ever: Vec<Uuid>,
    /// After which position, and up to which one, what each of them did under the name is found. More can be there.
    pub within: Vec<(i64, i64)>,
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
            r#"select record_id, valid_from, case when valid_to <= $3 then valid_to end as valid_to, true as "is_last!" from change_name
            where plan = $1 and kind = $2 and name is null and lesson_id is null and valid_from <= $3"#,
            plan,
            subject,
            upto,
        );
        return Ok(newest(&singletons.fetch_all(pool).await?));
    };
    if let ("sessions" | "locks" | "imports", Ok(id)) = (kind, name.parse()) {
        return Ok(Called { ever: vec![id], within: vec![EVERYWHERE], now: vec![id] });
    }
    let of_lesson = name.rsplit_once("/placements/").filter(|_| kind == "lessons");
    if let Some((lesson, n)) = of_lesson.and_then(|(lesson, n)| Some((lesson, n.parse::<i32>().ok()?))) {
        let hours = sqlx::query_as!(
            Named,
            r#"select p.record_id, p.valid_from, case when p.valid_to <= $4 then p.valid_to end as valid_to, true as "is_last!"
            from change_name l
            join change_name p on p.lesson_id = l.record_id and p.n = $3 and p.valid_from <= $4
            where l.plan = $1 and l.kind = 'lessons' and l.name = $2 and l.valid_from <= $4
                and ($5::text is null or p.period_id in (
                    select record_id from change_name where plan = $1 and kind = 'periods' and name = $5 and valid_from <= $4))"#,
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
        r#"select n.record_id, n.valid_from, case when n.valid_to <= $4 then n.valid_to end as valid_to, not exists (
                select from change_name later where later.record_id = n.record_id
                    and later.valid_from > n.valid_from and later.valid_from <= $4) as "is_last!"
        from change_name n where n.plan = $1 and n.kind = $2 and n.name = $3 and n.valid_from <= $4"#,
        plan,
        kind,
        name,
        upto,
    );
    Ok(newest(&named.fetch_all(pool).await?))
}

/// A record that was called so from the end of an append on, until another one.
struct Named {
    record_id: Uuid,
    valid_from: i64,
    valid_to: Option<i64>,
    /// Whether it was called otherwise never again: what comes too late for it is told under this name.
    is_last: bool,
}

fn newest(found: &[Named]) -> Called {
    let until = |it: &Named| it.valid_to.unwrap_or(i64::MAX);
    let newest = found.iter().map(until).max();
    let now: Vec<Uuid> = found.iter().filter(|it| Some(until(it)) == newest).map(|it| it.record_id).collect();
    let within = |it: &Named| {
        if it.is_last || now.contains(&it.record_id) {
            EVERYWHERE
        } else {
            // What gave it the name may stand at the beginning of its append.
            (it.valid_from.saturating_sub(APPEND_EVENTS_MAX), until(it))
        }
    };
    Called {
        ever: found.iter().map(|it| it.record_id).collect(),
        within: found.iter().map(within).collect(),
        now,
    }
}
