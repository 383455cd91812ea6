-- name: append_posts
-- Write a group of posts in one statement, and so with one sync of the disk.
INSERT INTO log_post (lane, received_at, sealed_body)
SELECT * FROM unnest(%(lanes)s::smallint[], %(received)s::timestamptz[], %(bodies)b::bytea[])

-- name: take_posts
-- The oldest unread posts of a lane that no other drain holds; held until the transaction ends.  Of large ones fewer: at
-- least one, and no more once the bytes are reached.
WITH held AS (
    SELECT id, octet_length(sealed_body) AS bytes
    FROM log_post
    WHERE lane = %(lane)s AND folded_at IS NULL AND quarantined_reason = ''
    ORDER BY id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), measured AS (
    SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM held
)
SELECT p.id, p.lane, p.received_at, p.sealed_body, p.tries
FROM measured m JOIN log_post p ON p.id = m.id
WHERE m.bytes_before < %(bytes)s
ORDER BY p.id

-- name: settle_posts
-- What was folded in is read.
UPDATE log_post SET folded_at = %(at)s WHERE id = ANY(%(ids)s::bigint[]) AND folded_at IS NULL

-- name: quarantine_post
-- A post that cannot be folded in waits for a person.
UPDATE log_post SET quarantined_reason = %(reason)s, named = %(named)s WHERE id = %(id)s AND folded_at IS NULL

-- name: note_failure
-- Count a failed try; the last one that is allowed sets the post aside.
UPDATE log_post
SET tries = tries + 1, named = %(named)s,
    quarantined_reason = CASE WHEN tries + 1 >= %(most)s THEN %(reason)s ELSE '' END
WHERE id = %(id)s AND folded_at IS NULL AND quarantined_reason = ''
RETURNING quarantined_reason <> ''

-- name: oldest_unread
-- When the oldest unread post of a lane came in, held by another drain or not.
SELECT received_at
FROM log_post
WHERE lane = %(lane)s AND folded_at IS NULL AND quarantined_reason = ''
ORDER BY id
LIMIT 1

-- name: forget_posts
-- Delete old posts that were folded in, some at a time, so that no transaction is long; what was set aside stays, even if
-- the rest of it was folded in, unless it was never ours to read.
DELETE FROM log_post
WHERE id IN (
    SELECT id FROM log_post
    WHERE received_at < %(before)s AND folded_at IS NOT NULL AND quarantined_reason IN ('', %(foreign)s)
    ORDER BY id LIMIT %(limit)s)

-- name: quarantine
-- What waits for a person, newest first: of the numbers and accounts named, or everybody's.
SELECT id, lane, received_at, quarantined_reason, octet_length(sealed_body), folded_at IS NOT NULL
FROM log_post
WHERE quarantined_reason <> '' AND (%(before)s::bigint IS NULL OR id < %(before)s)
    AND (%(everybody)s OR (named <> '{}' AND named <@ %(ids)s::text[]))
ORDER BY id DESC
LIMIT %(limit)s

-- name: quarantined_body
-- The raw bytes of one of them.
SELECT sealed_body FROM log_post
WHERE id = %(id)s AND quarantined_reason <> '' AND (%(everybody)s OR (named <> '{}' AND named <@ %(ids)s::text[]))

-- name: take_again
-- Unread once more: what can be read by now is folded in, what was folded in already changes nothing.
UPDATE log_post SET quarantined_reason = '', folded_at = NULL, tries = 0
WHERE quarantined_reason <> '' AND (%(posts)s::bigint[] IS NULL OR id = ANY(%(posts)s))
    AND (%(everybody)s OR (named <> '{}' AND named <@ %(ids)s::text[]))

-- name: kept_posts
-- Everything that is kept, oldest first, a page at a time.
SELECT id, lane, received_at, sealed_body FROM log_post WHERE id > %(after)s ORDER BY id LIMIT %(limit)s

-- name: unread_again
-- What was folded in is unread once more, for a store whose rows are older than its log.
UPDATE log_post SET folded_at = NULL, tries = 0 WHERE folded_at IS NOT NULL AND quarantined_reason = ''

-- name: keep_post
-- Keep a post of another log in the table, once even if it comes again; give its place.
WITH known AS (
    SELECT id FROM log_post WHERE quarantined_reason <> '' AND sealed_body = %(body)s LIMIT 1
), kept AS (
    INSERT INTO log_post (lane, received_at, sealed_body)
    SELECT %(lane)s, %(received_at)s, %(body)s WHERE NOT EXISTS (SELECT FROM known)
    RETURNING id
)
SELECT id FROM known UNION ALL SELECT id FROM kept
