//! The ledger against a real PostgreSQL. `DAYBOOK_TEST_URL` names it; each test has a schema of its own.

mod appending;
mod setting;
