//! Plans: what they are called, what may be done with them, how much is in them.

use domain::{Kind, PlanId, Position};
use serde_json::{Map, Value as Json, json};
use sqlx::PgPool;

use crate::Moment;
use crate::asked::{Page, Paged, asked};

mod count;
mod filled;
mod taken_in;

/// The read model of plans: tables `plan` and `plan_count`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plans;

/// A plan, as it stood at the moment that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanView {
    /// Which it is.
    pub plan: PlanId,
    /// Counts the changes of its own data.
    pub revision: i64,
    /// The epoch of the last change; with the revision the value of its `ETag`.
    pub epoch: i64,
    /// As the API shows it.
    pub json: Map<String, Json>,
}

#[derive(Debug, Clone)]
struct Row {
    plan: String,
    title: String,
    state: String,
    revision: i64,
    epoch: i64,
    valid_from: i64,
}

/// The plans, by name.
pub async fn plans(pool: &PgPool, moment: Moment, page: &Page) -> Result<Paged<PlanView>, sqlx::Error> {
    let rows = asked!(Row, moment, fetch_all(pool);
        "select p.plan, p.title, p.state, p.revision, p.epoch, p.valid_from from plan p
        where ($2::text is null or p.plan > $2) and " @"p" " order by p.plan limit $3";
        page.after.as_deref(), page.fetch())?;
    let rows = page.cut(rows, |row| row.plan.clone());
    let items = views(pool, rows.items, moment).await?;
    Ok(Paged { items, next: rows.next })
}

/// One plan; nothing when there was none then.
pub async fn plan(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<Option<PlanView>, sqlx::Error> {
    let row = asked!(Row, moment, fetch_optional(pool);
        "select p.plan, p.title, p.state, p.revision, p.epoch, p.valid_from from plan p
        where p.plan = $2 and " @"p";
        plan.to_string())?;
    Ok(views(pool, row.into_iter().collect(), moment).await?.pop())
}

/// Whether there was such a plan then.
pub async fn is_there(pool: &PgPool, plan: &PlanId, moment: Moment) -> Result<bool, sqlx::Error> {
    // A plan is never taken away.
    sqlx::query_scalar!(
        r#"select exists (select from plan where plan = $1 and valid_from <= coalesce($2::bigint, 9223372036854775807)) as "there!""#,
        plan.to_string(),
        moment.position(),
    )
    .fetch_one(pool)
    .await
}

/// The plans that people can log in to, by name, with their titles: at most `limit`.
pub async fn offered(pool: &PgPool, limit: i64) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query!(
        "select plan, title from plan where valid_to is null and state <> 'archived' order by plan limit $1",
        limit,
    )
    .map(|row| (row.plan, row.title))
    .fetch_all(pool)
    .await
}

struct Numbers {
    plan: String,
    position: i64,
    sessions: i64,
    locks: i64,
}

async fn views(pool: &PgPool, rows: Vec<Row>, moment: Moment) -> Result<Vec<PlanView>, sqlx::Error> {
    let plans: Vec<String> = rows.iter().map(|row| row.plan.clone()).collect();
    let numbers = asked!(Numbers, moment, fetch_all(pool);
        r#"select p.plan as "plan!", coalesce("#
            @now "(select e.position from event e where e.stream = 'plan/' || p.plan order by e.version desc limit 1)"
            // Its versions stand in the order of positions, so the last one up to there is found by halving what is between.
            @then "(select e.position from event e where e.stream = 'plan/' || p.plan and e.version = (
                with recursive between_ (low, high) as (
                    select 0::bigint, (select max(e.version) from event e where e.stream = 'plan/' || p.plan)
                    union all
                    select case when m.is_then then m.version else m.low end, case when m.is_then then m.high else m.version - 1 end
                    from (select b.low, b.high, e.version, e.position <= $1::bigint as is_then from between_ b
                        join event e on e.stream = 'plan/' || p.plan and e.version = (b.low + b.high + 1) / 2
                        where b.low < b.high) m)
                select b.low from between_ b where b.low = b.high limit 1))" r#", 0) as "position!",
            (select count(*) from session s where s.plan = p.plan and "# @range "s" r#") as "sessions!",
            (select count(*) from lock l where l.plan = p.plan and "# @range "l" r#") as "locks!"
        from unnest($2::text[]) as p (plan)"#;
        &plans)?;
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !kind.is_singleton()).collect();
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    let counts = count::counts(pool, &plans, &words, moment).await?;
    let count = |plan: &str, kind: Kind| {
        counts.iter().find(|it| it.plan == plan && it.kind == kind.word()).map_or(0, |it| it.count)
    };
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        let Ok(id) = row.plan.parse::<PlanId>() else { continue };
        let (number, sessions, locks) = numbers
            .iter()
            .find(|it| it.plan == row.plan)
            .map_or((0, 0, 0), |it| (it.position, it.sessions, it.locks));
        let counts: Map<String, Json> =
            kinds.iter().map(|kind| (kind.word().to_owned(), count(&row.plan, *kind).into())).collect();
        let mut json = Map::new();
        json.insert("plan".into(), row.plan.clone().into());
        json.insert("title".into(), row.title.clone().into());
        json.insert("state".into(), row.state.clone().into());
        json.insert("revision".into(), row.revision.into());
        json.insert("position".into(), json!(Position { epoch: row.epoch, number }.to_string()));
        json.insert("counts".into(), Json::Object(counts));
        json.insert("sessions".into(), sessions.into());
        json.insert("locks".into(), locks.into());
        views.push(PlanView { plan: id, revision: row.revision, epoch: row.epoch, json });
    }
    Ok(views)
}
