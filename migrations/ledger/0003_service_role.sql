-- The service never runs as owner of the ledger: it takes this role, which may add to it and read it.
do $$
begin
    create role daybook_service nologin;
exception
    -- roles belong to the whole cluster: another ledger in it may have made this one before, or at the same moment
    when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    execute format('grant usage on schema %I to daybook_service', current_schema());
end
$$;

grant select, insert on event to daybook_service;
-- locking the head needs the right to update some column of it
grant select, update (head_id) on head to daybook_service;
grant select, insert on command to daybook_service;
grant update (answer) on command to daybook_service;
grant select, insert, update, delete on credential to daybook_service;
grant select, insert, update, delete on contact to daybook_service;
