//! Daybook: projections.
