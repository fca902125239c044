//! What sessions and locks were before an event is told with it, however they came to be so.

use domain::{
    Action, Event, Kind, LockEnd, LockEnded, LockGranted, LockId, Mode, SessionChanged, SessionEnd,
    SessionEnded,
};
use projections::change::{Wanted, stretch};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{ALL, feed};
use crate::presence::{all, anna, append, changed, name_of, period, plan, session_id, started};
use crate::setting::Setting;

/// What of a session is told.
fn was(data: &Json) -> Json {
    json!([data["mode"], data["period"], data["activity"], data["user"], data["changes"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_told_from_what_it_was_to_its_end_and_begins_anew() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let a = session_id(1);
    let (first, made) = period();
    let change = |mode, period, activity: Option<&str>| -> Event {
        SessionChanged { session: a, mode, period, activity: activity.map(str::to_owned) }.into()
    };
    let over = || -> Event { SessionEnded { session: a, reason: SessionEnd::ContactLost }.into() };
    append(&setting, &projections, anna(), vec![made]).await;
    // Alone, and several in one append.
    let batches = [
        vec![started(a, anna(), Mode::Timetable, None)],
        vec![change(None, None, Some("thinks"))],
        vec![change(None, Some(first), None)],
        vec![changed(first, Kind::Periods, 2, "id", "1", "I")],
        vec![change(Some(Mode::Read), None, Some("")), change(None, None, Some("reads"))],
        vec![over()],
        vec![change(None, None, Some("is nobody"))],
        vec![started(a, anna(), Mode::Cover, None), over()],
    ];
    for batch in batches {
        append(&setting, &projections, anna(), batch).await;
    }
    let of_session = format!("sessions/{a}");
    let wanted = Wanted { record: Some(&of_session), ..ALL };
    let told = feed(&projections, wanted).await;
    let found: Vec<Json> = told.items.iter().map(|item| was(&item["data"])).collect();
    let from_to = |field: &str, from: Json, to: Json| json!({ "field": field, "from": from, "to": to });
    let mode = |to: &str| from_to("mode", Json::Null, json!(to));
    let none = Json::Null;
    let expected = [
        json!(["timetable", none, none, "anna", [mode("timetable")]]),
        json!(["timetable", none, "thinks", "anna", [from_to("activity", none.clone(), json!("thinks"))]]),
        json!(["timetable", "1", "thinks", "anna", [from_to("period", none.clone(), json!("1"))]]),
        json!([
            "read",
            "I",
            none,
            "anna",
            [
                from_to("mode", json!("timetable"), json!("read")),
                from_to("activity", json!("thinks"), none.clone()),
            ]
        ]),
        json!(["read", "I", "reads", "anna", [from_to("activity", none.clone(), json!("reads"))]]),
        json!(["read", "I", "reads", "anna", []]),
        json!([none, none, "is nobody", none, [from_to("activity", none.clone(), json!("is nobody"))]]),
        json!(["cover", none, none, "anna", [mode("cover")]]),
        json!(["cover", none, none, "anna", []]),
    ];
    assert_eq!(found, expected);
    // Whoever follows is told the same.
    let streamed = stretch(projections.pool(), &plan(), wanted, &name_of).await.expect("a stretch");
    let streamed: Vec<Json> =
        streamed.told.iter().map(|told| serde_json::from_str(&told.json).expect("JSON")).collect();
    assert_eq!(streamed, told.items);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_lock_says_what_it_was_for() {
    let setting = Setting::new().await;
    let projections = setting.follow(all());
    let (first, made) = period();
    let lock = LockId(Uuid::from_u128(500));
    let granted =
        LockGranted { lock, session: session_id(1), action: Action::DataImport, periods: Some(vec![first]) };
    let ended = || -> Event { LockEnded { lock, reason: LockEnd::NotRenewed }.into() };
    append(&setting, &projections, anna(), vec![made, granted.into()]).await;
    append(&setting, &projections, anna(), vec![changed(first, Kind::Periods, 2, "id", "1", "I")]).await;
    append(&setting, &projections, anna(), vec![ended()]).await;
    append(&setting, &projections, anna(), vec![ended()]).await;
    let told = feed(&projections, Wanted { kind: Some("locks"), ..ALL }).await;
    let found: Vec<Json> = told
        .items
        .iter()
        .map(|item| json!([item["data"]["action"], item["data"]["periods"], item["data"]["reason"]]))
        .collect();
    let none = Json::Null;
    let expected = [
        json!(["data-import", ["1"], none]),
        json!(["data-import", ["I"], "not_renewed"]),
        // Of one that is over already nothing is known.
        json!([none, none, "not_renewed"]),
    ];
    assert_eq!(found, expected);
    projections.stop().await;
}
