//! Read models: rows made from the ledger, each true between two positions.
//!
//! - [`projection`] says what a read model is, [`Projections`] keeps all of them up, [`prepare`] makes the schema they lie in;
//! - one file for every read model: its rows, how events change them, the questions that it answers.

pub mod account;
mod asked;
pub mod audit;
pub mod change;
pub mod collision;
mod copy;
pub mod cover_list;
pub mod day;
mod decode;
pub mod difference;
pub mod export;
mod feed;
mod fill;
mod follower;
mod generation;
pub mod import;
pub mod lock;
pub mod message;
mod moment;
pub mod node;
pub mod notice;
pub mod outage;
mod pace;
pub mod placement;
mod places;
pub mod plan;
mod progress;
pub mod projection;
mod projections;
mod reading;
mod rebuild;
pub mod record;
pub mod refusal;
pub mod session;
pub mod status;
pub mod unplaced;
mod verify;
mod versions;
pub mod who;

pub use asked::{Page, Paged};
pub use async_trait::async_trait;
pub use fill::{EmptyTables, Filling};
pub use generation::{PrepareError, prepare, prepared};
pub use moment::{DayBefore, moment_at_position, moment_at_time, recorded_at};
pub use progress::{FoldProgress, Phase};
pub use projection::{Happened, Moment, Projection, ProjectionError};
pub use projections::{Behind, ProjectionState, ProjectionStatus, Projections, Rebuilding};
pub use rebuild::{RebuildError, RebuildTerms, Rebuilt, rebuild};
pub use verify::{Compared, Finding, Verified, VerifyError, VerifyTerms, verify};

/// All read models there are.
pub fn read_models() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(account::Accounts),
        Box::new(plan::Plans),
        Box::new(record::Records),
        Box::new(placement::Placements),
        Box::new(session::Sessions),
        Box::new(lock::Locks),
        Box::new(change::Changes),
        Box::new(import::Imports),
        Box::new(refusal::Refusals),
        Box::new(audit::Audit),
        Box::new(message::Messages),
        Box::new(notice::Notices),
        Box::new(outage::Outages),
        Box::new(node::Nodes),
    ]
}
