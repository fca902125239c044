-- Where the ledger ends.
create function ledger_end(out epoch bigint, out "position" bigint, out recorded_at timestamptz, out meta bytea)
language sql stable as $$
    select h.epoch, coalesce(e.position, 0), coalesce(e.recorded_at, h.recorded_at), coalesce(e.meta, '')
    from head h
    left join lateral (select * from event order by position desc limit 1) e on true
    where h.head_id
$$;

-- The same with the head locked: the beginning of everything that has to read before it writes. The lock is held
-- until the transaction ends. Each statement of the function sees what was committed before it began, so locking is a
-- statement of its own, before anything is read.
create function ledger_lock(out epoch bigint, out "position" bigint, out recorded_at timestamptz, out meta bytea)
language plpgsql as $$
begin
    perform from head where head_id for update;
    select e.epoch, e.position, e.recorded_at, e.meta
    into ledger_lock.epoch, ledger_lock.position, ledger_lock.recorded_at, ledger_lock.meta
    from ledger_end() e;
end
$$;

-- One batch of appends in one call: one round trip, and no transaction that a stuck client could leave open.
--
-- The caller has judged the batch on the state in which he last saw the ledger. Only when it still ends with that very
-- event is anything written: another node can bring it to the same position, but not to the same event id. Answers
-- the time that was recorded, or null when nothing was written, because the ledger has moved on or some of `asked`
-- have happened before.
--
-- Arrays that are shorter than their neighbours are filled up with null by unnest: an empty one means "none of them".
create function ledger_append(
    expected_epoch bigint,
    expected_position bigint,
    -- of the last event
    expected_meta bytea,
    -- events, in order of position
    streams text[],
    versions bigint[],
    types text[],
    append_ends bigint[],
    metas bytea[],
    datas bytea[],
    subjects uuid[],
    -- commands
    command_ids uuid[],
    command_positions bigint[],
    digests bytea[],
    answers bytea[],
    -- ids that may have happened before
    asked uuid[]
) returns timestamptz language plpgsql as $$
declare
    present_epoch bigint;
    last_position bigint;
    last_meta bytea;
    at timestamptz;
begin
    select epoch into present_epoch from head where head_id for update;
    select position, meta, recorded_at into last_position, last_meta, at
    from event order by position desc limit 1;
    if present_epoch <> expected_epoch
        or coalesce(last_position, 0) <> expected_position
        or coalesce(last_meta, '') <> expected_meta
    then
        return null;
    end if;
    if cardinality(asked) > 0 and exists (select from command where command_id = any (asked)) then
        return null;
    end if;
    at := greatest(at, clock_timestamp());
    if cardinality(streams) > 0 then
        insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
        select expected_position + e.n, e.append_end, e.stream, e.version, e.type, e.subject, at, e.meta, e.data
        from unnest(streams, versions, types, append_ends, metas, datas, subjects)
            with ordinality as e (stream, version, type, append_end, meta, data, subject, n);
    end if;
    if cardinality(command_ids) > 0 then
        insert into command (command_id, position, recorded_at, request_digest, answer)
        select c.command_id, c.position, at, c.digest, c.answer
        from unnest(command_ids, command_positions, digests, answers) as c (command_id, position, digest, answer);
    end if;
    return at;
end
$$;

-- What became of commands whose answer was lost. Whoever was writing them holds the head until the outcome can be
-- seen; asked without waiting for it, a command that is just being committed would seem never to have happened.
create function ledger_resolve(asked uuid[]) returns setof command language plpgsql as $$
begin
    perform from head where head_id for update;
    return query select * from command where command_id = any (asked);
end
$$;
