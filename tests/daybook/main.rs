//! All tests that need a server.
