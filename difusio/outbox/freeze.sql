-- name: judged
-- Every member of the audience with their language, and the reason they must be skipped, if any; and until when they are
-- left alone, if they are.
member AS MATERIALIZED ({members}),
suppressed AS MATERIALIZED (
    {suppressed}
),
judged AS (
    SELECT contact.id AS contact_id, contact.language, standing.entry_id, address.country,
        standing.since <= %(at)s - interval '21 months' AS is_ageing,
        {asleep_until} AS asleep_until,
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
    {sleepers}
)

-- name: room
-- A million people are joined and sorted in memory, for the rest of this transaction.
SET LOCAL work_mem = '128MB'

-- name: freeze
-- One row per member of the audience, those who are skipped too, and the tallies that pages read.
WITH {judged}, frozen AS (
    INSERT INTO outbox_delivery (
        workspace_id, batch_id, number_id, contact_id, state, reason, allowed_by_id, due_at, epoch, tries, created_at)
    SELECT %(workspace)s,
        CASE
            WHEN reason = '' AND (hashint8extended(contact_id, %(seed)s) & 9223372036854775807) %% 1000000
                < %(canary_per_million)s THEN coalesce(batch.canary_id, %(other_canary)s::bigint)
            ELSE coalesce(batch.id, %(other_batch)s::bigint) END,
        %(number)s, contact_id, CASE WHEN reason = '' THEN 'queued' ELSE 'skipped' END,
        CASE WHEN reason = '' AND asleep_until IS NOT NULL THEN 'quiet_hours' ELSE reason END,
        CASE WHEN reason = '' THEN entry_id END,
        CASE WHEN reason = '' THEN coalesce(asleep_until, %(due_at)s) ELSE %(due_at)s END, 0, 0, %(at)s
    FROM judged
    LEFT JOIN unnest(%(languages)s::text[], %(batches)s::bigint[], %(canaries)s::bigint[])
        AS batch (language, id, canary_id)
        ON batch.language = judged.language
    ORDER BY contact_id
    RETURNING batch_id, state, reason
), summed AS (
    SELECT batch_id, state, reason, count(*) AS n FROM frozen GROUP BY batch_id, state, reason
), counted AS (
    INSERT INTO outbox_tally (batch_id, measure, detail, n)
    SELECT batch_id, 'audience', '', sum(n) FROM summed GROUP BY batch_id
    UNION ALL
    SELECT batch_id, state, reason, n FROM summed WHERE reason <> ''
    RETURNING measure, detail, n
)
SELECT measure, detail, sum(n)::bigint FROM counted GROUP BY measure, detail

-- name: judge
-- What freezing would do, counted by language, reason, country and end of the quiet hours, and how many had enough by now:
-- without writing anything.
WITH {judged}, had AS MATERIALIZED (
    SELECT earlier.contact_id, count(*) FILTER (WHERE {reached_at} > %(cap_since)s) AS of_all,
        count(*) FILTER (WHERE b.topic_id = %(topic)s AND {reached_at} > %(promised_since)s) AS of_topic
    FROM outbox_batch b
    JOIN consent_topic t ON t.id = b.topic_id AND t.kind = 'marketing'
    JOIN outbox_delivery earlier ON earlier.batch_id = b.id AND {reached}
    WHERE %(is_counting)s AND b.workspace_id = %(workspace)s
        -- Nothing leaves after its batch's time to live.
        AND (b.is_open OR greatest(b.created_at, b.expires_at) > least(%(cap_since)s, %(promised_since)s))
    GROUP BY 1
)
SELECT language, reason, coalesce(country, ''), asleep_until, count(*), count(*) FILTER (WHERE is_ageing),
    count(*) FILTER (WHERE {too_many} IS NOT NULL)
FROM judged LEFT JOIN had USING (contact_id)
GROUP BY 1, 2, 3, 4

-- name: analyze
-- After a bulk load the planner must know of it, or claiming is twenty times slower.
ANALYZE outbox_delivery
