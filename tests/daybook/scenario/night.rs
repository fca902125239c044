//! The evening before the service, the service, and what remains of it.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, plan};
use tests::person::Person;

use super::{assert_done, names, outage_events};

const MESSAGE: &str = "The service rests from six to eight.";

/// The manual's public notice: it shows on the login page from its first day to the last, before the others when it is important.
pub async fn a_notice_goes_up_for_tomorrow(admin: &Person<'_>, anna: &Person<'_>) {
    let since = anna.sees("/sessions/current").await;
    let today: DateTime<Utc> = text(&since["logged_in_at"]).parse().unwrap();
    // Two days off, so that neither midnight nor the zone of the site matters.
    let day = |days: i64| -> NaiveDate {
        let away = Days::new(days.unsigned_abs());
        let today = today.date_naive();
        if days < 0 { today - away } else { today + away }
    };
    for (title, more) in [
        ("for everybody inside", json!({})),
        ("canteen", json!({ "public": true })),
        ("service", json!({ "public": true, "important": true, "show_from": day(-2), "hide_from": day(3) })),
        ("next month", json!({ "public": true, "show_from": day(3) })),
        ("last week", json!({ "public": true, "hide_from": day(-2) })),
    ] {
        let mut notice = json!({ "title": title, "text": "More at the door." });
        notice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_done(&admin.office.post(&admin.token, "/notices", notice).await);
    }
    let page = admin.office.stranger_sees("/login-page").await;
    assert_eq!(names(&page["notices"], "title"), ["service", "canteen"]);
    assert_eq!((&page["outage"], &page["login_open"]), (&Json::Null, &json!(true)));
    let inside = anna.sees("/notices").await;
    assert_eq!(names(&inside["items"], "title"), ["service", "canteen", "for everybody inside"]);
}

async fn announced(admin: &Person<'_>, prevent_logins: bool) -> Answer {
    let words =
        json!({ "message": MESSAGE, "prevent_logins": prevent_logins, "until": "2026-11-28T07:00:00Z" });
    let said = admin.office.send(admin.office.write(Method::PUT, &admin.token, "/outage", &words)).await;
    assert_eq!(said.outcome(), "200", "{}", said.body);
    said
}

/// The message is published: the login page and everybody inside has it at once, and works on.
pub async fn the_message_is_published_and_people_work_on(admin: &Person<'_>, anna: &Person<'_>) {
    assert_eq!(announced(admin, false).await.body["state"], "announced");
    let page = admin.office.stranger_sees("/login-page").await;
    assert_eq!((&page["outage"]["message"], &page["login_open"]), (&json!(MESSAGE), &json!(true)));
    let work = anna.changes("/teachers/NOETH", json!({ "text": "announced" })).await;
    assert_eq!((work.outcome().as_str(), work.header("daybook-outage")), ("200", Some("announced")));
    assert_eq!(anna.is_told("outage").await["text"], MESSAGE);
    admin.office.comes("victor", json!({})).await.goes().await;
}

/// Log-ins stop: who is in works on, who goes stays out, and the report counts fewer.
pub async fn log_ins_stop_and_the_users_become_fewer(admin: &Person<'_>, bert: Person<'_>) {
    let gated = announced(admin, true).await;
    assert_eq!(gated.body["state"], "gated");
    let page = admin.office.stranger_sees("/login-page").await;
    assert_eq!((&page["outage"]["message"], &page["login_open"]), (&json!(MESSAGE), &json!(false)));
    let refused = admin.office.try_log_in("victor", json!({})).await;
    assert_eq!(refused.outcome(), "503 gate-closed", "{}", refused.body);
    assert_eq!(refused.body["message"], MESSAGE);
    // The administrator, anna and bert.
    admin.sees_soon("/status-report", |report| report["users"]["now"]["sessions"] == 3).await;
    assert_done(&bert.changes("/teachers/KLEIN", json!({ "text": "gated" })).await);
    let office = bert.office;
    bert.goes().await;
    assert_eq!(office.try_log_in("bert", json!({})).await.outcome(), "503 gate-closed", "who goes stays out");
    let report = admin.sees_soon("/status-report", |report| report["users"]["now"]["sessions"] == 2).await;
    assert_eq!(report["users"]["now"]["distinct"], 2);
    assert_eq!(office.stranger_sees("/outage").await["refused_logins"], 2);
}

/// What is acknowledged now must be there tomorrow: its version.
pub async fn the_last_change_of_the_evening(anna: &Person<'_>) -> String {
    let last = anna.makes("/teachers/LAST", json!({ "long_name": "Evening" })).await;
    assert_eq!(last.outcome(), "201", "{}", last.body);
    last.etag()
}

/// PostgreSQL is gone. Login page, message and notices come from memory; everything else is refused with the message, at once.
pub async fn people_see_the_message_from_memory(admin: &Person<'_>, anna: &Person<'_>) {
    let office = admin.office;
    let began = Instant::now();
    while office.stranger_sees("/outage").await["state"] != "down-announced" {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody notices");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let page = office.stranger_sees("/login-page").await;
    assert_eq!((&page["outage"]["message"], &page["login_open"]), (&json!(MESSAGE), &json!(false)));
    assert_eq!(names(&page["notices"], "title"), ["service", "canteen"]);
    let began = Instant::now();
    let path = plan("/teachers/NEVER");
    for refused in [
        office.send(office.request(Method::GET, &format!("/v1{}", plan("/teachers")), &anna.token)).await,
        office.create(&anna.token, &path, json!({})).await,
        office.try_log_in("victor", json!({})).await,
        office.delete(&admin.token, "/outage").await,
    ] {
        assert_eq!(refused.outcome(), "503 outage", "{}", refused.body);
        assert_eq!(refused.body["message"], MESSAGE);
        assert!(refused.body["since"].is_string() && refused.header("retry-after").is_some());
    }
    assert!(began.elapsed() < Duration::from_secs(8), "four refusals took {:?}", began.elapsed());
}

/// PostgreSQL is back, the outage is over, and everybody goes on where he was: no restart, nobody thrown out, nothing lost.
pub async fn everything_goes_on_by_itself(anna: &Person<'_>, last: &str) {
    let office = anna.office;
    let began = Instant::now();
    while office.stranger_sees("/outage").await["state"] != "open" {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never over");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let kept = anna.looks_at("/teachers/LAST").await;
    assert_eq!((kept.outcome().as_str(), kept.etag().as_str()), ("200", last));
    assert_eq!(anna.looks_at("/teachers/NEVER").await.outcome(), "404 not-found");
    let next = anna.changes("/teachers/LAST", json!({ "long_name": "Morning" })).await;
    assert_eq!((next.outcome().as_str(), next.header("daybook-outage")), ("200", None), "{}", next.body);
    let page = office.stranger_sees("/login-page").await;
    assert_eq!((&page["outage"], &page["login_open"]), (&Json::Null, &json!(true)));
    office.comes("victor", json!({})).await.goes().await;
}

/// The report tells what was the matter, with its moments, and why it is over.
pub async fn the_report_tells_of_the_outage(admin: &Person<'_>) {
    let is_told = |report: &Json| !report["service"]["outages"][0].is_null();
    let report = admin.sees_soon("/status-report", is_told).await;
    let outage = &report["service"]["outages"][0];
    assert_eq!((&outage["reason"], &outage["message"]), (&json!("contact-back"), &json!(MESSAGE)));
    assert_eq!((&outage["by"], &outage["refused_logins"]), (&json!("admin"), &json!(2)), "{outage}");
    let moments = ["announced_at", "gated_at", "down_at", "ended_at"].map(|moment| -> DateTime<Utc> {
        outage[moment].as_str().unwrap_or_else(|| panic!("{moment} of {outage}")).parse().unwrap()
    });
    assert!(moments.is_sorted(), "{outage}");
}

/// What happened is written down: what was said, by whom, when it began and why it was over.
pub async fn the_outage_is_over_and_on_record(data: &Path) {
    let events = outage_events(data).await;
    let types: Vec<&str> = events.iter().map(|(r#type, _)| r#type.as_str()).collect();
    assert_eq!(
        types,
        ["OutageAnnounced", "OutageChanged", "ContactLost", "OutageBegun", "ContactBack", "OutageEnded"]
    );
    let (announced, changed, over) = (&events[0].1, &events[1].1, &events[5].1);
    assert_eq!((&announced["message"], &announced["prevent_logins"]), (&json!(MESSAGE), &json!(false)));
    assert_eq!(changed["prevent_logins"], true);
    assert_eq!(over["reason"], "contact-back");
    assert!(
        events.iter().all(|(r#type, data)| r#type.starts_with("Contact") || data["outage"] == over["outage"])
    );
}
