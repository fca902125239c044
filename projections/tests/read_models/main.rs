//! Read models on a real PostgreSQL: events are appended, the read models followed, questions asked.

mod asked_then;
mod feed;
mod frame;
mod office;
mod planning;
mod presence;
mod setting;
