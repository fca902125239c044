//! Values of fields.
//!
//! `R` is how a reference is held: [`RecordId`] in events and states, the name as text where people read and write.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{Kind, Personal, RecordId};

/// One value of one field, as it is stored in events: the tag tells its form, so that an event can be read without the table of
/// fields that it was written with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value<R = RecordId> {
    /// A text.
    Text(Arc<str>),
    /// A whole number.
    Number(i64),
    /// A number with decimals, as it was written (`2.5`), because a planner's 2.50 hours are not a binary fraction.
    Decimal(Arc<str>),
    /// A date.
    Date(NaiveDate),
    /// Yes or no.
    Flag(bool),
    /// Another record.
    Reference(R),
    /// Several other records of one kind, or several texts, in order.
    References(Vec<R>),
    /// The couplings of a lesson.
    Couplings(Arc<[Coupling<R>]>),
    /// The rows of a placement.
    Rows(Arc<[Row<R>]>),
    /// The days of the time grid, 1 = Monday.
    Days(Vec<u8>),
    /// The hours of the time grid.
    Hours(Vec<Hour>),
    /// Something about a person.
    Personal(Personal<Box<Value<R>>>),
}

/// One teacher with one class in a lesson. A lesson that several teachers or classes share has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupling<R = RecordId> {
    /// The class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<R>,
    /// The teacher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<R>,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<R>,
    /// The room that is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<R>,
    /// Hours a week of this coupling where they differ from the lesson's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_per_week: Option<u32>,
    /// The student group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student_group: Option<String>,
}

/// Who meets where in one placement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row<R = RecordId> {
    /// The class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<R>,
    /// The teacher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<R>,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<R>,
    /// The room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<R>,
}

/// A lesson hour of the day. Clock times are `HH:MM`, local.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hour {
    /// The number of the hour, from 1.
    pub hour: u32,
    /// When it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl<R: Clone> Coupling<R> {
    /// Who meets where when an hour of this coupling is placed.
    pub fn row(&self) -> Row<R> {
        Row {
            class: self.class.clone(),
            teacher: self.teacher.clone(),
            subject: self.subject.clone(),
            room: self.room.clone(),
        }
    }
}

impl<R> Value<R> {
    /// The value itself, also when it is about a person.
    pub fn open(&self) -> &Value<R> {
        match self {
            Value::Personal(personal) => personal.open.open(),
            plain => plain,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self.open() {
            Value::Text(text) | Value::Decimal(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<i64> {
        match self.open() {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The same value with every reference replaced; `kind` is what a plain reference of this field points to.
    ///
    /// `f` gets the kind, the reference and the JSON pointer below the field (`""`, `/0`, `/3/teacher`).
    pub fn map<S, E>(
        &self,
        kind: Option<Kind>,
        f: &mut impl FnMut(Option<Kind>, &R, &str) -> Result<S, E>,
    ) -> Result<Value<S>, E> {
        Ok(match self {
            Value::Text(text) => Value::Text(text.clone()),
            Value::Number(number) => Value::Number(*number),
            Value::Decimal(text) => Value::Decimal(text.clone()),
            Value::Date(date) => Value::Date(*date),
            Value::Flag(flag) => Value::Flag(*flag),
            Value::Days(days) => Value::Days(days.clone()),
            Value::Hours(hours) => Value::Hours(hours.clone()),
            Value::Reference(r) => Value::Reference(f(kind, r, "")?),
            Value::References(list) => {
                let mut mapped = Vec::with_capacity(list.len());
                for (index, r) in list.iter().enumerate() {
                    mapped.push(f(kind, r, &format!("/{index}"))?);
                }
                Value::References(mapped)
            }
            Value::Couplings(list) => {
                let mut mapped = Vec::with_capacity(list.len());
                for (index, c) in list.iter().enumerate() {
                    let mut part = |kind, r: &Option<R>, name: &str| {
                        r.as_ref().map(|r| f(Some(kind), r, &format!("/{index}/{name}"))).transpose()
                    };
                    mapped.push(Coupling {
                        class: part(Kind::Classes, &c.class, "class")?,
                        teacher: part(Kind::Teachers, &c.teacher, "teacher")?,
                        subject: part(Kind::Subjects, &c.subject, "subject")?,
                        room: part(Kind::Rooms, &c.room, "room")?,
                        hours_per_week: c.hours_per_week,
                        student_group: c.student_group.clone(),
                    });
                }
                Value::Couplings(mapped.into())
            }
            Value::Rows(list) => {
                let mut mapped = Vec::with_capacity(list.len());
                for (index, row) in list.iter().enumerate() {
                    let mut part = |kind, r: &Option<R>, name: &str| {
                        r.as_ref().map(|r| f(Some(kind), r, &format!("/{index}/{name}"))).transpose()
                    };
                    mapped.push(Row {
                        class: part(Kind::Classes, &row.class, "class")?,
                        teacher: part(Kind::Teachers, &row.teacher, "teacher")?,
                        subject: part(Kind::Subjects, &row.subject, "subject")?,
                        room: part(Kind::Rooms, &row.room, "room")?,
                    });
                }
                Value::Rows(mapped.into())
            }
            Value::Personal(personal) => {
                Value::Personal(Personal { of: personal.of, open: Box::new(personal.open.map(kind, f)?) })
            }
        })
    }
}

impl Value<RecordId> {
    /// Every record that this value refers to.
    pub fn references(&self, mut each: impl FnMut(RecordId)) {
        let mut visit =
            |_: Option<Kind>, id: &RecordId, _: &str| -> Result<RecordId, std::convert::Infallible> {
                each(*id);
                Ok(*id)
            };
        match self.open() {
            Value::Reference(_) | Value::References(_) | Value::Couplings(_) | Value::Rows(_) => {
                let _ = self.map(None, &mut visit);
            }
            _ => {}
        }
    }
}
