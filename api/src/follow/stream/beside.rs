//! What a follower is told beside the changes: outage, messages, sign-off; and whether he is still welcome.

use bytes::Bytes;
use serde_json::Value as Json;

use super::{Follower, UnderWay};
use crate::desk::{Failure, Marks};
use crate::follow::asked::{Asked, ask, signed_off};
use crate::follow::heard::{Heard, hear};
use crate::follow::text;
use crate::routes::messages;

impl Follower {
    /// The outage, when it is another one than he was told.
    pub(super) fn tell_outage(&mut self) -> Bytes {
        let mut out = Vec::new();
        let standing = self.app.desk.standing.json();
        let lasting = lasting(&standing);
        if lasting != self.told_outage {
            self.told_outage = lasting;
            text::event(&mut out, "outage", &standing);
        }
        out.into()
    }

    pub(super) fn current_marks(&self) -> Option<Marks> {
        Some(self.app.desk.marks(&self.begin.caller, &self.begin.plan))
    }

    /// Begins to find out whether he is still welcome, unless that is under way.
    pub(super) fn begin_asking(&mut self) {
        if self.asking.is_none() {
            self.asking_marks = self.current_marks();
            let asked = ask(self.app.clone(), self.begin.token.clone(), self.begin.plan.clone());
            self.asking = Some(UnderWay::begin(asked));
        }
    }

    /// Nothing more is told before it is known whether he is welcome after what has just happened.
    pub(super) fn ask_anew(&mut self) {
        self.must_ask = true;
        self.asking = None;
        self.begin_asking();
    }

    pub(super) fn take_asked(&mut self, asked: Result<Asked, Failure>) -> Bytes {
        let mut out = Vec::new();
        match asked {
            Ok(asked) => {
                (self.must_ask, self.marks) = (false, self.asking_marks);
                self.begin.sees_absences = asked.sees_absences;
                for (id, sign_off) in asked.sign_offs {
                    if self.told_sign_offs.insert(id) {
                        text::event(&mut out, "sign-off", &sign_off);
                    }
                }
            }
            Err(Failure::Refused(refusal)) => {
                self.is_over = true;
                if let Some(sign_off) = signed_off(&refusal) {
                    text::event(&mut out, "sign-off", &sign_off);
                }
            }
            // Nobody can tell; while the ledger is away nothing happens either.
            Err(failure) => tracing::debug!(?failure, "a follower could not be asked for"),
        }
        out.into()
    }

    /// Begins to fetch his messages, when there may be some and that is not under way.
    pub(super) fn begin_hearing(&mut self) {
        if self.must_hear && self.hearing.is_none() {
            self.must_hear = false;
            let heard = hear(self.app.clone(), self.begin.caller.who, self.heard, !self.has_heard);
            self.hearing = Some(UnderWay::begin(heard));
        }
    }

    pub(super) fn take_heard(&mut self, heard: Result<Heard, Failure>) -> Bytes {
        let mut out = Vec::new();
        let Ok(heard) = heard else {
            self.must_hear = true;
            return Bytes::new();
        };
        (self.heard, self.has_heard) = (heard.upto, true);
        if heard.messages.iter().any(|message| message.kind == "sign-off") {
            self.asking = None;
            self.begin_asking();
        }
        for message in heard.messages {
            text::event(&mut out, "message", &messages::shown(message, self.begin.language));
        }
        if !out.is_empty() && self.is_idle {
            // Whoever comes back from here is not told them once more.
            self.look_up();
            self.tell_position(&mut out);
        }
        self.begin_hearing();
        out.into()
    }
}

/// What makes an outage another one than before: not the figures that move all the time.
pub fn lasting(standing: &Json) -> Json {
    let mut lasting = standing.clone();
    if let Some(members) = lasting.as_object_mut() {
        for figure in ["users", "refused_logins"] {
            members.shift_remove(figure);
        }
    }
    if let Some(contact) = lasting["contact"].as_object_mut() {
        contact.shift_remove("last_probe_at");
    }
    lasting
}
