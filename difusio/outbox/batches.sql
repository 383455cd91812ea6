-- name: pause
-- No intent is made for a paused batch.
UPDATE outbox_batch SET paused_at = %(at)s, pause_reason = %(reason)s
WHERE id = ANY(%(batches)s) AND paused_at IS NULL AND is_open

-- name: pause_anew
-- A weightier reason than the one before.
UPDATE outbox_batch SET paused_at = coalesce(paused_at, %(at)s), pause_reason = %(reason)s
WHERE id = ANY(%(batches)s) AND is_open

-- name: resume
-- The rest may go out.
UPDATE outbox_batch SET paused_at = NULL, pause_reason = ''
WHERE id = ANY(%(batches)s) AND paused_at IS NOT NULL

-- name: let_go
-- What was held back until another batch's outcome was known may go out.
UPDATE outbox_batch SET held_at = NULL WHERE id = ANY(%(batches)s) AND held_at IS NOT NULL

-- name: cancel_batches
-- No claim looks at a cancelled batch.
UPDATE outbox_batch SET cancelled_at = %(at)s WHERE id = ANY(%(batches)s) AND cancelled_at IS NULL

-- name: cancel_deliveries
-- What has not started will not; what is in the air is recorded as it falls.
WITH waiting AS (
    SELECT id, batch_id, state, reason FROM outbox_delivery
    WHERE batch_id = ANY(%(batches)s) AND state IN ('queued', 'claimed')
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE outbox_delivery d SET state = 'cancelled', reason = '' FROM waiting w WHERE d.id = w.id
RETURNING d.batch_id, w.state, w.reason

-- name: cancelled_and_waiting
-- Cancelled batches in which something waits: it was in the air when they were cancelled, and came back.
SELECT b.id FROM outbox_batch b
WHERE b.is_open AND b.cancelled_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM outbox_delivery d WHERE d.batch_id = b.id AND d.state = 'queued')

-- name: cancel_waiting
-- What waits in a workspace outside the given batches will not be sent.
WITH waiting AS (
    SELECT d.id, d.batch_id, d.state FROM outbox_delivery d JOIN outbox_batch b ON b.id = d.batch_id
    WHERE b.workspace_id = %(workspace)s AND b.is_open AND b.id <> ALL(%(except_for)s::bigint[])
        AND d.state IN ('queued', 'claimed')
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE outbox_delivery d SET state = 'cancelled' FROM waiting w WHERE d.id = w.id
RETURNING d.batch_id, w.state

-- name: wakes_at
-- When the last of those who wait for a later moment is due.
SELECT max(last.due_at) FROM unnest(%(batches)s::bigint[]) AS batch (id)
CROSS JOIN LATERAL (
    SELECT d.due_at FROM outbox_delivery d WHERE d.batch_id = batch.id AND d.state = 'queued'
    ORDER BY d.due_at DESC, d.id DESC LIMIT 1
) last

-- name: has_unfinished
-- Whether a batch has a delivery whose outcome is still open.
SELECT EXISTS (
    SELECT 1 FROM outbox_delivery
    WHERE batch_id = ANY(%(batches)s) AND state IN ('queued', 'claimed', 'sending', 'in_doubt'))
