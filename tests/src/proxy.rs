//! A proxy in front of PostgreSQL that understands its messages and cuts the line while a commit is answered.
//!
//! Whether the commit happened is then known to the server alone, which is what the ledger has to find out.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Notify;

/// What a statement must contain for its answer to be cut off.
const COMMITS: [&str; 2] = ["ledger_append", "commit"];

/// A running proxy; it ends with its runtime.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    server: PgConnectOptions,
    /// Every how many commits the line is cut; 0: never.
    every: AtomicU64,
    commits: AtomicU64,
    cuts: AtomicU64,
    away: AtomicBool,
    leave: Notify,
}

/// Where in a commit the line is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server has answered; the answer is swallowed.
    Answer,
    /// The server may still be at work.
    AtOnce,
    /// The server never hears of it.
    Request,
}

impl Proxy {
    /// Listens on a port of its own in front of the server.
    pub async fn start(server: &PgConnectOptions) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            server: server.clone(),
            every: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            away: AtomicBool::new(false),
            leave: Notify::new(),
        });
        let accepting = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !accepting.away.load(Ordering::SeqCst) {
                    tokio::spawn(serve(client, accepting.clone()));
                }
            }
        });
        Ok(Self { port, state })
    }

    /// The way to the server through this proxy.
    pub fn options(&self) -> PgConnectOptions {
        let server = &self.state.server;
        let way = match server.get_socket() {
            // A socket stays the way to go whatever host is set; whom the server asks for no password there, we ask for none.
            Some(_) => PgConnectOptions::new_without_pgpass()
                .username(server.get_username())
                .database(server.get_database().unwrap_or("postgres")),
            None => server.clone(),
        };
        way.host("127.0.0.1").port(self.port).ssl_mode(PgSslMode::Disable)
    }

    /// Cuts the line at every so manieth commit, in turn after the answer, at once, and before the request; 0 stops.
    pub fn cut_every(&self, commits: u64) {
        self.state.every.store(commits, Ordering::SeqCst);
    }

    /// How many lines have been cut.
    pub fn cuts(&self) -> u64 {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// Away: all lines are cut and no new one is let through.
    pub fn set_away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
        if away {
            self.state.leave.notify_waiters();
        }
    }
}

impl State {
    /// Whether this commit is one whose line is cut, and where.
    fn next_commit(&self) -> Option<Cut> {
        let commit = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        let every = self.every.load(Ordering::SeqCst);
        if every == 0 || !commit.is_multiple_of(every) {
            return None;
        }
        Some(match self.cuts.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => Cut::Answer,
            1 => Cut::AtOnce,
            _ => Cut::Request,
        })
    }
}

async fn serve(client: TcpStream, state: Arc<State>) {
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let relay = async {
        match state.server.get_socket() {
            Some(directory) => {
                let path = directory.join(format!(".s.PGSQL.{}", state.server.get_port()));
                let (from_server, to_server) = UnixStream::connect(path).await?.into_split();
                relay(from_client, to_client, from_server, to_server, &state).await
            }
            None => {
                let address = (state.server.get_host(), state.server.get_port());
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                let (from_server, to_server) = server.into_split();
                relay(from_client, to_client, from_server, to_server, &state).await
            }
        }
    };
    tokio::select! {
        _ = relay => {}
        () = state.leave.notified() => {}
    }
}

/// Passes messages on until either side ends or the line is cut.
async fn relay(
    mut from_client: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    mut from_server: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
    state: &State,
) -> io::Result<()> {
    // The first message of a client has no type.
    let length = from_client.read_u32().await?;
    let mut startup = vec![0; length.saturating_sub(4) as usize];
    from_client.read_exact(&mut startup).await?;
    to_server.write_u32(length).await?;
    to_server.write_all(&startup).await?;

    let mut commits = HashSet::new();
    let (mut upward, mut downward) = (Messages::default(), [0; 16_384]);
    loop {
        tokio::select! {
            message = upward.next(&mut from_client) => {
                let message = message?;
                let cut = if is_commit(&message, &mut commits) { state.next_commit() } else { None };
                if cut == Some(Cut::Request) {
                    return Ok(());
                }
                to_server.write_all(&message).await?;
                if let Some(cut) = cut {
                    return cut_off(cut, &mut upward, from_client, to_client, from_server, to_server).await;
                }
            }
            read = from_server.read(&mut downward) => {
                match read? {
                    0 => return Ok(()),
                    count => to_client.write_all(&downward[..count]).await?,
                }
            }
        }
    }
}

/// The rest of the request goes to the server, its answer to nobody.
async fn cut_off(
    cut: Cut,
    upward: &mut Messages,
    mut from_client: impl AsyncRead + Unpin,
    to_client: impl AsyncWrite + Unpin,
    mut from_server: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    // A simple query is complete in itself; a bound statement goes up to its Sync.
    while upward.last != b'Q' && upward.last != b'S' {
        let message = upward.next(&mut from_client).await?;
        to_server.write_all(&message).await?;
    }
    let client = (from_client, to_client);
    let kept = if cut == Cut::AtOnce { None } else { Some(client) };
    let mut answers = Messages::default();
    while answers.next(&mut from_server).await?[0] != b'Z' {}
    drop(kept);
    Ok(())
}

/// Notes prepared statements that commit; says whether this message runs one.
fn is_commit(message: &[u8], commits: &mut HashSet<Vec<u8>>) -> bool {
    let body = &message[5..];
    let mut texts = body.split(|byte| *byte == 0);
    match message[0] {
        // Parse: name of the statement, its text
        b'P' => {
            let (name, text) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
            if commits_in(text) {
                commits.insert(name.to_vec());
            } else {
                commits.remove(name);
            }
            false
        }
        // Bind: name of the portal, name of the statement
        b'B' => commits.contains(texts.nth(1).unwrap_or_default()),
        b'Q' => commits_in(texts.next().unwrap_or_default()),
        _ => false,
    }
}

fn commits_in(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    COMMITS.iter().any(|commit| text.contains(commit))
}

/// Cuts a stream of bytes into messages. A `next` that is dropped half-way loses nothing.
#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
    /// The type of the last message.
    last: u8,
}

impl Messages {
    async fn next(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
        loop {
            if let Some(length) = self.bytes.get(1..5) {
                let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize + 1;
                if self.bytes.len() >= length {
                    let rest = self.bytes.split_off(length);
                    self.last = self.bytes[0];
                    return Ok(std::mem::replace(&mut self.bytes, rest));
                }
            }
            if from.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
