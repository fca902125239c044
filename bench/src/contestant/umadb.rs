//! UmaDB as it is meant to be used: its server in a process of its own with its default settings (fsync before every answer, group commit), asked over
//! gRPC on loopback. The expected version is an append condition on the stream's tag; the event's uuid makes a repeated command harmless.

use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};
use umadb_server::{ServerOptions, StorageOptions, start_server_with_options};
use uuid::Uuid;

use super::data;
use crate::{
    cluster::Database,
    measure::{self, Measured, Timing, Writer},
};

/// Writers that share one HTTP/2 connection: with fewer, and with more, it was slower.
const WRITERS_A_CONNECTION: usize = 64;

/// One cell. It leaves PostgreSQL alone, but its file lies on the same disk, beside the cluster.
pub async fn run(database: &Database<'_>, writers: usize, timing: Timing) -> Result<Measured> {
    let folder = tempfile::tempdir_in(database.folder())?;
    let listen = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
    let mut server = start(&listen, folder.path().join("uma.db")).await?;
    let mut clients = Vec::new();
    for _ in 0..writers.div_ceil(WRITERS_A_CONNECTION) {
        let client = UmaDbClient::new(format!("http://{listen}")).connect_async().await?;
        clients.push(Arc::new(client));
    }
    let mut writers = (0..writers)
        .map(|n| Appender {
            client: clients[n / WRITERS_A_CONNECTION].clone(),
            stream: format!("stream-{n}"),
            version: None,
            number: 0,
        })
        .collect();
    let measured = measure::drive(&mut writers, timing).await;
    server.kill().await?;
    measured
}

/// Runs the server in this process until it is killed: the benchmark calls itself for that.
pub async fn serve(listen: String, file: PathBuf) -> Result<()> {
    let options = ServerOptions {
        listen_addr: listen,
        tls: None,
        api_key: None,
        storage: StorageOptions::default().db_path(file),
    };
    let (_never, stop) = tokio::sync::oneshot::channel();
    start_server_with_options(options, stop).await.map_err(|error| anyhow!("umadb: {error}"))
}

async fn start(listen: &str, file: PathBuf) -> Result<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args(["serve-umadb", listen])
        .arg(file)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    for _ in 0..200 {
        if TcpStream::connect(listen).await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Err(anyhow!("umadb did not listen on {listen}"))
}

struct Appender {
    client: Arc<AsyncUmaDbClient>,
    stream: String,
    version: Option<u64>,
    number: u64,
}

impl Writer for Appender {
    async fn append(&mut self) -> Result<()> {
        let event = DcbEvent::default()
            .event_type("TeacherChanged")
            .tags([self.stream.as_str()])
            .data(data(self.number))
            .uuid(Uuid::new_v4());
        let condition = DcbAppendCondition {
            fail_if_events_match: DcbQuery::new().item(DcbQueryItem::new().tags([self.stream.as_str()])),
            after: self.version,
        };
        self.version = Some(self.client.append(vec![event], Some(condition), None).await?);
        self.number += 1;
        Ok(())
    }
}
