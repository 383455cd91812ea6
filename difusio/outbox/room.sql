-- name: lock
-- The portfolio of a number, locked: two of its numbers must not both take the last place.
SELECT p.id, p.messaging_limit, p.rests_until, p.counts_since FROM numbers_portfolio p
JOIN numbers_number n ON n.portfolio_id = p.id
WHERE n.id = %(number)s
FOR NO KEY UPDATE OF p

-- name: recall
-- Whom a portfolio wrote to while nobody counted (it had no limit then), from the deliveries of the last day.
INSERT INTO outbox_reached (portfolio_id, contact_id, at)
SELECT n.portfolio_id, d.contact_id, max(coalesce(d.accepted_at, d.doubt_since, %(at)s))
FROM outbox_delivery d
JOIN numbers_number n ON n.id = d.number_id AND n.portfolio_id = %(portfolio)s
JOIN outbox_batch b ON b.id = d.batch_id AND b.template_id IS NOT NULL
WHERE coalesce(d.accepted_at, d.doubt_since) > %(since)s OR d.state IN ('claimed', 'sending')
GROUP BY n.portfolio_id, d.contact_id
ON CONFLICT (contact_id, portfolio_id) DO UPDATE SET at = greatest(outbox_reached.at, excluded.at)

-- name: counts
-- From now on every claim of this portfolio notes whom it takes.
UPDATE numbers_portfolio SET counts_since = %(at)s WHERE id = %(portfolio)s

-- name: used
-- How many people hold a place, and (for bulk) how many service alerts wait that go before it, on whichever number.
SELECT
    (SELECT count(*) FROM outbox_reached r WHERE r.portfolio_id = %(portfolio)s AND r.at > %(since)s),
    (SELECT count(*) FROM (
        SELECT 1
        FROM numbers_number n
        JOIN outbox_batch b ON b.number_id = n.id AND b.is_open AND b.lane < %(lane)s AND b.template_id IS NOT NULL
            AND b.paused_at IS NULL AND b.cancelled_at IS NULL AND b.held_at IS NULL
        JOIN outbox_delivery d ON d.batch_id = b.id AND d.state = 'queued' AND d.due_at <= %(at)s
        WHERE n.portfolio_id = %(portfolio)s AND n.stopped_for = ''
        LIMIT %(limit)s
    ) before_us)

-- name: take
-- Note whom a claim took; who may be answered freely for a while longer takes no place.
INSERT INTO outbox_reached (portfolio_id, contact_id, at)
SELECT n.portfolio_id, d.contact_id, %(at)s
FROM outbox_delivery d JOIN numbers_number n ON n.id = d.number_id
WHERE d.id = ANY(%(deliveries)s) AND NOT EXISTS (
    SELECT 1 FROM outbox_servicewindow w
    WHERE w.contact_id = d.contact_id AND w.number_id = d.number_id AND w.closes_at > %(soon)s)
ON CONFLICT (contact_id, portfolio_id) DO UPDATE SET at = greatest(outbox_reached.at, excluded.at)

-- name: look
-- How many people hold a place now.
SELECT count(*) FROM outbox_reached WHERE portfolio_id = %(portfolio)s AND at > %(since)s

-- name: waiting
-- How many messages of a portfolio wait for their turn, by the counters of its open batches.
SELECT coalesce(sum(CASE t.measure WHEN 'audience' THEN t.n ELSE -t.n END), 0)::bigint
FROM numbers_number n
JOIN outbox_batch b ON b.number_id = n.id AND b.is_open AND b.template_id IS NOT NULL AND b.cancelled_at IS NULL
JOIN outbox_tally t ON t.batch_id = b.id AND t.measure IN (
    'audience', 'skipped', 'accepted', 'refused', 'in_doubt', 'parked', 'expired', 'cancelled')
WHERE n.portfolio_id = %(portfolio)s

-- name: place
-- When somebody took their place: the oldest first, as many as ``before`` passed over.
SELECT at FROM outbox_reached WHERE portfolio_id = %(portfolio)s AND at > %(since)s
ORDER BY at, id OFFSET %(before)s LIMIT 1

-- name: next_places
-- When the next place is free again, and how many are within the hour after; ``over``: people above a lowered limit.
WITH next AS (
    SELECT at FROM outbox_reached WHERE portfolio_id = %(portfolio)s AND at > %(since)s
    ORDER BY at, id OFFSET %(over)s LIMIT 1
)
SELECT next.at, (
    SELECT count(*) FROM outbox_reached r
    WHERE r.portfolio_id = %(portfolio)s AND r.at >= next.at AND r.at < next.at + interval '1 hour')
FROM next

-- name: turned_down
-- Meta turned messages down although we saw room: the portfolios of these people's messages rest.
UPDATE numbers_portfolio p SET rests_until = %(until)s
WHERE p.messaging_limit IS NOT NULL AND coalesce(p.rests_until, '-infinity') < %(at)s AND p.id IN (
    SELECT n.portfolio_id FROM outbox_delivery d JOIN numbers_number n ON n.id = d.number_id
    WHERE d.contact_id = ANY(%(contacts)s) AND d.state = 'failed' AND d.code = %(code)s)
RETURNING p.id

-- name: forget
-- Places that are free again.
DELETE FROM outbox_reached WHERE id IN (
    SELECT id FROM outbox_reached WHERE at <= %(until)s LIMIT %(most)s FOR UPDATE SKIP LOCKED)
