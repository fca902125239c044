//! Notices, as they stood: what the office told everybody, until it was withdrawn.
//!
//! Those of now are answered from the folded state of the site, which is in memory anyway; this is their past.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Notice, NoticeContent, NoticeId, NoticeState, Stamp};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Moment;
use crate::asked::asked;
use crate::who::who_named;

mod taken_in;

/// The read model of notices: table `notice`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notices;

/// Which notices are asked for.
#[derive(Debug, Clone, Copy)]
pub struct NoticesOf {
    /// The date at the site, by which a notice waits, shows or is over.
    pub today: NaiveDate,
    /// Only those of this state; nothing for all.
    pub state: Option<NoticeState>,
    /// The place of the notice that they come after, as [`Notice::place`] tells it.
    pub after: Option<(bool, i64)>,
    /// The most that are told.
    pub limit: i64,
}

/// The columns of a row.
struct Columns {
    notice_id: Uuid,
    title: String,
    text: String,
    public: bool,
    important: bool,
    show_from: Option<NaiveDate>,
    hide_from: Option<NaiveDate>,
    revision: i64,
    epoch: i64,
    who: String,
    changed_at: DateTime<Utc>,
    changed_position: i64,
    posted: i64,
}

impl From<Columns> for Notice {
    fn from(row: Columns) -> Notice {
        let Columns { title, text, public, important, show_from, hide_from, .. } = row;
        Notice {
            id: NoticeId(row.notice_id),
            revision: u64::try_from(row.revision).unwrap_or_default(),
            epoch: row.epoch,
            content: NoticeContent { title, text, public, important, show_from, hide_from },
            by: who_named(&row.who),
            stamp: Some(Stamp { position: row.changed_position, at: row.changed_at }),
            posted: row.posted,
        }
    }
}

/// The notices that there were: important ones first, then the newest.
pub async fn notices(pool: &PgPool, of: NoticesOf, moment: Moment) -> Result<Vec<Notice>, sqlx::Error> {
    let (later, posted) = of.after.map_or((false, i64::MIN), |after| after);
    let rows = asked!(Columns, moment, fetch_all(pool);
        "select n.notice_id, n.title, n.text, n.public, n.important, n.show_from, n.hide_from, n.revision, n.epoch, n.who,
            n.changed_at, n.changed_position, n.posted
        from notice n where " @range "n" "
            and ($3::text is null or $3::text = case when n.hide_from <= $2::date then 'over'
                when n.show_from > $2::date then 'waiting' else 'showing' end)
            and (not n.important, -n.posted) > ($4::boolean, $5::bigint)
        order by not n.important, -n.posted limit $6";
        of.today, of.state.map(NoticeState::word), later, posted, of.limit)?;
    Ok(rows.into_iter().map(Notice::from).collect())
}

/// One notice; nothing when it was not there.
pub async fn notice(pool: &PgPool, id: NoticeId, moment: Moment) -> Result<Option<Notice>, sqlx::Error> {
    let row = asked!(Columns, moment, fetch_optional(pool);
        "select n.notice_id, n.title, n.text, n.public, n.important, n.show_from, n.hide_from, n.revision, n.epoch, n.who,
            n.changed_at, n.changed_position, n.posted
        from notice n where n.notice_id = $2 and " @"n";
        id.0)?;
    Ok(row.map(Notice::from))
}
