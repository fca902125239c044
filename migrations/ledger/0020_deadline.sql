-- Times that were given and are over at a moment by the database's clock, such as the grace of a sign-off. That the
-- moment has passed is judged under the lock of the head, as a condition of the append that ends what was given.
create table deadline (
    -- what it is about, and what happens then
    subject uuid not null,
    kind text not null,
    -- where it happens
    stream text collate "C" not null,
    passes_at timestamptz not null,
    primary key (subject, kind)
);

create index deadline_passes_at on deadline (passes_at);

-- When some node last attended to deadlines. Time in which nobody did, because the service or the ledger was away,
-- counts towards no deadline.
create table attended (
    attended_id boolean primary key default true check (attended_id),
    at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

insert into attended default values;

-- A node attends: when nobody has for longer than `away_after`, everything that waits for a deadline is put off by
-- that time, once, whichever nodes come back at the same moment. Answers the database's clock.
create function ledger_attend(away_after interval) returns timestamptz language plpgsql as $$
declare
    last_attended timestamptz;
    present timestamptz;
    away interval;
begin
    select at into last_attended from attended where attended_id for update;
    present := clock_timestamp();
    away := present - last_attended;
    if away > away_after then
        -- in the order of their ids, as everybody locks them
        perform from contact order by contact_id for update;
        update contact set seen_at = least(seen_at + away, present);
        update deadline set passes_at = passes_at + away;
    end if;
    update attended set at = present where attended_id;
    return present;
end
$$;

grant select, insert, update, delete on deadline to daybook_service;
grant select, update on attended to daybook_service;
