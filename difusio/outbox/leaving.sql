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
-- The delivery that each inbound message answers: the quoted one, else the last accepted within the past week.
SELECT asked.contact_id, d.id, d.batch_id, d.replied_at IS NOT NULL, d.left_at IS NOT NULL
FROM unnest(
    %(contacts)s::bigint[], %(numbers)s::bigint[], %(quoted)s::bytea[], %(since)s::timestamptz[]
) AS asked (contact_id, number_id, quoted, since)
CROSS JOIN LATERAL (
    SELECT of_one.id
    FROM outbox_delivery of_one
    LEFT JOIN outbox_attempt t ON t.delivery_id = of_one.id AND t.wamid_hash = asked.quoted
    WHERE of_one.contact_id = asked.contact_id AND of_one.number_id = asked.number_id AND of_one.confirms_id IS NULL
        AND (t.id IS NOT NULL OR of_one.accepted_at > asked.since)
    ORDER BY (t.id IS NOT NULL) DESC, of_one.accepted_at DESC NULLS LAST, of_one.id DESC
    LIMIT 1
) answered
JOIN outbox_delivery d ON d.id = answered.id
ORDER BY d.id
FOR NO KEY UPDATE OF d

-- name: mark_answered
-- Keep when deliveries were first answered, and when their people left because of them.
UPDATE outbox_delivery d
SET replied_at = coalesce(d.replied_at, given.replied_at), left_at = coalesce(d.left_at, given.left_at)
FROM unnest(%(deliveries)s::bigint[], %(replied)s::timestamptz[], %(left)s::timestamptz[])
    AS given (id, replied_at, left_at)
WHERE d.id = given.id

-- name: open_windows
-- People wrote: for 24 hours the business may answer freely.
INSERT INTO outbox_servicewindow (workspace_id, contact_id, number_id, closes_at, identity_id)
SELECT wrote.workspace_id, wrote.contact_id, wrote.number_id, wrote.closes_at, i.id
FROM unnest(
    %(workspaces)s::bigint[], %(contacts)s::bigint[], %(numbers)s::bigint[], %(closes)s::timestamptz[],
    %(written_from)s::bytea[]
) AS wrote (workspace_id, contact_id, number_id, closes_at, written_from)
LEFT JOIN contacts_identity i
    ON i.workspace_id = wrote.workspace_id AND i.value_hash = wrote.written_from AND i.contact_id = wrote.contact_id
ORDER BY wrote.contact_id, wrote.number_id
ON CONFLICT (contact_id, number_id) DO UPDATE
SET closes_at = greatest(outbox_servicewindow.closes_at, excluded.closes_at),
    identity_id = coalesce(excluded.identity_id, outbox_servicewindow.identity_id)
RETURNING contact_id, closes_at
