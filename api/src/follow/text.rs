//! How server-sent events are written (WHATWG HTML, section "Server-sent events").

use std::io::Write as _;

use domain::Position;
use serde_json::Value as Json;

/// Milliseconds after which a browser whose stream has ended comes back.
const RETRY: u32 = 2_000;

/// What a stream begins with: at once, so that whoever asked knows that it has begun.
pub fn beginning() -> Vec<u8> {
    format!(": \nretry: {RETRY}\n\n").into_bytes()
}

/// Keeps what stands between from taking the connection for dead.
pub const COMMENT: &[u8] = b": \n\n";

/// An event with a position to read on after.
pub fn event_at(out: &mut Vec<u8>, position: Position, r#type: &str, json: &str) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "id: {position}\nevent: {type}\ndata: {json}\n\n");
}

/// An event that leaves the reader's position as it is.
pub fn event(out: &mut Vec<u8>, r#type: &str, json: &Json) {
    // JSON has no line breaks, so one line is enough.
    let _ = write!(out, "event: {type}\ndata: {json}\n\n");
}

/// Nothing happened that this reader is told, up to there.
pub fn position(out: &mut Vec<u8>, position: Position) {
    event_at(out, position, "position", &serde_json::json!({ "position": position.to_string() }).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_lines_and_an_empty_one() {
        let mut out = Vec::new();
        event_at(&mut out, Position { epoch: 1, number: 7 }, "daybook.record.changed", r#"{"a":1}"#);
        event(&mut out, "message", &json!({"text": "a\nb\r"}));
        position(&mut out, Position { epoch: 1, number: 9 });
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "id: 1.7\nevent: daybook.record.changed\ndata: {\"a\":1}\n\nevent: message\ndata: {\"text\":\"a\\nb\\r\"}\n\n\
             id: 1.9\nevent: position\ndata: {\"position\":\"1.9\"}\n\n"
        );
    }
}
