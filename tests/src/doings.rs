//! What people of the tests do: in shorter words than requests and answers.

use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};

use crate::office::{Answer, Office, PASSWORD, plan};

/// Files of an import: names and bytes.
pub type Files = Vec<(String, Vec<u8>)>;

impl Office {
    /// The position of the ledger's head: as long as it stays, nothing was written.
    pub async fn head(&self) -> i64 {
        self.service.as_ref().expect("it runs").ledger.head().await.expect("the ledger answers").position
    }

    /// A session in no plan; its token.
    pub async fn log_in_to_site(&self, user: &str) -> String {
        let answer = self.log_in_with(json!({ "user": user, "password": PASSWORD })).await;
        assert_eq!(answer.outcome(), "201", "{}", answer.body);
        text(&answer.body["token"])
    }

    /// `POST /sessions` with this body.
    pub async fn log_in_with(&self, body: Json) -> Answer {
        self.send(self.client.post(format!("{}/v1/sessions", self.base)).json(&body)).await
    }

    /// A write below `/v1` with a JSON body, not sent yet.
    pub fn write(&self, method: Method, token: &str, path: &str, body: &Json) -> RequestBuilder {
        self.request(method, &format!("/v1{path}"), token).json(body)
    }

    /// PUT with `If-Match`.
    pub async fn put(&self, token: &str, path: &str, etag: &str, body: Json) -> Answer {
        self.send(self.write(Method::PUT, token, path, &body).header("if-match", etag)).await
    }

    /// DELETE with `If-Match`.
    pub async fn remove(&self, token: &str, path: &str, etag: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/v1{path}"), token).header("if-match", etag)).await
    }

    /// Makes a record that must come to be; the answer.
    pub async fn made(&self, token: &str, path: &str, body: Json) -> Answer {
        let answer = self.create(token, &plan(path), body).await;
        assert_eq!(answer.outcome(), "201", "{path}: {}", answer.body);
        answer
    }

    /// A lock of the plan of the tests that must be granted; its id.
    pub async fn lock(&self, token: &str, action: &str) -> String {
        let answer = self.post(token, &plan("/locks"), json!({ "action": action })).await;
        assert_eq!(answer.outcome(), "201", "{}", answer.body);
        text(&answer.body["lock"])
    }

    /// Logs out.
    pub async fn log_out(&self, token: &str) {
        let answer = self.delete(token, "/sessions/current").await;
        assert_eq!(answer.outcome(), "204", "{}", answer.body);
    }

    /// All items of a list of the plan of the tests, page by page.
    pub async fn all(&self, token: &str, path: &str) -> Vec<Json> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let answer = self.get(token, &plan(&format!("{path}{sign}limit=1000{after}"))).await;
            assert_eq!(answer.outcome(), "200", "{path}: {}", answer.body);
            items.extend(answer.body["items"].as_array().expect("a list").iter().cloned());
            match answer.body["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    /// All changes of the plan of the tests.
    pub async fn changes(&self, token: &str) -> Vec<Json> {
        let (mut items, mut after) = (Vec::new(), "1.0".to_owned());
        let head = self.head().await;
        loop {
            let answer =
                self.get_from(token, &plan(&format!("/changes?limit=1000&after={after}")), head).await;
            assert_eq!(answer.outcome(), "200", "{}", answer.body);
            let page = answer.body["items"].as_array().expect("a list").clone();
            if page.is_empty() {
                return items;
            }
            items.extend(page);
            after = text(&answer.body["next"]);
        }
    }

    /// An API token of a group; made by the administrator.
    pub async fn api_token(&self, name: &str, group: &str) -> String {
        let admin = self.log_in_to_site("admin").await;
        let answer = self.post(&admin, "/tokens", json!({ "name": name, "group": group })).await;
        assert_eq!(answer.outcome(), "201", "{}", answer.body);
        self.log_out(&admin).await;
        text(&answer.body["token"])
    }

    /// Sends files with the words of the form, under a lock.
    pub async fn import(
        &self,
        token: &str,
        lock: Option<&str>,
        files: &Files,
        words: &[(&str, &str)],
    ) -> Answer {
        let mut form = Form::new();
        for (name, word) in words {
            form = form.text((*name).to_owned(), (*word).to_owned());
        }
        for (name, bytes) in files {
            form = form.part("file", Part::bytes(bytes.clone()).file_name(name.clone()));
        }
        let mut request =
            self.request(Method::POST, &format!("/v1{}", plan("/imports")), token).multipart(form);
        if let Some(lock) = lock {
            request = request.header("daybook-lock", lock);
        }
        self.send(request).await
    }
}

/// A text in JSON.
pub fn text(json: &Json) -> String {
    json.as_str().expect("a text").to_owned()
}

/// The GPU files of a folder whose names begin with `prefix`, by name.
pub fn files_of(folder: &Path, prefix: &str) -> Files {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Files = entries
        .map(|entry| entry.expect("it can be read").path())
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, path)| (name, std::fs::read(path).expect("it can be read")))
        .collect();
    files.sort();
    files
}
