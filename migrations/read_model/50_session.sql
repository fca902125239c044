-- Who is logged in. A session has one row for every state that it was in: another mode, period or activity is another row.
create table session (
    session_id uuid not null,
    -- nothing for a session of the site, which is in no plan
    plan text collate "C",
    -- user:<uuid>, token:<uuid>, operator or system
    who text collate "C" not null,
    mode text not null,
    period_id uuid,
    activity text,
    client text,
    -- a session that is opened anew keeps its first moment: its absolute age counts from there
    logged_in_at timestamptz not null,
    -- the moments that belong to valid_from and valid_to, for questions about hours and minutes
    since timestamptz not null,
    until timestamptz,
    valid_from bigint not null,
    valid_to bigint,
    primary key (session_id, valid_from)
);

-- for everybody at once, whatever the plan
create unique index session_current on session (session_id) where valid_to is null;
create index session_now on session (plan, session_id) where valid_to is null;
-- who was there at a position, or between two of them, however many were there before and came after
create index session_then on session using gist (point(valid_from, coalesce(valid_to, 'infinity'::float8)));
create index session_until on session (until);
create index session_since on session (since);

-- Why a session is over; true until it is opened anew.
create table session_end (
    session_id uuid not null,
    plan text collate "C",
    who text collate "C" not null,
    reason text not null,
    -- who signed it off, and what he told
    ended_by text collate "C",
    message text,
    ended_at timestamptz not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (session_id, valid_from)
);

create index session_who on session (who, valid_from);
