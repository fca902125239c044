//! A connection that does two things more when it is written to: it fails when nothing is taken for too long, and it says more than
//! hyper does.

use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{Error, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::stall::Stall;
use super::worded::instead_of;

/// A connection as hyper is given it.
pub(super) struct Connection<C> {
    stream: C,
    stall: Stall,
    /// What is written in place of a bare refusal, and how much of it already is.
    instead: Option<(Vec<u8>, usize)>,
}

impl<C> Connection<C> {
    /// Fails when the other end has taken nothing of what is written within this time.
    pub(super) fn new(stream: C, taken_within: Duration) -> Connection<C> {
        Connection { stream, stall: Stall::new(taken_within), instead: None }
    }

    /// Takes a bare refusal, to write a better one at the next opportunity.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let better = instead_of(bytes);
        let taken = better.is_some();
        if let Some(better) = better {
            self.instead = Some((better, 0));
        }
        taken
    }
}

impl<C: Write + Unpin> Connection<C> {
    fn write_instead(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some((bytes, written)) = &mut self.instead {
            let now = Pin::new(&mut self.stream).poll_write(context, &bytes[*written..]);
            *written += match ready!(self.stall.judge(now, context))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => count,
            };
            if *written == bytes.len() {
                self.instead = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: Read + Unpin> Read for Connection<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<C: Write + Unpin> Write for Connection<C> {
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
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.stall.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
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
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.stall.judge(written, context)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.stall.judge(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.write_instead(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
