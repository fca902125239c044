//! Every text that a person gets comes in his language.

use reqwest::Method;
use serde_json::json;
use tests::office::{Answer, Office, PASSWORD, plan};

/// What reading a teacher that is not there is answered with, under this `Accept-Language`.
async fn refused_in(office: &Office, token: &str, languages: Option<&str>) -> Answer {
    let request = office.request(Method::GET, &format!("/v1{}", plan("/teachers/NOBODY")), token);
    let request = match languages {
        Some(languages) => request.header("accept-language", languages),
        None => request,
    };
    office.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_speaks_the_language_that_is_asked_for() {
    let office = Office::open("languages").await;
    let anna = office.log_in("anna").await;
    for (languages, tag, title) in [
        (None, "en", "Not found"),
        (Some("de-AT, en;q=0.5"), "de", "Nicht gefunden"),
        (Some("fr, sv;q=0.2"), "sv", "Finns inte"),
        (Some("fi"), "fi", "Ei löydy"),
        (Some("fr"), "en", "Not found"),
    ] {
        let answer = refused_in(&office, &anna, languages).await;
        assert_eq!(answer.outcome(), "404 not-found");
        assert_eq!(
            (answer.header("content-language"), answer.body["title"].as_str()),
            (Some(tag), Some(title))
        );
    }
    // Before anybody is known, and for what no route answers.
    let request = office.client.get(format!("{}/v1/plans", office.base)).header("accept-language", "de");
    assert_eq!(office.send(request).await.body["title"], "Nicht angemeldet");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_no_language_gets_that_of_his_account() {
    let office = Office::open("own_language").await;
    let admin = office.log_in("admin").await;
    let person = json!({"name": "eeva", "group": "planners", "password": PASSWORD, "language": "fi-FI"});
    let added = office.post(&admin, "/users", person).await;
    assert_eq!(added.outcome(), "201", "{}", added.body);
    let eeva = office.log_in("eeva").await;
    assert_eq!(refused_in(&office, &eeva, None).await.body["title"], "Ei löydy");
    assert_eq!(refused_in(&office, &eeva, Some("*")).await.body["title"], "Ei löydy");
    assert_eq!(refused_in(&office, &eeva, Some("sv")).await.body["title"], "Finns inte");
    let path = added.header("location").unwrap()[3..].to_owned();
    let changed = office.patch(&admin, &path, &added.etag(), json!({"language": "de"})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    assert_eq!(refused_in(&office, &eeva, None).await.body["title"], "Nicht gefunden", "at once");
    office.close().await;
}
