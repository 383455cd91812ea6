-- name: stage_people
-- The rows of the file as they are read.  leader: the first line about the same person, or the line itself.  They and
-- the acts outlive the transaction that brings the people in: the acts are written in later ones.
CREATE TEMPORARY TABLE import_person (
    line bigint PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, language text NOT NULL,
    country text NOT NULL, time_zone text NOT NULL, fields jsonb NOT NULL, is_made_up boolean NOT NULL,
    leader bigint, contact_id bigint, is_new boolean NOT NULL DEFAULT false
)

-- name: stage_identities
-- What each row knows its person by.
CREATE TEMPORARY TABLE import_identity (
    line bigint NOT NULL, kind text NOT NULL, country text NOT NULL, value_sealed bytea NOT NULL,
    value_hash bytea NOT NULL, suppression_hash bytea NOT NULL, tail_hashes bytea[] NOT NULL
) ON COMMIT DROP

-- name: stage_acts
-- What each row says its person agreed to or left; the proof stays sealed until the ledger takes it.
CREATE TEMPORARY TABLE import_act (
    line bigint PRIMARY KEY, topic_id bigint NOT NULL, act text NOT NULL, at timestamptz, wording_id bigint,
    source text NOT NULL, proof_sealed bytea NOT NULL, is_made_up boolean NOT NULL
)

-- name: index_staged
-- Followers ask for the identities of their leader's line.
CREATE INDEX ON import_identity (line)

-- name: analyze_staged
-- Temporary tables have no statistics until somebody asks for them.
ANALYZE import_person, import_identity, import_act

-- name: own_identities
-- The first line that names an identity owns it.
CREATE TEMPORARY TABLE import_owner ON COMMIT DROP AS
SELECT value_hash, min(line) AS line FROM import_identity GROUP BY value_hash

-- name: find_leaders
-- A row one of whose identities stands in an earlier line is about that line's person.
UPDATE import_person p SET leader = f.leader
FROM (
    SELECT i.line, min(o.line) AS leader
    FROM import_identity i JOIN import_owner o ON o.value_hash = i.value_hash
    WHERE o.line < i.line
    GROUP BY i.line
) f
WHERE f.line = p.line

-- name: refuse_repeated
-- Rows about an earlier line's person that bring no act of consent.
INSERT INTO import_refused (line, reason)
SELECT p.line, format('the same as line %%s', p.leader)
FROM import_person p
WHERE p.leader IS NOT NULL AND NOT EXISTS (SELECT 1 FROM import_act a WHERE a.line = p.line)

-- name: refuse_half_repeated
-- Rows that share an identity with an earlier line and name another one too: two people, or one with a slip.
INSERT INTO import_refused (line, reason)
SELECT p.line, format('line %%s has the same %%s and other identities', p.leader, shared.kinds)
FROM import_person p
CROSS JOIN LATERAL (
    SELECT string_agg(CASE i.kind WHEN 'bsuid' THEN 'user id' WHEN 'customer' THEN 'customer number'
            ELSE i.kind END, ' and ' ORDER BY i.kind DESC) AS kinds
    FROM import_identity i JOIN import_identity l ON l.value_hash = i.value_hash AND l.line = p.leader
    WHERE i.line = p.line
) shared
WHERE p.leader IS NOT NULL AND EXISTS (
    SELECT 1 FROM import_identity i
    WHERE i.line = p.line AND NOT EXISTS (
        SELECT 1 FROM import_identity l WHERE l.line = p.leader AND l.value_hash = i.value_hash))
ON CONFLICT (line) DO NOTHING

-- name: refuse_repeated_acts
-- Rows whose act stands in an earlier line about the same person.
INSERT INTO import_refused (line, reason)
SELECT line, format('the same as line %%s', first)
FROM (
    SELECT a.line, min(a.line) OVER (PARTITION BY coalesce(p.leader, p.line), a.topic_id, a.act, a.at) AS first
    FROM import_act a JOIN import_person p ON p.line = a.line
    WHERE NOT EXISTS (SELECT 1 FROM import_refused r WHERE r.line = a.line)
) acts
WHERE line > first
ON CONFLICT (line) DO NOTHING

-- name: drop_refused
-- Refused rows take no further part.
DELETE FROM import_person p USING import_refused r WHERE r.line = p.line

-- name: match_contacts
-- The contacts that a row's identities belong to already.
CREATE TEMPORARY TABLE import_match ON COMMIT DROP AS
SELECT p.line, min(k.contact_id) AS contact_id, count(DISTINCT k.contact_id) AS contacts,
    bool_or(c.erased_at IS NOT NULL) AS is_erased
FROM import_person p
JOIN import_identity i ON i.line = p.line
JOIN contacts_identity k ON k.workspace_id = %(workspace)s AND k.value_hash = i.value_hash
JOIN contacts_contact c ON c.id = k.contact_id
WHERE p.leader IS NULL
GROUP BY p.line

-- name: refuse_two_people
-- Rows whose identities belong to two contacts: which of them is meant is for a person to say.
INSERT INTO import_refused (line, reason)
SELECT line, 'its phone, user id, e-mail and customer number belong to different people here' FROM import_match
WHERE contacts > 1

-- name: refuse_erased
-- Rows about people who asked to be forgotten.
INSERT INTO import_refused (line, reason)
SELECT line, 'this person was erased at their wish' FROM import_match WHERE is_erased
ON CONFLICT (line) DO NOTHING

-- name: refuse_same_contact
-- Rows that name, by another identity, the person of an earlier line.
INSERT INTO import_refused (line, reason)
SELECT line, format('the same person as line %%s, known by another identity', first)
FROM (
    SELECT line, min(line) OVER (PARTITION BY contact_id) AS first FROM import_match WHERE contacts = 1
) matched
WHERE line > first
ON CONFLICT (line) DO NOTHING

-- name: refuse_followers
-- Further acts of a person whose first line is refused: nobody knows whose they are.
INSERT INTO import_refused (line, reason)
SELECT p.line, format('line %%s about the same person is refused', p.leader)
FROM import_person p
WHERE p.leader IS NOT NULL AND NOT EXISTS (SELECT 1 FROM import_person l WHERE l.line = p.leader)

-- name: know_contacts
-- Each first line gets the contact whom it names.
UPDATE import_person p SET contact_id = m.contact_id
FROM import_match m
WHERE m.line = p.line AND m.contacts = 1

-- name: number_new_contacts
-- Those whom nobody knows yet get the number of a contact to be.
UPDATE import_person
SET contact_id = nextval(pg_get_serial_sequence('contacts_contact', 'id')), is_new = true
WHERE leader IS NULL AND contact_id IS NULL

-- name: add_contacts
-- The new people with what the file says of them.
INSERT INTO contacts_contact (
    id, workspace_id, first_name, last_name, language, country, time_zone, fields, is_made_up, created_at)
SELECT contact_id, %(workspace)s, first_name, last_name, language, country, time_zone, fields, is_made_up, %(at)s
FROM import_person WHERE is_new
ORDER BY contact_id

-- name: update_contacts
-- Known people learn what the file says; empty cells change nothing.  Counts those whom a cell or identity changed.
WITH changed AS (
    UPDATE contacts_contact c
    SET first_name = n.first_name, last_name = n.last_name, language = n.language, country = n.country,
        time_zone = n.time_zone, fields = n.fields, is_made_up = n.is_made_up
    FROM (
        SELECT k.id, coalesce(nullif(p.first_name, ''), k.first_name) AS first_name,
            coalesce(nullif(p.last_name, ''), k.last_name) AS last_name,
            coalesce(nullif(p.language, ''), k.language) AS language,
            coalesce(nullif(p.country, ''), k.country) AS country,
            coalesce(nullif(p.time_zone, ''), k.time_zone) AS time_zone,
            k.fields || p.fields AS fields, k.is_made_up OR p.is_made_up AS is_made_up
        FROM import_person p JOIN contacts_contact k ON k.id = p.contact_id
        WHERE p.leader IS NULL AND NOT p.is_new
    ) n
    WHERE c.id = n.id AND (c.first_name, c.last_name, c.language, c.country, c.time_zone, c.fields, c.is_made_up)
        IS DISTINCT FROM (n.first_name, n.last_name, n.language, n.country, n.time_zone, n.fields, n.is_made_up)
    RETURNING c.id
), added AS (
    INSERT INTO contacts_identity (
        workspace_id, contact_id, kind, country, value_sealed, value_hash, suppression_hash, tail_hashes)
    SELECT %(workspace)s, p.contact_id, i.kind, i.country, i.value_sealed, i.value_hash, i.suppression_hash,
        i.tail_hashes
    FROM import_person p JOIN import_identity i ON i.line = p.line
    WHERE p.leader IS NULL AND NOT EXISTS (
        SELECT 1 FROM contacts_identity k WHERE k.workspace_id = %(workspace)s AND k.value_hash = i.value_hash)
    ORDER BY p.line
    ON CONFLICT (workspace_id, value_hash) DO NOTHING
    RETURNING contact_id
)
SELECT count(*) FROM (
    SELECT id FROM changed
    UNION
    SELECT a.contact_id FROM added a
    WHERE EXISTS (SELECT 1 FROM import_match m WHERE m.contact_id = a.contact_id)
) touched

-- name: count_elsewhere
-- Identities of the file that somebody else stored for another contact since we looked.
SELECT count(*)
FROM import_person p
JOIN import_identity i ON i.line = p.line
JOIN contacts_identity k ON k.workspace_id = %(workspace)s AND k.value_hash = i.value_hash
WHERE p.leader IS NULL AND k.contact_id <> p.contact_id

-- name: acts_page
-- Some acts in the file's order.  The last column is false for those that the ledger holds already, and for people who
-- went meanwhile; a withdrawal without a time says nothing new of somebody who may not be written to anyway.
SELECT a.line, p.contact_id, a.topic_id, a.act, a.at, a.wording_id, a.source, a.proof_sealed, a.is_made_up,
    c.id IS NOT NULL AND CASE WHEN a.at IS NULL THEN NOT EXISTS (
        SELECT 1 FROM consent_standing s
        WHERE s.contact_id = p.contact_id AND s.topic_id = a.topic_id AND NOT s.may_write)
    ELSE NOT EXISTS (
        SELECT 1 FROM consent_entry e
        WHERE e.contact_id = p.contact_id AND e.topic_id = a.topic_id AND e.at = a.at AND e.act = a.act)
    END AS is_new
FROM import_act a
JOIN import_person f ON f.line = a.line
JOIN import_person p ON p.line = coalesce(f.leader, f.line)
LEFT JOIN contacts_contact c ON c.id = p.contact_id AND c.erased_at IS NULL
WHERE a.line > %(after)s
ORDER BY a.line
LIMIT %(limit)s
