-- The ledger: the one truth. One schema is one ledger, so table names are unqualified and found by search_path.

-- Locking the one row of `head` is what makes the order: whoever writes locks it first and holds it until his commit.
-- Positions are therefore gapless and grow in commit order; a sequence would skip, and a transaction id would not
-- survive a restore. Where the ledger ends is told by its last event, not by this row: a row that is updated with
-- every commit grows a tail of dead versions as long as somebody holds an old snapshot (a backup, a long question),
-- and every append had to walk along it (measured: 40,000 commits beside an old snapshot made it 15 times slower).
create table head (
    head_id boolean primary key default true,
    -- counts restores; a position means something only together with its epoch
    epoch bigint not null default 1,
    -- of the ledger, before its first event
    recorded_at timestamptz not null default clock_timestamp()
);

insert into head default values;

create table event (
    position bigint primary key,
    -- the last position of the append that this event belongs to: readers move from append to append
    append_end bigint not null,
    stream text collate "C" not null,
    -- counts the events of the stream from 1
    version bigint not null,
    type text not null,
    -- the record, user or notice that the event is about
    subject uuid,
    recorded_at timestamptz not null,
    -- JSON as the very bytes that were written: they are sealed later, and a database that re-writes them
    -- (jsonb) would break the seal
    meta bytea not null,
    data bytea not null,
    -- no check constraints here: they are parsed anew for every statement
    unique (stream, version)
);

create index event_subject on event (subject, position) where subject is not null;

-- Every command that wrote something, so that a repeated one is known and a commit whose reply was lost can be
-- looked up.
create table command (
    command_id uuid primary key,
    -- the last position of its append, or the head when it wrote no event
    position bigint not null,
    recorded_at timestamptz not null,
    -- of the request that came under an Idempotency-Key: tells another request under the same key
    request_digest bytea,
    -- what was answered; taken away after some days, the row stays
    answer bytea
);

create index command_answer on command (recorded_at) where answer is not null;

-- Hashes lie here and never in an event or a stored answer; written in the transaction of their event.
create table credential (
    credential_id bigint generated always as identity primary key,
    -- the user of a password, the session or API token of the other kinds
    owner uuid not null,
    kind text not null check (kind in ('password', 'session', 'token')),
    hash bytea not null,
    -- where a session lives
    stream text collate "C"
);

create index credential_owner on credential (owner, kind);
create unique index credential_hash on credential (hash) where kind in ('session', 'token');
create unique index credential_password on credential (owner) where kind = 'password';

-- When sessions and locks were last heard of, by the database's clock. Contact is no event.
create table contact (
    contact_id uuid primary key,
    seen_at timestamptz not null
) with (fillfactor = 50);

create index contact_seen_at on contact (seen_at);

-- Nobody rewrites. The service has no right to; this refuses it to the owner of the tables too.
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only appended to: % of % is refused', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end
$$;

create trigger event_not_rewritten before update or delete on event
    for each row execute function refuse_rewriting();
create trigger event_not_truncated before truncate on event
    for each statement execute function refuse_rewriting();

create trigger head_never_falls before update on head
    for each row when (new.epoch < old.epoch or new.recorded_at < old.recorded_at)
    execute function refuse_rewriting();
create trigger head_stays_one before insert or delete on head
    for each row execute function refuse_rewriting();
create trigger head_not_truncated before truncate on head
    for each statement execute function refuse_rewriting();
