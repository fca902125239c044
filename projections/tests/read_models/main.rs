//! Read models on a real PostgreSQL: events are appended, the read models followed, questions asked.

mod asked_then;
mod audit;
mod day;
mod day_by_fold;
mod feed;
mod frame;
mod long_history;
mod moments;
mod notice;
mod office;
mod plans_of_queries;
mod presence;
mod rebuild;
mod records;
mod setting;
mod status;
mod status_day;
mod timetables;
mod verify;
