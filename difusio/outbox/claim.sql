-- name: open_batches
-- The batches of a number that have something to send now, the fastest lane first.
SELECT b.id, b.lane, b.topic_id, coalesce(t.kind, ''), b.template_id, b.message,
    b.template_id IS NOT NULL AND p.messaging_limit IS NOT NULL,
    b.created_at, w.quiet_from, w.quiet_until, w.time_zone, w.cap_messages, w.cap_days, t.promised_messages, t.promised_days
FROM outbox_batch b
JOIN accounts_workspace w ON w.id = b.workspace_id
JOIN numbers_number n ON n.id = b.number_id
JOIN numbers_portfolio p ON p.id = n.portfolio_id
LEFT JOIN consent_topic t ON t.id = b.topic_id
WHERE b.number_id = %(number)s AND b.is_open AND b.paused_at IS NULL AND b.cancelled_at IS NULL
    AND b.held_at IS NULL
    AND (b.expires_at IS NULL OR b.expires_at > %(at)s)
    AND EXISTS (
        SELECT 1 FROM outbox_delivery d WHERE d.batch_id = b.id AND d.state = 'queued' AND d.due_at <= %(at)s)
ORDER BY b.lane, b.id

-- name: lock_people
-- Before a claim that counts what people had: two numbers that claim for one person at once follow each other.  The count
-- is a statement of its own, because one sees only what was there when it began.  Who is locked is left for the next claim.
SELECT c.id FROM contacts_contact c
WHERE c.id IN (
    SELECT d.contact_id FROM outbox_delivery d
    WHERE d.batch_id = %(batch)s AND d.state = 'queued' AND d.due_at <= %(at)s {room}
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s)
FOR NO KEY UPDATE OF c SKIP LOCKED

-- name: claim
-- Claim deliveries of one batch whose people still agree, on locked rows, and skip those who do not any more.  A row
-- whose standing is being changed right now is left for the next claim; so claiming and leaving never wait in a ring.
-- Whoever is left alone now goes back into the queue for when they are not; who had enough is skipped.
WITH due AS (
    SELECT d.id, d.contact_id, d.reason AS was
    FROM outbox_delivery d
    WHERE d.batch_id = %(batch)s AND d.state = 'queued' AND d.due_at <= %(at)s {room}
        AND (%(people)s::bigint[] IS NULL OR d.contact_id = ANY(%(people)s::bigint[]))
        AND EXISTS (
            SELECT 1 FROM outbox_lease l WHERE l.number_id = %(number)s AND l.owner = %(owner)s
                AND l.epoch = %(epoch)s AND l.expires_at > clock_timestamp())
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
), standing AS (
    SELECT s.id, s.contact_id, s.entry_id, s.may_write, s.since, s.expires_at
    FROM consent_standing s
    WHERE s.topic_id = %(topic)s AND s.contact_id IN (SELECT contact_id FROM due)
    FOR SHARE OF s SKIP LOCKED
), judged AS (
    SELECT due.id, due.was, standing.entry_id, {refusal} AS refusal, {asleep_until} AS asleep_until,
        {too_many} AS too_many
    FROM due
    JOIN standing ON standing.contact_id = due.contact_id
    JOIN contacts_contact contact ON contact.id = due.contact_id
    {sleepers}
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT 1 FROM contacts_identity i
            JOIN consent_suppression s ON s.workspace_id = i.workspace_id AND s.hash = i.suppression_hash
            WHERE i.contact_id = due.contact_id AND s.kind = %(topic_kind)s) AS is_suppressed
    ) suppression
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {reached_at} > %(cap_since)s) AS of_all,
            count(*) FILTER (WHERE b.topic_id = %(topic)s AND {reached_at} > %(promised_since)s) AS of_topic
        FROM outbox_delivery earlier
        JOIN outbox_batch b ON b.id = earlier.batch_id
        JOIN consent_topic t ON t.id = b.topic_id AND t.kind = 'marketing'
        WHERE earlier.contact_id = due.contact_id AND earlier.id <> due.id AND {reached}
    ) had ON %(is_counting)s
), decided AS (
    SELECT j.id, j.was, j.entry_id, j.asleep_until,
        CASE WHEN j.refusal <> '' THEN 'skipped' WHEN j.asleep_until IS NOT NULL THEN 'queued'
            WHEN j.too_many IS NOT NULL THEN 'skipped' ELSE 'claimed' END AS state,
        CASE WHEN j.refusal <> '' THEN 'left' WHEN j.asleep_until IS NOT NULL THEN 'quiet_hours'
            ELSE coalesce(j.too_many, '') END AS reason
    FROM judged j
), moved AS (
    UPDATE outbox_delivery d
    SET state = j.state, reason = j.reason,
        due_at = CASE j.state WHEN 'queued' THEN j.asleep_until ELSE d.due_at END,
        allowed_by_id = CASE j.state WHEN 'claimed' THEN j.entry_id ELSE d.allowed_by_id END,
        epoch = %(epoch)s
    FROM decided j WHERE d.id = j.id AND d.state = 'queued'
    RETURNING d.id, d.contact_id, d.state, d.due_at, d.reason, j.was
)
SELECT m.id, m.state, m.was, m.reason, c.first_name, c.last_name, c.language, c.country, c.time_zone, c.fields,
    address.kind, address.value_sealed
FROM moved m
JOIN contacts_contact c ON c.id = m.contact_id
LEFT JOIN LATERAL (
    SELECT i.kind, i.value_sealed FROM contacts_identity i
    WHERE i.contact_id = c.id AND i.kind IN ('phone', 'bsuid') ORDER BY i.kind DESC, i.id DESC LIMIT 1
) address ON true
ORDER BY m.due_at, m.id

-- name: let_sleep
-- Send those of a batch who are left alone now to the end of their quiet hours, many at once: when a night falls on a
-- large campaign, the next claim must not look at each of them again.
WITH due AS (
    SELECT d.id, d.contact_id, d.reason AS was FROM outbox_delivery d
    WHERE d.batch_id = %(batch)s AND d.state = 'queued' AND d.due_at <= %(at)s
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
), asleep AS (
    SELECT due.id, due.was, {asleep_until} AS ends_at
    FROM due JOIN contacts_contact contact ON contact.id = due.contact_id
    {sleepers}
)
UPDATE outbox_delivery d SET reason = 'quiet_hours', due_at = a.ends_at
FROM asleep a WHERE d.id = a.id AND a.ends_at IS NOT NULL
RETURNING a.was

-- name: claim_reply
-- Claim replies and confirmations: what allows them is the person's open service window, nothing else.  The answer goes
-- where the person wrote from.
WITH due AS (
    SELECT d.id, d.window_closes_at > %(at)s AS is_open
    FROM outbox_delivery d
    WHERE d.batch_id = %(batch)s AND d.state = 'queued' AND d.due_at <= %(at)s
        AND EXISTS (
            SELECT 1 FROM outbox_lease l WHERE l.number_id = %(number)s AND l.owner = %(owner)s
                AND l.epoch = %(epoch)s AND l.expires_at > clock_timestamp())
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
), moved AS (
    UPDATE outbox_delivery d
    SET state = CASE WHEN due.is_open THEN 'claimed' ELSE 'skipped' END,
        reason = CASE WHEN due.is_open THEN '' ELSE 'window_closed' END,
        epoch = %(epoch)s
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.contact_id, d.state, d.reason, d.due_at, d.number_id
)
SELECT m.id, m.state, '' AS was, m.reason, c.first_name, c.last_name, c.language, c.country, c.time_zone, c.fields,
    address.kind, address.value_sealed
FROM moved m
JOIN contacts_contact c ON c.id = m.contact_id
LEFT JOIN outbox_servicewindow w ON w.contact_id = m.contact_id AND w.number_id = m.number_id
LEFT JOIN LATERAL (
    SELECT i.kind, i.value_sealed FROM contacts_identity i
    WHERE i.contact_id = c.id AND i.kind IN ('phone', 'bsuid')
    ORDER BY (i.id = w.identity_id) DESC NULLS LAST, i.kind DESC, i.id DESC LIMIT 1
) address ON true
ORDER BY m.due_at, m.id

-- name: unclaim
-- Give back what was claimed and not started: no intent exists, so nothing can have left.
UPDATE outbox_delivery SET state = 'queued'
WHERE id = ANY(%(deliveries)s) AND state = 'claimed' AND epoch = %(epoch)s

-- name: postpone
-- Give back what was claimed too soon after another message to the same person.
UPDATE outbox_delivery SET state = 'queued', due_at = %(until)s
WHERE id = ANY(%(deliveries)s) AND state = 'claimed' AND epoch = %(epoch)s

-- name: intend
-- The intent of each request that starts now, of one number or of many, durable before its first byte leaves.  A delivery
-- that is no longer ours, no longer claimed (its person left), of a paused batch or too late gets none, and must not be
-- posted.  What goes out while an earlier attempt is in doubt says so.
WITH intent AS (
    SELECT * FROM unnest(%(deliveries)s::bigint[], %(tokens)s::uuid[], %(contents)s::bytea[])
        AS i (delivery_id, token, content)
), ours AS MATERIALIZED (
    SELECT l.number_id, l.epoch FROM outbox_lease l
    JOIN unnest(%(numbers)s::bigint[], %(epochs)s::bigint[]) AS h (number_id, epoch)
        ON h.number_id = l.number_id AND h.epoch = l.epoch
    WHERE l.owner = %(owner)s AND l.expires_at > clock_timestamp() + make_interval(secs => %(deadline_s)s)
), held AS (
    SELECT d.id FROM outbox_delivery d JOIN intent i ON i.delivery_id = d.id
    JOIN ours ON ours.number_id = d.number_id
    JOIN outbox_batch b ON b.id = d.batch_id AND b.paused_at IS NULL AND b.cancelled_at IS NULL
        AND (b.expires_at IS NULL OR b.expires_at > %(at)s)
    -- As a CASE: found by their ids, not by an index in which every row that was ever claimed has left its entry.
    WHERE CASE d.state WHEN 'claimed' THEN d.epoch = ours.epoch ELSE false END
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
), moved AS (
    UPDATE outbox_delivery d SET state = 'sending', tries = d.tries + 1 FROM held
    WHERE d.id = held.id RETURNING d.id, d.number_id, d.epoch, d.tries
)
INSERT INTO outbox_attempt (
    delivery_id, number_id, token, epoch, intended_at, content_sealed, outcome, is_possible_duplicate)
SELECT i.delivery_id, moved.number_id, i.token, moved.epoch, %(at)s, i.content, '', moved.tries > 1 AND EXISTS (
    SELECT 1 FROM outbox_attempt t WHERE t.delivery_id = moved.id AND t.outcome IN ('', 'in_doubt'))
FROM intent i JOIN moved ON moved.id = i.delivery_id
RETURNING delivery_id

-- name: refuse_claimed
-- End claimed deliveries that cannot be filled or addressed; nothing was posted.
UPDATE outbox_delivery d SET state = 'skipped', reason = r.reason
FROM unnest(%(deliveries)s::bigint[], %(reasons)s::text[]) AS r (delivery_id, reason)
WHERE d.id = r.delivery_id AND d.state = 'claimed' AND d.epoch = %(epoch)s
RETURNING d.batch_id, d.reason

-- name: expire
-- End what was not sent by its time to live, batch by batch along an index.
WITH late AS (
    SELECT d.id, d.reason AS was FROM outbox_delivery d
    WHERE d.state = 'queued' AND d.batch_id = (
        SELECT b.id FROM outbox_batch b
        WHERE b.is_open AND b.expires_at <= %(at)s AND EXISTS (
            SELECT 1 FROM outbox_delivery x WHERE x.batch_id = b.id AND x.state = 'queued')
        ORDER BY b.id LIMIT 1)
    ORDER BY d.id LIMIT %(limit)s FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE outbox_delivery d SET state = 'expired', reason = '' FROM late WHERE d.id = late.id
RETURNING d.batch_id, late.was

-- name: lock_finished
-- Batches that seem to have nothing left to send.  A reply's batch is its own; those of the confirmations stay open for
-- whoever leaves next.  Whoever queues something in one anew locks it too, and is left alone.
SELECT b.id FROM outbox_batch b
WHERE b.is_open AND b.created_at < %(before)s AND (b.lane > 0 OR b.message ? 'text_sealed')
    AND NOT EXISTS (
    SELECT 1 FROM outbox_delivery d WHERE d.batch_id = b.id
        AND d.state IN ('queued', 'claimed', 'sending', 'in_doubt'))
ORDER BY b.id
FOR NO KEY UPDATE OF b SKIP LOCKED

-- name: close_finished
-- A batch with nothing left to send is closed, so that claiming need not look at it again.  A statement of its own: what
-- was queued before the lock was ours must be seen.
UPDATE outbox_batch b SET is_open = false
WHERE b.id = ANY(%(batches)s) AND NOT EXISTS (
    SELECT 1 FROM outbox_delivery d WHERE d.batch_id = b.id
        AND d.state IN ('queued', 'claimed', 'sending', 'in_doubt'))
