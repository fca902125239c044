//! Where traces are sent.

use clap::Args;

use crate::traces::{Collector, Endpoint, Header, Traces};

/// A collector of traces (OpenTelemetry); without one nothing is collected and nothing sent.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Traces (OpenTelemetry)")]
pub struct TraceArgs {
    /// Sends traces to this collector by OTLP over HTTP: `http://localhost:4318`, also https. They hold routes, commands,
    /// positions and times; no names and no values.
    #[arg(long, env = "DAYBOOK_OTLP_ENDPOINT", value_name = "URL", value_parser = endpoint)]
    otlp_endpoint: Option<Given>,
    /// Sent along, such as `authorization=Bearer …`; several with commas between them.
    #[arg(long, env = "DAYBOOK_OTLP_HEADERS", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = header)]
    #[arg(hide_env_values = true)]
    otlp_headers: Vec<Header>,
    /// How many of the traces that no caller began are sent: 1 all, 0.01 one in a hundred. A caller's own decides for itself.
    #[arg(long, env = "DAYBOOK_OTLP_SHARE", value_name = "0-1", default_value = "1", value_parser = share)]
    otlp_share: f64,
}

/// An endpoint, or the empty text of a variable that is set to nothing.
#[derive(Debug, Clone)]
struct Given(Option<Endpoint>);

impl TraceArgs {
    /// Begins to collect, where somebody is to get it. Must be called within the runtime.
    pub fn traces(&self, node: &str) -> Option<Traces> {
        let endpoint = self.otlp_endpoint.clone()?.0?;
        Some(Traces::new(Collector::new(endpoint, self.otlp_headers.clone()), self.otlp_share, node))
    }
}

fn endpoint(text: &str) -> Result<Given, String> {
    if text.is_empty() { Ok(Given(None)) } else { text.parse().map(|it| Given(Some(it))) }
}

fn header(text: &str) -> Result<Header, String> {
    text.parse()
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_between_nothing_and_everything() {
        assert_eq!((share("0"), share("0.25"), share("1")), (Ok(0.0), Ok(0.25), Ok(1.0)));
        assert!(
            share("2").is_err() && share("-1").is_err() && share("NaN").is_err() && share("all").is_err()
        );
    }
}
