//! All tests that need a server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod bad_input;
mod changes;
mod command_line;
mod conventions;
mod cover;
mod cut_off;
mod day;
mod first;
mod front;
mod imports;
mod keys;
mod kills;
mod languages;
mod licence;
mod locks;
mod lost_replies;
mod messages;
mod notices;
mod order;
mod period_values;
mod placements;
mod private_postgres;
mod races;
mod rebuild;
mod records;
mod rights;
mod routes_golden;
mod school_years;
mod sessions;
mod sign_offs;
mod soak;
mod subscribers;
mod timetable;
mod two_nodes;
