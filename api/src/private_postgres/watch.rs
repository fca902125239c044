//! Starts a server that died again, for as long as somebody here uses it.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use super::error::PrivatePostgresError;
use super::place::Place;
use super::server::Postmaster;

/// How often one who is not the server's parent looks whether it lives.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until `stopping`; a restart that has begun is finished first, so that nobody overlooks the server it starts.
pub(super) async fn watch(place: Arc<Place>, mut child: Option<Child>, stopping: CancellationToken) {
    let mut pause = LOOK;
    loop {
        tokio::select! {
            // Who stops must not take the death that he causes for an accident.
            biased;
            () = stopping.cancelled() => return,
            () = death(&place, &mut child) => {}
        }
        tracing::warn!("PostgreSQL in {} died and is started again", place.directory.data.display());
        match restart(&place).await {
            Ok(started) => {
                child = started;
                pause = LOOK;
                tracing::info!("PostgreSQL runs again");
            }
            Err(error) => {
                child = None;
                tracing::error!("PostgreSQL could not be started again: {error}");
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(30)),
                }
            }
        }
    }
}

async fn restart(place: &Place) -> Result<Option<Child>, PrivatePostgresError> {
    let _starting = place.directory.lock_start().await?;
    place.bring_up().await
}

/// Returns when the server is gone. Its parent is told by the kernel, and reaps it so.
async fn death(place: &Place, child: &mut Option<Child>) {
    if let Some(process) = child {
        // An error means that it cannot be waited for; then it is looked for as by everybody else.
        let _ = process.wait().await;
        *child = None;
        return;
    }
    while Postmaster::running(&place.directory.cluster).is_some() {
        tokio::time::sleep(LOOK).await;
    }
}
