-- What people and programs are called.
create table account (
    account_id uuid not null,
    -- user, token
    kind text not null,
    name text not null,
    valid_from bigint not null,
    valid_to bigint,
    primary key (account_id, valid_from)
);

create index account_name on account (name);

-- When somebody last logged in. Only the last time counts, so it has no past.
create table last_login (
    user_id uuid primary key,
    last_login_at timestamptz not null
) with (fillfactor = 50);
