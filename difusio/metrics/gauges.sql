-- name: add_counts
-- Add to the numbers that all processes keep together, in key order, so that two of them never wait in a ring.
INSERT INTO metrics_count (name, labels, n)
SELECT * FROM unnest(%(names)s::text[], %(labels)s::text[], %(ns)s::bigint[]) AS c (name, labels, n)
ORDER BY c.name, c.labels
ON CONFLICT (name, labels) DO UPDATE SET n = metrics_count.n + excluded.n

-- name: counts
-- What all processes have counted.
SELECT name, labels, n FROM metrics_count ORDER BY name, labels

-- name: queue_age
-- For how long the first of each open queue has been due, what is paused or held for a canary aside; one look into an index for each open batch.
SELECT b.number_id, b.lane, max(extract(epoch FROM clock_timestamp() - head.due_at))::float8
FROM outbox_batch b
CROSS JOIN LATERAL (
    SELECT d.due_at FROM outbox_delivery d
    WHERE d.batch_id = b.id AND d.state = 'queued' ORDER BY d.due_at, d.id LIMIT 1) head
WHERE b.is_open AND b.paused_at IS NULL AND b.cancelled_at IS NULL AND b.held_at IS NULL AND head.due_at <= clock_timestamp()
GROUP BY 1, 2

-- name: waiting
-- How many still wait in open batches, by the counters that pages read; answers, which have none, are few.
SELECT b.number_id, b.lane, greatest(0, sum(w.n))::float8
FROM outbox_batch b
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.lane = 0
        THEN (SELECT count(*) FROM outbox_delivery d WHERE d.batch_id = b.id AND d.state = 'queued')
        ELSE (SELECT coalesce(sum(CASE t.measure WHEN 'audience' THEN t.n ELSE -t.n END), 0) FROM outbox_tally t
            WHERE t.batch_id = b.id AND t.measure IN ('audience', 'skipped', 'accepted', 'refused', 'in_doubt',
                'parked', 'expired', 'cancelled'))
        END AS n) w
WHERE b.is_open AND b.cancelled_at IS NULL
GROUP BY 1, 2

-- name: in_doubt
-- Requests without an answer whose echo is waited for.
SELECT number_id, count(*)::float8 FROM outbox_delivery WHERE state = 'in_doubt' GROUP BY 1

-- name: parked
-- Those whose echo never came: a person decides, or has decided to let them be (settled) and is asked no more.
SELECT b.number_id, sum(t.n)::float8 FROM outbox_tally t JOIN outbox_batch b ON b.id = t.batch_id
WHERE t.measure = 'parked' AND t.detail = '' AND t.n <> 0 GROUP BY 1

-- name: numbers
-- What each number may send, whether it is stopped, and who has it.
SELECT n.id, n.pace_per_s::float8, (n.stopped_for <> '')::int::float8, coalesce(l.epoch, 0)::float8,
    coalesce(l.expires_at > clock_timestamp(), false)::int::float8
FROM numbers_number n LEFT JOIN outbox_lease l ON l.number_id = n.id ORDER BY n.id
