//! The parts of a running Daybook: database, ledger, read models, desk. Both the server and the commands of the host are made of it.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use domain::Who;
use domain::command::found::FoundLedger;
use eventstore::{Ledger, PoolSettings};
use projections::Projections;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::desk::{Answer, Desk, Extra, Failure, Request, Terms, snapshots};
use crate::outage::watch::Watch;
use crate::passwords::Passwords;
use crate::private_postgres::{self, PrivatePostgres};

/// The schema of the ledger, unless another is named.
pub const LEDGER_SCHEMA: &str = "daybook";

/// The database in a private PostgreSQL.
const DATABASE: &str = "daybook";

/// Where the data lies.
#[derive(Debug, Clone)]
pub enum Database {
    /// In a PostgreSQL of one's own.
    Url(String),
    /// In a private PostgreSQL that the program runs itself.
    Private {
        /// Its folder.
        data: PathBuf,
        /// The folder of PostgreSQL's programs, where they are not found.
        programs: Option<PathBuf>,
    },
}

/// What it takes to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the data lies.
    pub database: Database,
    /// The schema of the ledger.
    pub schema: String,
    /// The terms of the site.
    pub terms: Terms,
}

/// A running Daybook without its HTTP interface.
pub struct Service {
    /// Decides commands.
    pub desk: Arc<Desk>,
    /// The read models.
    pub projections: Projections,
    /// The ledger.
    pub ledger: Ledger,
    /// Hashes passwords.
    pub passwords: Arc<Passwords>,
    private: Option<PrivatePostgres>,
    watch: Option<tokio::task::JoinHandle<()>>,
    aside: Option<tokio::task::JoinHandle<()>>,
    stop: CancellationToken,
}

/// Why it did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The private PostgreSQL.
    #[error(transparent)]
    Private(#[from] private_postgres::PrivatePostgresError),
    /// The address of the database.
    #[error("the database URL cannot be read: {0}; it is written postgres://user@host:5432/name")]
    Url(sqlx::Error),
    /// The schema of the ledger.
    #[error("the ledger cannot be set up: {0}")]
    Migrate(#[from] eventstore::MigrateError),
    /// The tables of the read models.
    #[error("the read models cannot be set up: {0}")]
    Prepare(#[from] projections::PrepareError),
    /// The database.
    #[error("the database cannot be reached: {0}")]
    Unreachable(sqlx::Error),
    /// The schema was made by another build, and this login may not change it.
    #[error(
        "the schema is not up to date and this login does not own it: run daybook migrate --owner-url URL first"
    )]
    OutOfDate,
    /// The ledger.
    #[error("the ledger cannot be opened: {0}")]
    Open(#[from] eventstore::OpenError),
    /// Its first event.
    #[error("the ledger could not be reached: {0:?}")]
    Desk(Failure),
    /// Randomness or memory.
    #[error(transparent)]
    Passwords(#[from] crate::passwords::HashFailed),
}

impl StartError {
    /// Whether it is the ledger that could not be reached, as against something that was set wrongly.
    pub fn is_unreachable(&self) -> bool {
        !matches!(self, StartError::Url(_) | StartError::Passwords(_) | StartError::OutOfDate)
    }
}

/// The schema of the read models, with everything brought up to date by a login that may; one that only serves must find it so.
async fn read_models(login: &PgConnectOptions, schema: &str) -> Result<String, StartError> {
    if Ledger::may_migrate(login, schema).await.map_err(StartError::Unreachable)? {
        Ledger::migrate(login, schema).await?;
        return Ok(projections::prepare(login, schema).await?);
    }
    projections::prepared(login, schema).await?.ok_or(StartError::OutOfDate)
}

/// Starts or finds the database.
async fn reach(database: &Database) -> Result<(Option<PrivatePostgres>, PgConnectOptions), StartError> {
    match database {
        Database::Url(url) => Ok((None, PgConnectOptions::from_str(url).map_err(StartError::Url)?)),
        Database::Private { data, programs } => {
            let mut private = private_postgres::Settings::new(data);
            private.bin_dir.clone_from(programs);
            let started = PrivatePostgres::start(&private).await?;
            let connect = started.connect_options(DATABASE);
            Ok((Some(started), connect))
        }
    }
}

/// The ledger and the tables of the read models, for those who look after them: no rules, no following.
pub struct Store {
    /// The ledger.
    pub ledger: Ledger,
    /// The way to the database.
    pub login: PgConnectOptions,
    /// The schema of the ledger.
    pub schema: String,
    private: Option<PrivatePostgres>,
}

impl Store {
    /// Starts or finds the database and opens the ledger; with `up_to_date` it brings the schema up to date first, where the login may.
    pub async fn open(settings: &Settings, up_to_date: bool) -> Result<Store, StartError> {
        let (private, login) = reach(&settings.database).await?;
        let opened = async {
            if up_to_date {
                read_models(&login, &settings.schema).await?;
            }
            Ok(Ledger::open(PoolSettings::new(login.clone(), &settings.schema)).await?)
        };
        match opened.await {
            Ok(ledger) => Ok(Store { ledger, login, schema: settings.schema.clone(), private }),
            Err(error) => {
                stop(private).await;
                Err(error)
            }
        }
    }

    /// Ends the database if it is a private one and nobody else uses it.
    pub async fn close(self) {
        self.ledger.pool().close().await;
        stop(self.private).await;
    }
}

async fn stop(private: Option<PrivatePostgres>) {
    if let Some(private) = private
        && let Err(error) = private.stop().await
    {
        tracing::warn!(%error, "the private PostgreSQL did not stop");
    }
}

impl Service {
    /// Starts or finds the database, brings its schema up to date and opens the ledger.
    ///
    /// Where a role that does not own the ledger is given, the schema must be up to date already (`daybook migrate`).
    pub async fn start(settings: &Settings) -> Result<Service, StartError> {
        let (private, connect) = reach(&settings.database).await?;
        match Service::open(settings, connect).await {
            Ok(service) => Ok(Service { private, ..service }),
            Err(error) => {
                stop(private).await;
                Err(error)
            }
        }
    }

    async fn open(settings: &Settings, connect: PgConnectOptions) -> Result<Service, StartError> {
        let read_models = read_models(&connect, &settings.schema).await?;
        let pool = PoolSettings::new(connect, &settings.schema)
            .with_search_path(vec![read_models, settings.schema.clone()]);
        let ledger = Ledger::open(pool.clone()).await?;
        let projections = Projections::start(ledger.clone(), pool, projections::read_models());
        let stop = CancellationToken::new();
        let desk = Desk::open(ledger.clone(), projections.clone(), settings.terms.clone(), stop.clone())
            .await
            .map_err(StartError::Desk)?;
        desk.execute(Request::of(Who::System), FoundLedger, Extra::default(), |_, _| Answer::empty(204))
            .await
            .map_err(StartError::Desk)?;
        let passwords = Arc::new(Passwords::new()?);
        let watch = if settings.terms.ends_sessions {
            let watch = Watch::start(desk.clone()).await.map_err(StartError::Desk)?;
            Some(tokio::spawn(watch.run(stop.clone())))
        } else {
            desk.learn_site().await.map_err(StartError::Desk)?;
            None
        };
        let aside =
            settings.terms.ends_sessions.then(|| tokio::spawn(snapshots::run(desk.clone(), stop.clone())));
        Ok(Service { desk, projections, ledger, passwords, private: None, watch, aside, stop })
    }

    /// Brings the schema up to date, as its owner.
    pub async fn migrate(owner_url: &str, schema: &str) -> Result<(), StartError> {
        let owner = PgConnectOptions::from_str(owner_url).map_err(StartError::Url)?;
        Ledger::migrate(&owner, schema).await?;
        projections::prepare(&owner, schema).await?;
        Ok(())
    }

    /// Ends tasks, then the database if it is a private one and nobody else uses it.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Some(watch) = self.watch {
            // It writes what it has counted, and tells the other nodes that this one is gone.
            let _ = watch.await;
        }
        if let Some(aside) = self.aside {
            // It writes aside what the next start would have to read, for as long as nobody is kept waiting by it.
            let _ = aside.await;
        }
        self.projections.stop().await;
        self.ledger.pool().close().await;
        self.projections.pool().close().await;
        stop(self.private).await;
    }
}
