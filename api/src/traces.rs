//! Traces for a collector that speaks OTLP: what a request became, from its command and its append to the read models.
//!
//! Nobody waits for the collector. Spans lie in a queue of bounded length and are sent from a thread of their own; those that
//! find it full are dropped, and so are those that the collector does not take.

mod collector;

use std::time::Duration;

use eventstore::trace::{LINKS_MAX, TARGET};
use opentelemetry::trace::{Link, SpanKind, TraceId, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingResult, SdkTracerProvider, ShouldSample,
};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::{Layer, Registry};

pub use collector::{Collector, Endpoint, Header};

/// Spans that wait to be sent.
const SPANS_MAX: usize = 8_192;
/// Spans in one message.
const SPANS_AT_ONCE: usize = 512;
/// How often what waits is sent.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// How long the last spans may take when the service stops.
const END_WITHIN: Duration = Duration::from_secs(4);

/// Collects the spans of this process and sends them.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Of a node; `share` of the traces that no caller began are sent, from 0 to 1. Must be made within the runtime.
    pub fn new(collector: Collector, share: f64, node: &str) -> Traces {
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_MAX)
            .with_max_export_batch_size(SPANS_AT_ONCE)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let sending = BatchSpanProcessor::builder(collector).with_batch_config(config).build();
        let resource = Resource::builder_empty()
            .with_service_name("daybook")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", node.to_owned()))
            .build();
        let begun_here = ByOrigin(Sampler::TraceIdRatioBased(share));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(sending)
            .with_sampler(Sampler::ParentBased(Box::new(begun_here)))
            .with_max_links_per_span(u32::try_from(LINKS_MAX).unwrap_or(u32::MAX))
            .with_resource(resource)
            .build();
        Traces { provider }
    }

    /// Takes in the spans that are meant for a collector, and nothing else: no log line, no span of a library.
    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let meant = filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET)
            .with_max_level_hint(LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("daybook"))
            // A span is begun when it is known where it comes from, not when it is first entered.
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(meant)
            .boxed()
    }

    /// Sends what is left, for as long as that takes at the most.
    pub async fn end(self) {
        let ending = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(END_WITHIN));
        if !matches!(ending.await, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// A trace that begins here: with a batch, it is sent when a trace is that the batch comes of; else as the share says.
#[derive(Debug, Clone)]
struct ByOrigin(Sampler);

impl ShouldSample for ByOrigin {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let any_sent = links.iter().any(|link| link.span_context.is_sampled());
        let by_links = if any_sent { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
        let sampler = if links.is_empty() { &self.0 } else { &by_links };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}
