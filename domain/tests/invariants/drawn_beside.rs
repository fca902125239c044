//! How what is asked for beside editing is drawn, and the step that each is: where, and by which clock.

use domain::command::create_plan::TakeOver;
use domain::command::end_sign_off::Over;
use domain::{Action, PlanCondition, Refusal};
use proptest::prelude::*;

use crate::asked::Asked;
use crate::beside::Beside;
use crate::desk::Desk;
use crate::drawn::{LESSONS, based, what};

/// Something that is asked for in one of the plans, at a node with a clock and a date of its own.
#[derive(Debug, Clone)]
pub struct Step {
    plan: usize,
    wrong_by: i64,
    days: i64,
    what: Any,
}

#[derive(Debug, Clone)]
enum Any {
    Asked(Asked),
    Beside(Beside),
}

impl Step {
    /// Any one.
    pub fn any() -> impl Strategy<Value = Step> {
        // Forwards and backwards, by up to a day; and days up to years away from where the office is.
        let clock = prop_oneof![4 => Just(0), 2 => -90_000..90_000_i64];
        let days = prop_oneof![6 => Just(0), 1 => -400..400_i64];
        let what = prop_oneof![
            7 => Asked::any().prop_map(Any::Asked),
            2 => beside().prop_map(Any::Beside),
        ];
        (prop::sample::select(vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3]), clock, days, what)
            .prop_map(|(plan, wrong_by, days, what)| Step { plan, wrong_by, days, what })
    }

    /// Asks for it; the refusal, if it is one.
    pub fn ask(&self, desk: &mut Desk) -> Option<Refusal> {
        desk.turn_to(self.plan);
        (desk.wrong_by, desk.days) = (self.wrong_by, self.days);
        match &self.what {
            Any::Asked(asked) => asked.ask(desk),
            Any::Beside(beside) => beside.ask(desk),
        }
    }
}

fn person() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![0, 0, 0, 5, 5, 1, 3])
}

fn beside() -> impl Strategy<Value = Beside> {
    let which = 0..6_usize;
    let lock = prop::option::of(prop::sample::select(vec![
        Action::DataImport,
        Action::Periods,
        Action::Licence,
        Action::Optimise,
    ]));
    let over = prop::sample::select(vec![Over::Grace, Over::Reservation]);
    let hour = (prop::sample::select(&LESSONS[..]), 1..4_u32, 1..6_i64, 1..12_i64);
    let states = vec![
        None,
        Some(PlanCondition::Open),
        Some(PlanCondition::Open),
        Some(PlanCondition::Open),
        Some(PlanCondition::Open),
        Some(PlanCondition::Open),
        Some(PlanCondition::Open),
        Some(PlanCondition::ReadOnly),
        Some(PlanCondition::Archived),
    ];
    let hows = vec![None, Some(TakeOver::Copy), Some(TakeOver::Copy), Some(TakeOver::NewYear)];
    let texts = 0..3_usize;
    prop_oneof![
        3 => (which.clone(), prop::bool::weighted(0.3), prop::sample::select(vec![0, 60, 60_u32]), lock).prop_map(
            |(which, others, grace_seconds, lock)| Beside::SignOff { which, others, grace_seconds, lock }
        ),
        4 => (which.clone(), prop::sample::select(vec![
            Action::Licence, Action::Licence, Action::NewSchoolYear, Action::DataImport, Action::OptimiseMany, Action::Periods,
        ]))
            .prop_map(|(which, action)| Beside::Alone { which, action }),
        3 => (0..3_usize, over).prop_map(|(sign_off, over)| Beside::TimePasses { sign_off, over }),
        3 => prop::collection::vec(hour, 0..4).prop_map(|hours| Beside::Optimised { hours }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, own)| Beside::GiveUp { which, own }),
        4 => (
            which.clone(),
            prop::collection::vec((what(), based(), prop::bool::weighted(0.2)), 1..4),
            prop::option::of(0..3_usize)
        )
            .prop_map(|(which, changes, carries)| Beside::Batch { which, changes, carries }),
        2 => (
            person(),
            prop::sample::select(states),
            prop::sample::select(vec![None, None, Some("Lindenhafen"), Some("School")]),
            based()
        )
            .prop_map(|(person, state, title, based)| Beside::ChangePlan { person, state, title, based }),
        4 => (2..4_usize, prop::sample::select(hows), prop::bool::weighted(0.9), which.clone()).prop_map(
            |(plan, how, by_holder, which)| Beside::NewPlan { plan, how, by_holder, which }
        ),
        4 => (which.clone(), prop::bool::weighted(0.9), texts.clone(), based()).prop_map(
            |(which, by_holder, number, based)| Beside::Licence { which, by_holder, number, based }
        ),
        1 => (person(), prop::bool::weighted(0.3), prop::bool::weighted(0.1), texts.clone()).prop_map(
            |(person, prevent_logins, begin, text)| Beside::Announce { person, prevent_logins, begin, text }
        ),
        4 => person().prop_map(|person| Beside::EndOutage { person }),
        2 => (any::<bool>(), prop::bool::weighted(0.9))
            .prop_map(|(lost, back)| Beside::Contact { lost, back }),
        2 => (any::<bool>(), prop::bool::weighted(0.95))
            .prop_map(|(first, with_contact)| Beside::Start { first, with_contact }),
        1 => (person(), texts.clone()).prop_map(|(person, text)| Beside::Post { person, text }),
        3 => (person(), 0..3_usize, texts, prop::bool::weighted(0.2), 0..3_u64).prop_map(
            |(person, which, text, withdraw, ago)| Beside::Notice { person, which, text, withdraw, ago }
        ),
        1 => person().prop_map(|person| Beside::Message { person }),
        2 => Just(Beside::Late),
    ]
}
