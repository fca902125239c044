-- Locks: granted once, ended once, so a lock has one row.
create table lock (
    lock_id uuid primary key,
    plan text collate "C" not null,
    session_id uuid not null,
    who text collate "C" not null,
    action text not null,
    -- nothing for the whole plan
    period_ids uuid[],
    -- the fencing token
    granted_epoch bigint not null,
    granted_position bigint not null,
    granted_at timestamptz not null,
    -- released, not_renewed or session_ended
    ended_reason text,
    ended_at timestamptz,
    valid_from bigint not null,
    valid_to bigint
);

create unique index lock_current on lock (lock_id) where valid_to is null;
create index lock_now on lock (plan, lock_id) where valid_to is null;
create index lock_then on lock using gist (point(valid_from, coalesce(valid_to, 'infinity'::float8)));
