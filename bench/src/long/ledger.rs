//! A long ledger with its read models, kept while the parts that need it are measured.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use api::{
    desk::Terms,
    service::{Database, LEDGER_SCHEMA, Settings, Store},
};
use domain::{Event, StreamName, UserId};
use eventstore::{Append, Expected, Ledger, NewEvent, Write};
use projections::{RebuildTerms, Rebuilt, read_models, rebuild};
use sqlx::{Connection, Executor};
use tempfile::TempDir;

use super::{dice::Dice, years::Years};
use crate::service::Service;

/// Plans that the events are spread over.
pub const PLANS: u32 = 16;

/// People who work in them.
const USERS: usize = 200;

/// Appends on their way at a time.
const UNANSWERED_MAX: usize = 8_000;

/// How many events between two words about it.
const TOLD_EVERY: i64 = 250_000;

/// A data directory with a long ledger.
pub struct LongLedger {
    program: PathBuf,
    data: Arc<TempDir>,
    /// Ledger and login; the database runs as long as this lives.
    pub store: Store,
    years: Years,
}

impl LongLedger {
    /// Founds a ledger below `parent` with the release binary `program`, as anybody would, and nothing in it but an administrator,
    /// a plan and the people, who will work in so many plans.
    pub async fn found(program: &Path, parent: &Path, plans: u32) -> Result<Self> {
        let service = Service::start(program, parent, 1).await?;
        let data = service.shared_data();
        service.stop().await?;
        let database = Database::Private { data: data.path().to_owned(), programs: None };
        let settings = Settings { database, schema: LEDGER_SCHEMA.to_owned(), terms: Terms::default() };
        let store = Store::open(&settings, true).await?;
        let users = people(&store.ledger).await?;
        Ok(Self { program: program.to_owned(), data, store, years: Years::new(plans, users) })
    }

    /// How many events it has.
    pub async fn events(&self) -> Result<i64> {
        Ok(self.store.ledger.head().await?.position)
    }

    /// Lets people work until it has so many events, then makes the read models. Answers how many were written a second.
    pub async fn grow_to(&mut self, events: i64) -> Result<f64> {
        let (began, before) = (Instant::now(), self.events().await?);
        if before >= events {
            return Ok(0.0);
        }
        let (mut count, mut told) = (before, before);
        let mut unanswered = VecDeque::with_capacity(UNANSWERED_MAX);
        while count < events {
            let append = self.years.next();
            count += i64::try_from(append.events())?;
            unanswered.push_back(self.store.ledger.enqueue(append)?);
            if unanswered.len() >= UNANSWERED_MAX
                && let Some(first) = unanswered.pop_front()
            {
                first.await?;
            }
            if count - told >= TOLD_EVERY {
                told = count;
                let rate = (count - before) as f64 / began.elapsed().as_secs_f64();
                eprintln!("long: {count:>9} of {events} events, {rate:.0} a second");
            }
        }
        for last in unanswered {
            last.await?;
        }
        let rate = (count - before) as f64 / began.elapsed().as_secs_f64();
        self.settle().await?;
        self.rebuild().await?;
        Ok(rate)
    }

    /// Makes all read models anew at full speed; nobody else may work on them.
    pub async fn rebuild(&self) -> Result<Rebuilt> {
        let owner = self.store.login.clone();
        let terms = RebuildTerms { owner, ledger_schema: self.store.schema.clone(), full_speed: true };
        let rebuilt = rebuild(&self.store.ledger, &terms, read_models(), &[], &|_| ()).await?;
        ensure!(rebuilt.old_dropped, "somebody reads the old read models");
        Ok(rebuilt)
    }

    /// What a server that has had time would have done by itself, so that it does not do it while something is measured.
    pub async fn settle(&self) -> Result<()> {
        let mut owner = sqlx::PgConnection::connect_with(&self.store.login).await?;
        owner.execute("vacuum analyze daybook.event").await?;
        owner.execute("vacuum analyze daybook.command").await?;
        // Only an administrator of the server may, and where the login is none it is left out.
        let _ = owner.execute("checkpoint").await;
        Ok(owner.close().await?)
    }

    /// The service on it.
    pub async fn serve(&self) -> Result<Service> {
        Service::start_on(&self.program, Arc::clone(&self.data)).await
    }

    /// Ends the database; the files go with this.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Users, in the group of the administrators, as the events of a plan need somebody who did them.
async fn people(ledger: &Ledger) -> Result<Vec<UserId>> {
    let accounts = StreamName::from("accounts");
    let recorded = ledger.read_stream(&accounts, 0, 1_000).await?;
    let group = recorded
        .iter()
        .find_map(|recorded| match Event::decode(&recorded.r#type, &recorded.data) {
            Ok(Event::GroupAdded(group)) if group.name == "planners" => Some(group.group),
            _ => None,
        })
        .context("there is no group of planners")?;
    let mut dice = Dice::new(7);
    let users: Vec<UserId> = (0..USERS).map(|_| UserId(dice.uuid())).collect();
    let added = users.iter().enumerate().map(|(n, user)| {
        let name = domain::Personal { of: user.0, open: format!("planner{n}") };
        let event: Event =
            domain::UserAdded { user: *user, name, group, full_name: None, email: None, language: None }
                .into();
        NewEvent { r#type: event.r#type(), subject: event.subject(), data: event.encode() }
    });
    let meta = domain::Meta::new(domain::CommandId(dice.uuid()), domain::Actor::Operator);
    let mut append = Append::new(meta);
    append.writes.push(Write { stream: accounts, expected: Expected::Any, events: added.collect() });
    ledger.append(append).await?;
    Ok(users)
}
