//! Outages as a node sees them: contact with ledger and partners, and what is told while nobody is served.
//!
//! - [`Standing`] is what the node knows in memory; whatever must be answered without a ledger is answered from it;
//! - [`watch`] asks ledger and partners again and again, and tells the ledger what holds for the whole site;
//! - [`Partner`] is one whom the service needs; [`RefusedLogins`] counts those who did not get in;
//! - [`operator`] is the way of the host's commands to the running service while the ledger is gone.

pub mod operator;
mod partner;
mod refused;
mod standing;
pub mod watch;

pub use partner::Partner;
pub use refused::RefusedLogins;
pub use standing::{Known, Standing};

use std::time::Duration;

/// How contact is watched.
#[derive(Debug, Clone)]
pub struct ContactTerms {
    /// How often ledger and partners are asked.
    pub every: Duration,
    /// After so many good answers in a row contact is back.
    pub good: u32,
    /// Whom the service needs beside its ledger.
    pub partners: Vec<Partner>,
    /// What this node is called; the host's name unless given.
    pub node: String,
}

impl Default for ContactTerms {
    fn default() -> ContactTerms {
        let host = nix::unistd::gethostname();
        let node = host.map_or_else(|_| "daybook".to_owned(), |name| name.to_string_lossy().into_owned());
        ContactTerms { every: Duration::from_secs(1), good: 1, partners: Vec::new(), node }
    }
}
