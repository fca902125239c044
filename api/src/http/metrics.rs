//! Counters per route, and `/metrics`.

mod known;

use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

pub use known::{KNOWN, Kind, Known, table};

/// Requests by `route`, `method` and `status`.
pub const REQUESTS: &str = "daybook_http_requests_total";
/// Seconds by `route` and `method`.
pub const SECONDS: &str = "daybook_http_request_seconds";

const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Of batches.
const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1_024.0, 8_192.0, 65_536.0];

/// The process's recorder, installed by the first who asks. Its histograms keep every value until they are read:
/// [`serve`](super::serve()) sees to that every few seconds.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            .and_then(|it| it.set_buckets_for_metric(Matcher::Suffix("_appends".to_owned()), &SIZES))
            .and_then(|it| it.set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), &SIZES))
            .expect("the lists of buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("metrics go to a recorder that another part of the program installed");
        }
        KNOWN.iter().for_each(Known::describe);
        handle
    })
}

/// GET `/metrics`: the Prometheus text format.
pub async fn metrics_handler() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder().render())
}

/// The counters of one route and method. They are looked up once, not at every request.
#[derive(Debug)]
pub(super) struct RouteMetrics {
    route: String,
    method: &'static str,
    seconds: Histogram,
    statuses: RwLock<Vec<(u16, Counter)>>,
}

impl RouteMetrics {
    pub(super) fn new(route: &str, method: &'static str) -> RouteMetrics {
        recorder();
        let seconds = metrics::histogram!(SECONDS, "route" => route.to_owned(), "method" => method);
        RouteMetrics { route: route.to_owned(), method, seconds, statuses: RwLock::default() }
    }

    pub(super) fn is_of(&self, route: &str, method: &str) -> bool {
        self.route == route && self.method == method
    }

    pub(super) fn record(&self, status: u16, duration: Duration) {
        self.seconds.record(duration.as_secs_f64());
        let known = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counter)) = known.iter().find(|(known, _)| *known == status) {
            counter.increment(1);
            return;
        }
        drop(known);
        let labels = [
            ("route", self.route.clone()),
            ("method", self.method.to_owned()),
            ("status", status.to_string()),
        ];
        let counter = metrics::counter!(REQUESTS, &labels);
        counter.increment(1);
        self.statuses.write().unwrap_or_else(PoisonError::into_inner).push((status, counter));
    }
}
