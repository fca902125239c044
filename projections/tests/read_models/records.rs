//! Records: what happened to them, and what is then answered.

use domain::{Actor, GroupId, Kind, Personal, UserAdded, UserChanged, UserId, Value};
use projections::record::{RecordFilter, record, records, singleton};
use projections::{Moment, Page};
use serde_json::json;
use uuid::Uuid;

use crate::office::{Office, id, page, text};

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
