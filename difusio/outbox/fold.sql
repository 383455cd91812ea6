-- name: resolve
-- The attempts that statuses speak of, by our token; and whether an echo and its message id are there already.
SELECT k.place, t.id, t.delivery_id, t.echoed_at IS NOT NULL AND t.wamid_hash IS NOT NULL, t.outcome = 'wait_a_day'
FROM unnest(%(places)s::integer[], %(tokens)s::uuid[]) AS k (place, token)
JOIN outbox_attempt t ON t.token = k.token

-- name: resolve_by_wamid
-- The same by Meta's message id, where a status has no token of ours.
SELECT k.place, t.id, t.delivery_id, t.echoed_at IS NOT NULL, t.outcome = 'wait_a_day'
FROM unnest(%(places)s::integer[], %(hashes)s::bytea[]) AS k (place, wamid_hash)
JOIN outbox_attempt t ON t.wamid_hash = k.wamid_hash

-- name: echo
-- A status is the proof that Meta took a request; it also brings the message id when the answer was lost.
UPDATE outbox_attempt t
SET echoed_at = coalesce(t.echoed_at, %(at)s), wamid_hash = coalesce(t.wamid_hash, e.wamid_hash),
    wamid_sealed = coalesce(t.wamid_sealed, e.wamid_sealed),
    outcome = CASE WHEN t.outcome IN ('', 'in_doubt') THEN 'accepted' ELSE t.outcome END
FROM (
    SELECT a.id, a.wamid_hash, a.wamid_sealed FROM outbox_attempt x
    JOIN unnest(%(attempts)s::bigint[], %(hashes)s::bytea[], %(sealed)s::bytea[]) AS a (id, wamid_hash, wamid_sealed)
        ON a.id = x.id
    WHERE x.echoed_at IS NULL OR x.wamid_hash IS NULL
    ORDER BY x.id FOR NO KEY UPDATE OF x
) e WHERE t.id = e.id

-- name: fold
-- Let deliveries climb: of each moment the earliest is kept, a state only rises, delivered wins over failed.
WITH heard AS (
    SELECT * FROM unnest(
        %(deliveries)s::bigint[], %(sent)s::timestamptz[], %(delivered)s::timestamptz[], %(read)s::timestamptz[],
        %(failed)s::timestamptz[], %(codes)s::integer[])
    AS h (delivery_id, sent_at, delivered_at, read_at, failed_at, code)
), before AS (
    SELECT d.id, d.state, coalesce(nullif(d.reason, ''), d.code::text, '') AS detail,
        CASE WHEN d.read_at IS NOT NULL THEN 4 WHEN d.delivered_at IS NOT NULL THEN 3 WHEN d.sent_at IS NOT NULL THEN 2
            WHEN d.accepted_at IS NOT NULL THEN 1 ELSE 0 END AS rung,
        d.failed_at AS was_failed_at, d.code AS was_code,
        d.failed_at IS NOT NULL AND coalesce(d.read_at, d.delivered_at) IS NOT NULL AS was_conflicting,
        h.sent_at, h.delivered_at, h.read_at, h.failed_at, h.code AS failure
    FROM outbox_delivery d JOIN heard h ON h.delivery_id = d.id
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
), after AS (
    SELECT b.*, greatest(b.rung, CASE WHEN b.read_at IS NOT NULL THEN 4 WHEN b.delivered_at IS NOT NULL THEN 3
            WHEN b.sent_at IS NOT NULL THEN 2 ELSE 1 END) AS now_rung,
        -- The earlier failure tells why; of two at one moment the lower code, and any rather than none.
        b.failed_at IS NOT NULL AND (b.was_failed_at IS NULL OR (b.failed_at, coalesce(b.failure, 2147483647))
            < (b.was_failed_at, coalesce(b.was_code, 2147483647))) AS fails_first
    FROM before b
)
UPDATE outbox_delivery d
SET accepted_at = coalesce(d.accepted_at, %(at)s),
    sent_at = least(d.sent_at, a.sent_at),
    delivered_at = least(d.delivered_at, a.delivered_at),
    read_at = least(d.read_at, a.read_at),
    failed_at = least(d.failed_at, a.failed_at),
    code = CASE WHEN a.now_rung >= 3 THEN NULL
        WHEN d.state = 'failed' AND NOT a.fails_first THEN d.code
        ELSE a.failure END,
    reason = '',
    doubt_since = NULL,
    state = CASE a.now_rung WHEN 4 THEN 'read' WHEN 3 THEN 'delivered' ELSE
        CASE WHEN d.failed_at IS NOT NULL OR a.failed_at IS NOT NULL THEN 'failed'
            WHEN a.now_rung = 2 THEN 'sent' ELSE 'accepted' END END
FROM after a
WHERE d.id = a.id AND (
    a.now_rung > a.rung
    OR a.sent_at < coalesce(d.sent_at, 'infinity') OR a.delivered_at < coalesce(d.delivered_at, 'infinity')
    OR a.read_at < coalesce(d.read_at, 'infinity') OR a.failed_at < coalesce(d.failed_at, 'infinity')
    OR (d.state = 'failed' AND a.fails_first))
RETURNING d.id, d.batch_id, a.state, a.detail, a.rung, d.state, coalesce(d.code::text, ''), a.now_rung, d.contact_id,
    d.failed_at IS NOT NULL AND a.now_rung >= 3 AND NOT a.was_conflicting, d.number_id, d.workspace_id, d.failed_at

-- name: keep_orphans
-- A status for a message that we do not know yet waits for it, seven days.
INSERT INTO outbox_orphan (number_id, event_key, wamid_hash, token, status, code, at, received_at)
SELECT n.id, o.event_key, o.wamid_hash, o.token, o.status, o.code, o.at, %(at)s
FROM unnest(%(phone_number_ids)s::text[], %(keys)s::bytea[], %(hashes)s::bytea[], %(tokens)s::uuid[],
    %(statuses)s::text[], %(codes)s::integer[], %(ats)s::timestamptz[])
    AS o (phone_number_id, event_key, wamid_hash, token, status, code, at)
JOIN numbers_number n ON n.phone_number_id = o.phone_number_id
ON CONFLICT (event_key) DO NOTHING

-- name: claim_orphans
-- Orphans whose message we know by now; they are folded and forgotten.  The new ones are looked at each time, the others in
-- turn: what somebody else sends from the same number makes thousands a day that nobody will ever claim.
DELETE FROM outbox_orphan o USING outbox_attempt t
WHERE (o.received_at > %(lately)s OR o.id %% %(turns)s = %(turn)s)
    AND t.wamid_hash IS NOT NULL AND t.wamid_hash = o.wamid_hash
RETURNING t.id, t.delivery_id, o.status, o.code, o.at, t.outcome = 'wait_a_day'

-- name: forget_orphans
-- After seven days nobody will claim them: Meta itself gives up redelivering then.
DELETE FROM outbox_orphan WHERE received_at < %(before)s
