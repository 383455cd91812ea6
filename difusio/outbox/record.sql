-- name: record
-- Write back what Meta answered.  An echo that came first has moved the delivery already: it only climbs.  A definite
-- answer that comes late, when the delivery is already in doubt, ends the doubt.
WITH answer AS (
    SELECT * FROM unnest(
        %(tokens)s::uuid[], %(outcomes)s::text[], %(statuses)s::smallint[], %(codes)s::integer[],
        %(wamids_sealed)s::bytea[], %(wamid_hashes)s::bytea[], %(retries)s::timestamptz[])
    AS a (token, outcome, http_status, code, wamid_sealed, wamid_hash, retry_at)
), found AS (
    -- In the order of their keys, as the drains take them: both write to the same attempts, and would wait in a ring.
    SELECT t.id, a.* FROM answer a JOIN outbox_attempt t ON t.token = a.token
    ORDER BY t.id
    FOR NO KEY UPDATE OF t
), attempt AS (
    UPDATE outbox_attempt t
    SET outcome = a.outcome, http_status = a.http_status, code = a.code, answered_at = %(at)s,
        wamid_sealed = coalesce(a.wamid_sealed, t.wamid_sealed), wamid_hash = coalesce(a.wamid_hash, t.wamid_hash)
    FROM found a WHERE t.id = a.id
    RETURNING t.delivery_id, t.epoch, a.outcome, a.code, a.retry_at
), before AS (
    SELECT d.id, d.batch_id, d.state, coalesce(nullif(d.reason, ''), d.code::text, '') AS detail, attempt.outcome,
        attempt.code, attempt.retry_at
    FROM outbox_delivery d JOIN attempt ON attempt.delivery_id = d.id
    -- A stale owner's word changes nothing, unless it is the proof that Meta took the message, or ends the doubt that its
    -- own attempt left behind.  As a CASE, because no index serves it: those by state hold every row that passed through.
    WHERE CASE d.state
        WHEN 'sending' THEN d.epoch = attempt.epoch OR attempt.outcome = 'accepted'
        WHEN 'in_doubt' THEN d.epoch = attempt.epoch AND attempt.outcome <> 'in_doubt' OR attempt.outcome = 'accepted'
        WHEN 'parked' THEN attempt.outcome = 'accepted'
        ELSE false END
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
), moved AS (
UPDATE outbox_delivery d
SET state = CASE b.outcome
        WHEN 'accepted' THEN 'accepted' WHEN 'in_doubt' THEN 'in_doubt'
        WHEN 'retry' THEN 'queued' WHEN 'stop_number' THEN 'queued' WHEN 'stop_template' THEN 'queued' ELSE 'refused' END,
    accepted_at = CASE b.outcome WHEN 'accepted' THEN %(at)s ELSE d.accepted_at END,
    doubt_since = CASE b.outcome WHEN 'in_doubt' THEN %(at)s END,
    code = CASE WHEN b.outcome IN ('accepted', 'in_doubt', 'retry', 'stop_number', 'stop_template')
        THEN NULL ELSE b.code END,
    due_at = coalesce(b.retry_at, d.due_at),
    reason = ''
FROM before b WHERE d.id = b.id
RETURNING d.batch_id, b.state AS was, b.detail AS was_detail, d.state, coalesce(d.code::text, '') AS detail
)
SELECT batch_id, was, was_detail, state, detail, count(*)
FROM moved GROUP BY batch_id, was, was_detail, state, detail

-- name: withdrawing
-- Whose answers say that they stopped marketing at Meta.
SELECT DISTINCT d.workspace_id, d.contact_id
FROM outbox_attempt t JOIN outbox_delivery d ON d.id = t.delivery_id
WHERE t.token = ANY(%(tokens)s::uuid[])
ORDER BY d.contact_id

-- name: stop_number
-- Nothing more leaves from this number until a person says so; said once, and not again for what they have dealt with.
UPDATE numbers_number SET stopped_for = %(reason)s, stopped_at = %(at)s
WHERE id = %(number)s AND stopped_for = '' AND NOT coalesce(%(told_at)s <= went_on_at, false)

-- name: stop_template
-- Pause every open batch of the same template.
UPDATE outbox_batch b SET paused_at = %(at)s, pause_reason = %(reason)s
WHERE b.is_open AND b.paused_at IS NULL AND b.template_id = (
    SELECT x.template_id FROM outbox_batch x JOIN outbox_delivery d ON d.batch_id = x.id WHERE d.id = %(delivery)s)

-- name: park
-- Give up waiting for the echo of in-doubt deliveries.  The clock only counts while echoes arrive: of the requests of the
-- same number made within a minute of ours, most of the last ones that Meta took must have been echoed at least as long
-- ago as we are willing to wait.  The last ones, because webhooks that went away took theirs with them first.  A service
-- alert that is still of use goes out once more: rather twice than not at all.
WITH attempt AS (
    SELECT d.id, d.batch_id, (
        SELECT t.intended_at FROM outbox_attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
    ) AS intended_at,
        t.kind = 'service' AND b.cancelled_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > %(at)s)
        AND NOT EXISTS (
            SELECT 1 FROM outbox_attempt a WHERE a.delivery_id = d.id AND a.is_possible_duplicate) AS goes_again
    FROM outbox_delivery d
    JOIN outbox_batch b ON b.id = d.batch_id
    LEFT JOIN consent_topic t ON t.id = b.topic_id
    WHERE d.number_id = %(number)s AND d.state = 'in_doubt' AND d.doubt_since <= %(long_ago)s
    ORDER BY d.id LIMIT 500
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE outbox_delivery d
SET state = CASE WHEN a.goes_again THEN 'queued' ELSE 'parked' END,
    doubt_since = CASE WHEN a.goes_again THEN NULL ELSE d.doubt_since END,
    due_at = CASE WHEN a.goes_again THEN %(at)s ELSE d.due_at END
FROM attempt a
WHERE d.id = a.id AND (
    SELECT count(*) FILTER (WHERE last.echoed_at <= %(long_ago)s) > count(*) / 2.0 FROM (
        SELECT n.echoed_at FROM outbox_attempt n
        WHERE n.number_id = %(number)s AND (n.outcome = 'accepted' OR n.echoed_at IS NOT NULL)
            AND n.intended_at BETWEEN a.intended_at - interval '60 s' AND a.intended_at + interval '60 s'
        ORDER BY n.intended_at DESC LIMIT 20) last)
RETURNING d.batch_id, d.state

-- name: try_again
-- Whom Meta let have no more marketing a day ago gets one new attempt, if the campaign is still of use; the second
-- refusal is final.  Until then the first may still turn out delivered, which ends it.
WITH had_enough AS (
    SELECT d.id, d.batch_id, d.state, last.id AS attempt_id,
        CASE WHEN d.sent_at IS NOT NULL THEN 2 WHEN d.accepted_at IS NOT NULL THEN 1 ELSE 0 END AS rung
    FROM outbox_batch b
    JOIN accounts_workspace w ON w.id = b.workspace_id AND w.tries_again
    CROSS JOIN unnest(ARRAY['failed', 'refused']) AS ended (state)
    JOIN outbox_delivery d ON d.batch_id = b.id AND d.state = ended.state AND d.reason = '' AND d.code = %(code)s
    CROSS JOIN LATERAL (
        SELECT t.id, t.answered_at FROM outbox_attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
    ) last
    WHERE b.expires_at > %(at)s AND b.cancelled_at IS NULL AND b.paused_at IS NULL
        AND greatest(d.failed_at, d.accepted_at, last.answered_at) <= %(a_day_ago)s
        AND NOT EXISTS (
            SELECT 1 FROM outbox_attempt t
            WHERE t.delivery_id = d.id AND t.id < last.id AND t.outcome = 'wait_a_day')
    ORDER BY d.id LIMIT 1000
    FOR NO KEY UPDATE OF d SKIP LOCKED
), marked AS (
    UPDATE outbox_attempt t SET outcome = 'wait_a_day' FROM had_enough h WHERE t.id = h.attempt_id
), opened AS (
    -- Also those that are open: whoever is about to close one must see what comes (close_finished).
    UPDATE outbox_batch SET is_open = true WHERE id IN (SELECT batch_id FROM had_enough)
)
UPDATE outbox_delivery d
SET state = 'queued', code = NULL, due_at = %(at)s, accepted_at = NULL, sent_at = NULL, failed_at = NULL
FROM had_enough h WHERE d.id = h.id
RETURNING d.batch_id, h.state, h.rung
