-- A generation of the read models that is being made beside the current one. It becomes the current one by a change of its state,
-- in one transaction; until then nobody reads it.
alter table generation drop constraint generation_state_check;
alter table generation add constraint generation_state_check check (state in ('current', 'old', 'building'));

alter table generation
    -- what is folded anew in it, while it is being made
    add column projections text[],
    -- how far its making has come, and of how much
    add column position bigint not null default 0,
    add column head bigint not null default 0,
    -- when its maker was last heard of
    add column told_at timestamptz;
