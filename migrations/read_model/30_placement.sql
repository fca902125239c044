-- Hours of lessons on day and hour. Who meets then is in `meeting`, under `meeting_of`.
create table placement (
    placement_id uuid not null,
    plan text collate "C" not null,
    lesson_id uuid not null,
    period_id uuid not null,
    -- which hour of the lesson in the period, from 1
    n integer not null,
    -- day and hour may be missing while only the room is known
    day integer,
    hour integer,
    week text collate "C",
    length integer,
    -- whose meetings are those of this hour: its own, when it has rows of its own, else its lesson's
    meeting_of uuid not null,
    revision bigint not null,
    epoch bigint not null,
    who text collate "C" not null,
    changed_at timestamptz not null,
    changed_position bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (placement_id, valid_from)
);

create unique index placement_current on placement (placement_id) where valid_to is null;
create index placement_now on placement (lesson_id, period_id, n) where valid_to is null;
create index placement_period_now on placement (plan, period_id, meeting_of) where valid_to is null;
-- for the hours of one day
create index placement_day_now on placement (plan, period_id, day) where valid_to is null;
-- hour by hour: what was on a day, or in a period, is asked of the lessons of then
create index placement_then on placement (lesson_id, period_id, n, valid_from);

-- Who meets where: one row for every row of a placement that has its own, and for every coupling of a lesson. A placement
-- without rows of its own follows its lesson, so that a change of couplings touches no placement.
create table meeting (
    -- a placement or a lesson
    owner_id uuid not null,
    plan text collate "C" not null,
    -- a period with couplings of its own; nil for those that hold otherwise
    period_id uuid not null,
    -- in the order in which they were given
    ordinal integer not null,
    class_id uuid,
    teacher_id uuid,
    subject_id uuid,
    room_id uuid,
    valid_from bigint not null,
    valid_to bigint,
    primary key (owner_id, period_id, ordinal, valid_from)
);

create index meeting_now on meeting (plan, owner_id) where valid_to is null;
create index meeting_then on meeting (plan, owner_id, valid_from);
create index meeting_class on meeting (class_id) where valid_to is null;
create index meeting_teacher on meeting (teacher_id) where valid_to is null;
create index meeting_room on meeting (room_id) where valid_to is null;
-- the same of what is over, by when it was
create index meeting_class_then on meeting (class_id, valid_to, valid_from) where valid_to is not null;
create index meeting_teacher_then on meeting (teacher_id, valid_to, valid_from) where valid_to is not null;
create index meeting_room_then on meeting (room_id, valid_to, valid_from) where valid_to is not null;
