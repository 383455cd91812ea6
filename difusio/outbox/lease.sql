-- name: acquire
-- Take a number that nobody has, or whose owner's lease ended so long ago that its last request is over too.
INSERT INTO outbox_lease (number_id, owner, epoch, expires_at)
VALUES (%(number)s, %(owner)s, 1, clock_timestamp() + make_interval(secs => %(ttl_s)s))
ON CONFLICT (number_id) DO UPDATE
SET owner = excluded.owner, epoch = outbox_lease.epoch + 1, expires_at = excluded.expires_at,
    held_back_for = '', held_back_since = NULL
WHERE outbox_lease.expires_at + make_interval(secs => %(longest_request_s)s) < clock_timestamp()
RETURNING epoch

-- name: renew
-- Keep a number that is still ours; no row: it is not.
UPDATE outbox_lease SET expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE number_id = %(number)s AND owner = %(owner)s AND epoch = %(epoch)s AND expires_at > clock_timestamp()
RETURNING epoch

-- name: release
-- Give a number back when nothing of ours is in the air: the next owner waits no longer than Meta remembers what we sent.
UPDATE outbox_lease
SET expires_at = clock_timestamp() + make_interval(secs => %(last_second_s)s - %(longest_request_s)s)
WHERE number_id = %(number)s AND owner = %(owner)s AND epoch = %(epoch)s

-- name: hold_back
-- Say why the owner lets nothing leave for now, or that it does again; only the owner says so.
UPDATE outbox_lease
SET held_back_for = %(why)s, held_back_since = CASE %(why)s WHEN '' THEN NULL ELSE clock_timestamp() END
WHERE number_id = %(number)s AND owner = %(owner)s AND epoch = %(epoch)s AND held_back_for <> %(why)s

-- name: inherit
-- What an earlier epoch left behind: claimed rows hold no intent and go back; intents may have been sent, so they wait.
WITH left_behind AS (
    SELECT id, batch_id, state FROM outbox_delivery
    WHERE number_id = %(number)s AND state IN ('claimed', 'sending') AND epoch < %(epoch)s
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE outbox_delivery d
SET state = CASE l.state WHEN 'claimed' THEN 'queued' ELSE 'in_doubt' END,
    doubt_since = CASE l.state WHEN 'sending' THEN clock_timestamp() END
FROM left_behind l WHERE d.id = l.id
RETURNING d.batch_id, l.state, d.state
