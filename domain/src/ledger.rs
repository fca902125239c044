//! The words that everything outside the rules shares about the ledger: streams, positions, commands, and what
//! is noted beside every event.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What one decision must see whole: `plan/100234~2026-2027~1`, `school/100234`, `site`, `accounts`, `sessions`.
///
/// Holds no personal name, because stream names are never sealed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// A stream by its stored name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Arc::from(name.into()))
    }

    /// The stream beside this one that keeps its refusals. No decision reads it, so a refusal never conflicts.
    pub fn refused(&self) -> Self {
        Self::new(format!("{}/refused", self.0))
    }

    /// The stored name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for StreamName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for StreamName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StreamName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl From<String> for StreamName {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

/// A place in the one order of all events, with the epoch in which it means something: a restore starts a new epoch.
///
/// Written `1.4711` wherever it leaves the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Counts restores, from 1.
    pub epoch: i64,
    /// Gapless from 1; 0 is before the first event.
    pub number: i64,
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position: expected <epoch>.<position>, such as 1.4711")]
pub struct PositionUnreadable;

impl Position {
    /// A position as a client writes it: `1.4711`, or bare digits, which mean the present epoch.
    pub fn parse(text: &str, present_epoch: i64) -> Result<Self, PositionUnreadable> {
        if text.contains('.') {
            return text.parse();
        }
        Ok(Self { epoch: present_epoch, number: digits(text)? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}

impl FromStr for Position {
    type Err = PositionUnreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, number) = text.split_once('.').ok_or(PositionUnreadable)?;
        let epoch = digits(epoch)?;
        if epoch == 0 {
            return Err(PositionUnreadable);
        }
        Ok(Self { epoch, number: digits(number)? })
    }
}

/// Only ASCII digits: `parse` alone would also take a sign.
fn digits(text: &str) -> Result<i64, PositionUnreadable> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PositionUnreadable);
    }
    text.parse().map_err(|_| PositionUnreadable)
}

/// The name of one command, by which it is known whether it has happened: made from the caller's Idempotency-Key,
/// or by the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// On whose behalf something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person who is logged in.
    User(Uuid),
    /// A program with an API token.
    Token(Uuid),
    /// Whoever uses the command line on the host.
    Operator,
    /// The service itself: expired sessions, outages that begin and end.
    System,
}

/// What is noted beside every event. Holds no name of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Made by the ledger for each event. Stays the first field: the ledger fills it in where it stands.
    pub event_id: Uuid,
    /// The command that the event comes from.
    pub command_id: CommandId,
    /// Who did it.
    pub actor: Actor,
    /// The session in which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// The mode of that session then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What brought it about where the command alone does not say it: an import, an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The `X-Request-Id` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Meta {
    /// The least that an append needs; the other fields are empty.
    pub fn new(command_id: CommandId, actor: Actor) -> Self {
        Self {
            event_id: Uuid::nil(),
            command_id,
            actor,
            session: None,
            mode: None,
            cause: None,
            request_id: None,
            traceparent: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_as_it_was_written() {
        let position = Position { epoch: 1, number: 4711 };
        assert_eq!(position.to_string(), "1.4711");
        assert_eq!("1.4711".parse(), Ok(position));
        assert_eq!(Position::parse("1.4711", 9), Ok(position));
    }

    #[test]
    fn bare_digits_mean_the_present_epoch() {
        assert_eq!(Position::parse("12", 3), Ok(Position { epoch: 3, number: 12 }));
        assert_eq!("12".parse::<Position>(), Err(PositionUnreadable));
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in
            ["", ".", "1.", ".1", "1.2.3", "+1.2", "1.-2", "now", "0.5", "1.99999999999999999999", "١.٢"]
        {
            assert_eq!(Position::parse(text, 1), Err(PositionUnreadable), "{text}");
        }
    }

    #[test]
    fn refusals_have_a_stream_beside_their_own() {
        assert_eq!(StreamName::from("plan/1~2026-2027~1").refused().as_str(), "plan/1~2026-2027~1/refused");
    }

    #[test]
    fn meta_is_stored_short_and_begins_with_the_event_id() {
        let meta = Meta::new(CommandId(Uuid::nil()), Actor::Operator);
        let json = serde_json::to_string(&meta).unwrap();
        let nil = Uuid::nil();
        assert_eq!(json, format!(r#"{{"event_id":"{nil}","command_id":"{nil}","actor":"operator"}}"#));
        assert_eq!(serde_json::from_str::<Meta>(&json).unwrap(), meta);
    }
}
