-- States of long streams, written aside, so that such a stream need not be folded from its beginning. No events, and nothing
-- rests on them: a row can be deleted at any time, and whoever forgets what is said about a person deletes those rows that may
-- have it.
create table snapshot (
    snapshot_id bigint generated always as identity primary key,
    stream text collate "C" not null,
    -- of the last event that is in it
    version bigint not null,
    epoch bigint not null,
    -- the sources that the state was folded by
    maker text not null,
    -- of all of the above, of the event at that version as it stands in the ledger, and of the state
    digest bytea not null,
    state bytea not null,
    written_at timestamptz not null default clock_timestamp()
);

create index snapshot_newest on snapshot (stream, version desc);

grant select, insert, delete on snapshot to daybook_service;
