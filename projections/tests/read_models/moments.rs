//! Plans as they are and were, and the moments at which something may be asked.

use domain::{Event, Kind, PlanChanged, PlanCondition};
use projections::plan::{plan, plans};
use projections::record::{RecordFilter, records};
use projections::{Moment, moment_at_position, moment_at_time};
use serde_json::{Value as Json, json};

use crate::office::{Office, created, id, page};

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
