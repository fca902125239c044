-- Starts of nodes. A start stays; whether the node still lives is no event, but told by the lock that it holds.
create table node (
    position bigint primary key,
    -- as it is called on the host
    name text not null,
    version text not null,
    started_at timestamptz not null,
    valid_from bigint not null,
    valid_to bigint
);
