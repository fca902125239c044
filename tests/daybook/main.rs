//! All tests that need a server.

mod private_postgres;
