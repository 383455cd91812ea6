-- name: skip_left
-- What waits for a person who left will not be sent; in the transaction of the leaving.
WITH waiting AS (
    SELECT d.id, d.batch_id, d.state, d.reason FROM outbox_delivery d JOIN outbox_batch b ON b.id = d.batch_id
    WHERE d.contact_id = %(contact)s AND d.state IN ('queued', 'claimed') AND b.topic_id = ANY(%(topics)s)
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
)
UPDATE outbox_delivery d SET state = 'skipped', reason = 'left' FROM waiting w WHERE d.id = w.id
RETURNING d.batch_id, w.state, w.reason

-- name: skip_withdrawn
-- The same for many people at once: whatever waits about a topic that they no longer agree to.
WITH waiting AS (
    SELECT d.id, d.batch_id, d.state, d.reason
    FROM outbox_delivery d
    JOIN outbox_batch b ON b.id = d.batch_id
    JOIN consent_standing s ON s.contact_id = d.contact_id AND s.topic_id = b.topic_id AND NOT s.may_write
    WHERE d.contact_id = ANY(%(contacts)s) AND d.state IN ('queued', 'claimed')
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
)
UPDATE outbox_delivery d SET state = 'skipped', reason = 'left' FROM waiting w WHERE d.id = w.id
RETURNING d.batch_id, w.state, w.reason

-- name: answered
-- The delivery that an inbound message answers: the quoted one, else the last accepted within the past week.
SELECT d.id, d.batch_id, d.replied_at IS NOT NULL, d.left_at IS NOT NULL
FROM outbox_delivery d
LEFT JOIN outbox_attempt t ON t.delivery_id = d.id AND t.wamid_hash = %(quoted)s
WHERE d.contact_id = %(contact)s AND d.number_id = %(number)s AND d.confirms_id IS NULL
    AND (t.id IS NOT NULL OR d.accepted_at > %(since)s)
ORDER BY (t.id IS NOT NULL) DESC, d.accepted_at DESC NULLS LAST, d.id DESC
LIMIT 1
FOR NO KEY UPDATE OF d

-- name: mark_answered
-- Keep when a delivery was first answered, and when its person left because of it.
UPDATE outbox_delivery
SET replied_at = coalesce(replied_at, %(replied_at)s), left_at = coalesce(left_at, %(left_at)s)
WHERE id = %(delivery)s

-- name: open_window
-- The person wrote: for 24 hours the business may answer freely.
INSERT INTO outbox_servicewindow (workspace_id, contact_id, number_id, closes_at, identity_id)
VALUES (%(workspace)s, %(contact)s, %(number)s, %(closes_at)s, (
    SELECT i.id FROM contacts_identity i
    WHERE i.workspace_id = %(workspace)s AND i.contact_id = %(contact)s AND i.value_hash = %(written_from)s))
ON CONFLICT (contact_id, number_id) DO UPDATE
SET closes_at = greatest(outbox_servicewindow.closes_at, excluded.closes_at),
    identity_id = coalesce(excluded.identity_id, outbox_servicewindow.identity_id)
RETURNING closes_at
