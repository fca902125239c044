//! Plans, records, placements: what happened, and what is then answered.

use domain::{
    Actor, Event, GroupId, Kind, Personal, PlanChanged, PlanCondition, UserAdded, UserChanged, UserId, Value,
};
use projections::collision::{CollisionsOf, collisions};
use projections::placement::{TimetableOf, placement, placements, timetable};
use projections::plan::{plan, plans};
use projections::record::{RecordFilter, record, records, singleton};
use projections::unplaced::unplaced;
use projections::{Moment, Page, moment_at_position, moment_at_time};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::office::{Office, coupling, created, id, rows, text};

fn page(limit: i64) -> Page {
    Page { limit, after: None }
}

fn plain(items: &[Map<String, Json>]) -> Json {
    Json::Array(items.iter().cloned().map(Json::Object).collect())
}

async fn names(office: &Office, kind: Kind, filter: RecordFilter) -> Vec<String> {
    office.followed().await;
    let found =
        records(office.projections.pool(), &office.plan, kind, &filter, None, Moment::Now, &page(100)).await;
    found
        .expect("records")
        .items
        .iter()
        .map(|it| it.json["id"].as_str().expect("a name").to_owned())
        .collect()
}

async fn times(office: &Office, of: TimetableOf) -> Vec<Map<String, Json>> {
    office.followed().await;
    let found =
        timetable(office.projections.pool(), &office.plan, &of, "1", None, Moment::Now, &page(100)).await;
    found.expect("timetable").items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_shows_its_fields_in_order_and_who_changed_it() {
    let mut office = Office::open().await;
    let user = Uuid::now_v7();
    let name = |name: &str| Personal { of: user, open: name.to_owned() };
    let group = GroupId(Uuid::now_v7());
    let added = UserAdded {
        user: UserId(user),
        name: name("anna"),
        group,
        full_name: None,
        email: None,
        language: None,
    };
    office.setting.append(&"accounts".into(), vec![added.into()]).await;
    office.actor = Actor::User(user);
    let room = office.create(Kind::Rooms, "R1", &[]).await;
    let fields =
        [("text", text("x")), ("home_room", Value::Reference(room)), ("long_name", text("Carl Gauss"))];
    let gauss = office.create(Kind::Teachers, "GAUSS", &fields).await;
    let position = office.change(gauss, None, "week_target", Some(Value::Decimal("23.5".into()))).await;
    office.followed().await;
    let pool = office.projections.pool();
    let view = record(pool, &office.plan, Kind::Teachers, "GAUSS", None, Moment::Now).await.expect("asked");
    let view = view.expect("it is there");
    let mut json = view.json.clone();
    let changed = json.remove("changed").expect("who changed it");
    assert_eq!(
        serde_json::to_string(&json).expect("json"),
        r#"{"id":"GAUSS","revision":2,"long_name":"Carl Gauss","home_room":"R1","week_target":23.5,"text":"x"}"#
    );
    assert_eq!((view.revision, view.epoch), (2, 1));
    assert_eq!((&changed["by"], &changed["position"]), (&json!("anna"), &json!(format!("1.{position}"))));

    let renamed = UserChanged {
        user: UserId(user),
        revision: 2,
        name: name("anne"),
        group,
        full_name: None,
        email: None,
        language: None,
        disabled: false,
        by: None,
    };
    let later = office.setting.append(&"accounts".into(), vec![renamed.into()]).await.last;
    office.followed().await;
    let view = record(pool, &office.plan, Kind::Teachers, "GAUSS", None, Moment::Now).await.expect("asked");
    assert_eq!(
        view.expect("there").json["changed"]["by"],
        "anne",
        "whoever is renamed is renamed everywhere"
    );
    let then = Moment::AsOf(later - 1);
    let view = record(pool, &office.plan, Kind::Teachers, "GAUSS", None, then).await.expect("asked");
    assert_eq!(view.expect("there").json["changed"]["by"], "anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn references_follow_a_rename_and_the_old_name_is_gone() {
    let mut office = Office::open().await;
    let room = office.create(Kind::Rooms, "R1", &[]).await;
    office.create(Kind::Classes, "5a", &[("home_room", Value::Reference(room))]).await;
    let before = office.setting.ledger.head().await.expect("head").position;
    office.change(room, None, "id", Some(text("Aula"))).await;
    office.followed().await;
    let pool = office.projections.pool();
    let room_of = async |moment| {
        let view = record(pool, &office.plan, Kind::Classes, "5a", None, moment)
            .await
            .expect("asked")
            .expect("there");
        view.json["home_room"].clone()
    };
    assert_eq!(room_of(Moment::Now).await, "Aula");
    assert_eq!(room_of(Moment::AsOf(before)).await, "R1");
    let old = record(pool, &office.plan, Kind::Rooms, "R1", None, Moment::Now).await.expect("asked");
    assert_eq!(old, None);
    assert_eq!(
        names(&office, Kind::Classes, RecordFilter { room: Some("Aula".into()), ..Default::default() }).await,
        ["5a"]
    );
    let old = RecordFilter { room: Some("R1".into()), ..Default::default() };
    assert_eq!(names(&office, Kind::Classes, old).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_for_one_period_shows_in_that_period_only() {
    let mut office = Office::open().await;
    let second = office.create(Kind::Periods, "2", &[]).await;
    let room = office.create(Kind::Rooms, "R1", &[("capacity", Value::Number(30))]).await;
    office.change(room, Some(second), "capacity", Some(Value::Number(12))).await;
    office.followed().await;
    let pool = office.projections.pool();
    let asked = async |period| {
        let view = record(pool, &office.plan, Kind::Rooms, "R1", period, Moment::Now).await.expect("asked");
        view.map(|view| (view.json["capacity"].clone(), view.json.get("period_fields").cloned()))
    };
    assert_eq!(asked(None).await, Some((json!(30), None)));
    assert_eq!(asked(Some("2")).await, Some((json!(12), Some(json!(["capacity"])))));
    assert_eq!(asked(Some("1")).await, Some((json!(30), Some(json!([])))));
    assert_eq!(asked(Some("3")).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_ordered_filtered_and_paged() {
    let mut office = Office::open().await;
    let maths = office.create(Kind::Departments, "MATHS", &[]).await;
    for name in ["b", "a", "C", "Ä"] {
        let fields = [("department", Value::Reference(maths)), ("long_name", text(&format!("Long {name}")))];
        let fields = if name == "C" { &fields[1..] } else { &fields[..] };
        office.create(Kind::Teachers, name, fields).await;
    }
    for name in ["10", "9", "Chor", "100"] {
        office.lesson(name, 1, vec![]).await;
    }
    assert_eq!(names(&office, Kind::Teachers, RecordFilter::default()).await, ["C", "a", "b", "Ä"]);
    assert_eq!(names(&office, Kind::Lessons, RecordFilter::default()).await, ["9", "10", "100", "Chor"]);
    let maths = RecordFilter { department: Some("MATHS".into()), ..Default::default() };
    assert_eq!(names(&office, Kind::Teachers, maths.clone()).await, ["a", "b", "Ä"]);
    let found = RecordFilter { q: Some("LONG ä".into()), ..Default::default() };
    assert_eq!(names(&office, Kind::Teachers, found).await, ["Ä"]);
    let unknown = RecordFilter { department: Some("ART".into()), ..Default::default() };
    assert_eq!(names(&office, Kind::Teachers, unknown).await, [""; 0]);

    let pool = office.projections.pool();
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let part = Page { limit: 3, after };
        let everything = RecordFilter::default();
        let found = records(pool, &office.plan, Kind::Lessons, &everything, None, Moment::Now, &part).await;
        let found = found.expect("records");
        seen.extend(found.items.iter().map(|it| it.json["id"].as_str().expect("a name").to_owned()));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["9", "10", "100", "Chor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_grid_is_there_without_a_name() {
    let mut office = Office::open().await;
    let grid = domain::RecordCreated {
        record: id(),
        kind: Kind::TimeGrid,
        revision: 1,
        hour_of: None,
        fields: [("days".into(), Value::Days(vec![1, 2]))].into(),
        import: None,
    };
    office.write(vec![grid.into()]).await;
    office.followed().await;
    let view =
        singleton(office.projections.pool(), &office.plan, Kind::TimeGrid, Moment::Now).await.expect("asked");
    let view = view.expect("there");
    assert_eq!((&view.json["id"], &view.json["days"]), (&json!("time-grid"), &json!([1, 2])));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_its_state_and_counts() {
    let mut office = Office::open().await;
    office.create(Kind::Rooms, "R1", &[]).await;
    let lesson = office.lesson("1", 1, vec![]).await;
    office.place(lesson, 1, 1, 1, &[]).await;
    let before = office.setting.ledger.head().await.expect("head").position;
    let closed = PlanChanged {
        title: Some("New".into()),
        state: Some(PlanCondition::ReadOnly),
        revision: 2,
        by: None,
    };
    let last = office.write(vec![closed.into()]).await;
    office.followed().await;
    let pool = office.projections.pool();
    let view = plan(pool, &office.plan, Moment::Now).await.expect("asked").expect("there");
    assert_eq!(
        Json::Object(view.json),
        json!({"plan": "100234~2026-2027~1", "title": "New", "state": "read-only", "revision": 2,
            "position": format!("1.{last}"),
            "counts": {"periods": 1, "holidays": 0, "departments": 0, "rooms": 1, "subjects": 0, "teachers": 0,
                "classes": 0, "students": 0, "lessons": 1, "placements": 1, "absence-reasons": 0, "absences": 0,
                "substitutions": 0},
            "sessions": 0, "locks": 0})
    );
    let view = plan(pool, &office.plan, Moment::AsOf(before)).await.expect("asked").expect("there");
    assert_eq!(
        (&view.json["state"], &view.json["position"]),
        (&json!("open"), &json!(format!("1.{before}")))
    );
    assert_eq!(plan(pool, &office.plan, Moment::AsOf(0)).await.expect("asked"), None);
    assert_eq!(plans(pool, Moment::Now, &page(10)).await.expect("asked").items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_half_an_append() {
    let mut office = Office::open().await;
    let record_id = id();
    let mut events: Vec<Event> = vec![created(Kind::Rooms, record_id, "R1", &[])];
    events.extend((2..5).map(|n| created(Kind::Rooms, id(), &format!("R{n}"), &[])));
    let last = office.write(events).await;
    office.followed().await;
    let pool = office.projections.pool();
    let count = async |moment| {
        let found =
            records(pool, &office.plan, Kind::Rooms, &RecordFilter::default(), None, moment, &page(10)).await;
        found.expect("records").items.len()
    };
    assert_eq!((count(Moment::AsOf(last - 1)).await, count(Moment::AsOf(last)).await), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_and_a_time_lead_to_the_end_of_an_append() {
    let mut office = Office::open().await;
    let mut ends = vec![office.states[0].0];
    for step in 0..10 {
        let rooms = (0..1 + step % 3).map(|n| created(Kind::Rooms, id(), &format!("R{step}.{n}"), &[]));
        ends.push(office.write(rooms.collect()).await);
    }
    office.followed().await;
    let pool = office.projections.pool();
    let last = *ends.last().expect("an append");
    assert_eq!(moment_at_position(pool, last + 1).await.expect("asked"), None);
    assert_eq!(moment_at_position(pool, 0).await.expect("asked"), Some(Moment::AsOf(0)));
    for position in 1..=last {
        let end = *ends.iter().find(|end| **end >= position).expect("its append");
        assert_eq!(moment_at_position(pool, position).await.expect("asked"), Some(Moment::AsOf(end)));
        let event = office.setting.ledger.read_all(position - 1, 1).await.expect("read").events.remove(0);
        assert_eq!(moment_at_time(pool, event.recorded_at).await.expect("asked"), Moment::AsOf(end));
        let before = event.recorded_at - chrono::TimeDelta::microseconds(1);
        let Moment::AsOf(earlier) = moment_at_time(pool, before).await.expect("asked") else {
            panic!("a position")
        };
        assert!(earlier < end);
    }
}
