-- name: standing
-- Deliveries of some states, in order: one short walk along an index for each batch and state, never the whole batch.
SELECT found.id
FROM unnest(%(batches)s::bigint[]) AS batch (id)
CROSS JOIN unnest(%(states)s::text[]) AS state (word)
CROSS JOIN LATERAL (
    SELECT d.id FROM outbox_delivery d
    WHERE d.batch_id = batch.id AND d.state = state.word AND d.id > %(after)s {besides}
    ORDER BY d.id
    LIMIT %(limit)s
) found

-- name: answered
-- Deliveries whose person replied, or left.
SELECT found.id
FROM unnest(%(batches)s::bigint[]) AS batch (id)
CROSS JOIN LATERAL (
    SELECT d.id FROM outbox_delivery d
    WHERE d.batch_id = batch.id AND d.id > %(after)s {besides}
    ORDER BY d.id
    LIMIT %(limit)s
) found

-- name: named
-- Deliveries of people found by name, who are fewer than the deliveries.
SELECT d.id
FROM outbox_delivery d
WHERE d.contact_id = ANY(%(people)s::bigint[]) AND d.batch_id = ANY(%(batches)s::bigint[])
    AND d.id > %(after)s {besides}

-- name: page
-- What a page or a file shows of each.
SELECT d.id, d.contact_id, c.first_name, c.last_name, d.state, d.reason, d.code, d.created_at, d.accepted_at,
    d.delivered_at, d.read_at, d.failed_at, d.replied_at, d.left_at,
    EXISTS (SELECT 1 FROM outbox_attempt t WHERE t.delivery_id = d.id AND t.is_possible_duplicate), ids.kinds, ids.sealed
FROM (SELECT id FROM ({found}) found ORDER BY id LIMIT %(limit)s) page
JOIN outbox_delivery d ON d.id = page.id
JOIN contacts_contact c ON c.id = d.contact_id
LEFT JOIN LATERAL ({identities}) ids ON true
ORDER BY d.id

-- name: identities
-- How the person is known, to be opened by the caller.
SELECT array_agg(i.kind ORDER BY i.id) AS kinds, array_agg(i.value_sealed ORDER BY i.id) AS sealed
FROM contacts_identity i WHERE i.contact_id = d.contact_id

-- name: no_identities
-- Who may not see phones gets none out of the store.
SELECT NULL::text[] AS kinds, NULL::bytea[] AS sealed
