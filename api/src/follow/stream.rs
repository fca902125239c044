//! One follower: what he is told, in order, until he goes, has to go, or does not keep up.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::{PlanId, SignOffId};
use futures::Stream;
use serde_json::Value as Json;
use tokio::sync::watch;
use tokio::time::Interval;
use tokio_util::task::AbortOnDropHandle;

use self::beside::lasting;
use self::changes::Taken;
use self::past::Past;
use super::asked::Asked;
use super::heard::Heard;
use super::ring::Next;
use super::{Interest, Place, text};
use crate::app::App;
use crate::desk::{Caller, Failure, Marks};
use crate::http::{Language, Problem};

mod beside;
mod changes;
mod past;

/// A comment is sent this often.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// The position is told at most this often, and a follower asked for at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a stream begins with.
pub struct Begin {
    /// Who follows.
    pub caller: Caller,
    /// The token that he showed.
    pub token: String,
    /// What.
    pub plan: PlanId,
    /// Whether he may read absences.
    pub sees_absences: bool,
    /// In which language he is told messages.
    pub language: Language,
    /// What he wants of it.
    pub interest: Interest,
    /// After which position.
    pub after: i64,
    /// Whether he does not know that position himself.
    pub tells_position: bool,
}

/// One stream of changes.
pub struct Follower {
    app: App,
    begin: Begin,
    place: Place,
    moved: watch::Receiver<()>,
    outage: watch::Receiver<u64>,
    tick: Interval,
    /// Written at once.
    head: Option<Bytes>,
    /// Everything up to there has been told.
    at: i64,
    /// The last position up to there at which an append ends.
    whole: i64,
    /// The position of the last event that had one.
    told: i64,
    /// The messages up to there have been told.
    heard: i64,
    told_outage: Json,
    told_sign_offs: HashSet<SignOffId>,
    comment_due: Instant,
    position_due: Instant,
    /// Nothing is there until something moves.
    is_idle: bool,
    /// Nothing is told before it is known whether he is welcome.
    must_ask: bool,
    /// What is told as soon as that is known.
    in_hand: Option<Taken>,
    must_hear: bool,
    has_heard: bool,
    has_caught_up: bool,
    late_since: Option<Instant>,
    is_over: bool,
    /// What was known of rights when he was last asked for.
    marks: Option<Marks>,
    /// The same when it was last begun to ask for him.
    asking_marks: Option<Marks>,
    asking: Option<UnderWay<Asked>>,
    hearing: Option<UnderWay<Heard>>,
    reading: Option<UnderWay<Past>>,
}

/// What is next.
enum Turn {
    Over,
    Tick,
    Outage,
    Mail,
    Asked(Result<Asked, Failure>),
    Heard(Result<Heard, Failure>),
    Read(Result<Past, Failure>),
    Moved,
    Go,
}

/// Something that goes on by itself. A follower is looked after only while his connection takes what he is told; what he waits for may
/// hold a state that others need, a turn at reading or a connection to the database, and must not keep it while nothing is taken.
struct UnderWay<T>(AbortOnDropHandle<Result<T, Failure>>);

impl<T: Send + 'static> UnderWay<T> {
    fn begin(what: impl Future<Output = Result<T, Failure>> + Send + 'static) -> UnderWay<T> {
        UnderWay(AbortOnDropHandle::new(tokio::spawn(what)))
    }
}

/// The result of something that is under way; never when nothing is. May be dropped while it waits.
async fn end_of<T>(under_way: &mut Option<UnderWay<T>>) -> Result<T, Failure> {
    let Some(UnderWay(task)) = under_way else { return std::future::pending().await };
    let ended = task.await;
    *under_way = None;
    match ended {
        Ok(ended) => ended,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The process ends.
        Err(_) => std::future::pending().await,
    }
}

impl Follower {
    /// Takes a place among those who follow: 429, 503 `busy` when there is none.
    pub fn join(app: &App, begin: Begin) -> Result<Follower, Problem> {
        let place = app.followers.join(app, &begin.plan, begin.caller.who)?;
        let outage = app.desk.standing.moves();
        let mut head = text::beginning();
        if begin.tells_position {
            text::position(&mut head, app.desk.position(begin.after));
        }
        let standing = app.desk.standing.json();
        if standing["state"] != "open" {
            text::event(&mut head, "outage", &standing);
        }
        let now = Instant::now();
        let mut tick = tokio::time::interval(LOOK_EVERY.min(app.desk.contact_every()));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Ok(Follower {
            moved: place.followed.moved.subscribe(),
            outage,
            tick,
            head: Some(head.into()),
            at: begin.after,
            whole: begin.after,
            told: begin.after,
            heard: begin.after,
            told_outage: lasting(&standing),
            told_sign_offs: HashSet::new(),
            comment_due: now + COMMENT_EVERY,
            position_due: now,
            is_idle: false,
            must_ask: false,
            in_hand: None,
            must_hear: true,
            has_heard: false,
            has_caught_up: false,
            late_since: None,
            is_over: false,
            marks: None,
            asking_marks: None,
            asking: None,
            hearing: None,
            reading: None,
            app: app.clone(),
            begin,
            place,
        })
    }

    /// What he is told, as the body of an answer.
    pub fn told(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        futures::stream::unfold(self, Follower::next)
    }

    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if let Some(head) = self.head.take() {
            return Some((Ok(head), self));
        }
        while !self.is_over {
            let chunk = match self.turn().await {
                Turn::Over => return None,
                Turn::Tick => self.tick(),
                Turn::Outage => self.tell_outage(),
                Turn::Mail => {
                    self.must_hear = true;
                    self.begin_hearing();
                    Bytes::new()
                }
                Turn::Asked(asked) => self.take_asked(asked),
                Turn::Heard(heard) => self.take_heard(heard),
                Turn::Read(read) => self.take_read(read),
                Turn::Moved => {
                    self.is_idle = false;
                    Bytes::new()
                }
                Turn::Go => self.go(),
            };
            if !chunk.is_empty() {
                return Some((Ok(chunk), self));
            }
        }
        None
    }

    /// Waits for what is next. What is seldom goes before what may come all the time.
    async fn turn(&mut self) -> Turn {
        let may_go = !self.is_idle && !self.must_ask && self.reading.is_none();
        tokio::select! {
            biased;
            () = self.app.shutdown.begun() => Turn::Over,
            _ = self.tick.tick() => Turn::Tick,
            Ok(()) = self.outage.changed() => Turn::Outage,
            Ok(()) = self.place.mail.changed() => Turn::Mail,
            asked = end_of(&mut self.asking) => Turn::Asked(asked),
            heard = end_of(&mut self.hearing) => Turn::Heard(heard),
            read = end_of(&mut self.reading) => Turn::Read(read),
            Ok(()) = self.moved.changed(), if self.is_idle => Turn::Moved,
            () = std::future::ready(()), if may_go => Turn::Go,
        }
    }

    /// Once a second, more often where sessions end sooner.
    fn tick(&mut self) -> Bytes {
        self.begin_asking();
        self.begin_hearing();
        if self.is_idle {
            self.look_up();
        }
        let now = Instant::now();
        let mut out = Vec::new();
        if now >= self.comment_due {
            self.comment_due = now + COMMENT_EVERY;
            out.extend_from_slice(text::COMMENT);
        }
        if now >= self.position_due {
            self.tell_position(&mut out);
        }
        out.into()
    }

    /// Moves on over what happened elsewhere.
    fn look_up(&mut self) {
        if let Next::Nothing { end, whole } = self.place.followed.with_ring(|ring| ring.after(self.at, 1)) {
            self.at = self.at.max(end);
            self.whole = self.whole.max(whole);
        } else {
            self.is_idle = false;
        }
    }

    /// Tells where an append ends up to which he has been told everything, when that is news.
    fn tell_position(&mut self, out: &mut Vec<u8>) {
        if self.whole > self.told {
            self.told = self.whole;
            self.position_due = Instant::now() + LOOK_EVERY;
            text::position(out, self.app.desk.position(self.whole));
        }
    }
}
