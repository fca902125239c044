//! Connections: taken, bounded, drained.

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use self::connection::Connection;
use self::unread::Unread;
use super::context::Peer;
use super::metrics::recorder;

mod connection;
mod stall;
mod unread;
mod worded;

/// Tells everybody that the service is about to stop. Whoever keeps a response open (a stream of changes, a long `wait`)
/// ends it when [`begun`](Shutdown::begun) does: a graceful stop waits for open responses.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Not begun.
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// Begins; again does nothing.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Comes back once it has begun.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Bounds of [`serve`].
#[derive(Debug, Clone, Copy)]
pub struct ServeSettings {
    /// Connections at once; further ones wait to be taken.
    pub connections_max: usize,
    /// A request's head must be complete within this; it is also how long a connection may idle between requests.
    pub head_within: Duration,
    /// Largest head of a request in bytes, at least 8192.
    pub head_bytes_max: usize,
    /// A connection whose other end has taken nothing of an answer for so long is cut off.
    pub taken_within: Duration,
    /// How long open requests may go on after the shutdown began.
    pub drain: Duration,
}

impl Default for ServeSettings {
    fn default() -> Self {
        ServeSettings {
            connections_max: 4096,
            head_within: Duration::from_secs(60),
            head_bytes_max: 64 << 10,
            taken_within: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// How a service stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request was answered.
    Whole,
    /// So many connections were still open when the time was over, and were cut off.
    Cut(usize),
}

/// Serves the router on the listener until the shutdown begins; then takes no connection any more, lets the open requests end
/// for as long as [`ServeSettings::drain`] and cuts off the rest.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: ServeSettings,
    shutdown: Shutdown,
) -> Drained {
    let places = Arc::new(Semaphore::new(settings.connections_max));
    let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
    recorder();
    let upkeep = tokio::spawn(empty_histograms());
    loop {
        let taken = tokio::select! {
            biased;
            () = shutdown.begun() => break,
            taken = async {
                let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
                (listener.accept().await, place)
            } => taken,
        };
        match taken {
            (Ok((stream, peer)), place) => {
                let (router, shutdown, cut) = (router.clone(), shutdown.clone(), cut.clone());
                connections.spawn(async move {
                    let _counted = Counted::new();
                    tokio::select! {
                        () = cut.cancelled() => {}
                        () = connection(stream, peer, router, settings, shutdown) => {}
                    }
                    drop(place);
                });
            }
            (Err(error), _) => {
                // Mostly "too many open files": waiting helps, giving up does not.
                tracing::warn!(%error, "could not take a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    let drained = match tokio::time::timeout(settings.drain, connections.wait()).await {
        Ok(()) => Drained::Whole,
        Err(_elapsed) => Drained::Cut(connections.len()),
    };
    cut.cancel();
    connections.wait().await;
    upkeep.abort();
    drained
}

/// A connection that is counted while it is open.
struct Counted;

impl Counted {
    fn new() -> Counted {
        metrics::gauge!("daybook_http_connections").increment(1.0);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("daybook_http_connections").decrement(1.0);
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    settings: ServeSettings,
    shutdown: Shutdown,
) {
    // Answers are small and written at once: waiting for more only adds 40 ms.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().call(request.map(|body| {
            // Most requests have no body: nothing to watch, nothing to box.
            if hyper::body::Body::is_end_stream(&body) { Body::empty() } else { Body::new(Unread::new(body)) }
        }))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_within)
        .max_buf_size(settings.head_bytes_max.max(8192))
        .serve_connection(Connection::new(TokioIo::new(stream), settings.taken_within), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Histograms keep each value until somebody looks; a service that nobody scrapes would grow.
async fn empty_histograms() {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        every.tick().await;
        recorder().run_upkeep();
    }
}

#[cfg(test)]
mod tests;
