-- What the PostgreSQL store runs besides the statements that derive from the schema.

-- name: lease_slot
-- Takes a free copy of a company and starts its journal; copies that others use are skipped, not waited for. The lease
-- ends with the transaction, so also when the client is killed.
SELECT world_id, set_config('crm.journal', 'on', true), set_config('crm.cause', 'sql', true) FROM (
    SELECT world_id FROM crm.worlds WHERE company_hash = %s AND slot IS NOT NULL
    ORDER BY slot FOR UPDATE SKIP LOCKED LIMIT 1
) AS leased;

-- name: count_slots
-- How many copies of a company there are.
SELECT count(*) FROM crm.worlds WHERE company_hash = %s AND slot IS NOT NULL;

-- name: list_slots
-- The copies of a company, the first one first.
SELECT world_id FROM crm.worlds WHERE company_hash = %s AND slot IS NOT NULL ORDER BY slot;

-- name: lock_company
-- One process at a time loads a company; the lock goes with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(%s, 0));

-- name: add_slots
-- Makes worlds for further copies of a company: those with numbers from the second parameter up to before the third.
INSERT INTO crm.worlds (company_hash, slot)
SELECT %s, number FROM generate_series(%s::integer, %s::integer - 1) AS number ORDER BY number RETURNING world_id;

-- name: stop_journal
-- What is written from now on is state, not a change; it is not noted.
SELECT set_config('crm.journal', 'off', true);

-- name: start_journal
-- From now on row changes are noted, until the transaction ends.
SELECT set_config('crm.journal', 'on', true), set_config('crm.cause', 'sql', true);

-- name: end_of_call
-- What changes rows from now on is no call of a tool.
SELECT set_config('crm.cause', 'sql', true);

-- name: read_journal
-- The row changes of this episode, in order.
SELECT entity, row_id, before, after, cause FROM crm.journal WHERE world_id = %s ORDER BY seq;

-- name: has_journal
-- Whether somebody committed changes of an episode to this world.
SELECT EXISTS (SELECT FROM crm.journal WHERE world_id = %s);

-- name: forget_journal
-- Deletes what was noted of a world whose rows are put back.
DELETE FROM crm.journal WHERE world_id = %s;

-- name: suspend_references
-- Lets rows in whose references lead nowhere, until the transaction ends or they are resumed.
SET LOCAL session_replication_role = replica;

-- name: resume_references
-- From now on references have to lead somewhere again, and deletes take along what refers to a row.
SET LOCAL session_replication_role = origin;

-- name: list_worlds
-- The names of the named worlds.
SELECT name FROM crm.worlds WHERE name IS NOT NULL ORDER BY name;

-- name: find_world
-- A named world; nobody else can replace it until the transaction ends.
SELECT world_id, origin FROM crm.worlds WHERE name = %s FOR UPDATE;

-- name: add_world
-- Makes a named world; nothing is returned where there is one of that name.
INSERT INTO crm.worlds (name, origin, company_hash) VALUES (%s, %s, %s) ON CONFLICT (name) DO NOTHING
RETURNING world_id;

-- name: name_world
-- Makes a named world, or says anew what it holds.
INSERT INTO crm.worlds (name, origin, company_hash) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET origin = EXCLUDED.origin, company_hash = EXCLUDED.company_hash RETURNING world_id;
