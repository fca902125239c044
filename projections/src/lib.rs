//! Read models: rows made from the ledger, each true between two positions.
//!
//! - [`projection`] says what a read model is;
//! - one file for every read model: its rows, how events change them, the questions that it answers.

pub mod projection;

pub use projection::{Happened, Moment, Projection, ProjectionError};
