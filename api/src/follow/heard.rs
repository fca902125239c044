//! The messages of a follower.

use std::time::Duration;

use domain::Who;
use projections::change::reached_for_followers;
use projections::message::{MessageView, received};

use crate::app::App;
use crate::desk::Failure;

/// The most messages that are told at once; the older ones wait to be read.
const MESSAGES_MAX: i64 = 100;
/// After a failure.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Messages, and up to where they are all.
pub struct Heard {
    /// The oldest first.
    pub messages: Vec<MessageView>,
    /// The position up to which they have been asked for.
    pub upto: i64,
}

/// What somebody got after a position; `unread` only what still waits to be read.
pub async fn hear(app: App, who: Who, after: i64, unread: bool) -> Result<Heard, Failure> {
    let heard = new_messages(&app, who, after, unread).await;
    if heard.is_err() {
        tokio::time::sleep(RETRY_AFTER).await;
    }
    heard
}

async fn new_messages(app: &App, who: Who, after: i64, unread: bool) -> Result<Heard, Failure> {
    let _turn = app.followers.turn().await;
    let pool = app.projections.pool();
    let upto = reached_for_followers(pool).await?.messages;
    let accounts = app.desk.accounts().await?;
    let name_of = |who| accounts.name_of(who);
    let before = upto.saturating_add(1);
    let mut messages = received(pool, who, unread, before, MESSAGES_MAX, &name_of).await?;
    messages.retain(|message| message.position > after);
    messages.reverse();
    Ok(Heard { messages, upto: upto.max(after) })
}
