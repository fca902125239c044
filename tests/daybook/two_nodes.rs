//! Two nodes on one database, busy on the same plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Kind;
use reqwest::Method;
use serde_json::json;
use tests::audit::Audit;
use tests::doings::text;
use tests::office::{Office, PLAN, plan};
use tests::rounds::{Dice, Rounds};

/// How many write at each node.
const CLIENTS: u64 = 16;
/// Records that all of them want to change: each counts the changes it has seen.
const CONTESTED: u64 = 8;

/// What one client did.
#[derive(Default)]
struct Did {
    counted: u64,
    stale: u64,
    made: Vec<String>,
    busy: u64,
}

/// Writes at both nodes, each of which must see what was acknowledged by the other.
pub async fn hammer(rounds: Rounds) -> (String, Rounds) {
    let one = Arc::new(Office::open("nodes").await);
    let api_token = one.api_token("loader", "planners").await;
    let other = Arc::new(one.beside().await);
    let anna = one.log_in("anna").await;
    for number in 0..CONTESTED {
        let path = plan(&format!("/teachers/C{number}"));
        let made = one.create(&anna, &path, json!({ "long_name": "0" })).await;
        assert_eq!(made.outcome(), "201", "{}", made.body);
    }
    let rounds = Arc::new(rounds);
    let progress = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let clients: Vec<_> = (0..2 * CLIENTS)
        .map(|number| {
            let (here, there) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
            let (here, there, rounds) = (here.clone(), there.clone(), rounds.clone());
            let (token, progress) = (api_token.clone(), progress.clone());
            tokio::spawn(async move {
                let mut did = Did::default();
                let mut dice = Dice::new(number);
                while let Some(round) = rounds.next() {
                    client_round(&here, &there, &token, round, &mut dice, &mut did).await;
                    progress[number as usize % 2].fetch_add(1, Ordering::Relaxed);
                }
                did
            })
        })
        .collect();
    let mut all = Did::default();
    for client in clients {
        let did = client.await.unwrap();
        all.counted += did.counted;
        all.stale += did.stale;
        all.busy += did.busy;
        all.made.extend(did.made);
    }
    let shares = [progress[0].load(Ordering::Relaxed), progress[1].load(Ordering::Relaxed)];
    assert!(shares.iter().all(|share| *share * 4 >= rounds.done()), "both make progress: {shares:?}");
    let audit = Audit::of(&one.service.as_ref().unwrap().ledger).await;
    audit.assert_exclusive(&format!("plan/{PLAN}"));
    let mut counted = 0;
    for number in 0..CONTESTED {
        let path = plan(&format!("/teachers/C{number}"));
        let [here, there] = [one.get(&anna, &path).await, other.get(&anna, &path).await];
        assert_eq!(here.body, there.body, "both nodes show the same");
        counted += text(&here.body["long_name"]).parse::<u64>().unwrap();
    }
    assert_eq!(counted, all.counted, "every acknowledged change counts, once");
    all.made.extend((0..CONTESTED).map(|number| format!("C{number}")));
    all.made.sort();
    assert_eq!(audit.created(Kind::Teachers), all.made, "each record is there once");
    let refused = audit.events.iter().filter(|event| event.r#type == "ChangeRefused").count() as u64;
    assert_eq!(refused, all.stale, "every refusal is recorded, once");
    let did = format!(
        "{} and {} rounds; {} changes of {CONTESTED} contested records counted, {} stale ones refused, {} asked to come again",
        shares[0], shares[1], all.counted, all.stale, all.busy
    );
    Arc::into_inner(other).unwrap().close().await;
    Arc::into_inner(one).unwrap().close().await;
    (did, Arc::into_inner(rounds).unwrap())
}

/// Logs in here, writes there, reads here.
async fn client_round(
    here: &Office,
    there: &Office,
    api_token: &str,
    round: u64,
    dice: &mut Dice,
    did: &mut Did,
) {
    let began = here.log_in_by_token(api_token).await;
    assert_eq!(began.outcome(), "201", "{}", began.body);
    let token = text(&began.body["token"]);
    let seen = there.get(&token, "/sessions/current").await;
    assert_eq!(seen.outcome(), "200", "a session made here works there at once: {}", seen.body);
    let name = format!("T{round}");
    let made = there.create(&token, &plan(&format!("/teachers/{name}")), json!({})).await;
    assert_eq!(made.outcome(), "201", "{}", made.body);
    did.made.push(name.clone());
    let position = made.header("daybook-position").unwrap().to_owned();
    let read = read_at(here, &token, &name, &position, did).await;
    assert_eq!(read.body["id"], json!(name));
    let contested = format!("C{}", dice.below(CONTESTED));
    let mut read = read_at(here, &token, &contested, &position, did).await;
    for _ in 0..50 {
        let count = text(&read.body["long_name"]).parse::<u64>().unwrap() + 1;
        let path = plan(&format!("/teachers/{contested}"));
        let changed =
            here.patch(&token, &path, &read.etag(), json!({ "long_name": count.to_string() })).await;
        if changed.outcome() == "200" {
            did.counted += 1;
            let position = changed.header("daybook-position").unwrap();
            let read = read_at(there, &token, &contested, position, did).await;
            assert!(
                text(&read.body["long_name"]).parse::<u64>().unwrap() >= count,
                "what was acknowledged is seen"
            );
            break;
        }
        assert_eq!(changed.outcome(), "412 stale", "{}", changed.body);
        did.stale += 1;
        let winner = text(&changed.body["winner"]["position"]);
        read = read_at(here, &token, &contested, &winner, did).await;
    }
    let gone = there.delete(&token, "/sessions/current").await;
    assert_eq!(gone.outcome(), "204", "{}", gone.body);
    let late = here.get(&token, &plan("/teachers?limit=1")).await;
    assert!(late.status == 401 || late.status == 200, "{}", late.body);
}

/// Reads a teacher once the node has a position; a node that is behind is asked again.
async fn read_at(
    office: &Office,
    token: &str,
    name: &str,
    position: &str,
    did: &mut Did,
) -> tests::office::Answer {
    for _ in 0..10 {
        let path = format!("/v1{}", plan(&format!("/teachers/{name}")));
        let request = office.request(Method::GET, &path, token).header("daybook-min-position", position);
        let answer = office.send(request).await;
        if answer.outcome() != "503 projection-behind" {
            assert_eq!(answer.outcome(), "200", "{name} at {position}: {}", answer.body);
            return answer;
        }
        did.busy += 1;
    }
    panic!("the read model never comes to {position}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_lose_nothing_and_see_each_others_writes() {
    hammer(Rounds::quiet("two nodes", 60)).await;
}
