//! Placements: who meets where and when, what collides, what has no place.

use domain::{Kind, Value};
use projections::collision::{CollisionsOf, collisions};
use projections::placement::{TimetableOf, placement, placements, timetable};
use projections::unplaced::unplaced;
use projections::{Moment, Page};
use serde_json::{Map, Value as Json, json};

use crate::office::{Office, coupling, page, rows, text};

fn plain(items: &[Map<String, Json>]) -> Json {
    Json::Array(items.iter().cloned().map(Json::Object).collect())
}

async fn times(office: &Office, of: TimetableOf) -> Vec<Map<String, Json>> {
    office.followed().await;
    let found =
        timetable(office.projections.pool(), &office.plan, &of, "1", None, Moment::Now, &page(100)).await;
    found.expect("timetable").items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placement_follows_the_couplings_until_it_has_rows_of_its_own() {
    let mut office = Office::open().await;
    let class = office.create(Kind::Classes, "5a", &[]).await;
    let gauss = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let euler = office.create(Kind::Teachers, "EULER", &[]).await;
    let lesson = office.lesson("7", 3, vec![coupling(Some(class), Some(gauss), None)]).await;
    let first = office.place(lesson, 1, 2, 3, &[]).await;
    office.place(lesson, 2, 1, 1, &[("week", text("A")), ("length", Value::Number(45))]).await;
    let teacher = |name: &str| TimetableOf::Teacher(name.to_owned());
    assert_eq!(
        plain(&times(&office, teacher("GAUSS")).await),
        json!([
            {"period": "1", "day": 1, "hour": 1, "week": "A", "lesson": "7", "n": 2, "class": "5a", "teacher": "GAUSS"},
            {"period": "1", "day": 2, "hour": 3, "lesson": "7", "n": 1, "class": "5a", "teacher": "GAUSS"},
        ])
    );
    let couplings = Value::Couplings(vec![coupling(Some(class), Some(euler), None)].into());
    office.change(lesson, None, "couplings", Some(couplings)).await;
    assert_eq!(times(&office, teacher("GAUSS")).await.len(), 0);
    assert_eq!(times(&office, teacher("EULER")).await.len(), 2);
    // The period's own couplings come before those of every period.
    let own = Value::Couplings(vec![coupling(Some(class), Some(gauss), None)].into());
    let period = office.period();
    office.change(lesson, Some(period), "couplings", Some(own)).await;
    assert_eq!(times(&office, teacher("GAUSS")).await.len(), 2);
    assert_eq!(times(&office, teacher("EULER")).await.len(), 0);
    office
        .change(
            first,
            None,
            "rows",
            Some(rows(&[(Some(class), Some(euler), None), (None, Some(euler), None)])),
        )
        .await;
    assert_eq!(times(&office, teacher("EULER")).await.len(), 2, "two rows of one placement");
    assert_eq!(times(&office, TimetableOf::Class("5a".into())).await.len(), 2);
    assert_eq!(times(&office, TimetableOf::All).await.len(), 3);
    office.followed().await;
    let pool = office.projections.pool();
    let view = placement(pool, &office.plan, "7", "1", 1, Moment::Now).await.expect("asked").expect("there");
    let mut json = view.json;
    json.remove("changed");
    assert_eq!(
        Json::Object(json),
        json!({"id": "1", "revision": 2, "lesson": "7", "n": 1, "period": "1", "day": 2, "hour": 3,
            "rows": [{"class": "5a", "teacher": "EULER"}, {"teacher": "EULER"}]})
    );
    assert_eq!(placement(pool, &office.plan, "7", "1", 3, Moment::Now).await.expect("asked"), None);
    let all = placements(pool, &office.plan, "7", "1", Moment::Now, &page(10))
        .await
        .expect("asked")
        .expect("a lesson");
    assert_eq!(all.items.len(), 2);
    office.change(first, None, "rows", None).await;
    assert_eq!(times(&office, teacher("EULER")).await.len(), 0, "it follows the lesson again");
    office.remove(first).await;
    assert_eq!(times(&office, teacher("GAUSS")).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timetable_is_paged_in_its_order() {
    let mut office = Office::open().await;
    let class = office.create(Kind::Classes, "5a", &[]).await;
    for name in ["10", "9", "Z"] {
        let lesson =
            office.lesson(name, 2, vec![coupling(Some(class), None, None), coupling(None, None, None)]).await;
        office.place(lesson, 1, 1, 1, &[]).await;
        office.place(lesson, 2, 1, 2, &[]).await;
    }
    let whole = times(&office, TimetableOf::All).await;
    let order: Vec<(i64, String)> = whole
        .iter()
        .map(|it| {
            (it["hour"].as_i64().expect("an hour"), it["lesson"].as_str().expect("a lesson").to_owned())
        })
        .collect();
    let expected = [(1, "9"), (1, "9"), (1, "10"), (1, "10"), (1, "Z"), (1, "Z")];
    assert_eq!(order[..6], expected.map(|(hour, lesson)| (hour, lesson.to_owned())));
    for limit in [1, 5] {
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let part = Page { limit, after };
            let pool = office.projections.pool();
            let found = timetable(pool, &office.plan, &TimetableOf::All, "1", None, Moment::Now, &part).await;
            let found = found.expect("timetable");
            seen.extend(found.items);
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, whole, "pages of {limit}");
    }
    let week = async |week| {
        let of = TimetableOf::All;
        timetable(office.projections.pool(), &office.plan, &of, "1", Some(week), Moment::Now, &page(100))
            .await
    };
    assert_eq!(week("A").await.expect("timetable").items, whole, "what has no week is in every week");
}

#[tokio::test(flavor = "multi_thread")]
async fn double_bookings_are_collisions_unless_the_weeks_differ() {
    let mut office = Office::open().await;
    let class = office.create(Kind::Classes, "5a", &[]).await;
    let gauss = office.create(Kind::Teachers, "GAUSS", &[]).await;
    let room = office.create(Kind::Rooms, "R1", &[]).await;
    let one = office.lesson("9", 5, vec![coupling(Some(class), Some(gauss), None)]).await;
    let other = office.lesson("10", 5, vec![coupling(None, Some(gauss), Some(room))]).await;
    office.place(one, 1, 1, 1, &[]).await;
    office.place(other, 1, 1, 1, &[]).await;
    office.place(one, 2, 2, 1, &[("week", text("A"))]).await;
    office.place(other, 2, 2, 1, &[("week", text("B"))]).await;
    office.place(one, 3, 3, 1, &[("week", text("A"))]).await;
    office.place(other, 3, 3, 1, &[]).await;
    office.followed().await;
    let found = async |of, page: Page| {
        collisions(office.projections.pool(), &office.plan, of, Moment::Now, &page).await.expect("collisions")
    };
    let all = found(CollisionsOf::All, page(10)).await;
    assert_eq!(
        plain(&all.items),
        json!([
            {"kind": "teacher", "name": "GAUSS", "period": "1", "day": 1, "hour": 1, "lessons": ["9", "10"]},
            {"kind": "teacher", "name": "GAUSS", "period": "1", "day": 3, "hour": 1, "week": "A", "lessons": ["9", "10"]},
        ])
    );
    assert_eq!(found(CollisionsOf::Period("1"), page(10)).await.items.len(), 2);
    assert_eq!(found(CollisionsOf::Period("2"), page(10)).await.items.len(), 0);
    let first = found(CollisionsOf::All, page(1)).await;
    let second = found(CollisionsOf::All, Page { limit: 1, after: first.next.clone() }).await;
    assert_eq!([first.items, second.items].concat(), all.items);
    assert_eq!(second.next, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_without_a_place_are_counted_for_each_period() {
    let mut office = Office::open().await;
    let second = office.create(Kind::Periods, "2", &[]).await;
    let lesson = office.lesson("9", 3, vec![]).await;
    office.lesson("10", 0, vec![]).await;
    office.place(lesson, 1, 1, 1, &[]).await;
    office.change(lesson, Some(second), "hours_per_week", Some(Value::Number(1))).await;
    office.followed().await;
    let found =
        unplaced(office.projections.pool(), &office.plan, None, Moment::Now, &page(10)).await.expect("asked");
    assert_eq!(
        plain(&found.items),
        json!([{"lesson": "9", "period": "1", "missing": 2}, {"lesson": "9", "period": "2", "missing": 1}])
    );
    let found = unplaced(office.projections.pool(), &office.plan, Some("2"), Moment::Now, &page(10)).await;
    assert_eq!(found.expect("asked").items.len(), 1);
}
