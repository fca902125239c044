//! The rules of the school office, without any IO: what may be done, what has happened, and what follows from it.
//!
//! - [`kind`] has the table of all fields, [`right`] the rights and actions;
//! - [`event`] has everything that can happen, [`plan`], [`school`], [`accounts`], [`site`] the states that are folded from it;
//! - [`command`] has one file for everything that can be asked for, with its rule and its tests;
//! - [`gpu`] reads the files of Untis, [`import`] decides what they change.

pub mod accounts;
pub mod calendar;
pub mod command;
pub mod event;
pub mod fold;
pub mod gpu;
pub mod ids;
pub mod import;
pub mod input;
pub mod kind;
pub mod ledger;
pub mod message;
pub mod name;
pub mod notices;
pub mod outage;
pub mod personal;
pub mod plan;
pub mod plan_id;
pub mod record;
pub mod refusal;
pub mod right;
pub mod said;
pub mod school;
pub mod sessions;
pub mod sign_off;
pub mod site;
pub mod value;

pub use accounts::{Accounts, Group, Token, User};
pub use event::*;
pub use fold::{At, Fold, Stamp};
pub use ids::*;
pub use input::{Wanted, decimal, read_fields, read_fields_of, value_json};
pub use kind::*;
pub use ledger::*;
pub use message::{MessageKind, Recipients, Told};
pub use name::{NAME_LENGTH_MAX, name_fault, normalised};
pub use notices::{Notice, NoticeContent, NoticeState, Notices};
pub use outage::{Contact, Outage, OutageState, Outages};
pub use personal::Personal;
pub use plan::{Lock, Plan};
pub use plan_id::{PlanId, PlanIdError, SchoolYear};
pub use record::{Fields, Record, named, without_sensitive};
pub use refusal::{FieldFault, Refusal, RefusalCode};
pub use right::{Action, AllPlans, GROUPS_FROM_THE_START, Mode, Plans, Right};
pub use said::{Said, Word};
pub use school::{Licence, School};
pub use sessions::{Ended, Session, Sessions};
pub use sign_off::{SignOff, SignOffs};
pub use site::Site;
pub use value::{Coupling, Hour, Row, Value};
