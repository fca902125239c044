-- Notices: one row for every state that one was in, until it was withdrawn.
create table notice (
    notice_id uuid not null,
    title text not null,
    text text not null,
    public boolean not null,
    important boolean not null,
    show_from date,
    hide_from date,
    revision bigint not null,
    -- of the last change
    epoch bigint not null,
    who text collate "C" not null,
    changed_at timestamptz not null,
    changed_position bigint not null,
    -- the version of the site with which it was posted: by what lists are ordered
    posted bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (notice_id, valid_from)
);

create unique index notice_now on notice (notice_id) where valid_to is null;
-- what was true at a position, however much was before and came after
create index notice_then on notice using gist (point(valid_from, coalesce(valid_to, 'infinity'::float8)));
