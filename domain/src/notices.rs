//! The notices that there are (RULES.md, section 4). Part of the state of the site.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, VecDeque};

use crate::{At, Event, FieldChange, NoticeId, NoticePosted, Position, Stamp, Value, Who};

/// How many withdrawn notices are remembered, so that who comes too late learns what happened.
const GONE_MAX: usize = 1_000;

/// A notice that has not been withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Which it is.
    pub id: NoticeId,
    /// Counts the changes.
    pub revision: u64,
    /// The epoch of the last change.
    pub epoch: i64,
    /// What it says, and when it shows.
    pub content: NoticeContent,
    /// Who changed it last.
    pub by: Who,
    /// Where and when that was; nothing while it is not committed.
    pub stamp: Option<Stamp>,
    /// The version of the site with which it was posted: it grows from notice to notice.
    pub posted: i64,
}

/// What people see of a notice, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeContent {
    /// Its heading.
    pub title: String,
    /// What people read.
    pub text: String,
    /// Whether it is seen without an account, on the login page.
    pub public: bool,
    /// Whether it stands before the others.
    pub important: bool,
    /// The first day on which it shows; at once where nothing is said.
    pub show_from: Option<NaiveDate>,
    /// The first day on which it no longer shows.
    pub hide_from: Option<NaiveDate>,
}

/// Where a notice is in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeState {
    /// It does not show yet.
    Waiting,
    /// It shows.
    Showing,
    /// It no longer shows.
    Over,
}

impl NoticeState {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            NoticeState::Waiting => "waiting",
            NoticeState::Showing => "showing",
            NoticeState::Over => "over",
        }
    }
}

impl NoticeContent {
    /// Where it is in its time on a date of the site.
    pub fn state(&self, today: NaiveDate) -> NoticeState {
        if self.hide_from.is_some_and(|hide| hide <= today) {
            NoticeState::Over
        } else if self.show_from.is_some_and(|show| today < show) {
            NoticeState::Waiting
        } else {
            NoticeState::Showing
        }
    }

    /// Its fields as events and refusals name them.
    pub fn fields(&self) -> [(&'static str, Option<Value>); 6] {
        [
            ("title", Some(Value::Text(self.title.as_str().into()))),
            ("text", Some(Value::Text(self.text.as_str().into()))),
            ("public", Some(Value::Flag(self.public))),
            ("important", Some(Value::Flag(self.important))),
            ("show_from", self.show_from.map(Value::Date)),
            ("hide_from", self.hide_from.map(Value::Date)),
        ]
    }

    /// The fields in which another content differs.
    pub fn changes_to(&self, other: &NoticeContent) -> Vec<FieldChange> {
        let both = self.fields().into_iter().zip(other.fields());
        both.filter(|((_, from), (_, to))| from != to)
            .map(|((field, from), (_, to))| FieldChange { field: field.into(), from, to })
            .collect()
    }

    /// Takes in one changed field, as an event names it.
    pub fn take_in(&mut self, change: &FieldChange) {
        let text = || change.to.as_ref().and_then(Value::text).unwrap_or_default().to_owned();
        let flag = matches!(change.to, Some(Value::Flag(true)));
        let date = match change.to {
            Some(Value::Date(date)) => Some(date),
            _ => None,
        };
        match change.field.as_ref() {
            "title" => self.title = text(),
            "text" => self.text = text(),
            "public" => self.public = flag,
            "important" => self.important = flag,
            "show_from" => self.show_from = date,
            "hide_from" => self.hide_from = date,
            _ => {}
        }
    }
}

impl Notice {
    /// As the API shows it; `by` is what its last author is called, nothing where that is not told.
    pub fn json(&self, today: NaiveDate, by: Option<&str>) -> Json {
        let NoticeContent { title, text, public, important, show_from, hide_from } = &self.content;
        let position = |stamp: Stamp| Position { epoch: self.epoch, number: stamp.position }.to_string();
        json!({
            "id": self.id,
            "revision": self.revision,
            "title": title,
            "text": text,
            "public": public,
            "important": important,
            "show_from": show_from,
            "hide_from": hide_from,
            "state": self.content.state(today).word(),
            "changed": {
                "by": by,
                "at": self.stamp.map(|stamp| stamp.at),
                "position": self.stamp.map(position),
            },
        })
    }

    /// Its place among the others, in growing order: important ones first, then the newest.
    pub fn place(&self) -> (bool, i64) {
        (!self.content.important, -self.posted)
    }

    /// Whether people without an account see it.
    pub fn is_on_login_page(&self, today: NaiveDate) -> bool {
        self.content.public && self.content.state(today) == NoticeState::Showing
    }
}

/// What the site knows about notices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Notices {
    present: BTreeMap<NoticeId, Notice>,
    gone: BTreeMap<NoticeId, u64>,
    gone_order: VecDeque<NoticeId>,
}

impl Notices {
    /// A notice that has not been withdrawn.
    pub fn get(&self, id: NoticeId) -> Option<&Notice> {
        self.present.get(&id)
    }

    /// The last revision of one that has been withdrawn, as long as it is remembered.
    pub fn gone(&self, id: NoticeId) -> Option<u64> {
        self.gone.get(&id).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// All of them: important ones first, then the newest.
    pub fn in_order(&self) -> Vec<&Notice> {
        let mut all: Vec<&Notice> = self.present.values().collect();
        all.sort_by_key(|notice| notice.place());
        all
    }

    fn post(&mut self, e: &NoticePosted, at: &At) {
        let content = NoticeContent {
            title: e.title.clone(),
            text: e.text.clone(),
            public: e.public,
            important: e.important,
            show_from: e.show_from,
            hide_from: e.hide_from,
        };
        let notice = Notice {
            id: e.notice,
            revision: 1,
            epoch: at.epoch,
            content,
            by: e.by,
            stamp: at.stamp,
            posted: at.version,
        };
        self.present.insert(e.notice, notice);
    }

    fn withdraw(&mut self, id: NoticeId, revision: u64) {
        self.present.remove(&id);
        if self.gone.insert(id, revision).is_none() {
            self.gone_order.push_back(id);
        }
        if self.gone_order.len() > GONE_MAX
            && let Some(oldest) = self.gone_order.pop_front()
        {
            self.gone.remove(&oldest);
        }
    }

    pub(crate) fn evolve(&mut self, event: &Event, at: &At) {
        match event {
            Event::NoticePosted(e) => self.post(e, at),
            Event::NoticeChanged(e) => {
                if let Some(notice) = self.present.get_mut(&e.notice) {
                    e.changes.iter().for_each(|change| notice.content.take_in(change));
                    (notice.revision, notice.epoch) = (e.revision, at.epoch);
                    (notice.by, notice.stamp) = (e.by, at.stamp);
                }
            }
            Event::NoticeWithdrawn(e) => self.withdraw(e.notice, e.revision),
            _ => {}
        }
    }

    pub(crate) fn settle(&mut self, event: &Event, stamp: &Stamp) {
        let (id, revision) = match event {
            Event::NoticePosted(e) => (e.notice, 1),
            Event::NoticeChanged(e) => (e.notice, e.revision),
            _ => return,
        };
        if let Some(notice) = self.present.get_mut(&id).filter(|notice| notice.revision == revision) {
            notice.stamp = Some(*stamp);
        }
    }
}
