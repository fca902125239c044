//! How many requests one caller may send: the limit of `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11).

use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// `RateLimit`.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// `RateLimit-Policy`.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const SHARDS: usize = 16;
/// Callers that one shard tells apart in one window; further ones share a count.
const CALLERS_MAX: usize = 8192;

/// So many requests in each window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window.
    pub requests: u32,
    /// Length of the window, whole seconds.
    pub window: Duration,
}

/// Counts requests by caller in fixed windows. Memory is bounded: a shard forgets everybody when its window is over.
#[derive(Debug)]
pub struct RateLimiter {
    quota: Quota,
    policy: HeaderValue,
    began: Instant,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    window: u64,
    counts: HashMap<u64, u32>,
}

/// What is left to one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests in this window; `None` when this one was too many.
    pub requests: Option<u32>,
    /// Seconds until the next window, at least 1.
    pub seconds: u32,
}

impl RateLimiter {
    /// A limiter in which nobody has asked yet. A window shorter than a second is taken as a second.
    pub fn new(quota: Quota) -> RateLimiter {
        let quota = Quota { window: Duration::from_secs(quota.window.as_secs().max(1)), ..quota };
        let policy = format!("\"default\";q={};w={}", quota.requests, quota.window.as_secs());
        RateLimiter {
            quota,
            policy: HeaderValue::try_from(policy).expect("digits and quotes are a header value"),
            began: Instant::now(),
            hasher: RandomState::new(),
            shards: Default::default(),
        }
    }

    /// Counts one request of this caller.
    pub fn count(&self, caller: impl Hash) -> Left {
        self.count_at(Instant::now(), caller)
    }

    fn count_at(&self, now: Instant, caller: impl Hash) -> Left {
        let length = self.quota.window.as_secs();
        let elapsed = now.duration_since(self.began).as_secs();
        let (window, seconds) = (elapsed / length, length - elapsed % length);
        let mut caller = self.hasher.hash_one(caller);
        let index = usize::try_from(caller % SHARDS as u64).expect("less than SHARDS");
        // A panic while counting leaves a count that is wrong by one at most.
        let mut shard = self.shards[index].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.window != window {
            shard.window = window;
            shard.counts.clear();
        }
        if shard.counts.len() >= CALLERS_MAX && !shard.counts.contains_key(&caller) {
            caller = 0;
        }
        let count = shard.counts.entry(caller).or_default();
        *count = count.saturating_add(1);
        let requests = self.quota.requests.checked_sub(*count);
        Left { requests, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }
    }

    /// Writes both header fields.
    pub fn announce(&self, left: Left, headers: &mut HeaderMap) {
        let text = format!("\"default\";r={};t={}", left.requests.unwrap_or(0), left.seconds);
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        headers
            .insert(RATE_LIMIT, HeaderValue::try_from(text).expect("digits and quotes are a header value"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_who_asks_too_often_waits_for_the_next_window() {
        let limiter = RateLimiter::new(Quota { requests: 2, window: Duration::from_secs(10) });
        let third = limiter.began + Duration::from_secs(3);
        assert_eq!(limiter.count_at(third, "a"), Left { requests: Some(1), seconds: 7 });
        assert_eq!(limiter.count_at(third, "a").requests, Some(0));
        assert_eq!(limiter.count_at(third, "a"), Left { requests: None, seconds: 7 });
        assert_eq!(limiter.count_at(third, "b").requests, Some(1));
        assert_eq!(limiter.count_at(third + Duration::from_secs(7), "a").requests, Some(1));
    }

    #[test]
    fn a_crowd_of_callers_does_not_fill_the_memory() {
        let limiter = RateLimiter::new(Quota { requests: 5, window: Duration::from_secs(60) });
        for caller in 0..(SHARDS * CALLERS_MAX * 2) {
            limiter.count_at(limiter.began, caller);
        }
        let known: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().counts.len()).sum();
        assert!(known <= SHARDS * (CALLERS_MAX + 1), "{known}");
    }

    #[test]
    fn the_headers_are_those_of_the_draft() {
        let limiter = RateLimiter::new(Quota { requests: 100, window: Duration::from_secs(60) });
        let mut headers = HeaderMap::new();
        limiter.announce(limiter.count_at(limiter.began, "a"), &mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"default\";q=100;w=60");
        assert_eq!(headers[RATE_LIMIT], "\"default\";r=99;t=60");
    }
}
