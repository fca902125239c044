//! Appends bound together for one call, and that call.

use chrono::{DateTime, Utc};
use domain::Meta;
use sqlx::PgConnection;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::append::{Append, AppendError, Appended, Fate};
use crate::judge::Versions;
use crate::queue::Member;

/// Where the ledger ends, as a batch must find it or leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) epoch: i64,
    pub(crate) position: i64,
    /// Of the last event, with its id: another node can bring the ledger to the same position, but not to the same
    /// event. Empty before the first.
    pub(crate) meta: Vec<u8>,
}

/// An append that has been judged on top of a stand.
pub(crate) struct Judged {
    pub(crate) member: Member,
    pub(crate) stands: bool,
    /// The position before its first event.
    pub(crate) before: i64,
    pub(crate) last: i64,
}

impl Judged {
    pub(crate) fn answer(self, epoch: i64, recorded_at: DateTime<Utc>) {
        let outcome = if self.stands {
            Ok(Appended { first: self.before + 1, last: self.last, epoch, recorded_at })
        } else {
            Err(AppendError::Conflict)
        };
        self.member.answer(outcome);
    }

    /// Back to the queue: whoever has been on the way to the ledger may have arrived there.
    pub(crate) fn in_doubt(self) -> Member {
        let mut member = self.member;
        if self.stands {
            member.asked = true;
            member.predicted = Some(self.last);
        }
        member
    }
}

/// Judged appends on top of one stand.
pub(crate) struct Sheaf {
    pub(crate) judged: Vec<Judged>,
    /// Where the ledger must end.
    pub(crate) on: Stand,
    /// The last position afterwards.
    pub(crate) last: i64,
    /// The version before each write of each append that stands.
    befores: Vec<i64>,
    metas: Metas,
}

impl Sheaf {
    pub(crate) fn new(on: Stand) -> Self {
        Self { judged: Vec::new(), last: on.position, on, befores: Vec::new(), metas: Metas::default() }
    }

    /// Judges an append on top of those before it. One that does not stand travels along: the refusal holds only if
    /// the ledger is found where it was expected.
    pub(crate) fn judge(&mut self, member: Member, versions: &mut Versions) {
        let before = self.last;
        let rests = member.append.rests_on.iter().all(Fate::stands);
        let stands = rests && versions.admit(&member.append, &mut self.befores);
        member.append.fate.decide(stands);
        if stands {
            self.last += i64::try_from(member.append.events()).expect("at most APPEND_EVENTS_MAX");
            self.metas.add(&member.append);
        }
        self.judged.push(Judged { member, stands, before, last: self.last });
    }

    /// Where the ledger ends when it has been written.
    pub(crate) fn next(&self) -> Stand {
        let meta = self.metas.last().map_or_else(|| self.on.meta.clone(), <[u8]>::to_vec);
        Stand { epoch: self.on.epoch, position: self.last, meta }
    }

    /// The number of events it writes.
    pub(crate) fn events(&self) -> usize {
        usize::try_from(self.last - self.on.position).expect("positions grow")
    }

    fn standing(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(|judged| judged.stands)
    }

    pub(crate) fn appends(&self) -> impl Iterator<Item = &Append> {
        self.standing().map(|judged| &judged.member.append)
    }
}

/// Writes all of a sheaf or nothing, in the transaction of the connection or in one of its own. Answers the time that
/// was recorded, or `None` when nothing was written: the ledger has moved on, or, when it is asked, somebody has
/// happened before.
pub(crate) async fn call(
    connection: &mut PgConnection,
    sheaf: &Sheaf,
    asks: bool,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let columns = Columns::of(sheaf, asks);
    sqlx::query_scalar!(
        "select ledger_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        sheaf.on.epoch,
        sheaf.on.position,
        &sheaf.on.meta,
        &columns.streams as _,
        &columns.versions,
        &columns.types as _,
        &columns.append_ends,
        &columns.metas as _,
        &columns.datas as _,
        &columns.subjects as _,
        &columns.command_ids,
        &columns.command_positions,
        &columns.digests as _,
        &columns.answers as _,
        &columns.asked,
    )
    .fetch_one(connection)
    .await
}

/// The meta of each event, one behind the other.
#[derive(Default)]
struct Metas {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Metas {
    /// Only the event id differs between the events of an append, and it stands first.
    fn add(&mut self, append: &Append) {
        let meta = Meta { event_id: Uuid::nil(), command_id: append.command_id, ..append.meta.clone() };
        let template = serde_json::to_vec(&meta).expect("meta holds nothing that is not JSON");
        for _ in 0..append.events() {
            let start = self.bytes.len() + EVENT_ID_AT;
            self.bytes.extend_from_slice(&template);
            Uuid::now_v7().hyphenated().encode_lower(&mut self.bytes[start..start + Hyphenated::LENGTH]);
            self.ends.push(self.bytes.len());
        }
    }

    fn last(&self) -> Option<&[u8]> {
        let end = *self.ends.last()?;
        let start = self.ends.len().checked_sub(2).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    fn slices(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end]).collect()
    }
}

/// Behind `{"event_id":"`.
const EVENT_ID_AT: usize = 13;

/// The arguments of `ledger_append`. Columns that hold nothing at all stay empty.
#[derive(Default)]
struct Columns<'a> {
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    types: Vec<&'a str>,
    append_ends: Vec<i64>,
    metas: Vec<&'a [u8]>,
    datas: Vec<&'a [u8]>,
    subjects: Vec<Option<Uuid>>,
    command_ids: Vec<Uuid>,
    command_positions: Vec<i64>,
    digests: Vec<Option<&'a [u8]>>,
    answers: Vec<Option<&'a [u8]>>,
    asked: Vec<Uuid>,
}

impl<'a> Columns<'a> {
    fn of(sheaf: &'a Sheaf, asks: bool) -> Self {
        let events = sheaf.events();
        let mut columns = Self {
            streams: Vec::with_capacity(events),
            versions: Vec::with_capacity(events),
            types: Vec::with_capacity(events),
            append_ends: Vec::with_capacity(events),
            metas: sheaf.metas.slices(),
            datas: Vec::with_capacity(events),
            command_ids: Vec::with_capacity(sheaf.judged.len()),
            command_positions: Vec::with_capacity(sheaf.judged.len()),
            ..Self::default()
        };
        let mut befores = sheaf.befores.iter();
        for judged in sheaf.standing() {
            columns.add_events(judged, &mut befores);
            columns.add_command(judged);
        }
        if asks {
            // Those that do not stand too: a command that has happened before is known, however stale it is now.
            let asked = sheaf.judged.iter().filter(|judged| judged.member.asks());
            columns.asked = asked.map(|judged| judged.member.append.command_id.0).collect();
        }
        columns
    }

    fn add_events(&mut self, judged: &'a Judged, befores: &mut std::slice::Iter<'_, i64>) {
        for write in &judged.member.append.writes {
            let before = *befores.next().expect("one for each write of each append that stands");
            for (version, event) in (before + 1..).zip(&write.events) {
                if event.subject.is_some() {
                    // Those before it have none.
                    self.subjects.resize(self.streams.len(), None);
                    self.subjects.push(event.subject);
                }
                self.streams.push(write.stream.as_str());
                self.versions.push(version);
                self.types.push(event.r#type);
                self.append_ends.push(judged.last);
                self.datas.push(&event.data);
            }
        }
    }

    fn add_command(&mut self, judged: &'a Judged) {
        let append = &judged.member.append;
        if judged.last == judged.before && !append.keyed {
            return;
        }
        if let Some(digest) = &append.request_digest {
            self.digests.resize(self.command_ids.len(), None);
            self.digests.push(Some(digest));
        }
        if let Some(answer) = &append.answer {
            self.answers.resize(self.command_ids.len(), None);
            self.answers.push(Some(answer));
        }
        self.command_ids.push(append.command_id.0);
        self.command_positions.push(judged.last);
    }
}
