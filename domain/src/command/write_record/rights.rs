//! Which right writing a record takes.

use crate::command::{Ask, Needs, Office};
use crate::{Class, Kind, Mode, Refusal, Right, Session};

/// The rights of which one is needed to write records of a kind at all.
pub(crate) fn needs(kind: Kind) -> Needs {
    match kind {
        Kind::Placements => Needs::Right(Right::Timetable),
        Kind::Periods | Kind::Holidays | Kind::TimeGrid | Kind::SchoolData => Needs::Right(Right::Settings),
        Kind::Absences | Kind::Substitutions => Needs::AnyOf(&[Right::Cover, Right::Data]),
        _ => Needs::AnyOf(&[Right::Data, Right::Timetable]),
    }
}

/// The right that a class of action takes.
pub(crate) fn right_of(class: Class) -> Right {
    match class {
        Class::Text | Class::Data => Right::Data,
        Class::Room | Class::Timetable => Right::Timetable,
        Class::Cover => Right::Cover,
        Class::Exclusive => Right::Settings,
    }
}

/// Checks the right that a class of action takes, and that a session which plans cover does it in cover mode.
///
/// The texts of absences and substitutions belong to the text class, which takes the right `data`; but they are written by cover
/// planners, who have no such right: for them the right `cover` and cover mode do as well.
pub(crate) fn check_right(
    office: &Office<'_>,
    ask: &Ask<'_>,
    session: &Session,
    kind: Kind,
    class: Class,
) -> Result<(), Refusal> {
    let may = |right| office.accounts.may(ask.who, right);
    if kind.is_of_cover() && class == Class::Text && may(Right::Data) {
        return Ok(());
    }
    let class = if kind.is_of_cover() { Class::Cover } else { class };
    office.check_needs(Needs::Right(right_of(class)), ask.who)?;
    if class.needs_cover_mode() && session.mode != Mode::Cover {
        return Err(Refusal::not_permitted("mode"));
    }
    Ok(())
}
