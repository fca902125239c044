//! Daybook: HTTP and command line.
pub mod private_postgres;
pub mod http;
