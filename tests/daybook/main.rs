//! All tests that need a server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command_line;
mod private_postgres;
mod first;
mod conventions;
mod order;
mod races;
mod lost_replies;
mod cut_off;
mod keys;
mod records;
mod two_nodes;
mod subscribers;
mod sessions;
mod locks;
mod placements;
