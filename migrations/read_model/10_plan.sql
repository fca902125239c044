-- Plans: title, state, revision. Their positions are asked of the ledger, who is there and what is locked of the other tables.
create table plan (
    plan text collate "C" not null,
    title text not null,
    state text not null,
    revision bigint not null,
    epoch bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (plan, valid_from)
);

create unique index plan_now on plan (plan) where valid_to is null;

-- How many records of a kind a plan has; placements too. A row for every append that changes the number.
create table plan_count (
    plan text collate "C" not null,
    kind text collate "C" not null,
    count bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (plan, kind, valid_from)
);

create unique index plan_count_now on plan_count (plan, kind) where valid_to is null;
