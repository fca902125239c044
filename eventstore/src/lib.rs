//! Daybook: eventstore.
