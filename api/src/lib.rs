//! Daybook: HTTP and command line.
