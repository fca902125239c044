-- Imports, by what they did. An import is done once and stays done.
create table import (
    import_id uuid primary key,
    plan text collate "C" not null,
    epoch bigint not null,
    position bigint not null,
    at timestamptz not null,
    who text collate "C" not null,
    session_id uuid,
    -- JSON, [{file, rows}]
    files text not null,
    -- JSON, {kind: {created, changed, unchanged, removed}}
    counts text not null,
    warnings bigint not null,
    valid_from bigint not null,
    valid_to bigint
);

create index import_plan on import (plan, position);
