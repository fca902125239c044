//! Daybook: domain.

pub mod ledger;

pub use ledger::*;
