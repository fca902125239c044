//! Daybook: domain.
