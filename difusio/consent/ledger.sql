-- name: lock_chain
-- One writer at a time appends to a workspace's chain; released with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('consent_block', %(workspace)s))

-- name: append
-- Append the given entries as one block and bring the standings they decide up to date.  A later act decides over an
-- earlier one; of two at the same moment the one that forbids (doubt means no send).
WITH given AS (
    SELECT g.*, sha256(convert_to(concat_ws(E'\x1f',
            g.contact_id, g.topic_id, g.act, g.basis, coalesce(encode(w.hash, 'hex'), ''), g.source,
            encode(sha256(g.proof_sealed), 'hex'), g.actor,
            to_char(g.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
            coalesce(to_char(g.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), ''),
            g.is_made_up), 'UTF8')) AS hash
    FROM unnest(
        %(contacts)s::bigint[], %(topics)s::bigint[], %(acts)s::text[], %(bases)s::text[], %(wordings)s::bigint[],
        %(sources)s::text[], %(proofs)s::bytea[], %(actors)s::text[], %(ats)s::timestamptz[],
        %(expiries)s::timestamptz[], %(made_up)s::boolean[]
    ) WITH ORDINALITY AS g (
        contact_id, topic_id, act, basis, wording_id, source, proof_sealed, actor, at, expires_at, is_made_up, place
    )
    LEFT JOIN consent_wording w ON w.id = g.wording_id
), last AS (
    SELECT seq, hash FROM consent_block WHERE workspace_id = %(workspace)s ORDER BY seq DESC LIMIT 1
), previous AS (
    SELECT coalesce((SELECT seq FROM last), 0) AS seq, coalesce((SELECT hash FROM last), ''::bytea) AS hash
), block AS (
    INSERT INTO consent_block (workspace_id, seq, entries, previous_hash, hash, at)
    SELECT %(workspace)s, p.seq + 1, count(*), p.hash,
        sha256(p.hash || string_agg(given.hash, ''::bytea ORDER BY given.place)), %(at)s
    FROM given CROSS JOIN previous p
    GROUP BY p.seq, p.hash
    RETURNING id
), entry AS (
    INSERT INTO consent_entry (
        workspace_id, block_id, contact_id, topic_id, act, basis, wording_id, source, proof_sealed, actor, at,
        recorded_at, expires_at, is_made_up, hash)
    SELECT %(workspace)s, block.id, contact_id, topic_id, act, basis, wording_id, source, proof_sealed, actor,
        given.at, %(at)s, expires_at, is_made_up, hash
    FROM given CROSS JOIN block
    ORDER BY place
    RETURNING id, contact_id, topic_id, act, wording_id, source, at, expires_at
), before AS (
    -- What was in force until now: a statement sees the rows as they were when it began.
    SELECT s.contact_id, s.topic_id, s.may_write, e.wording_id
    FROM (SELECT DISTINCT contact_id, topic_id FROM given) g
    JOIN consent_standing s ON s.contact_id = g.contact_id AND s.topic_id = g.topic_id
    JOIN consent_entry e ON e.id = s.entry_id
), decided AS (
    INSERT INTO consent_standing (workspace_id, contact_id, topic_id, entry_id, may_write, since, expires_at)
    SELECT DISTINCT ON (contact_id, topic_id)
        %(workspace)s, contact_id, topic_id, id, act IN ('granted', 'renewed'), at, expires_at
    FROM entry
    WHERE act <> 'requested'
    ORDER BY contact_id, topic_id, at DESC, (act IN ('granted', 'renewed')), id DESC
    ON CONFLICT (contact_id, topic_id) DO UPDATE
    SET entry_id = excluded.entry_id, may_write = excluded.may_write, since = excluded.since,
        expires_at = excluded.expires_at
    WHERE excluded.since > consent_standing.since
        OR (excluded.since = consent_standing.since AND NOT excluded.may_write)
    RETURNING contact_id, topic_id, entry_id, may_write
), moved AS (
    SELECT d.topic_id, d.may_write, e.wording_id, coalesce(b.may_write, false) AS might, b.wording_id AS before_wording
    FROM decided d
    JOIN entry e ON e.id = d.entry_id
    LEFT JOIN before b ON b.contact_id = d.contact_id AND b.topic_id = d.topic_id
), counted AS (
    INSERT INTO consent_tally (workspace_id, topic_id, measure, detail, act, n)
    SELECT %(workspace)s, topic_id, measure, detail, act, sum(n)
    FROM (
        SELECT e.topic_id, 'day', to_char(e.at AT TIME ZONE w.time_zone, 'YYYY-MM-DD'), e.act, 1
        FROM entry e JOIN accounts_workspace w ON w.id = %(workspace)s
        UNION ALL
        SELECT topic_id, 'source', source, act, 1 FROM entry
        UNION ALL
        SELECT topic_id, 'standing', '', '', may_write::int - might::int FROM moved
        UNION ALL
        SELECT topic_id, 'wording', wording_id::text, '', 1 FROM moved WHERE may_write AND wording_id IS NOT NULL
        UNION ALL
        SELECT topic_id, 'wording', before_wording::text, '', -1 FROM moved
        WHERE might AND before_wording IS NOT NULL
    ) AS change (topic_id, measure, detail, act, n)
    GROUP BY topic_id, measure, detail, act
    HAVING sum(n) <> 0
    ORDER BY topic_id, measure, detail, act
    ON CONFLICT (workspace_id, measure, detail, topic_id, act) DO UPDATE SET n = consent_tally.n + excluded.n
)
SELECT id FROM entry ORDER BY id

-- name: lock_standings
-- Lock one person's standings of a kind, so that no claim can read them while they change.
SELECT s.id, s.topic_id, s.may_write, s.entry_id
FROM consent_standing s JOIN consent_topic t ON t.id = s.topic_id
WHERE s.contact_id = %(contact)s AND t.kind = ANY(%(kinds)s)
ORDER BY s.id
FOR NO KEY UPDATE OF s

-- name: suppress
-- Keep the hash of every identity of a person on the suppression list.
INSERT INTO consent_suppression (workspace_id, hash, kind, at)
SELECT i.workspace_id, i.suppression_hash, k.kind, %(at)s
FROM contacts_identity i CROSS JOIN unnest(%(kinds)s::text[]) AS k (kind)
WHERE i.contact_id = %(contact)s AND i.workspace_id = %(workspace)s
ORDER BY i.suppression_hash, k.kind
ON CONFLICT (workspace_id, hash, kind) DO NOTHING

-- name: follow
-- Whoever is on the suppression list by one of their identities is on it by all of them.
INSERT INTO consent_suppression (workspace_id, hash, kind, at)
SELECT DISTINCT i.workspace_id, i.suppression_hash, s.kind, heard.at
FROM unnest(%(contacts)s::bigint[], %(ats)s::timestamptz[]) AS heard (contact_id, at)
JOIN contacts_identity i ON i.contact_id = heard.contact_id
JOIN contacts_identity known ON known.contact_id = i.contact_id AND known.workspace_id = i.workspace_id
JOIN consent_suppression s ON s.workspace_id = known.workspace_id AND s.hash = known.suppression_hash
ORDER BY i.suppression_hash, s.kind
ON CONFLICT (workspace_id, hash, kind) DO NOTHING

-- name: damaged_entries
-- Entries whose content no longer gives the hash they were appended with.
SELECT e.id FROM consent_entry e LEFT JOIN consent_wording w ON w.id = e.wording_id
WHERE e.workspace_id = %(workspace)s AND e.hash <> sha256(convert_to(concat_ws(E'\x1f',
            e.contact_id, e.topic_id, e.act, e.basis, coalesce(encode(w.hash, 'hex'), ''), e.source,
            encode(sha256(e.proof_sealed), 'hex'), e.actor,
            to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
            coalesce(to_char(e.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), ''),
            e.is_made_up), 'UTF8'))
ORDER BY e.id

-- name: damaged_blocks
-- Blocks that do not follow from the block before them and their entries.
SELECT b.seq FROM (
    SELECT seq, previous_hash, hash, entries, id,
        coalesce(lag(hash) OVER (ORDER BY seq), ''::bytea) AS follows,
        row_number() OVER (ORDER BY seq) AS place
    FROM consent_block WHERE workspace_id = %(workspace)s
) b
LEFT JOIN LATERAL (
    SELECT count(*) AS n, string_agg(e.hash, ''::bytea ORDER BY e.id) AS hashes
    FROM consent_entry e WHERE e.block_id = b.id
) e ON true
WHERE b.previous_hash <> b.follows OR b.seq <> b.place OR e.n <> b.entries
    OR b.hash <> sha256(b.follows || coalesce(e.hashes, ''::bytea))
ORDER BY b.seq

-- name: export
-- A workspace's ledger, or one person's part of it, in the order it was written, with what recomputes its hashes; the
-- identities and the proof are opened by the caller.
SELECT e.id, e.contact_id, t.key, t.kind, e.act, e.basis, w.text, w.language, e.source, e.proof_sealed, e.actor,
    e.at, e.recorded_at, e.expires_at, e.is_made_up, encode(e.hash, 'hex'),
    ids.kinds, ids.sealed, e.topic_id, coalesce(encode(w.hash, 'hex'), ''), encode(sha256(e.proof_sealed), 'hex'),
    b.seq, encode(b.hash, 'hex'), t.name
FROM consent_entry e
JOIN consent_block b ON b.id = e.block_id
JOIN consent_topic t ON t.id = e.topic_id
LEFT JOIN consent_wording w ON w.id = e.wording_id
LEFT JOIN LATERAL (
    SELECT array_agg(i.kind ORDER BY i.id) AS kinds, array_agg(i.value_sealed ORDER BY i.id) AS sealed
    FROM contacts_identity i WHERE i.contact_id = e.contact_id
) ids ON true
WHERE e.workspace_id = %(workspace)s AND e.id > %(after)s
    AND (%(contact)s::bigint IS NULL OR e.contact_id = %(contact)s)
ORDER BY e.id
LIMIT %(limit)s

-- name: size
-- How many entries and blocks the ledger has, by what the blocks say of themselves.
SELECT coalesce(sum(entries), 0), count(*) FROM consent_block WHERE workspace_id = %(workspace)s

-- name: ageing
-- Permissions by age: too old to count, and old within three months; and those that end by a date promised.
SELECT count(*) FILTER (WHERE since <= %(old)s), count(*) FILTER (WHERE since > %(old)s)
FROM consent_standing
WHERE workspace_id = %(workspace)s AND may_write AND since <= %(ageing)s
