//! How many were there in the course of a day: what the status report tells of random days, against asking of every moment.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use projections::status::{Count, Course, PlanCount, Quietest, SchoolCount, Users, users};
use projections::{DayBefore, Moment};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::setting::Setting;

/// The moment at which all the random days are looked at.
fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a moment")
}

/// One state of a session, in seconds before noon.
#[derive(Debug, Clone)]
struct Stay {
    session: u128,
    plan: Option<&'static str>,
    mode: &'static str,
    who: &'static str,
    since: i64,
    until: Option<i64>,
}

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.unsigned_abs()).cast_signed()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len().cast_signed() as i64)).expect("it is small")]
    }
}

/// Up to twelve sessions of up to three states each; moments coincide often, some lie before the day, some at its very ends.
fn random_day(dice: &mut Dice) -> Vec<Stay> {
    let step = dice.one_of(&[1, 60, 900, 3_600]);
    let mut stays = Vec::new();
    for session in 0..dice.below(13) {
        let plan = dice.one_of(&[None, Some("1~2026-2027~1"), Some("1~2026-2027~2"), Some("2~2026-2027~1")]);
        let who = dice.one_of(&["user:a", "user:b", "user:c"]);
        let mut since = dice.below(100_000 / step) * step;
        for _ in 0..=dice.below(3) {
            let until =
                if dice.below(3) == 0 { None } else { Some(since - dice.below(since / step + 1) * step) };
            let mode = dice.one_of(&["timetable", "cover", "read"]);
            stays.push(Stay { session: u128::from(session.unsigned_abs()), plan, mode, who, since, until });
            let Some(next) = until else { break };
            since = next;
        }
    }
    stays
}

/// Asks of every moment who was there then.
fn naive(stays: &[Stay]) -> Users {
    let day = 86_400;
    let there = |before: i64| {
        let is_there = |stay: &&Stay| stay.since >= before && stay.until.is_none_or(|until| until < before);
        stays.iter().filter(is_there).count()
    };
    let begins = stays.iter().map(|stay| stay.since).max().map_or(0, |first| first.min(day));
    let mut moments: Vec<i64> =
        stays.iter().flat_map(|stay| [Some(stay.since), stay.until]).flatten().collect();
    moments.retain(|moment| *moment < begins);
    moments.push(begins);
    moments.sort_unstable_by_key(|moment| Reverse(*moment));
    moments.dedup_by_key(|moment| there(*moment));
    let ends = moments.iter().skip(1).chain([&0]);
    let quietest = moments.iter().zip(ends).min_by_key(|(at, end)| (there(**at), **end - **at)).expect("one");
    let spent = |minutes: i64| {
        let window = minutes * 60;
        let of = |stay: &Stay| (stay.since.min(window) - stay.until.unwrap_or(0)).max(0);
        let sum: i64 = stays.iter().map(of).sum();
        // To one decimal, halves upwards.
        ((sum * 20 + window) / (2 * window)) as f64 / 10.0
    };
    let count = |of: &dyn Fn(&&Stay) -> bool| {
        let present: Vec<&Stay> = stays.iter().filter(|stay| stay.until.is_none()).filter(of).collect();
        let who: BTreeSet<&str> = present.iter().map(|stay| stay.who).collect();
        Count { sessions: present.len(), distinct: who.len() }
    };
    let present = || stays.iter().filter(|stay| stay.until.is_none());
    let plans: BTreeSet<&str> = present().filter_map(|stay| stay.plan).collect();
    let schools: BTreeSet<&str> = plans.iter().map(|plan| &plan[..1]).collect();
    let modes = |plan: &str| {
        let mut modes = BTreeMap::new();
        for stay in present().filter(|stay| stay.plan == Some(plan)) {
            *modes.entry(stay.mode.to_owned()).or_default() += 1;
        }
        modes
    };
    Users {
        now: count(&|_| true),
        schools: schools
            .into_iter()
            .map(|school| SchoolCount {
                school: school.to_owned(),
                count: count(&|stay| stay.plan.is_some_and(|plan| plan.starts_with(school))),
            })
            .collect(),
        plans: plans
            .into_iter()
            .map(|plan| PlanCount {
                plan: plan.to_owned(),
                count: count(&|stay| stay.plan == Some(plan)),
                modes: modes(plan),
            })
            .collect(),
        course: Course { m5: spent(5), m15: spent(15), m60: spent(60) },
        quietest: Quietest {
            at: noon() - TimeDelta::seconds(*quietest.0),
            sessions: there(*quietest.0).cast_signed() as i64,
        },
    }
}

/// The position that is told of for a time, in seconds before noon: after everything that happened then.
fn position(before: i64) -> i64 {
    (200_000 - before) * 100 + 99
}

/// What was known so many seconds before noon, in seconds before that moment.
fn earlier(stays: &[Stay], before: i64) -> Vec<Stay> {
    let there = stays.iter().filter(|stay| stay.since >= before);
    there
        .map(|stay| {
            let until = stay.until.filter(|until| *until >= before).map(|until| until - before);
            Stay { since: stay.since - before, until, ..stay.clone() }
        })
        .collect()
}

async fn furnish(owner: &mut PgConnection, stays: &[Stay]) {
    let moment = |before: i64| noon() - TimeDelta::seconds(before);
    // Several positions of one second: each stay has one of its own, and ends where the next one begins.
    let stays: Vec<(i64, &Stay)> = (0..).zip(stays).collect();
    sqlx::raw_sql("truncate session").execute(&mut *owner).await.expect("empty");
    sqlx::query(
        "insert into session (session_id, plan, who, mode, logged_in_at, since, until, valid_from, valid_to)
        select id, plan, who, mode, since, since, until, valid_from, valid_to
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bigint[], $8::bigint[])
            as n (id, plan, who, mode, since, until, valid_from, valid_to)",
    )
    .bind(stays.iter().map(|(_, stay)| Uuid::from_u128(stay.session)).collect::<Vec<_>>())
    .bind(stays.iter().map(|(_, stay)| stay.plan).collect::<Vec<_>>())
    .bind(stays.iter().map(|(_, stay)| stay.who).collect::<Vec<_>>())
    .bind(stays.iter().map(|(_, stay)| stay.mode).collect::<Vec<_>>())
    .bind(stays.iter().map(|(_, stay)| moment(stay.since)).collect::<Vec<_>>())
    .bind(stays.iter().map(|(_, stay)| stay.until.map(moment)).collect::<Vec<_>>())
    .bind(stays.iter().map(|(at, stay)| (200_000 - stay.since) * 100 + at).collect::<Vec<_>>())
    .bind(stays.iter().map(|(at, stay)| Some((200_000 - stay.until?) * 100 + at + 1)).collect::<Vec<_>>())
    .execute(owner)
    .await
    .expect("furnished");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_course_and_quietest_moment_are_what_asking_of_every_moment_gives() {
    let setting = Setting::new().await;
    let projections = setting.follow(Vec::new());
    let pool = projections.pool();
    let mut owner = setting.as_owner().await;
    let mut dice = Dice(7);
    let mut empty = 0;
    for round in 0..150 {
        let stays = random_day(&mut dice);
        empty += usize::from(stays.is_empty());
        furnish(&mut owner, &stays).await;
        let now = DayBefore { moment: Moment::Now, at: noon() };
        let told = users(pool, now).await.expect("asked");
        assert_eq!(told, naive(&stays), "round {round}: {stays:#?}");
        for before in [0, 60, 900, dice.below(90_000)] {
            let at = noon() - TimeDelta::seconds(before);
            let told =
                users(pool, DayBefore { moment: Moment::AsOf(position(before)), at }).await.expect("asked");
            let mut expected = naive(&earlier(&stays, before));
            expected.quietest.at -= TimeDelta::seconds(before);
            assert_eq!(told, expected, "round {round}, {before} s before: {stays:#?}");
        }
    }
    assert!(empty > 0, "a day without anybody is among them");
    projections.stop().await;
}
