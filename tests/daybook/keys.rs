//! The same write sent again under its Idempotency-Key.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use tests::doings::text;
use tests::office::{Answer, Office, PASSWORD, PLAN, plan};

fn keyed(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("idempotency-key", key)
}

fn create(office: &Office, token: &str, path: &str, body: &Json) -> RequestBuilder {
    office.write(Method::PUT, token, &plan(path), body).header("if-none-match", "*")
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_write_gets_the_answer_of_the_first() {
    let office = Office::open("replay").await;
    let anna = office.log_in("anna").await;
    let send = || {
        office.send(keyed(create(&office, &anna, "/teachers/GAUSS", &json!({"long_name": "Gauss"})), "k1"))
    };
    let (first, head) = (send().await, office.head().await);
    let again = send().await;
    assert_eq!((first.outcome(), is_replayed(&first)), ("201".to_owned(), false), "{}", first.body);
    assert_eq!((again.outcome(), is_replayed(&again)), ("201".to_owned(), true), "{}", again.body);
    assert_eq!((&again.body, again.etag()), (&first.body, first.etag()));
    assert_eq!(again.header("daybook-position"), first.header("daybook-position"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(office.head().await, head);
    // Later changes do not change what was answered, and another node knows it too.
    office.patch(&anna, &plan("/teachers/GAUSS"), &first.etag(), json!({"title": "Dr."})).await;
    assert_eq!(send().await.body, first.body);
    let node = office.beside().await;
    let there = keyed(create(&node, &anna, "/teachers/GAUSS", &json!({"long_name": "Gauss"})), "k1");
    let there = node.send(there).await;
    assert_eq!((&there.body, is_replayed(&there)), (&first.body, true));
    node.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_the_office_are_replayed_and_others_are_judged_anew() {
    let office = Office::open("replayrefused").await;
    let anna = office.log_in("anna").await;
    let gauss = office.made(&anna, "/teachers/GAUSS", json!({})).await;
    let bert = office.log_in("bert").await;
    office.patch(&bert, &plan("/teachers/GAUSS"), &gauss.etag(), json!({"title": "Dr."})).await;
    let path = plan("/teachers/GAUSS");
    let stale = || {
        let write = office.write(Method::PATCH, &anna, &path, &json!({"title": "Prof."}));
        office.send(keyed(write.header("if-match", gauss.etag()), "stale"))
    };
    let lock = || {
        office.send(keyed(
            office.write(Method::POST, &anna, &plan("/locks"), &json!({"action": "data-import"})),
            "lock",
        ))
    };
    let grid = || {
        let write = office.write(Method::PATCH, &anna, &plan("/time-grid"), &json!({"days": [1]}));
        office.send(keyed(write.header("if-match", "*"), "grid"))
    };
    let unknown =
        || office.send(keyed(create(&office, &anna, "/teachers/A", &json!({"department": "D"})), "unknown"));
    assert_eq!(stale().await.outcome(), "412 stale");
    assert_eq!(lock().await.outcome(), "409 not-alone");
    assert_eq!(grid().await.outcome(), "409 lock-missing");
    assert_eq!(unknown().await.outcome(), "422 invalid");
    let head = office.head().await;
    let (stale, lock, grid) = (stale().await, lock().await, grid().await);
    assert_eq!((stale.outcome().as_str(), is_replayed(&stale)), ("412 stale", true));
    assert_eq!(
        (&stale.body["winner"]["user"], &stale.body["changes"][0]["theirs"]),
        (&json!("bert"), &json!("Dr."))
    );
    assert_eq!((lock.outcome().as_str(), is_replayed(&lock)), ("409 not-alone", true));
    assert_eq!(lock.body["sessions"][0]["user"], "bert");
    assert_eq!((grid.outcome().as_str(), is_replayed(&grid)), ("409 lock-missing", true));
    assert_eq!(office.head().await, head, "a refusal is recorded once");
    office.made(&anna, "/departments/D", json!({})).await;
    let now = unknown().await;
    assert_eq!((now.outcome().as_str(), is_replayed(&now)), ("201", false), "{}", now.body);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_request_under_a_key_is_refused() {
    let office = Office::open("reused").await;
    let anna = office.log_in("anna").await;
    let first =
        office.send(keyed(create(&office, &anna, "/teachers/A", &json!({"title": "Dr."})), "k")).await;
    assert_eq!(first.outcome(), "201");
    let head = office.head().await;
    let path = plan("/teachers/A");
    let put = |body: Json| office.write(Method::PUT, &anna, &path, &body);
    let others = [
        ("body", create(&office, &anna, "/teachers/A", &json!({"title": "Prof."}))),
        ("path", create(&office, &anna, "/teachers/B", &json!({"title": "Dr."}))),
        ("query", create(&office, &anna, "/teachers/A?merge=disjoint", &json!({"title": "Dr."}))),
        ("precondition", put(json!({"title": "Dr."})).header("if-match", first.etag())),
        (
            "method",
            office.write(Method::PATCH, &anna, &path, &json!({"title": "Dr."})).header("if-none-match", "*"),
        ),
        ("lock", create(&office, &anna, "/teachers/A", &json!({"title": "Dr."})).header("daybook-lock", "x")),
        (
            "log-in",
            office
                .client
                .post(format!("{}/v1/sessions", office.base))
                .json(&json!({"user": "anna", "password": PASSWORD})),
        ),
    ];
    for (what, request) in others {
        let answer = office.send(keyed(request, "k")).await;
        assert_eq!(answer.outcome(), "422 key-reused", "{what}: {}", answer.body);
    }
    assert_eq!(office.head().await, head);
    let long = "x".repeat(201);
    for bad in ["a b", "", &long] {
        let answer = office.send(keyed(create(&office, &anna, "/teachers/C", &json!({})), bad)).await;
        assert_eq!(answer.outcome(), "400 unreadable", "{bad:?}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_at_the_same_moment_under_one_key_one_is_carried_out() {
    let office = Office::open("samekey").await;
    let node = office.beside().await;
    let anna = office.log_in("anna").await;
    let head = office.head().await;
    let post = |there: &Office| {
        let write = there.write(Method::POST, &anna, &plan("/lessons"), &json!({"hours_per_week": 2}));
        keyed(write, "k")
    };
    let answers = futures::future::join_all((0..16).map(|n| {
        let there = if n % 2 == 0 { &office } else { &node };
        there.send(post(there))
    }))
    .await;
    assert!(
        answers.iter().all(|answer| answer.outcome() == "201" && answer.body == answers[0].body),
        "{answers:#?}"
    );
    assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert_eq!(office.head().await, head + 1);
    node.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_different_users_never_meet_and_rights_come_before_replay() {
    let office = Office::open("keyscope").await;
    let (anna, bert) = (office.log_in("anna").await, office.log_in("bert").await);
    for (token, name) in [(&anna, "A"), (&bert, "B")] {
        let answer =
            office.send(keyed(create(&office, token, &format!("/rooms/{name}"), &json!({})), "same")).await;
        assert_eq!((answer.outcome().as_str(), is_replayed(&answer)), ("201", false));
    }
    let admin = office.log_in_to_site("admin").await;
    let users = office.get(&admin, "/users").await;
    let is_anna = |user: &&Json| user["name"] == "anna";
    let anna_id = text(&users.body["items"].as_array().unwrap().iter().find(is_anna).unwrap()["id"]);
    let moved = office.patch(&admin, &format!("/users/{anna_id}"), "*", json!({"group": "viewers"})).await;
    assert_eq!(moved.outcome(), "200", "{}", moved.body);
    let again = office.send(keyed(create(&office, &anna, "/rooms/A", &json!({})), "same")).await;
    assert_eq!(again.outcome(), "403 not-permitted", "{}", again.body);
    office.log_out(&bert).await;
    let again = office.send(keyed(create(&office, &bert, "/rooms/B", &json!({})), "same")).await;
    assert_eq!(again.outcome(), "401 not-logged-in");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_log_in_ends_the_session_whose_token_was_lost() {
    let office = Office::open("loginagain").await;
    let address = format!("{}/v1/sessions", office.base);
    let log_in = |body: Json| office.send(keyed(office.client.post(&address).json(&body), "log-in"));
    for body in [
        json!({"user": "anna", "password": PASSWORD, "plan": PLAN}),
        json!({"user": "bert", "password": PASSWORD}),
    ] {
        let first = log_in(body.clone()).await;
        let second = log_in(body.clone()).await;
        let third = log_in(body.clone()).await;
        assert_eq!([&first, &second, &third].map(Answer::outcome), ["201", "201", "201"], "{}", second.body);
        let tokens = [&first, &second, &third].map(|answer| text(&answer.body["token"]));
        for old in &tokens[..2] {
            assert_eq!(office.get(old, "/sessions/current").await.outcome(), "401 not-logged-in");
        }
        let current = office.get(&tokens[2], "/sessions/current").await;
        assert_eq!(current.body["session"], third.body["session"], "{}", current.body);
    }
    let other = log_in(json!({"user": "anna", "password": PASSWORD})).await;
    assert_eq!(other.outcome(), "422 key-reused", "{}", other.body);
    let wrong = log_in(json!({"user": "anna", "password": "wrong password", "plan": PLAN})).await;
    assert_eq!(wrong.outcome(), "401 not-logged-in");
    // At the same moment: both are answered, and only one is in.
    let body = json!({"user": "clara", "password": PASSWORD, "plan": PLAN});
    let (one, two) = tokio::join!(log_in(body.clone()), log_in(body));
    assert_eq!([one.outcome(), two.outcome()], ["201", "201"], "{} {}", one.body, two.body);
    let anna = office.log_in("anna").await;
    let here = office.all(&anna, "/sessions").await;
    assert_eq!(here.iter().filter(|session| session["user"] == "clara").count(), 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_for_a_token_ends_the_one_that_was_lost() {
    let office = Office::open("tokenagain").await;
    let admin = office.log_in_to_site("admin").await;
    let ask = |name: &str| {
        office.send(keyed(
            office.write(Method::POST, &admin, "/tokens", &json!({"name": name, "group": "viewers"})),
            "t",
        ))
    };
    let (first, second) = (ask("program").await, ask("program").await);
    assert_eq!([first.outcome(), second.outcome()], ["201", "201"], "{}", second.body);
    let (old, new) = (text(&first.body["token"]), text(&second.body["token"]));
    assert_eq!(office.get(&old, "/plans").await.outcome(), "401 not-logged-in");
    assert_eq!(office.get(&new, "/plans").await.outcome(), "200");
    assert_eq!(ask("other").await.outcome(), "422 key-reused");
    assert_eq!(office.get(&admin, "/tokens").await.body["items"].as_array().unwrap().len(), 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_import_under_its_key_gets_the_report_of_the_first() {
    let office = Office::open("importagain").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    let send = |text: &str| {
        let part = Part::bytes(text.as_bytes().to_vec()).file_name("GPU007.TXT");
        let post = office.request(Method::POST, &format!("/v1{}", plan("/imports")), &anna);
        office.send(keyed(post.multipart(Form::new().part("file", part)).header("daybook-lock", &lock), "i"))
    };
    let (first, head) = (send("A,Arts\n").await, office.head().await);
    assert_eq!(first.outcome(), "201", "{}", first.body);
    let again = send("A,Arts\n").await;
    assert_eq!(
        (&again.body, is_replayed(&again)),
        (&first.body, true),
        "boundaries of the form do not count"
    );
    assert_eq!(send("A,Biology\n").await.outcome(), "422 key-reused");
    assert_eq!(office.head().await, head);
    office.close().await;
}
