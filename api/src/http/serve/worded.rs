//! Words for the refusals that hyper writes itself: a head that is no HTTP, too long, or has too many fields never reaches a
//! route, and hyper answers a bare 400, 414 or 431. All answers of ours carry a request id, by which the bare ones are told.

use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use uuid::Uuid;

use crate::http::problem::Problem;
use crate::http::texts::Language;

/// A connection that says more than hyper does.
pub(super) struct Worded<C> {
    connection: C,
    /// What is written instead, and how much of it already is.
    instead: Option<(Vec<u8>, usize)>,
}

impl<C> Worded<C> {
    pub(super) fn new(connection: C) -> Worded<C> {
        Worded { connection, instead: None }
    }

    /// Takes a bare refusal, to write a better one at the next opportunity.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let status = bytes.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.first_chunk());
        let taken = matches!(status, Some(b"400" | b"414" | b"431")) && is_bare(bytes);
        if taken {
            self.instead = Some((refusal(bytes), 0));
        }
        taken
    }
}

impl<C: Write + Unpin> Worded<C> {
    fn write_instead(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some((bytes, written)) = &mut self.instead {
            *written += match ready!(Pin::new(&mut self.connection).poll_write(context, &bytes[*written..]))?
            {
                0 => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                count => count,
            };
            if *written == bytes.len() {
                self.instead = None;
            }
        }
        Poll::Ready(Ok(()))
    }
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

impl<C: Read + Unpin> Read for Worded<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.get_mut().connection).poll_read(context, buffer)
    }
}

impl<C: Write + Unpin> Write for Worded<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        if this.takes(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.connection).poll_write(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        if let [head] = parts
            && this.takes(head)
        {
            return Poll::Ready(Ok(head.len()));
        }
        Pin::new(&mut this.connection).poll_write_vectored(context, parts)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        Pin::new(&mut this.connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        Pin::new(&mut this.connection).poll_shutdown(context)
    }
}
