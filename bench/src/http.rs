//! As much of an HTTP/1.1 client as a load generator needs: one keep-alive connection, one request at a time, one write and mostly one read each, so
//! that it leaves the cores to the service.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    /// What has been read and not yet taken.
    unread: Vec<u8>,
    request: Vec<u8>,
}

/// What is looked at of an answer.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// `ETag`, with its quotes.
    pub etag: Option<String>,
    /// `Daybook-Position`, of a write.
    pub position: Option<String>,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// A request; what is absent is not sent.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// Verb.
    pub method: &'a str,
    /// From `/v1` on, encoded.
    pub path: &'a str,
    /// Session token.
    pub token: Option<&'a str>,
    /// A whole header line with its name, such as `If-Match: "1-3"`.
    pub condition: Option<&'a str>,
    /// JSON.
    pub body: Option<&'a str>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::with_capacity(16 << 10), request: Vec::with_capacity(1024) })
    }

    /// Sends a request and takes its answer.
    pub async fn send(&mut self, request: Request<'_>) -> Result<Answer> {
        self.write(request);
        self.stream.write_all(&self.request).await?;
        self.read().await.with_context(|| format!("{} {}", request.method, request.path))
    }

    /// The same for an answer that must be a success with JSON.
    pub async fn json(&mut self, request: Request<'_>) -> Result<Value> {
        let answer = self.send(request).await?;
        ensure!(answer.status < 300, "{} {}: {}", request.method, request.path, answer.tell());
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn write(&mut self, request: Request<'_>) {
        let text = &mut self.request;
        text.clear();
        let mut push = |part: &str| text.extend_from_slice(part.as_bytes());
        for part in [request.method, " ", request.path, " HTTP/1.1\r\nHost: bench\r\n"] {
            push(part);
        }
        if let Some(token) = request.token {
            push("Authorization: Bearer ");
            push(token);
            push("\r\n");
        }
        if let Some(condition) = request.condition {
            push(condition);
            push("\r\n");
        }
        if let Some(body) = request.body {
            push("Content-Type: application/json\r\nContent-Length: ");
            push(&body.len().to_string());
            push("\r\n\r\n");
            push(body);
        } else {
            push("\r\n");
        }
    }

    async fn read(&mut self) -> Result<Answer> {
        let mut searched = 0;
        let head = loop {
            let from = usize::saturating_sub(searched, 3);
            if let Some(at) = self.unread[from..].windows(4).position(|end| end == b"\r\n\r\n") {
                break from + at + 4;
            }
            searched = self.unread.len();
            self.more().await?;
        };
        let Head { status, etag, position, length } = read_head(&self.unread[..head])?;
        while self.unread.len() < head + length {
            self.more().await?;
        }
        let body = self.unread[head..head + length].to_vec();
        self.unread.drain(..head + length);
        Ok(Answer { status, etag, position, body })
    }

    async fn more(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.unread).await?;
        ensure!(read > 0, "the service closed the connection");
        Ok(())
    }
}

impl Answer {
    /// Status and body, for an error's text.
    pub fn tell(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// What is looked at of an answer's head.
struct Head {
    status: u16,
    etag: Option<String>,
    position: Option<String>,
    length: usize,
}

fn read_head(head: &[u8]) -> Result<Head> {
    let text = std::str::from_utf8(head)?;
    let mut lines = text.split("\r\n");
    let status: u16 =
        lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
    let (mut etag, mut position, mut length) = (None, None, None);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("etag") {
            etag = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("daybook-position") {
            position = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("an answer in chunks is not expected here");
        }
    }
    // 204 and 304 have no body and need not say so.
    let length =
        if matches!(status, 204 | 304) { 0 } else { length.context("an answer without Content-Length")? };
    Ok(Head { status, etag, position, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_comes_in_pieces_is_read_whole_and_nothing_of_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut heard = Vec::new();
            while !heard.ends_with(b"{}") {
                stream.read_buf(&mut heard).await.expect("a request");
            }
            for piece in [
                "HTTP/1.1 200 OK\r\nEtAg: \"1-2\"\r\ncontent-le",
                "ngth: 5\r\n\r",
                "\nhel",
                "loHTTP/1.1 304 Not Modified\r\n\r\n",
            ] {
                stream.write_all(piece.as_bytes()).await.expect("it listens");
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            String::from_utf8(heard).expect("text")
        });
        let mut connection = Connection::open(address).await.expect("connects");
        let request = Request {
            method: "PATCH",
            path: "/x",
            token: Some("t"),
            condition: Some("If-Match: \"1-1\""),
            body: Some("{}"),
        };
        let answer = connection.send(request).await.expect("an answer");
        assert_eq!(
            (answer.status, answer.etag.as_deref(), answer.body.as_slice()),
            (200, Some("\"1-2\""), &b"hello"[..])
        );
        assert_eq!(connection.read().await.expect("the next").status, 304);
        assert_eq!(
            server.await.expect("served"),
            "PATCH /x HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer t\r\nIf-Match: \"1-1\"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}
