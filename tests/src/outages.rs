//! Outages, as the people of the tests announce and see them.

use std::time::{Duration, Instant};

use projections::Moment;
use projections::outage::{PastOutage, past_outages};
use reqwest::Method;
use serde_json::Value as Json;

use crate::office::{Answer, Office};

/// GET of the outage, by a stranger.
pub async fn outage(office: &Office) -> Json {
    let answer = office.send(office.client.get(format!("{}/v1/outage", office.base))).await;
    assert_eq!(answer.outcome(), "200", "{}", answer.body);
    answer.body
}

/// PUT of an outage.
pub async fn announce(office: &Office, token: &str, body: Json) -> Answer {
    office.send(office.write(Method::PUT, token, "/outage", &body)).await
}

/// Waits until the outage is in a state.
pub async fn wait_for(office: &Office, state: &str) -> Json {
    let began = Instant::now();
    loop {
        let now = outage(office).await;
        if now["state"] == state {
            return now;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "never {state}: {now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The outages that are over, as the read model has them when it shows all that is in the ledger.
pub async fn past(office: &Office) -> Vec<PastOutage> {
    let head = office.head().await;
    let projections = &office.service.as_ref().expect("it runs").projections;
    projections.wait_for(head, Duration::from_secs(20)).await.expect("the read models catch up");
    past_outages(projections.pool(), Moment::Now, 10).await.expect("it can be read")
}
