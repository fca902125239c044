//! How many are logged in, and were.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// How many are logged in.
#[derive(Debug, Clone, Serialize)]
pub struct Users {
    /// Everybody, sessions of the site included.
    pub now: Count,
    /// By school.
    pub schools: Vec<SchoolCount>,
    /// By plan and mode.
    pub plans: Vec<PlanCount>,
    /// The average number of sessions over the last minutes.
    pub course: Course,
    /// The longest stretch of the last 24 hours in which the fewest were there.
    pub quietest: Quietest,
}

/// Sessions, and the people behind them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Count {
    /// Sessions.
    pub sessions: usize,
    /// Distinct users.
    pub distinct: usize,
}

/// How many are logged in to the plans of a school.
#[derive(Debug, Clone, Serialize)]
pub struct SchoolCount {
    /// Its number.
    pub school: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// How many are logged in to a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlanCount {
    /// The plan.
    pub plan: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
    /// Sessions by mode.
    pub modes: BTreeMap<String, usize>,
}

/// Averages over the last 5, 15 and 60 minutes.
#[derive(Debug, Clone, Copy, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Course {
    pub m5: f64,
    pub m15: f64,
    pub m60: f64,
}

/// When the fewest were there.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quietest {
    /// Where that stretch begins.
    pub at: DateTime<Utc>,
    /// How many were there.
    pub sessions: i64,
}

/// How many are logged in, now and in the course of the day.
pub async fn users(pool: &PgPool) -> Result<Users, sqlx::Error> {
    let present =
        sqlx::query!("select plan, mode, who from session where valid_to is null").fetch_all(pool).await?;
    let mut all = Counting::default();
    let mut schools: BTreeMap<&str, Counting<'_>> = BTreeMap::new();
    let mut plans: BTreeMap<&str, (Counting<'_>, BTreeMap<String, usize>)> = BTreeMap::new();
    for session in &present {
        let who = &session.who;
        all.add(who);
        let Some(plan) = &session.plan else { continue };
        let school = plan.split_once('~').map_or(plan.as_str(), |(school, _)| school);
        schools.entry(school).or_default().add(who);
        let (counting, modes) = plans.entry(plan).or_default();
        counting.add(who);
        *modes.entry(session.mode.clone()).or_default() += 1;
    }
    Ok(Users {
        now: all.count(),
        schools: schools
            .into_iter()
            .map(|(school, counting)| SchoolCount { school: school.to_owned(), count: counting.count() })
            .collect(),
        plans: plans
            .into_iter()
            .map(|(plan, (counting, modes))| PlanCount {
                plan: plan.to_owned(),
                count: counting.count(),
                modes,
            })
            .collect(),
        course: course(pool).await?,
        quietest: quietest(pool).await?,
    })
}

#[derive(Default)]
struct Counting<'a> {
    sessions: usize,
    who: BTreeSet<&'a str>,
}

impl<'a> Counting<'a> {
    fn add(&mut self, who: &'a str) {
        self.sessions += 1;
        self.who.insert(who);
    }

    fn count(&self) -> Count {
        Count { sessions: self.sessions, distinct: self.who.len() }
    }
}

async fn course(pool: &PgPool) -> Result<Course, sqlx::Error> {
    sqlx::query_as!(
        Course,
        r#"with clock as materialized (select clock_timestamp() as now),
        recent as materialized (
            select since, now as until from session, clock where until is null
            union all
            select since, until from session, clock where until > now - interval '60 minutes'),
        spent as (
            select minutes, coalesce(sum(extract(epoch from
                until - greatest(since, now - make_interval(mins => minutes)))), 0) / (60 * minutes) as sessions
            from clock cross join (values (5), (15), (60)) as m (minutes)
            left join recent on until > now - make_interval(mins => minutes) and since < now
            group by minutes)
        select (max(round(sessions, 1)) filter (where minutes = 5))::float8 as "m5!",
            (max(round(sessions, 1)) filter (where minutes = 15))::float8 as "m15!",
            (max(round(sessions, 1)) filter (where minutes = 60))::float8 as "m60!"
        from spent"#,
    )
    .fetch_one(pool)
    .await
}

/// The time before the first log-in of all does not count: there was nothing to be quiet.
async fn quietest(pool: &PgPool) -> Result<Quietest, sqlx::Error> {
    sqlx::query_as!(
        Quietest,
        r#"with clock as materialized (
            select now, greatest(now - interval '24 hours', coalesce((select min(since) from session), now)) as begins
            from (select clock_timestamp() as now) c),
        recent as materialized (
            select since, until from session where until is null
            union all
            select since, until from session, clock where until > begins),
        step as (
            select begins as at, (select count(*) from recent where since <= begins) as more from clock
            union all
            select at, sum(more)::bigint from (
                select since as at, 1 as more from recent, clock where since > begins
                union all
                select until, -1 from recent where until is not null) edge
            group by at having sum(more) <> 0),
        stretch as (
            select at, (sum(more) over (order by at))::bigint as sessions, lead(at) over (order by at) as ends
            from step)
        select at as "at!", sessions as "sessions!" from stretch, clock
        order by sessions, coalesce(ends, now) - at desc, at limit 1"#,
    )
    .fetch_one(pool)
    .await
}
