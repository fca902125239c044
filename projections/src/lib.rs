//! Read models: rows made from the ledger, each true between two positions.
//!
//! - [`projection`] says what a read model is, [`Projections`] keeps all of them up, [`prepare`] makes the schema they lie in;
//! - one file for every read model: its rows, how events change them, the questions that it answers.

pub mod change;
mod feed;
mod follower;
mod generation;
pub mod import;
pub mod lock;
pub mod projection;
mod projections;
pub mod refusal;
pub mod session;
pub mod status;
mod versions;
pub mod who;

pub use async_trait::async_trait;
pub use generation::{PrepareError, prepare};
pub use projection::{Happened, Moment, Projection, ProjectionError};
pub use projections::{Behind, ProjectionState, ProjectionStatus, Projections};
