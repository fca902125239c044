//! The ledger against a real PostgreSQL. `DAYBOOK_TEST_URL` names it; each test has a schema of its own.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod appending;
mod contact;
mod doubt;
mod following;
mod nodes;
#[path = "../../../tests/src/proxy.rs"]
mod proxy;
mod resting;
mod rights;
mod setting;
mod snapshots;
