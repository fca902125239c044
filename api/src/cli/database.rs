//! Where the data lies, and how a command gets at it.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use clap::Args;
use sqlx::postgres::PgConnectOptions;

use crate::desk::Terms;
use crate::outage::operator;
use crate::service::{Database, LEDGER_SCHEMA, Service, Settings, Store};

use super::failed::Failed;

/// A node asks the ledger five times a second which streams have moved; after this it has asked and read.
const TOLD_WITHIN: Duration = Duration::from_millis(350);

/// How long a command waits for the read models before it leaves them to catch up by themselves.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// Where the data lies.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where the data lies")]
pub struct DatabaseArgs {
    /// The data directory, with a private PostgreSQL in it [default: /var/lib/daybook for root, else
    /// `$XDG_DATA_HOME/daybook` or `~/.local/share/daybook`].
    #[arg(long, env = "DAYBOOK_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// A PostgreSQL of one's own, in place of the private one; see `daybook migrate`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// The schema of the ledger: many ledgers can live in one database.
    #[arg(long, env = "DAYBOOK_SCHEMA", value_name = "NAME", default_value = LEDGER_SCHEMA, global = true)]
    schema: String,
    /// The folder of PostgreSQL's programs, when they are not found by themselves.
    #[arg(long, env = "DAYBOOK_POSTGRES_BIN", value_name = "DIR", global = true)]
    postgres_bin: Option<PathBuf>,
    /// The zone in which the site's days begin.
    #[arg(
        long,
        env = "DAYBOOK_SITE_TIMEZONE",
        value_name = "ZONE",
        default_value = "Europe/Berlin",
        global = true
    )]
    #[arg(value_parser = zone, help_heading = "Terms of the site")]
    site_timezone: Tz,
    /// Where the running service answers the host's commands while the ledger is gone [default: `operator.sock` in the data
    /// directory; with a PostgreSQL of one's own a name made of its address, in `$XDG_RUNTIME_DIR` or the folder for temporary files].
    #[arg(long, env = "DAYBOOK_OPERATOR_SOCKET", value_name = "PATH", global = true)]
    operator_socket: Option<PathBuf>,
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "a zone is written like Europe/Helsinki".to_owned())
}

impl DatabaseArgs {
    /// All of it, with the terms of the site.
    pub fn settings(&self, terms: &Terms) -> Result<Settings, Failed> {
        let given = self.database_url.as_ref().filter(|url| !url.is_empty());
        let database = match given {
            Some(url) => Database::Url(url.clone()),
            None => Database::Private { data: self.data_directory()?, programs: self.postgres_bin.clone() },
        };
        Ok(Settings {
            database,
            schema: self.schema.clone(),
            terms: Terms { zone: self.site_timezone, ..terms.clone() },
        })
    }

    /// Where the running service answers while the ledger is gone.
    pub fn operator_socket(&self) -> Result<PathBuf, Failed> {
        if let Some(given) = self.operator_socket.as_ref().filter(|path| !path.as_os_str().is_empty()) {
            return Ok(given.clone());
        }
        match self.database_url.as_ref().filter(|url| !url.is_empty()) {
            None => Ok(operator::in_data(&self.data_directory()?)),
            Some(url) => {
                let connect = PgConnectOptions::from_str(url)
                    .map_err(|error| Failed::misused(format!("the database URL cannot be read: {error}")))?;
                Ok(operator::of_url(&connect, &self.schema))
            }
        }
    }

    /// The options that lead another command to the same data.
    pub fn same_data(&self) -> Result<String, Failed> {
        let mut options = match self.database_url.as_ref().filter(|url| !url.is_empty()) {
            // Its value may hold a password.
            Some(_) => " --database-url …".to_owned(),
            None if self.data.is_none() => String::new(),
            None => format!(" --data {}", quoted(&self.data_directory()?.display().to_string())),
        };
        if self.schema != LEDGER_SCHEMA {
            options.push_str(&format!(" --schema {}", quoted(&self.schema)));
        }
        Ok(options)
    }

    /// Starts everything a command needs, lets it work and stops again.
    pub async fn with_service<T>(
        &self,
        work: impl AsyncFnOnce(&Service) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let terms = Terms { ends_sessions: false, ..Terms::default() };
        let service = Service::start(&self.settings(&terms)?).await?;
        let done = work(&service).await;
        service.stop().await;
        done
    }

    /// Opens what a command needs that looks after the tables, lets it work and closes it again. With `up_to_date` the schema is
    /// brought up to date first.
    pub async fn with_store<T>(
        &self,
        up_to_date: bool,
        work: impl AsyncFnOnce(&Store) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let store = Store::open(&self.settings(&Terms::default())?, up_to_date).await?;
        let done = work(&store).await;
        store.close().await;
        done
    }

    /// As [`Self::with_service`], for work that changes something: when it is back, a running service knows of it too.
    ///
    /// Nothing depends on that but people and scripts that go on at once: the ledger judges every decision by itself.
    pub async fn with_service_told<T>(
        &self,
        work: impl AsyncFnOnce(&Service) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.with_service(async |service| {
            let done = work(service).await?;
            if let Ok(head) = service.ledger.head().await {
                let shown = service.projections.wait_for(head.position, SHOWN_WITHIN);
                let (_, ()) = tokio::join!(shown, tokio::time::sleep(TOLD_WITHIN));
            }
            Ok(done)
        })
        .await
    }

    fn data_directory(&self) -> Result<PathBuf, Failed> {
        if let Some(data) = self.data.as_ref().filter(|data| !data.as_os_str().is_empty()) {
            return Ok(data.clone());
        }
        if nix::unistd::Uid::effective().is_root() {
            return Ok(PathBuf::from("/var/lib/daybook"));
        }
        let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
        folder("XDG_DATA_HOME")
            .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
            .map(|share| share.join("daybook"))
            .ok_or_else(|| {
                Failed::misused("where shall the data lie?").next("Name a directory with --data DIR.")
            })
    }
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-~:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
