//! What the tests share.
pub mod cluster;
pub mod office;
pub mod doings;
