//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use projections::Projections;
use tokio::sync::Semaphore;

use crate::audit::export::EXPORTS_MAX;
use crate::desk::Desk;
use crate::follow::{Followers, StreamLimits};
use crate::http::{LoginLimiter, Shutdown};
use crate::passwords::Passwords;
use crate::routes::exports;

/// How long a read waits for what this node has just acknowledged; a read that must not be older says so with
/// `Daybook-Min-Position`.
const OWN_WRITES_WITHIN: Duration = Duration::from_secs(2);

/// What the handlers share; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// Decides commands.
    pub desk: Arc<Desk>,
    /// The read models.
    pub projections: Projections,
    /// Hashes passwords.
    pub passwords: Arc<Passwords>,
    /// Counts failed log-ins.
    pub logins: LoginLimiter,
    /// Those who follow what happens.
    pub followers: Arc<Followers>,
    /// Says when the service drains.
    pub shutdown: Shutdown,
    /// The name of this node.
    pub node: String,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// Turns at writing a plan as files.
    pub exports: Semaphore,
    /// Places for files of the audit that are being written.
    pub audit_exports: Arc<Semaphore>,
    /// The last position that this node has acknowledged.
    acknowledged: AtomicI64,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(
        desk: Arc<Desk>,
        passwords: Arc<Passwords>,
        logins: LoginLimiter,
        shutdown: Shutdown,
        node: String,
        streams: StreamLimits,
    ) -> App {
        let started_at = desk.now();
        let projections = desk.projections.clone();
        let acknowledged = AtomicI64::new(0);
        App(Arc::new(Parts {
            desk,
            projections,
            passwords,
            logins,
            followers: Arc::new(Followers::new(streams)),
            shutdown,
            node,
            started_at,
            exports: Semaphore::new(exports::EXPORTS_MAX),
            audit_exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            acknowledged,
        }))
    }

    /// Something has been acknowledged: later reads of this node show it.
    pub fn note_acknowledged(&self, position: i64) {
        self.acknowledged.fetch_max(position, Ordering::Relaxed);
    }

    /// Waits until the read models show what this node has acknowledged. A read model that lags far answers all the same.
    pub async fn show_own_writes(&self) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        if self.projections.position() < acknowledged {
            let _ = self.projections.wait_for(acknowledged, OWN_WRITES_WITHIN).await;
        }
    }
}
