-- Plans: title, state, revision. Their counts and positions are asked of the other tables.
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
