-- name: export
-- Every delivery of a campaign's batches with the person's identities, to be opened by the caller.
SELECT d.id, d.contact_id, d.state, d.reason, d.code, d.allowed_by_id, d.accepted_at, d.created_at, d.tries,
    d.tries > 1 AND EXISTS (
        SELECT 1 FROM outbox_attempt t WHERE t.delivery_id = d.id AND t.is_possible_duplicate),
    ids.kinds, ids.sealed
FROM outbox_delivery d
LEFT JOIN LATERAL (
    SELECT array_agg(i.kind ORDER BY i.id) AS kinds, array_agg(i.value_sealed ORDER BY i.id) AS sealed
    FROM contacts_identity i WHERE i.contact_id = d.contact_id
) ids ON true
WHERE d.batch_id = ANY(%(batches)s) AND d.id > %(after)s
ORDER BY d.id
LIMIT %(limit)s
