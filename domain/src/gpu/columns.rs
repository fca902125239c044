//! Which columns of the files are read (RULES.md, section 7), and into which field of which kind. Every other column is left alone.

use crate::kind::{Field, Kind};

/// A file whose rows are one record each.
#[derive(Debug)]
pub struct Master {
    /// The number in its name.
    pub number: u16,
    /// What its rows are.
    pub kind: Kind,
    /// Column, from 1, and the field it fills; column 1 is the name or number.
    pub columns: &'static [(u32, &'static str)],
}

/// The files whose rows are one record each, by number.
pub static MASTERS: [Master; 10] = [
    Master {
        number: 3,
        kind: Kind::Classes,
        columns: &[
            (2, "long_name"),
            (4, "home_room"),
            (14, "grade_level"),
            (15, "department"),
            (20, "from"),
            (21, "to"),
            (22, "text"),
            (23, "description"),
            (29, "alias"),
            (30, "class_teacher"),
            (32, "students"),
        ],
    },
    Master {
        number: 4,
        kind: Kind::Teachers,
        columns: &[
            (2, "long_name"),
            (4, "personnel_no"),
            (5, "home_room"),
            (8, "hours_per_day_min"),
            (9, "hours_per_day_max"),
            (15, "week_target"),
            (17, "department"),
            (23, "text"),
            (24, "description"),
            (29, "first_name"),
            (30, "title"),
            (33, "email"),
            (36, "alias"),
            (39, "phone"),
            (40, "mobile"),
        ],
    },
    Master {
        number: 5,
        kind: Kind::Rooms,
        columns: &[
            (2, "long_name"),
            (3, "alternative_room"),
            (7, "weight"),
            (8, "capacity"),
            (9, "department"),
            (12, "text"),
            (13, "description"),
        ],
    },
    Master {
        number: 6,
        kind: Kind::Subjects,
        columns: &[
            (2, "long_name"),
            (4, "home_room"),
            (13, "subject_group"),
            (16, "text"),
            (17, "description"),
            (21, "alias"),
        ],
    },
    Master { number: 7, kind: Kind::Departments, columns: &[(2, "long_name")] },
    Master {
        number: 10,
        kind: Kind::Students,
        columns: &[
            (2, "long_name"),
            (3, "text"),
            (8, "first_name"),
            (9, "student_no"),
            (10, "class"),
            (13, "birth_date"),
            (14, "email"),
        ],
    },
    Master { number: 12, kind: Kind::AbsenceReasons, columns: &[(2, "long_name")] },
    Master {
        number: 13,
        kind: Kind::Absences,
        columns: &[
            (2, "of"),
            (3, "name"),
            (4, "from"),
            (5, "to"),
            (6, "first_hour"),
            (7, "last_hour"),
            (8, "reason"),
            (9, "text"),
        ],
    },
    // Of a field with two columns the later one holds, the one of the cover; where that is empty, what was planned. Columns 18
    // and 20 say of what kind it is: `substitution.rs`.
    Master {
        number: 14,
        kind: Kind::Substitutions,
        columns: &[
            (2, "date"),
            (3, "hour"),
            (4, "absence"),
            (5, "lesson"),
            (6, "absent_teacher"),
            (7, "teacher"),
            (8, "subject"),
            (10, "subject"),
            (12, "room"),
            (13, "room"),
            (15, "classes"),
            (16, "reason"),
            (17, "text"),
            (19, "cover_classes"),
        ],
    },
    Master {
        number: 18,
        kind: Kind::Holidays,
        columns: &[(2, "long_name"), (3, "from"), (4, "to"), (5, "public")],
    },
];

/// The columns of GPU002 that are said about the whole lesson, hours per week left out.
pub static LESSON_COLUMNS: &[(u32, &str)] = &[
    (10, "students"),
    (12, "group"),
    (13, "line_text"),
    (15, "from"),
    (16, "to"),
    (18, "text"),
    (20, "home_room"),
    (21, "description"),
];

/// The fields of `kind` with the columns that fill them.
pub(super) fn columns_of(kind: Kind, columns: &[(u32, &'static str)]) -> Vec<(u32, &'static Field)> {
    let field =
        |name| kind.field(name).expect("the columns name fields of the kind; a test reads all of them");
    columns.iter().map(|&(column, name)| (column, field(name))).collect()
}
