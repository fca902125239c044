//! A long history of a small office, and how it comes into a ledger.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use domain::command::change_user::ChangeUser;
use domain::command::{Precondition, Stream};
use domain::{
    Accounts, Actor, CommandId, Event, LoginsRefused, Meta, Mode, Refusal, School, SessionId, Sessions, Site,
    StreamName, Who,
};
use eventstore::{Append, Expected, Ledger, NewEvent, Write};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::desk::{Desk, plan_id};
use crate::drawn_beside::Step;
use crate::folded::{Entry, Folded, FromLedger};
use crate::progress::Progress;

/// The most events of one append.
const TOGETHER_MAX: usize = 4;
/// Appends on their way at a time.
const UNANSWERED_MAX: usize = 256;

/// What happened, in order.
pub struct Long {
    happened: Vec<Happened>,
    /// How many events each append has.
    appends: Vec<usize>,
}

struct Happened {
    stream: StreamName,
    who: Who,
    session: Option<(SessionId, Mode)>,
    event: Event,
    /// Of what changes a state.
    entry: Option<Entry>,
}

impl Long {
    /// Random commands until so many events are in the stream of the first plan. What was refused is among the events too;
    /// log-ins were at `at`.
    pub fn made(events: usize, at: DateTime<Utc>, dice: &mut Dice) -> Self {
        let (mut runner, steps) = (TestRunner::deterministic(), Step::any());
        let mut desk = Desk::furnished();
        let mut happened = Vec::new();
        let (mut of_plan, mut taken, first) = (0, 0, plan_id(0));
        let mut progress = Progress::new("events made", events);
        while of_plan < events {
            progress.at(of_plan);
            let refused = match dice.below(40) {
                0 => renamed(&mut desk, dice),
                _ => steps.new_tree(&mut runner).unwrap().current().ask(&mut desk),
            };
            for entry in &desk.log[taken..] {
                of_plan += usize::from(entry.plan.as_ref() == Some(&first));
                happened.push(Happened::of(entry, &desk));
            }
            taken = desk.log.len();
            if let Some(event) = refused.and_then(|refused| refused.event) {
                happened.push(Happened::refused(&desk.here().stream(), *event));
            }
            if dice.below(60) == 0 {
                happened.push(Happened::refused(&Site::stream(), gated(&desk, dice, at)));
            }
        }
        let appends = together(&happened, dice);
        Self { happened, appends }
    }

    /// The last positions of the appends.
    pub fn ends(&self) -> Vec<i64> {
        let ends = self.appends.iter().scan(0, |end, count| {
            *end += i64::try_from(*count).unwrap();
            Some(*end)
        });
        ends.collect()
    }

    /// The types of the events.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        self.happened.iter().map(|it| it.event.r#type())
    }

    /// The states that the first so many events lead to, by the rules.
    pub fn folded(&self, from: Folded, after: i64, upto: i64) -> Folded {
        let (after, upto) = (usize::try_from(after).unwrap(), usize::try_from(upto).unwrap());
        let mut folded = from;
        for it in &self.happened[after..upto] {
            if let Some(entry) = &it.entry {
                folded.fold(entry, &FromLedger);
            }
        }
        folded
    }

    /// Appends everything.
    pub async fn append(&self, ledger: &Ledger) {
        let mut unanswered = VecDeque::new();
        let mut rest = &self.happened[..];
        for count in &self.appends {
            let (these, others) = rest.split_at(*count);
            rest = others;
            unanswered.push_back(ledger.enqueue(append(these)).unwrap());
            if unanswered.len() >= UNANSWERED_MAX {
                unanswered.pop_front().unwrap().await.unwrap();
            }
        }
        for last in unanswered {
            last.await.unwrap();
        }
    }
}

/// Somebody is called otherwise from now on.
fn renamed(desk: &mut Desk, dice: &mut Dice) -> Option<Refusal> {
    let command = ChangeUser {
        user: desk.people[1 + dice.below(3)],
        name: Some(format!("planner {}", dice.below(1_000))),
        group: None,
        full_name: None,
        email: None,
        language: None,
        disabled: None,
        precondition: Precondition::Present,
    };
    desk.ask(Who::Operator, None, &command).err()
}

/// Some log-ins that a node refused.
fn gated(desk: &Desk, dice: &mut Dice, minute: DateTime<Utc>) -> Event {
    let outage = desk.now.site.outages().current().map(|outage| outage.id);
    let some = |dice: &mut Dice| u64::try_from(dice.below(5)).unwrap();
    LoginsRefused { node: "alpha".into(), minute, outage, gated: some(dice), failed: some(dice) }.into()
}

impl Happened {
    fn refused(stream: &StreamName, event: Event) -> Self {
        let who = match &event {
            Event::ChangeRefused(e) => e.who,
            Event::LockDenied(e) => e.who,
            _ => Who::System,
        };
        Self { stream: stream.refused(), who, session: None, event, entry: None }
    }

    fn of(entry: &Entry, desk: &Desk) -> Self {
        let stream = match entry.stream {
            Stream::Plan => entry.plan.as_ref().unwrap().stream(),
            Stream::School => School::stream("100234"),
            Stream::Sessions => Sessions::stream(),
            Stream::Accounts => Accounts::stream(),
            Stream::Site => Site::stream(),
            Stream::Messages => StreamName::from("messages"),
            Stream::Audit => StreamName::from("audit"),
        };
        let plan = entry.plan.as_ref().and_then(|plan| desk.now.plans.get(plan));
        let session = plan.and_then(|plan| plan.sessions.iter().find(|it| it.who == entry.who));
        let session = session.map(|session| (session.id, session.mode));
        let (who, event, plan) = (entry.who, entry.event.clone(), entry.plan.clone());
        let kept = Entry { stream: entry.stream, plan, event: event.clone(), who, stamp: entry.stamp };
        Self { stream, who, session, event, entry: Some(kept) }
    }
}

/// Some events of one stream and person that come one after the other are written together.
fn together(happened: &[Happened], dice: &mut Dice) -> Vec<usize> {
    let mut appends: Vec<usize> = Vec::new();
    let (mut before, mut most) = (None, 0);
    for it in happened {
        let of = Some((&it.stream, it.who));
        match appends.last_mut() {
            Some(count) if before == of && *count < most => *count += 1,
            _ => {
                appends.push(1);
                most = 1 + dice.below(TOGETHER_MAX);
            }
        }
        before = of;
    }
    appends
}

fn append(these: &[Happened]) -> Append {
    let first = &these[0];
    let actor = match first.who {
        Who::User(id) => Actor::User(id.0),
        Who::Token(id) => Actor::Token(id.0),
        Who::Operator => Actor::Operator,
        Who::System => Actor::System,
    };
    let mut meta = Meta::new(CommandId(Uuid::now_v7()), actor);
    meta.session = first.session.map(|(session, _)| session.0);
    meta.mode = first.session.map(|(_, mode)| mode.word().to_owned());
    let new = |it: &Happened| NewEvent {
        r#type: it.event.r#type(),
        subject: it.event.subject(),
        data: it.event.encode(),
    };
    let (stream, events) = (first.stream.clone(), these.iter().map(new).collect());
    Append { writes: vec![Write { stream, expected: Expected::Any, events }], ..Append::new(meta) }
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
