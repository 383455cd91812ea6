-- name: one_import_at_a_time
-- Imports of a workspace wait for each other: two files may name the same new person.
SELECT pg_advisory_xact_lock(hashtextextended('imports_import', %(workspace)s))

-- name: tidy_up
-- Two imports within one transaction (a test, a caller's own) must not meet each other's rows.
DROP TABLE IF EXISTS pg_temp.import_refused, pg_temp.import_line, pg_temp.import_customer, pg_temp.import_known,
    pg_temp.import_person, pg_temp.import_identity, pg_temp.import_act, pg_temp.import_owner, pg_temp.import_match

-- name: stage_refused
-- Which rows are refused, and why; their cells stay in the file.
CREATE TEMPORARY TABLE import_refused (line bigint PRIMARY KEY, reason text NOT NULL) ON COMMIT DROP

-- name: count_refused
-- How many rows are refused.
SELECT count(*) FROM import_refused

-- name: refused_page
-- Some refused rows in the file's order.
SELECT line, reason FROM import_refused WHERE line > %(after)s ORDER BY line LIMIT %(limit)s

-- name: reasons
-- The commonest reasons of a refusal, whatever line they point at.
SELECT regexp_replace(reason, 'line \d+', 'line …', 'g') AS why, count(*) FROM import_refused
GROUP BY why
ORDER BY count(*) DESC, why
LIMIT 20

-- name: analyze
-- After a bulk load the planner must know of it.
ANALYZE contacts_contact, contacts_identity, contacts_event, consent_entry, consent_standing
