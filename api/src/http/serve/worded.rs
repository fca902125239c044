//! Words for the refusals that hyper writes itself: a head that is no HTTP, too long, or has too many fields never reaches a
//! route, and hyper answers a bare 400, 414 or 431. All answers of ours carry a request id, by which the bare ones are told.

use uuid::Uuid;

use crate::http::problem::Problem;
use crate::http::texts::Language;

/// What is written in place of a bare refusal; nothing in place of anything else.
pub(super) fn instead_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.first_chunk());
    let refused = matches!(status, Some(b"400" | b"414" | b"431")) && is_bare(bytes);
    refused.then(|| refusal(bytes))
}

fn is_bare(head: &[u8]) -> bool {
    let has = |text: &[u8]| head.windows(text.len()).any(|part| part == text);
    head.ends_with(b"\r\n\r\n") && has(b"content-length: 0") && !has(b"x-request-id")
}

/// API.md has one code for all that cannot be read, so 414 and 431 become 400 too.
fn refusal(bare: &[u8]) -> Vec<u8> {
    let too_long = bare.starts_with(b"HTTP/1.1 414") || bare.starts_with(b"HTTP/1.1 431");
    let detail = if too_long { "the head of the request is too long" } else { "this is no HTTP request" };
    let document = Problem::unreadable("", detail).document("", Language::default());
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         x-request-id: {}\r\nconnection: close\r\n\r\n",
        document.len(),
        Uuid::new_v4()
    );
    [head.as_bytes(), &document].concat()
}
