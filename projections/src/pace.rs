//! How much of the machine a rebuild takes while others work on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// After a piece of work as long as it took is left to others, at most this long.
const LEFT_TO_OTHERS_MAX: Duration = Duration::from_millis(500);

/// Who writes to the server when. At full speed everybody, always; gently one at a time, and while somebody else works, he has the
/// server to himself half of the time.
///
/// A turn is one statement or one short transaction. It is nothing that anything waits for but the next turn.
#[derive(Debug)]
pub(crate) struct Pace {
    /// None at full speed.
    one: Option<Semaphore>,
    others_work: AtomicBool,
}

impl Pace {
    /// Nobody is to be spared.
    pub fn full() -> Self {
        Self { one: None, others_work: AtomicBool::new(false) }
    }

    /// Others go first.
    pub fn gentle() -> Self {
        Self { one: Some(Semaphore::new(1)), others_work: AtomicBool::new(true) }
    }

    pub fn is_gentle(&self) -> bool {
        self.one.is_some()
    }

    /// Somebody works on the same server, or nobody does any more.
    pub fn others_work(&self, work: bool) {
        self.others_work.store(work, Ordering::Relaxed);
    }

    /// Whether somebody is to be spared now.
    pub fn is_slow(&self) -> bool {
        self.is_gentle() && self.others_work.load(Ordering::Relaxed)
    }

    /// Waits until it is one's turn.
    pub async fn turn(&self) -> Turn<'_> {
        let permit = match &self.one {
            Some(one) if self.is_slow() => Some(one.acquire().await.expect("it is never closed")),
            _ => None,
        };
        Turn { pace: self, permit, began: Instant::now() }
    }
}

/// One may write.
pub(crate) struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
    began: Instant,
}

impl Turn<'_> {
    /// It is done; the next one has his turn when others have had theirs.
    pub async fn end(self) {
        if self.permit.is_some() && self.pace.is_slow() {
            tokio::time::sleep(self.began.elapsed().min(LEFT_TO_OTHERS_MAX)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn while_others_work_one_writes_after_the_other() {
        let pace = Pace::gentle();
        let first = pace.turn().now_or_never().expect("nobody is before him");
        assert!(pace.turn().now_or_never().is_none(), "it is the first one's turn");
        first.end().await;
        assert!(pace.turn().now_or_never().is_some());
    }

    #[tokio::test]
    async fn where_nobody_works_nobody_waits() {
        let pace = Pace::gentle();
        pace.others_work(false);
        let _turns = [(); 3].map(|()| pace.turn().now_or_never().expect("all at once"));
        let pace = Pace::full();
        pace.others_work(true);
        let _turns = [(); 3].map(|()| pace.turn().now_or_never().expect("all at once"));
    }

    #[tokio::test]
    async fn others_have_the_server_as_long_as_it_was_taken_from_them() {
        let pace = Pace::gentle();
        let turn = pace.turn().await;
        let began = turn.began;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let took = turn.began.elapsed();
        turn.end().await;
        assert!(began.elapsed() >= took + took.min(LEFT_TO_OTHERS_MAX), "it took {took:?}");
    }
}
