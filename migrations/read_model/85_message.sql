-- What somebody is told: by somebody else, or by the service. It is known by the position of the event that tells it, and stays.
create table message (
    position bigint primary key,
    epoch bigint not null,
    at timestamptz not null,
    -- user, refused, sign-off, outage
    kind text not null,
    -- who tells it: user:<uuid>, token:<uuid>, operator or system
    who text collate "C" not null,
    plan text collate "C",
    -- for everybody who is logged in then, and not for those in message_to
    for_all boolean not null,
    -- in the words of who sent it; nothing where the service finds the words
    text text,
    -- JSON, what the event says beyond that
    data text not null,
    valid_from bigint not null,
    valid_to bigint
);

create index message_sent on message (who, position) where kind = 'user';
create index message_for_all on message (position) where for_all;

-- Who gets it: between valid_from and valid_to it waits to be read. One that is for everybody has a row for each who has read it,
-- and none who waits.
create table message_to (
    who text collate "C" not null,
    position bigint not null,
    read_at timestamptz,
    valid_from bigint not null,
    valid_to bigint,
    primary key (who, position)
);

create index message_to_unread on message_to (who, position) where valid_to is null;
create index message_to_position on message_to (position);
