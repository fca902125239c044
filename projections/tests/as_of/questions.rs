//! Every question that the interface asks of the read models about a moment.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Kind, NoticeState, PlanId, Who};
use projections::account::who_names;
use projections::change::{Past, Wanted, changes, history};
use projections::collision::{CollisionsOf, collisions};
use projections::cover_list::cover_list;
use projections::day::timetable_of_day;
use projections::difference::{Between, differences};
use projections::export::exported;
use projections::lock::{lock, locks, locks_count, locks_everywhere};
use projections::node::nodes_started;
use projections::notice::{NoticesOf, notice, notices};
use projections::outage::{outages, past_outages, refused_in_a_day, users_logged_in};
use projections::placement::{TimetableOf, placement, placements, timetable};
use projections::plan::{is_there, plan, plans};
use projections::record::{RecordFilter, record, records, singleton};
use projections::refusal::refused_by_locks;
use projections::session::{sessions, sessions_count, sessions_everywhere};
use projections::status::{conflicts, users};
use projections::unplaced::unplaced;
use projections::who::who_text;
use projections::{DayBefore, Moment, Page, Paged};
use serde_json::{Value as Json, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::drawn::{LESSONS, NAMES};
use crate::folded::Folded;

/// Whose answers are asked for, and of when.
pub struct Asked<'a> {
    pub pool: &'a PgPool,
    pub moment: Moment,
    /// When the last event was recorded.
    pub at: DateTime<Utc>,
    /// An earlier moment, for differences.
    pub earlier: i64,
    pub last: i64,
}

pub type Answers = Vec<(String, Json)>;

const DATES: [&str; 3] = ["2026-11-24", "2027-01-01", "2027-03-01"];

fn name_of(who: Who) -> String {
    who_text(who)
}

impl Asked<'_> {
    /// The answers to all questions about what there is or was then.
    pub async fn all(&self, fold: &Folded, locks: &[Uuid]) -> Answers {
        let mut answers = Answers::new();
        for plan in fold.plans.keys() {
            self.of_records(plan, fold, &mut answers).await;
            self.of_timetable(plan, &mut answers).await;
            self.of_presence(plan, locks, &mut answers).await;
            self.of_past(plan, &mut answers).await;
            self.of_files(plan, &mut answers).await;
        }
        self.of_site(fold, locks, &mut answers).await;
        answers
    }

    async fn of_records(&self, of: &PlanId, fold: &Folded, answers: &mut Answers) {
        let (pool, moment) = (self.pool, self.moment);
        let mut told = |what: String, json: Json| answers.push((format!("{of} {what}"), json));
        let shown = |found: Paged<projections::record::RecordView>| {
            let items: Vec<Json> = found.items.into_iter().map(|it| json!([it.epoch, it.json])).collect();
            json!({ "items": items, "next": found.next })
        };
        for kind in Kind::ALL {
            if kind.is_singleton() {
                let found = singleton(pool, of, kind, moment).await.unwrap();
                told(kind.to_string(), json!(found.map(|it| it.json)));
                continue;
            }
            if kind == Kind::Placements {
                continue;
            }
            let some = |name: &str| Some(name.to_owned());
            let filters = [
                RecordFilter::default(),
                RecordFilter { q: some("a"), ..Default::default() },
                RecordFilter { class: some("A"), ..Default::default() },
                RecordFilter { teacher: some("A"), ..Default::default() },
                RecordFilter { room: some("B"), ..Default::default() },
                RecordFilter { subject: some("A"), ..Default::default() },
                RecordFilter { department: some("A"), ..Default::default() },
                RecordFilter { date: DATES[0].parse().ok(), ..Default::default() },
                RecordFilter { date: DATES[1].parse().ok(), teacher: some("B"), ..Default::default() },
            ];
            for filter in &filters {
                let all = Page { limit: 1_000, after: None };
                let found = records(pool, of, kind, filter, None, moment, &all).await.unwrap();
                told(format!("{kind} {filter:?}"), shown(found));
            }
            let mut page = Page { limit: 2, after: None };
            loop {
                let found = records(pool, of, kind, &filters[0], Some("1"), moment, &page).await.unwrap();
                page.after.clone_from(&found.next);
                told(format!("{kind} of the period 1 {page:?}"), shown(found));
                if page.after.is_none() {
                    break;
                }
            }
            let there = fold.plans[of].records_of(kind).filter_map(|it| it.name()).map(str::to_owned);
            let mut names: Vec<String> = there.chain(NAMES.map(str::to_owned)).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                for period in [None, Some("2")] {
                    let found = record(pool, of, kind, &name, period, moment).await.unwrap();
                    told(
                        format!("{kind} {name} {period:?}"),
                        json!(found.map(|it| json!([it.epoch, it.json]))),
                    );
                }
            }
        }
    }

    async fn of_timetable(&self, of: &PlanId, answers: &mut Answers) {
        let (pool, moment) = (self.pool, self.moment);
        let mut told = |what: String, json: Json| answers.push((format!("{of} {what}"), json));
        let page = Page { limit: 1_000, after: None };
        for lesson in LESSONS {
            for period in ["1", "2"] {
                let found = placements(pool, of, lesson, period, moment, &page).await.unwrap();
                let found = found.map(|found| found.items.into_iter().map(|it| it.json).collect::<Vec<_>>());
                told(format!("placements of {lesson} in {period}"), json!(found));
                let one = placement(pool, of, lesson, period, 2, moment).await.unwrap();
                told(format!("placement {lesson}/2 in {period}"), json!(one.map(|it| it.json)));
            }
        }
        let named = |of: fn(String) -> TimetableOf| NAMES.map(|name| of(name.to_owned()));
        let mut whose = vec![TimetableOf::All];
        whose.extend(
            [TimetableOf::Class, TimetableOf::Teacher, TimetableOf::Room].map(named).into_iter().flatten(),
        );
        for of_whom in &whose {
            for (period, week) in [("1", None), ("1", Some("A")), ("2", None)] {
                let found = timetable(pool, of, of_whom, period, week, moment, &page).await.unwrap();
                told(format!("timetable {of_whom:?} in {period} {week:?}"), paged(&found));
            }
            for date in DATES {
                let found = timetable_of_day(pool, of, of_whom, day(date), moment, &page).await.unwrap();
                told(format!("timetable {of_whom:?} on {date}"), paged(&found));
            }
        }
        let first =
            timetable(pool, of, &TimetableOf::All, "1", None, moment, &Page { limit: 1, after: None });
        told("first of the timetable".into(), paged(&first.await.unwrap()));
        for date in DATES {
            let list = cover_list(pool, of, day(date), moment, &page).await.unwrap();
            let substitutions: Vec<Json> = list.substitutions.into_iter().map(|it| json!(it.json)).collect();
            told(format!("cover list {date}"), json!([substitutions, list.open, list.next]));
            let found = collisions(pool, of, CollisionsOf::Date(day(date)), moment, &page).await.unwrap();
            told(format!("collisions {date}"), paged(&found));
        }
        for (what, collisions_of) in [("all", CollisionsOf::All), ("of 1", CollisionsOf::Period("1"))] {
            let found = collisions(pool, of, collisions_of, moment, &page).await.unwrap();
            told(format!("collisions {what}"), paged(&found));
        }
        for period in [None, Some("1"), Some("2")] {
            let found = unplaced(pool, of, period, moment, &page).await.unwrap();
            told(format!("unplaced {period:?}"), paged(&found));
        }
    }

    async fn of_presence(&self, of: &PlanId, granted: &[Uuid], answers: &mut Answers) {
        let (pool, moment, age) = (self.pool, self.moment, Duration::from_secs(60));
        let mut told = |what: String, json: Json| answers.push((format!("{of} {what}"), json));
        let found = plan(pool, of, moment).await.unwrap().unwrap();
        told("plan".into(), json!([found.revision, found.epoch, found.json]));
        told("is there".into(), json!(is_there(pool, of, moment).await.unwrap()));
        let here = sessions(pool, of, moment, None, 1_000).await.unwrap();
        let here: Vec<Json> = here.iter().map(|it| it.json(&it.who, None, age)).collect();
        told("sessions".into(), json!([here, sessions_count(pool, of, moment).await.unwrap()]));
        let held = locks(pool, of, moment, None, 1_000).await.unwrap();
        let held: Vec<Json> = held.iter().map(|it| it.json(&it.who, age)).collect();
        told("locks".into(), json!([held, locks_count(pool, of, moment).await.unwrap()]));
        for id in granted.iter().take(20) {
            let found = lock(pool, of, *id, moment).await.unwrap();
            let found = found.map(|it| json!([it.json(&it.who, age), it.ended_reason, it.ended_at]));
            told(format!("lock {id}"), json!(found));
        }
    }

    async fn of_past(&self, of: &PlanId, answers: &mut Answers) {
        let (pool, upto) = (self.pool, self.moment.last());
        let mut told = |what: String, json: Json| answers.push((format!("{of} {what}"), json));
        for (kind, record) in
            [(None, None), (Some("teachers"), None), (Some("sessions"), None), (None, Some("teachers/A"))]
        {
            // The last ones and the first ones.
            for after in [0, self.last - 300] {
                let wanted = Wanted { after, upto, limit: 200, kind, record, absences: true };
                let found = changes(pool, of, wanted, &name_of).await.unwrap();
                told(format!("changes {kind:?} {record:?} {after}"), json!([found.items, found.next]));
            }
        }
        let subjects = [
            "teachers/A",
            "teachers/TS 3",
            "classes/B",
            "lessons/1",
            "periods/1",
            "absences/1",
            "lessons/1/placements/1",
        ];
        for record in subjects {
            for before in [i64::MAX, self.last / 2] {
                let wanted = Past { record, period: None, upto, before, limit: 50, absences: true };
                let found = history(pool, of, wanted, &name_of).await.unwrap();
                told(format!("history {record} {before}"), json!(found));
            }
        }
        let between = Between { from: self.earlier, to: self.last, after: 0, limit: 1_000, absences: true };
        let found = differences(pool, of, between).await.unwrap();
        told("differences".into(), json!([found.items, found.next]));
    }

    /// The files of an export that come of one kind of records each, and that of the placements.
    async fn of_files(&self, of: &PlanId, answers: &mut Answers) {
        for number in [1, 2, 3, 4, 5, 7, 10, 12, 13, 14, 18] {
            let file = exported(self.pool, of, number, "1", self.moment).await.unwrap();
            let told = file.map(|file| json!([file.name, file.text, file.left_out]));
            answers.push((format!("{of} GPU{number:03}"), json!(told)));
        }
    }

    async fn of_site(&self, fold: &Folded, granted: &[Uuid], answers: &mut Answers) {
        let (pool, moment, age) = (self.pool, self.moment, Duration::from_secs(60));
        let mut told = |what: &str, json: Json| answers.push((what.to_owned(), json));
        let page = Page { limit: 100, after: None };
        let all = plans(pool, moment, &page).await.unwrap();
        told("plans", all.items.into_iter().map(|it| json!(it.json)).collect());
        let today = day(DATES[0]);
        for state in [None, Some(NoticeState::Showing), Some(NoticeState::Waiting)] {
            let of = NoticesOf { today, state, after: None, limit: 1_000 };
            let found = notices(pool, of, moment).await.unwrap();
            told("notices", found.iter().map(|it| it.json(today, Some(&name_of(it.by)))).collect());
        }
        for known in fold.site.notices().in_order().into_iter().take(3) {
            let found = notice(pool, known.id, moment).await.unwrap();
            told("notice", json!(found.map(|it| it.json(today, None))));
        }
        told("outage", json!(format!("{:?}", outages(pool, moment).await.unwrap())));
        let past = past_outages(pool, moment, 10).await.unwrap();
        told("past outages", past.iter().map(|it| it.json(name_of)).collect());
        told("users logged in", json!(users_logged_in(pool, moment).await.unwrap()));
        let here = sessions_everywhere(pool, moment, 1_000).await.unwrap();
        told("sessions", here.iter().map(|it| it.json(&it.who, None, age)).collect());
        let held = locks_everywhere(pool, moment, 1_000).await.unwrap();
        told("locks", held.iter().map(|it| it.json(&it.who, age)).collect());
        let because = refused_by_locks(pool, granted, moment, 20).await.unwrap();
        told("refused by locks", json!(format!("{because:?}")));
        let started = nodes_started(pool, moment, 10).await.unwrap();
        told("nodes", json!(format!("{started:?}")));
        let day = DayBefore { moment, at: self.at };
        told("users", json!(users(pool, day).await.unwrap()));
        told("conflicts", json!(conflicts(pool, day).await.unwrap()));
        told("refused log-ins", json!(refused_in_a_day(pool, day).await.unwrap()));
        let who: Vec<String> = fold.sessions.iter().map(|it| who_text(it.who)).collect();
        let names = who_names(pool, who.iter().map(String::as_str), moment).await.unwrap();
        told("names", json!(names));
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn paged(found: &Paged<serde_json::Map<String, Json>>) -> Json {
    json!({ "items": found.items, "next": found.next })
}
