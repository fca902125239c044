//! Days as they really are: now and then, for whatever substitutions there may be.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use domain::{Coupling, HourOf, Kind, RecordId, Value};
use projections::collision::{CollisionsOf, collisions};
use projections::cover_list::cover_list;
use projections::day::timetable_of_day;
use projections::placement::TimetableOf;
use projections::{Moment, Page};
use serde_json::{Map, Value as Json, json};

use crate::asked_then::Dice;
use crate::day_by_fold::day_by_fold;
use crate::office::{Office, coupling, created, id, placed, rows, text};

type Item = Map<String, Json>;

const ALL: Page = Page { limit: 1_000, after: None };

/// The n-th day from Monday, 23 November 2026.
fn day(n: usize) -> NaiveDate {
    let monday = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day");
    monday + Days::new(u64::try_from(n).expect("small"))
}

fn date(n: usize) -> Value {
    Value::Date(day(n))
}

fn number(n: usize) -> Value {
    Value::Number(i64::try_from(n).expect("small"))
}

/// A school with two periods, a holiday, and the dice that fill it.
struct School {
    office: Office,
    dice: Dice,
    periods: [RecordId; 2],
}

impl School {
    async fn open(seed: u64) -> Self {
        let mut office = Office::open().await;
        let first = office.period();
        office.change(first, None, "from", Some(date(0))).await;
        office.change(first, None, "to", Some(date(60))).await;
        let second = office.create(Kind::Periods, "2", &[("from", date(7)), ("to", date(8))]).await;
        office.create(Kind::Holidays, "H", &[("from", date(9)), ("to", date(9))]).await;
        for n in 0..3 {
            office.create(Kind::Classes, &format!("C{n}"), &[]).await;
            office.create(Kind::Teachers, &format!("T{n}"), &[]).await;
            office.create(Kind::Rooms, &format!("R{n}"), &[]).await;
        }
        for n in 1..=4 {
            office.lesson(&n.to_string(), 9, Vec::new()).await;
        }
        Self { office, dice: Dice(seed), periods: [first, second] }
    }

    fn all(&self, kind: Kind) -> Vec<RecordId> {
        let mut all: Vec<RecordId> = self.office.fold.records_of(kind).map(|it| it.id).collect();
        all.sort_unstable();
        all
    }

    /// One of a kind, so many times in four.
    fn maybe(&mut self, kind: Kind, times: usize) -> Option<RecordId> {
        let all = self.all(kind);
        if self.dice.below(4) < times { self.dice.one(&all) } else { None }
    }

    fn row(&mut self) -> [Option<RecordId>; 3] {
        [Kind::Classes, Kind::Teachers, Kind::Rooms].map(|kind| self.maybe(kind, 3))
    }

    /// Couplings, or none: an empty list is never written.
    fn couplings(&mut self) -> Option<Value> {
        let rows: Vec<_> = (0..self.dice.below(3)).map(|_| self.row()).collect();
        let all: Vec<Coupling> =
            rows.into_iter().map(|[class, teacher, room]| coupling(class, teacher, room)).collect();
        (!all.is_empty()).then(|| Value::Couplings(all.into()))
    }

    fn substitution(&mut self) -> Vec<(&'static str, Value)> {
        let kinds = domain::SUBSTITUTION_KINDS;
        let kind = kinds[self.dice.below(kinds.len())];
        let mut fields = vec![
            ("kind", text(kind)),
            ("date", date(self.dice.below(10))),
            ("hour", number(1 + self.dice.below(2))),
        ];
        if kind == "move" && self.dice.below(4) > 0 {
            fields.push(("to_date", date(self.dice.below(10))));
            fields.push(("to_hour", number(1 + self.dice.below(2))));
        }
        for (field, of) in [
            ("lesson", Kind::Lessons),
            ("absent_teacher", Kind::Teachers),
            ("teacher", Kind::Teachers),
            ("room", Kind::Rooms),
        ] {
            fields.extend(self.maybe(of, 2).map(|id| (field, Value::Reference(id))));
        }
        for field in ["classes", "cover_classes"] {
            if self.dice.below(4) == 0 {
                let mut classes: Vec<RecordId> = self.maybe(Kind::Classes, 2).into_iter().collect();
                classes.extend(self.maybe(Kind::Classes, 2).filter(|id| !classes.contains(id)));
                if !classes.is_empty() {
                    fields.push((field, Value::References(classes)));
                }
            }
        }
        fields
    }

    /// One more thing happens.
    async fn happen(&mut self, step: usize) {
        let lessons = self.all(Kind::Lessons);
        let lesson = self.dice.one(&lessons).expect("lessons");
        let event = match self.dice.below(10) {
            0 => {
                let period =
                    self.dice.one(&[None, Some(self.periods[0]), Some(self.periods[1])]).expect("one");
                let to = self.couplings();
                self.office.changed(lesson, period, "couplings", to)
            }
            1..=3 => {
                let hour_of = HourOf {
                    lesson,
                    period: self.periods[usize::from(self.dice.below(4) == 0)],
                    n: u32::try_from(step).expect("small"),
                };
                let mut fields =
                    vec![("day", number(1 + self.dice.below(3))), ("hour", number(1 + self.dice.below(2)))];
                if self.dice.below(3) == 0 {
                    let [class, teacher, room] = self.row();
                    fields.push(("rows", rows(&[(class, teacher, room)])));
                }
                placed(id(), hour_of, fields)
            }
            4 => {
                let period = self.dice.one(&[None, Some(self.periods[1])]).expect("one");
                let field = ["from", "to"][self.dice.below(2)];
                let to = (self.dice.below(3) > 0).then(|| date(self.dice.below(10)));
                let classes = self.all(Kind::Classes);
                let whose = self.dice.one(&[lesson, classes[0]]).expect("one");
                self.office.changed(whose, period, field, to)
            }
            5 if !self.all(Kind::Substitutions).is_empty() => {
                let all = self.all(Kind::Substitutions);
                let one = self.dice.one(&all).expect("one");
                self.office.removed(one)
            }
            _ => {
                let fields = self.substitution();
                created(Kind::Substitutions, id(), &step.to_string(), &fields)
            }
        };
        self.office.write(vec![event]).await;
    }
}

fn line(item: &Item) -> String {
    let part = |name: &str, none: &str| item.get(name).and_then(Json::as_str).unwrap_or(none).to_owned();
    let [lesson, class, teacher, room] = ["lesson", "class", "teacher", "room"].map(|name| part(name, "-"));
    let [mark, by] = ["mark", "substitution"].map(|name| part(name, ""));
    format!("{} {lesson} {class} {teacher} {room} {mark} {by}", item["hour"])
}

/// A collision as `hour kind name [lessons] substitution`.
fn clash(item: &Item) -> String {
    let text = |name: &str| item.get(name).and_then(Json::as_str).unwrap_or("-");
    format!("{} {} {} {} {}", item["hour"], text("kind"), text("name"), item["lessons"], text("substitution"))
}

/// What collides among the items of a day: who or what takes place in more than one lesson or duty.
fn clashes_among(items: &[Item]) -> BTreeSet<String> {
    let mut met: BTreeMap<(i64, &str, &str), Vec<&Item>> = BTreeMap::new();
    for item in items {
        let text = |name: &str| item.get(name).and_then(Json::as_str);
        if !matches!(text("mark"), Some("cancelled" | "moved-away")) {
            for kind in ["class", "teacher", "room"] {
                if let Some(name) = text(kind) {
                    let hour = item["hour"].as_i64().expect("an hour");
                    met.entry((hour, kind, name)).or_default().push(item);
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    for ((hour, kind, name), items) in met {
        let text = |item: &Item, name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
        let duty =
            |item: &&Item| text(item, "lesson").or(text(item, "substitution").map(|by| format!("duty {by}")));
        if items.iter().map(duty).collect::<BTreeSet<_>>().len() > 1 {
            let lessons: BTreeSet<String> = items.iter().filter_map(|item| text(item, "lesson")).collect();
            let by = items.iter().filter_map(|item| text(item, "substitution"));
            let by = by.min_by_key(|by| by.parse::<u64>().ok()).unwrap_or_else(|| "-".into());
            found.insert(format!("{hour} {kind} {name} {} {by}", json!(lessons)));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_what_the_fold_says_now_and_then() {
    let mut marks = BTreeSet::new();
    for seed in 1..=3 {
        let mut school = School::open(seed).await;
        for step in 1..120 {
            school.happen(step).await;
        }
        let office = &school.office;
        office.followed().await;
        let pool = office.projections.pool();
        let last = office.states.last().expect("something happened").0;
        for (position, fold) in office.states.iter().rev().step_by(7) {
            let moment = if *position == last { Moment::Now } else { Moment::AsOf(*position) };
            let mut of_dates = BTreeSet::new();
            for date in (0..10).map(day) {
                let found = timetable_of_day(pool, &office.plan, &TimetableOf::All, date, moment, &ALL).await;
                let items = found.expect("asked").items;
                let mut found: Vec<String> = items.iter().map(line).collect();
                found.sort();
                assert_eq!(found, day_by_fold(fold, date), "seed {seed}, {date}, as of {position}");
                let clashes = collisions(pool, &office.plan, CollisionsOf::Date(date), moment, &ALL).await;
                let clashes: BTreeSet<String> = clashes.expect("asked").items.iter().map(clash).collect();
                assert_eq!(clashes, clashes_among(&items), "seed {seed}, {date}, as of {position}");
                of_dates.extend(
                    clashes.into_iter().filter(|it| !it.ends_with(" -")).map(|it| format!("{date} {it}")),
                );
                marks.extend(found.iter().filter_map(|line| line.split(' ').nth(5).map(str::to_owned)));
            }
            let all = collisions(pool, &office.plan, CollisionsOf::All, moment, &ALL).await.expect("asked");
            let dated = all.items.iter().filter(|it| it.contains_key("date"));
            let dated: BTreeSet<String> =
                dated.map(|it| format!("{} {}", it["date"].as_str().expect("a date"), clash(it))).collect();
            assert_eq!(dated, of_dates, "seed {seed}, as of {position}");
        }
        school.office.projections.stop().await;
    }
    let expected = ["", "cancelled", "covered", "moved-away", "moved-here", "room"];
    assert_eq!(marks.iter().map(String::as_str).collect::<Vec<_>>(), expected, "all of it has happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_open_and_what_clashed_then_is_answered_as_of_then() {
    let mut school = School::open(0).await;
    let office = &mut school.office;
    let named = |office: &Office, kind, name| office.fold.named(kind, name).expect("there").id;
    let one = named(office, Kind::Lessons, "1");
    let two = named(office, Kind::Lessons, "2");
    let [t0, t1] = ["T0", "T1"].map(|name| named(office, Kind::Teachers, name));
    for (lesson, teacher) in [(one, t0), (two, t1)] {
        let couplings = Value::Couplings(vec![coupling(None, Some(teacher), None)].into());
        office.change(lesson, None, "couplings", Some(couplings)).await;
        office.place(lesson, 1, 1, 1, &[]).await;
    }
    let absence =
        [("of", text("teacher")), ("name", Value::Reference(t0)), ("from", date(0)), ("to", date(0))];
    office.create(Kind::Absences, "1", &absence).await;
    let open = office.states.last().expect("states").0;
    let cover = [
        ("kind", text("cover")),
        ("date", date(0)),
        ("hour", number(1)),
        ("lesson", Value::Reference(one)),
        ("absent_teacher", Value::Reference(t0)),
        ("teacher", Value::Reference(t1)),
    ];
    let cover = office.create(Kind::Substitutions, "1", &cover).await;
    let covered = office.states.last().expect("states").0;
    office.remove(cover).await;
    office.followed().await;
    let pool = office.projections.pool();
    for (moment, substitutions, open, clashes) in
        [(Moment::AsOf(open), 0, 1, 0), (Moment::AsOf(covered), 1, 0, 1), (Moment::Now, 0, 1, 0)]
    {
        let list = cover_list(pool, &office.plan, day(0), moment, &ALL).await.expect("asked");
        assert_eq!((list.substitutions.len(), list.open.len()), (substitutions, open), "{moment:?}");
        let found = collisions(pool, &office.plan, CollisionsOf::All, moment, &ALL).await.expect("asked");
        assert_eq!(found.items.len(), clashes, "{moment:?}");
        let expected = json!({"kind": "teacher", "name": "T1", "period": "1", "day": 1, "hour": 1, "lessons": ["1", "2"],
            "date": "2026-11-23", "substitution": "1"});
        assert!(found.items.iter().all(|item| json!(item) == expected), "{:?}", found.items);
    }
    school.office.projections.stop().await;
}
