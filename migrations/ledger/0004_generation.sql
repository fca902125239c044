-- The schemas that read models lie in. A generation is made whole from one set of definitions and never altered: other
-- definitions make another generation beside it, with the same table names, and search_path says which one is read.
create table generation (
    generation_id bigint primary key,
    schema_name text not null unique,
    -- of all definitions it was made from
    digest text not null,
    state text not null check (state in ('current', 'old')),
    created_at timestamptz not null default clock_timestamp()
);

create unique index generation_current on generation (state) where state = 'current';

grant select on generation to daybook_service;
