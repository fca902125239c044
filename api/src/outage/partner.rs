//! One whom the service needs beside its ledger, such as the student administration.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long a partner may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(900);
/// One that refuses is asked once more after this, before contact counts as lost.
const SECOND_TRY_AFTER: Duration = Duration::from_millis(100);
/// As much of an HTTP answer is looked at.
const HEAD_BYTES_MAX: usize = 1_024;

/// The address of a partner: `tcp://host:port`, which must take connections, or `http://…`, `https://…`, which must answer with
/// any status below 500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    scheme: Scheme,
    host: String,
    port: u16,
    /// With the query; empty for tcp.
    path: String,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Tcp,
    Http,
    Https,
}

impl fmt::Display for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Partner {
    type Err = String;

    fn from_str(text: &str) -> Result<Partner, String> {
        let unreadable =
            || "a partner is written tcp://host:port, http://host/path or https://host/path".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(unreadable)?;
        let (scheme, usual_port) = match scheme {
            "tcp" => (Scheme::Tcp, None),
            "http" => (Scheme::Http, Some(80)),
            "https" => (Scheme::Https, Some(443)),
            _ => return Err(unreadable()),
        };
        let slash = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        if authority.contains('@') {
            return Err("a partner is asked without a user name or password".to_owned());
        }
        let (host, port) = split_port(authority).ok_or_else(unreadable)?;
        let port = port.or(usual_port).ok_or_else(|| "tcp://host:port needs a port".to_owned())?;
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || !visible(text) || (scheme == Scheme::Tcp && !matches!(path, "" | "/")) {
            return Err(unreadable());
        }
        let path = match path.split('#').next().unwrap_or_default() {
            path if path.starts_with('/') => path.to_owned(),
            query => format!("/{query}"),
        };
        Ok(Partner { scheme, host: host.to_owned(), port, path, text: text.to_owned() })
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(number(port)?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(number(port)?))),
        None => Some((authority, None)),
    }
}

impl Partner {
    /// Whether there is contact. One that refuses is asked twice; one that is silent only once, because that has taken long enough.
    pub async fn answers(&self) -> bool {
        for try_again in [true, false] {
            match timeout(ANSWER_WITHIN, self.ask()).await {
                Ok(Ok(good)) => return good,
                Ok(Err(error)) if try_again => {
                    tracing::debug!(partner = self.text, %error, "a partner did not answer");
                    tokio::time::sleep(SECOND_TRY_AFTER).await;
                }
                Ok(Err(_)) | Err(_) => return false,
            }
        }
        false
    }

    async fn ask(&self) -> std::io::Result<bool> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match self.scheme {
            Scheme::Tcp => Ok(true),
            Scheme::Http => self.get(stream).await,
            Scheme::Https => {
                let name = ServerName::try_from(self.host.clone()).map_err(std::io::Error::other)?;
                self.get(crate::tls::connector()?.connect(name, stream).await?).await
            }
        }
    }

    /// Only the first line of the answer counts; the rest is not waited for.
    async fn get(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<bool> {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let question = format!(
            "GET {} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: daybook/{}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.path,
            self.port,
            env!("CARGO_PKG_VERSION"),
        );
        stream.write_all(question.as_bytes()).await?;
        stream.flush().await?;
        let mut head = Vec::with_capacity(HEAD_BYTES_MAX);
        while !head.contains(&b'\n') && head.len() < HEAD_BYTES_MAX {
            if stream.read_buf(&mut head).await? == 0 {
                break;
            }
        }
        Ok(status(&head).is_some_and(|status| (200..500).contains(&status)))
    }
}

/// The status of an HTTP answer.
fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\n').next()?).ok()?;
    line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read = |text: &str| {
            let partner: Partner = text.parse().unwrap();
            (partner.host, partner.port, partner.path)
        };
        assert_eq!(read("tcp://primus:7000"), ("primus".into(), 7000, "/".into()));
        assert_eq!(read("http://primus"), ("primus".into(), 80, "/".into()));
        assert_eq!(read("https://primus/up?x=1#y"), ("primus".into(), 443, "/up?x=1".into()));
        assert_eq!(read("http://[::1]:81?x"), ("::1".into(), 81, "/?x".into()));
    }

    #[test]
    fn what_is_no_address_is_refused_with_how_one_is_written() {
        for text in [
            "",
            "primus",
            "tcp://primus",
            "tcp://primus:0",
            "tcp://p:1/x",
            "ftp://p",
            "http://",
            "http://a b",
            "http://u:p@h",
        ] {
            assert!(text.parse::<Partner>().is_err(), "{text}");
        }
    }

    async fn web(answer: &'static str) -> Partner {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut question = [0; 1_000];
                let _ = stream.read(&mut question).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://127.0.0.1:{port}/up").parse().unwrap()
    }

    #[tokio::test]
    async fn any_answer_below_500_is_contact() {
        for (answer, good) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 401 Unauthorized\r\n\r\n", true),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", false),
            ("SSH-2.0-OpenSSH\r\n", false),
            ("", false),
        ] {
            assert_eq!(web(answer).await.answers().await, good, "{answer}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_no_contact_and_neither_is_a_silent_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(format!("tcp://127.0.0.1:{port}").parse::<Partner>().unwrap().answers().await);
        assert!(!format!("http://127.0.0.1:{port}").parse::<Partner>().unwrap().answers().await);
        assert!(!format!("https://127.0.0.1:{port}").parse::<Partner>().unwrap().answers().await);
        drop(listener);
        assert!(!format!("tcp://127.0.0.1:{port}").parse::<Partner>().unwrap().answers().await);
    }
}
