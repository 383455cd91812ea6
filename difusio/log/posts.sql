-- name: append_posts
-- Write a group of posts in one statement, and so with one sync of the disk.
INSERT INTO log_post (lane, received_at, sealed_body)
SELECT * FROM unnest(%(lanes)s::smallint[], %(received)s::timestamptz[], %(bodies)b::bytea[])

-- name: take_posts
-- The oldest unread posts of a lane that no other drain holds; held until the transaction ends.
SELECT id, lane, received_at, sealed_body, tries
FROM log_post
WHERE lane = %(lane)s AND folded_at IS NULL AND quarantined_reason = ''
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED

-- name: settle_posts
-- What was folded in is read.
UPDATE log_post SET folded_at = %(at)s WHERE id = ANY(%(ids)s) AND folded_at IS NULL

-- name: quarantine_post
-- A post that cannot be folded in waits for a person.
UPDATE log_post SET quarantined_reason = %(reason)s WHERE id = %(id)s AND folded_at IS NULL

-- name: note_failure
-- Count a failed try; the last one that is allowed sets the post aside.
UPDATE log_post
SET tries = tries + 1, quarantined_reason = CASE WHEN tries + 1 >= %(most)s THEN %(reason)s ELSE '' END
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
-- the rest of it was folded in.
DELETE FROM log_post
WHERE id IN (
    SELECT id FROM log_post WHERE folded_at < %(before)s AND quarantined_reason = ''
    ORDER BY folded_at, id LIMIT %(limit)s)

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
