//! Time travel: what is answered as of a position is what the rules' own fold of the events up to it says.

use domain::{Coupling, HourOf, Kind, Plan, RecordId, Value};
use projections::placement::{TimetableOf, placement, timetable};
use projections::record::record;
use projections::{Moment, Page};
use serde_json::{Map, Value as Json};

use crate::office::{Office, coupling, created, id, placed, rows, text};

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.below(of.len())]) }
    }
}

fn some(fold: &Plan, kind: Kind) -> Vec<RecordId> {
    let mut all: Vec<RecordId> = fold.records().filter(|it| it.kind == kind).map(|it| it.id).collect();
    all.sort_unstable();
    all
}

fn couplings(fold: &Plan, dice: &mut Dice) -> Value {
    let count = 1 + dice.below(2);
    let all: Vec<Coupling> = (0..count)
        .map(|_| {
            let class = dice.one(&some(fold, Kind::Classes));
            let teacher = dice.one(&some(fold, Kind::Teachers));
            coupling(class, teacher, dice.one(&some(fold, Kind::Rooms)))
        })
        .collect();
    Value::Couplings(all.into())
}

/// One more append of one to three events about different records.
async fn happen(office: &mut Office, dice: &mut Dice, step: usize) {
    let fold = office.fold.clone();
    let lessons = some(&fold, Kind::Lessons);
    let placements = some(&fold, Kind::Placements);
    let event = match dice.below(9) {
        0 => created(Kind::Lessons, id(), &format!("{step}"), &[("couplings", couplings(&fold, dice))]),
        1 | 2 => {
            let Some(lesson) = dice.one(&lessons) else { return };
            let n = u32::try_from(step).expect("small");
            let day = Value::Number(1 + i64::try_from(dice.below(5)).expect("small"));
            let mut fields = vec![("day", day), ("hour", Value::Number(1))];
            if dice.below(2) == 0 {
                fields.push(("rows", rows(&[(None, dice.one(&some(&fold, Kind::Teachers)), None)])));
            }
            placed(id(), HourOf { lesson, period: office.period(), n }, fields)
        }
        3 => {
            let Some(teacher) = dice.one(&some(&fold, Kind::Teachers)) else { return };
            office.changed(teacher, None, "id", Some(text(&format!("T{step}"))))
        }
        4 => {
            let Some(lesson) = dice.one(&lessons) else { return };
            let period = (dice.below(2) == 0).then(|| office.period());
            let to = (period.is_none() || dice.below(2) == 0).then(|| couplings(&fold, dice));
            office.changed(lesson, period, "couplings", to)
        }
        5 => {
            let Some(placement) = dice.one(&placements) else { return };
            let to =
                (dice.below(2) == 0).then(|| rows(&[(dice.one(&some(&fold, Kind::Classes)), None, None)]));
            office.changed(placement, None, "rows", to)
        }
        6 => {
            let Some(placement) = dice.one(&placements) else { return };
            office.removed(placement)
        }
        7 => {
            let Some(placement) = dice.one(&placements) else { return };
            office.changed(placement, None, "week", Some(text("A")))
        }
        _ => {
            let Some(class) = dice.one(&some(&fold, Kind::Classes)) else { return };
            office.changed(
                class,
                None,
                "home_room",
                dice.one(&some(&fold, Kind::Rooms)).map(Value::Reference),
            )
        }
    };
    let mut events = vec![event];
    if dice.below(3) == 0 {
        events.push(created(Kind::Rooms, id(), &format!("R{step}"), &[]));
    }
    office.write(events).await;
}

/// The timetable by the rules: the rows of each placement, or its lesson's.
fn timetable_by_fold(fold: &Plan) -> Vec<String> {
    let name = |id: Option<RecordId>| id.and_then(|id| fold.name_of(id)).unwrap_or_default();
    let mut items = Vec::new();
    for record in fold.records().filter(|it| it.kind == Kind::Placements) {
        let hour_of = record.hour_of.expect("a placement");
        let rows = match record.fields.get("rows") {
            Some(Value::Rows(rows)) => rows.to_vec(),
            _ => fold.lesson_rows(hour_of.lesson, hour_of.period),
        };
        let day = record.fields["day"].number().expect("a day");
        let lesson = name(Some(hour_of.lesson));
        for row in rows {
            items.push(format!(
                "{day} {lesson} {} {} {} {}",
                hour_of.n,
                name(row.class),
                name(row.teacher),
                name(row.room)
            ));
        }
    }
    items.sort();
    items
}

fn line(item: &Map<String, Json>) -> String {
    let part = |name: &str| match item.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(number) => number.to_string(),
        None => String::new(),
    };
    let parts = ["day", "lesson", "n", "class", "teacher", "room"].map(part);
    parts.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_then_is_what_the_fold_says() {
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        let mut office = Office::open().await;
        for n in 0..3 {
            office.create(Kind::Classes, &format!("C{n}"), &[]).await;
            office.create(Kind::Teachers, &format!("G{n}"), &[]).await;
            office.create(Kind::Rooms, &format!("Q{n}"), &[]).await;
        }
        for step in 1..80 {
            happen(&mut office, &mut dice, step).await;
        }
        office.followed().await;
        let pool = office.projections.pool();
        let page = Page { limit: 1_000, after: None };
        for (position, fold) in &office.states {
            let moment = Moment::AsOf(*position);
            let found = timetable(pool, &office.plan, &TimetableOf::All, "1", None, moment, &page).await;
            let mut found: Vec<String> = found.expect("timetable").items.iter().map(line).collect();
            found.sort();
            assert_eq!(found, timetable_by_fold(fold), "seed {seed}, as of {position}");
        }
        let last = office.states.last().expect("something happened");
        for (position, fold) in office.states.iter().rev().step_by(9) {
            let moment = if *position == last.0 { Moment::Now } else { Moment::AsOf(*position) };
            for expected in fold.records() {
                let view = if let Some(hour_of) = expected.hour_of {
                    let lesson = fold.name_of(hour_of.lesson).expect("a lesson");
                    let view =
                        placement(pool, &office.plan, &lesson, "1", hour_of.n, moment).await.expect("asked");
                    view.map(|view| view.json)
                } else {
                    let name = expected.name().expect("a name");
                    let view =
                        record(pool, &office.plan, expected.kind, name, None, moment).await.expect("asked");
                    view.map(|view| view.json)
                };
                let mut json = view.expect("it was there");
                json.remove("changed");
                assert_eq!(json, fold.record_json(expected, None), "seed {seed}, as of {position}");
            }
        }
        office.projections.stop().await;
    }
}
