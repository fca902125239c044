//! What one may do: rights, the groups from the start, actions that need a lock, modes of a session.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in the order of the description.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word in JSON and on the command line.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                $name::ALL.iter().copied().find(|it| it.word() == word).ok_or_else(|| {
                    let words: Vec<&str> = $name::ALL.iter().map(|it| it.word()).collect();
                    format!("there is no {} {word:?}; there are {}", $what, words.join(", "))
                })
            }
        }
    };
}

words! {
    /// What a group may do.
    Right, "right" {
        /// Read planning data.
        Read = "read",
        /// Read absences and their reasons.
        ReadAbsences = "read-absences",
        /// Change the text and data class.
        Data = "data",
        /// Change the timetable and room class.
        Timetable = "timetable",
        /// Optimise.
        Optimise = "optimise",
        /// Plan cover.
        Cover = "cover",
        /// Import files.
        Import = "import",
        /// Change school data, time grid, periods, holidays.
        Settings = "settings",
        /// Make plans and school years.
        Plans = "plans",
        /// Change licence data.
        Licence = "licence",
        /// Keep users, groups and tokens, sign others off.
        Users = "users",
        /// Post notices, announce outages, read the status report.
        Maintenance = "maintenance",
        /// Read the audit.
        Audit = "audit",
        /// Answer for personal data.
        Privacy = "privacy",
    }
}

words! {
    /// A critical action: what a lock is for.
    Action, "action" {
        /// Import of files.
        DataImport = "data-import",
        /// Import of one department.
        DepartmentImport = "department-import",
        /// Licence data.
        Licence = "licence",
        /// School data.
        SchoolData = "school-data",
        /// Time grid.
        TimeGrid = "time-grid",
        /// A new plan from an old one.
        NewSchoolYear = "new-school-year",
        /// Make, edit, remove periods.
        Periods = "periods",
        /// Enter, edit, remove holidays.
        Holidays = "holidays",
        /// Optimise several periods.
        OptimiseMany = "optimise-many",
        /// Optimise one period.
        Optimise = "optimise",
    }
}

words! {
    /// What a session is for.
    Mode, "mode" {
        /// Plan the timetable.
        Timetable = "timetable",
        /// Plan substitutions.
        Cover = "cover",
        /// Look.
        Read = "read",
    }
}

impl Action {
    /// Whether the holder has to be alone in the plan.
    pub fn is_exclusive(self) -> bool {
        self != Action::Optimise
    }

    /// Whether its periods are being optimised, so that nobody changes them by hand.
    pub fn is_optimisation(self) -> bool {
        matches!(self, Action::Optimise | Action::OptimiseMany)
    }

    /// The right that asking for this lock takes.
    pub fn right(self) -> Right {
        match self {
            Action::DataImport | Action::DepartmentImport => Right::Import,
            Action::Licence => Right::Licence,
            Action::SchoolData | Action::TimeGrid | Action::Periods | Action::Holidays => Right::Settings,
            Action::NewSchoolYear => Right::Plans,
            Action::OptimiseMany | Action::Optimise => Right::Optimise,
        }
    }
}

/// The groups that every ledger has from the start, with their rights; the first one cannot be changed.
pub const GROUPS_FROM_THE_START: [(&str, &[Right]); 6] = [
    ("administrators", Right::ALL),
    (
        "planners",
        &[
            Right::Read,
            Right::ReadAbsences,
            Right::Data,
            Right::Timetable,
            Right::Optimise,
            Right::Import,
            Right::Settings,
            Right::Plans,
        ],
    ),
    ("cover-planners", &[Right::Read, Right::ReadAbsences, Right::Cover]),
    ("viewers", &[Right::Read]),
    ("auditors", &[Right::Read, Right::ReadAbsences, Right::Audit]),
    ("maintenance", &[Right::Maintenance]),
];

/// The plans that a group may work in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Plans {
    /// `"*"`: all of them.
    All(AllPlans),
    /// Patterns such as `100234~*~*`.
    Some(Vec<String>),
}

/// The word `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllPlans {
    /// All plans.
    #[serde(rename = "*")]
    Star,
}

impl Plans {
    /// All plans.
    pub const ALL: Plans = Plans::All(AllPlans::Star);

    /// Whether this plan is among them.
    pub fn cover(&self, plan: &crate::PlanId) -> bool {
        match self {
            Plans::All(_) => true,
            Plans::Some(patterns) => patterns.iter().any(|pattern| plan.matches(pattern)),
        }
    }
}
