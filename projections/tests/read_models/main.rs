//! Read models on a real PostgreSQL: events are appended, the read models followed, questions asked.

mod frame;
mod setting;
