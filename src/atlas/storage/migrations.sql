-- What migrate() runs.

-- name: limit_the_wait
-- How long a statement of this transaction waits for a lock; 0 is for ever.
select set_config('lock_timeout', %s, true);

-- name: lock
-- One process at a time migrates a database; the lock goes with the transaction.
select pg_advisory_xact_lock(%s);

-- name: make_table
-- Which migrations the database has.
create schema if not exists atlas;
create table if not exists atlas.migrations (
    component text not null,
    number integer not null check (number > 0),
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    primary key (component, number),
    unique (component, name)
);

-- name: list_applied
-- The migrations of a component, in the order in which they were applied.
select name, checksum from atlas.migrations where component = %s order by number;

-- name: remember
-- Notes that a migration was applied.
insert into atlas.migrations (component, number, name, checksum) values (%s, %s, %s, %s);
