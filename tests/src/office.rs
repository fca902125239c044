//! A whole Daybook in the test's own process: a database of its own, the service, its HTTP interface on a free port.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use api::app::App;
use api::desk::Terms;
use api::follow::StreamLimits;
use api::http::{LoginLimiter, ServeSettings, Settings as Conventions, Shutdown, conventions, serve};
use api::routes::router;
use api::service::{Database, Service, Settings};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value as Json, json};

use crate::cluster::TestDatabase;

/// The plan of the tests.
pub const PLAN: &str = "100234~2026-2027~1";
/// The password of everybody.
pub const PASSWORD: &str = "a good long password";

/// A running Daybook.
pub struct Office {
    /// Its database.
    pub database: Arc<TestDatabase>,
    /// The service behind the interface.
    pub service: Option<Service>,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub base: String,
    /// The client.
    pub client: reqwest::Client,
    /// The greatest position that a write was answered with.
    written: AtomicI64,
    shutdown: Shutdown,
    server: Option<tokio::task::JoinHandle<()>>,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null when there is none or it is no JSON.
    pub body: Json,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `ETag`.
    pub fn etag(&self) -> String {
        self.header("etag").expect("the answer has an ETag").to_owned()
    }

    /// The status, and the code of the problem when it is one: `412 stale`, `200`.
    pub fn outcome(&self) -> String {
        let code = self.body["type"].as_str().and_then(|text| text.strip_prefix("urn:daybook:problem:"));
        match code {
            Some(code) => format!("{} {code}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }
}

impl Office {
    /// Starts on a new database, with the plan and the users anna and bert (planners), clara (cover planner), victor (viewer) and
    /// admin (administrator).
    pub async fn open(name: &str) -> Office {
        let office = Office::empty(name).await;
        office.furnish().await;
        office
    }

    /// Starts on a new database with nothing in it.
    pub async fn empty(name: &str) -> Office {
        Office::on(Arc::new(TestDatabase::new(name).await), Terms::default()).await
    }

    /// Starts on a new database with other terms.
    pub async fn with_terms(name: &str, terms: Terms) -> Office {
        let office = Office::on(Arc::new(TestDatabase::new(name).await), terms).await;
        office.furnish().await;
        office
    }

    /// Starts on a database that is there and empty, with the plan and the users of the tests.
    pub async fn furnished_on(database: Arc<TestDatabase>, terms: Terms) -> Office {
        let office = Office::on(database, terms).await;
        office.furnish().await;
        office
    }

    /// One more node on the same database.
    pub async fn beside(&self) -> Office {
        Office::on(self.database.clone(), Terms::default()).await
    }

    /// Starts on a new database with other bounds of what is open at once.
    pub async fn bounded(name: &str, streams: StreamLimits, serving: ServeSettings) -> Office {
        let database = Arc::new(TestDatabase::new(name).await);
        let url = database.url.clone();
        let office = Office::at(database, url, Terms::default(), streams, serving).await;
        office.furnish().await;
        office
    }

    /// Starts on a database that is there.
    pub async fn on(database: Arc<TestDatabase>, terms: Terms) -> Office {
        let url = database.url.clone();
        Office::at(database, url, terms, StreamLimits::default(), ServeSettings::default()).await
    }

    async fn at(
        database: Arc<TestDatabase>,
        url: String,
        terms: Terms,
        streams: StreamLimits,
        serving: ServeSettings,
    ) -> Office {
        let settings = Settings { database: Database::Url(url), schema: database.schema.to_owned(), terms };
        let service = Service::start(&settings).await.expect("the service starts");
        let shutdown = Shutdown::new();
        let app = App::new(
            service.desk.clone(),
            service.passwords.clone(),
            LoginLimiter::new(Some(10)),
            shutdown.clone(),
            "test".to_owned(),
            streams,
        );
        let routes = router(app);
        let routes = conventions(routes, Conventions::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let drained = shutdown.clone();
        let server = tokio::spawn(async move {
            serve(listener, routes, serving, drained).await;
        });
        Office {
            database,
            service: Some(service),
            base,
            client: client(),
            written: AtomicI64::new(0),
            shutdown,
            server: Some(server),
        }
    }

    /// One more node on the database of another, which it reaches by another way.
    pub async fn through(other: &Office, way: sqlx::postgres::PgConnectOptions, terms: Terms) -> Office {
        use sqlx::ConnectOptions;
        let (streams, serving) = (StreamLimits::default(), ServeSettings::default());
        Office::at(other.database.clone(), way.to_url_lossy().into(), terms, streams, serving).await
    }

    /// The Daybook that another process runs at this address. Nobody can look behind it from here.
    pub fn elsewhere(base: &str) -> Office {
        let nowhere = sqlx::postgres::PgConnectOptions::new();
        Office {
            database: Arc::new(TestDatabase::of_own_server(nowhere)),
            service: None,
            base: base.to_owned(),
            client: client(),
            written: AtomicI64::new(0),
            shutdown: Shutdown::new(),
            server: None,
        }
    }

    /// Ends the service and waits for it.
    pub async fn close(mut self) {
        self.shutdown.begin();
        if let Some(server) = self.server.take() {
            let _ = server.await;
        }
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
    }

    async fn furnish(&self) {
        use api::desk::{Answer as Decided, Extra, Request};
        use api::routes::users::new_password;
        use domain::command::add_user::{AddUser, Person};
        use domain::command::create_plan::CreatePlan;
        use domain::{UserId, Who};
        let service = self.service.as_ref().expect("it runs");
        let hash = service.passwords.hash(PASSWORD.to_owned().into()).await.expect("hashing works");
        let users = [
            ("admin", "administrators"),
            ("anna", "planners"),
            ("bert", "planners"),
            ("clara", "cover-planners"),
            ("victor", "viewers"),
        ];
        for (name, group) in users {
            let user = UserId(uuid::Uuid::now_v7());
            let person = Person {
                name: name.to_owned(),
                group: group.to_owned(),
                full_name: None,
                email: None,
                language: None,
            };
            let extra = Extra { credentials: vec![new_password(user, hash.clone())], ..Extra::default() };
            let command = AddUser { user, person };
            let done =
                service.desk.execute(Request::of(Who::Operator), command, extra, |_, _| Decided::empty(201));
            done.await.expect("the user is added");
        }
        let command = CreatePlan::empty(PLAN.parse().expect("a plan"), None);
        let done = service
            .desk
            .execute(Request::of(Who::Operator), command, Extra::default(), |_, _| Decided::empty(201));
        done.await.expect("the plan is made");
    }

    /// A request with a token.
    pub fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    /// Sends a request and reads the answer, which must be as the description says.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let (client, request) = request.build_split();
        let request = request.expect("a request that can be sent");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response: Response = client.execute(request).await.expect("the service answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("the answer is whole");
        let body = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
        crate::declared::check(&method, &path, status, &body);
        let position = headers
            .get("daybook-position")
            .and_then(|value| value.to_str().ok()?.split_once('.')?.1.parse().ok());
        self.written.fetch_max(position.unwrap_or_default(), Ordering::Relaxed);
        Answer { status, headers, body }
    }

    /// GET of a path below `/v1`, as things stood after the last write that was answered from here.
    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.get_from(token, path, self.written.load(Ordering::Relaxed)).await
    }

    /// GET of a path below `/v1`, as things stood after the last write that was answered from here; the answer's bytes.
    pub async fn get_bytes(&self, token: &str, path: &str) -> (Response, Vec<u8>) {
        let written = self.written.load(Ordering::Relaxed).to_string();
        let request = self.request(Method::GET, &format!("/v1{path}"), token);
        let answer = request.header("daybook-min-position", written).send().await;
        let mut answer = answer.expect("the service answers");
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.expect("the answer is whole") {
            bytes.extend_from_slice(&part);
        }
        (answer, bytes)
    }

    /// GET of a path below `/v1`, as things stood at a position or later.
    pub async fn get_from(&self, token: &str, path: &str, position: i64) -> Answer {
        for _ in 0..20 {
            let request = self.request(Method::GET, &format!("/v1{path}"), token);
            let answer = self.send(request.header("daybook-min-position", position.to_string())).await;
            if answer.outcome() != "503 projection-behind" {
                return answer;
            }
        }
        panic!("the read models do not come to {position}");
    }

    /// POST of a JSON body below `/v1`.
    pub async fn post(&self, token: &str, path: &str, body: Json) -> Answer {
        self.send(self.request(Method::POST, &format!("/v1{path}"), token).json(&body)).await
    }

    /// DELETE below `/v1`, without a precondition.
    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/v1{path}"), token)).await
    }

    /// PATCH with `If-Match` below `/v1`.
    pub async fn patch(&self, token: &str, path: &str, etag: &str, body: Json) -> Answer {
        let request = self.request(Method::PATCH, &format!("/v1{path}"), token).header("if-match", etag);
        self.send(request.json(&body)).await
    }

    /// PUT with `If-None-Match: *` below `/v1`.
    pub async fn create(&self, token: &str, path: &str, body: Json) -> Answer {
        let request = self.request(Method::PUT, &format!("/v1{path}"), token).header("if-none-match", "*");
        self.send(request.json(&body)).await
    }

    /// Logs in to the plan; the whole answer.
    pub async fn try_log_in(&self, user: &str, more: Json) -> Answer {
        let mut body = json!({ "user": user, "password": PASSWORD, "plan": PLAN });
        if let (Json::Object(body), Json::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        self.send(self.client.post(format!("{}/v1/sessions", self.base)).json(&body)).await
    }

    /// Logs in to the plan as a program, with its API token; the whole answer.
    pub async fn log_in_by_token(&self, api_token: &str) -> Answer {
        self.post(api_token, "/sessions", json!({ "plan": PLAN })).await
    }

    /// Logs in to the plan; the token.
    pub async fn log_in(&self, user: &str) -> String {
        let answer = self.try_log_in(user, json!({})).await;
        assert_eq!(answer.outcome(), "201", "{}", answer.body);
        answer.body["token"].as_str().expect("a token").to_owned()
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client without TLS")
}

/// A path below the plan of the tests.
pub fn plan(rest: &str) -> String {
    format!("/plans/{PLAN}{rest}")
}
