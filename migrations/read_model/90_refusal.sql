-- What was refused for a reason of the office. A refusal stays.
create table refusal (
    position bigint primary key,
    -- nothing for what is in no plan: a notice, a user, the licence of a school
    plan text collate "C",
    at timestamptz not null,
    who text collate "C" not null,
    session_id uuid,
    -- whether a lock was asked for, and not a change
    of_lock boolean not null,
    code text not null,
    -- the rule, where the code has several
    rule text,
    kind text,
    record_id uuid,
    action text,
    -- JSON, [{session, who, lock}]
    obstacles text not null,
    -- JSON, {who, at, position}
    winner text,
    valid_from bigint not null,
    valid_to bigint
);

create index refusal_plan on refusal (plan, position);
create index refusal_at on refusal (at);

-- The locks that stood in the way.
create table refusal_lock (
    lock_id uuid not null,
    position bigint not null,
    primary key (lock_id, position)
);
