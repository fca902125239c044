//! How many are logged in, and were.

use serde::Serialize;
use sqlx::PgPool;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Course, LISTED_MAX, Quietest, course, quietest};
use crate::DayBefore;
use crate::asked::asked;

/// How many are logged in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Users {
    /// Everybody, sessions of the site included.
    pub now: Count,
    /// By school; the thousand with the most sessions.
    pub schools: Vec<SchoolCount>,
    /// By plan and mode; the thousand with the most sessions.
    pub plans: Vec<PlanCount>,
    /// The average number of sessions over the last minutes.
    pub course: Course,
    /// The longest stretch of the last 24 hours in which the fewest were there.
    pub quietest: Quietest,
}

/// Sessions, and the people behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Sessions.
    pub sessions: usize,
    /// Distinct users.
    pub distinct: usize,
}

/// How many are logged in to the plans of a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolCount {
    /// Its number.
    pub school: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// How many are logged in to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanCount {
    /// The plan.
    pub plan: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
    /// Sessions by mode.
    pub modes: BTreeMap<String, usize>,
}

struct Present {
    plan: Option<String>,
    mode: String,
    who: String,
}

/// How many are logged in at a moment, and were in the course of the day before.
pub async fn users(pool: &PgPool, day: DayBefore) -> Result<Users, sqlx::Error> {
    let present = asked!(Present, day.moment, fetch_all(pool);
        "select s.plan, s.mode, s.who from session s where " @range "s";)?;
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
    let school = |(school, counting): (&str, Counting<'_>)| SchoolCount {
        school: school.to_owned(),
        count: counting.count(),
    };
    let plan = |(plan, (counting, modes)): (&str, (Counting<'_>, BTreeMap<String, usize>))| PlanCount {
        plan: plan.to_owned(),
        count: counting.count(),
        modes,
    };
    Ok(Users {
        now: all.count(),
        schools: fullest(schools.into_iter().map(school).collect(), |it| it.count.sessions),
        plans: fullest(plans.into_iter().map(plan).collect(), |it| it.count.sessions),
        course: course(pool, day).await?,
        quietest: quietest(pool, day).await?,
    })
}

/// Of too many those with the most sessions, in the order in which they came.
fn fullest<T>(all: Vec<T>, sessions: impl Fn(&T) -> usize) -> Vec<T> {
    let mut placed: Vec<(usize, T)> = all.into_iter().enumerate().collect();
    placed.sort_by_key(|(_, it)| Reverse(sessions(it)));
    placed.truncate(usize::try_from(LISTED_MAX).unwrap_or(usize::MAX));
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, it)| it).collect()
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

#[cfg(test)]
mod tests {
    use super::fullest;

    #[test]
    fn of_too_many_those_with_the_most_are_told_in_their_order() {
        let all: Vec<(usize, usize)> = (0..2_000).map(|number| (number, number % 2)).collect();
        let told = fullest(all, |it| it.1);
        assert_eq!((told.len(), told[0], told[1], told[999]), (1_000, (1, 1), (3, 1), (1_999, 1)));
    }
}
