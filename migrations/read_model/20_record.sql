-- Records of all kinds but placements. References are ids, so that a rename is one row.
create table record (
    record_id uuid not null,
    plan text collate "C" not null,
    kind text collate "C" not null,
    -- nothing for time grid and school data, of which there is one each
    name text collate "C",
    -- by what lists are ordered: the name; a lesson that is called by a number comes by that number
    sort text collate "C" not null,
    -- whether it came to that name with this row: each record has few of those, and many rows
    named boolean not null,
    -- name and long name in small letters, one a line, for `q=`
    search text not null,
    revision bigint not null,
    -- of the last change; with the revision the value of the ETag
    epoch bigint not null,
    -- JSON, values by field, tagged with their form as in the events; text, because nobody asks inside
    fields text not null,
    -- values by period and field that override them
    by_period jsonb,
    -- of a lesson, the one value among the fields that a question counts with
    hours_per_week bigint,
    -- every record that this one refers to, in whatever period
    reference uuid[] not null,
    -- the days on which it holds; of a substitution the two days that it is about, the earlier one first
    day_from date not null default '-infinity',
    day_to date not null default 'infinity',
    -- user:<uuid>, token:<uuid>, operator, system
    who text collate "C" not null,
    changed_at timestamptz not null,
    changed_position bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (record_id, valid_from)
);

create unique index record_current on record (record_id) where valid_to is null;
create index record_now on record (plan, kind, sort) where valid_to is null;
create index record_day on record (plan, kind, day_to, day_from) where valid_to is null;
-- What ever bore a name; what it was at a moment, the primary key tells.
create index record_named on record (plan, kind, sort, record_id) where named;
create index record_reference on record using gin (reference) where valid_to is null;

-- No question has a condition on these that the planner could weigh; looking at them is half of what `analyze` costs here.
alter table record
    alter fields set statistics 0,
    alter search set statistics 0,
    alter who set statistics 0,
    alter revision set statistics 0,
    alter epoch set statistics 0,
    alter changed_at set statistics 0,
    alter changed_position set statistics 0;
