//! Somebody who is logged in, and what he does: the words in which a story of the office is told.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::doings::text;
use crate::office::{Answer, Office, plan};

/// Whatever shows a little later shows within this; the machine is not ours alone.
const SHOWS_WITHIN: Duration = Duration::from_secs(60);

/// Somebody who is logged in.
pub struct Person<'a> {
    /// Where.
    pub office: &'a Office,
    /// His user name.
    pub name: String,
    /// The token of his session.
    pub token: String,
}

impl Office {
    /// Somebody comes into the plan of the tests, with more words in the body than name and password.
    pub async fn comes(&self, name: &str, more: Json) -> Person<'_> {
        let came = self.try_log_in(name, more).await;
        assert_eq!(came.outcome(), "201", "{name}: {}", came.body);
        Person { office: self, name: name.to_owned(), token: text(&came.body["token"]) }
    }

    /// Somebody comes to the site and into no plan.
    pub async fn comes_to_site(&self, name: &str) -> Person<'_> {
        Person { office: self, name: name.to_owned(), token: self.log_in_to_site(name).await }
    }

    /// What a stranger sees below `/v1`, who must see something.
    pub async fn stranger_sees(&self, path: &str) -> Json {
        let answer = self.send(self.client.get(format!("{}/v1{path}", self.base))).await;
        assert_eq!(answer.outcome(), "200", "{path}: {}", answer.body);
        answer.body
    }
}

impl Person<'_> {
    /// Makes a record of the plan; the answer.
    pub async fn makes(&self, path: &str, body: Json) -> Answer {
        self.office.create(&self.token, &plan(path), body).await
    }

    /// Changes a record of the plan as it stands; the answer.
    pub async fn changes(&self, path: &str, body: Json) -> Answer {
        let now = self.looks_at(path).await;
        assert_eq!(now.outcome(), "200", "{path}: {}", now.body);
        self.office.patch(&self.token, &plan(path), &now.etag(), body).await
    }

    /// Posts below the plan; the answer.
    pub async fn posts(&self, path: &str, body: Json) -> Answer {
        self.office.post(&self.token, &plan(path), body).await
    }

    /// Gets something below the plan; the answer.
    pub async fn looks_at(&self, path: &str) -> Answer {
        self.office.get(&self.token, &plan(path)).await
    }

    /// The body of what is below `/v1` and must be there.
    pub async fn sees(&self, path: &str) -> Json {
        let answer = self.office.get(&self.token, path).await;
        assert_eq!(answer.outcome(), "200", "{} {path}: {}", self.name, answer.body);
        answer.body
    }

    /// Looks again until it is as it should be; what it then is.
    pub async fn sees_soon(&self, path: &str, is_so: impl Fn(&Json) -> bool) -> Json {
        let began = Instant::now();
        loop {
            let seen = self.sees(path).await;
            if is_so(&seen) {
                return seen;
            }
            assert!(began.elapsed() < SHOWS_WITHIN, "{} sees in {path} only {seen}", self.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Finds an unread message of a kind, which comes a moment after what it is about, and reads it; what it says.
    pub async fn is_told(&self, kind: &str) -> Json {
        let of_kind = |list: &Json| -> Option<Json> {
            list["items"].as_array()?.iter().find(|message| message["kind"] == kind).cloned()
        };
        let list = self.sees_soon("/messages?unread=true", |list| of_kind(list).is_some()).await;
        let message = of_kind(&list).expect("it is there");
        let path = format!("/messages/{}", text(&message["id"]));
        let request = self.office.write(Method::PATCH, &self.token, &path, &json!({ "read": true }));
        let read = self.office.send(request).await;
        assert_eq!(read.outcome(), "200", "{}", read.body);
        message
    }

    /// Logs out.
    pub async fn goes(self) {
        self.office.log_out(&self.token).await;
    }
}
