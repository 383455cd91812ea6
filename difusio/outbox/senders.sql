-- name: seen
-- Say that this process is there, and count those that are; who vanished long ago is forgotten.
WITH gone AS (
    DELETE FROM outbox_sender WHERE seen_at < clock_timestamp() - make_interval(secs => 10 * %(ttl_s)s)
), me AS (
    INSERT INTO outbox_sender (owner, seen_at) VALUES (%(owner)s, clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at
)
SELECT 1 + count(*) FROM outbox_sender
WHERE owner <> %(owner)s AND seen_at > clock_timestamp() - make_interval(secs => %(ttl_s)s)

-- name: gone
-- This process takes its leave: its share falls to the others at once.
DELETE FROM outbox_sender WHERE owner = %(owner)s
