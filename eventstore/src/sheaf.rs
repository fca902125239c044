//! Appends bound together for one call, and that call.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use domain::Meta;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended};
use crate::judge::Versions;
use crate::queue::Member;

/// The head as a batch must find it or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) epoch: i64,
    pub(crate) position: i64,
    /// The batch that wrote last: another node can bring the head to the same number, but not to the same batch.
    pub(crate) batch: Uuid,
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
    /// Where the head must be.
    pub(crate) on: Stand,
    /// Where it is afterwards.
    pub(crate) next: Stand,
    /// The version before each write of each append that stands.
    befores: Vec<i64>,
    stored: usize,
}

impl Sheaf {
    pub(crate) fn new(on: Stand) -> Self {
        Self { judged: Vec::new(), on, next: on, befores: Vec::new(), stored: 0 }
    }

    /// Judges an append on top of those before it. One that does not stand travels along: the refusal holds only if
    /// the head is found where it was expected.
    pub(crate) fn judge(&mut self, member: Member, versions: &mut Versions) {
        let before = self.next.position;
        let stands = versions.admit(&member.append, &mut self.befores);
        let events = member.append.events();
        if stands {
            self.next.position += i64::try_from(events).expect("at most APPEND_EVENTS_MAX");
            if events > 0 || member.append.keyed {
                self.stored += 1;
                if self.next.batch == self.on.batch {
                    self.next.batch = Uuid::now_v7();
                }
            }
        }
        self.judged.push(Judged { member, stands, before, last: self.next.position });
    }

    /// The number of events it writes.
    pub(crate) fn events(&self) -> usize {
        usize::try_from(self.next.position - self.on.position).expect("positions grow")
    }

    fn standing(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(|judged| judged.stands)
    }

    pub(crate) fn appends(&self) -> impl Iterator<Item = &Append> {
        self.standing().map(|judged| &judged.member.append)
    }
}

/// What came of the call.
#[derive(Debug)]
pub(crate) enum Called {
    /// Written.
    Done(DateTime<Utc>),
    /// The head is another one; nothing written.
    Moved,
    /// Some of those that asked have happened before; nothing written.
    Known,
}

/// Writes all of a sheaf or nothing, in the transaction of the connection or in one of its own.
pub(crate) async fn call(
    connection: &mut PgConnection,
    sheaf: &Sheaf,
    asks: bool,
) -> Result<Called, sqlx::Error> {
    let metas = Metas::of(sheaf);
    let columns = Columns::of(sheaf, &metas, asks);
    let row = sqlx::query(
        "select outcome, at from ledger_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
         $15, $16)",
    )
    .bind(sheaf.on.epoch)
    .bind(sheaf.on.position)
    .bind(sheaf.on.batch)
    .bind(sheaf.next.batch)
    .bind(columns.streams)
    .bind(columns.versions)
    .bind(columns.types)
    .bind(columns.append_ends)
    .bind(columns.metas)
    .bind(columns.datas)
    .bind(columns.subjects)
    .bind(columns.command_ids)
    .bind(columns.command_positions)
    .bind(columns.digests)
    .bind(columns.answers)
    .bind(columns.asked)
    .fetch_one(connection)
    .await?;
    Ok(match row.try_get::<&str, _>(0)? {
        "done" => Called::Done(row.try_get(1)?),
        "known" => Called::Known,
        _ => Called::Moved,
    })
}

/// The meta of each event, one behind the other.
struct Metas {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Metas {
    fn of(sheaf: &Sheaf) -> Self {
        let events = sheaf.events();
        let mut metas = Self { bytes: Vec::with_capacity(events * 224), ends: Vec::with_capacity(events) };
        for append in sheaf.appends() {
            metas.add(append);
        }
        metas
    }

    /// Only the event id differs between the events of an append, and it stands first.
    fn add(&mut self, append: &Append) {
        let meta = Meta { event_id: Uuid::nil(), command_id: append.command_id, ..append.meta.clone() };
        let template = serde_json::to_vec(&meta).expect("meta holds nothing that is not JSON");
        for _ in 0..append.events() {
            let start = self.bytes.len() + EVENT_ID_AT;
            self.bytes.extend_from_slice(&template);
            let mut place = &mut self.bytes[start..start + 36];
            write!(place, "{}", Uuid::now_v7()).expect("a UUID has 36 characters");
            self.ends.push(self.bytes.len());
        }
    }

    fn slices(&self) -> Vec<&[u8]> {
        let mut start = 0;
        self.ends
            .iter()
            .map(|&end| {
                let slice = &self.bytes[start..end];
                start = end;
                slice
            })
            .collect()
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
    fn of(sheaf: &'a Sheaf, metas: &'a Metas, asks: bool) -> Self {
        let events = sheaf.events();
        let mut columns = Self {
            streams: Vec::with_capacity(events),
            versions: Vec::with_capacity(events),
            types: Vec::with_capacity(events),
            append_ends: Vec::with_capacity(events),
            metas: metas.slices(),
            datas: Vec::with_capacity(events),
            command_ids: Vec::with_capacity(sheaf.stored),
            command_positions: Vec::with_capacity(sheaf.stored),
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
