-- name: add_contacts
-- People of three languages and a dozen sizes; one of a hundred lacks the field that the template needs.
INSERT INTO contacts_contact (
    workspace_id, first_name, last_name, language, country, time_zone, fields, is_made_up, created_at)
SELECT %(workspace)s, 'Nom' || i %% 997, 'Cognom' || i %% 4999, (ARRAY['ca', 'es', 'en'])[1 + i %% 3],
    CASE WHEN i %% 50 = 0 THEN 'US' ELSE 'ES' END, 'Europe/Madrid',
    jsonb_build_object(
        'item', CASE WHEN i %% 100 = 99 THEN '' ELSE (ARRAY['abric', 'barret', 'jersei'])[1 + i %% 3] END,
        'size', (ARRAY['S', 'M', 'L', 'XL'])[1 + i %% 4], 'points', i %% 1000,
        'since', to_char(%(at)s - make_interval(days => i %% 1500), 'YYYY-MM-DD')),
    true, %(at)s
FROM generate_series(0, %(count)s - 1) AS i

-- name: copy_phones
-- Each person's phone, sealed and hashed as an import stores it.
COPY contacts_identity (
    workspace_id, contact_id, kind, country, value_sealed, value_hash, suppression_hash, tail_hashes) FROM STDIN

-- name: add_events
-- What people did in two years, in the order of time: bought, visited, left a cart.
INSERT INTO contacts_event (workspace_id, contact_id, name, at, properties, source_key)
SELECT %(workspace)s, %(first)s + (i * 7919) %% %(people)s,
    (ARRAY['bought', 'visited', 'bought', 'visited', 'abandoned_cart', 'visited', 'bought', 'visited', 'visited',
        'visited'])[1 + (i * 31 / 7) %% 10],
    %(at)s - interval '730 days' * (1 - i::float / %(events)s),
    jsonb_build_object('amount', i %% 200, 'category', (ARRAY['shoes', 'coats', 'hats', 'gifts'])[1 + i %% 4]), i::text
FROM generate_series(0::bigint, %(events)s - 1) AS i
