//! Server-sent events, read as a browser reads them.

use std::time::{Duration, Instant};

use futures::StreamExt;
use reqwest::Response;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::declared;
use crate::office::{Office, plan};

/// How long something may take that has to come.
const WITHIN: Duration = Duration::from_secs(90);

/// What came of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// An event.
    Event(Event),
    /// A comment.
    Comment,
    /// How long to wait before coming back, in milliseconds.
    Retry(u64),
    /// Its end; whether the answer was whole.
    End(bool),
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its own id; an event may have none.
    pub id: Option<String>,
    /// Its type.
    pub name: String,
    /// What it tells.
    pub data: Json,
}

/// An open stream of changes.
pub struct Listener {
    came: mpsc::UnboundedReceiver<Came>,
    task: tokio::task::JoinHandle<()>,
    /// The last id that was heard of.
    pub last_id: Option<String>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Office {
    /// Asks for the changes of the plan of the tests as a stream; the bare answer.
    pub async fn ask_for_stream(&self, token: &str, query: &str, last_event_id: Option<&str>) -> Response {
        let path = format!("/v1{}", plan(&format!("/changes?{query}")));
        let request = self.request(reqwest::Method::GET, &path, token).header("accept", "text/event-stream");
        let request = match last_event_id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        // A stream has no end that could be waited for.
        request.timeout(Duration::from_secs(3_600)).send().await.expect("the service answers")
    }

    /// Follows the plan of the tests: `after=now`, `kind=teachers`.
    pub async fn follow(&self, token: &str, query: &str) -> Listener {
        self.follow_from(token, query, None).await
    }

    /// Comes back with the last id that was heard of.
    pub async fn follow_from(&self, token: &str, query: &str, last_event_id: Option<&str>) -> Listener {
        let response = self.ask_for_stream(token, query, last_event_id).await;
        assert_eq!(response.status(), 200, "{query}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Listener::of(response)
    }
}

impl Listener {
    /// Reads the stream that an answer is.
    pub fn of(response: Response) -> Listener {
        let (tell, came) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut bytes = response.bytes_stream();
            let mut text = Vec::new();
            while let Some(chunk) = bytes.next().await {
                let Ok(chunk) = chunk else {
                    let _ = tell.send(Came::End(false));
                    return;
                };
                text.extend_from_slice(&chunk);
                while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                    let block: Vec<u8> = text.drain(..end + 2).collect();
                    for came in read(std::str::from_utf8(&block).expect("UTF-8")) {
                        let _ = tell.send(came);
                    }
                }
            }
            let _ = tell.send(Came::End(text.is_empty()));
        });
        Listener { came, task, last_id: None }
    }

    /// The next that comes; nothing when nothing does for so long.
    pub async fn came(&mut self, within: Duration) -> Option<Came> {
        let came = timeout(within, self.came.recv()).await.ok()?.expect("nothing after the end");
        if let Came::Event(Event { id: Some(id), .. }) = &came {
            self.last_id = Some(id.clone());
        }
        Some(came)
    }

    /// The next event, whatever its type; comments are passed over.
    pub async fn event(&mut self) -> Event {
        self.event_that(|_| true).await
    }

    /// The next event of a type; others are passed over.
    pub async fn event_named(&mut self, name: &str) -> Event {
        self.event_that(|event| event.name == name).await
    }

    /// The next change of the plan.
    pub async fn change(&mut self) -> Event {
        self.event_that(|event| event.name.starts_with("daybook.")).await
    }

    /// The next change of a record; what concerns sessions and locks is passed over.
    pub async fn record(&mut self) -> Event {
        self.event_that(|event| event.name.starts_with("daybook.record.")).await
    }

    async fn event_that(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        // What is passed over does not lengthen the wait.
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.came(deadline.saturating_duration_since(Instant::now())).await {
                Some(Came::Event(event)) if wanted(&event) => return event,
                Some(Came::End(_)) => panic!("the stream has ended"),
                Some(_) => {}
                None => panic!("it does not come"),
            }
        }
    }

    /// Waits for the end; what came until then, and whether the answer was whole.
    pub async fn end(&mut self) -> (Vec<Event>, bool) {
        let mut events = Vec::new();
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.came(deadline.saturating_duration_since(Instant::now())).await {
                Some(Came::Event(event)) => events.push(event),
                Some(Came::End(is_whole)) => return (events, is_whole),
                Some(_) => {}
                None => panic!("the stream does not end"),
            }
        }
    }

    /// The id to come back with.
    pub fn cursor(&self) -> &str {
        self.last_id.as_deref().expect("something with an id has come")
    }
}

/// What stands in a block of lines.
fn read(block: &str) -> Vec<Came> {
    let (mut came, mut id, mut name, mut data) = (Vec::new(), None, None, String::new());
    for line in block.lines().filter(|line| !line.is_empty()) {
        match line.split_once(':').map(|(field, value)| (field, value.strip_prefix(' ').unwrap_or(value))) {
            Some(("", _)) => came.push(Came::Comment),
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("event", value)) => name = Some(value.to_owned()),
            Some(("data", value)) => data.push_str(value),
            Some(("retry", value)) => came.push(Came::Retry(value.parse().expect("a number"))),
            _ => panic!("no field of server-sent events: {line}"),
        }
    }
    if let Some(name) = name {
        let data = serde_json::from_str(&data).expect("JSON");
        declared::check_event(&name, &data);
        came.push(Came::Event(Event { id, name, data }));
    }
    came
}
