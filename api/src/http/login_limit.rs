//! Guessing passwords is slow work: failed log-ins are counted per name and address, and per address.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::problem::{Code, Problem};

/// Failures of the last so long count.
const WINDOW: Duration = Duration::from_secs(60);
/// So many failures of one address count for as much as one name's limit times this.
const NAMES_PER_ADDRESS: usize = 10;
/// Counters kept at once. When there are more, those are forgotten first whose last failure is longest ago.
const COUNTERS_MAX: usize = 20_000;

/// Seconds to wait, at least 1; becomes 429 `too-many`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub u32);

impl From<RetryAfter> for Problem {
    fn from(wait: RetryAfter) -> Self {
        Problem::new(Code::TooMany).retry_after(wait.0)
    }
}

/// The limit of failed log-ins. Names are kept as keyed hashes only. IPv6 addresses count by their /64, which one host has
/// to itself.
#[derive(Debug)]
pub struct LoginLimiter {
    failures_per_name: Option<usize>,
    hasher: RandomState,
    counters: Mutex<HashMap<u64, Vec<Instant>>>,
}

impl LoginLimiter {
    /// So many failures a minute for one name from one address (10 unless set), and ten times as many for an address; `None`
    /// is no limit.
    pub fn new(failures_per_name: Option<u32>) -> LoginLimiter {
        LoginLimiter {
            failures_per_name: failures_per_name.and_then(|limit| usize::try_from(limit).ok()),
            hasher: RandomState::new(),
            counters: Mutex::default(),
        }
    }

    /// Whether another attempt may be made now. Attempts that run at the same time all pass: ask again right before the
    /// password is checked.
    pub fn check(&self, name: &str, address: IpAddr) -> Result<(), RetryAfter> {
        let checked = self.check_at(Instant::now(), name, address);
        if checked.is_err() {
            metrics::counter!("daybook_http_limited_total", "limit" => "log-ins").increment(1);
        }
        checked
    }

    /// Remembers a failure: wrong password or unknown name alike.
    pub fn failed(&self, name: &str, address: IpAddr) {
        self.failed_at(Instant::now(), name, address);
    }

    fn check_at(&self, now: Instant, name: &str, address: IpAddr) -> Result<(), RetryAfter> {
        let Some(limit) = self.failures_per_name else { return Ok(()) };
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let [pair, alone] = self.keys(name, address);
        for (key, limit) in [(pair, limit), (alone, limit * NAMES_PER_ADDRESS)] {
            let failures = counters.get(&key).map(Vec::as_slice).unwrap_or_default();
            // With `limit` failures in the window, the wait is over when the oldest of the last `limit` leaves it.
            let decisive = failures.len().checked_sub(limit).and_then(|index| failures.get(index));
            let wait = decisive.map(|oldest| (*oldest + WINDOW).saturating_duration_since(now));
            if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                return Err(RetryAfter(u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)));
            }
            if limit == 0 {
                return Err(RetryAfter(60));
            }
        }
        Ok(())
    }

    fn failed_at(&self, now: Instant, name: &str, address: IpAddr) {
        let Some(limit) = self.failures_per_name else { return };
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let [pair, alone] = self.keys(name, address);
        for (key, limit) in [(pair, limit), (alone, limit * NAMES_PER_ADDRESS)] {
            let failures = counters.entry(key).or_default();
            failures.retain(|at| now.duration_since(*at) < WINDOW);
            failures.push(now);
            if failures.len() > limit {
                failures.remove(0);
            }
        }
        if counters.len() > COUNTERS_MAX {
            forget(&mut counters, now);
        }
    }

    fn keys(&self, name: &str, address: IpAddr) -> [u64; 2] {
        let host = match address.to_canonical() {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
        };
        [self.hasher.hash_one((host, Some(name))), self.hasher.hash_one((host, None::<&str>))]
    }
}

/// Drops what is over; when that is not a quarter, the longest untouched quarter too.
fn forget(counters: &mut HashMap<u64, Vec<Instant>>, now: Instant) {
    let last = |failures: &Vec<Instant>| failures.last().copied();
    counters.retain(|_, failures| last(failures).is_some_and(|at| now.duration_since(at) < WINDOW));
    let keep = COUNTERS_MAX / 4 * 3;
    if counters.len() > keep {
        let mut ages: Vec<Option<Instant>> = counters.values().map(last).collect();
        let position = ages.len() - keep;
        let (_, oldest_kept, _) = ages.select_nth_unstable(position);
        let oldest_kept = *oldest_kept;
        let mut surplus = counters.len() - keep;
        counters.retain(|_, failures| {
            let goes = surplus > 0 && last(failures) <= oldest_kept;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn the_eleventh_guess_waits_for_the_first_to_be_a_minute_old() {
        let limiter = LoginLimiter::new(Some(10));
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        for second in 0..10 {
            assert_eq!(limiter.check_at(after(second), "anna", address(1)), Ok(()), "{second}");
            limiter.failed_at(after(second), "anna", address(1));
        }
        assert_eq!(limiter.check_at(after(10), "anna", address(1)), Err(RetryAfter(50)));
        assert_eq!(limiter.check_at(after(10), "berta", address(1)), Ok(()));
        assert_eq!(limiter.check_at(after(10), "anna", address(2)), Ok(()));
        assert_eq!(limiter.check_at(after(60), "anna", address(1)), Ok(()));
        limiter.failed_at(after(60), "anna", address(1));
        assert_eq!(limiter.check_at(after(60), "anna", address(1)), Err(RetryAfter(1)));
    }

    #[test]
    fn a_hundred_names_from_one_address_are_enough() {
        let limiter = LoginLimiter::new(Some(10));
        for n in 0..100 {
            limiter.failed(&format!("user{n}"), address(1));
        }
        assert_eq!(limiter.check("somebody", address(1)), Err(RetryAfter(60)));
        assert_eq!(limiter.check("somebody", address(2)), Ok(()));
    }

    #[test]
    fn success_counts_nothing_and_off_is_off() {
        let limiter = LoginLimiter::new(Some(10));
        for _ in 0..1000 {
            assert_eq!(limiter.check("anna", address(1)), Ok(()));
        }
        let off = LoginLimiter::new(None);
        for _ in 0..1000 {
            off.failed("anna", address(1));
        }
        assert_eq!(off.check("anna", address(1)), Ok(()));
    }

    #[test]
    fn one_ipv6_host_cannot_come_from_many_addresses() {
        let limiter = LoginLimiter::new(Some(10));
        for n in 0..10u128 {
            limiter.failed("anna", IpAddr::from((0x2001_0db8_u128 << 96 | n).to_be_bytes()));
        }
        assert!(limiter.check("anna", "2001:db8::ffff".parse().unwrap()).is_err());
        assert!(limiter.check("anna", "2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_storm_of_names_does_not_fill_the_memory() {
        let limiter = LoginLimiter::new(Some(10));
        for n in 0..COUNTERS_MAX * 3 {
            limiter.failed(&format!("user{n}"), address(u8::try_from(n % 200).unwrap()));
        }
        assert!(limiter.counters.lock().unwrap().len() <= COUNTERS_MAX + 2);
        assert!(limiter.check("somebody", address(1)).is_err(), "the address itself was forgotten");
    }
}
