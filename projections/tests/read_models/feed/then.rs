//! The names that changes are told with, and long feeds.

use domain::{
    ChangeRefused, Event, FieldChange, HourOf, Kind, RecordChanged, RecordCreated, RecordId, RecordRemoved,
    RefusalCode, Value,
};
use projections::change::{Past, Wanted, changes, history, stretch};
use serde_json::{Value as Json, json};

use super::{ALL, created, feed, id, subjects, teacher, text};
use crate::presence::{all, anna, append, bert, changed, name_of, period, plan};
use crate::setting::Setting;

fn home(teacher: RecordId, revision: u64, room: RecordId) -> Event {
    let change = FieldChange { field: "home_room".into(), from: None, to: Some(Value::Reference(room)) };
    let kind = Kind::Teachers;
    RecordChanged { record: teacher, kind, revision, period: None, changes: vec![change], import: None }
        .into()
}

fn removed(record: RecordId, kind: Kind, revision: u64, name: &str) -> Event {
    let fields = [("id".into(), text(name))].into();
    RecordRemoved { record, kind, revision, fields, import: None }.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mentioned_bears_its_name_of_then_however_often_it_is_called_otherwise() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let room = created(id(1), Kind::Rooms, vec![("id", text("R0"))]);
    append(&setting, &projections, anna(), vec![room, teacher(2, "GAUSS")]).await;
    for n in 1..5 {
        let (before, after) = (format!("R{}", n - 1), format!("R{n}"));
        append(&setting, &projections, anna(), vec![home(id(2), n + 1, id(1))]).await;
        append(
            &setting,
            &projections,
            anna(),
            vec![changed(id(1), Kind::Rooms, n + 1, "id", &before, &after)],
        )
        .await;
    }
    append(&setting, &projections, anna(), vec![removed(id(1), Kind::Rooms, 6, "R4")]).await;
    append(&setting, &projections, anna(), vec![home(id(2), 6, id(1))]).await;

    let mentioned = |items: &[Json]| -> Vec<Json> {
        let homes = items.iter().filter(|item| item["data"]["changes"][0]["field"] == "home_room");
        homes.map(|item| item["data"]["changes"][0]["to"].clone()).collect()
    };
    let told = feed(&projections, ALL).await;
    assert_eq!(mentioned(&told.items), ["R0", "R1", "R2", "R3", "R4"], "the last name of what is gone");
    let of_teacher = feed(&projections, Wanted { record: Some("teachers/GAUSS"), ..ALL }).await;
    assert_eq!(mentioned(&of_teacher.items), ["R0", "R1", "R2", "R3", "R4"]);
    let rooms = feed(&projections, Wanted { kind: Some("rooms"), ..ALL }).await;
    assert_eq!(
        subjects(&rooms),
        ["rooms/R0", "rooms/R1", "rooms/R2", "rooms/R3", "rooms/R4", "rooms/R4"],
        "a new name is that of its own change"
    );
    let past = Past {
        record: "teachers/GAUSS",
        period: None,
        upto: i64::MAX,
        before: i64::MAX,
        limit: 3,
        absences: true,
    };
    let past = history(projections.pool(), &plan(), past, &name_of).await.expect("history").expect("known");
    let told: Vec<&Json> = past.iter().map(|(_, item)| &item["changes"][0]["to"]).collect();
    assert_eq!(told, ["R4", "R3", "R2"]);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_and_goes_in_one_append_is_called_by_its_name() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let both = vec![teacher(1, "GAUSS"), removed(id(1), Kind::Teachers, 2, "GAUSS"), teacher(2, "EULER")];
    append(&setting, &projections, anna(), both).await;
    let told = feed(&projections, ALL).await;
    assert_eq!(subjects(&told), ["teachers/GAUSS", "teachers/GAUSS", "teachers/EULER"]);
    assert_eq!(told.items[1]["data"]["changes"], json!([{ "field": "id", "from": "GAUSS", "to": null }]));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_of_an_hour_is_called_after_its_lesson_also_when_both_come_in_one_batch() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let (first, period_made) = period();
    let lesson = created(id(1), Kind::Lessons, vec![("id", text("12"))]);
    append(&setting, &projections, anna(), vec![period_made, lesson]).await;
    projections.stop().await;
    let hour_of = Some(HourOf { lesson: id(1), period: first, n: 3 });
    let (record, kind, fields) = (id(2), Kind::Placements, [("day".into(), Value::Number(2))].into());
    let placed = RecordCreated { record, kind, revision: 1, hour_of, fields, import: None };
    setting.append(&plan().stream(), vec![placed.into()]).await;
    let mut late = ChangeRefused::new(bert(), None, RefusalCode::Stale).of_kind(Kind::Placements);
    late.record = Some(record);
    let last = setting.append(&plan().stream().refused(), vec![late.into()]).await.last;
    let projections = setting.follow(all());
    projections.wait_for(last, std::time::Duration::from_secs(60)).await.expect("followed");
    let told = feed(&projections, Wanted { kind: Some("placements"), ..ALL }).await;
    assert_eq!(subjects(&told), ["lessons/12/placements/3"; 2]);
    assert_eq!(told.items[1]["data"]["period"], "1");
    projections.stop().await;
}

/// Five thousand changes, over more than one block of places, in appends of twenty: ten of a teacher, nine of rooms, one elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_feed_is_told_whole_and_in_order_by_pages_of_every_size_and_every_filter() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let rooms: Vec<Event> =
        (1..10).map(|n| created(id(n), Kind::Rooms, vec![("id", text(&format!("R{n}")))])).collect();
    append(&setting, &projections, anna(), rooms).await;
    append(&setting, &projections, anna(), vec![teacher(10, "GAUSS")]).await;
    let other: domain::PlanId = "7~2026-2027~1".parse().expect("a plan");
    for n in 0..262 {
        let mut events: Vec<Event> = Vec::new();
        for k in 0..10 {
            events.push(changed(id(10), Kind::Teachers, 2 + n * 10 + k, "text", "a", &format!("{n}.{k}")));
            if k > 0 {
                events.push(changed(id(u128::from(k)), Kind::Rooms, 2 + n, "text", "a", &n.to_string()));
            }
        }
        setting.append(&plan().stream(), events).await;
        setting.append(&other.stream(), vec![teacher(u128::from(100 + n), &format!("T{n}"))]).await;
    }
    let head = setting.ledger.head().await.expect("the head").position;
    projections.wait_for(head, std::time::Duration::from_secs(60)).await.expect("followed");

    let filters = [(None, None), (Some("teachers"), None), (Some("rooms"), None), (None, Some("rooms/R7"))];
    let counts = [262 * 19 + 10, 262 * 10 + 1, 262 * 9 + 9, 262 + 1];
    for ((kind, record), count) in filters.into_iter().zip(counts) {
        let mut whole = Vec::new();
        for limit in [1_000, 333, 100_000] {
            let (mut told, mut after) = (Vec::new(), 0);
            while after < head {
                let wanted = Wanted { after, limit, kind, record, ..ALL };
                let page = changes(projections.pool(), &plan(), wanted, &name_of).await.expect("a page");
                assert!(page.next > after, "it makes progress");
                after = page.next;
                told.extend(page.items);
            }
            assert_eq!(told.len(), count, "{kind:?} {record:?} by {limit}");
            if limit == 1_000 {
                whole = told;
            } else {
                assert_eq!(told, whole, "{kind:?} {record:?} by {limit}");
            }
        }
        let (mut told, mut after) = (0, 0);
        while after < head {
            let wanted = Wanted { after, limit: 700, kind, record, ..ALL };
            let some = stretch(projections.pool(), &plan(), wanted, &name_of).await.expect("a stretch");
            after = some.upto;
            told += some.told.len();
        }
        assert_eq!(told, count, "{kind:?} {record:?} followed");
    }

    let (mut revisions, mut before) = (Vec::new(), i64::MAX);
    loop {
        let wanted = Past {
            record: "teachers/GAUSS",
            period: None,
            upto: i64::MAX,
            before,
            limit: 1_500,
            absences: true,
        };
        let page =
            history(projections.pool(), &plan(), wanted, &name_of).await.expect("history").expect("known");
        let Some((oldest, _)) = page.last() else { break };
        before = *oldest;
        revisions.extend(page.iter().filter_map(|(_, item)| item["revision"].as_u64()));
    }
    assert_eq!(revisions, (1..=2_621).rev().collect::<Vec<_>>());
    projections.stop().await;
    setting.drop_schemas().await;
}
