//! Driving writers for a fixed time, and the statistics that every table is made of.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

/// How long one cell of a table runs.
#[derive(Clone, Copy)]
pub struct Timing {
    /// Time before anything is counted: connections, caches and plans settle.
    pub warm_up: Duration,
    /// Time in which what completes is counted.
    pub measured: Duration,
}

impl Timing {
    /// Both parts together.
    pub fn total(self) -> Duration {
        self.warm_up + self.measured
    }
}

/// What one run of one cell showed.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Completed in the measured time, per second.
    pub per_second: f64,
    /// Median latency in milliseconds.
    pub p50: f64,
    /// 99th percentile of latency in milliseconds.
    pub p99: f64,
}

impl Measured {
    /// Takes the latencies, in microseconds, of everything that completed in `measured`.
    pub fn new(mut micros: Vec<u32>, measured: Duration) -> Result<Self> {
        ensure!(!micros.is_empty(), "nothing completed in {measured:?}");
        micros.sort_unstable();
        Ok(Self {
            per_second: micros.len() as f64 / measured.as_secs_f64(),
            p50: percentile(&micros, 0.50),
            p99: percentile(&micros, 0.99),
        })
    }
}

impl Measured {
    /// Something that is done once and has no latency.
    pub fn rate(per_second: f64) -> Self {
        Self { per_second, p50: f64::NAN, p99: f64::NAN }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, p50, p99 } = self;
        write!(f, "{per_second:>9.0}/s  p50 {p50:>7.2} ms  p99 {p99:>7.2} ms")
    }
}

/// The value, in milliseconds, that the given part of the sorted microseconds does not exceed.
pub fn percentile(sorted: &[u32], part: f64) -> f64 {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    f64::from(sorted[rank.clamp(1, sorted.len()) - 1]) / 1000.0
}

/// One client of a store that has one request under way at a time.
pub trait Writer: Send + 'static {
    /// Appends one event and returns when it is durable; a store that asks its callers to retry is retried in here.
    fn append(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// Runs all writers side by side in closed loops, counts what completes in the measured time, and hands the writers back.
/// The first failure of a writer fails the cell: a store that answers with errors has no speed.
pub async fn drive<W: Writer>(writers: &mut Vec<W>, timing: Timing) -> Result<Measured> {
    let from = Instant::now() + timing.warm_up;
    let until = from + timing.measured;
    let mut running = JoinSet::new();
    for writer in writers.drain(..) {
        running.spawn(closed_loop(writer, from, until));
    }
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (writer, mut micros) = ended??;
        writers.push(writer);
        all.append(&mut micros);
    }
    Measured::new(all, timing.measured)
}

async fn closed_loop<W: Writer>(mut writer: W, from: Instant, until: Instant) -> Result<(W, Vec<u32>)> {
    let mut micros = Vec::with_capacity(4096);
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok((writer, micros));
        }
        writer.append().await?;
        let ended = Instant::now();
        if ended >= from && ended < until {
            micros.push(in_micros(ended - began));
        }
    }
}

/// A duration in microseconds; more than 71 minutes count as 71 minutes.
pub fn in_micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// Median and range of the same figure over the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// Middle value; of an even number the mean of the two in the middle.
    pub median: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Spread {
    /// Sums up one value a round. Nothing in, nothing out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_percentile_is_exceeded_by_one_in_a_hundred() {
        let sorted: Vec<u32> = (1..=1000).map(|n| n * 1000).collect();
        assert!((percentile(&sorted, 0.99) - 990.0).abs() < f64::EPSILON);
        assert!((percentile(&sorted[..1], 0.99) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).expect("four values");
        assert!((spread.median - 2.5).abs() < f64::EPSILON);
        assert!(Spread::of([]).is_none());
    }
}
