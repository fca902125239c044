//! All tests that need a server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command_line;
mod conventions;
mod cut_off;
mod first;
mod keys;
mod locks;
mod lost_replies;
mod order;
mod placements;
mod private_postgres;
mod races;
mod records;
mod sessions;
mod subscribers;
mod two_nodes;
mod imports;
mod timetable;
mod changes;
mod accounts;
mod bad_input;
mod routes_golden;
mod front;
mod kills;
mod soak;
