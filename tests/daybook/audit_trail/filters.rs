//! What is found by what leads to it, and what of it is told to whom.

use reqwest::Method;
use serde_json::{Value as Json, json};
use tests::office::{PLAN, plan};

use super::{audited, found, number, types};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_found_by_what_leads_to_it() {
    let (office, otto) = audited("audit_filters").await;
    let anna = office.log_in("anna").await;
    let bert = office.log_in("bert").await;
    let made = office.made(&anna, "/teachers/GAUSS", json!({ "long_name": "Gauß" })).await;
    let etag = made.etag();
    let path = plan("/teachers/GAUSS");
    let request = office.request(Method::PATCH, &format!("/v1{path}"), &anna).header("if-match", &etag);
    let changed = office.send(request.header("x-request-id", "the-one").json(&json!({ "text": "x" }))).await;
    assert_eq!(changed.outcome(), "200", "{}", changed.body);
    let stale = office.patch(&bert, &path, &etag, json!({ "text": "y" })).await;
    assert_eq!(stale.outcome(), "412 stale", "{}", stale.body);
    office.made(&bert, "/rooms/A1", json!({})).await;
    let renamed = office.patch(&bert, &path, "*", json!({ "id": "EULER" })).await;
    assert_eq!(renamed.outcome(), "200", "{}", renamed.body);
    let message = json!({ "to": { "users": ["bert"] }, "text": "Good morning." });
    assert_eq!(office.post(&anna, "/messages", message).await.outcome(), "201");

    let all = found(&office, &otto, "limit=7").await;
    let numbers: Vec<i64> = all.iter().map(|it| number(&it["position"])).collect();
    let head = office.head().await;
    let pages = i64::try_from(all.len().div_ceil(7)).unwrap();
    assert_eq!(
        numbers,
        (1..=head - pages).rev().collect::<Vec<_>>(),
        "everything, and no reading of its own"
    );
    let oldest = found(&office, &otto, "limit=9&order=oldest").await;
    assert_eq!(oldest[..all.len()], all.iter().rev().cloned().collect::<Vec<_>>());
    let readings = &oldest[all.len()..];
    assert_eq!(
        types(readings),
        vec!["AuditRead"; readings.len()],
        "the readings before are seen by this one"
    );

    let gauss = found(&office, &otto, &format!("plan={PLAN}&record=teachers/EULER")).await;
    assert_eq!(types(&gauss), ["RecordChanged", "ChangeRefused", "RecordChanged", "RecordCreated"]);
    let records: Vec<&Json> = gauss.iter().map(|it| &it["record"]).collect();
    assert_eq!(records, ["teachers/EULER", "teachers/GAUSS", "teachers/GAUSS", "teachers/GAUSS"]);
    let earlier = found(&office, &otto, "record=teachers/GAUSS").await;
    assert_eq!(earlier, gauss[1..]);
    let one = found(&office, &otto, "request=the-one").await;
    assert_eq!(one, gauss[2..3]);
    assert_eq!((&one[0]["actor"], &one[0]["request"]), (&json!("anna"), &json!("the-one")));
    assert_eq!((&one[0]["stream"], &one[0]["plan"]), (&json!(format!("plan/{PLAN}")), &json!(PLAN)));
    assert_eq!(one[0]["data"]["changes"][0]["field"], "text");
    assert_eq!(one[0]["session"].as_str().map(str::len), Some(36));
    assert_eq!(gauss[1]["stream"], format!("plan/{PLAN}/refused"));
    assert_eq!(gauss[1]["actor"], "bert");

    let of_bert = found(&office, &otto, &format!("actor=bert&plan={PLAN}")).await;
    assert_eq!(types(&of_bert), ["RecordChanged", "RecordCreated", "ChangeRefused", "SessionStarted"]);
    assert_eq!(found(&office, &otto, "actor=bert&type=ChangeRefused").await, gauss[1..2]);
    assert_eq!(types(&found(&office, &otto, "actor=anna&type=MessageSent").await), ["MessageSent"]);
    assert_eq!(types(&found(&office, &otto, "type=UserAdded&actor=admin").await), ["UserAdded"]);
    let at = gauss[1]["at"].as_str().unwrap();
    let cut = gauss[1]["position"].as_str().unwrap();
    for moment in [at, cut] {
        let from = found(&office, &otto, &format!("record=teachers/EULER&from={moment}")).await;
        assert_eq!(from, gauss[..2], "from {moment} on, that one too");
        let to = found(&office, &otto, &format!("record=teachers/EULER&to={moment}")).await;
        assert_eq!(to, gauss[2..], "before {moment}, without that one");
    }
    for nothing in [
        "actor=nobody",
        "record=teachers/NOBODY",
        "type=Nothing",
        "request=none",
        "from=1.100000",
        "plan=999~2026-2027~1",
        "to=1.1",
        "from=1.20&to=1.10",
        "actor=token:none",
    ] {
        assert_eq!(found(&office, &otto, nothing).await, [] as [Json; 0], "{nothing}");
    }
    let alone = office.get(&otto, &format!("/audit/events/{cut}")).await;
    assert_eq!((alone.outcome(), &alone.body), ("200".to_owned(), &gauss[1]));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_absences_learns_that_something_was_written_but_not_what() {
    let (office, otto) = audited("audit_absences").await;
    let admin = office.log_in("admin").await;
    let rights = json!({ "id": "counters", "rights": ["audit"], "plans": "*" });
    assert_eq!(office.post(&admin, "/groups", rights).await.outcome(), "201");
    let some = json!({ "id": "locals", "rights": ["audit"], "plans": ["100234~*~*"] });
    assert_eq!(office.post(&admin, "/groups", some).await.outcome(), "201");
    let mut tokens = Vec::new();
    for (name, group) in [("counting", "counters"), ("local", "locals")] {
        let made = office.post(&admin, "/tokens", json!({ "name": name, "group": group })).await;
        tokens.push(made.body["token"].as_str().unwrap().to_owned());
    }
    office.made(&admin, "/absence-reasons/ILL", json!({ "long_name": "Illness" })).await;
    office.made(&admin, "/rooms/R1", json!({})).await;
    let query = "type=RecordCreated&order=newest&limit=2";
    let whole = found(&office, &otto, query).await;
    let hidden = found(&office, &tokens[0], query).await;
    assert_eq!(whole[..1], hidden[..1]);
    assert_eq!(whole[1]["data"]["fields"]["long_name"]["text"], "Illness");
    assert_eq!((&hidden[1]["data"], &hidden[1]["record"]), (&Json::Null, &json!("absence-reasons/ILL")));
    let of_program = found(&office, &otto, "actor=token:counting").await;
    assert_eq!(of_program[0]["actor"], "token:counting");

    let refused = office.get(&tokens[1], "/audit/events").await;
    assert_eq!((refused.outcome().as_str(), &refused.body["right"]), ("403 not-permitted", &json!("plan")));
    assert!(!found(&office, &tokens[1], &format!("plan={PLAN}")).await.is_empty());
    let of_site = office.get(&tokens[1], "/audit/events/1").await;
    assert_eq!(of_site.outcome(), "403 not-permitted", "{}", of_site.body);
    let of_plan =
        office.get(&tokens[1], &format!("/audit/events/{}", whole[0]["position"].as_str().unwrap())).await;
    assert_eq!(of_plan.outcome(), "200", "{}", of_plan.body);
    office.close().await;
}
