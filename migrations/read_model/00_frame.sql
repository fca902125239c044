-- How far each projection has come. Its rows and this position move in one transaction, so both are always true together.
create table checkpoint (
    projection text primary key,
    -- the last position of the last append that is in the rows
    position bigint not null default 0,
    state text not null default 'live' check (state in ('live', 'stopped')),
    -- why it stopped
    cause text,
    stopped_at timestamptz
) with (fillfactor = 20);
