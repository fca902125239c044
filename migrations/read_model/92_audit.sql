-- Where in the ledger something is found: what belongs to a plan, was done by somebody, is of a type, came from a request. The events
-- themselves stay where they are; here are only their places, thousands in one row. A million events need as many rows as they have
-- different requests, divided by eight, and sets of places are laid over one another in memory, so that a page for several filters
-- walks along none of them.
--
-- Rows only grow, by what is appended behind them; whoever reads leaves out what is beyond the checkpoint.
create table audit (
    -- a hash of what is looked for, or of some bits of that: `audit/places.rs`
    word bigint not null,
    -- the positions from 4096 times this number on
    block integer not null,
    -- which of them, as `audit/places.rs` writes it
    places bytea not null,
    primary key (word, block)
) with (fillfactor = 70);

-- What is about a record, the ledger finds by its own index of what events are about; but a refused change stands in a stream of its
-- own and is about nobody there.
create table audit_refusal (
    record_id uuid not null,
    position bigint not null,
    primary key (record_id, position)
);
