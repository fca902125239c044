//! The way of the host's commands to the running service while the ledger is gone: a socket that only its own user can open.
//!
//! It tells what the service has in memory, and nothing can be changed by it: without a ledger nothing else pretends to work.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;

/// The question.
const SHOW: &[u8; 5] = b"show\n";
/// How long either side waits for the other.
const WITHIN: Duration = Duration::from_secs(2);
/// How many may ask at a time.
const ASKING_MAX: usize = 8;
/// An answer is never longer.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// The socket of a service with a private PostgreSQL.
pub fn in_data(data: &Path) -> PathBuf {
    data.join("operator.sock")
}

/// The socket of a service with a PostgreSQL of one's own: found by whoever names the same database and schema, on the same host,
/// as the same user.
pub fn of_url(connect: &PgConnectOptions, schema: &str) -> PathBuf {
    let place = format!(
        "{:?} {} {} {:?} {schema}",
        connect.get_socket(),
        connect.get_host(),
        connect.get_port(),
        connect.get_database(),
    );
    let name = hex::encode(&Sha256::digest(place.as_bytes())[..8]);
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = own.unwrap_or_else(std::env::temp_dir);
    folder.join(format!("daybook-{}", nix::unistd::Uid::effective())).join(format!("{name}.sock"))
}

/// Answers at the socket until `stop`. A service that cannot have one runs all the same.
pub async fn answer(desk: Arc<Desk>, socket: PathBuf, stop: CancellationToken) {
    let listener = match listen(&socket).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::info!(socket = %socket.display(), %error, "no socket for the host's commands");
            return;
        }
    };
    let asking = Arc::new(Semaphore::new(ASKING_MAX));
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(WITHIN).await;
                    continue;
                }
            },
        };
        let Ok(turn) = asking.clone().acquire_owned().await else { break };
        let desk = desk.clone();
        tokio::spawn(async move {
            let _ = timeout(WITHIN, tell(&desk, stream)).await;
            drop(turn);
        });
    }
    let _ = std::fs::remove_file(&socket);
}

/// Only in a folder of our own: nobody else may put another socket in the place of ours.
async fn listen(socket: &Path) -> std::io::Result<UnixListener> {
    let folder = socket.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    check_own(folder)?;
    if UnixStream::connect(socket).await.is_ok() {
        return Err(std::io::Error::other("another node on this host answers there"));
    }
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn check_own(folder: &Path) -> std::io::Result<()> {
    let is_own = std::fs::symlink_metadata(folder)?.uid() == nix::unistd::Uid::effective().as_raw();
    if is_own { Ok(()) } else { Err(std::io::Error::other("the folder belongs to somebody else")) }
}

async fn tell(desk: &Desk, mut stream: UnixStream) -> std::io::Result<()> {
    let mut question = [0; SHOW.len()];
    stream.read_exact(&mut question).await?;
    let answer = if question == *SHOW {
        let ledger = if desk.standing.is_ledger_gone() { "lost" } else { "ok" };
        json!({ "node": desk.terms.contact.node, "ledger": ledger, "outage": desk.standing.json() })
    } else {
        json!({ "detail": "only `show` is answered here" })
    };
    stream.write_all(answer.to_string().as_bytes()).await?;
    stream.shutdown().await
}

/// What the running service has in memory: `{node, ledger, outage}`; nothing when none answers.
pub async fn ask(socket: &Path) -> Option<Json> {
    check_own(socket.parent()?).ok()?;
    let asking = async {
        let mut stream = UnixStream::connect(socket).await.ok()?;
        stream.write_all(SHOW).await.ok()?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await.ok()?;
        serde_json::from_slice::<Json>(&answer).ok().filter(|answer| answer["outage"].is_object())
    };
    timeout(WITHIN, asking).await.ok().flatten()
}
