-- name: groups
-- Parked deliveries that nobody has decided about, by campaign and cause.
SELECT coalesce(campaign.id, 0), coalesce(campaign.name, ''), {cause} AS cause,
    b.cancelled_at IS NOT NULL OR coalesce(b.expires_at <= %(at)s, false) AS is_over, count(*), min(d.doubt_since)
FROM outbox_delivery d
JOIN outbox_batch b ON b.id = d.batch_id
LEFT JOIN campaigns_roundbatch handed ON handed.batch_id = b.id
LEFT JOIN campaigns_round round ON round.id = handed.round_id
LEFT JOIN campaigns_campaign campaign ON campaign.id = round.campaign_id
LEFT JOIN LATERAL (
    SELECT t.outcome, t.http_status FROM outbox_attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
) last ON true
WHERE d.workspace_id = %(workspace)s AND d.state = 'parked' AND d.reason = ''
GROUP BY 1, 2, 3, 4
ORDER BY 1 DESC, 3, 4

-- name: people
-- Who they are, the newest first, with what was sent.
SELECT d.id, d.contact_id, c.first_name, c.last_name, coalesce(campaign.id, 0), coalesce(campaign.name, ''),
    {cause} AS cause, d.doubt_since, coalesce(last.is_possible_duplicate, false), b.template_id, last.content_sealed,
    ids.kinds, ids.sealed
FROM outbox_delivery d
JOIN outbox_batch b ON b.id = d.batch_id
JOIN contacts_contact c ON c.id = d.contact_id
LEFT JOIN campaigns_roundbatch handed ON handed.batch_id = b.id
LEFT JOIN campaigns_round round ON round.id = handed.round_id
LEFT JOIN campaigns_campaign campaign ON campaign.id = round.campaign_id
LEFT JOIN LATERAL (
    SELECT t.outcome, t.http_status, t.is_possible_duplicate, t.content_sealed
    FROM outbox_attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT array_agg(i.kind ORDER BY i.id) AS kinds, array_agg(i.value_sealed ORDER BY i.id) AS sealed
    FROM contacts_identity i WHERE %(with_identities)s AND i.contact_id = d.contact_id
) ids ON true
WHERE d.workspace_id = %(workspace)s AND d.state = 'parked' AND d.reason = ''
    AND (%(before)s::bigint IS NULL OR d.id < %(before)s::bigint)
ORDER BY d.id DESC
LIMIT %(limit)s
