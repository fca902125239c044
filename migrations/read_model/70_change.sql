-- The feed of a plan: everything that people in it see happen.
--
-- What happened stands in the ledger, with all that is told of it but the names of what it mentions; it is read there, and here is only
-- where. A refused change or lock is told in the words of its moment, whatever comes after; it has a row
-- of its own.

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

-- Where sessions, locks and imports are told of, and what is known of them from there on.
create table change_about (
    subject_id uuid not null,
    position bigint not null,
    -- where it began; nothing: here; 0: it is over, or nobody knows
    began bigint,
    -- of a session, where it is not what it was when that began
    mode text collate "C",
    period_id uuid,
    activity text,
    primary key (subject_id, position)
);

-- Refused changes and locks, in the words of that moment. A row is true from its append's end on for ever.
create table change_told (
    position bigint primary key,
    plan text collate "C" not null,
    append_end bigint not null,
    epoch bigint not null,
    at timestamptz not null,
    -- without `daybook.`
    type text not null,
    -- of record, or locks
    kind text collate "C",
    -- the record
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
