-- name: judged
-- Every member of the audience with their language, and the reason they must be skipped, if any.
member AS MATERIALIZED ({members}),
suppressed AS MATERIALIZED (
    {suppressed}
),
judged AS (
    SELECT contact.id AS contact_id, contact.language, standing.entry_id, address.country,
        standing.since <= %(at)s - interval '21 months' AS is_ageing,
        coalesce(
            nullif({refusal}, ''),
            CASE
                WHEN address.country IS NULL THEN 'no_address'
                WHEN address.country = ANY(%(paused_countries)s::text[]) THEN 'us_pause'
                WHEN {missing_field} THEN 'missing_field'
                ELSE ''
            END) AS reason
    FROM member
    JOIN contacts_contact contact ON contact.id = member.id
    LEFT JOIN consent_standing standing
        ON standing.contact_id = contact.id AND standing.topic_id = %(topic)s
    LEFT JOIN (SELECT contact_id, true AS is_suppressed FROM suppressed) suppression
        ON suppression.contact_id = contact.id
    LEFT JOIN (
        -- Where there is a phone, the newest one is written to.
        SELECT DISTINCT ON (contact_id) contact_id, country
        FROM contacts_identity
        WHERE workspace_id = %(workspace)s AND kind IN ('phone', 'bsuid')
        ORDER BY contact_id, kind DESC, id DESC
    ) address ON address.contact_id = contact.id
)

-- name: freeze
-- One row per member of the audience, those who are skipped too, and the tallies that pages read.
WITH {judged}, frozen AS (
    INSERT INTO outbox_delivery (
        workspace_id, batch_id, number_id, contact_id, state, reason, allowed_by_id, due_at, epoch, tries, created_at)
    SELECT %(workspace)s, batch.id, %(number)s, contact_id, CASE WHEN reason = '' THEN 'queued' ELSE 'skipped' END,
        reason, CASE WHEN reason = '' THEN entry_id END, %(due_at)s, 0, 0, %(at)s
    FROM judged
    JOIN unnest(%(languages)s::text[], %(batches)s::bigint[]) AS batch (language, id)
        ON batch.language = judged.language
    ORDER BY contact_id
    RETURNING batch_id, state, reason
), counted AS (
    INSERT INTO outbox_tally (batch_id, measure, detail, n)
    SELECT batch_id, 'audience', '', count(*) FROM frozen GROUP BY batch_id
    UNION ALL
    SELECT batch_id, 'skipped', reason, count(*) FROM frozen WHERE state = 'skipped' GROUP BY batch_id, reason
    RETURNING measure, detail, n
)
SELECT measure, detail, sum(n)::bigint FROM counted GROUP BY measure, detail

-- name: judge
-- What freezing would do, counted by language, reason and country, without writing anything.
WITH {judged}
SELECT language, reason, coalesce(country, ''), count(*), count(*) FILTER (WHERE is_ageing)
FROM judged GROUP BY 1, 2, 3

-- name: analyze
-- After a bulk load the planner must know of it, or claiming is twenty times slower.
ANALYZE outbox_delivery
