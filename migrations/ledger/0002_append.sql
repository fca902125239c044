-- One batch of appends in one call: one round trip, and no transaction that a stuck client could leave open.
--
-- The caller has judged the batch on the state in which he last saw the ledger: position, epoch and batch of its
-- head. Only when the head still is that very one is anything written. Each statement of the function sees what was
-- committed before it began, so locking the head is a statement of its own, before anything is read.
--
-- Arrays that are shorter than their neighbours are filled up with null by unnest: an empty one means "none of them".
create function ledger_append(
    expected_epoch bigint,
    expected_position bigint,
    expected_batch uuid,
    -- the name of this batch in the head
    new_batch uuid,
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
    asked uuid[],
    -- 'done'; or with nothing written: 'moved' (the head is another one), 'known' (some of `asked` have happened)
    out outcome text,
    out at timestamptz
) language plpgsql as $$
declare
    last record;
begin
    select head.position, head.epoch, head.batch, head.recorded_at into last from head for update;
    if last.position <> expected_position or last.batch <> expected_batch or last.epoch <> expected_epoch then
        outcome := 'moved';
        return;
    end if;
    if cardinality(asked) > 0 and exists (select from command where command.command_id = any (asked)) then
        outcome := 'known';
        return;
    end if;
    at := greatest(last.recorded_at, clock_timestamp());
    insert into event (position, append_end, stream, version, type, subject, recorded_at, meta, data)
    select expected_position + e.n, e.append_end, e.stream, e.version, e.type, e.subject, at, e.meta, e.data
    from unnest(streams, versions, types, append_ends, metas, datas, subjects)
        with ordinality as e (stream, version, type, append_end, meta, data, subject, n);
    insert into command (command_id, position, recorded_at, request_digest, answer)
    select c.command_id, c.position, at, c.digest, c.answer
    from unnest(command_ids, command_positions, digests, answers) as c (command_id, position, digest, answer);
    update head set position = expected_position + cardinality(streams), batch = new_batch, recorded_at = at;
    outcome := 'done';
end
$$;

-- Locks the head and says where it is: the beginning of everything that has to read before it writes. The lock is
-- held until the transaction ends.
create function ledger_lock() returns head language plpgsql as $$
declare
    last head;
begin
    select * into last from head for update;
    return last;
end
$$;

-- What became of commands whose answer was lost. Whoever was writing them holds the head until the outcome can be
-- seen; asked without waiting for it, a command that is just being committed would seem never to have happened.
create function ledger_resolve(asked uuid[]) returns setof command language plpgsql as $$
begin
    perform from head for update;
    return query select * from command where command_id = any (asked);
end
$$;
