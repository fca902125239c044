//! Notices, and the login page that shows the public ones.

use chrono::Days;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{Answer, Office};

async fn posted(office: &Office, token: &str, more: Json) -> Answer {
    let mut body = json!({"title": "Rest", "text": "From six to eight."});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = office.post(token, "/notices", body).await;
    assert_eq!(answer.outcome(), "201", "{}", answer.body);
    answer
}

fn titles(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|notice| notice["title"].as_str().unwrap()).collect()
}

async fn login_page(office: &Office) -> Answer {
    office.send(office.client.get(format!("{}/v1/login-page", office.base))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_is_posted_changed_and_withdrawn() {
    let office = Office::open("notices").await;
    let admin = office.log_in_to_site("admin").await;
    let anna = office.log_in("anna").await;
    let notice = posted(&office, &admin, json!({"public": true, "hide_from": "2999-01-01"})).await;
    let path = notice.header("location").unwrap()[3..].to_owned();
    let shown = office.get(&anna, &path).await;
    assert_eq!((&shown.body, shown.etag()), (&notice.body, notice.etag()));
    assert_eq!(shown.body["state"], "showing");
    assert_eq!(shown.body["changed"]["by"], "admin");
    let changed = office
        .patch(&admin, &path, &notice.etag(), json!({"title": "Pause", "important": true, "hide_from": null}))
        .await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!((&changed.body["revision"], &changed.body["hide_from"]), (&json!(2), &Json::Null));
    assert!(changed.body["changed"]["position"].is_string(), "{}", changed.body);
    let again = office.patch(&admin, &path, &changed.etag(), json!({"title": "Pause"})).await;
    assert_eq!((again.outcome(), again.etag()), ("200".to_owned(), changed.etag()), "nothing changes");
    assert_eq!(again.body, changed.body);
    let bare = office.send(office.write(Method::PATCH, &admin, &path, &json!({"title": "x"}))).await;
    assert_eq!(bare.outcome(), "428 revision-missing");
    let stale = office.patch(&admin, &path, &notice.etag(), json!({"title": "Break"})).await;
    assert_eq!(stale.outcome(), "412 stale");
    assert_eq!(stale.body["winner"]["user"], "admin");
    let of_title =
        stale.body["changes"].as_array().unwrap().iter().find(|it| it["field"] == "title").unwrap();
    assert_eq!(of_title, &json!({"field": "title", "base": "Rest", "theirs": "Pause", "yours": "Break"}));
    assert_eq!(stale.body["current"]["title"], "Pause");
    assert_eq!(office.remove(&admin, &path, &notice.etag()).await.outcome(), "412 stale");
    assert_eq!(office.remove(&admin, &path, &changed.etag()).await.outcome(), "204");
    assert_eq!(office.get(&admin, &path).await.outcome(), "404 not-found");
    let late = office.patch(&admin, &path, &changed.etag(), json!({"title": "Break"})).await;
    assert_eq!((late.outcome().as_str(), &late.body["current"]), ("412 stale", &Json::Null));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_what_shows_today_and_the_maintenance_sees_all() {
    let office = Office::open("notices_seen").await;
    let admin = office.log_in_to_site("admin").await;
    let victor = office.log_in("victor").await;
    let today = office.service.as_ref().unwrap().desk.today();
    let tomorrow = today + Days::new(1);
    posted(&office, &admin, json!({"title": "old"})).await;
    posted(&office, &admin, json!({"title": "waits", "show_from": tomorrow})).await;
    posted(&office, &admin, json!({"title": "is over", "hide_from": today})).await;
    posted(&office, &admin, json!({"title": "important", "important": true})).await;
    posted(&office, &admin, json!({"title": "last day", "show_from": today, "hide_from": tomorrow})).await;
    let seen = office.get(&victor, "/notices").await;
    assert_eq!(titles(&seen.body["items"]), ["important", "last day", "old"]);
    let all = office.get(&admin, "/notices").await;
    assert_eq!(titles(&all.body["items"]), ["important", "last day", "is over", "waits", "old"]);
    let states: Vec<&Json> = all.body["items"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["showing", "showing", "over", "waiting", "showing"]);
    let waiting = format!("/notices/{}", all.body["items"][3]["id"].as_str().unwrap());
    assert_eq!(office.get(&victor, &waiting).await.outcome(), "404 not-found");
    assert_eq!(office.get(&admin, &waiting).await.outcome(), "200");
    let first = office.get(&admin, "/notices?limit=2").await;
    let next = first.body["next"].as_str().unwrap();
    let rest = office.get(&admin, &format!("/notices?limit=9&after={next}")).await;
    assert_eq!(titles(&rest.body["items"]), ["is over", "waits", "old"]);
    assert_eq!(rest.body["next"], Json::Null);
    let refused = office.post(&victor, "/notices", json!({"title": "a", "text": "b"})).await;
    assert_eq!(
        (refused.outcome().as_str(), &refused.body["right"]),
        ("403 not-permitted", &json!("maintenance"))
    );
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_login_page_shows_public_notices_and_plans_to_anybody() {
    let office = Office::open("login_page").await;
    let admin = office.log_in("admin").await;
    posted(&office, &admin, json!({"title": "for those inside"})).await;
    posted(&office, &admin, json!({"title": "public", "public": true})).await;
    posted(&office, &admin, json!({"title": "important", "public": true, "important": true})).await;
    posted(&office, &admin, json!({"title": "over", "public": true, "hide_from": "2020-01-01"})).await;
    let made = office.post(&admin, "/plans", json!({"school": "7", "year": "2026-2027", "version": 1})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    let page = login_page(&office).await;
    assert_eq!(page.outcome(), "200");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(titles(&page.body["notices"]), ["important", "public"]);
    assert_eq!(page.body["notices"][0]["changed"]["by"], Json::Null, "strangers learn no user names");
    assert_eq!((&page.body["outage"], &page.body["login_open"]), (&Json::Null, &json!(true)));
    let offered = |page: &Answer| -> Vec<String> {
        let plans = page.body["plans"].as_array().unwrap();
        plans.iter().map(|plan| plan["plan"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(offered(&page), ["100234~2026-2027~1", "7~2026-2027~1"]);
    let path = "/plans/7~2026-2027~1";
    let archived = office.patch(&admin, path, &made.etag(), json!({"state": "archived"})).await;
    assert_eq!(archived.outcome(), "200", "{}", archived.body);
    assert_eq!(offered(&login_page(&office).await), ["100234~2026-2027~1"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_notice_is_told_with_its_place() {
    let office = Office::open("notices_wrong").await;
    let admin = office.log_in_to_site("admin").await;
    for (body, pointer) in [
        (json!({"text": "b"}), "/title"),
        (json!({"title": "", "text": "b"}), "/title"),
        (json!({"title": "a\nb", "text": "b"}), "/title"),
        (json!({"title": "x".repeat(201), "text": "b"}), "/title"),
        (json!({"title": "a", "text": "x".repeat(10_001)}), "/text"),
        (json!({"title": "a", "text": "\u{7}"}), "/text"),
        (json!({"title": "a", "text": "b", "hide_from": "2026-1-1"}), "/hide_from"),
        (json!({"title": "a", "text": "b", "public": "yes"}), "/public"),
        (
            json!({"title": "a", "text": "b", "show_from": "2026-02-02", "hide_from": "2026-02-02"}),
            "/hide_from",
        ),
        (json!({"title": "a", "text": "b", "colour": "red"}), "/colour"),
    ] {
        let answer = office.post(&admin, "/notices", body.clone()).await;
        assert_eq!(
            (answer.outcome().as_str(), &answer.body["errors"][0]["pointer"]),
            ("422 invalid", &json!(pointer)),
            "{body}"
        );
    }
    assert_eq!(office.get(&admin, "/notices").await.body["items"], json!([]));
    office.close().await;
}
