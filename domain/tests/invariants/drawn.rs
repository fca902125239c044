//! How what is asked for is drawn: how often each of it, and of what.

use domain::{Action, Kind, Mode};
use proptest::prelude::*;

use crate::asked::Asked;
use crate::what::{Based, What};

pub const NAMES: [&str; 3] = ["A", "B", "TS 3"];
pub const LESSONS: [&str; 2] = ["1", "2"];
const KINDS: [Kind; 6] =
    [Kind::Teachers, Kind::Teachers, Kind::Teachers, Kind::Classes, Kind::Rooms, Kind::Departments];

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(&KINDS[..])
}

/// Absences, substitutions and reasons are called by numbers, as lessons are.
fn of_cover() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Absences, Kind::Substitutions, Kind::AbsenceReasons])
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

pub fn based() -> impl Strategy<Value = Based> {
    prop_oneof![
        1 => Just(Based::Absent),
        3 => Just(Based::Present),
        12 => Just(Based::Revision(0)),
        8 => (1..3_u64).prop_map(Based::Revision),
    ]
}

fn person() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5_usize])
}

fn mode() -> impl Strategy<Value = Option<Mode>> {
    prop::sample::select(vec![
        None,
        None,
        None,
        Some(Mode::Timetable),
        Some(Mode::Cover),
        Some(Mode::Cover),
        Some(Mode::Read),
    ])
}

pub fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        4 => (kind(), name(), 0..6_usize).prop_map(|(kind, name, body)| What::Named(kind, name, body)),
        3 => (prop::sample::select(&LESSONS[..]), 0..6_usize)
            .prop_map(|(name, body)| What::Named(Kind::Lessons, name, body)),
        2 => (prop::sample::select(&["1", "2"][..]), 0..3_usize)
            .prop_map(|(name, body)| What::Named(Kind::Periods, name, body)),
        5 => (of_cover(), prop::sample::select(&LESSONS[..]), 0..6_usize)
            .prop_map(|(kind, name, body)| What::Named(kind, name, body)),
        1 => (kind(), name(), name()).prop_map(|(kind, from, to)| What::Renamed(kind, from, to)),
        3 => (prop::sample::select(&LESSONS[..]), 1..4_u32, 1..7_i64, 1..14_i64)
            .prop_map(|(lesson, n, day, hour)| What::Hour(lesson, n, day, hour)),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![
        Action::DataImport,
        Action::DataImport,
        Action::DataImport,
        Action::Periods,
        Action::TimeGrid,
        Action::Optimise,
        Action::Optimise,
        Action::OptimiseMany,
        Action::NewSchoolYear,
        Action::Licence,
    ])
}

fn rows() -> impl Strategy<Value = Vec<(u32, usize, usize)>> {
    prop::collection::vec((1..4_u32, 0..3_usize, 0..3_usize), 0..4)
}

impl Asked {
    pub fn any() -> impl Strategy<Value = Asked> {
        let which = 0..6_usize;
        let carries = prop::option::of(0..3_usize);
        prop_oneof![
            10 => (person(), mode(), prop::bool::weighted(0.1), prop::bool::weighted(0.05), prop::bool::weighted(0.9))
                .prop_map(|(person, mode, site, instead, sensible)| {
                    let covers = matches!(person, 3 | 4);
                    let mode = mode.filter(|mode| !sensible || (*mode == Mode::Cover) == covers);
                    Asked::LogIn { person, mode, site, instead }
                }),
            2 => which.clone().prop_map(|which| Asked::Resume { which }),
            4 => (which.clone(), prop::bool::weighted(0.1)).prop_map(|(which, site)| Asked::LogOut { which, site }),
            3 => which.clone().prop_map(|which| Asked::Expire { which }),
            2 => (which.clone(), mode(), prop::sample::select(vec![None, Some("plans"), Some("")]))
                .prop_map(|(which, mode, activity)| Asked::Change { which, mode, activity }),
            8 => (which.clone(), action()).prop_map(|(which, action)| Asked::Lock { which, action }),
            4 => (which.clone(), 0..2_usize).prop_map(|(which, lock)| Asked::Release { which, lock }),
            1 => (0..4_usize).prop_map(|lock| Asked::LockExpires { lock }),
            24 => (which.clone(), what(), based(), carries.clone(), prop::bool::weighted(0.2), any::<bool>()).prop_map(
                |(which, what, based, carries, for_period, disjoint)| Asked::Write {
                    which, what, based, carries, for_period, disjoint
                }
            ),
            4 => (which.clone(), kind(), name(), based(), carries.clone()).prop_map(
                |(which, kind, name, based, carries)| Asked::Remove { which, kind, name, based, carries }
            ),
            1 => (which.clone(), prop::sample::select(&LESSONS[..]), based(), carries.clone()).prop_map(
                |(which, name, based, carries)| Asked::Remove { which, kind: Kind::Lessons, name, based, carries }
            ),
            1 => (which.clone(), of_cover(), prop::sample::select(&LESSONS[..]), based()).prop_map(
                |(which, kind, name, based)| Asked::Remove { which, kind, name, based, carries: None }
            ),
            1 => (which.clone(), prop::sample::select(&["1", "2"][..]), based(), carries.clone()).prop_map(
                |(which, name, based, carries)| Asked::Remove { which, kind: Kind::Periods, name, based, carries }
            ),
            2 => (which.clone(), prop::sample::select(&LESSONS[..]), 1..4_u32, based())
                .prop_map(|(which, lesson, n, based)| Asked::Unplace { which, lesson, n, based }),
            1 => (which, carries, any::<bool>(), any::<bool>(), rows()).prop_map(
                |(which, carries, replace, missing, rows)| Asked::Import { which, carries, replace, missing, rows }
            ),
            6 => (any::<bool>(), any::<bool>(), rows())
                .prop_map(|(replace, missing, rows)| Asked::ImportByHolder { replace, missing, rows }),
        ]
    }
}
