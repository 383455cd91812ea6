-- name: find
-- The contact of each identity that is known.
SELECT value_hash, contact_id FROM contacts_identity
WHERE workspace_id = %(workspace)s AND value_hash = ANY(%(hashes)s::bytea[])

-- name: lock
-- The contact of each identity that is known; nobody moves them to another contact until we are done.
SELECT value_hash, contact_id FROM contacts_identity
WHERE workspace_id = %(workspace)s AND value_hash = ANY(%(hashes)s::bytea[])
ORDER BY id
FOR NO KEY UPDATE

-- name: make_contact
-- A contact of whom nothing is known but how they wrote to us.
INSERT INTO contacts_contact (
    workspace_id, first_name, last_name, language, country, time_zone, fields, is_made_up, created_at)
VALUES (%(workspace)s, %(first_name)s, '', '', %(country)s, '', '{}', false, %(at)s)
RETURNING id

-- name: bring_together
-- All identities of contacts that turned out to be one person go to one of them.
UPDATE contacts_identity SET contact_id = %(contact)s
WHERE workspace_id = %(workspace)s AND contact_id = ANY(%(others)s::bigint[])

-- name: add
-- Further identities of a contact in the order given, which decides whom a claim addresses; one that somebody else
-- stored meanwhile is left out.
INSERT INTO contacts_identity (
    workspace_id, contact_id, kind, country, value_sealed, value_hash, suppression_hash, tail_hashes)
SELECT %(workspace)s, %(contact)s, kind, country, sealed, hash, suppression, tails::bytea[]
FROM unnest(
    %(kinds)s::text[], %(countries)s::text[], %(sealed)s::bytea[], %(hashes)s::bytea[], %(suppressions)s::bytea[],
    %(tails)s::text[]
) WITH ORDINALITY AS given (kind, country, sealed, hash, suppression, tails, place)
ORDER BY place
ON CONFLICT (workspace_id, value_hash) DO NOTHING
