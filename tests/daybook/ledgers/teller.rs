//! Runs a program, has the story told to it, and keeps the ledger that comes of it.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value as Json, json};
use sqlx::{Connection, PgConnection};
use tests::cluster::TestDatabase;
use tests::office::{PASSWORD, PLAN};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::story;
use crate::command_line::program::Program;

/// Who tells the story: by HTTP, so that any build can hear it. A build that does not know a path says so, and that is that.
pub struct Teller {
    pub base: String,
    pub client: reqwest::Client,
    pub partner: Partner,
    /// Of the last write.
    pub position: String,
}

/// An answer, as far as the story looks at it.
pub struct Heard {
    pub status: u16,
    pub body: Json,
    pub etag: String,
}

impl Heard {
    /// A member of the body.
    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }
}

/// A partner of the service, who can be gone.
pub struct Partner {
    address: std::net::SocketAddr,
    answering: Option<JoinHandle<()>>,
}

impl Partner {
    async fn new() -> Partner {
        let mut partner = Partner { address: "127.0.0.1:0".parse().unwrap(), answering: None };
        partner.comes().await;
        partner
    }

    pub async fn comes(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        self.answering = Some(tokio::spawn(async move { while listener.accept().await.is_ok() {} }));
    }

    pub async fn goes(&mut self) {
        if let Some(answering) = self.answering.take() {
            answering.abort();
            let _ = answering.await;
        }
    }
}

impl Teller {
    /// A request below `/v1`; headers as `name: value`.
    pub async fn say(
        &mut self,
        method: Method,
        token: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Json,
    ) -> Heard {
        let mut request =
            self.client.request(method.clone(), format!("{}/v1{path}", self.base)).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::GET {
            request = request.header("daybook-min-position", &self.position);
        } else if !body.is_null() {
            request = request.json(&body);
        }
        self.hear(&format!("{method} {path}"), request).await
    }

    /// Sends it. What fails is told: the story wants some of it.
    pub async fn hear(&mut self, what: &str, request: reqwest::RequestBuilder) -> Heard {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (etag, position) = (header("etag"), header("daybook-position"));
        if !position.is_empty() && !position.ends_with(".0") {
            self.position = position;
        }
        let body: Json = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Json::Null);
        if status >= 400 {
            eprintln!("{what}: {status} {body}");
        }
        Heard { status, body, etag }
    }

    /// Makes a record of the plan.
    pub async fn makes(&mut self, token: &str, path: &str, body: Json) -> Heard {
        self.say(Method::PUT, token, &below(path), &[("if-none-match", "*")], body).await
    }

    /// Changes what is there, whatever it is.
    pub async fn changes(&mut self, token: &str, path: &str, body: Json) -> Heard {
        self.say(Method::PATCH, token, path, &[("if-match", "*")], body).await
    }

    /// Changes what is there, under a lock.
    pub async fn changes_under(&mut self, token: &str, lock: &str, path: &str, body: Json) -> Heard {
        self.say(Method::PATCH, token, path, &[("if-match", "*"), ("daybook-lock", lock)], body).await
    }

    pub async fn posts(&mut self, token: &str, path: &str, body: Json) -> Heard {
        self.say(Method::POST, token, path, &[], body).await
    }

    pub async fn deletes(&mut self, token: &str, path: &str) -> Heard {
        self.say(Method::DELETE, token, path, &[("if-match", "*")], Json::Null).await
    }

    /// Logs in, to the plan of the tests unless the body says otherwise; the token.
    pub async fn comes(&mut self, user: &str, more: Json) -> String {
        let mut body = json!({ "user": user, "password": PASSWORD, "plan": PLAN });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if body["plan"].is_null() {
            body.as_object_mut().unwrap().remove("plan");
        }
        let request = self.client.post(format!("{}/v1/sessions", self.base)).json(&body);
        self.hear(&format!("{user} logs in"), request).await.text("token")
    }

    pub async fn goes(&mut self, token: &str) {
        self.deletes(token, "/sessions/current").await;
    }

    /// A lock of the plan; its id.
    pub async fn locks(&mut self, token: &str, action: &str) -> String {
        self.posts(token, &below("/locks"), json!({ "action": action })).await.text("lock")
    }

    /// Waits until the outage is in a state, for as long as a build may need that knows of outages.
    pub async fn waits_for(&mut self, state: &str) {
        for _ in 0..600 {
            let request = self.client.get(format!("{}/v1/outage", self.base));
            let heard = self.hear("outage", request).await;
            if heard.status == 404 || heard.body["state"] == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the outage never is {state}");
    }
}

/// A path below the plan of the tests.
pub fn below(path: &str) -> String {
    format!("/plans/{PLAN}{path}")
}

/// Has the story told to the program, and writes its ledger and its answers.
pub async fn write(folder: &Path, name: &str) {
    let database = TestDatabase::empty("story").await;
    let url = database.url.clone();
    let partner = Partner::new().await;
    let address = format!("tcp://{}", partner.address);
    let started = tokio::task::spawn_blocking(move || {
        let program = Program::on_url(&url);
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let partnered = [&serve[..], &["--partner", &address, "--contact-every", "200ms"]].concat();
        let knows_partners = program.run(&["serve", "--help"]).out.contains("--partner");
        let service = program.start(if knows_partners { &partnered } else { &serve });
        let add = ["user", "add", "admin", "--group", "administrators", "--password-stdin"];
        let added = program.run_with(&add, PASSWORD);
        assert_eq!(added.status, 0, "{}", added.err);
        let added = program.run(&["plan", "add", PLAN]);
        assert_eq!(added.status, 0, "{}", added.err);
        service
    });
    let mut service = started.await.unwrap();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let mut teller = Teller { base: service.url.clone(), client, partner, position: "0".to_owned() };
    story::tell(&mut teller).await;
    let answers = answers(&mut teller).await;
    // What it has counted it writes when it stops.
    tokio::task::spawn_blocking(move || service.stop()).await.unwrap();
    let lines = lines(&database).await;
    std::fs::write(folder.join(format!("{name}.ndjson")), lines).unwrap();
    let answers = serde_json::to_string_pretty(&Json::Object(answers)).unwrap();
    std::fs::write(folder.join(format!("{name}.answers.json")), answers + "\n").unwrap();
}

/// What the administrator is answered, path by path, where there is such a path.
async fn answers(teller: &mut Teller) -> Map<String, Json> {
    let admin = teller.comes("admin", json!({ "plan": null })).await;
    let mut answers = Map::new();
    for path in story::asked() {
        let heard = teller.say(Method::GET, &admin, &path, &[], Json::Null).await;
        if heard.status == 200 {
            answers.insert(path, heard.body);
        }
    }
    teller.goes(&admin).await;
    answers
}

/// The events, one a line, in their order.
async fn lines(database: &TestDatabase) -> String {
    let mut owner = PgConnection::connect_with(&database.options).await.unwrap();
    let lines: Vec<String> = sqlx::query_scalar(
        "select json_build_object('position', position, 'append_end', append_end, 'stream', stream, 'version', version,
            'type', type, 'subject', subject, 'recorded_at', recorded_at, 'meta', convert_from(meta, 'utf8'),
            'data', convert_from(data, 'utf8'))::text
        from daybook.event order by position",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    lines.into_iter().map(|line| line + "\n").collect()
}
