-- name: add_contacts
-- People with names of a Catalan town: common ones shared by tens of thousands, and rare ones.
INSERT INTO contacts_contact (
    workspace_id, first_name, last_name, language, country, time_zone, fields, is_made_up, created_at)
SELECT %(workspace)s,
    CASE WHEN i %% 20011 = 7 THEN 'Hermenegilda' ELSE (ARRAY['Maria', 'Jordi', 'Montserrat', 'Núria', 'Pau', 'Laia',
        'Marc', 'Carme', 'Àngels', 'Iñaki', 'Fatima', 'Mohamed', 'Asha', 'Aina', 'Biel', 'Ona', 'Pol', 'Jana', 'Arnau',
        'Mercè'])[1 + (i * 7919) %% 20] END,
    (ARRAY['Garcia', 'Martínez', 'Puig', 'Vila', 'Serra', 'Soler', 'Roca', 'Bosch', 'Ferrer', 'Pons', 'Vidal', 'Costa',
        'Riera', 'Casals', 'Font', 'Benali', 'Rahman', 'Mas', 'Coll', 'Prat'])[1 + (i / 20) %% 20]
        || ' ' || (ARRAY['Camps', 'Sala', 'Grau', 'Pujol', 'Valls', 'Rovira', 'Batlle'])[1 + (i / 400) %% 7]
        || ' ' || 'Mas' || (i / 2800) %% 1009,
    (ARRAY['ca', 'es', 'ca', 'es', 'en', ''])[1 + i %% 6], CASE WHEN i %% 50 = 0 THEN 'US' ELSE 'ES' END, '',
    jsonb_build_object('grams', 250 * (1 + i %% 4), 'botiga', (ARRAY['Girona', 'Olot', 'Figueres'])[1 + i %% 3],
        'punts', i %% 1000),
    true, %(at)s - make_interval(mins => (%(people)s - i)::int)
FROM generate_series(0::bigint, %(people)s - 1) AS i

-- name: add_phones
-- A phone each.  Seals are shared, since pages open them and nothing compares them; hashes are as long as real ones,
-- and the end of four digits is the real one, so that it can be searched by.
INSERT INTO contacts_identity (
    workspace_id, contact_id, kind, country, value_sealed, value_hash, suppression_hash, tail_hashes)
SELECT %(workspace)s, %(first)s + i, 'phone', 'ES', (%(phones)s::bytea[])[1 + i %% 1000],
    sha256(('phone' || i)::bytea), sha256(('suppressed' || i)::bytea),
    ARRAY[(%(tails)s::bytea[])[1 + i %% 10000]] || ARRAY(
        SELECT substr(sha256((length || '/' || i %% (10 ^ length)::bigint)::text::bytea), 1, 8)
        FROM generate_series(5, 9) AS length)
FROM generate_series(0::bigint, %(people)s - 1) AS i

-- name: add_entries
-- Nine of ten agreed to the offers in the last two years, half of them to the alerts; one of 25 left the offers.
INSERT INTO consent_entry (
    workspace_id, block_id, contact_id, topic_id, act, basis, wording_id, source, proof_sealed, actor, at, recorded_at,
    is_made_up, hash)
SELECT %(workspace)s, %(block)s, %(first)s + i, topic, act, 'consent', CASE act WHEN 'granted' THEN %(wording)s END,
    (ARRAY['botiga', 'web', 'telèfon', 'fitxer de la tardor', 'fira'])[1 + i %% 5], %(proof)s, 'user 1', at, at, true,
    sha256((topic || act || i)::bytea)
FROM generate_series(0::bigint, %(people)s - 1) AS i
CROSS JOIN LATERAL (
    SELECT %(offers)s, 'granted', %(at)s - make_interval(days => (i %% 730)::int, secs => (i %% 86400)::int)
    WHERE i %% 10 <> 0
    UNION ALL
    SELECT %(alerts)s, 'granted', %(at)s - make_interval(days => (i %% 730)::int, secs => (i %% 86400)::int)
    WHERE i %% 2 = 0
    UNION ALL
    SELECT %(offers)s, 'withdrawn', %(at)s - make_interval(secs => (i %% 86400)::int) WHERE i %% 25 = 0
) AS said (topic, act, at)

-- name: add_standings
-- The last word of each about a topic is in force.
INSERT INTO consent_standing (workspace_id, contact_id, topic_id, entry_id, may_write, since)
SELECT DISTINCT ON (contact_id, topic_id) workspace_id, contact_id, topic_id, id, act = 'granted', at
FROM consent_entry WHERE block_id = %(block)s
ORDER BY contact_id, topic_id, at DESC, act DESC

-- name: add_suppressions
-- Whoever left is known by the hash.
INSERT INTO consent_suppression (workspace_id, hash, kind, at)
SELECT %(workspace)s, sha256(('suppressed' || i)::bytea), 'marketing', %(at)s
FROM generate_series(0::bigint, %(people)s - 1, 25) AS i

-- name: add_events
-- What people did in two years; the first of them is at it every day.
INSERT INTO contacts_event (workspace_id, contact_id, name, at, properties, source_key)
SELECT %(workspace)s, CASE WHEN i %% 500 = 0 THEN %(first)s ELSE %(first)s + (i * 7919) %% %(people)s END,
    (ARRAY['bought', 'visited', 'bought', 'visited', 'abandoned_cart'])[1 + (i * 31 / 7) %% 5],
    %(at)s - interval '730 days' * (1 - i::float / %(events)s),
    jsonb_build_object('total', i %% 200, 'botiga', (ARRAY['Girona', 'Olot', 'Figueres'])[1 + i %% 3]), 'big-' || i
FROM generate_series(0::bigint, %(events)s - 1) AS i

-- name: add_deliveries
-- One to each, in the order of people: of the finished campaign all have ended, of the other half still wait.
INSERT INTO outbox_delivery (
    workspace_id, batch_id, number_id, contact_id, state, reason, code, window_closes_at, due_at, epoch, tries,
    accepted_at, sent_at, delivered_at, read_at, failed_at, replied_at, left_at, created_at)
SELECT %(workspace)s, %(batch)s, %(number)s, %(first)s + i, state,
    CASE WHEN state = 'skipped' THEN
        CASE WHEN i %% 20000 = 19 THEN 'us_pause' ELSE (ARRAY['no_consent', 'withdrawn'])[1 + i %% 2] END
    ELSE '' END,
    CASE WHEN state IN ('failed', 'refused') THEN
        CASE WHEN i %% 20000 = 17 THEN 131053 ELSE (ARRAY[131026, 131049])[1 + i %% 2] END
    END,
    %(at)s, %(at)s, 1, 1,
    CASE WHEN state IN ('accepted', 'sent', 'delivered', 'read', 'failed') THEN left_at END,
    CASE WHEN state IN ('sent', 'delivered', 'read') THEN left_at END,
    CASE WHEN state IN ('delivered', 'read') THEN left_at END,
    CASE WHEN state = 'read' THEN left_at + interval '5 minutes' END,
    CASE WHEN state = 'failed' THEN left_at END,
    CASE WHEN state = 'read' AND i %% 100 < 3 THEN left_at + interval '9 minutes' END,
    CASE WHEN state = 'read' AND i %% 1000 = 0 THEN left_at + interval '9 minutes' END,
    %(at)s
FROM (
    SELECT i, %(at)s + interval '12 ms' * i AS left_at, CASE
        WHEN %(is_sending)s AND i >= %(people)s / 2 THEN 'queued'
        WHEN i %% 20 < 11 THEN 'read' WHEN i %% 20 < 16 THEN 'delivered' WHEN i %% 20 = 16 THEN 'accepted'
        WHEN i %% 20 = 17 THEN 'failed' WHEN i %% 400 = 18 THEN 'refused' WHEN i %% 20 = 18 THEN 'sent'
        ELSE 'skipped' END AS state
    FROM generate_series(0::bigint, %(people)s - 1) AS i
) delivery

-- name: add_attempts
-- What each of them was sent.
INSERT INTO outbox_attempt (
    delivery_id, number_id, token, epoch, intended_at, content_sealed, outcome, http_status, answered_at, echoed_at,
    wamid_hash)
SELECT id, number_id, gen_random_uuid(), 1, accepted_at, %(content)s, 'accepted', 200, accepted_at, accepted_at,
    sha256(('wamid' || id)::bytea)
FROM outbox_delivery WHERE batch_id = %(batch)s AND accepted_at IS NOT NULL

-- name: count_deliveries
-- What the counters would say had these deliveries gone their way one by one.
INSERT INTO outbox_tally (batch_id, measure, detail, n)
SELECT d.batch_id, measure, detail, count(*)
FROM outbox_delivery d CROSS JOIN LATERAL (
    VALUES ('audience', '', true), ('accepted', '', accepted_at IS NOT NULL), ('sent', '', sent_at IS NOT NULL),
        ('delivered', '', delivered_at IS NOT NULL), ('read', '', read_at IS NOT NULL),
        ('replied', '', replied_at IS NOT NULL), ('left', '', left_at IS NOT NULL), ('skipped', reason, state = 'skipped'),
        ('failed', code::text, state = 'failed'), ('refused', code::text, state = 'refused')
) AS reached (measure, detail, holds)
WHERE d.batch_id = %(batch)s AND holds
GROUP BY d.batch_id, measure, detail

-- name: add_conversations
-- People who wrote three times each in the last ninety days; one of fifty waits for an answer.
INSERT INTO inbox_conversation (workspace_id, contact_id, number_id, last_wrote_at, waiting_since)
SELECT %(workspace)s, %(first)s + i, %(number)s, wrote_at, CASE WHEN i %% 50 = 0 THEN wrote_at END
FROM (
    SELECT i, %(at)s - interval '90 days' * (i::float / %(talks)s) AS wrote_at
    FROM generate_series(0::bigint, %(talks)s - 1) AS i
) talk

-- name: add_messages
-- Their messages; the first of them is a talkative one.
INSERT INTO inbox_message (
    workspace_id, contact_id, number_id, wamid_hash, wamid_sealed, kind, text_sealed, is_leaving, at, received_at)
SELECT %(workspace)s, %(first)s + CASE WHEN i %% 500 = 0 THEN 0 ELSE i %% %(talks)s END, %(number)s,
    sha256(('inbound' || i)::bytea), %(text)s, 'text', %(text)s, false, wrote_at, wrote_at
FROM (
    SELECT i, %(at)s - interval '90 days' * ((i %% %(talks)s)::float / %(talks)s) - interval '1 hour' * (i / %(talks)s)
        AS wrote_at
    FROM generate_series(0::bigint, 3 * %(talks)s - 1) AS i
) message

-- name: add_windows
-- Until when each may be answered.
INSERT INTO outbox_servicewindow (workspace_id, contact_id, number_id, closes_at)
SELECT workspace_id, contact_id, number_id, last_wrote_at + interval '24 hours' FROM inbox_conversation
WHERE contact_id >= %(first)s
