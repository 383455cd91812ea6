-- name: send_again
-- Queue parked deliveries once more, as far as they are still of use; their batch is opened again.
WITH parked AS (
    SELECT d.id, d.batch_id FROM outbox_delivery d JOIN outbox_batch b ON b.id = d.batch_id
    WHERE d.workspace_id = %(workspace)s AND d.state = 'parked' AND d.reason = ''
        AND (%(deliveries)s::bigint[] IS NULL OR d.id = ANY(%(deliveries)s::bigint[]))
        AND (%(batches)s::bigint[] IS NULL OR d.batch_id = ANY(%(batches)s::bigint[]))
        AND b.cancelled_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > %(at)s)
    ORDER BY d.id FOR NO KEY UPDATE OF d
), opened AS (
    -- Also those that are open: whoever is about to close one must see what comes (close_finished).
    UPDATE outbox_batch SET is_open = true WHERE id IN (SELECT batch_id FROM parked)
)
UPDATE outbox_delivery d SET state = 'queued', due_at = %(at)s, doubt_since = NULL FROM parked p WHERE d.id = p.id
RETURNING d.id, d.batch_id

-- name: leave_it
-- Note that somebody has looked at parked deliveries and lets them be.
WITH parked AS (
    SELECT d.id FROM outbox_delivery d
    WHERE d.workspace_id = %(workspace)s AND d.state = 'parked' AND d.reason = ''
        AND (%(deliveries)s::bigint[] IS NULL OR d.id = ANY(%(deliveries)s::bigint[]))
        AND (%(batches)s::bigint[] IS NULL OR d.batch_id = ANY(%(batches)s::bigint[]))
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE outbox_delivery d SET reason = 'settled' FROM parked p WHERE d.id = p.id
RETURNING d.id, d.batch_id
