//! Streams of changes over a bare connection: for many who follow at little cost, and for one who takes nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::office::{Office, plan};

/// How long an answer may take to begin.
const WITHIN: Duration = Duration::from_secs(60);

impl Office {
    /// Follows the plan of the tests after a position; the head of the answer has been read, and what it holds comes in chunks, each
    /// of them whole lines. The window of the connection is small when so many bytes of it are named.
    pub async fn wire(&self, token: &str, query: &str, after: i64, window: Option<u32>) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = window {
            socket.set_recv_buffer_size(bytes).expect("a window");
        }
        let address = self.base.strip_prefix("http://").and_then(|it| it.parse().ok()).expect("an address");
        let mut stream = socket.connect(address).await.expect("the service listens");
        let path = format!("/v1{}", plan(&format!("/changes?{query}")).replace('~', "%7E"));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: 1.{after}\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("the service reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let byte = timeout(WITHIN, stream.read_u8()).await.expect("an answer comes");
            answer.push(byte.expect("the answer goes on"));
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        stream
    }
}
