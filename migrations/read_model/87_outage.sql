-- Outages: one row for every state that one was in. The last row of one that is over has its end and stays true.
create table outage (
    outage_id uuid not null,
    -- nothing when nobody announced it
    message text,
    prevent_logins boolean not null,
    until timestamptz,
    -- who announced or last changed it
    who text collate "C",
    announced_at timestamptz,
    gated_at timestamptz,
    down_at timestamptz,
    ended_at timestamptz,
    -- contact-back, restart, administrator
    reason text,
    valid_from bigint not null,
    valid_to bigint,
    primary key (outage_id, valid_from)
);

create index outage_ended on outage (ended_at, outage_id) where valid_to is null;

-- Log-ins that were refused, by node and minute.
create table login_refusal (
    position bigint primary key,
    node text not null,
    minute timestamptz not null,
    -- whose gate was closed
    outage_id uuid,
    gated bigint not null,
    failed bigint not null,
    valid_from bigint not null,
    valid_to bigint
);

create index login_refusal_outage on login_refusal (outage_id);
create index login_refusal_minute on login_refusal (minute);
