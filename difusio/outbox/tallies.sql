-- name: bump
-- Move counters by what changed, in key order, so that two transactions never wait for each other in a ring.
INSERT INTO outbox_tally (batch_id, measure, detail, n)
SELECT t.batch_id, t.measure, t.detail, t.n
FROM unnest(%(batches)s::bigint[], %(measures)s::text[], %(details)s::text[], %(ns)s::bigint[])
    AS t (batch_id, measure, detail, n)
ORDER BY t.batch_id, t.measure, t.detail
ON CONFLICT (batch_id, measure, detail) DO UPDATE SET n = outbox_tally.n + excluded.n
