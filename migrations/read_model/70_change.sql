-- The feed of a plan: everything that people in it see happen.
--
-- Changes of records, by far the most of it, stand in the ledger with all that is told of them but the names of what they mention;
-- they are read there, and here is only where. What takes more than its event to be told has a row of its own.

-- Where the feed of a plan, or what it shows of a kind, stands in the ledger, as `audit` keeps places.
create table change (
    -- a hash of what is looked for: `places/key.rs`
    word bigint not null,
    -- the positions from 4096 times this number on
    block integer not null,
    -- which of them, as `places/blocks.rs` writes it
    places bytea not null,
    primary key (word, block)
) with (fillfactor = 70);

-- Sessions, locks, imports and refused changes, in the words of that moment. A row is true from its append's end on for ever.
create table change_told (
    position bigint primary key,
    plan text collate "C" not null,
    append_end bigint not null,
    epoch bigint not null,
    at timestamptz not null,
    -- without `daybook.`
    type text not null,
    -- of record, or sessions, locks, imports
    kind text collate "C",
    -- the record, session, lock or import
    subject_id uuid,
    -- what that was called then
    subject text not null,
    who text collate "C" not null,
    session_id uuid,
    mode text,
    -- the name of the period then
    period text,
    revision bigint,
    -- JSON, [{field, from, to}]; text, because nobody asks inside and it is given out as it stands
    changes text not null,
    -- JSON, what a type says beyond that
    more text,
    cause text,
    request text
);

create index change_told_subject on change_told (subject_id, position) where subject_id is not null;

-- What records are called, kept by the feed for itself: no read model waits for another one.
create table change_name (
    record_id uuid not null,
    plan text collate "C" not null,
    kind text collate "C" not null,
    -- nothing for a placement and for a singleton
    name text collate "C",
    -- of a placement: the hour that it is
    lesson_id uuid,
    period_id uuid,
    n integer,
    valid_from bigint not null,
    valid_to bigint,
    primary key (record_id, valid_from)
);

create index change_name_named on change_name (plan, kind, name) where name is not null;
create index change_name_hour on change_name (lesson_id, n) where lesson_id is not null;
create index change_name_single on change_name (plan, kind) where name is null and lesson_id is null;
