//! The pool for questions: its connections read the generation that is current.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use eventstore::PoolSettings;
use sqlx::PgConnection;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::time::Instant;

/// Connections that are made so shortly after a change may still have been prepared before it; they are made anew.
const DOUBTFUL_FOR: Duration = Duration::from_millis(100);

/// Where questions are asked. A connection reads one generation for as long as it lives; when another one becomes current, those
/// that are idle are closed, the others when they come back.
pub(crate) struct Reading {
    pool: PgPool,
    current: Arc<Current>,
}

struct Current {
    settings: PoolSettings,
    /// The schema, and from when on connections read it.
    state: RwLock<(String, Option<Instant>)>,
}

impl Current {
    fn schema(&self) -> String {
        self.state.read().expect("nobody panics while holding it").0.clone()
    }

    /// Whether a connection of this age reads what is current.
    fn is_read_by(&self, age: Duration) -> bool {
        let since = self.state.read().expect("nobody panics while holding it").1;
        since.is_none_or(|since| Instant::now().checked_sub(age).is_some_and(|made| made >= since))
    }
}

impl Reading {
    /// Connects at first use. The search path begins with the generation.
    pub(crate) fn new(settings: PoolSettings) -> Self {
        let schema = settings.search_path.first().cloned().unwrap_or_default();
        let connections_max = settings.connections_max;
        let connect = settings.connect.clone();
        let current = Arc::new(Current { settings, state: RwLock::new((schema, None)) });
        let (made, taken, returned) = (Arc::clone(&current), Arc::clone(&current), Arc::clone(&current));
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(move |connection, _| {
                let current = Arc::clone(&made);
                Box::pin(async move { enter_to_read(&current.settings, &current.schema(), connection).await })
            })
            .before_acquire(move |_, about| {
                let fresh = taken.is_read_by(about.age);
                Box::pin(async move { Ok(fresh) })
            })
            .after_release(move |_, about| {
                let fresh = returned.is_read_by(about.age);
                Box::pin(async move { Ok(fresh) })
            })
            .connect_lazy_with(connect);
        Self { pool, current }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The schema of the generation that is read.
    pub(crate) fn schema(&self) -> String {
        self.current.schema()
    }

    /// From here on this generation is read.
    pub(crate) fn turn_to(&self, schema: &str) {
        {
            let mut state = self.current.state.write().expect("nobody panics while holding it");
            *state = (schema.to_owned(), Some(Instant::now() + DOUBTFUL_FOR));
        }
        // Idle connections are looked at when they are taken: all of them are, once, so that none keeps the old one from being dropped.
        let pool = self.pool.clone();
        tokio::spawn(async move {
            tokio::time::sleep(DOUBTFUL_FOR).await;
            let taken = (0..pool.size()).map(|_| pool.acquire());
            drop(futures::future::join_all(taken).await);
        });
    }
}

/// Makes a fresh connection one that reads this generation, which is not dropped while it does.
pub(crate) async fn enter_to_read(
    settings: &PoolSettings,
    schema: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let behind = settings.search_path.iter().skip(1).cloned();
    let path = std::iter::once(schema.to_owned()).chain(behind).collect();
    settings.clone().with_search_path(path).prepare(connection).await?;
    sqlx::query!("select pg_advisory_lock_shared(hashtextextended('daybook readers of ' || $1, 0))", schema)
        .persistent(false)
        .execute(connection)
        .await
        .map(|_| ())
}
