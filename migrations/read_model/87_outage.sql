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

create unique index outage_now on outage (outage_id) where valid_to is null;
-- there is one at a time, so the last rows before a position tell of then
create index outage_then on outage (valid_from);
create index outage_over on outage (valid_from) where ended_at is not null;

-- Contact of the whole site: since when it is lost, or back.
create table outage_contact (
    lost boolean not null,
    since timestamptz not null,
    valid_from bigint primary key,
    valid_to bigint
);

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
