-- name: fields
-- The fields of some people, the newest and the oldest: enough to know what is written down in this workspace.
SELECT language, country, time_zone, fields FROM (
    (SELECT id, language, country, time_zone, fields FROM contacts_contact
    WHERE workspace_id = %(workspace)s AND erased_at IS NULL ORDER BY id DESC LIMIT %(people)s)
    UNION
    (SELECT id, language, country, time_zone, fields FROM contacts_contact
    WHERE workspace_id = %(workspace)s AND erased_at IS NULL ORDER BY id LIMIT %(people)s)
) AS some_people

-- name: events
-- The name of each kind of event, one step of the index each, with the properties of the newest few.
WITH RECURSIVE names AS (
    (SELECT name FROM contacts_event WHERE workspace_id = %(workspace)s ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (
        SELECT event.name FROM contacts_event event
        WHERE event.workspace_id = %(workspace)s AND event.name > names.name
        ORDER BY event.name LIMIT 1
    ) FROM names WHERE names.name IS NOT NULL
)
SELECT names.name, newest.properties
FROM (SELECT name FROM names WHERE name IS NOT NULL LIMIT %(kinds)s) AS names
CROSS JOIN LATERAL (
    SELECT properties FROM contacts_event event
    WHERE event.workspace_id = %(workspace)s AND event.name = names.name
    ORDER BY event.at DESC LIMIT %(each)s
) AS newest
ORDER BY names.name
