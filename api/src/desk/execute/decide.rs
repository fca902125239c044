//! From a command and the states to an append.

use domain::command::{Command, Obstruction, Office, PastChange, Stream};
use domain::{CommandId, Event, Meta, Refusal};
use eventstore::{Append, Expected, NewEvent, Write, trace};
use tracing::Span;
use uuid::Uuid;

use super::Run;
use crate::desk::Failure;
use crate::desk::answer::Answer;
use crate::desk::cell::Outcome;
use crate::desk::held::Held;
use crate::desk::history::actor_of;

/// The order in which an append writes its streams.
const STREAMS: [Stream; 7] = [
    Stream::Plan,
    Stream::School,
    Stream::Sessions,
    Stream::Accounts,
    Stream::Site,
    Stream::Messages,
    Stream::Audit,
];

/// An append, and what it leads to when it is written.
pub(super) struct Decided {
    pub append: Append,
    pub outcomes: Vec<(Outcome, i64)>,
    pub leads_to: LeadsTo,
}

/// What the caller gets when the append is written.
pub(super) enum LeadsTo {
    /// His answer.
    Answer(Box<Answer>),
    /// His refusal.
    Refusal(Box<Refusal>),
    /// Nothing yet: these changes of a record have to be known first.
    History(domain::RecordId, u64, u64),
}

impl<C: Command + Send + Sync + 'static> Run<C> {
    /// Decides on the states held, and makes the append that writes what was decided.
    pub(super) fn decide(&self, held: &mut Held, history: Option<&[PastChange]>) -> Result<Decided, Failure> {
        let mut new_id = Uuid::now_v7;
        let office = held.office();
        let mut ask = self.ask(&mut new_id, history);
        let decided = match office.admit(&*self.command, &ask) {
            Ok(()) => self.command.decide(&office, &mut ask),
            Err(refusal) => Err(refusal.into()),
        };
        let id = self.request.keyed.map_or_else(|| CommandId(Uuid::now_v7()), |(id, _)| id);
        let mut append = Append::new(self.meta(id, &office));
        if let Some((_, digest)) = self.request.keyed {
            append.keyed = true;
            append.request_digest = Some(digest);
        }
        append.looked_at = held.looked_at(&self.desk, &*self.command);
        append.rests_on = held.rests_on();
        match decided {
            Ok(events) => Ok(self.written(held, append, &events)),
            Err(Obstruction::Refused(refusal)) => self.refused(append, refusal),
            Err(Obstruction::NeedsHistory { record, after_revision, to_revision }) => {
                // Written under no key: it only waits until what the decision saw is committed, and can be read.
                append.keyed = false;
                append.command_id = CommandId(Uuid::now_v7());
                let leads_to = LeadsTo::History(record, after_revision, to_revision);
                Ok(Decided { append, outcomes: Vec::new(), leads_to })
            }
        }
    }

    fn meta(&self, id: CommandId, office: &Office<'_>) -> Meta {
        let mut meta = Meta::new(id, actor_of(self.request.who));
        meta.session = self.request.session.map(|session| session.0);
        meta.mode = self
            .request
            .session
            .and_then(|session| office.plan?.sessions.get(session))
            .map(|session| session.mode.word().to_owned());
        meta.cause.clone_from(&self.extra.cause);
        meta.request_id.clone_from(&self.request.request_id);
        // A caller without a trace of his own gets one where spans are collected, so that his events lead back here.
        let own = || trace::traceparent(&Span::current());
        meta.traceparent = self.request.traceparent.clone().or_else(own);
        meta
    }

    fn written(&self, held: &mut Held, mut append: Append, events: &[(Stream, Event)]) -> Decided {
        let epoch = self.desk.epoch();
        let mut outcomes = Vec::new();
        let mut offset = 0;
        for stream in STREAMS {
            let own: Vec<Event> =
                events.iter().filter(|(to, _)| *to == stream).map(|(_, event)| event.clone()).collect();
            if own.is_empty() {
                continue;
            }
            let (name, version) = held.stream(&self.desk, &*self.command, stream);
            append.looked_at.retain(|(looked, _)| *looked != name);
            let count = own.len() as i64;
            append.writes.push(Write {
                stream: name,
                expected: if stream.is_unread() { Expected::Any } else { Expected::Exactly(version) },
                events: own.iter().map(new_event).collect(),
            });
            let fate = append.fate.clone();
            let outcome = match stream {
                Stream::Plan => held.plan.as_mut().map(|plan| plan.decide(own, epoch, fate)),
                Stream::School => held.school.as_mut().and_then(|school| school.decide(own, epoch, fate)),
                Stream::Sessions => held.sessions.decide(own, epoch, fate),
                Stream::Accounts => held.accounts.decide(own, epoch, fate),
                Stream::Site => held.site.decide(own, epoch, fate),
                Stream::Messages | Stream::Audit => None,
            };
            outcomes.extend(outcome.map(|outcome| (outcome, offset)));
            offset += count;
        }
        let answer = (self.render)(&held.office(), events);
        if !events.is_empty() {
            append.credentials.clone_from(&self.extra.credentials);
            append.contacts.clone_from(&self.extra.contacts);
            append.due.clone_from(&self.extra.due);
            append.deadlines.clone_from(&self.extra.deadlines);
        }
        // Also when nothing is left to be done: a time that is over is then taken away.
        append.passed.clone_from(&self.extra.passed);
        if append.keyed && !self.extra.secret {
            append.answer = serde_json::to_vec(&answer).ok();
        }
        Decided { append, outcomes, leads_to: LeadsTo::Answer(Box::new(answer)) }
    }

    /// A refusal for a reason of the office is written before it is told, and so is one that a retry has to get again.
    fn refused(&self, mut append: Append, refusal: Box<Refusal>) -> Result<Decided, Failure> {
        let is_kept = append.keyed && refusal.code.is_kept();
        if refusal.event.is_none() && !is_kept {
            // It leaves nothing, but it may rest on what is not committed or has long changed on another node; so it is judged too.
            append.keyed = false;
            append.request_digest = None;
            append.command_id = CommandId(Uuid::now_v7());
            return Ok(Decided { append, outcomes: Vec::new(), leads_to: LeadsTo::Refusal(refusal) });
        }
        if let Some(event) = &refusal.event {
            let stream = self
                .command
                .recorded_in()
                .map_or_else(|| self.desk.site.stream().clone(), domain::PlanId::stream);
            append.writes.push(Write {
                stream: stream.refused(),
                expected: Expected::Any,
                events: vec![new_event(event)],
            });
        }
        if is_kept {
            append.answer = serde_json::to_vec(&Answer::refused((&*refusal).into())).ok();
        }
        Ok(Decided { append, outcomes: Vec::new(), leads_to: LeadsTo::Refusal(refusal) })
    }
}

fn new_event(event: &Event) -> NewEvent {
    NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() }
}
