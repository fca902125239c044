//! Somebody who asks the service questions, one after the other.

use anyhow::{Result, ensure};

use crate::{
    http::{Connection, Request},
    measure::Writer,
    service::{Service, plan},
};

/// A connection with a token, and what is asked over it in turn.
pub struct Asker {
    connection: Connection,
    token: String,
    paths: Vec<String>,
    next: usize,
}

impl Asker {
    /// Logs so many in; each begins with another of these questions.
    pub async fn enter(service: &Service, askers: usize, paths: &[String]) -> Result<Vec<Self>> {
        let mut entered = Vec::new();
        for number in 0..askers {
            let (connection, token) = service.log_in(&plan(0)).await?;
            let next = number * paths.len() / askers;
            entered.push(Self { connection, token, paths: paths.to_vec(), next });
        }
        Ok(entered)
    }
}

impl Writer for Asker {
    /// Asks the next question and reads the answer.
    async fn append(&mut self) -> Result<()> {
        let path = &self.paths[self.next % self.paths.len()];
        self.next += 1;
        let request = Request { method: "GET", path, token: Some(&self.token), ..Request::default() };
        let answer = self.connection.send(request).await?;
        ensure!(answer.status == 200, "GET {path}: {}", answer.tell());
        Ok(())
    }
}
