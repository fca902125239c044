//! What happened to a record, and what differs between two moments.

use serde_json::{Value as Json, json};
use tests::office::{Office, plan};

async fn told(office: &Office, token: &str, query: &str) -> Vec<Json> {
    // A refusal is written after its answer; whoever asks for the head sees it.
    let answer =
        office.get_from(token, &plan(&format!("/history?record={query}")), office.head().await).await;
    assert_eq!(answer.outcome(), "200", "{query}: {}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

fn short(items: &[Json]) -> Vec<String> {
    let one = |it: &Json| {
        format!("{} {} {}", it["kind"].as_str().unwrap(), it["by"].as_str().unwrap(), it["revision"])
    };
    items.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_tells_who_changed_what_and_who_was_refused() {
    let office = Office::open("history").await;
    let anna = office.log_in("anna").await;
    let bert = office.log_in("bert").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({"long_name": "Gauß"})).await;
    let etag = made.etag();
    let path = plan("/teachers/GAUSS");
    let changed = office.patch(&anna, &path, &etag, json!({"long_name": "Gauss", "text": "x"})).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let stale = office.patch(&bert, &path, &etag, json!({"long_name": "Carl"})).await;
    assert_eq!(stale.outcome(), "412 stale", "{}", stale.body);
    let before_rename = office.head().await;
    let renamed = office.patch(&bert, &path, "*", json!({"id": "EULER"})).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    office.made(&anna, "/teachers/GAUSS", json!({})).await;

    let euler = told(&office, &anna, "teachers/EULER").await;
    assert_eq!(short(&euler), ["changed bert 3", "refused bert null", "changed anna 2", "created anna 1"]);
    assert_eq!(euler[0]["changes"], json!([{"field": "id", "from": "GAUSS", "to": "EULER"}]));
    let of_anna = json!([{"field": "long_name", "from": "Gauß", "to": "Gauss"}, {"field": "text", "from": null, "to": "x"}]);
    assert_eq!(euler[2]["changes"], of_anna);
    assert_eq!(euler[2]["position"].as_str(), changed.header("daybook-position"));
    assert_eq!(euler[2]["request"].as_str(), changed.header("x-request-id"));
    assert_eq!(euler[2]["mode"], "timetable");
    let gauss = told(&office, &anna, "teachers/GAUSS").await;
    let expected = ["created anna 4", "refused bert null", "changed anna 2", "created anna 1"];
    assert_eq!(short(&gauss), expected, "the new one, and what happened under this name");
    let then = told(&office, &anna, &format!("teachers/GAUSS&as_of={before_rename}")).await;
    assert_eq!(short(&then), ["refused bert null", "changed anna 2", "created anna 1"]);

    let mut pages = Vec::new();
    let mut path = plan("/history?record=teachers/EULER&limit=1");
    loop {
        let page = office.get(&anna, &path).await;
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(link) = page.header("link") else { break };
        path = link.split(['<', '>']).nth(1).unwrap().trim_start_matches("/v1").to_owned();
    }
    assert_eq!(pages, euler, "page by page it is the same");

    let removed = office.remove(&anna, &plan("/teachers/EULER"), "*").await;
    assert_eq!(removed.outcome(), "204", "{}", removed.body);
    assert_eq!(short(&told(&office, &anna, "teachers/EULER").await)[0], "removed anna 4", "what is gone too");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_a_lesson_has_a_history_in_every_period() {
    let office = Office::open("history_hours").await;
    let admin = office.log_in("admin").await;
    let lock = office.lock(&admin, "periods").await;
    let second = json!({"from": "2027-02-01", "to": "2027-07-31"});
    let request = office.write(reqwest::Method::PUT, &admin, &plan("/periods/2"), &second);
    let made = office.send(request.header("if-none-match", "*").header("daybook-lock", &lock)).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    office.delete(&admin, &plan(&format!("/locks/{lock}"))).await;
    office.made(&admin, "/lessons/7", json!({"hours_per_week": 3})).await;
    for (period, day) in [("1", 1), ("2", 2)] {
        let path = plan(&format!("/lessons/7/placements/2?period={period}"));
        let placed = office.create(&admin, &path, json!({"day": day, "hour": 1})).await;
        assert_eq!(placed.outcome(), "201", "{}", placed.body);
    }
    let both = told(&office, &admin, "lessons/7/placements/2").await;
    assert_eq!(short(&both), ["created admin 1", "created admin 1"]);
    let one = told(&office, &admin, "lessons/7/placements/2&period=2").await;
    assert_eq!(one, both[..1]);
    let grid = office.get(&admin, &plan("/history?record=time-grid")).await;
    assert_eq!(grid.outcome(), "200", "{}", grid.body);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_of_nothing_and_one_that_is_not_ones_business_are_refused() {
    let office = Office::open("history_refused").await;
    let victor =
        office.try_log_in("victor", json!({"mode": "read"})).await.body["token"].as_str().unwrap().to_owned();
    for (query, outcome) in [
        ("record=teachers/NOBODY", "404 not-found"),
        ("record=lessons/7/placements/2", "404 not-found"),
        ("record=absences/1", "403 not-permitted"),
        ("record=sessions/1", "422 invalid"),
        ("record=teachers/A&period=1", "422 invalid"),
        ("record=teachers/A&after=x", "422 invalid"),
        ("", "422 invalid"),
    ] {
        let answer = office.get(&victor, &plan(&format!("/history?{query}"))).await;
        assert_eq!(answer.outcome(), outcome, "{query}: {}", answer.body);
    }
    office.close().await;
}

async fn differing(office: &Office, token: &str, query: &str) -> Vec<Json> {
    let (mut items, mut path) = (Vec::new(), plan(&format!("/differences?limit=2&{query}")));
    loop {
        let page = office.get_from(token, &path, office.head().await).await;
        assert_eq!(page.outcome(), "200", "{query}: {}", page.body);
        items.extend(page.body["items"].as_array().unwrap().clone());
        let Some(link) = page.header("link") else { return items };
        path = link.split(['<', '>']).nth(1).unwrap().trim_start_matches("/v1").to_owned();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_are_what_is_left_of_all_changes_between() {
    let office = Office::open("differences").await;
    let anna = office.log_in("anna").await;
    for path in ["/teachers/A", "/teachers/B", "/teachers/C", "/rooms/R"] {
        office.made(&anna, path, json!({})).await;
    }
    office.made(&anna, "/lessons/7", json!({"hours_per_week": 3, "couplings": [{"teacher": "A"}]})).await;
    office.made(&anna, "/lessons/7/placements/1", json!({"day": 1, "hour": 1})).await;
    let from = office.head().await;
    let changed = |path: &'static str, body: Json| {
        let (office, anna) = (&office, &anna);
        async move {
            let answer = office.patch(anna, &plan(path), "*", body).await;
            assert_eq!(answer.outcome(), "200", "{path}: {}", answer.body);
        }
    };
    changed("/teachers/A", json!({"id": "AA", "text": "x"})).await;
    changed("/teachers/AA", json!({"text": "y"})).await;
    changed("/teachers/B", json!({"text": "for a moment"})).await;
    changed("/teachers/B", json!({"text": null})).await;
    let removed = office.remove(&anna, &plan("/teachers/C"), "*").await;
    assert_eq!(removed.outcome(), "204", "{}", removed.body);
    office.made(&anna, "/teachers/D", json!({"text": "new"})).await;
    office.made(&anna, "/teachers/E", json!({})).await;
    office.remove(&anna, &plan("/teachers/E"), "*").await;
    changed("/lessons/7?period=1", json!({"hours_per_week": 4})).await;
    changed("/lessons/7/placements/1", json!({"hour": 2, "rows": [{"teacher": "AA", "room": "R"}]})).await;
    let to = office.head().await;
    office.made(&anna, "/teachers/F", json!({})).await;

    let expected = json!([
        {"record": "teachers/AA", "kind": "changed", "changes": [
            {"field": "id", "from": "A", "to": "AA"}, {"field": "text", "from": null, "to": "y"}]},
        {"record": "teachers/C", "kind": "removed", "changes": [{"field": "id", "from": "C", "to": null}]},
        {"record": "teachers/D", "kind": "created", "changes": [
            {"field": "id", "from": null, "to": "D"}, {"field": "text", "from": null, "to": "new"}]},
        {"record": "lessons/7", "kind": "changed", "changes": [
            {"field": "hours_per_week", "from": null, "to": 4, "period": "1"}]},
        {"record": "lessons/7/placements/1", "kind": "changed", "period": "1", "changes": [
            {"field": "hour", "from": 1, "to": 2},
            {"field": "rows", "from": null, "to": [{"teacher": "AA", "room": "R"}]}]},
    ]);
    assert_eq!(Json::from(differing(&office, &anna, &format!("from={from}&to={to}")).await), expected);
    let as_of = format!("from={from}&as_of={to}");
    assert_eq!(Json::from(differing(&office, &anna, &as_of).await), expected, "up to the moment of the past");
    assert_eq!(differing(&office, &anna, &format!("from={from}")).await.len(), 6, "up to now");
    let all = differing(&office, &anna, &format!("to={from}")).await;
    assert!(all.iter().all(|it| it["kind"] == "created"), "{all:?}");
    assert_eq!(differing(&office, &anna, &format!("from={to}&to={to}")).await, Vec::<Json>::new());
    for query in ["from=9999999", "to=x", "from=9&to=8", "from=7.1"] {
        let answer = office.get(&anna, &plan(&format!("/differences?{query}"))).await;
        let expected = if query == "from=7.1" { "409 epoch-changed" } else { "422 invalid" };
        assert_eq!(answer.outcome(), expected, "{query}: {}", answer.body);
    }
    let above = office.get(&anna, &plan(&format!("/differences?to={to}&as_of={from}"))).await;
    assert_eq!(above.outcome(), "422 invalid", "{}", above.body);
    office.close().await;
}
