-- name: wrote
-- People wrote: they wait since the earliest of what nobody answered.
INSERT INTO inbox_conversation (workspace_id, contact_id, number_id, last_wrote_at, waiting_since)
SELECT * FROM unnest(
    %(workspaces)s::bigint[], %(contacts)s::bigint[], %(numbers)s::bigint[], %(ats)s::timestamptz[],
    %(waiting)s::timestamptz[]
) AS wrote (workspace_id, contact_id, number_id, at, waiting_since)
ORDER BY contact_id
ON CONFLICT (contact_id) DO UPDATE
SET number_id = CASE WHEN excluded.last_wrote_at >= inbox_conversation.last_wrote_at
        THEN excluded.number_id ELSE inbox_conversation.number_id END,
    last_wrote_at = greatest(inbox_conversation.last_wrote_at, excluded.last_wrote_at),
    waiting_since = least(inbox_conversation.waiting_since, excluded.waiting_since)

-- name: settle
-- What was seen is answered; what came since then waits.
UPDATE inbox_conversation c
SET waiting_since = (
    SELECT min(m.at) FROM inbox_message m
    WHERE m.contact_id = c.contact_id AND m.id > %(up_to)s AND NOT m.is_leaving AND m.kind <> ALL(%(no_answer)s))
WHERE c.id = %(conversation)s
