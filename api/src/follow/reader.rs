//! The one who reads for all followers of the node.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use projections::change::{Told, reached_for_followers, stretch_of_plans};
use projections::message::newly;
use tokio::time::{sleep, timeout};

use super::page::Page;
use super::{Followed, RING_BYTES_MAX, RINGS_BYTES_MAX};
use crate::app::App;
use crate::desk::Failure;

/// The most positions of a page: so many events at the most, however many plans are followed.
const POSITIONS_MAX: i64 = 1_000;
/// The least time from one look to the next.
const PACE: Duration = Duration::from_millis(2);
/// And for each follower, who has to be woken: under load several changes are told together, so that telling a crowd leaves time for
/// other work.
const PACE_EACH: Duration = Duration::from_micros(40);
/// The most that comes of it.
const PACE_MAX: Duration = Duration::from_millis(40);
/// How often it looks without being told that there is something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait before the database is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// How far it has read.
struct At {
    changes: i64,
    messages: i64,
}

/// Reads until nobody has followed anything for a while, or the service stops.
pub async fn run(app: App) {
    // However it ends, the next follower starts another one.
    let mut ended = Ended(Some(app.clone()));
    loop {
        tokio::select! {
            () = app.shutdown.begun() => return,
            () = read(&app) => {}
        }
        if app.followers.is_done_reading() {
            // The next one may run already.
            ended.0 = None;
            return;
        }
    }
}

struct Ended(Option<App>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(app) = &self.0 {
            app.followers.all().is_read = false;
        }
    }
}

async fn read(app: &App) {
    let mut advanced = app.projections.advanced();
    let mut at = loop {
        match reached_for_followers(app.projections.pool()).await {
            Ok(reached) => break At { changes: reached.changes, messages: reached.messages },
            Err(error) => tracing::debug!(%error, "followers wait for the database"),
        }
        sleep(RETRY_AFTER).await;
    };
    // What another reader has left behind says nothing about what came after it.
    for followed in app.followers.followed() {
        followed.begin(at.changes);
    }
    // Who has asked for his messages before this reader knew where it begins is not told of those in between.
    app.followers.tell_of_message(at.messages, None);
    loop {
        advanced.borrow_and_update();
        let all = app.followers.followed();
        if all.is_empty() {
            return;
        }
        for followed in all.iter().filter(|followed| !followed.with_ring(super::Ring::has_begun)) {
            followed.begin(at.changes);
        }
        if let Err(failure) = read_on(app, &all, &mut at).await {
            tracing::debug!(?failure, "followers wait for the database");
            sleep(RETRY_AFTER).await;
            continue;
        }
        let crowd = u32::try_from(app.followers.count()).unwrap_or(u32::MAX);
        sleep(PACE_EACH.saturating_mul(crowd).clamp(PACE, PACE_MAX)).await;
        // A look that nobody asked for finds what this node was not told of, and plans that nobody follows any more.
        let _ = timeout(LOOK_EVERY, async {
            tokio::select! {
                _ = advanced.changed() => {}
                () = app.followers.came.notified() => {}
            }
        })
        .await;
    }
}

async fn read_on(app: &App, all: &[Arc<Followed>], at: &mut At) -> Result<(), Failure> {
    let pool = app.projections.pool();
    let reached = reached_for_followers(pool).await?;
    if reached.changes > at.changes {
        let names: Vec<String> = all.iter().map(|followed| followed.plan.to_string()).collect();
        let accounts = app.desk.accounts().await?;
        while at.changes < reached.changes {
            // Positions have no gaps, so this bounds the events too.
            let upto = reached.changes.min(at.changes + POSITIONS_MAX);
            let told = stretch_of_plans(pool, &names, at.changes, upto, &|who| accounts.name_of(who)).await?;
            // Before anybody looks whether he may be told this: what another node wrote up to there counts too.
            app.desk.hear(upto).await?;
            put(app, all, told, at.changes, upto, upto == reached.changes);
            at.changes = upto;
        }
    }
    if reached.messages > at.messages {
        for new in newly(pool, at.messages, reached.messages).await? {
            app.followers.tell_of_message(new.position, new.who);
        }
        at.messages = reached.messages;
    }
    Ok(())
}

/// Puts what happened after a position into the ring of each plan.
fn put(app: &App, all: &[Arc<Followed>], told: Vec<Told>, after: i64, upto: i64, is_whole: bool) {
    let bytes_max = RING_BYTES_MAX.min(RINGS_BYTES_MAX / all.len().max(1));
    let mut of_plans: HashMap<String, Vec<Told>> = HashMap::new();
    for told in told {
        of_plans.entry(told.plan.clone()).or_default().push(told);
    }
    for followed in all {
        let told = of_plans.remove(&followed.plan.to_string());
        let page = told.map(|told| Arc::new(Page::of(after, upto, is_whole, told, app.desk.epoch())));
        let is_new = page.is_some();
        followed.change_ring(|ring| {
            if let Some(page) = page {
                ring.push(page, bytes_max);
            }
            ring.advance(upto, is_whole);
        });
        if is_new {
            followed.moved.send_replace(());
        }
    }
}

impl Followed {
    fn begin(&self, at: i64) {
        self.change_ring(|ring| ring.begin(at));
        self.moved.send_replace(());
    }
}
