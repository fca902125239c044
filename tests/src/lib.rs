//! What the tests share.
pub mod audit;
pub mod by_hand;
pub mod cluster;
pub mod declared;
pub mod doings;
pub mod events;
pub mod exposition;
pub mod office;
pub mod outages;
pub mod person;
pub mod proxy;
pub mod rounds;
pub mod wire;
