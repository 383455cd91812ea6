-- name: answers
-- What is in force for one person about each topic, with the entry that decides.
SELECT known.id, known.name, known.kind, /* refusal */, is_suppressed,
    coalesce(entry.act, ''), standing.since, standing.expires_at, coalesce(entry.source, ''),
    coalesce(entry.actor, ''), coalesce(wording.text, '')
FROM (
    SELECT t.id, t.name, t.kind, EXISTS (
        SELECT 1 FROM contacts_identity i
        JOIN consent_suppression s ON s.workspace_id = i.workspace_id AND s.hash = i.suppression_hash
        WHERE i.contact_id = %(contact)s AND s.kind = t.kind) AS is_suppressed
    FROM consent_topic t WHERE t.workspace_id = %(workspace)s
) known
LEFT JOIN consent_standing standing ON standing.topic_id = known.id AND standing.contact_id = %(contact)s
LEFT JOIN consent_entry entry ON entry.id = standing.entry_id
LEFT JOIN consent_wording wording ON wording.id = entry.wording_id
ORDER BY known.name, known.id
