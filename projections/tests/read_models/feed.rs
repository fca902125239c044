//! The feed of a plan.

use domain::{
    Action, ChangeRefused, Event, HourOf, ImportDone, ImportId, Kind, LockEnd, LockEnded, LockGranted,
    LockId, Mode, RecordCreated, RecordId, RecordRemoved, RefusalCode, SessionChanged, SessionEnd,
    SessionEnded, Value, Winner,
};
use projections::Projections;
use projections::change::{Feed, Past, Wanted, changes, history};
use serde_json::json;
use uuid::Uuid;

use crate::presence::{
    PLAN, all, anna, append, append_to, bert, changed, name_of, period, plan, session_id, started,
};
use crate::setting::Setting;

mod sessions;
mod then;

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(1_000 + n))
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn created(record: RecordId, kind: Kind, fields: Vec<(&'static str, Value)>) -> Event {
    let fields = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    RecordCreated { record, kind, revision: 1, hour_of: None, fields, import: None }.into()
}

fn teacher(n: u128, name: &str) -> Event {
    created(id(n), Kind::Teachers, vec![("id", text(name))])
}

async fn feed(projections: &Projections, wanted: Wanted<'_>) -> Feed {
    changes(projections.pool(), &plan(), wanted, &name_of).await.expect("a feed")
}

const ALL: Wanted<'_> =
    Wanted { after: 0, upto: i64::MAX, limit: 100, kind: None, record: None, absences: true };

fn subjects(feed: &Feed) -> Vec<&str> {
    feed.items.iter().filter_map(|item| item["subject"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_cloud_event_in_the_words_of_its_moment() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let room = created(id(1), Kind::Rooms, vec![("id", text("TS 3"))]);
    let home = Value::Reference(id(1));
    let gauss = created(id(2), Kind::Teachers, vec![("home_room", home), ("id", text("GAUSS"))]);
    append(&setting, &projections, anna(), vec![room, gauss]).await;
    let renamed = append(
        &setting,
        &projections,
        bert(),
        vec![changed(id(1), Kind::Rooms, 2, "id", "TS 3", "Turnsaal")],
    )
    .await;

    let told = feed(&projections, ALL).await;
    assert_eq!(subjects(&told), ["rooms/TS 3", "teachers/GAUSS", "rooms/Turnsaal"]);
    assert_eq!(told.next, renamed);
    let gauss = &told.items[1];
    assert_eq!(
        gauss["data"],
        json!({
            "by": "anna", "session": null, "period": null, "revision": 1,
            "changes": [
                { "field": "id", "from": null, "to": "GAUSS" },
                { "field": "home_room", "from": null, "to": "TS 3" },
            ],
        })
    );
    let renaming = &told.items[2];
    assert_eq!(renaming["specversion"], "1.0");
    assert_eq!(renaming["id"], format!("1.{renamed}"));
    assert_eq!(renaming["sequence"], renaming["id"]);
    assert_eq!(renaming["source"], format!("/v1/plans/{PLAN}"));
    assert_eq!(renaming["type"], "daybook.record.changed");
    assert_eq!(renaming["data"]["by"], "bert");
    assert_eq!(renaming["data"]["changes"], json!([{ "field": "id", "from": "TS 3", "to": "Turnsaal" }]));
    assert!(renaming["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_never_ends_within_an_append_and_always_makes_progress() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    append(&setting, &projections, anna(), vec![teacher(1, "A")]).await;
    let import: Vec<Event> = (2..7).map(|n| teacher(n, &format!("T{n}"))).collect();
    let imported = append(&setting, &projections, anna(), import).await;
    let end = append(&setting, &projections, anna(), vec![teacher(8, "Z")]).await;
    let of = |after, limit| Wanted { after, limit, ..ALL };

    let first = feed(&projections, of(0, 3)).await;
    assert_eq!((subjects(&first), first.next), (vec!["teachers/A"], 1));
    let second = feed(&projections, of(first.next, 3)).await;
    assert_eq!(
        (second.items.len(), second.next),
        (5, imported),
        "an append larger than the page comes whole"
    );
    let third = feed(&projections, of(second.next, 3)).await;
    assert_eq!((subjects(&third), third.next), (vec!["teachers/Z"], end));
    let exact = feed(&projections, of(0, 6)).await;
    assert_eq!((exact.items.len(), exact.next), (6, imported));
    // Elsewhere something happens: an empty page moves on all the same.
    let other = "7~2026-2027~1".parse::<domain::PlanId>().expect("a plan").stream();
    let last = append_to(&setting, &projections, &other, anna(), vec![teacher(9, "X")]).await;
    let empty = feed(&projections, of(third.next, 3)).await;
    assert_eq!((empty.items.len(), empty.next), (0, last));
    let past = feed(&projections, Wanted { upto: imported, ..of(first.next, 3) }).await;
    assert_eq!((past.items.len(), past.next), (5, imported), "as things stood then");
    // Who knows a position that is not read yet stays there.
    assert_eq!(feed(&projections, of(last + 5, 3)).await.next, last + 5);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_of_a_record_follows_it_through_its_names() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    append(&setting, &projections, anna(), vec![teacher(1, "GAUSS")]).await;
    append(&setting, &projections, anna(), vec![changed(id(1), Kind::Teachers, 2, "id", "GAUSS", "EULER")])
        .await;
    append(
        &setting,
        &projections,
        anna(),
        vec![teacher(2, "GAUSS"), created(id(3), Kind::Rooms, vec![("id", text("R1"))])],
    )
    .await;
    append(&setting, &projections, anna(), vec![changed(id(1), Kind::Teachers, 3, "text", "a", "b")]).await;
    let of = |record| Wanted { record: Some(record), ..ALL };

    let euler = feed(&projections, of("teachers/EULER")).await;
    assert_eq!(subjects(&euler), ["teachers/GAUSS", "teachers/EULER", "teachers/EULER"]);
    let gauss = feed(&projections, of("teachers/GAUSS")).await;
    let made: Vec<_> = gauss.items.iter().map(|item| item["data"]["revision"].clone()).collect();
    assert_eq!(made, [1, 1], "the one that was called so, as long as it was, and the one that is");
    assert!(feed(&projections, of("teachers/NOBODY")).await.items.is_empty());
    let rooms = feed(&projections, Wanted { kind: Some("rooms"), ..ALL }).await;
    assert_eq!(subjects(&rooms), ["rooms/R1"]);
    let wanted = Past {
        record: "teachers/EULER",
        period: None,
        upto: i64::MAX,
        before: i64::MAX,
        limit: 2,
        absences: true,
    };
    let past = history(projections.pool(), &plan(), wanted, &name_of).await.expect("history").expect("known");
    let told: Vec<_> =
        past.iter().map(|(_, item)| (item["kind"].clone(), item["revision"].clone())).collect();
    assert_eq!(told, [(json!("changed"), json!(3)), (json!("changed"), json!(2))]);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_feed_of_a_name_does_not_know_who_bears_it_later() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    append(&setting, &projections, anna(), vec![teacher(1, "GAUSS")]).await;
    let renaming = vec![changed(id(1), Kind::Teachers, 2, "id", "GAUSS", "EULER")];
    let renamed = append(&setting, &projections, anna(), renaming).await;
    let of = |upto| Wanted { record: Some("teachers/GAUSS"), upto, ..ALL };
    let then = feed(&projections, of(i64::MAX)).await;
    assert_eq!(subjects(&then), ["teachers/GAUSS", "teachers/EULER"], "he was the last of that name");
    append(&setting, &projections, anna(), vec![teacher(2, "GAUSS")]).await;
    assert_eq!(feed(&projections, of(renamed)).await, then, "as it was told then");
    let now = feed(&projections, of(i64::MAX)).await;
    assert_eq!(
        subjects(&now),
        ["teachers/GAUSS", "teachers/GAUSS"],
        "of the first one what happened under the name"
    );
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placement_is_called_after_its_lesson_and_a_removed_record_by_its_last_name() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let (first, period_made) = period();
    let lesson = created(id(1), Kind::Lessons, vec![("id", text("12"))]);
    append(&setting, &projections, anna(), vec![period_made, lesson]).await;
    let hour_of = Some(HourOf { lesson: id(1), period: first, n: 3 });
    let fields = [("day".into(), Value::Number(2)), ("hour".into(), Value::Number(4))];
    let placed = RecordCreated {
        record: id(2),
        kind: Kind::Placements,
        revision: 1,
        hour_of,
        fields: fields.clone().into(),
        import: None,
    };
    append(&setting, &projections, anna(), vec![placed.into()]).await;
    let gone = RecordRemoved {
        record: id(2),
        kind: Kind::Placements,
        revision: 2,
        fields: fields.into(),
        import: None,
    };
    append(&setting, &projections, anna(), vec![gone.into()]).await;
    let mut late = ChangeRefused::new(bert(), None, RefusalCode::Stale).of_kind(Kind::Placements);
    late.record = Some(id(2));
    let refused = plan().stream().refused();
    append_to(&setting, &projections, &refused, bert(), vec![late.into()]).await;

    let wanted = Wanted { record: Some("lessons/12/placements/3"), ..ALL };
    let told = feed(&projections, wanted).await;
    let types: Vec<_> = told.items.iter().map(|item| item["type"].clone()).collect();
    assert_eq!(types, ["daybook.record.created", "daybook.record.removed", "daybook.record.refused"]);
    assert_eq!(subjects(&told), ["lessons/12/placements/3"; 3]);
    assert_eq!(told.items[0]["data"]["period"], "1");
    assert_eq!(told.items[1]["data"]["changes"][0], json!({ "field": "day", "from": 2, "to": null }));
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_locks_refusals_and_imports_are_in_the_feed() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let (first, period_made) = period();
    let a = session_id(1);
    let lock = LockId(Uuid::from_u128(500));
    append(&setting, &projections, anna(), vec![period_made, teacher(1, "GAUSS")]).await;
    append(&setting, &projections, anna(), vec![started(a, anna(), Mode::Timetable, Some(first))]).await;
    let activity =
        SessionChanged { session: a, mode: None, period: None, activity: Some("importing".into()) };
    append(&setting, &projections, anna(), vec![activity.into()]).await;
    let grant = LockGranted { lock, session: a, action: Action::DataImport, periods: None };
    append(&setting, &projections, anna(), vec![grant.into()]).await;
    let done = ImportDone {
        import: ImportId(Uuid::from_u128(9)),
        files: Vec::new(),
        counts: [(Kind::Teachers, domain::ImportCount { created: 1, ..Default::default() })].into(),
        warnings: 0,
    };
    append(&setting, &projections, anna(), vec![done.into()]).await;
    let mut stale = ChangeRefused::new(bert(), None, RefusalCode::Stale).of_kind(Kind::Teachers);
    stale.record = Some(id(1));
    stale.winner = Some(Winner { who: anna(), at: chrono::DateTime::UNIX_EPOCH, position: 2 });
    append_to(&setting, &projections, &plan().stream().refused(), bert(), vec![stale.into()]).await;
    let ends = vec![
        LockEnded { lock, reason: LockEnd::SessionEnded }.into(),
        SessionEnded { session: a, reason: SessionEnd::LoggedOut }.into(),
    ];
    append(&setting, &projections, anna(), ends).await;

    let told = feed(&projections, Wanted { after: 2, ..ALL }).await;
    let types: Vec<_> = told
        .items
        .iter()
        .map(|item| item["type"].as_str().unwrap_or_default().replace("daybook.", ""))
        .collect();
    assert_eq!(
        types,
        [
            "session.started",
            "session.changed",
            "lock.granted",
            "import.done",
            "record.refused",
            "lock.ended",
            "session.ended"
        ]
    );
    let data = |n: usize| &told.items[n]["data"];
    assert_eq!(
        (&data(0)["mode"], &data(0)["period"], &data(0)["user"]),
        (&json!("timetable"), &json!("1"), &json!("anna"))
    );
    assert_eq!(data(1)["changes"], json!([{ "field": "activity", "from": null, "to": "importing" }]));
    assert_eq!((&data(2)["action"], &data(2)["session"]), (&json!("data-import"), &json!(a)));
    assert_eq!(data(3)["counts"]["teachers"]["created"], 1);
    assert_eq!((&data(4)["code"], &data(4)["winner"]["user"]), (&json!("stale"), &json!("anna")));
    assert_eq!((&data(5)["action"], &data(5)["reason"]), (&json!("data-import"), &json!("session_ended")));
    assert_eq!((&data(6)["mode"], &data(6)["reason"]), (&json!("timetable"), &json!("logged_out")));
    assert_eq!(told.items[6]["subject"], format!("sessions/{a}"));
    let imports = projections::import::imports(projections.pool(), &plan(), 0, 10).await.expect("imports");
    assert_eq!(imports[0].json()["counts"]["teachers"]["created"], 1);
    projections.stop().await;
}
