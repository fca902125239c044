//! Contact with partners that go away and come back, and with nodes that lose it alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::desk::Terms;
use api::outage::ContactTerms;
use serde_json::json;
use tests::office::{Office, plan};
use tests::outages::{announce, outage, past, wait_for};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Contact is asked for so often here.
const EVERY: Duration = Duration::from_millis(100);

fn terms(partners: &[&str], good: u32) -> Terms {
    let partners = partners.iter().map(|partner| partner.parse().unwrap()).collect();
    Terms {
        contact: ContactTerms { every: EVERY, good, partners, ..ContactTerms::default() },
        ..Terms::default()
    }
}

/// A partner that can go away and come back.
struct Partner {
    address: std::net::SocketAddr,
    listener: Option<TcpListener>,
}

impl Partner {
    async fn new() -> Partner {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Partner { address: listener.local_addr().unwrap(), listener: Some(listener) }
    }

    fn url(&self) -> String {
        format!("tcp://{}", self.address)
    }

    fn goes(&mut self) {
        self.listener = None;
    }

    async fn comes_back(&mut self) {
        self.listener = Some(TcpListener::bind(self.address).await.unwrap());
    }
}

/// A partner that answers as it is told, good (200) or not (500).
struct Told {
    url: String,
    /// What it answers next, one after the other, and what from then on.
    words: Arc<Mutex<(VecDeque<u16>, u16)>>,
    answered: watch::Receiver<usize>,
}

impl Told {
    /// Answers well.
    async fn new() -> Told {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let words = Arc::new(Mutex::new((VecDeque::new(), 200)));
        let (count, answered) = watch::channel(0);
        let told = words.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut question = [0; 1_024];
                let _gone = stream.read(&mut question).await;
                let status = {
                    let mut words = told.lock().unwrap();
                    words.0.pop_front().unwrap_or(words.1)
                };
                let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n");
                let _gone = stream.write_all(answer.as_bytes()).await;
                count.send_modify(|count| *count += 1);
            }
        });
        Told { url, words, answered }
    }

    /// Gives these answers and then always the other; comes back when all of them were given and drawn from.
    async fn answers(&self, first: &[u16], then: u16) {
        let mut answered = self.answered.clone();
        *self.words.lock().unwrap() = (first.iter().copied().collect(), then);
        // One question may be open now; the one behind the last is only asked when that has been judged.
        let enough = *answered.borrow() + first.len() + 2;
        answered.wait_for(|count| *count >= enough).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_partner_nobody_is_served_until_it_is_back() {
    let mut partner = Partner::new().await;
    let office = Office::with_terms("partner", terms(&[&partner.url()], 1)).await;
    let (admin, anna) = (office.log_in_to_site("admin").await, office.log_in("anna").await);
    announce(&office, &admin, json!({ "message": "At noon.", "prevent_logins": true })).await;
    partner.goes();
    let down = wait_for(&office, "down-announced").await;
    assert_eq!(down["contact"]["state"], "lost");
    let refused = office.get(&anna, &plan("/teachers")).await;
    assert_eq!((refused.outcome().as_str(), &refused.body["message"]), ("503 outage", &json!("At noon.")));
    assert_eq!(office.try_log_in("bert", json!({})).await.outcome(), "503 outage");
    assert_eq!(office.delete(&admin, "/outage").await.outcome(), "204");
    let unannounced = outage(&office).await;
    assert_eq!(unannounced["state"], "down-unannounced", "ended without contact");
    let refused = office.get(&anna, &plan("/teachers")).await;
    assert_eq!(refused.outcome(), "503 outage");
    assert!(refused.body["message"].as_str().is_some_and(|text| !text.is_empty()), "a general text");
    partner.comes_back().await;
    let open = wait_for(&office, "open").await;
    assert_eq!(open["contact"]["state"], "ok");
    assert_eq!(office.get(&anna, &plan("/teachers")).await.outcome(), "200");
    let over = past(&office).await;
    let reasons: Vec<&str> = over.iter().map(|outage| outage.reason.as_str()).collect();
    assert_eq!(reasons, ["contact-back", "administrator"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_flaps_is_back_after_three_good_answers_in_a_row() {
    let partner = Told::new().await;
    let office = Office::with_terms("flapping", terms(&[&partner.url], 3)).await;
    partner.answers(&[], 500).await;
    wait_for(&office, "down-unannounced").await;
    partner.answers(&[200, 200, 500, 200, 200], 500).await;
    assert_eq!(outage(&office).await["state"], "down-unannounced");
    assert!(past(&office).await.is_empty(), "it was never back");
    partner.answers(&[200, 200, 200], 200).await;
    wait_for(&office, "open").await;
    assert_eq!(past(&office).await.len(), 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_alone_ends_nothing_for_the_others() {
    let (mut own, other) = (Partner::new().await, Partner::new().await);
    let office = Office::with_terms("alone", terms(&[&other.url()], 1)).await;
    let lonely = Office::on(office.database.clone(), terms(&[&own.url()], 1)).await;
    let anna = office.log_in("anna").await;
    own.goes();
    wait_for(&lonely, "down-unannounced").await;
    assert_eq!(lonely.get(&anna, &plan("/teachers")).await.outcome(), "503 outage");
    let ready = lonely.client.get(format!("{}/readyz", lonely.base)).send().await.unwrap();
    assert_eq!(ready.status(), 503, "others serve");
    tokio::time::sleep(EVERY * 5).await;
    assert_eq!(outage(&office).await["state"], "open");
    assert_eq!(office.get(&anna, &plan("/teachers")).await.outcome(), "200");
    own.comes_back().await;
    wait_for(&lonely, "open").await;
    assert!(past(&office).await.is_empty());
    own.goes();
    wait_for(&lonely, "down-unannounced").await;
    drop(other);
    wait_for(&office, "down-unannounced").await;
    own.comes_back().await;
    wait_for(&lonely, "open").await;
    tokio::time::sleep(EVERY * 3).await;
    assert_eq!(outage(&office).await["state"], "down-unannounced", "now this one is alone");
    lonely.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_without_contact_it_is_down_and_unannounced() {
    let mut partner = Partner::new().await;
    partner.goes();
    let office = Office::with_terms("startless", terms(&[&partner.url()], 1)).await;
    assert_eq!(outage(&office).await["state"], "down-unannounced");
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "503 outage");
    partner.comes_back().await;
    wait_for(&office, "open").await;
    assert_eq!(office.try_log_in("anna", json!({})).await.outcome(), "201");
    office.close().await;
}
