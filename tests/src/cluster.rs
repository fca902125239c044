//! One PostgreSQL for all tests, a database for each.
//!
//! The first test process starts a server in `target/test-cluster`, the others attach, and it goes on after them: the
//! next run finds it. `scripts/test-cluster stop` ends it (`make test` does), and so does a quarter of an hour without
//! tests. It does not wait for the disk (`fsync` off); a test about durability starts a private server of its own.
//!
//! With `DAYBOOK_TEST_URL` (a login that may create databases and roles) that server is used instead.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api::private_postgres::{PrivatePostgres, Settings};
use eventstore::Ledger;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::OnceCell;

/// The schema of the ledger in every test database.
pub const SCHEMA: &str = "daybook";

/// What the names of the tests' databases begin with; the process that made one comes next.
const PREFIX: &str = "test_";

/// A migrated database of one test's own, reached as the owner of its ledger. It is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// How sqlx reaches it.
    pub options: PgConnectOptions,
    /// The same as an address, for programs.
    pub url: String,
    /// Where its ledger is.
    pub schema: &'static str,
    name: String,
    admin: PgConnectOptions,
}

impl TestDatabase {
    /// A database with an empty ledger. `name` helps whoever looks at the server; it need not be unique.
    pub async fn new(name: &str) -> Self {
        let server = server().await;
        let template = server.template.get_or_init(|| make_template(server)).await;
        Self::from_template(server, name, template).await
    }

    /// A database without anything in it.
    pub async fn empty(name: &str) -> Self {
        Self::from_template(server().await, name, "template1").await
    }

    /// A database of a server of the test's own, which goes with its server.
    pub fn of_own_server(options: PgConnectOptions) -> Self {
        let url = options.to_url_lossy().into();
        Self { admin: options.clone(), options, url, schema: SCHEMA, name: String::new() }
    }

    async fn from_template(server: &Server, name: &str, template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(30).collect();
        let name = format!("{PREFIX}{}_{number}_{}", std::process::id(), name.to_lowercase());
        let admin = server.options("postgres");
        let mut connection = connect(&admin).await;
        run(&mut connection, &format!("create database {name} template {template}")).await;
        connection.close().await.expect("an idle connection closes");
        Self { options: server.options(&name), url: server.url(&name), schema: SCHEMA, name, admin }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.name.is_empty() {
            return;
        }
        if std::env::var_os("DAYBOOK_TEST_KEEP").is_some() {
            eprintln!("kept: psql '{}'", self.url);
            return;
        }
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // The test's own runtime is busy running this, so the dropping gets one of its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(drop_database(&admin, &name)).map_err(std::io::Error::other)
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("the database {} could not be dropped; the next run does it", self.name);
        }
    }
}

struct Server {
    reached: Reached,
    template: OnceCell<String>,
}

enum Reached {
    Ours(PrivatePostgres),
    Given(Box<PgConnectOptions>),
}

impl Server {
    fn options(&self, database: &str) -> PgConnectOptions {
        match &self.reached {
            Reached::Ours(postgres) => postgres.connect_options(database),
            Reached::Given(options) => PgConnectOptions::clone(options).database(database),
        }
    }

    fn url(&self, database: &str) -> String {
        match &self.reached {
            Reached::Ours(postgres) => postgres.url(database),
            Reached::Given(options) => {
                PgConnectOptions::clone(options).database(database).to_url_lossy().into()
            }
        }
    }
}

/// The server of this process. It is never stopped from here: a static is not dropped, and the lock that says that we
/// use it goes with the process.
async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let reached = match std::env::var("DAYBOOK_TEST_URL") {
                Ok(url) => Reached::Given(Box::new(
                    PgConnectOptions::from_str(&url).expect("DAYBOOK_TEST_URL is an address"),
                )),
                Err(_) => Reached::Ours(start_ours().await),
            };
            Server { reached, template: OnceCell::new() }
        })
        .await
}

async fn start_ours() -> PrivatePostgres {
    let overrides = [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("max_connections", "400"),
        ("shared_buffers", "128MB"),
    ];
    let mut settings = Settings::new(root().join("target/test-cluster"));
    settings.overrides = overrides.map(|(name, value)| (name, value.to_owned())).to_vec();
    let postgres = PrivatePostgres::start(&settings).await.expect("the tests' PostgreSQL starts");
    stop_it_when_idle();
    drop_leftovers(&postgres.connect_options("postgres")).await;
    postgres
}

/// A shell in the background, one for the server, however many ask for it.
fn stop_it_when_idle() {
    use std::os::unix::process::CommandExt;
    let mut keeper = Command::new(root().join("scripts/test-cluster"));
    keeper.arg("stop-when-idle").process_group(0);
    keeper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = keeper.spawn() {
        eprintln!("nobody will stop the tests' PostgreSQL: {error}");
    }
}

/// Drops what killed tests left.
async fn drop_leftovers(admin: &PgConnectOptions) {
    let mut connection = connect(admin).await;
    let names: Vec<String> =
        sqlx::query_scalar("select datname::text from pg_database where starts_with(datname, $1)")
            .bind(PREFIX)
            .fetch_all(&mut connection)
            .await
            .expect("the catalogue can be read");
    let dead = |name: &&String| {
        let process = name[PREFIX.len()..].split('_').next().unwrap_or_default();
        Path::new("/proc/self").exists() && !Path::new("/proc").join(process).exists()
    };
    for name in names.iter().filter(dead) {
        // Another process may be dropping the same one.
        let _ = drop_database(admin, name).await;
    }
}

/// A database with an empty ledger to copy from, made by the first process that needs it. Its name is a digest of the
/// migrations, so that one made from older migrations is never used.
async fn make_template(server: &Server) -> String {
    let template = format!("ledger_{:016x}", digest(&root().join("migrations")));
    let admin = server.options("postgres");
    let mut connection = connect(&admin).await;
    run(&mut connection, "select pg_advisory_lock(4711)").await;
    let known: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
        .bind(&template)
        .fetch_optional(&mut connection)
        .await
        .expect("the catalogue can be read");
    if known.is_none() {
        let unfinished = format!("{template}_new");
        run(&mut connection, &format!("drop database if exists {unfinished} with (force)")).await;
        run(&mut connection, &format!("create database {unfinished}")).await;
        Ledger::migrate(&server.options(&unfinished), SCHEMA).await.expect("the migrations apply");
        run(&mut connection, &format!("alter database {unfinished} allow_connections false")).await;
        run(&mut connection, &format!("alter database {unfinished} rename to {template}")).await;
    }
    // Closing it releases the lock.
    connection.close().await.expect("an idle connection closes");
    template
}

fn digest(directory: &Path) -> u64 {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(&next).expect("the migrations are there").flatten() {
            let path = entry.path();
            if path.is_dir() { &mut directories } else { &mut files }.push(path);
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for path in files {
        path.hash(&mut hasher);
        std::fs::read(&path).expect("a migration can be read").hash(&mut hasher);
    }
    hasher.finish()
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.expect("the tests' PostgreSQL answers")
}

/// Lets connections that are just being closed go first: PostgreSQL 15 can hang when it is told to end a backend that is
/// at that moment finding its client gone. What is still there then belongs to a living pool.
async fn drop_database(admin: &PgConnectOptions, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(admin).await?;
    for _ in 0..10 {
        let open: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where datname = $1")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let drop = AssertSqlSafe(format!("drop database if exists {name} with (force)"));
    sqlx::raw_sql(drop).execute(&mut connection).await?;
    connection.close().await
}

/// Names cannot be parameters of these statements; all of them are made here, from letters, digits and underscores.
async fn run(connection: &mut PgConnection, statement: &str) {
    let sql = AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(sql).execute(connection).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_test_has_a_ledger_of_its_own() {
        let (one, other) = tokio::join!(TestDatabase::new("one"), TestDatabase::new("other"));
        run(&mut connect(&one.options).await, "create table daybook.mine ()").await;
        let known: (bool, bool) = sqlx::query_as(
            "select to_regclass('daybook.event') is not null, to_regclass('daybook.mine') is not null",
        )
        .fetch_one(&mut connect(&other.options).await)
        .await
        .unwrap();
        assert_eq!(known, (true, false));
    }

    #[tokio::test]
    async fn a_database_goes_with_its_test() {
        let database = TestDatabase::new("passing").await;
        let (admin, name) = (database.admin.clone(), database.name.clone());
        drop(database);
        let known: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
            .bind(name)
            .fetch_optional(&mut connect(&admin).await)
            .await
            .unwrap();
        assert_eq!(known, None);
    }
}
