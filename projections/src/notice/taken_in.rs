//! How events change the rows of notices.

use async_trait::async_trait;
use chrono::DateTime;
use domain::{Event, Notice, NoticeContent, NoticePosted, Stamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Columns, Notices};
use crate::versions::{Edge, Versions, end_rows};
use crate::who::who_text;
use crate::{Happened, Projection, ProjectionError};

#[async_trait]
impl Projection for Notices {
    fn name(&self) -> &'static str {
        "notice"
    }

    async fn apply(&self, connection: &mut PgConnection, batch: &[Happened]) -> Result<(), ProjectionError> {
        let touched: Vec<Uuid> = batch.iter().filter_map(|happened| notice_of(&happened.event)).collect();
        if touched.is_empty() {
            return Ok(());
        }
        let mut versions = load(connection, &touched).await?;
        for happened in batch {
            take_in(&mut versions, happened);
        }
        write(connection, versions).await?;
        Ok(())
    }
}

fn notice_of(event: &Event) -> Option<Uuid> {
    match event {
        Event::NoticePosted(e) => Some(e.notice.0),
        Event::NoticeChanged(e) => Some(e.notice.0),
        Event::NoticeWithdrawn(e) => Some(e.notice.0),
        _ => None,
    }
}

fn take_in(versions: &mut Versions<Notice>, happened: &Happened) {
    let edge = Edge { position: happened.append_end, at: happened.at };
    let stamp = Some(Stamp { position: happened.position, at: happened.at });
    match &happened.event {
        Event::NoticePosted(e) => versions.put(e.notice.0, posted(e, happened), edge),
        Event::NoticeChanged(e) => {
            if let Some(mut notice) = versions.get(e.notice.0).cloned() {
                e.changes.iter().for_each(|change| notice.content.take_in(change));
                let (revision, epoch, by) = (e.revision, happened.epoch, e.by);
                versions.put(e.notice.0, Notice { revision, epoch, by, stamp, ..notice }, edge);
            }
        }
        Event::NoticeWithdrawn(e) => versions.end(e.notice.0, edge),
        _ => {}
    }
}

fn posted(e: &NoticePosted, happened: &Happened) -> Notice {
    Notice {
        id: e.notice,
        revision: 1,
        epoch: happened.epoch,
        content: NoticeContent {
            title: e.title.clone(),
            text: e.text.clone(),
            public: e.public,
            important: e.important,
            show_from: e.show_from,
            hide_from: e.hide_from,
        },
        by: e.by,
        stamp: Some(Stamp { position: happened.position, at: happened.at }),
        posted: happened.version,
    }
}

/// The rows that are true, of the notices that the batch is about.
async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Versions<Notice>, sqlx::Error> {
    let rows = sqlx::query!(
        "select notice_id, title, text, public, important, show_from, hide_from, revision, epoch, who, changed_at,
            changed_position, posted, valid_from
        from notice where notice_id = any ($1) and valid_to is null",
        ids,
    )
    .map(|row| {
        let columns = Columns {
            notice_id: row.notice_id,
            title: row.title,
            text: row.text,
            public: row.public,
            important: row.important,
            show_from: row.show_from,
            hide_from: row.hide_from,
            revision: row.revision,
            epoch: row.epoch,
            who: row.who,
            changed_at: row.changed_at,
            changed_position: row.changed_position,
            posted: row.posted,
        };
        (row.notice_id, Notice::from(columns), row.valid_from)
    })
    .fetch_all(connection)
    .await?;
    let mut versions = Versions::new();
    for (id, notice, position) in rows {
        versions.load(id, notice, Edge { position, at: DateTime::default() });
    }
    Ok(versions)
}

async fn write(connection: &mut PgConnection, versions: Versions<Notice>) -> Result<(), sqlx::Error> {
    let (closed, rows) = versions.finish();
    end_rows!(connection, "notice", "notice_id", closed)?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let contents = || rows.iter().map(|row| &row.row.content);
    let stamps = || rows.iter().map(|row| row.row.stamp.unwrap_or(Stamp { position: 0, at: row.from.at }));
    sqlx::query!(
        "insert into notice (notice_id, title, text, public, important, show_from, hide_from, revision, epoch, who,
            changed_at, changed_position, posted, valid_from, valid_to)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::date[], $7::date[],
            $8::bigint[], $9::bigint[], $10::text[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[],
            $15::bigint[])",
        &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        &contents().map(|content| content.title.as_str()).collect::<Vec<_>>() as _,
        &contents().map(|content| content.text.as_str()).collect::<Vec<_>>() as _,
        &contents().map(|content| content.public).collect::<Vec<_>>(),
        &contents().map(|content| content.important).collect::<Vec<_>>(),
        &contents().map(|content| content.show_from).collect::<Vec<_>>() as _,
        &contents().map(|content| content.hide_from).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| number(row.row.revision)).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.row.epoch).collect::<Vec<_>>(),
        &rows.iter().map(|row| who_text(row.row.by)).collect::<Vec<_>>(),
        &stamps().map(|stamp| stamp.at).collect::<Vec<_>>(),
        &stamps().map(|stamp| stamp.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.row.posted).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.from.position).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.to.map(|to| to.position)).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await
    .map(|_| ())
}
