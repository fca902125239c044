//! Spans that lead from a request to its events and on to the read models: they find one another by the `traceparent` (W3C
//! Trace Context) that lies beside every event.
//!
//! Only spans with the target [`TARGET`] leave the house, so whoever makes one decides that a stranger may see it: no names, no
//! values, no words of the office. Where nobody collects them, a span costs one look at a flag.

use std::collections::HashSet;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::queue::Member;

/// The target of all spans that a collector of traces gets.
pub const TARGET: &str = "daybook::trace";

/// The most traces that one span of a batch names; what is beyond is found by its own spans.
pub const LINKS_MAX: usize = 256;

/// The `traceparent` of those who go on from here; none where nobody collects spans.
pub fn traceparent(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let of = context.span().span_context().clone();
    of.is_valid().then(|| format!("00-{}-{}-{:02x}", of.trace_id(), of.span_id(), of.trace_flags().to_u8()))
}

/// Makes a span that has just been made part of its caller's trace.
pub fn go_on_from(span: &Span, traceparent: &str) {
    if !span.is_disabled()
        && let Some(caller) = read(traceparent)
    {
        // It fails where nobody collects.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }
}

/// Says that a span comes of these traces, each named once.
pub fn come_of<'a>(span: &Span, traceparents: impl Iterator<Item = &'a str>) {
    if span.is_disabled() {
        return;
    }
    let mut named = HashSet::new();
    for traceparent in traceparents {
        if named.len() < LINKS_MAX
            && named.insert(traceparent)
            && let Some(of) = read(traceparent)
        {
            span.add_link(of);
        }
    }
}

/// The span of a batch of appends: it names theirs, and they name it.
pub(crate) fn commit_of<'a>(members: impl Iterator<Item = &'a Member> + Clone) -> Span {
    let span = tracing::debug_span!(target: TARGET, parent: None, "commit", appends = Empty, events = Empty);
    if !span.is_disabled() {
        let (mut appends, mut events) = (0_u64, 0_u64);
        for member in members.clone() {
            span.follows_from(&member.span);
            appends += 1;
            events += member.append.events() as u64;
        }
        // Not before it knows all of them: whether it is sent is decided by whom it comes of.
        for member in members {
            member.span.follows_from(&span);
        }
        span.record("appends", appends);
        span.record("events", events);
    }
    span
}

fn read(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (_version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let of = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    of.is_valid().then_some(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_is_read_whatever_else_his_version_knows() {
        let of =
            read("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more").expect("a later version");
        assert_eq!(of.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((of.span_id().to_string().as_str(), of.is_sampled()), ("00f067aa0ba902b7", true));
        for nonsense in ["", "00-0-0-0", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert!(read(nonsense).is_none(), "{nonsense}");
        }
    }

    #[test]
    fn nobody_collects_so_nothing_is_made() {
        let span = tracing::debug_span!(target: TARGET, "request");
        go_on_from(&span, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(traceparent(&span), None);
    }
}
