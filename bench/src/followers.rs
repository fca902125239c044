//! How soon those who follow a plan are told of a change, while changes come at a steady pace.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::{
    Plan,
    cluster::Cluster,
    editor::{Editor, prove},
    measure::{Measured, Spread, Timing, in_micros},
    progress::Progress,
    report::{Good, Row, Section, Verdict},
    service::{Service, plan},
};

/// How many follow.
const CROWDS: [usize; 3] = [1, 100, 500];
/// Changes a second, all connections together.
const PACE: u32 = 200;
const CONNECTIONS: u32 = 8;
const BEFORE: Duration = Duration::from_secs(10);
/// How long a change may be on its way before the run has failed.
const WITHIN: Duration = Duration::from_secs(30);

/// How long the whole section takes, about.
pub fn expected(plan: &Plan) -> Duration {
    BEFORE + plan.timing.total() * plan.rounds * CROWDS.len() as u32
}

/// Runs the rounds.
pub async fn run(program: &Path, cluster: &Cluster, plan: &Plan, progress: &mut Progress) -> Result<Section> {
    let service = Service::start(program, cluster.folder(), 1).await?;
    let mut editors = Editor::enter(&service, CONNECTIONS as usize, 1, "F").await?;
    // Whoever follows shows the token of this session; the connection is not needed.
    let (_connection, token) = service.log_in(&crate::service::plan(0)).await?;
    progress.done("followers: the service runs", BEFORE);
    let mut rounds: [Vec<Measured>; CROWDS.len()] = Default::default();
    for round in 0..plan.rounds as usize {
        for turn in 0..CROWDS.len() {
            let which = (round + turn) % CROWDS.len();
            let found = told(&service, &token, &mut editors, CROWDS[which], plan.timing).await?;
            let what = format!("followers {}/{}: {} follow {found}", round + 1, plan.rounds, CROWDS[which]);
            progress.done(&what, plan.timing.total());
            rounds[which].push(found);
        }
    }
    let proof = prove(&service, &mut editors).await?;
    service.stop().await?;
    Ok(section(rounds, proof))
}

/// One round: from each acknowledgement until each follower was told.
async fn told(
    service: &Service,
    token: &str,
    editors: &mut Vec<Editor>,
    crowd: usize,
    timing: Timing,
) -> Result<Measured> {
    let (began, last) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
    let mut following = JoinSet::new();
    for _ in 0..crowd {
        let follower = Follower::open(service.address, token).await?;
        following.spawn(follower.follow(began, last.clone()));
    }
    let began_changing = Instant::now();
    let mut changing = JoinSet::new();
    for (number, editor) in (0..).zip(editors.drain(..)) {
        changing.spawn(change(editor, number, began_changing, timing));
    }
    let mut acknowledged = HashMap::new();
    while let Some(ended) = changing.join_next().await {
        let (editor, changes) = ended??;
        editors.push(editor);
        acknowledged.extend(changes);
    }
    let end = *acknowledged.keys().max().context("nothing was changed")?;
    last.store(end, Ordering::SeqCst);
    let from = began_changing + timing.warm_up;
    let mut micros = Vec::new();
    while let Some(ended) = following.join_next().await {
        let told = timeout(WITHIN, async { ended? }).await.context("a follower is not told")??;
        ensure!(told.len() == acknowledged.len(), "{} changes, {} told", acknowledged.len(), told.len());
        for (position, after) in told {
            let at = *acknowledged.get(&position).context("told of what nobody changed, or twice")?;
            if at >= from {
                // Whoever follows may hear of it before the answer has come to the one who changed it.
                micros.push(in_micros((began + after).saturating_duration_since(at)));
            }
        }
    }
    Measured::new(micros, timing.measured)
}

/// Changes that are due, with the moment at which each was acknowledged.
async fn change(
    mut editor: Editor,
    number: u32,
    began: Instant,
    timing: Timing,
) -> Result<(Editor, Vec<(u64, Instant)>)> {
    let between = Duration::from_secs(1) * CONNECTIONS / PACE;
    let until = began + timing.total();
    let mut due = began + between * number / CONNECTIONS;
    let mut acknowledged = Vec::new();
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        editor.change().await?;
        acknowledged.push((editor.position(), Instant::now()));
        due += between;
    }
    Ok((editor, acknowledged))
}

/// One stream, read with as little effort as can be.
struct Follower {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Follower {
    /// Asks, and waits until the stream has begun.
    async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let path = format!("/v1/plans/{}/changes?after=now&kind=teachers", plan(0));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut unread = Vec::with_capacity(64 << 10);
        while !contains(&unread, b"event: position\n") {
            ensure!(stream.read_buf(&mut unread).await? > 0, "the stream does not begin");
        }
        ensure!(unread.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&unread));
        unread.clear();
        Ok(Self { stream, unread })
    }

    /// Follows until it has been told the last change; what it was told, and when.
    async fn follow(mut self, began: Instant, last: Arc<AtomicU64>) -> Result<Vec<(u64, Duration)>> {
        let mut told: Vec<(u64, Duration)> = Vec::with_capacity(4096);
        while told.last().is_none_or(|(position, _)| *position < last.load(Ordering::SeqCst)) {
            let read = timeout(WITHIN, self.stream.read_buf(&mut self.unread)).await;
            ensure!(read.context("nothing comes")?? > 0, "the stream has ended");
            let now = began.elapsed();
            let whole = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let mut position = None;
            for line in self.unread[..whole].split(|byte| *byte == b'\n') {
                if let Some(id) = line.strip_prefix(b"id: 1.") {
                    position = std::str::from_utf8(id)?.parse::<u64>().ok();
                } else if line.starts_with(b"event: daybook.") {
                    told.push((position.context("a change without a position")?, now));
                }
            }
            // An `id` and its `event` are written together, but may be read apart.
            let kept = match (position, self.unread[..whole].ends_with(b"\n")) {
                (Some(_), true) => last_event(&self.unread[..whole]),
                _ => whole,
            };
            self.unread.drain(..kept);
        }
        Ok(told)
    }
}

/// Where the line after the last `id` begins whose `event` has not come yet; else the end.
fn last_event(text: &[u8]) -> usize {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    match lines.last() {
        Some(line) if line.starts_with(b"id: ") => text.len() - line.len(),
        _ => text.len(),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn section(rounds: [Vec<Measured>; CROWDS.len()], proof: String) -> Section {
    let p99 = |which: usize| Spread::of(rounds[which].iter().map(|found| found.p99));
    let verdict = |which: usize, target: f64| Verdict {
        name: format!("acknowledged until told to {} followers, p99", CROWDS[which]),
        found: p99(which),
        unit: " ms",
        good: Good::AtMost,
        target,
        goal: None,
    };
    let verdicts = vec![verdict(0, 50.0), verdict(1, 50.0)];
    let rows = CROWDS
        .iter()
        .zip(rounds)
        .map(|(crowd, runs)| Row {
            name: "acknowledged, until told (tellings a second)".to_owned(),
            clients: *crowd,
            runs,
        })
        .collect();
    Section {
        title: "Until those who follow are told",
        method: format!(
            "{PACE} changes a second over {CONNECTIONS} connections in one plan, each sent when it is due. So many connections follow the plan's teachers \
             as server-sent events; each telling to each of them counts, from the moment at which the change's answer was read. Followers, editors and \
             service share the cores."
        ),
        rows,
        verdicts,
        notes: vec![proof, "every follower was told every change once".to_owned()],
    }
}
