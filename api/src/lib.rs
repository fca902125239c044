//! Daybook: the HTTP interface, the command line, and the private PostgreSQL.
//!
//! - [`routes`] has all routes, one file for each group; [`http`] the conventions that all of them share;
//! - [`desk`] decides commands on the folded states and writes them to the ledger;
//! - [`audit`] asks the audit, for its routes and for the host;
//! - [`follow`] tells those who follow a plan what happens in it;
//! - [`outage`] watches contact and answers from memory while there is none;
//! - [`service`] puts database, ledger, read models and desk together; [`private_postgres`] runs the database where none is given;
//! - [`traces`] tells a collector what a request became;
//! - [`cli`] has one file for each command of the program.

pub mod app;
pub mod audit;
pub mod cli;
pub mod desk;
mod figures;
pub mod follow;
pub mod http;
pub mod outage;
pub mod passwords;
pub mod private_postgres;
pub mod routes;
pub mod service;
mod tls;
pub mod tokens;
pub mod traces;
